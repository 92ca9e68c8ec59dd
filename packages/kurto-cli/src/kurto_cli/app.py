"""The `kurto` command: one module for each subcommand, registered here."""

import typer

from kurto_cli.up import up

app = typer.Typer(
    name="kurto",
    help="Condition monitoring of rotating machines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(up)


@app.callback()
def kurto() -> None:
    """Condition monitoring of rotating machines."""
