"""Sets of half-open index ranges, kept sorted, disjoint and not touching."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["IndexRange", "RangeSet"]


class IndexRange(NamedTuple):
    """Indexes `first` <= i < `end`.

    Attributes
    ----------
    first, end : int
        Absolute sample indexes; `end` is exclusive and greater than `first`.
    """

    first: int
    end: int

    @property
    def length(self) -> int:
        """Number of indexes."""
        return self.end - self.first


class RangeSet:
    """A set of integers that consists of few ranges.

    Parameters
    ----------
    ranges : iterable of (int, int), optional
        Ranges to begin with, in any order; they may overlap.
    """

    __slots__ = ("_ends", "_firsts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._ends: list[int] = []
        for first, end in ranges:
            self.add(first, end)

    def __iter__(self) -> Iterator[IndexRange]:
        return map(IndexRange, self._firsts, self._ends)

    def __len__(self) -> int:
        return len(self._firsts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RangeSet):
            return NotImplemented
        return self._firsts == other._firsts and self._ends == other._ends

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"RangeSet({[tuple(item) for item in self]})"

    @property
    def total(self) -> int:
        """Number of integers in the set."""
        return sum(self._ends) - sum(self._firsts)

    def copy(self) -> RangeSet:
        """Return an independent set of the same integers."""
        twin = RangeSet.__new__(RangeSet)
        twin._firsts = self._firsts.copy()
        twin._ends = self._ends.copy()
        return twin

    def add(self, first: int, end: int) -> None:
        """Add `first` <= i < `end`; nothing when the range is empty."""
        if end <= first:
            return
        if self._ends and self._ends[-1] == first:  # the usual case: samples in order
            self._ends[-1] = end
            return
        low = bisect_left(self._ends, first)  # first range that touches or follows
        high = bisect_right(self._firsts, end)  # first range that lies beyond
        if low < high:
            first = min(first, self._firsts[low])
            end = max(end, self._ends[high - 1])
        self._firsts[low:high] = [first]
        self._ends[low:high] = [end]

    def remove(self, first: int, end: int) -> None:
        """Take `first` <= i < `end` out; what is not in the set is ignored."""
        if end <= first:
            return
        low = bisect_right(self._ends, first)  # first range that reaches beyond `first`
        high = bisect_left(self._firsts, end)  # first range that begins at or beyond `end`
        if low >= high:
            return
        rest = [(self._firsts[low], first), (end, self._ends[high - 1])]
        kept = [(left, right) for left, right in rest if left < right]
        self._firsts[low:high] = [left for left, _ in kept]
        self._ends[low:high] = [right for _, right in kept]

    def within(self, first: int, end: int) -> list[IndexRange]:
        """Return the parts of the set inside `first` <= i < `end`, ascending."""
        low = bisect_right(self._ends, first)
        high = bisect_left(self._firsts, end)
        return [
            IndexRange(max(first, self._firsts[at]), min(end, self._ends[at]))
            for at in range(low, high)
        ]

    def touches(self, first: int, end: int) -> bool:
        """Tell whether any i with `first` <= i < `end` is in the set."""
        return bisect_right(self._ends, first) < bisect_left(self._firsts, end)

    def outside(self, first: int, end: int) -> list[IndexRange]:
        """Return the parts of `first` <= i < `end` that are not in the set, ascending."""
        holes: list[IndexRange] = []
        at = first
        for inside in self.within(first, end):
            if at < inside.first:
                holes.append(IndexRange(at, inside.first))
            at = inside.end
        if at < end:
            holes.append(IndexRange(at, end))
        return holes
