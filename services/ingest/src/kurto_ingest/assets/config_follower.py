"""Follows the changes of sensors, whoever made them, and passes them on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from kurto_ingest.assets.model import Sensor
from kurto_ingest.assets.ports import SensorStore
from kurto_service.clock import Clock

__all__ = ["ConfigFollower"]

_LOG = logging.getLogger(__name__)
_PAGE = 500


class ConfigFollower:
    """Asks the store for changes every now and then, at once when told of one.

    Parameters
    ----------
    store : SensorStore
        Knows the changes.
    clock : Clock
        Paces the questions.
    interval_s : float
        Time after which a change that another process made is noticed.
    """

    def __init__(self, store: SensorStore, clock: Clock, interval_s: float) -> None:
        self._store = store
        self._clock = clock
        self._interval_s = interval_s
        self._asked = asyncio.Event()
        self._changed = asyncio.Event()
        self._listeners: list[Callable[[Sensor], None]] = []
        self.revision = 0

    def listen(self, listener: Callable[[Sensor], None]) -> None:
        """Call `listener` with every sensor that changed."""
        self._listeners.append(listener)

    def hurry(self) -> None:
        """Take note that a sensor was changed here and now."""
        self._asked.set()

    async def start(self) -> None:
        """Begin after the changes that there are already."""
        self.revision = await self._store.revision()

    async def changed(self) -> None:
        """Wait for the next change."""
        await self._changed.wait()

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            try:
                async with asyncio.timeout(self._interval_s):
                    await self._asked.wait()
            except TimeoutError:
                pass
            self._asked.clear()
            try:
                await self.catch_up()
            except Exception as error:
                _LOG.warning(
                    "Changes of sensors not read, will be tried again",
                    extra={"action": "config_follow_failed", "error": type(error).__name__},
                )
                await self._clock.sleep(self._interval_s)

    async def catch_up(self) -> None:
        """Pass on all changes since the last time."""
        while True:
            sensors = await self._store.changes(self.revision, _PAGE)
            for sensor in sensors:
                for listener in self._listeners:
                    listener(sensor)
                self.revision = sensor.revision
            if sensors:
                self._changed.set()
                self._changed = asyncio.Event()
            if len(sensors) < _PAGE:
                return
