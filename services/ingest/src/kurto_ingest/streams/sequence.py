"""What has come of an epoch and what is missing: order, duplicates, gaps, refills."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kurto_ingest.exceptions import TooManyMissingRanges
from kurto_ingest.streams.ranges import IndexRange, RangeSet

__all__ = ["MAX_ABANDONED_RANGES", "Intake", "StreamSequence"]

MAX_ABANDONED_RANGES = 1024


class Intake(NamedTuple):
    """What became of one batch.

    Attributes
    ----------
    fresh : IndexRange or None
        Part at or above the former `next_index`: never seen before.
    refills : tuple of IndexRange
        Parts below it that were missing.
    gap : IndexRange or None
        Range that the batch jumped over; it is missing from now on.
    duplicate_count : int
        Samples per channel that were there already (or were given up) and are trimmed.
    """

    fresh: IndexRange | None
    refills: tuple[IndexRange, ...]
    gap: IndexRange | None
    duplicate_count: int


class StreamSequence:
    """The state of one (sensor, epoch): `next_index` and the ranges below it that are missing.

    Parameters
    ----------
    next_index : int
        First index that was never seen.
    missing : iterable of (int, int)
        Ranges below it that did not come and may be refilled.
    abandoned : iterable of (int, int)
        Ranges that the sender gave up: gaps for ever.
    gap_count : int
        Gaps opened so far.
    max_missing_ranges : int
        Largest number of ranges in `missing`.
    max_abandoned_ranges : int
        Ranges in `abandoned` that are remembered, the newest ones. What is forgotten stays a gap:
        it is not there, and nothing that comes for it later is taken.
    """

    __slots__ = (
        "abandoned",
        "gap_count",
        "max_abandoned_ranges",
        "max_missing_ranges",
        "missing",
        "next_index",
    )

    def __init__(
        self,
        next_index: int = 0,
        missing: Iterable[tuple[int, int]] = (),
        abandoned: Iterable[tuple[int, int]] = (),
        *,
        gap_count: int = 0,
        max_missing_ranges: int,
        max_abandoned_ranges: int = MAX_ABANDONED_RANGES,
    ) -> None:
        self.next_index = next_index
        self.missing = RangeSet(missing)
        self.abandoned = RangeSet(abandoned)
        self.gap_count = gap_count
        self.max_missing_ranges = max_missing_ranges
        self.max_abandoned_ranges = max_abandoned_ranges

    def copy(self) -> StreamSequence:
        """Return an independent sequence in the same state."""
        twin = StreamSequence.__new__(StreamSequence)
        twin.next_index = self.next_index
        twin.gap_count = self.gap_count
        twin.max_missing_ranges = self.max_missing_ranges
        twin.max_abandoned_ranges = self.max_abandoned_ranges
        twin.missing = self.missing.copy()
        twin.abandoned = self.abandoned.copy()
        return twin

    def advanced(self, next_index: int) -> StreamSequence:
        """Return the state after samples up to `next_index` came in order.

        It shares its ranges with this one: neither may be changed any more.
        """
        twin = StreamSequence.__new__(StreamSequence)
        twin.next_index = next_index
        twin.gap_count = self.gap_count
        twin.max_missing_ranges = self.max_missing_ranges
        twin.max_abandoned_ranges = self.max_abandoned_ranges
        twin.missing = self.missing
        twin.abandoned = self.abandoned
        return twin

    @property
    def absent(self) -> list[IndexRange]:
        """Ranges below `next_index` that are not there, given up or not, ascending."""
        if not self.abandoned:
            return list(self.missing)
        both = self.missing.copy()
        for item in self.abandoned:
            both.add(item.first, item.end)
        return list(both)

    def offer(self, first: int, count: int) -> Intake:
        """Take `count` samples per channel that begin at index `first`.

        Raises
        ------
        TooManyMissingRanges
            If more ranges would be missing than allowed; the state is unchanged.
        """
        end = first + count
        if first == self.next_index:  # the usual case
            self.next_index = end
            return Intake(IndexRange(first, end), (), None, 0)
        fresh = IndexRange(max(first, self.next_index), end) if end > self.next_index else None
        gap = IndexRange(self.next_index, first) if first > self.next_index else None
        refills = tuple(self.missing.within(first, min(end, self.next_index)))
        self._require_room(gap, refills)
        self._take(fresh, gap, refills)
        taken = (fresh.length if fresh else 0) + sum(item.length for item in refills)
        return Intake(fresh, refills, gap, count - taken)

    def _require_room(self, gap: IndexRange | None, refills: tuple[IndexRange, ...]) -> None:
        if gap is None and not refills:
            return
        after = self.missing.copy() if refills else self.missing
        for item in refills:
            after.remove(item.first, item.end)
        # A gap never touches an earlier one: accepted samples lie between, or it begins the epoch.
        opened = 1 if gap else 0
        grown = len(after) + opened > len(self.missing)
        if grown and len(after) + opened > self.max_missing_ranges:
            raise TooManyMissingRanges(self.max_missing_ranges)

    def _take(
        self, fresh: IndexRange | None, gap: IndexRange | None, refills: tuple[IndexRange, ...]
    ) -> None:
        for item in refills:
            self.missing.remove(item.first, item.end)
        if gap is not None:
            self.missing.add(gap.first, gap.end)
            self.gap_count += 1
        if fresh is not None:
            self.next_index = fresh.end

    def skip(self, end: int) -> IndexRange | None:
        """Take note that what comes next begins at `end` or later; returns the gap, if it is new.

        Raises
        ------
        TooManyMissingRanges
            If more ranges would be missing than allowed; the state is unchanged.
        """
        if end <= self.next_index:
            return None
        gap = IndexRange(self.next_index, end)
        self._require_room(gap, ())
        self._take(None, gap, ())
        self.next_index = end
        return gap

    def abandon(self, first: int, end: int) -> int:
        """Give up what is missing in `first` <= i < `end`; returns how many samples those are.

        What came already stays. The range must not reach above `next_index`.

        Raises
        ------
        TooManyMissingRanges
            If cutting a missing range in pieces would make too many; the state is unchanged.
        """
        given_up = self.missing.within(first, end)
        if not given_up:
            return 0
        missing = self.missing.copy()
        for item in given_up:
            missing.remove(item.first, item.end)
        if len(missing) > max(len(self.missing), self.max_missing_ranges):
            raise TooManyMissingRanges(self.max_missing_ranges)
        self.missing = missing
        for item in given_up:
            self.abandoned.add(item.first, item.end)
        while len(self.abandoned) > self.max_abandoned_ranges:
            self.abandoned.remove(*next(iter(self.abandoned)))
        return sum(item.length for item in given_up)

    def durable_count(self, ranges: RangeSet) -> int:
        """Return how many samples of `ranges` this state holds."""
        total = 0
        for item in ranges:
            end = min(item.end, self.next_index)
            if end > item.first:
                total += end - item.first
                total -= sum(part.length for part in self.missing.within(item.first, end))
                total -= sum(part.length for part in self.abandoned.within(item.first, end))
        return total
