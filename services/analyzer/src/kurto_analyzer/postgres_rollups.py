"""Roll-ups in PostgreSQL: the writing side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.postgres_queries import geometry_of_row, time_of
from kurto_analyzer.rollups import MINUTE_US, EpochProgress, RollupSpan
from kurto_service.postgres import Pool

__all__ = ["PostgresRollups", "earliest_due_us"]

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('analyzer.feature_rollups'))"
# A roll-up that a crash takes back is made again: nothing waits for the disk.
_ASYNCHRONOUS = "SET LOCAL synchronous_commit = off"

_BEHIND = """
SELECT p.*, coalesce(r.rolled_window_index, 0) AS rolled_window_index,
    extract(epoch FROM now() - p.update_time)::double precision AS idle_s
FROM analyzer.positions AS p
LEFT JOIN analyzer.rollup_positions AS r USING (sensor_id, epoch)
WHERE p.next_window_index <> coalesce(r.rolled_window_index, 0)
ORDER BY p.sensor_id, p.epoch
"""
_MOVE = """
INSERT INTO analyzer.rollup_positions (sensor_id, epoch, rolled_window_index) VALUES ($1, $2, $3)
ON CONFLICT (sensor_id, epoch) DO UPDATE
    SET rolled_window_index = excluded.rolled_window_index, update_time = now()
