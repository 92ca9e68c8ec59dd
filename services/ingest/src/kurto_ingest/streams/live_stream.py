"""One (sensor, epoch) while samples come: what is accepted, what waits, what is durable."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from kurto_ingest.exceptions import IndexWentBackwards
from kurto_ingest.streams.blocks import Block, cut_at_grid
from kurto_ingest.streams.cells import CellAssembler
from kurto_ingest.streams.encoding import Planar
from kurto_ingest.streams.hop_tail import HopTail
from kurto_ingest.streams.pending import ENTRY_BYTES, Abandonment, Commit, Journal
from kurto_ingest.streams.process_values import VALUE_BYTES, ProcessValue, ValuesInHand
from kurto_ingest.streams.quality import BlockInspector
from kurto_ingest.streams.ranges import IndexRange, RangeSet
from kurto_ingest.streams.sequence import Intake, StreamSequence
from kurto_ingest.streams.stream_counters import StreamCounters
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["LiveStream"]

_NEWEST = 10  # blocks not committed that tell of the quality now: a second


class LiveStream:
    """The state of one stream under one fence.

    Parameters
    ----------
    stream_format : StreamFormat
        What is fixed for the epoch.
    fence : int
        Fence under which samples are accepted.
    durable : StreamSequence
        What is committed.
    inspector : BlockInspector
        Finds the quality of blocks.
    tail : HopTail
        Takes the hops.
    max_missing_ranges : int
        Largest number of missing ranges.
    charge : callable
        Told by how many bytes the stream's pending samples grew or shrank.
    """

    def __init__(
        self,
        stream_format: StreamFormat,
        fence: int,
        durable: StreamSequence,
        *,
        inspector: BlockInspector,
        tail: HopTail,
        max_missing_ranges: int,
        charge: Callable[[int], None],
    ) -> None:
        self.format = stream_format
        self.key = stream_format.key
        self.fence = fence
        self.accepted = durable.copy()
        self.accepted.max_missing_ranges = max_missing_ranges
        self.durable = durable
        # What was accepted must be committable: the limit is checked once.
        self.durable.max_missing_ranges = sys.maxsize
        self.tail = tail
        self.counters = StreamCounters()
        self.values = ValuesInHand(stream_format.hop_samples, stream_format.time_us)
        self.pending_bytes = 0
        self.open_since_s: float | None = None
        self._charge = charge
        self._journal = Journal()
        self._discarded = False
        self._now_s = 0.0
        self._standing = 0
        self._seen: int | None = None
        self._inspector = inspector
        self._assembler = CellAssembler(
            stream_format,
            durable.next_index,
            inspect=inspector.mask,
            emit=self._enter,
            tail=tail,
            load_at=self.values.load_at,
        )

    def flag(self, flags: int) -> None:
        """Give all blocks from here on these quality flags beside their own."""
        self._standing = flags

    def take_quality(self) -> int | None:
        """Return the flags of the blocks since the last time; None when there was none."""
        seen, self._seen = self._seen, None
        if seen is None:  # nothing was committed: looking at blocks one by one costs more
            for block in self._journal.newest(_NEWEST):
                seen = block.quality | (seen or 0)
        return seen

    def _enter(self, block: Block, extra_bytes: int = 0) -> None:
        size_bytes = len(block.data) + extra_bytes
        if self._standing:
            block.flag(self._standing)
        if self.values.waiting:
            self.values.give(block)
            size_bytes += VALUE_BYTES * len(block.values)
        self._journal.enter(block, self._now_s, size_bytes)

    def commit_lag_s(self, now_s: float) -> float:
        """Return the age of the oldest accepted sample that is not committed; 0 if none is."""
        oldest_s = self._journal.oldest_s
        if oldest_s is not None:
            return now_s - oldest_s
        if self._assembler.has_open_block and self.open_since_s is not None:
            return now_s - self.open_since_s
        return 0.0

    @property
    def is_durable(self) -> bool:
        """True when everything that was accepted is committed."""
        return not self._journal and not self._assembler.has_open_block

    def accept(
        self,
        first: int,
        samples: Planar,
        data: bytes | None,
        shaft_speed_hz: float | None,
        now_s: float,
        *,
        values: Sequence[ProcessValue] = (),
    ) -> Intake:
        """Take a batch.

        Parameters
        ----------
        first : int
            Absolute index of the first sample, >= 0.
        samples : numpy.ndarray [shape=(channels, n) or (channels, n, 3)]
            The samples; n > 0.
        data : bytes or None
            The same samples as bytes.
        shaft_speed_hz : float or None
            Shaft speed in Hz.
        now_s : float
            Monotonic time of arrival in seconds.
        values : sequence of ProcessValue
            Values taken at these samples; those of samples that are not taken are left out.

        Raises
        ------
        TooManyMissingRanges
            If the batch would leave too many gaps; nothing of it is taken.
        """
        count = samples.shape[1]
        intake = self.accepted.offer(first, count)
        self._now_s = now_s
        held_bytes = self.values.hold_part(values, intake) if values else 0
        for item in intake.refills:
            self._refill(item, samples[:, item.first - first : item.end - first], shaft_speed_hz)
        if intake.fresh is not None:
            self._extend(intake.fresh, first, samples, data, shaft_speed_hz)
            if self.open_since_s is None:
                self.open_since_s = now_s
        taken_bytes = self.counters.count(intake, count, now_s) * self.format.frame_bytes
        self._grow(taken_bytes + held_bytes)
        return intake

    def accept_hop(
        self,
        first: int,
        data: bytes,
        shaft_speed_hz: float | None,
        now_s: float,
        *,
        values: Sequence[ProcessValue] = (),
    ) -> bool:
        """Take a batch that is the next hop as a whole, for less than `accept` costs.

        Parameters
        ----------
        first, data, shaft_speed_hz, now_s, values
            As of `accept`.

        Returns
        -------
        bool
            False when the batch is something else; nothing is taken then.
        """
        accepted, size_bytes = self.accepted, self.format.hop_bytes
        if (
            first != accepted.next_index
            or len(data) != size_bytes
            or not self._assembler.expects_cell(first)
        ):
            return False
        count = self.format.hop_samples
        accepted.next_index = first + count
        self._now_s = now_s
        if values:
            size_bytes += self.values.hold(values)
        self._assembler.add_cell(data, shaft_speed_hz, self._inspector)
        self.counters.count_hop(count, now_s)
        self.pending_bytes += size_bytes
        self._charge(size_bytes)
        return True

    def _extend(
        self,
        fresh: IndexRange,
        first: int,
        samples: Planar,
        data: bytes | None,
        shaft_speed_hz: float | None,
    ) -> None:
        if fresh.first > first:
            samples, data = samples[:, fresh.first - first :], None
        self._assembler.add(fresh.first, samples, data, shaft_speed_hz)

    def _refill(self, item: IndexRange, samples: Planar, shaft_speed_hz: float | None) -> None:
        # Entries are replayed on the durable state: what came before must stand before.
        self._assembler.close_block()
        inspect = self._assembler.inspect
        for block in cut_at_grid(self.format, item.first, samples, inspect, shaft_speed_hz):
            # However short its parts are, a refill takes no more than it is charged with.
            self._enter(block, ENTRY_BYTES)
            self._grow(ENTRY_BYTES)

    def _grow(self, size_bytes: int) -> None:
        self.pending_bytes += size_bytes
        self._charge(size_bytes)

    def abandon(self, first: int, end: int) -> int:
        """Give up `first` <= i < `end`; returns how many missing samples that were.

        Raises
        ------
        IndexWentBackwards
            If the range is not one, or reaches above what was ever sent.
        """
        self._require_known(first, end, self.accepted.next_index)
        count = self.accepted.abandon(first, end)
        if count:
            self._assembler.close_block()
            self._journal.enter(Abandonment(first, end), self._now_s, ENTRY_BYTES)
            self._grow(ENTRY_BYTES)
        return count

    def _require_known(self, first: int, end: int, next_index: int) -> None:
        if not 0 <= first < end <= next_index:
            raise IndexWentBackwards(
                f"Only a range below next_index {next_index} can be given up, not"
                f" {first} to {end}: push the samples after it first, then abandon.",
                sensor_id=self.format.sensor_id,
                first_index=first,
                next_index=next_index,
            )

    def close_block(self, older_than_s: float | None = None) -> None:
        """Make the samples in hand committable though their cell is not complete.

        Parameters
        ----------
        older_than_s : float, optional
            Only when the oldest came before this monotonic time.
        """
        since = self.open_since_s
        if not self._assembler.has_open_block:
            self.open_since_s = None
        elif older_than_s is None or (since is not None and since < older_than_s):
            self._assembler.close_block()
            self.open_since_s = None

    def plan(self, max_bytes: int) -> Commit | None:
        """Return the oldest pending entries, about `max_bytes` of them, as a commit."""
        return self._journal.plan(self.durable, max_bytes)

    def finish(self, commit: Commit) -> None:
        """Note that `commit`, the result of the last `plan`, is durable."""
        self.durable = commit.after
        if self._discarded:  # while the commit was on its way
            return
        self._journal.remove(commit.entry_count)
        for block in commit.blocks:
            self._seen = block.quality | (self._seen or 0)
        self._grow(-commit.size_bytes)
        if commit.healed:
            self._assembler.heal(commit.healed, RangeSet(self.accepted.absent))

    def discard(self) -> None:
        """Drop everything that is not durable; the stream must not be used any more."""
        self._discarded = True
        self._journal.clear()
        self._assembler.drop_block()
        self._grow(-self.pending_bytes)

    def inspect_with(self, inspector: BlockInspector) -> None:
        """Use another inspector from here on, since the configuration changed."""
        self._inspector = inspector
        self._assembler.inspect = inspector.mask
