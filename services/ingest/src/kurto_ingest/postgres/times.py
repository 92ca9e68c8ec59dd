"""Measured times of samples in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kurto_ingest.ports import StreamKey
from kurto_ingest.records.sample_times import SampleTime
from kurto_ingest.streams.timing import datetime_from_us, microseconds
from kurto_service.postgres import Pool

__all__ = ["PostgresSampleTimeStore"]

_ADD = """
INSERT INTO ingest.stream_times
    (sensor_id, epoch, first_index, device_time, offset_us, rate_error_ppm, jump)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[],
                     $6::double precision[], $7::boolean[])
ON CONFLICT DO NOTHING
"""

_BETWEEN = """
SELECT * FROM ingest.stream_times
WHERE sensor_id = $1 AND epoch = $2
  AND first_index >= coalesce((SELECT max(first_index) FROM ingest.stream_times
        WHERE sensor_id = $1 AND epoch = $2 AND first_index <= $3), $3)
  AND first_index <= coalesce((SELECT min(first_index) FROM ingest.stream_times
        WHERE sensor_id = $1 AND epoch = $2 AND first_index >= $4), $4)
ORDER BY first_index
"""

_EXPIRE = """
DELETE FROM ingest.stream_times WHERE (sensor_id, epoch, first_index) IN (
    SELECT sensor_id, epoch, first_index FROM ingest.stream_times
    WHERE note_time < $1 LIMIT $2)
"""


class PostgresSampleTimeStore:
    """`kurto_ingest.ports.SampleTimeStore` on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, rows: Sequence[SampleTime]) -> None:
        """Store rows; one that is there already stays as it is."""
        await self._pool.execute(
            _ADD,
            [row.sensor_id for row in rows],
            [row.epoch for row in rows],
            [row.first_index for row in rows],
            [datetime_from_us(row.device_us) for row in rows],
            [row.offset_us for row in rows],
            [row.rate_error_ppm for row in rows],
            [row.jump for row in rows],
        )

    async def between(self, key: StreamKey, first: int, end: int) -> list[SampleTime]:
        """Return the rows that tell the times of samples `first` <= i < `end`, ascending."""
        return [
            SampleTime(
                sensor_id=row["sensor_id"],
                epoch=row["epoch"],
                first_index=row["first_index"],
                device_us=microseconds(row["device_time"]),
                offset_us=row["offset_us"],
                rate_error_ppm=row["rate_error_ppm"],
                jump=row["jump"],
            )
            for row in await self._pool.fetch(_BETWEEN, *key, first, end)
        ]

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` rows noted before `before`; returns how many."""
        status = await self._pool.execute(_EXPIRE, before, limit)
        return int(status.rsplit(" ", 1)[1])
