"""Options of the commands that talk to kurto."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

import kurto

Target = Annotated[str, typer.Option(metavar="HOST:PORT", help="kurto's gateway or ingest.")]
Token = Annotated[
    str | None, typer.Option(envvar="KURTO_TOKEN", help="Bearer token.", show_envvar=True)
]
CaCertificate = Annotated[
    Path | None, typer.Option(help="Certificate authority (PEM); turns TLS on.", exists=True)
]

DEFAULT_TARGET = "localhost:8080"


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run until done, or until Ctrl-C or SIGTERM; say in one line what went wrong."""
    try:
        asyncio.run(_until_signal(work))
    except kurto.CallError as error:
        reason = f" ({error.reason})" if error.reason else ""
        fail(f"{error}{reason}")
    except (kurto.KurtoError, ValueError) as error:
        fail(str(error))


async def _until_signal(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        typer.echo("kurto: stopped", err=True)


def fail(message: str) -> NoReturn:
    """Print what is wrong and end the command."""
    typer.echo(f"kurto: {message}", err=True)
    raise typer.Exit(1)
