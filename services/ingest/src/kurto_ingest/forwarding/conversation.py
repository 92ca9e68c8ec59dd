"""One AnalyzeWindows call: what is written, what is answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from typing import Protocol

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto_ingest.forwarding.feed import FeedState, WindowFeed
from kurto_ingest.forwarding.outbox import Outbox
from kurto_ingest.forwarding.skips import Skip, SkipReason
from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.records.event_log import EventLog
from kurto_ingest.records.stream_events import EventKind
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.timing import microseconds
from kurto_service.cancellation import end_tasks
from kurto_service.clock import Clock

__all__ = ["AnalyzerCall", "Conversation", "ForwarderPace"]

_LOG = logging.getLogger(__name__)
_BUSY_BYTES = 64 * 1024


class AnalyzerCall(AsyncIterable[pb.AnalyzeWindowsResponse], Protocol):
    """An AnalyzeWindows call in progress."""

    async def write(self, request: pb.AnalyzeWindowsRequest) -> None:
        """Send one message."""
        ...

    def cancel(self) -> bool:
        """End the call."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwarderPace:
    """When and how much is sent.

    Attributes
    ----------
    idle_linger_s, busy_linger_s : float
        Time in which hops are gathered for a message: under little and under much load.
    message_bytes : int
        Size at which a message is full.
    in_flight_bytes : int
        Hops sent and not acknowledged, at most.
    retry_first_s, retry_last_s : float
        Shortest and longest wait before the next call to the analyzer.
    """

    idle_linger_s: float
    busy_linger_s: float
    message_bytes: int
    in_flight_bytes: int
    retry_first_s: float = 0.1
    retry_last_s: float = 2.0


class Conversation:
    """Runs one call until it breaks.

    Parameters
    ----------
    call : AnalyzerCall
        The call.
    outbox : Outbox
        Holds what is to be written.
    wake : asyncio.Event
        Set when there may be something.
    clock, pace : Clock, ForwarderPace
        Say when it is written.
    moved : callable
        Told of each feed whose position changed, and of late windows that are stored.
    metrics : IngestMetrics
        Shows that the analyzer answers.
    events : EventLog
        Told of windows that are never analysed.

    Attributes
    ----------
    answered : bool
        True once the analyzer has answered anything.
    """

    def __init__(
        self,
        call: AnalyzerCall,
        outbox: Outbox,
        *,
        wake: asyncio.Event,
        clock: Clock,
        pace: ForwarderPace,
        moved: Callable[[WindowFeed, RangeSet | None], None],
        metrics: IngestMetrics,
        events: EventLog,
    ) -> None:
        self._call = call
        self._outbox = outbox
        self._wake = wake
        self._clock = clock
        self._pace = pace
        self._moved = moved
        self._metrics = metrics
        self._events = events
        self.answered = False

    async def run(self) -> None:
        """Write and read until the call ends or breaks."""
        tasks = [
            asyncio.create_task(self._write(), name="forwarder-write"),
            asyncio.create_task(self._read(), name="forwarder-read"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task.cancelled():  # grpc.aio does that to writers of some broken calls
                    raise ConnectionError("the call to the analyzer was cancelled")
                task.result()
        finally:
            self._call.cancel()
            await end_tasks(tasks)

    async def _write(self) -> None:
        outbox = self._outbox
        while True:
            self._wake.clear()
            outbox.sent_bytes = 0
            while (message := outbox.next_message()) is not None:
                await self._call.write(message)
            await self._wake.wait()
            busy = outbox.sent_bytes >= _BUSY_BYTES
            await self._clock.sleep(self._pace.busy_linger_s if busy else self._pace.idle_linger_s)

    async def _read(self) -> None:
        async for response in self._call:
            self._metrics.analyzer_up.set(1)
            self.answered = True
            for position in response.positions:
                feed = self._outbox.feed_of(position.slot)
                if feed is not None:
                    self._move(feed, position)

    def _move(self, feed: WindowFeed, position: pb.WindowPosition) -> None:
        late = None
        now_us = microseconds(self._clock.now())
        if position.opened:
            before = position.next_window_index
            self._skip(feed, feed.opened(before, now_us), before)
        elif feed.state is FeedState.OPEN:
            late = feed.acknowledged(position.next_window_index)
            before = feed.cursor
            self._skip(feed, feed.overdue(now_us), before)
        self._outbox.recount(feed)
        self._moved(feed, late)

    def _skip(self, feed: WindowFeed, skip: Skip | None, before: int) -> None:
        if skip is not None:
            _LOG.warning(
                "Windows left out",
                extra={
                    "action": "windows_skipped",
                    "sensor_id": feed.format.sensor_id,
                    "from_window": before,
                    "to_window": skip.next_window,
                    "reason": skip.reason.value,
                },
            )
            self._outbox.skip(feed, skip, skip.next_window - before)
            if skip.reason is SkipReason.ANALYSIS_SKIPPED:
                self._record(feed, before, skip.next_window)

    def _record(self, feed: WindowFeed, first: int, end: int) -> None:
        stream_format, hop = feed.format, feed.format.hop_samples
        self._events.note(
            EventKind.ANALYSIS_SKIPPED,
            sensor_id=stream_format.sensor_id,
            epoch=stream_format.epoch,
            first_index=first * hop,
            end_index=end * hop,
            value=(end - first) * feed.config.hop_interval_s,
            message=f"The analysis was too far behind: {end - first} windows are left out.",
        )
