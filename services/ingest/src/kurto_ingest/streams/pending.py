"""What of a stream waits to be committed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import Intake, StreamSequence

if TYPE_CHECKING:
    from kurto_ingest.streams.quarantine import QuarantineCommit

__all__ = ["ENTRY_BYTES", "Abandonment", "Commit", "Journal"]

#: What an entry takes in memory beside its samples, about.
ENTRY_BYTES = 256


@dataclass(frozen=True, slots=True)
class Abandonment:
    """A range that the sender gave up."""

    first: int
    end: int


class Commit(NamedTuple):
    """Some of a stream's pending entries, and the state that holds once they are stored.

    Attributes
    ----------
    before, after : StreamSequence
        Durable state without and with the entries.
    blocks : tuple of Block
        Rows to be stored.
    entry_count, size_bytes : int
        Pending entries that the commit covers, and the bytes that they were charged with.
    refilled : RangeSet
        Samples that close gaps of before: somebody may have seen those gaps.
    healed : RangeSet
        Samples that close gaps opened by the same commit: nobody ever sees those.
    in_order : bool
        True when the entries follow each other and what was there: but for the next index,
        `after` is `before`.
    quarantine : QuarantineCommit or None
        What of the stream goes into quarantine.
    """

    before: StreamSequence
    after: StreamSequence
    blocks: tuple[Block, ...]
    entry_count: int
    size_bytes: int
    refilled: RangeSet
    healed: RangeSet
    in_order: bool = False
    quarantine: QuarantineCommit | None = None


class Journal:
    """What was accepted and is not durable, in the order in which it came."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        # Each with the time at which it was entered, and the bytes that it was charged with.
        self._entries: deque[tuple[Block | Abandonment, float, int]] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def oldest_s(self) -> float | None:
        """Monotonic time at which the oldest entry was made; None without entries."""
        return self._entries[0][1] if self._entries else None

    def newest(self, count: int) -> Iterator[Block]:
        """Yield the blocks among the last `count` entries, the newest first."""
        for entry, _, _ in islice(reversed(self._entries), count):
            if isinstance(entry, Block):
                yield entry

    def enter(self, entry: Block | Abandonment, now_s: float, size_bytes: int) -> None:
        """Add an entry that was charged with `size_bytes`."""
        self._entries.append((entry, now_s, size_bytes))

    def oldest(self, max_bytes: int) -> tuple[list[Block | Abandonment], int]:
        """Return the oldest entries, about `max_bytes` of them, and what they were charged with."""
        found: list[Block | Abandonment] = []
        size_bytes = 0
        for entry, _, charged_bytes in self._entries:
            if found and size_bytes >= max_bytes:
                break
            found.append(entry)
            size_bytes += charged_bytes
        return found, size_bytes

    def remove(self, count: int) -> None:
        """Take the oldest `count` entries out."""
        for _ in range(count):
            self._entries.popleft()

    def clear(self) -> None:
        """Take all entries out."""
        self._entries.clear()

    def plan(self, durable: StreamSequence, max_bytes: int) -> Commit | None:
        """Return the oldest entries, about `max_bytes` of them, as a commit on top of `durable`."""
        if not self._entries:
            return None
        blocks: list[Block] = []
        count = size_bytes = 0
        next_index = durable.next_index
        for entry, _, charged_bytes in self._entries:
            if count and size_bytes >= max_bytes:
                break
            if entry.first != next_index or entry.__class__ is not Block:
                return self._plan_any(durable, max_bytes)
            count += 1
            size_bytes += charged_bytes
            blocks.append(entry)
            next_index += entry.count
        after = durable.advanced(next_index)
        nothing = RangeSet()
        return Commit(durable, after, tuple(blocks), count, size_bytes, nothing, nothing, True)

    def _plan_any(self, durable: StreamSequence, max_bytes: int) -> Commit:
        """Plan entries of which some are refills, or lie behind a gap, or were given up."""
        blocks: list[Block] = []
        count = size_bytes = 0
        after = durable.copy()
        gaps, refilled, healed = RangeSet(), RangeSet(), RangeSet()
        for entry, _, charged_bytes in self._entries:
            if count and size_bytes >= max_bytes:
                break
            count += 1
            size_bytes += charged_bytes
            if isinstance(entry, Abandonment):
                gap = after.skip(entry.end)
                if gap is not None:
                    gaps.add(*gap)
                after.abandon(entry.first, entry.end)
                continue
            blocks.append(entry)
            _sort(after.offer(entry.first, entry.count), gaps, refilled, healed)
        return Commit(durable, after, tuple(blocks), count, size_bytes, refilled, healed)


def _sort(intake: Intake, gaps: RangeSet, refilled: RangeSet, healed: RangeSet) -> None:
    """Note the gap that a block opens, and of what it closes, who may know of it."""
    if intake.gap is not None:
        gaps.add(*intake.gap)
    for item in intake.refills:
        for part in gaps.within(*item):
            healed.add(*part)
        for part in gaps.outside(*item):
            refilled.add(*part)
