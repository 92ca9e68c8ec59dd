"""Reads hops that are not in memory, beside the live ones and never before them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from kurto_ingest.forwarding.feed import WindowFeed
from kurto_ingest.forwarding.stored_hops import hop_runs
from kurto_ingest.ports import SampleStore
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
    clock : Clock
        Paces retries.
    filled : callable
        Told of each feed that has hops to send now.
    """

    def __init__(
        self, store: SampleStore, clock: Clock, filled: Callable[[WindowFeed], None]
    ) -> None:
        self._store = store
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
        hop = feed.format.hop_samples
        wanted = feed.wanted()
        if wanted is not None:
            rows = await self._store.read(feed.format, wanted.first * hop, wanted.end * hop)
            feed.loaded(wanted, hop_runs(feed.format, wanted.first, wanted.end, rows))
            self._filled(feed)
        window = feed.wanted_late()
        if window is not None:
            end = window + feed.format.window_hops
            rows = await self._store.read(feed.format, window * hop, end * hop)
            feed.loaded_late(window, hop_runs(feed.format, window, end, rows))
            self._filled(feed)
