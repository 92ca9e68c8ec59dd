"""What reading samples back needs of a store."""

from __future__ import annotations

from typing import Protocol

from kurto_ingest.ports import StoredSamples, StreamRecord
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["SampleArchive"]


class SampleArchive(Protocol):
    """Stored samples of all retention classes, in short queries that hold nothing open."""

    async def epochs(self, sensor_id: str, above: int, limit: int) -> list[StreamRecord]:
        """Return up to `limit` epochs of a sensor whose number is above `above`, by number."""
        ...

    async def oldest_us(self) -> int | None:
        """Return the time of the oldest block of any sensor, or None when nothing is stored.

        Microseconds since 1970-01-01T00:00:00Z.
        """
        ...

    async def page(
        self, stream_format: StreamFormat, first: int, end: int, limit: int
    ) -> list[StoredSamples]:
        """Return rows with samples `first` <= i < `end`, by first index, uncut.

        Fewer than `limit` rows are all that there are. The same samples may come in several rows,
        as copies that are kept longer.
        """
        ...
