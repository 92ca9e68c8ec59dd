"""Stored frames that count for baselines, in PostgreSQL."""

from __future__ import annotations

import asyncio

import asyncpg

from kurto_analyzer.frames import Frame
from kurto_analyzer.postgres_queries import (
    LayoutCatalogue,
    frame_of_row,
    geometry_of_row,
    time_of,
)
from kurto_service.postgres import Pool

__all__ = ["PostgresCountedWindows"]

_ROWS_A_TURN = 50
_KNOWN = "SELECT EXISTS (SELECT FROM analyzer.positions WHERE sensor_id = $1)"
_COLUMNS = """
    f.epoch, f.window_index, f.config_version, f.layout_id, f.empty_reason, f.late, f.quality,
    f.features, f.shaft_speed_hz, f.load, f.load_step, p.next_window_index, p.sample_rate_hz,
    p.hop_samples, p.window_hops, p.anchor_time, p.burst_interval_us
"""
_COUNTED = "f.empty_reason = 0 AND NOT f.late AND f.window_index % p.window_hops = 0"
_BETWEEN = f"""
SELECT {_COLUMNS} FROM analyzer.realtime_features AS f
JOIN analyzer.positions AS p USING (sensor_id, epoch)
WHERE f.sensor_id = $1 AND f.start_time >= $2 AND f.start_time < $3 AND {_COUNTED}
ORDER BY f.start_time, f.epoch, f.window_index
"""
# A sensor may have been silent or stopped for days: however few windows count, only so many are
# looked at.
_LOOK_BACK = 20
_NEWEST = f"""
SELECT {_COLUMNS} FROM (
    SELECT * FROM analyzer.realtime_features WHERE sensor_id = $1
    ORDER BY start_time DESC, epoch DESC, window_index DESC LIMIT {_LOOK_BACK} * $2::integer) AS f
JOIN analyzer.positions AS p USING (sensor_id, epoch)
WHERE {_COUNTED}
ORDER BY f.start_time DESC, f.epoch DESC, f.window_index DESC LIMIT $2::integer
"""


class PostgresCountedWindows:
    """`CountedWindows` on PostgreSQL.

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

    async def knows(self, sensor_id: str) -> bool:
        """Tell whether the sensor was ever analysed."""
        return bool(await self._pool.fetchval(_KNOWN, sensor_id))

    async def between(self, sensor_id: str, start_us: int, end_us: int) -> list[Frame]:
        """Return counted frames that start in a range, half open, oldest first."""
        return await self._read(sensor_id, _BETWEEN, time_of(start_us), time_of(end_us))

    async def newest(self, sensor_id: str, limit: int) -> list[Frame]:
        """Return at most `limit` of the newest counted frames, oldest first."""
        return (await self._read(sensor_id, _NEWEST, limit))[::-1]

    async def _read(self, sensor_id: str, query: str, *values: object) -> list[Frame]:
        async with self._pool.acquire() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(query, sensor_id, *values)
            layouts = await self._layouts.layouts(connection, {row["layout_id"] for row in rows})
        frames = []
        for number, row in enumerate(rows):
            if number % _ROWS_A_TURN == 0:
                await asyncio.sleep(0)  # windows are analysed meanwhile
            layout = layouts[row["layout_id"]]
            frames.append(frame_of_row(sensor_id, row, geometry_of_row(row), layout))
        return frames
