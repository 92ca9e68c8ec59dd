"""One (sensor, epoch) with its quarantine, if it has one."""

from __future__ import annotations

from collections.abc import Sequence

from kurto_ingest.streams.encoding import Planar
from kurto_ingest.streams.live_stream import LiveStream
from kurto_ingest.streams.pending import Commit
from kurto_ingest.streams.process_values import ProcessValue
from kurto_ingest.streams.quarantine import (
    Quarantine,
    QuarantinePosition,
    acknowledged,
    grid_line,
)
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import Intake, StreamSequence

__all__ = ["EpochStream"]


class EpochStream(LiveStream):
    """The state of one stream under one fence; parameters as of `LiveStream`.

    Attributes
    ----------
    quarantine : Quarantine or None
        What of it lies too far in the future.
    """

    quarantine: Quarantine | None = None

    def resume_quarantine(self, stored: QuarantinePosition | None) -> None:
        """Go on with a quarantine that is stored."""
        if stored is not None:
            self.quarantine = self._quarantine(stored, stored=True)

    def _quarantine(self, begin: QuarantinePosition, *, stored: bool) -> Quarantine:
        most = self.accepted.max_missing_ranges
        return Quarantine(self.format, begin, max_missing_ranges=most, stored=stored)

    @property
    def acknowledged(self) -> StreamSequence:
        """What is durable, in quarantine or not: what the sender is told."""
        apart = self.quarantine
        return acknowledged(self.durable, None if apart is None else apart.durable)

    @property
    def is_durable(self) -> bool:
        """True when everything that was accepted is committed."""
        return super().is_durable and (self.quarantine is None or self.quarantine.is_durable)

    def commit_lag_s(self, now_s: float) -> float:
        """Return the age of the oldest accepted sample that is not committed; 0 if none is."""
        lag_s = super().commit_lag_s(now_s)
        if self.quarantine is None or self.quarantine.oldest_s is None:
            return lag_s
        return max(lag_s, now_s - self.quarantine.oldest_s)

    def set_apart(
        self,
        index: int,
        first: int,
        samples: Planar,
        shaft_speed_hz: float | None,
        now_s: float,
        *,
        values: Sequence[ProcessValue] = (),
    ) -> Intake:
        """Take a batch, or a part of one, into quarantine.

        Parameters
        ----------
        index : int
            Where the quarantine begins if there is none so far; on the grid of hops, not above
            `first` and not below what has come.
        first, samples, shaft_speed_hz, now_s, values
            As of `accept`.

        Raises
        ------
        TooManyMissingRanges
            If the batch would leave too many gaps; nothing of it is taken.
        """
        apart = self.quarantine
        if apart is None:
            sequence = StreamSequence(index, max_missing_ranges=0)
            apart = self._quarantine(QuarantinePosition(index, sequence), stored=False)
        # The epoch has one limit.
        left = self.accepted.max_missing_ranges - len(self.accepted.missing)
        apart.accepted.sequence.max_missing_ranges = max(1, left)
        intake, size_bytes = apart.accept(
            first, samples, shaft_speed_hz, now_s, inspect=self._assembler.inspect, values=values
        )
        self.quarantine = apart
        self.counters.count(intake, samples.shape[1], now_s)
        self._now_s = now_s
        self._grow(size_bytes)
        return intake

    def abandon(self, first: int, end: int) -> int:
        """Give up `first` <= i < `end`; returns how many missing samples that were.

        Raises
        ------
        IndexWentBackwards
            If the range is not one, or reaches above what was ever sent.
        """
        apart, next_index = self.quarantine, self.accepted.next_index
        if apart is None or end <= next_index:
            return super().abandon(first, end)
        self._require_known(first, end, apart.accepted.sequence.next_index)
        count, at = 0, max(first, next_index)
        if first < at:
            count += super().abandon(first, at)
        if at < apart.accepted.index:
            to = min(end, apart.accepted.index)
            if at == next_index and end >= apart.accepted.index:
                # Nothing comes any more before the quarantine: it begins here, and no window
                # waits, or is stored empty, for the time between.
                to = grid_line(next_index, self.format.hop_samples)
            count += self._give_up_ahead(at, to)
            at = to
        if at < end:
            given, size_bytes = apart.abandon(at, end, self._now_s)
            self._grow(size_bytes)
            count += given
        return count

    def _give_up_ahead(self, first: int, end: int) -> int:
        """Give up what was never seen, up to `end`: what comes next begins there."""
        if first >= end:
            return 0
        self.accepted.skip(end)
        self._assembler.skip(end)
        return super().abandon(first, end)

    def plan(self, max_bytes: int) -> Commit | None:
        """Return the oldest pending entries, about `max_bytes` of them, as a commit."""
        commit, apart = super().plan(max_bytes), self.quarantine
        if apart is None or apart.is_durable:
            return commit
        if commit is None:
            after, nothing = self.durable.advanced(self.durable.next_index), RangeSet()
            commit = Commit(self.durable, after, (), 0, 0, nothing, nothing, True)
        part = apart.plan(max_bytes - commit.size_bytes)
        if part is None:
            return commit
        return commit._replace(quarantine=part, size_bytes=commit.size_bytes + part.size_bytes)

    def finish(self, commit: Commit) -> None:
        """Note that `commit`, the result of the last `plan`, is durable."""
        super().finish(commit)
        if commit.quarantine is not None and self.quarantine is not None:
            self.quarantine.finish(commit.quarantine)

    def discard(self) -> None:
        """Drop everything that is not durable; the stream must not be used any more."""
        super().discard()
        if self.quarantine is not None:
            self.quarantine.discard()
