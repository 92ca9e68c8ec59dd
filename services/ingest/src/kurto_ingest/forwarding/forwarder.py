"""Takes windows to the analyzer, and never holds back what makes samples durable."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

import grpc

from kurto_ingest.assets.model import Sensor, SensorConfig
from kurto_ingest.forwarding.catch_up import CatchUpReader
from kurto_ingest.forwarding.conversation import AnalyzerCall, Conversation, ForwarderPace
from kurto_ingest.forwarding.feed import FeedLimits, FeedState, WindowFeed
from kurto_ingest.forwarding.outbox import Outbox
from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.ports import SampleStore, StreamKey, StreamRecord
from kurto_ingest.pushing.session import Session
from kurto_ingest.records.event_log import EventLog
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.timing import microseconds
from kurto_ingest.value_store import ProcessValueStore
from kurto_service.clock import Clock

__all__ = ["WindowForwarder"]

_LOG = logging.getLogger(__name__)


class WindowForwarder:
    """The sink for windows: one feed a stream, one call to the analyzer for all of them.

    Parameters
    ----------
    call : callable
        Begins an AnalyzeWindows call.
    samples : SampleStore
        Holds what is not in memory.
    values : ProcessValueStore
        Holds the loads of it.
    clock : Clock
        Paces lingering and retries.
    metrics : IngestMetrics
        Counts.
    pace : ForwarderPace
        When and how much is sent.
    limits : FeedLimits
        How far one feed goes.
    events : EventLog
        Told of windows that are never analysed.
    enabled : bool
        False to leave all windows alone: samples are stored only.
    """

    def __init__(
        self,
        *,
        call: Callable[[], AnalyzerCall],
        samples: SampleStore,
        values: ProcessValueStore,
        clock: Clock,
        metrics: IngestMetrics,
        pace: ForwarderPace,
        limits: FeedLimits,
        events: EventLog,
        enabled: bool = True,
    ) -> None:
        self._call = call
        self._clock = clock
        self._metrics = metrics
        self._pace = pace
        self._limits = limits
        self._feeds: dict[StreamKey, WindowFeed] = {}
        self.reader = CatchUpReader(samples, values, clock, self._ready)
        self._outbox = self._new_outbox()
        self._wake = asyncio.Event()
        self._conversation: Conversation | None = None
        self._events = events
        self.enabled = enabled
        self.connected = False
        self.late_done: dict[StreamKey, RangeSet] = {}

    def _new_outbox(self) -> Outbox:
        return Outbox(
            self._metrics,
            message_bytes=self._pace.message_bytes,
            in_flight_bytes=self._pace.in_flight_bytes,
            late_sent=self.reader.request,
        )

    # What the rest of the service says

    def feed(self, key: StreamKey) -> WindowFeed | None:
        """Return the feed of a stream."""
        return self._feeds.get(key)

    @property
    def feeds(self) -> tuple[WindowFeed, ...]:
        """All feeds."""
        return tuple(self._feeds.values())

    @property
    def answering(self) -> bool:
        """True while an analyzer answers."""
        return self.connected and self._conversation is not None and self._conversation.answered

    def attach(self, session: Session, record: StreamRecord, config: SensorConfig) -> None:
        """Follow a stream that begins or goes on."""
        if session.sensor.monitored and self.enabled:
            feed = self.follow(record, config)
            feed.tail = session.live.tail
            self._ready(feed)

    def follow(self, record: StreamRecord, config: SensorConfig) -> WindowFeed:
        """Follow a stored stream, live or not."""
        feed = self._feeds.get(record.key)
        if feed is None:
            feed = WindowFeed(
                record.format,
                config,
                analysis_from_index=record.analysis_from_index,
                limits=self._limits,
            )
            feed.acked_window = feed.noted_window = record.analyzed_window
            self._late_stored(feed, feed.refilled(record.late_windows))
            self._feeds[record.key] = feed
        if record.recorded or record.backfill:
            feed.uploaded_us = microseconds(record.commit_time or self._clock.now())
        self._grow_old(feed, record)
        self._rank(record.key[0])
        stored_hops = record.position.next_index // record.format.hop_samples
        feed.stored_hops = max(feed.stored_hops, stored_hops)
        if self.connected and feed.state is FeedState.NEW:
            self._outbox.announce(feed)
        self._ready(feed)
        return feed

    def _grow_old(self, feed: WindowFeed, record: StreamRecord) -> None:
        """Mark what comes from here on as late, if the epoch is not the newest any more."""
        if record.is_old and not feed.backfill:
            feed.backfill = True
            if feed.state is not FeedState.NEW:
                self._outbox.announce(feed)

    def _rank(self, sensor_id: str) -> None:
        own = [feed for key, feed in self._feeds.items() if key[0] == sensor_id]
        newest = max((feed.format.epoch for feed in own if not feed.backfill), default=0)
        for feed in own:
            feed.newest = feed.format.epoch == newest

    def detach(self, session: Session) -> None:
        """Take note that the stream is not live any more."""
        feed = self._feeds.get(session.key)
        if feed is not None and feed.tail is session.live.tail:
            feed.tail = None
            feed.stored_hops = session.live.durable.next_index // feed.format.hop_samples
            self._ready(feed)

    def advance(self, session: Session) -> None:
        """Take note that the stream has new hops."""
        feed = self._feeds.get(session.key)
        if feed is not None:
            self._outbox.ready(feed)
            self._wake.set()

    def committed(self, session: Session) -> None:
        """Take note that more of the stream can be read from the store."""
        feed = self._feeds.get(session.key)
        if feed is not None:
            feed.stored_hops = session.live.durable.next_index // feed.format.hop_samples
            if feed.waits_for_commit:
                self._ready(feed)
            self.reader.request(feed)

    def refilled(self, session: Session, windows: RangeSet) -> None:
        """Take note that the gaps in `windows` are closed now."""
        feed = self._feeds.get(session.key)
        if feed is not None:
            self._late_stored(feed, feed.refilled(windows))
            self.reader.request(feed)

    def stop(self, sensor_id: str) -> None:
        """Leave a sensor's windows alone from here on."""
        for key, feed in tuple(self._feeds.items()):
            if key[0] == sensor_id:
                self._drop(feed)

    def reconfigure(self, sensor: Sensor) -> None:
        """Announce the streams of a sensor again if its configuration changed under them."""
        for key, feed in self._feeds.items():
            if key[0] != sensor.sensor_id or not sensor.config.fits(feed.format):
                continue
            if sensor.config.version == feed.config.version:
                continue
            feed.config = sensor.config
            if feed.state is not FeedState.NEW:
                self._outbox.announce(feed)
                self._wake.set()

    def _late_stored(self, feed: WindowFeed, windows: RangeSet | None) -> None:
        if windows:
            self.note_late_done(feed.format.key, windows)

    def note_late_done(self, key: StreamKey, windows: RangeSet) -> None:
        """Add to `late_done`, which the analysis book carries to the store."""
        done = self.late_done.setdefault(key, RangeSet())
        for item in windows:
            done.add(item.first, item.end)

    def _drop(self, feed: WindowFeed) -> None:
        del self._feeds[feed.format.key]
        self._outbox.close(feed)
        self._wake.set()

    def _ready(self, feed: WindowFeed) -> None:
        self._outbox.ready(feed)
        self.reader.request(feed)
        self._wake.set()

    # The call to the analyzer

    async def run(self, connected: Callable[[], None]) -> None:
        """Keep a call to the analyzer for ever; `connected` is told of each new one."""
        wait_s = 0.0
        while True:
            started_s = self._clock.monotonic()
            try:
                await self._converse(connected)
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError, OSError) as error:
                self._report(error)
            finally:
                self.connected = False
                self._metrics.analyzer_up.set(0)
            if self._clock.monotonic() - started_s > self._pace.retry_last_s:
                wait_s = 0.0
            wait_s = min(self._pace.retry_last_s, max(self._pace.retry_first_s, 2 * wait_s))
            await self._clock.sleep(wait_s * random.uniform(0.5, 1.0))

    @staticmethod
    def _report(error: BaseException) -> None:
        code = error.code().name if isinstance(error, grpc.aio.AioRpcError) else ""
        _LOG.warning(
            "Analyzer does not take windows",
            extra={"action": "analyzer_lost", "code": code, "error": type(error).__name__},
        )

    async def _converse(self, connected: Callable[[], None]) -> None:
        self._outbox = self._new_outbox()
        now_us = microseconds(self._clock.now())
        for feed in sorted(self._feeds.values(), key=lambda item: not item.newest):
            feed.reset()
            feed.lag_watch.note(now_us, behind=True)
            feed.charged_bytes = 0
            self._outbox.announce(feed)
        conversation = self._conversation = Conversation(
            self._call(),
            self._outbox,
            wake=self._wake,
            clock=self._clock,
            pace=self._pace,
            moved=self._moved,
            metrics=self._metrics,
            events=self._events,
        )
        self.connected = True
        connected()
        await conversation.run()

    def _moved(self, feed: WindowFeed, late: RangeSet | None) -> None:
        self._late_stored(feed, late)
        if feed.finished and feed.tail is None and not feed.newest:
            self._late_stored(feed, feed.late)  # the rest of these windows never comes
            self._drop(feed)
        else:
            self._ready(feed)
            self.reader.request(feed)
