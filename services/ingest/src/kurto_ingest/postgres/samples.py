"""Samples and stream positions, committed together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from kurto_ingest.ports import StoredSamples, StreamCommit, StreamKey
from kurto_ingest.postgres.classes import ALL_CLASSES
from kurto_ingest.postgres.copy_rows import COLUMNS, CopyChunks, row_head
from kurto_ingest.postgres.partitions import VANISHED, Partitions
from kurto_ingest.postgres.process_values import add_values
from kurto_ingest.postgres.quarantine import advance_quarantined, copy_quarantined
from kurto_ingest.postgres.rows import array_text, multirange_text
from kurto_ingest.space.exceptions import PartitionLostError
from kurto_ingest.space.partitioning import PartitionKey, hour_of, partition_of
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.streams.timing import datetime_from_us
from kurto_service.postgres import Pool

if TYPE_CHECKING:
    from kurto_service.postgres import PooledConnection

__all__ = ["PostgresSampleStore"]

# A partition may be dropped or detached between two looks: then the commit is done again at once.
# Whoever detaches, then drops it, costs two attempts.
_ATTEMPTS = 5

# Arrays travel as text, but for names: asyncpg looks at each element of others three times.
# Takes the row locks; what it does not return has another fence or position by now. Should the
# machine that holds them be gone, PostgreSQL lets go of them after a while: TCP takes two hours.
# These two settings cost no turn of their own here.
_ADVANCE = """
UPDATE ingest.streams AS s
SET next_index = v.next_index,
    missing = v.missing::int8multirange,
    abandoned = v.abandoned::int8multirange,
    gap_count = v.gap_count,
    late_windows = s.late_windows + v.late::int8multirange,
    commit_token = $1,
    commit_time = now()
FROM unnest($2::text[], ($3::text)::bigint[], ($4::text)::bigint[], ($5::text)::bigint[],
            ($6::text)::bigint[], ($7::text)::text[], ($8::text)::text[], ($9::text)::bigint[],
            ($10::text)::text[])
    AS v (sensor_id, epoch, fence, before, next_index, missing, abandoned, gap_count, late)
WHERE s.sensor_id = v.sensor_id AND s.epoch = v.epoch
  AND s.fence = v.fence AND s.next_index = v.before
RETURNING s.sensor_id, s.epoch, set_config('idle_in_transaction_session_timeout', $11, true),
    set_config('statement_timeout', $11, true)
"""

# The usual case: samples that follow those that were there.
_ADVANCE_IN_ORDER = """
UPDATE ingest.streams AS s
SET next_index = v.next_index, commit_token = $1, commit_time = now()
FROM unnest(($2::text)::text[], ($3::text)::bigint[], ($4::text)::bigint[], ($5::text)::bigint[],
            ($6::text)::bigint[])
    AS v (sensor_id, epoch, fence, before, next_index)
WHERE s.sensor_id = v.sensor_id AND s.epoch = v.epoch
  AND s.fence = v.fence AND s.next_index = v.before
RETURNING s.sensor_id, s.epoch, set_config('idle_in_transaction_session_timeout', $7, true),
    set_config('statement_timeout', $7, true)
"""

# FOR UPDATE: a transaction whose connection broke may still be committing.
_COMMITTED = """
SELECT s.sensor_id, s.epoch
FROM ingest.streams AS s
JOIN unnest($1::text[], $2::bigint[]) AS v (sensor_id, epoch)
  ON s.sensor_id = v.sensor_id AND s.epoch = v.epoch
WHERE s.commit_token = $3
FOR UPDATE OF s
"""

_LOCK = """
SELECT 1 FROM ingest.streams AS s
JOIN unnest($1::text[], $2::bigint[]) AS v (sensor_id, epoch)
  ON s.sensor_id = v.sensor_id AND s.epoch = v.epoch
FOR UPDATE OF s
"""

# A block begins at most one hop before the first sample asked for. What was copied out to be kept
# may still lie in its first place, too: once is enough.
_READ = f"""
SELECT DISTINCT ON (first_index) first_index, sample_count, quality, shaft_speed_hz, samples
FROM ingest.sensor_data
WHERE retention_class = ANY({ALL_CLASSES}) AND block_time > $1 AND block_time < $2
  AND sensor_key = $3 AND epoch = $4 AND first_index < $6 AND first_index + sample_count > $5
