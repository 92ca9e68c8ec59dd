"""What of one stream the analyzer has, and what it gets next."""

from __future__ import annotations

import sys
from collections import deque
from enum import Enum

from kurto_ingest.assets.model import SensorConfig
from kurto_ingest.forwarding.feed_limits import FeedLimits
from kurto_ingest.forwarding.lag_watch import LagWatch
from kurto_ingest.forwarding.skips import Skip, SkipReason
from kurto_ingest.streams.hop_tail import HopRun, HopTail
from kurto_ingest.streams.ranges import IndexRange, RangeSet
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["FeedLimits", "FeedState", "WindowFeed"]


class FeedState(Enum):
    """How far a feed is on the present call to the analyzer."""

    NEW = "to be announced"
    OPENING = "announced, waiting for the position"
    OPEN = "hops are sent"


class WindowFeed:
    """Follows one (sensor, epoch).

    Parameters
    ----------
    stream_format : StreamFormat
        The stream.
    config : SensorConfig
        Configuration to announce.
    analysis_from_index : int
        Windows that begin before it are left out.
    limits : FeedLimits
        How far it goes.
    """

    def __init__(
        self,
        stream_format: StreamFormat,
        config: SensorConfig,
        *,
        analysis_from_index: int,
        limits: FeedLimits,
    ) -> None:
        self.format = stream_format
        self.config = config
        self.analysis_from_index = analysis_from_index
        self.newest = True
        self.backfill = False  # its frames are late: a newer epoch is, or may be, live
        self.uploaded_us: int | None = None  # of a recording or upload: when samples came last
        self.waits_for_commit = False  # the next hops are missing, and that is not durable yet
        self.state = FeedState.NEW
        self.slot = -1
        self.tail: HopTail | None = None
        self.stored_hops = 0  # hops below it can be read from the store
        self.cursor = 0  # next hop to send
        self.acked_window = 0  # windows below it need not be sent again
        self.noted_window = 0  # what the store knows of that
        self.reading = False
        self.charged_bytes = 0  # part of the in-flight total that is this feed's
        self.late = RangeSet()  # windows to be sent again
        self.late_sent = RangeSet()  # sent again, not known to be stored
        self.late_runs: deque[HopRun] = deque()  # no more of them than the backlog may take
        window_bytes = stream_format.window_hops * stream_format.hop_bytes
        self._most_late = max(1, limits.backlog_bytes // window_bytes)
        self.lag_watch = LagWatch()
        self._late_done_at: int | None = None
        self._backlog: deque[HopRun] = deque()
        self._limits = limits

    @property
    def end(self) -> int:
        """Hops that there are so far."""
        return max(self.stored_hops, self.tail.end if self.tail else 0)

    @property
    def waiting_windows(self) -> int:
        """Windows that could be analysed and are not known to be."""
        there = self.end - self.format.window_hops + 1
        return max(0, there - max(self.acked_window, self._floor))

    @property
    def lag_s(self) -> float:
        """Time of the windows that are not analysed yet."""
        return self.waiting_windows * self.config.hop_interval_s

    @property
    def _floor(self) -> int:
        """First window that may be analysed."""
        return -(-self.analysis_from_index // self.format.hop_samples)

    @property
    def finished(self) -> bool:
        """True when every window that there is was acknowledged."""
        whole = self.end - self.format.window_hops
        return not (self.waiting_windows or self.late.touches(0, whole + 1) or self.late_sent)

    @property
    def in_flight_hops(self) -> int:
        """Hops sent beyond those of acknowledged windows."""
        if self.state is not FeedState.OPEN:
            return 0
        return max(0, self.cursor - self.acked_window - self.format.window_hops + 1)

    def reset(self) -> None:
        """Begin on a new call to the analyzer."""
        self.state = FeedState.NEW
        self.slot = -1
        self._backlog.clear()
        self.late_runs.clear()
        for item in self.late_sent:
            self.late.add(item.first, item.end)
        self.late_sent = RangeSet()
        self._late_done_at = None

    def opened(self, next_window: int, now_us: int) -> Skip | None:
        """Begin at the window that the analyzer needs next.

        Parameters
        ----------
        next_window : int
            The window.
        now_us : int
            Time of day in microseconds since 1970-01-01T00:00:00Z.

        Returns
        -------
        Skip or None
            What the analyzer must skip.
        """
        self.state = FeedState.OPEN
        self.acked_window = self.cursor = next_window
        self._backlog.clear()
        if self._floor > next_window:
            return self._skip(Skip(self._floor, SkipReason.NOT_MONITORED))
        return self.overdue(now_us) or self._forgotten(now_us)

    def _forgotten(self, now_us: int) -> Skip | None:
        """Jump over windows whose samples are kept no more; uploads are from their arrival."""
        oldest_us = now_us - int(self._limits.retention_s * 1e6)
        if self.uploaded_us is not None and (self.tail is not None or self.uploaded_us > oldest_us):
            return None
        oldest = self.format.index_at(oldest_us) // self.format.hop_samples
        target = min(oldest, self.end - self.format.window_hops + 1)
        return (
            self._skip(Skip(target, SkipReason.ANALYSIS_SKIPPED)) if target > self.cursor else None
        )

    def overdue(self, now_us: int) -> Skip | None:
        """Jump to the newest hop if the analyzer is too far behind; returns the jump."""
        self.lag_watch.note(now_us, behind=self.waiting_windows > 0)
        target = self.end - self.format.window_hops
        behind_s = (self.end - self.cursor) * self.config.hop_interval_s
        behind_s = min(behind_s, self.lag_watch.behind_s(now_us))
        if not self.newest or behind_s <= self._limits.max_lag_s or target <= self.cursor:
            return None
        return self._skip(Skip(target, SkipReason.ANALYSIS_SKIPPED))

    def _skip(self, skip: Skip) -> Skip:
        self.cursor = skip.next_window
        self.acked_window = skip.next_window
        self.lag_watch = LagWatch()
        self._backlog.clear()
        return skip

    def acknowledged(self, next_window: int) -> RangeSet | None:
        """Note that windows below `next_window` are stored.

        Returns
        -------
        RangeSet or None
            Windows whose late frames are stored too, as this answer proves: the analyzer takes
            what it gets in order.
        """
        if next_window > self.acked_window:
            self.acked_window = next_window
            if self.tail is not None:
                self.tail.forget_before(next_window)
        if self._late_done_at is None or next_window <= self._late_done_at:
            return None
        done, self.late_sent, self._late_done_at = self.late_sent, RangeSet(), None
        return done

    def next_run(self, max_bytes: int) -> HopRun | None:
        """Return hops to send now, from memory, and count them as sent.

        Parameters
        ----------
        max_bytes : int
            About how much; one hop at least.
        """
        if self.state is not FeedState.OPEN:
            return None
        limit = self.acked_window + self.format.window_hops + self._limits.in_flight_hops
        most = min(limit - self.cursor, max(1, max_bytes // self.format.hop_bytes))
        if most <= 0:
            return None
        run = self._backlog_run(most) or (self.tail.run(self.cursor, most) if self.tail else None)
        if run is None:
            return None
        run = run.part(self.cursor, min(run.end, self.cursor + most))
        # Samples go out before they are durable; that they are missing must be: a process that
        # forgot it would take them from the sender after all, for windows called empty already.
        self.waits_for_commit = run.is_gap and run.end > self.stored_hops
        if self.waits_for_commit:
            return None
        self.cursor = run.end
        return run

    def _backlog_run(self, most: int) -> HopRun | None:
        while self._backlog and self._backlog[0].end <= self.cursor:
            self._backlog.popleft()
        if not self._backlog or self._backlog[0].first > self.cursor:
            return None
        return self._backlog[0]

    @property
    def is_live(self) -> bool:
        """True when the next hop is, or will be, in memory: nothing has to be read."""
        return self.wanted() is None and not self._backlog

    def wanted(self) -> IndexRange | None:
        """Return the hops to be read from the store next, if any."""
        if self.state is not FeedState.OPEN:
            return None
        at = max(self.cursor, self._backlog[-1].end if self._backlog else 0)
        most = max(1, self._limits.backlog_bytes // self.format.hop_bytes)
        if at >= self.stored_hops or at - self.cursor >= most:
            return None
        end = min(at + most, self.stored_hops)
        if self.tail is not None and at < self.tail.end:
            end = self.tail.unknown_until(at, end)
        return IndexRange(at, end) if at < end else None

    def loaded(self, wanted: IndexRange, runs: list[HopRun]) -> None:
        """Take hops that were read, unless the feed went elsewhere meanwhile."""
        at = max(self.cursor, self._backlog[-1].end if self._backlog else 0)
        if self.state is FeedState.OPEN and wanted.first == at:
            self._backlog.extend(runs)

    def refilled(self, windows: RangeSet) -> RangeSet:
        """Note windows whose gaps are closed; returns those that need no late frame."""
        left_out = RangeSet(windows.within(0, self._floor))
        for item in windows.within(self._floor, sys.maxsize):
            self.late.add(item.first, item.end)
        return left_out

    def wanted_late(self) -> int | None:
        """Return a window to be read and sent again, if there is one and it was sent before."""
        if self.state is not FeedState.OPEN or len(self.late_runs) >= self._most_late:
            return None
        for item in self.late:
            known = item.first + self.format.window_hops <= min(self.cursor, self.stored_hops)
            return item.first if known else None
        return None

    def loaded_late(self, window: int, runs: list[HopRun]) -> None:
        """Take the hops of a late window that were read."""
        self.late.remove(window, window + 1)
        if len(runs) == 1 and not runs[0].is_gap:
            self.late_runs.append(runs[0])
        else:  # retention was quicker
            self.late_sent.add(window, window + 1)

    def next_late(self) -> HopRun | None:
        """Return the hops of a late window to send now, and count it as sent."""
        if not self.late_runs or self.state is not FeedState.OPEN:
            return None
        run = self.late_runs.popleft()
        self.late_sent.add(run.first, run.first + 1)
        self._late_done_at = max(self.cursor - self.format.window_hops + 1, self.acked_window)
        return run
