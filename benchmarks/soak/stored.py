"""Compares what PostgreSQL holds after a soak with what was pushed, block by block."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np
from tests.faults.rig.hashed_samples import hashed_samples

from benchmarks.soak.senders import CHANNELS, HOP, Sender

_BLOCKS = """
SELECT first_index, sample_count, samples
FROM ingest.sensor_data JOIN ingest.sensors USING (sensor_key)
WHERE sensor_id = $1 AND epoch = $2
ORDER BY first_index
"""
_WINDOWS = """
SELECT count(*) AS rows, count(DISTINCT window_index) AS windows,
    count(*) FILTER (WHERE empty_reason <> 0) AS empty
FROM analyzer.realtime_features WHERE sensor_id = $1 AND epoch = $2
"""
_WINDOW_HOPS = 10
_BLOCKS_AT_ONCE = 500
_ANALYSIS_TIMEOUT_S = 60.0


@dataclass
class Stored:
    """What was found, over all sensors.

    Parameters
    ----------
    sample_count : int
        Samples per channel that are stored.
    lost_count, doubled_count, corrupt_count : int
        Samples per channel that are not there, are there twice, or are not what was pushed.
    missing_window_count, doubled_window_count, empty_window_count : int
        Windows without a row, with several, or without values.
    """

    sample_count: int = 0
    lost_count: int = 0
    doubled_count: int = 0
    corrupt_count: int = 0
    missing_window_count: int = 0
    doubled_window_count: int = 0
    empty_window_count: int = 0

    @property
    def flawless(self) -> bool:
        """Whether everything is there once."""
        return not any(count for name, count in vars(self).items() if name != "sample_count")

    def __str__(self) -> str:
        """Return what was found in words."""
        return (
            f"{self.sample_count} samples stored, {self.lost_count} lost, "
            f"{self.doubled_count} doubled, {self.corrupt_count} corrupt; windows: "
            f"{self.missing_window_count} missing, {self.doubled_window_count} doubled, "
            f"{self.empty_window_count} empty"
        )


async def check(dsn: str, senders: Sequence[Sender]) -> Stored:
    """Read everything back; an hour of samples is more than fits into memory."""
    connection = await asyncpg.connect(dsn)
    try:
        stored = Stored()
        for sender in senders:
            await _check_samples(connection, sender, stored)
            await _check_windows(connection, sender, stored)
        return stored
    finally:
        await connection.close()


async def _check_samples(
    connection: asyncpg.Connection[asyncpg.Record], sender: Sender, stored: Stored
) -> None:
    position = 0
    async with connection.transaction():
        blocks = connection.cursor(
            _BLOCKS, sender.sensor_id, sender.epoch, prefetch=_BLOCKS_AT_ONCE
        )
        async for row in blocks:
            first, count = row["first_index"], row["sample_count"]
            samples = np.frombuffer(row["samples"], "<i2").reshape(len(CHANNELS), count)
            expected = hashed_samples(sender.sensor_id, sender.epoch, first, count, len(CHANNELS))
            stored.sample_count += count
            stored.corrupt_count += int((samples != expected).any(axis=0).sum())
            stored.lost_count += max(0, first - position)
            stored.doubled_count += max(0, position - first)
            position = max(position, first + count)
    stored.lost_count += max(0, sender.pushed_count - position)


async def _check_windows(
    connection: asyncpg.Connection[asyncpg.Record], sender: Sender, stored: Stored
) -> None:
    expected = max(0, sender.pushed_count // HOP - _WINDOW_HOPS + 1)
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + _ANALYSIS_TIMEOUT_S
    while True:
        row = await connection.fetchrow(_WINDOWS, sender.sensor_id, sender.epoch)
        assert row is not None
        if row["windows"] >= expected or loop.time() > deadline_s:
            break
        await asyncio.sleep(0.5)
    stored.missing_window_count += max(0, expected - row["windows"])
    stored.doubled_window_count += row["rows"] - row["windows"]
    stored.empty_window_count += row["empty"]
