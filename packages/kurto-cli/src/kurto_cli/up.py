"""`kurto up`: the whole stack on this machine."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

DataDir = Annotated[Path, typer.Option(help="Everything that is kept over restarts.")]
Host = Annotated[str, typer.Option(help="Address that the dashboard and the API listen on.")]
HttpPort = Annotated[int, typer.Option(min=0, max=65535, help="Port without TLS; 0: a free one.")]
TlsPort = Annotated[int, typer.Option(min=0, max=65535, help="Port with TLS; 0: a free one.")]
ReadyFile = Annotated[
    Path | None, typer.Option(help="JSON file, written when everything is serving.")
]
LogDir = Annotated[
    Path | None, typer.Option(help="One log file for each process there, not the console.")
]
Demo = Annotated[bool, typer.Option("--demo", help="Start four simulated machines as well.")]


def up(
    *,
    demo: Demo = False,
    data_dir: DataDir = Path(".kurto"),
    host: Host = "127.0.0.1",
    http_port: HttpPort = 8080,
    tls_port: TlsPort = 8443,
    ready_file: ReadyFile = None,
    log_dir: LogDir = None,
) -> None:
    """Run PostgreSQL, Valkey, Envoy and all services on this machine until Ctrl-C.

    Servers of your own: set KURTO_POSTGRES_DSN and KURTO_VALKEY_URL.
    """
    # The stack's packages are an extra: the rest of the command works without them.
    try:
        from kurto_cli.stack import launcher  # noqa: PLC0415
        from kurto_cli.stack.exceptions import StackError  # noqa: PLC0415
        from kurto_cli.stack.options import UpOptions  # noqa: PLC0415
    except ModuleNotFoundError as error:
        fail(f"{error.name} is missing; install it with: pip install 'kurto-cli[stack]'")
    options = UpOptions(data_dir, host, http_port, tls_port, ready_file, log_dir, demo)
    try:
        launcher.main(options)
    except StackError as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Print what is wrong and end the command."""
    typer.echo(f"kurto: {message}", err=True)
    raise typer.Exit(1)