ORDER BY first_index
"""


class PostgresSampleStore:
    """`kurto_ingest.ports.SampleStore` on PostgreSQL.

    Parameters
    ----------
    writing, reading : Pool
        Connections for commits, and for everything that may be slow.
    partitions : Partitions
        Makes the partitions that a commit needs.
    commit_timeout_s : float
        Seconds after which a statement of a commit has failed.
    """

    def __init__(
        self, writing: Pool, reading: Pool, partitions: Partitions, *, commit_timeout_s: float
    ) -> None:
        self._writing = writing
        self._reading = reading
        self._partitions = partitions
        self._timeout_s = commit_timeout_s

    async def commit(self, commits: Sequence[StreamCommit], token: UUID) -> set[StreamKey]:
        """Do all `commits` in one transaction; returns those streams whose row still matched."""
        late_before = self._partitions.late_before()
        rows = {item.format.key: _rows(item, late_before) for item in commits}
        keys = {key for found in rows.values() for key in found}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._partitions.ensure(keys)
                return await self._commit(commits, rows, token)
            except (*VANISHED, PartitionLostError):
                # Raised before COMMIT: nothing of it is stored.
                self._partitions.forget(keys)
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _commit(
        self,
        commits: Sequence[StreamCommit],
        rows: Mapping[StreamKey, Mapping[PartitionKey, list[bytes]]],
        token: UUID,
    ) -> set[StreamKey]:
        async with self._writing.acquire() as connection, connection.transaction():
            usual, others, apart = _kinds(commits)
            taken = await self._advance_in_order(connection, usual, token)
            taken |= await self._advance(connection, others, token)
            taken |= await advance_quarantined(connection, apart, token, self._timeout_s)
            records: dict[PartitionKey, list[bytes]] = {}
            for key in taken:
                for partition, found in rows[key].items():
                    records.setdefault(partition, []).extend(found)
            if records:
                await self._copy(connection, records)
            taken_commits = [item for item in commits if item.format.key in taken]
            await add_values(connection, taken_commits, self._timeout_s)
            if apart:
                await copy_quarantined(connection, taken_commits, self._timeout_s)
        return taken

    async def _advance_in_order(
        self, connection: PooledConnection, commits: Sequence[StreamCommit], token: UUID
    ) -> set[StreamKey]:
        if not commits:
            return set()
        rows = await connection.fetch(
            _ADVANCE_IN_ORDER,
            token,
            array_text([item.format.sensor_id for item in commits]),
            array_text([item.format.epoch for item in commits]),
            array_text([item.fence for item in commits]),
            array_text([item.before_index for item in commits]),
            array_text([item.after.next_index for item in commits]),
            f"{self._timeout_s * 1000:.0f}ms",
            timeout=self._timeout_s,
        )
        return {(row["sensor_id"], row["epoch"]) for row in rows}

    async def _advance(
        self, connection: PooledConnection, commits: Sequence[StreamCommit], token: UUID
    ) -> set[StreamKey]:
        if not commits:
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
            f"{self._timeout_s * 1000:.0f}ms",
            timeout=self._timeout_s,
        )
        return {(row["sensor_id"], row["epoch"]) for row in rows}

    async def _copy(
        self, connection: PooledConnection, records: Mapping[PartitionKey, list[bytes]]
    ) -> None:
        for key, rows in records.items():
            await connection.copy_to_table(
                key.name,
                schema_name="ingest",
                columns=COLUMNS,
                source=CopyChunks(rows),
                format="binary",
                timeout=self._timeout_s,
            )
        await self._partitions.require_attached(connection, records, self._timeout_s)

    async def committed(self, keys: Collection[StreamKey], token: UUID) -> set[StreamKey]:
        """Return those of `keys` whose last commit was the one with `token`."""
        sensor_ids = [sensor_id for sensor_id, _ in keys]
        epochs = [epoch for _, epoch in keys]
        async with self._writing.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '2s'")
            await connection.execute(_LOCK, sensor_ids, epochs, timeout=self._timeout_s)
            rows = await connection.fetch(
                _COMMITTED, sensor_ids, epochs, token, timeout=self._timeout_s
            )
        return {(row["sensor_id"], row["epoch"]) for row in rows}

    async def read(self, stream_format: StreamFormat, first: int, end: int) -> list[StoredSamples]:
        """Return the rows with samples `first` <= i < `end`, ascending; uncut."""
        rows = await self._reading.fetch(
            _READ,
            datetime_from_us(stream_format.time_us(first - stream_format.hop_samples)),
            datetime_from_us(stream_format.time_us(end)),
            stream_format.sensor_key,
            stream_format.epoch,
            first,
            end,
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


def _kinds(
    commits: Sequence[StreamCommit],
) -> tuple[list[StreamCommit], list[StreamCommit], list[StreamCommit]]:
    """Return those in order, the others, and those with something for quarantine."""
    usual, others, apart = [], [], []
    for item in commits:
        if item.quarantine is not None:
            apart.append(item)
        elif item.in_order:
            usual.append(item)
        else:
            others.append(item)
    return usual, others, apart


def _rows(item: StreamCommit, late_before: int) -> dict[PartitionKey, list[bytes]]:
    """Return the blocks of one stream as pieces of rows, by partition."""
    stream_format = item.format
    sensor_key, epoch = stream_format.sensor_key, stream_format.epoch
    found: dict[PartitionKey, list[bytes]] = {}
    hour: int | None = None
    number = 0
    pieces: list[bytes] = []
    for block in item.blocks:
        at_us = stream_format.time_us(block.first)
        if hour_of(at_us) != hour:  # seldom: an hour has thousands of blocks
            hour = hour_of(at_us)
            key = partition_of(item.retention, hour, late_before=late_before)
            number, pieces = key.class_number, found.setdefault(key, [])
        pieces += (row_head(number, at_us, sensor_key, epoch, block), block.data)
    return found
