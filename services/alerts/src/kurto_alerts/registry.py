"""Follows the registry of sensors and keeps what rules need of it, also while it is away."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

import grpc

from kurto_alerts.failures import is_passing
from kurto_alerts.frames import SensorProfile
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.ports import ProfileStore
from kurto_service.clock import Clock
from kurto_service.errors import error_info

_LOG = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2


class Registry(Protocol):
    """Tells about sensors."""

    def watch(self, cursor: str) -> AsyncIterator[tuple[list[SensorProfile], str]]:
        """Yield changed profiles and the cursor behind them."""


class RegistryFollower:
    """Stores what the registry says and passes it on.

    Parameters
    ----------
    registry : Registry
        The registry.
    store : ProfileStore
        Keeps profiles and cursor, so that a restart needs no registry.
    changed : callable
        Gets changed profiles once they are stored.
    clock : Clock
        Time.
    metrics : AlertsMetrics
        Figures.
    longest_pause_s : float
        Longest wait before the next try while the registry is away.
    """

    def __init__(
        self,
        registry: Registry,
        store: ProfileStore,
        changed: Callable[[Sequence[SensorProfile]], None],
        *,
        clock: Clock,
        metrics: AlertsMetrics,
        longest_pause_s: float,
    ) -> None:
        self._registry = registry
        self._store = store
        self._changed = changed
        self._clock = clock
        self._metrics = metrics
        self._longest_pause_s = longest_pause_s
        self._cursor: str | None = None
        self._pause_s = FIRST_PAUSE_S

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            problem = "the stream ended"
            try:
                await self._follow()
            except grpc.aio.AioRpcError as error:
                info = error_info(error)
                if info is not None and info.reason == "INVALID_CURSOR":
                    self._cursor = ""
                problem = f"{error.code().name}: {error.details()}"
            except Exception as error:
                if not (isinstance(error, asyncio.InvalidStateError) or is_passing(error)):
                    raise
                self._cursor = None  # what was stored may differ from what was sent
                problem = repr(error)
            self._metrics.read_failures.labels("registry").inc()
            extra = {"action": "registry_lost", "problem": problem}
            _LOG.warning("Cannot follow the registry of sensors", extra=extra)
            await self._clock.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, self._longest_pause_s)

    async def _follow(self) -> None:
        if self._cursor is None:
            _, self._cursor = await self._store.load_profiles()
        async for profiles, cursor in self._registry.watch(self._cursor):
            self._pause_s = FIRST_PAUSE_S
            if profiles or cursor != self._cursor:
                await self._store.save_profiles(profiles, cursor)
                self._cursor = cursor
            if profiles:
                self._changed(profiles)
