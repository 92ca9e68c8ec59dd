"""What of a stream waits to be committed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kurto_ingest.streams.cells import Block
from kurto_ingest.streams.process_values import VALUE_BYTES
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import Intake, StreamSequence

__all__ = ["Abandonment", "Commit", "plan_commit"]


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
        Pending entries that the commit covers, and the bytes of the blocks and their values.
    refilled : RangeSet
        Samples that close gaps of before: somebody may have seen those gaps.
    healed : RangeSet
        Samples that close gaps opened by the same commit: nobody ever sees those.
    """

    before: StreamSequence
    after: StreamSequence
    blocks: tuple[Block, ...]
    entry_count: int
    size_bytes: int
    refilled: RangeSet
    healed: RangeSet


def plan_commit(
    durable: StreamSequence, entries: Iterable[Block | Abandonment], max_bytes: int
) -> Commit | None:
    """Return the oldest of `entries`, about `max_bytes` of them, as a commit on top of `durable`.

    None when there are none.
    """
    blocks: list[Block] = []
    count = size_bytes = 0
    after = durable.copy()
    gaps, refilled, healed = RangeSet(), RangeSet(), RangeSet()
    for entry in entries:
        if size_bytes >= max_bytes:
            break
        count += 1
        if isinstance(entry, Abandonment):
            after.abandon(entry.first, entry.end)
            continue
        blocks.append(entry)
        size_bytes += len(entry.data) + VALUE_BYTES * len(entry.values)
        if entry.first == after.next_index:  # the usual case
            after.next_index = entry.end
        else:
            _sort(after.offer(entry.first, entry.count), gaps, refilled, healed)
    if not count:
        return None
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
