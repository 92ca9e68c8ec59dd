"""Stored samples, read back from PostgreSQL."""

from __future__ import annotations

import asyncpg

from kurto_ingest.ports import StoredSamples, StreamRecord
from kurto_ingest.postgres.rows import stream_from_row
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.streams.timing import datetime_from_us, microseconds
from kurto_service.postgres import Pool

__all__ = ["PostgresSampleArchive"]

_ATTEMPTS = 3  # of a query that met a partition just as it was dropped

_EPOCHS = "SELECT * FROM ingest.streams WHERE sensor_id = $1 AND epoch > $2 ORDER BY epoch LIMIT $3"

# A new class comes with its first sensor: few rows, read anew for each page.
_CLASSES = "SELECT array_agg(retention_class) FROM ingest.retention_classes"

_OLDEST = """
SELECT min(oldest) FROM unnest($1::smallint[]) AS classes (number)
CROSS JOIN LATERAL (
    SELECT min(block_time) AS oldest FROM ingest.sensor_data
    WHERE retention_class = classes.number) AS data
"""

# A block never crosses a line of the grid: it begins in the cell of the first sample at the
# earliest. The classes are values, not a join, so that partitions are left out when planning.
_PAGE = """
SELECT first_index, sample_count, quality, shaft_speed_hz, samples
FROM ingest.sensor_data
WHERE retention_class = ANY($1::smallint[]) AND block_time >= $2 AND block_time <= $3
  AND sensor_key = $4 AND epoch = $5 AND first_index < $7 AND first_index + sample_count > $6
ORDER BY first_index LIMIT $8
"""


class PostgresSampleArchive:
    """`kurto_ingest.reading.sample_archive.SampleArchive` on PostgreSQL.

    Parameters
    ----------
    pool : Pool
        Connections that no commit waits for.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def epochs(self, sensor_id: str, above: int, limit: int) -> list[StreamRecord]:
        """Return up to `limit` epochs of a sensor whose number is above `above`, by number."""
        rows = await self._pool.fetch(_EPOCHS, sensor_id, above, limit)
        return [stream_from_row(row) for row in rows]

    async def oldest_us(self) -> int | None:
        """Return the time of the oldest block of any sensor, or None when nothing is stored."""
        classes = await self._pool.fetchval(_CLASSES)
        oldest = await self._pool.fetchval(_OLDEST, classes)
        return None if oldest is None else microseconds(oldest)

    async def page(
        self, stream_format: StreamFormat, first: int, end: int, limit: int
    ) -> list[StoredSamples]:
        """Return rows with samples `first` <= i < `end`, by first index, uncut."""
        hop = stream_format.hop_samples
        rows = await self._fetch(
            datetime_from_us(stream_format.time_us(first // hop * hop)),
            datetime_from_us(stream_format.time_us(end - 1)),
            stream_format.sensor_key,
            stream_format.epoch,
            first,
            end,
            limit,
        )
        return [
            StoredSamples(
                row["first_index"],
                row["sample_count"],
                row["quality"],
                row["shaft_speed_hz"],
                row["samples"],
            )
            for row in rows
        ]

    async def _fetch(self, *values: object) -> list[asyncpg.Record]:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self._pool.acquire() as connection:
                    classes = await connection.fetchval(_CLASSES)
                    return await connection.fetch(_PAGE, classes, *values)
            except (asyncpg.UndefinedTableError, asyncpg.InternalServerError):
                # Planned with a partition that is gone by now: plan again, without it.
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError
