"""Positions and frames in PostgreSQL: the reading side."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import asyncpg
import numpy as np
from asyncpg.pool import PoolConnectionProxy

from kurto_analyzer.frames import Frame, FrameLayout
from kurto_analyzer.ports import FrameQuery
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_service.postgres import Pool

__all__ = ["FrameReader", "LayoutCatalogue", "frame_of_row", "geometry_of_row", "time_of"]

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = -(1 << 62), 1 << 62
_ROWS_A_TURN = 50
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_INSERT_LAYOUTS = """
INSERT INTO analyzer.frame_layouts (feature_names, channels, units) VALUES ($1, $2, $3)
ON CONFLICT (feature_names, channels, units) DO NOTHING
"""
_READ_LAYOUTS = "SELECT * FROM analyzer.frame_layouts"
_COLUMNS = (
    "epoch, window_index, config_version, layout_id, empty_reason, late, quality, features, "
    "shaft_speed_hz, load, load_step"
)
# One index, (sensor_id, start_time, epoch, window_index), serves both kinds of reader: within an
# epoch the start time follows from the window index, so the cursor is a bound on time as well.
_LIST = f"""
SELECT {_COLUMNS} FROM analyzer.realtime_features
WHERE sensor_id = $1 AND start_time >= $2 AND start_time < $3
  AND ($4 = 0 OR epoch = $4) AND window_index > $5
  AND (start_time, epoch, window_index) > ($6, $7, $8)
ORDER BY start_time, epoch, window_index
LIMIT $9
"""
_NEWEST = f"""
SELECT {_COLUMNS} FROM analyzer.realtime_features
WHERE sensor_id = $1 AND late = $2
ORDER BY start_time DESC, epoch DESC, window_index DESC LIMIT 1
"""
_GEOMETRIES = """
SELECT epoch, next_window_index, sample_rate_hz, hop_samples, window_hops, anchor_time,
    burst_interval_us
