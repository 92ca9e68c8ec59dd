"""Run the stack in the foreground until asked to stop."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

from kurto_cli.stack import ready_file
from kurto_cli.stack.assembly import Stack, assemble
from kurto_cli.stack.console import Console
from kurto_cli.stack.data_directory import locked
from kurto_cli.stack.exceptions import StackError
from kurto_cli.stack.logs import ConsoleLog, FileLog, ProcessLog
from kurto_cli.stack.options import UpOptions
from kurto_cli.stack.restarts import RestartPolicy
from kurto_cli.stack.supervisor import Supervisor

PROCESSES = ("kurto", "postgres", "valkey", "ingest", "analyzer", "alerts", "gateway", "envoy")
EXTERNAL = {"postgres": None, "valkey": None}
STOPPERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run(options: UpOptions, environ: Mapping[str, str], stream: TextIO) -> None:
    """Start the stack, keep it running, stop it when a signal asks for it.

    The first ``SIGINT``, ``SIGTERM`` or ``SIGHUP`` stops everything in order, a second one at
    once.

    Raises
    ------
    StackError
        If it can't start; nothing is left running.
    """
    colour = stream.isatty() and not environ.get("NO_COLOR")
    console = Console(stream, PROCESSES, colour=colour)
    try:
        with locked(options.data_dir) as directory, _no_stale_ready_file(options):
            report = console.writer("kurto")
            report(f"data directory {directory}")
            with _stop_events() as (stop, stop_now):
                stack = await assemble(options, directory, environ)
                report(f"starting {', '.join(spec.name for spec in stack.specs)}")
                supervisor = Supervisor(
                    stack.specs,
                    _logs(stack, options, console),
                    policy=RestartPolicy(),
                    report=report,
                    on_all_ready=_announcer(stack, options, report),
                )
                await supervisor.run(stop, stop_now)
                report("stopped")
    finally:
        console.close()


def _logs(stack: Stack, options: UpOptions, console: Console) -> dict[str, ProcessLog]:
    if options.log_dir is not None:
        folder = options.log_dir.resolve()
        with _usable(folder, "--log-dir"):
            return {spec.name: FileLog(folder / f"{spec.name}.log") for spec in stack.specs}
    return {spec.name: ConsoleLog(console.writer(spec.name)) for spec in stack.specs}


def _announcer(
    stack: Stack, options: UpOptions, report: Callable[[str], None]
) -> Callable[[Mapping[str, int]], None]:
    endpoints = stack.endpoints

    def announce(pids: Mapping[str, int]) -> None:
        if options.ready_file is not None:
            try:
                ready_file.write(options.ready_file, endpoints, {**EXTERNAL, **pids})
            except OSError as error:
                report(f"{options.ready_file} can't be written ({error.strerror}): going on")
        report("everything is running; stop it with Ctrl-C")
        report(f"dashboard  {endpoints.http}")
        report(f"with TLS   {endpoints.https} (self-made certificate)")
        report(f"sensors    {endpoints.http.removeprefix('http://')}")

    return announce


@contextlib.contextmanager
def _no_stale_ready_file(options: UpOptions) -> Iterator[None]:
    """Remove the ready file before the start (left by ``SIGKILL``) and after the end."""
    path = options.ready_file
    if path is None:
        yield
        return
    with _usable(path, "--ready-file"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _usable(path: Path, option: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StackError(
            f"{path} can't be written ({error.strerror}): choose another place with {option}"
        ) from error


@contextlib.contextmanager
def _stop_events() -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
    stop, stop_now = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> None:
        (stop_now if stop.is_set() else stop).set()

    for number in STOPPERS:
        loop.add_signal_handler(number, asked)
    try:
        yield stop, stop_now
    finally:
        for number in STOPPERS:
            loop.remove_signal_handler(number)


def main(options: UpOptions) -> None:
    """Run the stack with this process's environment and standard output."""
    asyncio.run(run(options, dict(os.environ), sys.stdout))
