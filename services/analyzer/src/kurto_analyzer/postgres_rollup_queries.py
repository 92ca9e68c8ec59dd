"""Roll-ups in PostgreSQL: the reading side."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import asyncpg
import numpy as np

from kurto_analyzer.frames import FrameLayout
from kurto_analyzer.postgres_queries import LayoutCatalogue, time_of
from kurto_analyzer.rollups import Rollup, RollupInterval, RollupQuery
from kurto_dsp.arrays import Float32Array
from kurto_service.postgres import Pool

__all__ = ["PostgresRollupHistory"]

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS_PER_TURN = 100
_EARLIEST, _LATEST = -(1 << 62), 1 << 62
_TABLES = {
    RollupInterval.SECOND: "analyzer.feature_rollups_1s",
    RollupInterval.MINUTE: "analyzer.feature_rollups_1m",
}
# An interval may have several rows, one per layout: a page is cut between intervals.
_LIST = """
SELECT start_time, layout_id, window_count, empty_window_count, quality,
    minimum, mean, maximum, value_counts
FROM {table} WHERE sensor_id = $1 AND start_time >= $2 AND start_time < $3
  AND start_time <= (
    SELECT max(start_time) FROM (
        SELECT DISTINCT start_time FROM {table}
        WHERE sensor_id = $1 AND start_time >= $2 AND start_time < $3
        ORDER BY start_time LIMIT $4) AS page)
ORDER BY start_time, layout_id
"""


class PostgresRollupHistory:
    """`RollupHistory` on PostgreSQL.

    Parameters
    ----------
    pool : Pool
        Connections for reads alone.
    layouts : LayoutCatalogue
        Names of rows and columns.
    """

    def __init__(self, pool: Pool, layouts: LayoutCatalogue) -> None:
        self._pool = pool
        self._layouts = layouts

    async def list_rollups(self, query: RollupQuery) -> list[Rollup]:
        """Return the roll-ups of up to `limit` intervals, by start; each interval is whole."""
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(
                _LIST.format(table=_TABLES[query.interval]),
                query.sensor_id,
                time_of(_EARLIEST if query.start_us is None else query.start_us),
                time_of(_LATEST if query.end_us is None else query.end_us),
                query.limit,
            )
            wanted = {row["layout_id"] for row in rows}
            layouts = await self._layouts.layouts(connection, wanted)
        rollups = []
        for number, row in enumerate(rows, 1):
            rollups.append(_rollup(row, layouts[row["layout_id"]]))
            if number % _ROWS_PER_TURN == 0:
                await asyncio.sleep(0)  # windows are analysed meanwhile
        return rollups


def _rollup(row: asyncpg.Record, layout: FrameLayout) -> Rollup:
    shape = (len(layout.channels), len(layout.feature_names))
    empty = row["mean"] is None
    counts = row["value_counts"]
    if counts is None:
        counts = [row["window_count"] - row["empty_window_count"]] * (shape[0] * shape[1])
    minimum, mean, maximum = (
        None if empty else _values(row[name], shape) for name in ("minimum", "mean", "maximum")
    )
    return Rollup(
        start_us=(row["start_time"] - _UNIX_EPOCH) // timedelta(microseconds=1),
        layout=layout,
        window_count=row["window_count"],
        empty_window_count=row["empty_window_count"],
        minimum=minimum,
        mean=mean,
        maximum=maximum,
        value_counts=None if empty else np.array(counts, np.int64).reshape(shape),
        quality=tuple(row["quality"] or ()),
    )


def _values(stored: list[float | None], shape: tuple[int, int]) -> Float32Array:
    return cast("Float32Array", np.array(stored, np.float32).reshape(shape))