FROM analyzer.positions WHERE sensor_id = $1
"""
_NEXT_WINDOW = (
    "SELECT next_window_index FROM analyzer.positions WHERE sensor_id = $1 AND epoch = $2"
)


class LayoutCatalogue:
    """Keys of layouts; a few rows that never change, so all of them are kept in memory."""

    def __init__(self) -> None:
        self._ids: dict[FrameLayout, int] = {}
        self._layouts: dict[int, FrameLayout] = {}

    async def ids(
        self, connection: Connection, layouts: Iterable[FrameLayout]
    ) -> dict[FrameLayout, int]:
        """Return the key of each layout, storing those that are new."""
        wanted = set(layouts)
        unknown = wanted - self._ids.keys()
        if unknown:
            parts = [(list(u.feature_names), list(u.channels), list(u.units)) for u in unknown]
            await connection.executemany(_INSERT_LAYOUTS, parts)
            await self._load(connection)
        return {layout: self._ids[layout] for layout in wanted}

    async def layouts(
        self, connection: Connection, layout_ids: Iterable[int]
    ) -> dict[int, FrameLayout]:
        """Return the layout of each key."""
        wanted = set(layout_ids)
        if not wanted <= self._layouts.keys():
            await self._load(connection)
        return {layout_id: self._layouts[layout_id] for layout_id in wanted}

    async def _load(self, connection: Connection) -> None:
        for row in await connection.fetch(_READ_LAYOUTS):
            names = (row["feature_names"], row["channels"], row["units"])
            layout = FrameLayout(*(tuple(name) for name in names))
            self._ids[layout] = row["layout_id"]
            self._layouts[row["layout_id"]] = layout


class FrameReader:
    """Reads frames.

    Parameters
    ----------
    pool : Pool
        Connections for reads alone.
    layouts : LayoutCatalogue
        Shared with the writing side.
    """

    def __init__(self, pool: Pool, layouts: LayoutCatalogue) -> None:
        self._pool = pool
        self._layouts = layouts

    async def list_frames(self, query: FrameQuery) -> list[Frame]:
        """Return frames by start time, epoch and window index."""
        async with self._pool.acquire() as connection:
            geometries = await self._geometries(connection, query.sensor_id)
            start_us = _start_bound(query, geometries)
            after = query.after or (_EARLIEST, 0, 0)
            rows = await connection.fetch(
                _LIST,
                query.sensor_id,
                time_of(start_us),
                time_of(_LATEST if query.end_us is None else query.end_us),
                query.epoch,
                -1 if query.after_window_index is None else query.after_window_index,
                time_of(after[0]),
                after[1],
                after[2],
                query.limit,
            )
            return await self._frames(connection, query.sensor_id, rows, geometries)

    async def newest_frame(self, sensor_id: str) -> Frame | None:
        """Return the frame with the latest start time, a late one only if there is no other."""
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(_NEWEST, sensor_id, False)
            if not rows:
                rows = await connection.fetch(_NEWEST, sensor_id, True)
            geometries = await self._geometries(connection, sensor_id) if rows else {}
            frames = await self._frames(connection, sensor_id, rows, geometries)
        return frames[0] if frames else None

    async def next_window_index(self, sensor_id: str, epoch: int) -> int:
        """Return the position of an epoch; 0 for one that is unknown."""
        async with self._pool.acquire() as connection:
            return int(await connection.fetchval(_NEXT_WINDOW, sensor_id, epoch) or 0)

    async def _geometries(
        self, connection: Connection, sensor_id: str
    ) -> dict[int, StreamGeometry]:
        rows = await connection.fetch(_GEOMETRIES, sensor_id)
        return {row["epoch"]: geometry_of_row(row) for row in rows}

    async def _frames(
        self,
        connection: Connection,
        sensor_id: str,
        rows: list[asyncpg.Record],
        geometries: dict[int, StreamGeometry],
    ) -> list[Frame]:
        layouts = await self._layouts.layouts(connection, {row["layout_id"] for row in rows})
        frames = []
        for number, row in enumerate(rows):
            if number % _ROWS_A_TURN == 0:
                await asyncio.sleep(0)  # live windows, and calls that wait to be let in, go between
            frames.append(
                frame_of_row(sensor_id, row, geometries[row["epoch"]], layouts[row["layout_id"]])
            )
        return frames


def geometry_of_row(row: asyncpg.Record) -> StreamGeometry:
    """Return the geometry that a row of ``analyzer.positions`` holds."""
    return StreamGeometry(
        sample_rate_hz=row["sample_rate_hz"],
        hop_samples=row["hop_samples"],
        window_hops=row["window_hops"],
        anchor_us=(row["anchor_time"] - _UNIX_EPOCH) // timedelta(microseconds=1),
        burst_interval_us=row["burst_interval_us"],
    )


def frame_of_row(
    sensor_id: str, row: asyncpg.Record, geometry: StreamGeometry, layout: FrameLayout
) -> Frame:
    """Return the frame that a row of ``analyzer.realtime_features`` holds."""
    features = row["features"]
    return Frame.of_window(
        sensor_id,
        row["epoch"],
        row["window_index"],
        geometry=geometry,
        config_version=row["config_version"],
        layout=layout,
        late=row["late"],
        empty_reason=row["empty_reason"],
        values=None if features is None else np.array(features, np.float32),
        quality=() if features is None else tuple(row["quality"]),
        shaft_speed_hz=_number(row["shaft_speed_hz"]),
        load=_number(row["load"]),
        load_step=_number(row["load_step"]),
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _start_bound(query: FrameQuery, geometries: dict[int, StreamGeometry]) -> int:
    start_us = _EARLIEST if query.start_us is None else query.start_us
    geometry = geometries.get(query.epoch)
    if query.after_window_index is None or geometry is None:
        return start_us
    return max(start_us, geometry.window_start_us(query.after_window_index + 1))


def time_of(time_us: int) -> datetime:
    """Return microseconds since 1970 as a time, or the first or last there is."""
    try:
        return _UNIX_EPOCH + timedelta(microseconds=time_us)
    except OverflowError:
        extreme = datetime.max if time_us > 0 else datetime.min
        return extreme.replace(tzinfo=UTC)
