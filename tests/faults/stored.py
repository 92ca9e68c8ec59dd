"""What PostgreSQL holds of one epoch, as drills compare it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass

import asyncpg

__all__ = ["Stored", "StoredWindow", "read_back"]

_POLL_S = 0.1
_BLOCKS = """
SELECT first_index, sample_count, quality, shaft_speed_hz, samples
FROM ingest.sensor_data JOIN ingest.sensors USING (sensor_key)
WHERE sensor_id = $1 AND epoch = $2 ORDER BY first_index
"""
_WINDOWS = """
SELECT window_index, start_time, empty_reason, late, quality, features
FROM analyzer.realtime_features WHERE sensor_id = $1 AND epoch = $2 ORDER BY window_index
"""


@dataclass(frozen=True)
class StoredWindow:
    """One window's row.

    Parameters
    ----------
    empty_reason : int
        0: it has values.
    content : str
        Everything else, to the last bit.
    """

    empty_reason: int
    content: str


@dataclass(frozen=True)
class Stored:
    """The rows of one epoch.

    Parameters
    ----------
    cells : dict of int to list of tuple
        By cell of the grid: its blocks as (first index, count, quality, speed, samples), where
        blocks that follow each other without a hole are one.
    sample_count, row_count : int
        Samples per channel, and rows.
    windows : dict of int to StoredWindow
        By window index.
    doubled_window_count : int
        Windows with more than one row.
    """

    cells: dict[int, list[tuple[object, ...]]]
    sample_count: int
    row_count: int
    windows: dict[int, StoredWindow]
    doubled_window_count: int


async def read_back(
    dsn: str, sensor_id: str, epoch: int, *, hop: int, channels: int, window_count: int
) -> Stored:
    """Read an epoch, once as many windows as `window_count` are there or half a minute is over."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await _windows(connection, sensor_id, epoch, window_count)
        blocks = await connection.fetch(_BLOCKS, sensor_id, epoch)
    finally:
        await connection.close()
    windows = {
        row["window_index"]: StoredWindow(row["empty_reason"], repr(tuple(row))) for row in rows
    }
    return Stored(
        _cells(blocks, hop, channels),
        sum(row["sample_count"] for row in blocks),
        len(blocks),
        windows,
        len(rows) - len(windows),
    )


async def _windows(
    connection: asyncpg.Connection[asyncpg.Record], sensor_id: str, epoch: int, count: int
) -> list[asyncpg.Record]:
    deadline = asyncio.get_running_loop().time() + 30.0
    while True:
        rows = await connection.fetch(_WINDOWS, sensor_id, epoch)
        if len(rows) >= count or asyncio.get_running_loop().time() > deadline:
            return rows
        await asyncio.sleep(_POLL_S)


def _cells(
    rows: list[asyncpg.Record], hop: int, channels: int
) -> dict[int, list[tuple[object, ...]]]:
    """Put the blocks of a cell together: where they were cut says only when they came."""
    cells: defaultdict[int, list[tuple[object, ...]]] = defaultdict(list)
    joined: list[tuple[int, int, int, object, list[bytes]]] = []
    for row in rows:
        first, count, quality, speed, samples = tuple(row)
        planes = [bytes(part) for part in _planes(samples, channels)]
        last = joined[-1] if joined else None
        if (
            last is not None
            and last[0] + last[1] == first
            and last[0] // hop == first // hop
            and last[3] == speed
        ):
            together = [a + b for a, b in zip(last[4], planes, strict=True)]
            joined[-1] = (last[0], last[1] + count, last[2] | quality, speed, together)
        else:
            joined.append((first, count, quality, speed, planes))
    for first, count, quality, speed, together in joined:
        cells[first // hop].append((first, count, quality, speed, tuple(together)))
    return dict(cells)


def _planes(samples: bytes, channels: int) -> list[bytes]:
    size = len(samples) // channels
    return [samples[channel * size : (channel + 1) * size] for channel in range(channels)]
