"""The next message to the analyzer: announcements first, then hops, live ones before old ones."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from kurto.analyzer.v1 import analyzer_service_pb2 as pb
from kurto.signal.v1 import features_pb2, samples_pb2
from kurto_ingest.assets.conversion import config_message, timestamp_us
from kurto_ingest.forwarding.feed import FeedState, WindowFeed
from kurto_ingest.forwarding.skips import Skip, SkipReason
from kurto_ingest.forwarding.stored_hops import planar_join
from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.streams.hop_tail import HopRun
from kurto_ingest.streams.shards import shard_of

__all__ = ["Outbox"]

_REASONS = {
    SkipReason.NOT_MONITORED: features_pb2.EMPTY_REASON_NOT_MONITORED,
    SkipReason.ANALYSIS_SKIPPED: features_pb2.EMPTY_REASON_ANALYSIS_SKIPPED,
}
_OLD_EPOCH, _CATCHING_UP, _LIVE = 2, 1, 0


class Outbox:
    """Gathers what one call to the analyzer sends.

    Parameters
    ----------
    metrics : IngestMetrics
        Counts hops and skipped windows.
    message_bytes : int
        Size at which a message is full.
    in_flight_bytes : int
        Hops sent and not acknowledged, at most.
    late_sent : callable
        Told of a feed whose late window was sent: it has room for another one.
    """

    def __init__(
        self,
        metrics: IngestMetrics,
        *,
        message_bytes: int,
        in_flight_bytes: int,
        late_sent: Callable[[WindowFeed], None],
    ) -> None:
        self._metrics = metrics
        self._late_sent = late_sent
        self._message_bytes = message_bytes
        self._limit_bytes = in_flight_bytes
        self._slots: dict[int, WindowFeed] = {}
        self._next_slot = 0
        self._controls: deque[pb.AnalyzeWindowsRequest] = deque()
        self._ready: tuple[dict[WindowFeed, None], ...] = ({}, {}, {})
        self._in_flight_bytes = 0
        self.sent_bytes = 0  # since the count was last set back

    def feed_of(self, slot: int) -> WindowFeed | None:
        """Return the feed that a slot of this call stands for."""
        return self._slots.get(slot)

    def announce(self, feed: WindowFeed) -> None:
        """Open a feed, or open it again after its configuration changed."""
        if feed.slot < 0:
            feed.slot = self._next_slot  # never used again: a late answer must not meet another
            self._next_slot += 1
            self._slots[feed.slot] = feed
        feed.state = FeedState.OPENING
        self._controls.append(pb.AnalyzeWindowsRequest(open=_open_message(feed)))

    def close(self, feed: WindowFeed) -> None:
        """Say that no more hops of a feed come."""
        if feed.slot < 0:
            return
        del self._slots[feed.slot]
        self._controls.append(pb.AnalyzeWindowsRequest(close=pb.SensorClose(slot=feed.slot)))
        feed.reset()
        self.recount(feed)

    def skip(self, feed: WindowFeed, skip: Skip, count: int) -> None:
        """Say that windows are left out."""
        self._metrics.skipped.labels(skip.reason.value).inc(count)
        self._controls.append(
            pb.AnalyzeWindowsRequest(
                skip=pb.SkipWindows(
                    slot=feed.slot,
                    next_window_index=skip.next_window,
                    reason=_REASONS[skip.reason],
                )
            )
        )

    def ready(self, feed: WindowFeed) -> None:
        """Take note that a feed may have hops to send."""
        if not feed.newest:
            level = _OLD_EPOCH
        elif feed.is_live:
            level = _LIVE
        else:
            level = _CATCHING_UP
        self._ready[level][feed] = None

    def recount(self, feed: WindowFeed) -> None:
        """Count again what of a feed is in flight."""
        now = feed.in_flight_hops * feed.format.hop_bytes
        self._in_flight_bytes += now - feed.charged_bytes
        feed.charged_bytes = now
        self._metrics.in_flight_bytes.set(self._in_flight_bytes)

    def next_message(self) -> pb.AnalyzeWindowsRequest | None:
        """Return the next message, or None when there is nothing to send now."""
        if self._controls:
            return self._controls.popleft()
        runs: list[pb.HopRun] = []
        size_bytes = 0
        for level, feeds in enumerate(self._ready):
            while feeds and size_bytes < self._message_bytes:
                if self._in_flight_bytes >= self._limit_bytes:
                    break
                feed = next(iter(feeds))
                del feeds[feed]
                size_bytes += self._take(feed, runs, self._message_bytes - size_bytes, level)
        if self._controls:  # a skip came up: it stands before the hops after it
            first = self._controls.popleft()
            if runs:
                self._controls.append(_hops_message(runs))
            return first
        if not runs:
            return None
        self.sent_bytes += size_bytes
        self._metrics.forward_messages.inc()
        return _hops_message(runs)

    def _take(self, feed: WindowFeed, runs: list[pb.HopRun], max_bytes: int, level: int) -> int:
        if feed.state is not FeedState.OPEN:
            return 0
        size_bytes = 0
        late = feed.next_late()
        if late is not None:
            runs.append(_run_message(feed, late, late=True))
            self._metrics.hops.labels("late").inc(late.end - late.first)
            size_bytes += len(late.hops) * feed.format.hop_bytes
            self._late_sent(feed)
        run = feed.next_run(max_bytes)
        if run is not None:
            runs.append(_run_message(feed, run, late=False))
            source = "memory" if level == _LIVE else "store"
            self._metrics.hops.labels(source).inc(run.end - run.first)
            size_bytes += len(run.hops) * feed.format.hop_bytes
            self.recount(feed)
        if run is not None or late is not None:
            self._ready[level][feed] = None  # behind the others, for what is left
        return max(size_bytes, 64)


def _open_message(feed: WindowFeed) -> pb.SensorOpen:
    stream_format = feed.format
    return pb.SensorOpen(
        slot=feed.slot,
        sensor_id=stream_format.sensor_id,
        epoch=stream_format.epoch,
        config=config_message(feed.config),
        encoding=samples_pb2.SampleEncoding.Name(stream_format.encoding),
        scales=stream_format.scales,
        anchor_time=timestamp_us(stream_format.anchor_us),
        hop_samples=stream_format.hop_samples,
        window_hops=stream_format.window_hops,
        shard=shard_of(stream_format.sensor_id),
        backfill=feed.backfill,
    )


def _run_message(feed: WindowFeed, run: HopRun, *, late: bool) -> pb.HopRun:
    message = pb.HopRun(slot=feed.slot, hop_index=run.first, hop_count=run.end - run.first)
    if run.is_gap:
        message.empty_reason = features_pb2.EMPTY_REASON_GAP
    else:
        message.planar = planar_join(feed.format, run.hops)
        if run.speeds_hz:
            message.shaft_speeds_hz.extend(math.nan if v is None else v for v in run.speeds_hz)
        if run.loads:
            message.loads.extend(math.nan if v is None else v for v in run.loads)
    message.late = late
    return message


def _hops_message(runs: list[pb.HopRun]) -> pb.AnalyzeWindowsRequest:
    return pb.AnalyzeWindowsRequest(hops=pb.HopBatch(runs=runs))
