"""Events of streams in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kurto_ingest.records.stream_events import EventKind, EventQuery, StreamEvent
from kurto_ingest.streams.timing import datetime_from_us, microseconds
from kurto_service.postgres import Pool

__all__ = ["PostgresEventStore"]

_ADD = """
INSERT INTO ingest.stream_events
    (sensor_id, epoch, kind, event_time, first_index, end_index, value, message)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::smallint[], $4::timestamptz[], $5::bigint[],
                     $6::bigint[], $7::double precision[], $8::text[])
"""

_LIST = """
SELECT * FROM ingest.stream_events
WHERE ($1 = '' OR sensor_id = $1)
  AND ($2::timestamptz IS NULL OR event_time >= $2)
  AND ($3::timestamptz IS NULL OR event_time < $3)
  AND (cardinality($4::smallint[]) = 0 OR kind = ANY($4))
  AND ($5::bigint IS NULL OR event_id < $5)
ORDER BY event_id DESC LIMIT $6
"""

_EXPIRE = """
DELETE FROM ingest.stream_events WHERE event_id IN (
    SELECT event_id FROM ingest.stream_events WHERE event_time < $1
    ORDER BY event_time LIMIT $2)
"""


class PostgresEventStore:
    """`kurto_ingest.ports.EventStore` on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, events: Sequence[StreamEvent]) -> None:
        """Store events in this order."""
        await self._pool.execute(
            _ADD,
            [event.sensor_id for event in events],
            [event.epoch for event in events],
            [int(event.kind) for event in events],
            [datetime_from_us(event.time_us) for event in events],
            [event.first_index for event in events],
            [event.end_index for event in events],
            [event.value for event in events],
            [event.message for event in events],
        )

    async def find(self, query: EventQuery) -> list[StreamEvent]:
        """Return the events that are asked for, newest first."""
        rows = await self._pool.fetch(
            _LIST,
            query.sensor_id,
            None if query.start_us is None else datetime_from_us(query.start_us),
            None if query.end_us is None else datetime_from_us(query.end_us),
            [int(kind) for kind in query.kinds],
            query.before_id,
            query.limit,
        )
        return [
            StreamEvent(
                kind=EventKind(row["kind"]),
                time_us=microseconds(row["event_time"]),
                sensor_id=row["sensor_id"],
                epoch=row["epoch"],
                first_index=row["first_index"],
                end_index=row["end_index"],
                value=row["value"],
                message=row["message"],
                event_id=row["event_id"],
            )
            for row in rows
        ]

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` events that are older than `before`; returns how many."""
        status = await self._pool.execute(_EXPIRE, before, limit)
        return int(status.rsplit(" ", 1)[1])
