"""Remembers how far windows are analysed, and finds those that still have to be."""

from __future__ import annotations

import logging

from kurto_ingest.assets.ports import SensorStore
from kurto_ingest.exceptions import UnknownSensor
from kurto_ingest.forwarding.forwarder import WindowForwarder
from kurto_ingest.ports import StreamStore
from kurto_ingest.pushing.opening import fitting_config
from kurto_service.clock import Clock

__all__ = ["AnalysisBook"]

_LOG = logging.getLogger(__name__)
_MAX_STREAMS = 10_000


class AnalysisBook:
    """Carries positions from the forwarder to the store, and unfinished streams back.

    Parameters
    ----------
    forwarder : WindowForwarder
        Knows the positions, follows the streams.
    streams, sensors : StreamStore, SensorStore
        Keep them.
    clock : Clock
        Paces the work.
    note_interval_s, search_interval_s : float
        Time between two notes, and between two searches for unfinished streams.
    """

    def __init__(
        self,
        *,
        forwarder: WindowForwarder,
        streams: StreamStore,
        sensors: SensorStore,
        clock: Clock,
        note_interval_s: float,
        search_interval_s: float,
    ) -> None:
        self._forwarder = forwarder
        self._streams = streams
        self._sensors = sensors
        self._clock = clock
        self._note_interval_s = note_interval_s
        self._search_interval_s = search_interval_s
        self._searched_s: float | None = None

    def search_soon(self) -> None:
        """Look for unfinished streams at the next opportunity."""
        self._searched_s = None

    async def run(self) -> None:
        """Work for ever."""
        while True:
            try:
                await self.note()
                if self._search_due():
                    await self.search()
                    self._searched_s = self._clock.monotonic()
            except Exception as error:
                self._report(error)
            await self._clock.sleep(self._note_interval_s)

    @staticmethod
    def _report(error: Exception) -> None:
        _LOG.warning(
            "Positions of the analysis not kept, will be tried again",
            extra={"action": "analysis_book_failed", "error": f"{type(error).__name__}: {error}"},
        )

    def _search_due(self) -> bool:
        if not self._forwarder.connected:
            return False
        since_s = self._searched_s
        return since_s is None or self._clock.monotonic() - since_s >= self._search_interval_s

    async def note(self) -> None:
        """Write positions that changed to the store."""
        moved = {
            feed.format.key: feed.acked_window
            for feed in self._forwarder.feeds
            if feed.acked_window != feed.noted_window
        }
        if moved:
            await self._streams.note_analyzed(moved)
            for key, window in moved.items():
                feed = self._forwarder.feed(key)
                if feed is not None:
                    feed.noted_window = window
        for key in tuple(self._forwarder.late_done):
            windows = self._forwarder.late_done.pop(key)
            try:
                await self._streams.note_late_done(key, windows)
            except BaseException:
                self._forwarder.note_late_done(key, windows)
                raise

    async def search(self) -> None:
        """Follow stored streams with windows that nobody has analysed yet."""
        for record in await self._streams.unfinished(_MAX_STREAMS):
            if self._forwarder.feed(record.key) is not None:
                continue
            try:
                sensor = await self._sensors.get_sensor(record.format.sensor_id)
            except UnknownSensor:
                continue
            config = await fitting_config(self._sensors, record, sensor)
            self._forwarder.follow(record, config)
            _LOG.info(
                "Windows left from before are analysed",
                extra={"action": "analysis_resumed", "sensor_id": sensor.sensor_id},
            )
