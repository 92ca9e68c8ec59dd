"""A stack for drills that need more than the shared one: `rig_stack` and a server of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil
from tests.conftest import REPOSITORY, STACK_STOP_S, RunningStack
from tests.faults.rig.launch import RESTART_DELAY_S, LaunchPlan

from kurto_cli.stack import ports, postgres
from kurto_cli.stack.postgres import Postgres

_STOP_S = 20.0
_START_S = 60.0


@contextmanager
def rig_stack(
    directory: Path,
    *,
    failing: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    member_environment: Mapping[str, Mapping[str, str]] | None = None,
    restart_delay_s: float = RESTART_DELAY_S,
) -> Iterator[RunningStack]:
    """Run a stack of its own until the block ends.

    Parameters
    ----------
    directory : Path
        Empty; holds data and logs.
    failing : sequence of str
        Services that get the fail points of `tests.faults.rig.failing_service`.
    environment : mapping of str to str, optional
        Of all members, such as ``KURTO_POSTGRES_DSN``.
    member_environment : mapping of str to mapping, optional
        Of single members.
    restart_delay_s : float
        Wait before a member that ended is started again, in seconds.
    """
    plan = LaunchPlan(
        str(directory),
        list(failing),
        {name: dict(values) for name, values in (member_environment or {}).items()},
        restart_delay_s,
    )
    (directory / "plan.json").write_text(plan.as_json(), encoding="utf-8")
    path = f"{REPOSITORY}{os.pathsep}{os.environ.get('PYTHONPATH', '')}".rstrip(os.pathsep)
    with (directory / "launcher.log").open("ab") as log:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.rig.launch", str(directory / "plan.json")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=REPOSITORY,
            env={**os.environ, **(environment or {}), "PYTHONPATH": path},
        )
    try:
        stack = RunningStack(launcher, directory)
        stack.wait_until_ready()
        yield stack
    finally:
        launcher.terminate()
        try:
            launcher.wait(STACK_STOP_S)
        except subprocess.TimeoutExpired:
            launcher.kill()
            launcher.wait(STACK_STOP_S)


@asynccontextmanager
async def rig_stack_behind(directory: Path, **options: Any) -> AsyncIterator[RunningStack]:
    """Run `rig_stack` without blocking the event loop, in which its proxies run."""
    manager = rig_stack(directory, **options)
    stack = await asyncio.to_thread(manager.__enter__)
    try:
        yield stack
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


class OwnPostgres:
    """A durable PostgreSQL server that a drill can kill and start again.

    Parameters
    ----------
    directory : Path
        Holds its cluster and its log.
    """

    def __init__(self, directory: Path) -> None:
        port = ports.free_ports("127.0.0.1", 1)[0]
        self.server = Postgres(directory, port, "test")
        self.server.initialise(durable=False)
        self._log = directory / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """Connection address."""
        return self.server.dsn()

    @property
    def port(self) -> int:
        """TCP port."""
        return self.server.port

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        assert self._process is not None
        return self._process.pid

    def launch(self) -> None:
        """Start it; to be called from the main thread, whose end ends it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.server.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
                env=postgres.environment(),
            )

    def wait_until_ready(self) -> None:
        """Wait until it lets sessions in."""
        words = [postgres.program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + _START_S
        while subprocess.run(words, check=False).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL didn't start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it and all its children: nothing is written any more."""
        if self._process is None:
            return
        with contextlib.suppress(psutil.Error):
            parent = psutil.Process(self._process.pid)
            for one in (parent, *parent.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    one.kill()
        self._process.wait(_STOP_S)


@contextmanager
def own_postgres(directory: Path) -> Iterator[OwnPostgres]:
    """Run a PostgreSQL server of its own until the block ends."""
    directory.mkdir(parents=True, exist_ok=True)
    server = OwnPostgres(directory)
    server.launch()
    server.wait_until_ready()
    try:
        yield server
    finally:
        server.kill()
