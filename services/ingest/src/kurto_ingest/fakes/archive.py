"""Stored samples in memory; passes the same contract tests as PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kurto_ingest.ports import StoredSamples, StreamRecord
from kurto_ingest.streams.stream_format import StreamFormat

if TYPE_CHECKING:
    from kurto_ingest.fakes.streams import FakeSampleStore, FakeStreamStore

__all__ = ["FakeSampleArchive"]


class FakeSampleArchive:
    """`kurto_ingest.reading.sample_archive.SampleArchive` over the other fakes."""

    def __init__(self, streams: FakeStreamStore, samples: FakeSampleStore) -> None:
        self._streams = streams
        self._samples = samples

    async def epochs(self, sensor_id: str, above: int, limit: int) -> list[StreamRecord]:
        """Return up to `limit` epochs of a sensor whose number is above `above`, by number."""
        numbers = sorted(
            epoch for owner, epoch in self._streams.rows if owner == sensor_id and epoch > above
        )
        found = [await self._streams.find(sensor_id, epoch) for epoch in numbers[:limit]]
        return [record for record in found if record is not None]

    async def oldest_us(self) -> int | None:
        """Return the time of the oldest block of any sensor, or None when nothing is stored."""
        times = [
            record.format.time_us(row.first)
            for record in self._streams.rows.values()
            for row in await self._samples.read(record.format, 0, record.position.next_index)
        ]
        return min(times, default=None)

    async def page(
        self, stream_format: StreamFormat, first: int, end: int, limit: int
    ) -> list[StoredSamples]:
        """Return rows with samples `first` <= i < `end`, by first index, uncut."""
        return (await self._samples.read(stream_format, first, end))[:limit]
