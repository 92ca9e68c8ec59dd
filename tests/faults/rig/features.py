"""Compares stored features with those of a run without a fault, computed from the same samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np
from tests.faults.rig.load import SCALE, Load
from tests.faults.rig.pushed import Pushed
from tests.faults.rig.report import Figure, none_of

from kurto_dsp import AccelerationUnit, RecordFeatures, record_features

_FRAMES = """
SELECT f.window_index, f.features, l.feature_names
FROM analyzer.realtime_features AS f JOIN analyzer.frame_layouts AS l USING (layout_id)
WHERE f.sensor_id = $1 AND f.epoch = $2 AND f.empty_reason = 0
ORDER BY f.window_index
"""


@dataclass
class Comparison:
    """How many windows were compared, and how many differ.

    Parameters
    ----------
    window_count, differing_count : int
        Windows; a window differs when any value of any channel does, bit for bit.
    """

    window_count: int = 0
    differing_count: int = 0

    def figures(self) -> list[Figure]:
        """Return the comparison as figures."""
        return [
            Figure(f"{self.window_count} windows compared bit for bit", self.window_count > 0),
            none_of("differ from a fault-free run", self.differing_count),
        ]


def fault_free(load: Load, pushed: Pushed) -> RecordFeatures:
    """Return what kurto_dsp computes of everything that a sensor sent.

    Parameters
    ----------
    load : Load
        Says how the samples were made.
    pushed : Pushed
        The sensor.
    """
    steps = load.signal(pushed.sensor_id, pushed.epoch, 0, pushed.acknowledged_index)
    samples = (steps.astype(np.float64) * SCALE).astype(np.float32)
    return record_features(samples, sample_rate_hz=load.sample_rate_hz, unit=AccelerationUnit.G)


async def compare_features(dsn: str, load: Load, pushed: Sequence[Pushed]) -> Comparison:
    """Compare all stored windows of some sensors of a load."""
    connection = await asyncpg.connect(dsn)
    try:
        result = Comparison()
        for one in pushed:
            rows = await connection.fetch(_FRAMES, one.sensor_id, one.epoch)
            _compare(rows, fault_free(load, one), result)
        return result
    finally:
        await connection.close()


def _compare(rows: Sequence[asyncpg.Record], expected: RecordFeatures, result: Comparison) -> None:
    for row in rows:
        assert tuple(row["feature_names"]) == expected.names
        values = np.array(row["features"], dtype=np.float32)  # None becomes NaN
        same = np.array_equal(values, expected.values[row["window_index"]], equal_nan=True)
        result.window_count += 1
        result.differing_count += not same
