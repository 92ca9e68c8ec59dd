"""Compares what PostgreSQL holds with what was acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np
from tests.faults.hashed_samples import hashed_samples
from tests.faults.load import CHANNELS, Pushed

_BLOCKS = """
SELECT first_index, sample_count, samples
FROM ingest.sensor_data JOIN ingest.sensors USING (sensor_key)
WHERE sensor_id = $1 AND epoch = $2
ORDER BY first_index
"""
_WINDOWS = """
SELECT window_index, count(*) AS copies, bool_or(empty_reason <> 0) AS empty
FROM analyzer.realtime_features WHERE sensor_id = $1 AND epoch = $2
GROUP BY window_index ORDER BY window_index
"""


@dataclass
class Verdict:
    """What was found, over all sensors.

    Parameters
    ----------
    sample_count : int
        Samples per channel that are stored.
    lost_count, doubled_count, corrupt_count : int
        Samples per channel that were acknowledged and are not there, are there twice, or are not
        what was sent.
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
        return not (
            self.lost_count
            or self.doubled_count
            or self.corrupt_count
            or self.missing_window_count
            or self.doubled_window_count
            or self.empty_window_count
        )

    def __str__(self) -> str:
        """Return the verdict in words, for the report."""
        return (
            f"{self.sample_count} samples stored, {self.lost_count} lost, "
            f"{self.doubled_count} doubled, {self.corrupt_count} corrupt; windows: "
            f"{self.missing_window_count} missing, {self.doubled_window_count} doubled, "
            f"{self.empty_window_count} empty"
        )


async def check(
    dsn: str, pushed: Sequence[Pushed], *, hop: int, timeout_s: float = 30.0
) -> Verdict:
    """Check all sensors; windows get ``timeout_s`` seconds to be computed."""
    connection = await asyncpg.connect(dsn)
    try:
        verdict = Verdict()
        for one in pushed:
            await _check_samples(connection, one, verdict)
        await _check_windows(connection, pushed, verdict, hop=hop, timeout_s=timeout_s)
        return verdict
    finally:
        await connection.close()


async def _check_samples(
    connection: asyncpg.Connection[asyncpg.Record], pushed: Pushed, verdict: Verdict
) -> None:
    position = 0
    for row in await connection.fetch(_BLOCKS, pushed.sensor_id, pushed.epoch):
        first, count = row["first_index"], row["sample_count"]
        stored = np.frombuffer(row["samples"], "<i2").reshape(len(CHANNELS), count)
        expected = hashed_samples(pushed.sensor_id, first, count, len(CHANNELS))
        verdict.sample_count += count
        verdict.corrupt_count += int((stored != expected).any(axis=0).sum())
        verdict.lost_count += max(0, min(first, pushed.acknowledged_index) - position)
        verdict.doubled_count += max(0, position - first)
        position = max(position, first + count)
    verdict.lost_count += max(0, pushed.acknowledged_index - position)


async def _check_windows(
    connection: asyncpg.Connection[asyncpg.Record],
    pushed: Sequence[Pushed],
    verdict: Verdict,
    *,
    hop: int,
    timeout_s: float,
) -> None:
    deadline = asyncio.get_running_loop().time() + timeout_s
    for one in pushed:
        expected = set(range(max(0, one.acknowledged_index // hop - 9)))
        while True:
            rows = await connection.fetch(_WINDOWS, one.sensor_id, one.epoch)
            missing = expected - {row["window_index"] for row in rows}
            if not missing or asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.2)
        verdict.missing_window_count += len(missing)
        verdict.doubled_window_count += sum(row["copies"] > 1 for row in rows)
        verdict.empty_window_count += sum(row["empty"] for row in rows)
