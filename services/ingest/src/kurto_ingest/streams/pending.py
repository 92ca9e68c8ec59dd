"""What of a stream waits to be committed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kurto_ingest.streams.cells import Block
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import StreamSequence

__all__ = ["Abandonment", "Commit"]


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
        Pending entries that the commit covers, and the bytes of the blocks.
    refilled : RangeSet
        Samples that close earlier gaps.
    """

    before: StreamSequence
    after: StreamSequence
    blocks: tuple[Block, ...]
    entry_count: int
    size_bytes: int
    refilled: RangeSet
