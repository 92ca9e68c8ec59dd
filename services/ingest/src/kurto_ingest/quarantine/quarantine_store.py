"""What quarantine needs of a store, beside the commits that fill it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from kurto_ingest.ports import StoredSamples
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["QuarantineStore"]


class QuarantineStore(Protocol):
    """Samples in quarantine."""

    async def stored_bytes(self) -> int:
        """Return what they take, with the rows that hold them."""
        ...

    async def page(
        self, stream_format: StreamFormat, first: int, end: int, limit: int
    ) -> list[StoredSamples]:
        """Return rows with samples `first` <= i < `end`, by first index, uncut.

        Fewer than `limit` rows are all that there are.
        """
        ...

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` rows stored before `before`; returns how many."""
        ...

    async def clear(self) -> int:
        """Delete all rows, so that the disk has their room again; returns their bytes."""
        ...
