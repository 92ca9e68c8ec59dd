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

# From one name to the next along the index.
_NAMES = """
WITH RECURSIVE own AS (
    (SELECT name FROM ingest.process_values WHERE sensor_key = $1 ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (SELECT p.name FROM ingest.process_values AS p
            WHERE p.sensor_key = $1 AND p.name > own.name ORDER BY p.name LIMIT 1)
    FROM own WHERE own.name IS NOT NULL
)
SELECT name FROM own WHERE name IS NOT NULL
"""

_FIND = """
SELECT name, value_time, epoch, sample_index, value, unit, quality
FROM ingest.process_values
WHERE sensor_key = $1 AND name = $2 AND value_time >= $3 AND value_time < $4
  AND (value_time, epoch, sample_index) > ($5, $6, $7)
ORDER BY value_time, epoch, sample_index LIMIT $8
"""

# A page is read along the index, however much there is: how much that would be otherwise is hard
# to tell for a plan made for any times, and all of it was read and sorted for each page.
_ALONG_THE_INDEX = "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"

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
        found: list[StoredProcessValue] = []
        async with self._pool.acquire() as connection, connection.transaction(readonly=True):
            await connection.execute(_ALONG_THE_INDEX)
            names = set(query.names)
            if not names:
                names = {row["name"] for row in await connection.fetch(_NAMES, query.sensor_key)}
            for name in sorted(names):
                if len(found) < query.limit and (query.after is None or name >= query.after[0]):
                    rows = await connection.fetch(_FIND, *_bounds(query, name, len(found)))
                    found += [_stored(row) for row in rows]
        return found

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` values stored before `before`; returns how many."""
        status = await self._pool.execute(_EXPIRE, before, limit)
        return int(status.rsplit(" ", 1)[1])


def _bounds(query: ProcessValueQuery, name: str, found_count: int) -> tuple[object, ...]:
    """Return the arguments of `_FIND` for one of the names."""
    start = _FIRST if query.start_us is None else datetime_from_us(query.start_us)
    end = _LAST if query.end_us is None else datetime_from_us(query.end_us)
    after: tuple[datetime, int, int] = (_FIRST, -1, -1)
    if query.after is not None and query.after[0] == name:
        _, time_us, epoch, index = query.after
        after = (datetime_from_us(time_us), epoch, index)
    first = max(start, after[0])
    return query.sensor_key, name, first, end, *after, query.limit - found_count


def _stored(row: Any) -> StoredProcessValue:
    value = ProcessValue(
        row["sample_index"], row["name"], row["unit"], row["value"], row["quality"]
    )
    return StoredProcessValue(microseconds(row["value_time"]), row["epoch"], value)