"""
_PEEK_DUE = "SELECT minute FROM analyzer.rollups_due ORDER BY sensor_id, minute LIMIT $1"
# A note that a commit is just renewing stays for the next time.
_TAKE_DUE = """
DELETE FROM analyzer.rollups_due WHERE (sensor_id, minute) IN (
    SELECT sensor_id, minute FROM analyzer.rollups_due WHERE minute = ANY($1::timestamptz[])
    ORDER BY sensor_id, minute LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING sensor_id, minute
"""
_FIRST_FRAME = """
SELECT start_time FROM analyzer.realtime_features WHERE sensor_id = $1 AND start_time >= $2
ORDER BY start_time LIMIT 1
"""
_FIRST_DUE = "SELECT min(minute) FROM analyzer.rollups_due"

# Whole intervals are computed anew from their frames, so it does not matter how often. Frames are
# summed up by seconds once; minutes are made of those.
_SECONDS = """
WITH frames AS MATERIALIZED (
    SELECT date_bin('1 second', start_time, 'epoch'::timestamptz) AS start_time,
        layout_id, empty_reason, quality, features
    FROM analyzer.realtime_features
    WHERE sensor_id = $1 AND start_time >= $2 AND start_time < $3
),
elements AS MATERIALIZED (
    SELECT start_time, layout_id, e.n, min(e.value) AS minimum, max(e.value) AS maximum,
        sum(e.value::double precision) AS total, count(e.value) AS value_count
    FROM frames CROSS JOIN LATERAL unnest(features) WITH ORDINALITY AS e (value, n)
    GROUP BY start_time, layout_id, e.n
),
flags AS MATERIALIZED (
    SELECT start_time, layout_id, e.n, bit_or(e.mask) AS mask
    FROM frames CROSS JOIN LATERAL unnest(quality) WITH ORDINALITY AS e (mask, n)
    GROUP BY start_time, layout_id, e.n
),
counts AS MATERIALIZED (
    SELECT start_time, layout_id, count(*) AS window_count,
        count(*) FILTER (WHERE empty_reason <> 0) AS empty_window_count
    FROM frames GROUP BY start_time, layout_id
)"""
# A roll-up of more windows is never replaced by one of fewer: the frames of the others are past
# their retention.
_INTERVALS = """,
{table} AS (
    INSERT INTO analyzer.{table} AS r (
        start_time, layout_id, window_count, empty_window_count, sensor_id, quality,
        minimum, mean, maximum, value_counts)
    SELECT c.start_time, c.layout_id, c.window_count, c.empty_window_count, $1, q.quality,
        v.minimum, v.mean, v.maximum,
        CASE WHEN v.fewest < c.window_count - c.empty_window_count THEN v.value_counts END
    FROM (
        SELECT {start} AS start_time, layout_id, sum(window_count)::integer AS window_count,
            sum(empty_window_count)::integer AS empty_window_count
        FROM counts GROUP BY 1, 2) AS c
    LEFT JOIN (
        SELECT start_time, layout_id, array_agg(minimum ORDER BY n) AS minimum,
            array_agg((total / nullif(value_count, 0))::real ORDER BY n) AS mean,
            array_agg(maximum ORDER BY n) AS maximum,
            array_agg(value_count::integer ORDER BY n) AS value_counts, min(value_count) AS fewest
        FROM (
            SELECT {start} AS start_time, layout_id, n, min(minimum) AS minimum,
                max(maximum) AS maximum, sum(total) AS total, sum(value_count) AS value_count
            FROM elements GROUP BY 1, 2, 3) AS e
        GROUP BY 1, 2) AS v USING (start_time, layout_id)
    LEFT JOIN (
        SELECT start_time, layout_id, array_agg(mask ORDER BY n) AS quality
        FROM (
            SELECT {start} AS start_time, layout_id, n, bit_or(mask) AS mask
            FROM flags GROUP BY 1, 2, 3) AS m
        GROUP BY 1, 2) AS q USING (start_time, layout_id)
    ON CONFLICT (sensor_id, start_time, layout_id) DO UPDATE SET
        window_count = excluded.window_count, empty_window_count = excluded.empty_window_count,
        quality = excluded.quality, minimum = excluded.minimum, mean = excluded.mean,
        maximum = excluded.maximum, value_counts = excluded.value_counts
    WHERE excluded.window_count >= r.window_count
)"""
_MINUTE = "date_bin('1 minute', start_time, 'epoch'::timestamptz)"
_ROLL_UP = (
    _SECONDS
    + _INTERVALS.format(table="feature_rollups_1s", start="start_time")
    + _INTERVALS.format(table="feature_rollups_1m", start=_MINUTE)
    + " SELECT 1"
)
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"


class PostgresRollups:
    """Rolls up inside the database: one statement reads frames and writes the rows of both lengths.

    Parameters
    ----------
    pool : Pool
        Connections to use.
    targets : sequence of PartitionKeeper
        Make the partitions that rows need.
    timeout_s : float
        Seconds after which a transaction is given up.
    """

    def __init__(
        self,
        pool: Pool,
        targets: Sequence[PartitionKeeper],
        *,
        timeout_s: float,
    ) -> None:
        self._pool = pool
        self._targets = targets
        self._timeout_s = timeout_s

    async def first_frame_us(self, sensor_id: str, from_us: int) -> int | None:
        """Return the start of a sensor's first frame from a time on, or None."""
        async with self._pool.acquire() as connection:
            first = await connection.fetchval(_FIRST_FRAME, sensor_id, time_of(from_us))
        return None if first is None else _time_us(first)

    async def behind(self) -> list[EpochProgress]:
        """Return the epochs that are not rolled up as far as they are analysed."""
        async with self._pool.acquire() as connection:
            return await _behind(connection)

    async def roll_up(self, span: RollupSpan) -> bool:
        """Roll up some minutes and move the epoch's position, both or neither.

        Returns
        -------
        bool
            False when another process rolls up at the moment.
        """
        if span.start_us < span.end_us:
            await self._ensure([span.start_us, span.end_us - 1])
        async with self._transaction() as connection:
            if not await connection.fetchval(_LOCK):
                return False
            if span.start_us < span.end_us:
                await self._write(connection, span.sensor_id, span.start_us, span.end_us)
            position = (span.sensor_id, span.epoch, span.rolled_window_index)
            await connection.execute(_MOVE, *position)
        return True

    async def roll_up_due(self, limit: int) -> int:
        """Roll up again up to `limit` minutes in which frames were replaced; return how many."""
        async with self._pool.acquire() as connection:
            times = await connection.fetch(_PEEK_DUE, limit)
        if not times:
            return 0
        await self._ensure([_time_us(row["minute"]) for row in times])
        async with self._transaction() as connection:
            if not await connection.fetchval(_LOCK):
                return 0
            taken = await connection.fetch(_TAKE_DUE, [row["minute"] for row in times], limit)
            for row in taken:
                start_us = _time_us(row["minute"])
                await self._write(connection, row["sensor_id"], start_us, start_us + MINUTE_US)
        return len(taken)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        async with (
            asyncio.timeout(self._timeout_s),
            self._pool.acquire() as connection,
            connection.transaction(),
        ):
            await connection.execute(_ASYNCHRONOUS)
            yield connection

    async def _ensure(self, times_us: Sequence[int]) -> None:
        for keeper in self._targets:
            await keeper.ensure(times_us)

    async def _write(
        self, connection: Connection, sensor_id: str, start_us: int, end_us: int
    ) -> None:
        bounds = (time_of(start_us), time_of(end_us))
        await connection.execute(_ROLL_UP, sensor_id, *bounds, timeout=self._timeout_s)


async def earliest_due_us(connection: Connection) -> int | None:
    """Return the time from which on frames are not rolled up, or None when all are."""
    due = await connection.fetchval(_FIRST_DUE)
    times = [progress.first_due_us for progress in await _behind(connection)]
    if due is not None:
        times.append(_time_us(due))
    return min(times, default=None)


async def _behind(connection: Connection) -> list[EpochProgress]:
    return [
        EpochProgress(
            row["sensor_id"],
            row["epoch"],
            geometry_of_row(row),
            row["next_window_index"],
            row["rolled_window_index"],
            row["idle_s"],
        )
        for row in await connection.fetch(_BEHIND)
    ]


def _time_us(time: datetime) -> int:
    return (time - _UNIX_EPOCH) // timedelta(microseconds=1)
