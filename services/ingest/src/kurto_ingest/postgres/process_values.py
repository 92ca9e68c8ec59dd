"""Process values in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kurto_ingest.assets.process_values import ProcessValueDefinition
from kurto_ingest.ports import StreamCommit
from kurto_ingest.streams.process_values import ProcessValue
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.streams.timing import datetime_from_us, microseconds
from kurto_ingest.value_store import ProcessValueQuery, StoredProcessValue
from kurto_service.postgres import Pool

if TYPE_CHECKING:
    from kurto_service.postgres import PooledConnection

__all__ = ["PostgresProcessValueStore", "add_values"]

# A sample is taken once, and its values with it: a conflict would be a value that is there already.
_ADD = """
INSERT INTO ingest.process_values
    (sensor_key, name, value_time, epoch, sample_index, value, unit, quality)
SELECT * FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::bigint[], $5::bigint[],
                     $6::double precision[], $7::text[], $8::smallint[])
ON CONFLICT DO NOTHING
"""

_HOLDING = """
(SELECT sample_index, value, quality FROM ingest.process_values
 WHERE sensor_key = $1 AND name = $2 AND unit = $3 AND epoch = $4
   AND value_time >= $5 AND value_time <= $6 AND sample_index < $7
 ORDER BY value_time DESC, sample_index DESC LIMIT 1)
UNION ALL
(SELECT sample_index, value, quality FROM ingest.process_values
 WHERE sensor_key = $1 AND name = $2 AND unit = $3 AND epoch = $4
   AND value_time >= $6 AND value_time <= $8 AND sample_index >= $7 AND sample_index < $9)
ORDER BY sample_index
"""

# Each name is read along the index by itself, so that a page costs a page however much there is.
_FIND = """
WITH RECURSIVE own AS (
    (SELECT name FROM ingest.process_values
     WHERE sensor_key = $1 AND $2::text[] IS NULL ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (SELECT p.name FROM ingest.process_values AS p
            WHERE p.sensor_key = $1 AND p.name > own.name ORDER BY p.name LIMIT 1)
    FROM own WHERE own.name IS NOT NULL
), wanted AS (
    SELECT name FROM own WHERE name IS NOT NULL
    UNION
    SELECT unnest($2::text[]) COLLATE "C"
)
SELECT v.* FROM wanted AS w CROSS JOIN LATERAL (
    SELECT name, value_time, epoch, sample_index, value, unit, quality
    FROM ingest.process_values AS p
    WHERE p.sensor_key = $1 AND p.name = w.name AND p.value_time < $4
      AND p.value_time >= CASE WHEN w.name = $5 THEN greatest($3::timestamptz, $6) ELSE $3 END
      AND (p.name > $5 OR (p.value_time, p.epoch, p.sample_index)
                        > ($6::timestamptz, $7::bigint, $8::bigint))
    ORDER BY p.value_time, p.epoch, p.sample_index LIMIT $9
) AS v
WHERE w.name >= $5
ORDER BY v.name, v.value_time, v.epoch, v.sample_index LIMIT $9
"""

_EXPIRE = """
DELETE FROM ingest.process_values WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ingest.process_values WHERE note_time < $1 LIMIT $2))
"""
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


async def add_values(
    connection: PooledConnection, commits: Sequence[StreamCommit], timeout_s: float
) -> None:
    """Store the values of `commits`, in the transaction of their samples; often there is none."""
    rows = [
        (item.format, value)
        for item in commits
        for block in item.blocks
        if block.values
        for value in block.values
    ]
    if not rows:
        return
    await connection.execute(
        _ADD,
        [stream_format.sensor_key for stream_format, _ in rows],
        [value.name for _, value in rows],
        [datetime_from_us(stream_format.time_us(value.index)) for stream_format, value in rows],
        [stream_format.epoch for stream_format, _ in rows],
        [value.index for _, value in rows],
        [value.value for _, value in rows],
        [value.unit for _, value in rows],
        [value.quality for _, value in rows],
        timeout=timeout_s,
    )


class PostgresProcessValueStore:
    """`kurto_ingest.ports.ProcessValueStore` on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def holding(
        self, stream_format: StreamFormat, definition: ProcessValueDefinition, first: int, end: int
    ) -> list[ProcessValue]:
        """Return the values at samples `first` <= i < `end`, and the last one before."""
        first_us, end_us = stream_format.time_us(first), stream_format.time_us(end)
        rows = await self._pool.fetch(
            _HOLDING,
            stream_format.sensor_key,
            definition.name,
            definition.unit,
            stream_format.epoch,
            datetime_from_us(first_us - definition.valid_for_us),
            datetime_from_us(first_us),
            first,
            datetime_from_us(end_us),
            end,
        )
        return [
            ProcessValue(
                row["sample_index"], definition.name, definition.unit, row["value"], row["quality"]
            )
            for row in rows
        ]

    async def find(self, query: ProcessValueQuery) -> list[StoredProcessValue]:
        """Return the values that are asked for, by name, then time."""
        name, time_us, epoch, index = query.after or ("", None, 0, 0)
        rows = await self._pool.fetch(
            _FIND,
            query.sensor_key,
            list(query.names) or None,
            _FIRST if query.start_us is None else datetime_from_us(query.start_us),
            _LAST if query.end_us is None else datetime_from_us(query.end_us),
            name,
            _FIRST if time_us is None else datetime_from_us(time_us),
            epoch,
            index,
            query.limit,
        )
        return [_stored(row) for row in rows]

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` values stored before `before`; returns how many."""
        status = await self._pool.execute(_EXPIRE, before, limit)
        return int(status.rsplit(" ", 1)[1])


def _stored(row: Any) -> StoredProcessValue:
    value = ProcessValue(
        row["sample_index"], row["name"], row["unit"], row["value"], row["quality"]
    )
    return StoredProcessValue(microseconds(row["value_time"]), row["epoch"], value)
