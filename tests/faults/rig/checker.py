"""Compares what PostgreSQL holds with what was acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np
from tests.faults.rig.load import CHANNELS, Signal, hashed
from tests.faults.rig.pushed import Pushed
from tests.faults.rig.report import Figure, none_of

_POLL_S = 0.2
_BLOCKS = """
SELECT first_index, sample_count, samples
FROM ingest.sensor_data JOIN ingest.sensors USING (sensor_key)
WHERE sensor_id = $1 AND epoch = $2
ORDER BY first_index
"""
_GAPS = "SELECT gap_count FROM ingest.streams WHERE sensor_id = $1 AND epoch = $2"
_WINDOWS = """
SELECT window_index, count(*) AS copies, bool_or(empty_reason <> 0) AS empty,
    bool_or(late) AS late
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
    window_count : int
        Windows that were expected.
    missing_window_count, doubled_window_count, empty_window_count : int
        Windows without a row, with several, or without values.
    gap_count : int
        Gaps that ingest saw, refilled or not.
    late_window_count : int
        Windows that had been empty until a refill.
    """

    sample_count: int = 0
    lost_count: int = 0
    doubled_count: int = 0
    corrupt_count: int = 0
    window_count: int = 0
    missing_window_count: int = 0
    doubled_window_count: int = 0
    empty_window_count: int = 0
    gap_count: int = 0
    late_window_count: int = 0

    def seamless(self) -> list[Figure]:
        """Return figures that say that nobody ever saw a hole: refilled ones count too."""
        return [
            none_of("gaps", self.gap_count),
            none_of("late windows", self.late_window_count),
        ]

    def figures(self) -> list[Figure]:
        """Return the verdict as figures: nothing may be lost, doubled or altered."""
        found = f"{self.sample_count} samples and {self.window_count} windows expected and found"
        return [
            Figure(found, self.sample_count > 0 and self.window_count > 0),
            none_of("samples lost", self.lost_count),
            none_of("doubled", self.doubled_count),
            none_of("corrupt", self.corrupt_count),
            none_of("windows missing", self.missing_window_count),
            none_of("doubled", self.doubled_window_count),
            none_of("empty", self.empty_window_count),
        ]


async def check(
    dsn: str,
    pushed: Sequence[Pushed],
    *,
    hop: int,
    timeout_s: float = 60.0,
    signal: Signal = hashed,
) -> Verdict:
    """Check samples and windows of all sensors.

    Parameters
    ----------
    dsn : str
        The stack's database.
    pushed : sequence of Pushed
        What the load sent.
    hop : int
        Samples of a hop: `Load.hop`.
    timeout_s : float
        Seconds that windows get to be computed.
    signal : callable
        What made the samples.
    """
    connection = await asyncpg.connect(dsn)
    try:
        verdict = Verdict()
        for one in pushed:
            await _check_samples(connection, one, verdict, signal)
        await _check_windows(connection, pushed, verdict, hop=hop, timeout_s=timeout_s)
        return verdict
    finally:
        await connection.close()


async def _check_samples(
    connection: asyncpg.Connection[asyncpg.Record],
    pushed: Pushed,
    verdict: Verdict,
    signal: Signal,
) -> None:
    position = 0
    for row in await connection.fetch(_BLOCKS, pushed.sensor_id, pushed.epoch):
        first, count = row["first_index"], row["sample_count"]
        stored = np.frombuffer(row["samples"], "<i2").reshape(len(CHANNELS), count)
        expected = signal(pushed.sensor_id, pushed.epoch, first, count)
        verdict.sample_count += count
        verdict.corrupt_count += int((stored != expected).any(axis=0).sum())
        verdict.lost_count += max(0, min(first, pushed.acknowledged_index) - position)
        verdict.doubled_count += max(0, position - first)
        position = max(position, first + count)
    verdict.lost_count += max(0, pushed.acknowledged_index - position)
    gaps = await connection.fetchval(_GAPS, pushed.sensor_id, pushed.epoch)
    verdict.gap_count += int(gaps or 0)


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
            await asyncio.sleep(_POLL_S)
        verdict.window_count += len(expected)
        verdict.missing_window_count += len(missing)
        verdict.doubled_window_count += sum(row["copies"] > 1 for row in rows)
        verdict.empty_window_count += sum(row["empty"] for row in rows)
        verdict.late_window_count += sum(row["late"] for row in rows)
