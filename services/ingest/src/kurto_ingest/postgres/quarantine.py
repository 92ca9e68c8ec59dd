"""Samples in quarantine in PostgreSQL: a table of their own, filled by the commits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from kurto_ingest.ports import StoredSamples, StreamCommit, StreamKey
from kurto_ingest.postgres.rows import array_text, multirange_text
from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.pending import ENTRY_BYTES
from kurto_ingest.streams.quarantine import QuarantineCommit
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_service.postgres import Pool

if TYPE_CHECKING:
    from kurto_service.postgres import PooledConnection

__all__ = ["PostgresQuarantineStore", "advance_quarantined", "copy_quarantined"]

_CLEAR_TIMEOUT_S = 2.0

# As the statements of other commits, for streams of which some goes into quarantine. Their next
# index may stay what it was: that of the quarantine tells who was first.
_ADVANCE = """
UPDATE ingest.streams AS s
SET next_index = v.next_index,
    missing = v.missing::int8multirange,
    abandoned = v.abandoned::int8multirange,
    gap_count = v.gap_count,
    late_windows = s.late_windows + v.late::int8multirange,
    quarantine_index = v.apart,
    quarantine_next_index = v.apart_next,
    quarantine_missing = v.apart_missing::int8multirange,
    quarantine_abandoned = v.apart_abandoned::int8multirange,
    commit_token = $1,
    commit_time = now()
FROM unnest($2::text[], ($3::text)::bigint[], ($4::text)::bigint[], ($5::text)::bigint[],
            ($6::text)::bigint[], ($7::text)::text[], ($8::text)::text[], ($9::text)::bigint[],
            ($10::text)::text[], ($11::text)::bigint[], ($12::text)::bigint[],
            ($13::text)::bigint[], ($14::text)::text[], ($15::text)::text[])
    AS v (sensor_id, epoch, fence, before, next_index, missing, abandoned, gap_count, late,
          apart_before, apart, apart_next, apart_missing, apart_abandoned)
WHERE s.sensor_id = v.sensor_id AND s.epoch = v.epoch
  AND s.fence = v.fence AND s.next_index = v.before
  AND coalesce(s.quarantine_next_index, -1) = v.apart_before
RETURNING s.sensor_id, s.epoch, set_config('idle_in_transaction_session_timeout', $16, true),
    set_config('statement_timeout', $16, true)
"""

_COLUMNS = (
    "sensor_key",
    "epoch",
    "first_index",
    "sample_count",
    "quality",
    "shaft_speed_hz",
    "samples",
    "process_values",
)

# The length of samples is known without reading them.
_STORED_BYTES = """
SELECT coalesce(sum(octet_length(samples) + $1), 0)::bigint FROM ingest.quarantined_samples
"""

# A block begins in the cell of the first sample at the earliest.
_PAGE = """
SELECT first_index, sample_count, quality, shaft_speed_hz, samples
FROM ingest.quarantined_samples
WHERE sensor_key = $1 AND epoch = $2 AND first_index >= $3 AND first_index < $5
  AND first_index + sample_count > $4
ORDER BY first_index LIMIT $6
"""

_EXPIRE = """
DELETE FROM ingest.quarantined_samples WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ingest.quarantined_samples WHERE stored_time < $1 LIMIT $2))
"""


async def advance_quarantined(
    connection: PooledConnection, commits: Sequence[StreamCommit], token: UUID, timeout_s: float
) -> set[StreamKey]:
    """Move the rows of streams on of which some goes into quarantine; return those that matched."""
    parts = [item.quarantine for item in commits if item.quarantine is not None]
    if not parts:
        return set()
    rows = await connection.fetch(
        _ADVANCE,
        token,
        [item.format.sensor_id for item in commits],
        array_text([item.format.epoch for item in commits]),
        array_text([item.fence for item in commits]),
        array_text([item.before_index for item in commits]),
        array_text([item.after.next_index for item in commits]),
        array_text([multirange_text(item.after.missing) for item in commits]),
        array_text([multirange_text(item.after.abandoned) for item in commits]),
        array_text([item.after.gap_count for item in commits]),
        array_text([multirange_text(item.late_windows) for item in commits]),
        *_positions(parts),
        f"{timeout_s * 1000:.0f}ms",
        timeout=timeout_s,
    )
    return {(row["sensor_id"], row["epoch"]) for row in rows}


def _positions(parts: Sequence[QuarantineCommit]) -> Iterator[str]:
    """Yield the columns of quarantine as texts of arrays."""
    after = [part.after for part in parts]
    yield array_text([-1 if part.before_index is None else part.before_index for part in parts])
    yield array_text([item.index for item in after])
    yield array_text([item.sequence.next_index for item in after])
    yield array_text([multirange_text(item.sequence.missing) for item in after])
    yield array_text([multirange_text(item.sequence.abandoned) for item in after])


async def copy_quarantined(
    connection: PooledConnection, commits: Iterable[StreamCommit], timeout_s: float
) -> None:
    """Store the rows of `commits` that belong into quarantine, in the same transaction."""
    records = [
        _record(item.format, block)
        for item in commits
        if item.quarantine is not None
        for block in item.quarantine.blocks
    ]
    if not records:
        return
    await connection.copy_records_to_table(
        "quarantined_samples",
        schema_name="ingest",
        columns=_COLUMNS,
        records=records,
        timeout=timeout_s,
    )


def _record(stream_format: StreamFormat, block: Block) -> tuple[object, ...]:
    values = [(v.index, v.name, v.unit, v.value, v.quality) for v in block.values]
    return (
        stream_format.sensor_key,
        stream_format.epoch,
        block.first,
        block.count,
        block.quality,
        block.shaft_speed_hz,
        block.data,
        json.dumps(values) if values else None,
    )


class PostgresQuarantineStore:
    """`kurto_ingest.quarantine.quarantine_store.QuarantineStore` on PostgreSQL.

    Parameters
    ----------
    pool : Pool
        Connections that no commit waits for.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def stored_bytes(self) -> int:
        """Return what they take, with the rows that hold them."""
        return int(await self._pool.fetchval(_STORED_BYTES, ENTRY_BYTES))

    async def page(
        self, stream_format: StreamFormat, first: int, end: int, limit: int
    ) -> list[StoredSamples]:
        """Return rows with samples `first` <= i < `end`, by first index, uncut."""
        hop = stream_format.hop_samples
        key = (stream_format.sensor_key, stream_format.epoch)
        rows = await self._pool.fetch(_PAGE, *key, first // hop * hop, first, end, limit)
        return [StoredSamples(*row) for row in rows]

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` rows stored before `before`; returns how many."""
        status = await self._pool.execute(_EXPIRE, before, limit)
        return int(status.rsplit(" ", 1)[1])

    async def clear(self) -> int:
        """Delete all rows, so that the disk has their room again; returns their bytes."""
        size_bytes = await self.stored_bytes()
        if not size_bytes:
            return 0
        async with self._pool.acquire() as connection, connection.transaction():
            # Whoever waits for this lock holds up the commits behind it.
            await connection.execute(f"SET LOCAL lock_timeout = '{_CLEAR_TIMEOUT_S}s'")
            await connection.execute("TRUNCATE ingest.quarantined_samples")
        return size_bytes
