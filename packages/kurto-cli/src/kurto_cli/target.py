"""Options of the commands that talk to kurto."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

import kurto


def with_port(target: str) -> str:
    """Return HOST:PORT as given.

    Raises
    ------
    typer.BadParameter
        If the port is missing: gRPC would silently take another one.
    """
    _, separator, port = target.rpartition(":")
    if not separator or not port.isdigit():
        raise typer.BadParameter(f"{target!r} has no port; give HOST:PORT, such as localhost:8080")
    return target


Target = Annotated[
    str,
    typer.Option(metavar="HOST:PORT", help="kurto's gateway or ingest.", callback=with_port),
]
Token = Annotated[
    str | None, typer.Option(envvar="KURTO_TOKEN", help="Bearer token.", show_envvar=True)
]
CaCertificate = Annotated[
    Path | None, typer.Option(help="Certificate authority (PEM); turns TLS on.", exists=True)
]

DEFAULT_TARGET = "localhost:8080"
# Whoever stops a process kills it soon after; `kurto up` does so after 5 s.
STOP_LIMIT_S = 4.5

Work = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


def run(work: Work) -> None:
    """Run until done, and say in one line what went wrong.

    The first Ctrl-C or SIGTERM sets the event that the work gets; it ends itself then, and is
    cancelled if that takes too long or a second signal comes.
    """
    with _explained("stopped; samples that were not acknowledged may be lost"):
        asyncio.run(_run_with_signals(work))


def run_to_end(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run work that is worth nothing until it is done, and say in one line what went wrong.

    Ctrl-C or SIGTERM cancels it.
    """

    async def cancellable() -> None:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        await task

    with _explained("stopped; nothing was written"):
        asyncio.run(cancellable())


@contextmanager
def _explained(when_stopped: str) -> Iterator[None]:
    try:
        yield
    except asyncio.CancelledError:
        fail(when_stopped)
    except kurto.CallError as error:
        reason = f" ({error.reason})" if error.reason else ""
        fail(f"{error}{reason}")
    except (kurto.KurtoError, OSError, ValueError) as error:
        fail(str(error))


async def _run_with_signals(work: Work) -> None:
    stop = asyncio.Event()
    task = asyncio.ensure_future(work(stop))
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            task.cancel()
            return
        typer.echo(
            "kurto: waiting for the last acknowledgment; Ctrl-C again ends at once", err=True
        )
        stop.set()
        loop.call_later(STOP_LIMIT_S, task.cancel)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    await task


def fail(message: str, *, status: int = 1) -> NoReturn:
    """Print what is wrong and end the command; status 2 means that it was called wrongly."""
    typer.echo(f"kurto: {message}", err=True)
    raise typer.Exit(status)
