"""Reads hops that are not in memory, beside the live ones and never before them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from kurto_ingest.forwarding.feed import WindowFeed
from kurto_ingest.forwarding.stored_hops import hop_runs
from kurto_ingest.ports import SampleStore
from kurto_ingest.streams.hop_tail import HopRun
from kurto_ingest.streams.process_values import hop_loads
from kurto_ingest.value_store import ProcessValueStore
from kurto_service.clock import Clock

__all__ = ["CatchUpReader"]

_LOG = logging.getLogger(__name__)
_RETRY_S = 0.5


class CatchUpReader:
    """Fills the backlogs of feeds from the store.

    Parameters
    ----------
    store : SampleStore
        Holds the samples.
    values : ProcessValueStore
        Holds the loads.
    clock : Clock
        Paces retries.
    filled : callable
        Told of each feed that has hops to send now.
    """

    def __init__(
        self,
        store: SampleStore,
        values: ProcessValueStore,
        clock: Clock,
        filled: Callable[[WindowFeed], None],
    ) -> None:
        self._store = store
        self._values = values
        self._clock = clock
        self._filled = filled
        self._queue: dict[WindowFeed, None] = {}
        self._work = asyncio.Event()

    def request(self, feed: WindowFeed) -> None:
        """Read for `feed` if it wants anything; newest epochs go first."""
        if feed.reading or (feed.wanted() is None and feed.wanted_late() is None):
            return
        self._queue[feed] = None
        self._work.set()

    async def run(self) -> None:
        """Read for ever; several of these may run side by side."""
        while True:
            await self._work.wait()
            feed = self._next()
            if feed is None:
                self._work.clear()
                continue
            feed.reading = True
            try:
                await self._read(feed)
            except Exception as error:
                _LOG.warning(
                    "Hops not read, will be tried again",
                    extra={"action": "catch_up_failed", "error": f"{type(error).__name__}"},
                )
                await self._clock.sleep(_RETRY_S)
            finally:
                feed.reading = False
            self.request(feed)

    def _next(self) -> WindowFeed | None:
        feed = next((item for item in self._queue if item.newest), None)
        if feed is None:
            feed = next(iter(self._queue), None)
        if feed is not None:
            del self._queue[feed]
        return feed

    async def _read(self, feed: WindowFeed) -> None:
        wanted = feed.wanted()
        if wanted is not None:
            feed.loaded(wanted, await self._runs(feed, range(wanted.first, wanted.end)))
            self._filled(feed)
        window = feed.wanted_late()
        if window is not None:
            hops = range(window, window + feed.format.window_hops)
            feed.loaded_late(window, await self._runs(feed, hops))
            self._filled(feed)

    async def _runs(self, feed: WindowFeed, hops: range) -> list[HopRun]:
        stream_format, load = feed.format, feed.config.load
        first, end = (hop * stream_format.hop_samples for hop in (hops.start, hops.stop))
        rows = await self._store.read(stream_format, first, end)
        loads: tuple[float | None, ...] = ()
        if load is not None:
            values = await self._values.holding(stream_format, load, first, end)
            loads = hop_loads(load, stream_format.time_us, values, hops, stream_format.hop_samples)
        return hop_runs(stream_format, hops.start, hops.stop, rows, loads)
