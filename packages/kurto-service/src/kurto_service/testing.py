"""What tests of services need: a fake clock, an in-process server, a check for leaked tasks."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
from prometheus_client import CollectorRegistry

from kurto_service.admission import QueryLine
from kurto_service.calls import CallGuard
from kurto_service.channels import channel_options
from kurto_service.clock import Clock, SystemClock
from kurto_service.health import Health
from kurto_service.identity import ANONYMOUS, Principal
from kurto_service.metrics import DependencyMetrics, RpcMetrics
from kurto_service.server import AddServicer, MethodTable, add_standard_services, create_server
from kurto_service.tokens import Authenticator

__all__ = ["FakeClock", "FixedPrincipal", "no_leaked_tasks", "serve"]

_TURNS = 20  # turns of the event loop in which woken tasks may act before the next sleeper wakes


class FakeClock:
    """A clock that moves only when told to.

    Parameters
    ----------
    start : datetime, optional
        First value of `now`, timezone-aware; 2026-01-01T00:00:00Z by default.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._elapsed_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """Return the fake time, timezone-aware in UTC."""
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        """Return the seconds that `advance` has added up to."""
        return self._elapsed_s

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has moved the clock by `seconds`."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        entry = (self._elapsed_s + seconds, next(self._order), future)
        heapq.heappush(self._sleepers, entry)
        await future

    async def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`, waking sleepers one after another in order of time."""
        await self._settle()
        target = self._elapsed_s + seconds
        while self._sleepers and self._sleepers[0][0] <= target:
            when, _, future = heapq.heappop(self._sleepers)
            if future.done():  # its task was cancelled
                continue
            self._elapsed_s = max(self._elapsed_s, when)
            future.set_result(None)
            await self._settle()
        self._elapsed_s = target

    @staticmethod
    async def _settle() -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    @property
    def sleeper_count(self) -> int:
        """Tasks that wait on this clock."""
        return sum(not future.done() for _, _, future in self._sleepers)


class FixedPrincipal:
    """Takes every caller for the same principal."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    def authenticate(self, authorization: str | None) -> Principal:
        """Return the fixed principal."""
        return self._principal


@asynccontextmanager
async def serve(
    add_fn: AddServicer,
    servicer: object,
    *more: tuple[AddServicer, object],
    principal: Principal = ANONYMOUS,
    authenticator: Authenticator | None = None,
    registry: CollectorRegistry | None = None,
    clock: Clock | None = None,
    max_message_bytes: int = 4 * 1024 * 1024,
    max_concurrent_calls: int = 4096,
    queries: QueryLine | None = None,
    grace_s: float = 0.0,
) -> AsyncIterator[grpc.aio.Channel]:
    """Serve `servicer` as a process would and yield a channel to it, over a Unix socket.

    Parameters
    ----------
    add_fn, servicer
        The generated ``add_XServicer_to_server`` and the servicer.
    *more : tuple of (add_fn, servicer)
        Further servicers of the same server.
    principal : Principal
        Who every caller is taken for.
    authenticator : Authenticator, optional
        Identifies callers instead of `principal`.
    registry : CollectorRegistry, optional
        Where calls are counted.
    clock : Clock, optional
        Measures latency; the system's by default.
    max_message_bytes : int
        Largest message, in bytes.
    max_concurrent_calls : int
        Calls in progress beyond which new ones are refused.
    queries : QueryLine, optional
        Where queries wait; without it they don't.
    grace_s : float
        Seconds that calls in progress get when the block ends.
    """
    used_clock, used_registry = clock or SystemClock(), registry or CollectorRegistry()
    health = Health(SystemClock(), DependencyMetrics(used_registry), interval_s=1.0, timeout_s=1.0)
    guard = CallGuard(
        authenticator or FixedPrincipal(principal),
        RpcMetrics(used_registry),
        used_clock,
        max_message_bytes=max_message_bytes,
        max_concurrent_calls=max_concurrent_calls,
        queries=queries,
    )
    table = MethodTable(guard)
    for add, one in ((add_fn, servicer), *more):
        table.add(add, one)
    add_standard_services(table, health, ())
    table.open()
    await health.wired()
    folder = Path(tempfile.mkdtemp(prefix="kurto"))
    address = f"unix:{folder / 'socket'}"
    server = create_server(
        table, max_message_bytes=max_message_bytes, max_concurrent_calls=max_concurrent_calls
    )
    server.add_insecure_port(address)
    await server.start()
    try:
        options = channel_options(max_message_bytes)
        async with grpc.aio.insecure_channel(address, options=options) as channel:
            yield channel
    finally:
        health.drain()
        await server.stop(grace_s)
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def no_leaked_tasks() -> AsyncIterator[None]:
    """Fail when the block leaves a task running that it started."""
    before = asyncio.all_tasks()
    yield
    # A fixture is torn down by another task than the one that set it up.
    before |= {task for task in (asyncio.current_task(),) if task}
    for _ in range(_TURNS):  # tasks cancelled a moment ago may still be ending
        leaked = [task for task in asyncio.all_tasks() - before if not task.done()]
        if not leaked:
            return
        await asyncio.sleep(0.01)
    names = ", ".join(sorted(f"{task.get_name()}: {task.get_coro()!r}" for task in leaked))
    for task in leaked:
        task.cancel()
    await asyncio.gather(*leaked, return_exceptions=True)
    raise AssertionError(f"tasks still running: {names}")
