"""Samples in quarantine in memory; passes the same contract tests as PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from kurto_ingest.ports import StoredSamples
from kurto_ingest.streams.pending import ENTRY_BYTES
from kurto_ingest.streams.stream_format import StreamFormat

if TYPE_CHECKING:
    from kurto_ingest.fakes.streams import FakeSampleStore

__all__ = ["FakeQuarantineStore"]


class FakeQuarantineStore:
    """`kurto_ingest.quarantine.quarantine_store.QuarantineStore` over the fake of samples."""

    def __init__(self, samples: FakeSampleStore) -> None:
        self._rows = samples.quarantined

    async def stored_bytes(self) -> int:
        """Return what they take, with the rows that hold them."""
        return sum(len(row.data) + ENTRY_BYTES for _, row in self._rows.values())

    async def page(
        self, stream_format: StreamFormat, first: int, end: int, limit: int
    ) -> list[StoredSamples]:
        """Return rows with samples `first` <= i < `end`, by first index, uncut."""
        found = [
            row
            for (sensor_id, epoch, _), (_, row) in sorted(self._rows.items())
            if (sensor_id, epoch) == stream_format.key
            and row.first < end
            and row.first + row.count > first
        ]
        return found[:limit]

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` rows stored before `before`; returns how many."""
        old = [key for key, (stored, _) in self._rows.items() if stored < before][:limit]
        for key in old:
            del self._rows[key]
        return len(old)

    async def clear(self) -> int:
        """Delete all rows; returns their bytes."""
        size_bytes = await self.stored_bytes()
        self._rows.clear()
        return size_bytes
