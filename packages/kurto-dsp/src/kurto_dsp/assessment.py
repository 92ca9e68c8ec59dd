"""Which windows give values: quality flags from the statistics, nulls from the flags."""

import math

import numpy as np

from kurto_dsp.arrays import FlagArray, Float32Array, Float64Array
from kurto_dsp.moments import Statistics
from kurto_dsp.quality import MAX_AMPLITUDE, MIN_RMS, MIN_SAMPLES, QualityFlag

CLIPPED_FRACTION = 0.995
"""Part of full scale from which a sample stands at the rail."""

UNUSABLE = int(QualityFlag.GAP | QualityFlag.NON_FINITE | QualityFlag.OUT_OF_RANGE)
"""Flags of windows that have no values at all."""


def assess(
    statistics: Float64Array, full_scale: Float64Array, plan_flags: QualityFlag
) -> FlagArray:
    """Return the quality flags of windows without gap.

    Parameters
    ----------
    statistics : Float64Array [shape=(rows, 7)]
    full_scale : Float64Array [shape=(rows,)]
        Infinity where unknown.
    plan_flags : QualityFlag
        What holds for every window of the plan.

    Returns
    -------
    FlagArray [shape=(rows,)]
    """
    rows = zip(statistics.tolist(), full_scale.tolist(), strict=True)
    flags = [flags_of(Statistics(*row), limit, int(plan_flags)) for row, limit in rows]
    return np.array(flags, np.uint16)


def flags_of(statistics: Statistics, full_scale: float, plan_flags: int) -> int:
    """Return the quality flags of one window without gap, as bits of `QualityFlag`.

    Parameters
    ----------
    statistics : Statistics
    full_scale : float
        Infinity where unknown.
    plan_flags : int
        What holds for every window of the plan.
    """
    flags = plan_flags
    if statistics.sample_count < MIN_SAMPLES:
        flags |= _TOO_SHORT
    if not math.isfinite(statistics.mean):
        return flags | _NON_FINITE
    low, high = statistics.minimum, statistics.maximum
    largest = max(high, -low)
    if high == low:
        flags |= _CONSTANT | _ZERO if high == 0.0 else _CONSTANT
    elif statistics.rms < MIN_RMS:
        flags |= _OUT_OF_RANGE
    if largest > MAX_AMPLITUDE:
        flags |= _OUT_OF_RANGE
    if largest >= CLIPPED_FRACTION * full_scale:
        flags |= _CLIPPED
    return flags


def stands_at_rail(row: Float32Array, mean: float, full_scale: float) -> bool:
    """Return whether three consecutive samples stand at one rail.

    A single sample there is a peak that just fits.

    Parameters
    ----------
    row : Float32Array [shape=(n,)]
        Mean removed.
    mean, full_scale : float
    """
    rail = CLIPPED_FRACTION * full_scale
    at_rails = (row >= rail - mean, row <= -rail - mean)
    return any(bool((at[:-2] & at[1:-1] & at[2:]).any()) for at in at_rails)


# As integers: a flag set of the enumeration is fifty times slower.
_TOO_SHORT, _NON_FINITE, _CONSTANT, _ZERO, _OUT_OF_RANGE, _CLIPPED = map(
    int,
    (
        QualityFlag.TOO_SHORT,
        QualityFlag.NON_FINITE,
        QualityFlag.CONSTANT,
        QualityFlag.ZERO,
        QualityFlag.OUT_OF_RANGE,
        QualityFlag.CLIPPED,
    ),
)
