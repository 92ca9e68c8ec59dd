"""Positions and frames in PostgreSQL: the writing side, and how the two sides are put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from kurto_analyzer.feature_rows import COLUMNS, copy_stream, feature_rows
from kurto_analyzer.frames import Frame
from kurto_analyzer.ports import Advance, EpochOpening, EpochState, FrameQuery
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.postgres_queries import FrameReader, LayoutCatalogue, geometry_of_row
from kurto_service.postgres import Pool

__all__ = ["PostgresFeatureStore"]

_SCHEMA, _TABLE = "analyzer", "realtime_features"
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_CREATE_POSITIONS = """
INSERT INTO analyzer.positions
    (sensor_id, epoch, sample_rate_hz, hop_samples, window_hops, anchor_time,
     burst_interval_us)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::double precision[], $4::integer[],
                     $5::integer[], $6::timestamptz[], $7::bigint[])
ON CONFLICT (sensor_id, epoch) DO NOTHING
"""
_READ_POSITIONS = """
SELECT p.* FROM analyzer.positions AS p
JOIN unnest($1::text[], $2::bigint[]) AS asked (sensor_id, epoch) USING (sensor_id, epoch)
"""
# Taking the row locks in one order keeps two analyzers from waiting for each other in a circle.
_ADVANCE = """
WITH wanted AS (
    SELECT p.sensor_id, p.epoch, a.target
    FROM analyzer.positions AS p
    JOIN unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
        AS a (sensor_id, epoch, expected, target)
        ON p.sensor_id = a.sensor_id AND p.epoch = a.epoch AND p.next_window_index = a.expected
    ORDER BY p.sensor_id, p.epoch
    FOR UPDATE OF p
)
UPDATE analyzer.positions AS p SET next_window_index = w.target, update_time = now()
FROM wanted AS w WHERE p.sensor_id = w.sensor_id AND p.epoch = w.epoch
RETURNING p.sensor_id, p.epoch
"""
# A refill is rare and its row exists: COPY cannot replace, so it goes through a staging table.
_STAGE = """
CREATE TEMPORARY TABLE staged_features (LIKE analyzer.realtime_features)
"""
# Renewing a note takes its lock: whoever rolls up its minute sees these frames or comes back.
_NOTE_ROLLUPS = """
INSERT INTO analyzer.rollups_due (sensor_id, minute)
SELECT DISTINCT sensor_id, date_bin('1 minute', start_time, 'epoch'::timestamptz)
FROM staged_features ORDER BY 1, 2
ON CONFLICT (sensor_id, minute) DO UPDATE SET note_time = now()
"""
_REPLACE = """
INSERT INTO analyzer.realtime_features AS f SELECT * FROM staged_features
ON CONFLICT (sensor_id, start_time, epoch, window_index) DO UPDATE SET
    config_version = excluded.config_version, layout_id = excluded.layout_id,
    empty_reason = excluded.empty_reason, late = excluded.late,
    quality = excluded.quality, features = excluded.features,
    shaft_speed_hz = excluded.shaft_speed_hz,
    load = excluded.load, load_step = excluded.load_step
