"""What of an epoch lies too far in the future: kept apart from an index on, with its own order.

The other samples of the epoch know nothing of it: their `next_index` stays, their windows end
before it, and what comes for the indexes between is as welcome as ever.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kurto_ingest.streams.blocks import Block, Inspect, cut_at_grid
from kurto_ingest.streams.encoding import Planar
from kurto_ingest.streams.pending import ENTRY_BYTES, Abandonment, Journal
from kurto_ingest.streams.process_values import VALUE_BYTES, ProcessValue
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import Intake, StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = [
    "Quarantine",
    "QuarantineCommit",
    "QuarantinePosition",
    "acknowledged",
    "grid_line",
]


@dataclass(slots=True)
class QuarantinePosition:
    """Where the quarantine of an epoch begins, and what has come of it.

    Attributes
    ----------
    index : int
        First index in it, on the grid of hops.
    sequence : StreamSequence
        Its own state; nothing below `index` is missing in it.
    """

    index: int
    sequence: StreamSequence

    def copy(self) -> QuarantinePosition:
        """Return an independent position in the same state."""
        return QuarantinePosition(self.index, self.sequence.copy())

    def abandon(self, first: int, end: int) -> int:
        """Give up what is missing in `first` <= i < `end`; below `index` it begins with that."""
        if first < self.index:
            self.sequence.missing.add(first, self.index)
            self.index = first
        return self.sequence.abandon(first, end)

    @property
    def sample_count(self) -> int:
        """Samples per channel that have come."""
        end = self.sequence.next_index
        return self.sequence.durable_count(RangeSet([(self.index, end)]))


def grid_line(index: int, hop_samples: int) -> int:
    """Return the first line of the hop grid at or above `index`.

    Examples
    --------
    >>> grid_line(200, 100), grid_line(201, 100)
    (200, 300)
    """
    return -(-index // hop_samples) * hop_samples


def acknowledged(position: StreamSequence, quarantine: QuarantinePosition | None) -> StreamSequence:
    """Return what a sender is told of an epoch: all that has come, in quarantine or not.

    Examples
    --------
    >>> apart = QuarantinePosition(1000, StreamSequence(1000, max_missing_ranges=9))
    >>> _ = apart.sequence.offer(1200, 100)
    >>> told = acknowledged(StreamSequence(50, max_missing_ranges=9), apart)
    >>> told.next_index, list(told.missing)
    (1300, [IndexRange(first=50, end=1200)])
    """
    if quarantine is None or quarantine.sequence.next_index <= position.next_index:
        return position
    whole, apart, end = position.copy(), quarantine.sequence, position.next_index
    whole.missing.add(end, quarantine.index)
    for item in apart.missing:
        whole.missing.add(max(item.first, end), item.end)
    for item in apart.abandoned:
        whole.abandoned.add(max(item.first, end), item.end)
    whole.next_index = apart.next_index
    return whole


class QuarantineCommit(NamedTuple):
    """Some of what waits for quarantine, and the state that holds once it is stored.

    Attributes
    ----------
    before_index : int or None
        The `next_index` that is stored; None while nothing is.
    after : QuarantinePosition
        State from then on.
    blocks : tuple of Block
        Rows to be stored.
    entry_count, size_bytes : int
        Pending entries that it covers, and the bytes that they were charged with.
    """

    before_index: int | None
    after: QuarantinePosition
    blocks: tuple[Block, ...]
    entry_count: int = 0
    size_bytes: int = 0


class Quarantine:
    """The quarantine of one stream while samples come.

    Parameters
    ----------
    stream_format : StreamFormat
        Gives the grid.
    begin : QuarantinePosition
        What is stored, or where it shall begin.
    max_missing_ranges : int
        Largest number of missing ranges.
    stored : bool
        False if nothing of it is stored so far.
    """

    def __init__(
        self,
        stream_format: StreamFormat,
        begin: QuarantinePosition,
        *,
        max_missing_ranges: int,
        stored: bool,
    ) -> None:
        self._format = stream_format
        self.accepted = begin.copy()
        self.accepted.sequence.max_missing_ranges = max_missing_ranges
        self._durable = begin.copy()
        # What was accepted must be committable: the limit is checked once.
        self._durable.sequence.max_missing_ranges = sys.maxsize
        self._stored = stored
        self._journal = Journal()
        self.pending_bytes = 0

    @property
    def durable(self) -> QuarantinePosition | None:
        """What is committed; None while nothing is."""
        return self._durable if self._stored else None

    @property
    def is_durable(self) -> bool:
        """True when everything that was accepted is committed."""
        return not self._journal

    @property
    def oldest_s(self) -> float | None:
        """Monotonic time at which the oldest pending entry was made; None without entries."""
        return self._journal.oldest_s

    def accept(
        self,
        first: int,
        samples: Planar,
        shaft_speed_hz: float | None,
        now_s: float,
        *,
        inspect: Inspect,
        values: Sequence[ProcessValue] = (),
    ) -> tuple[Intake, int]:
        """Take samples at or above `index`; returns what became of them, and bytes to charge.

        Parameters
        ----------
        first : int
            Absolute index of the first sample.
        samples : numpy.ndarray [shape=(channels, n) or (channels, n, 3)]
            The samples; n > 0.
        shaft_speed_hz : float or None
            Shaft speed in Hz.
        now_s : float
            Monotonic time of arrival in seconds.
        inspect : callable
            Returns the quality mask of samples.
        values : sequence of ProcessValue
            Values taken at these samples.

        Raises
        ------
        TooManyMissingRanges
            If the batch would leave too many gaps; nothing of it is taken.
        """
        intake = self.accepted.sequence.offer(first, samples.shape[1])
        parts = intake.refills if intake.fresh is None else (*intake.refills, intake.fresh)
        size_bytes = 0
        for part in parts:
            taken = samples[:, part.first - first : part.end - first]
            for block in cut_at_grid(self._format, part.first, taken, inspect, shaft_speed_hz):
                block.values = tuple(v for v in values if block.first <= v.index < block.end)
                # Its row takes as much beside the samples, however few those are.
                block_bytes = len(block.data) + ENTRY_BYTES + VALUE_BYTES * len(block.values)
                self._journal.enter(block, now_s, block_bytes)
                size_bytes += block_bytes
        self.pending_bytes += size_bytes
        return intake, size_bytes

    def abandon(self, first: int, end: int, now_s: float) -> tuple[int, int]:
        """Give up a range; returns how many missing samples that were, and bytes to charge.

        Raises
        ------
        TooManyMissingRanges
            If cutting a missing range in pieces would make too many.
        """
        count = self.accepted.abandon(first, end)
        if not count:
            return 0, 0
        self._journal.enter(Abandonment(first, end), now_s, ENTRY_BYTES)
        self.pending_bytes += ENTRY_BYTES
        return count, ENTRY_BYTES

    def make_way(self, index: int) -> None:
        """Begin at `index` instead, which is not above `free_until`.

        Nobody has to be told: what is stored begins above what the rest of the epoch has, too.
        """
        self.accepted.sequence.missing.remove(self.accepted.index, index)
        self.accepted.index = index

    @property
    def free_until(self) -> int:
        """First line of the grid above which something has come, or was given up."""
        first = next(iter(self.accepted.sequence.missing), None)
        if first is None or first.first > self.accepted.index:
            return self.accepted.index
        return first.end // self._format.hop_samples * self._format.hop_samples

    def plan(self, max_bytes: int) -> QuarantineCommit | None:
        """Return the oldest pending entries, about `max_bytes` of them, as a commit."""
        entries, size_bytes = self._journal.oldest(max_bytes)
        if not entries:
            return None
        blocks: list[Block] = []
        after = self._durable.copy()
        for entry in entries:
            if isinstance(entry, Abandonment):
                after.abandon(entry.first, entry.end)
            else:
                after.sequence.offer(entry.first, entry.count)
                blocks.append(entry)
        before_index = self._durable.sequence.next_index if self._stored else None
        return QuarantineCommit(before_index, after, tuple(blocks), len(entries), size_bytes)

    def finish(self, commit: QuarantineCommit) -> None:
        """Note that `commit`, the result of the last `plan`, is durable."""
        self._durable, self._stored = commit.after, True
        if self._journal:  # else it was discarded while the commit was on its way
            self._journal.remove(commit.entry_count)
            self.pending_bytes -= commit.size_bytes

    def discard(self) -> None:
        """Drop everything that is not durable."""
        self._journal.clear()
        self.pending_bytes = 0