WHERE f.empty_reason <> 0 OR (excluded.empty_reason = 0 AND NOT excluded.late)
"""


class PostgresFeatureStore:
    """`FeatureStore` on PostgreSQL.

    Parameters
    ----------
    write_pool, query_pool : Pool
        Kept apart, so that slow reads never hold up a commit.
    partitions : PartitionKeeper
        Makes the partition that a row needs.
    layouts : LayoutCatalogue, optional
        To share with other readers.
    """

    def __init__(
        self,
        write_pool: Pool,
        query_pool: Pool,
        partitions: PartitionKeeper,
        layouts: LayoutCatalogue | None = None,
    ) -> None:
        self._pool = write_pool
        self._partitions = partitions
        self._layouts = layouts or LayoutCatalogue()
        self._reader = FrameReader(query_pool, self._layouts)

    async def open_epochs(self, openings: Sequence[EpochOpening]) -> list[EpochState]:
        """Return the state of each, creating those that are new at window 0."""
        keys = [list(column) for column in zip(*(o.key for o in openings), strict=True)]
        geometries = [opening.geometry for opening in openings]
        async with self._pool.acquire() as connection:
            await connection.execute(
                _CREATE_POSITIONS,
                *keys,
                [g.sample_rate_hz for g in geometries],
                [g.hop_samples for g in geometries],
                [g.window_hops for g in geometries],
                [_UNIX_EPOCH + timedelta(microseconds=g.anchor_us) for g in geometries],
                [g.burst_interval_us for g in geometries],
            )
            rows = await connection.fetch(_READ_POSITIONS, *keys)
        states = {(row["sensor_id"], row["epoch"]): _epoch_state(row) for row in rows}
        return [states[opening.key] for opening in openings]

    async def commit(self, advances: Sequence[Advance]) -> dict[tuple[str, int], int]:
        """Store all advances in one transaction and return the positions that are then stored."""
        try:
            return await self._commit(advances, staged=False)
        except asyncpg.CheckViolationError:
            # Somebody removed a partition that was there.
            self._partitions.forget()
            return await self._commit(advances, staged=False)
        except asyncpg.UniqueViolationError:
            # Rows above a position: somebody set it back to have windows computed again.
            return await self._commit(advances, staged=True)

    async def _commit(
        self, advances: Sequence[Advance], *, staged: bool
    ) -> dict[tuple[str, int], int]:
        frames = [frame for advance in advances for frame in (*advance.frames, *advance.late)]
        await self._partitions.ensure(frame.start_us for frame in frames)
        async with self._pool.acquire() as connection:
            layout_ids = await self._layouts.ids(connection, {frame.layout for frame in frames})
            async with connection.transaction():
                positions = await self._advance(connection, advances)
                taken = [a for a in advances if positions[a.key] is None]
                new = [frame for advance in taken for frame in advance.frames]
                late = [frame for advance in taken for frame in advance.late]
                for rows, replacing in ((new, staged), (late, True)):
                    if rows:
                        write = _replace if replacing else _copy
                        await write(connection, feature_rows(rows, layout_ids))
        return {
            advance.key: advance.target if stored is None else stored
            for advance in advances
            for stored in (positions[advance.key],)
        }

    async def list_frames(self, query: FrameQuery) -> list[Frame]:
        """Return frames by start time, epoch and window index."""
        return await self._reader.list_frames(query)

    async def newest_frame(self, sensor_id: str) -> Frame | None:
        """Return the frame with the latest start time, a late one only if there is no other."""
        return await self._reader.newest_frame(sensor_id)

    async def next_window_index(self, sensor_id: str, epoch: int) -> int:
        """Return the position of an epoch; 0 for one that is unknown."""
        return await self._reader.next_window_index(sensor_id, epoch)

    async def _advance(
        self, connection: Connection, advances: Sequence[Advance]
    ) -> dict[tuple[str, int], int | None]:
        """Return None for what may be written now, else the position that stands in its way."""
        columns = zip(
            *((a.sensor_id, a.epoch, a.expected, a.target) for a in advances), strict=True
        )
        taken = await connection.fetch(_ADVANCE, *map(list, columns))
        positions: dict[tuple[str, int], int | None] = {
            (row["sensor_id"], row["epoch"]): None for row in taken
        }
        missed = [advance for advance in advances if advance.key not in positions]
        if missed:
            keys = [list(column) for column in zip(*(a.key for a in missed), strict=True)]
            positions.update({advance.key: 0 for advance in missed})
            for row in await connection.fetch(_READ_POSITIONS, *keys):
                positions[row["sensor_id"], row["epoch"]] = row["next_window_index"]
        return positions


def _epoch_state(row: asyncpg.Record) -> EpochState:
    return EpochState(row["next_window_index"], geometry_of_row(row))


async def _copy(
    connection: Connection,
    rows: Iterable[bytes],
    table: str = _TABLE,
    schema: str | None = _SCHEMA,
) -> None:
    async def source() -> AsyncIterator[bytes]:
        for part in copy_stream(rows):
            yield part

    await connection.copy_to_table(
        table, source=source(), columns=list(COLUMNS), schema_name=schema, format="binary"
    )


async def _replace(connection: Connection, rows: Iterable[bytes]) -> None:
    await connection.execute(_STAGE)
    await _copy(connection, rows, table="staged_features", schema=None)
    await connection.execute(_REPLACE)
    await connection.execute(_NOTE_ROLLUPS)
    await connection.execute("DROP TABLE staged_features")
