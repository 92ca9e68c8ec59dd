"""Which windows give values: quality flags from the statistics, nulls from the flags."""

import numpy as np

from kurto_dsp import moments
from kurto_dsp.arrays import BoolArray, FlagArray, Float32Array, Float64Array
from kurto_dsp.quality import MAX_AMPLITUDE, MIN_RMS, MIN_SAMPLES, QualityFlag

CLIPPED_FRACTION = 0.995
"""Part of full scale from which a sample stands at the rail."""

_UNUSABLE = QualityFlag.GAP | QualityFlag.NON_FINITE | QualityFlag.OUT_OF_RANGE


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
    low, high = statistics[:, moments.MINIMUM], statistics[:, moments.MAXIMUM]
    largest = np.maximum(high, -low)
    rms = np.sqrt(statistics[:, moments.M2] / statistics[:, moments.COUNT])
    finite = np.isfinite(statistics[:, moments.MEAN])
    constant = high == low
    tiny = ~constant & (rms < MIN_RMS)
    conditions: tuple[tuple[QualityFlag, BoolArray], ...] = (
        (QualityFlag.NON_FINITE, ~finite),
        (QualityFlag.OUT_OF_RANGE, finite & ((largest > MAX_AMPLITUDE) | tiny)),
        (QualityFlag.CONSTANT, finite & constant),
        (QualityFlag.ZERO, finite & constant & (high == 0.0)),
        (QualityFlag.TOO_SHORT, statistics[:, moments.COUNT] < MIN_SAMPLES),
        (QualityFlag.CLIPPED, finite & (largest >= CLIPPED_FRACTION * full_scale)),
    )
    flags = np.full(len(statistics), plan_flags, np.uint16)
    for flag, condition in conditions:
        flags[condition] |= np.uint16(flag)
    return flags


def confirm_clipping(
    flags: FlagArray, block: Float32Array, means: Float64Array, full_scale: Float64Array
) -> None:
    """Take CLIPPED back where no three consecutive samples stand at one rail.

    A single sample there is a peak that just fits. Only the rows that reach a rail are looked at.

    Parameters
    ----------
    flags : FlagArray [shape=(rows,)]
        Changed in place.
    block : Float32Array [shape=(rows, window_length)]
        Mean removed.
    means, full_scale : Float64Array [shape=(rows,)]
    """
    for row in np.flatnonzero(flags & np.uint16(QualityFlag.CLIPPED)):
        rail = CLIPPED_FRACTION * full_scale[row]
        at_rails = (block[row] >= rail - means[row], block[row] <= -rail - means[row])
        if not any((at[:-2] & at[1:-1] & at[2:]).any() for at in at_rails):
            flags[row] &= ~np.uint16(QualityFlag.CLIPPED)


def null_out(values: Float64Array, flags: FlagArray, length: int) -> Float32Array:
    """Return the values as stored: float32, NaN wherever there is no value.

    Parameters
    ----------
    values : Float64Array [shape=(rows, features)]
        First column is the mean, which a constant window keeps. Overwritten.
    flags : FlagArray [shape=(rows,)]
    length : int
        Samples per window.

    Returns
    -------
    Float32Array [shape=(rows, features)]
    """
    unusable = (flags & np.uint16(_UNUSABLE)) != 0
    values[unusable | (length < MIN_SAMPLES)] = np.nan
    values[(flags & np.uint16(QualityFlag.CONSTANT)) != 0, 1:] = np.nan
    values[~np.isfinite(values)] = np.nan
    return values.astype(np.float32)


def flag_undefined(expected: Float32Array, flags: FlagArray, length: int) -> None:
    """Set UNDEFINED where a feature is null that every window has, and nothing else says why.

    Parameters
    ----------
    expected : Float32Array [shape=(rows, features)]
        Those of the features that neither rate nor length rules out.
    flags : FlagArray [shape=(rows,)]
        Changed in place.
    length : int
        Samples per window.
    """
    explained = (flags & np.uint16(_UNUSABLE | QualityFlag.CONSTANT)) != 0
    undefined = np.isnan(expected).any(axis=-1) & ~explained & (length >= MIN_SAMPLES)
    flags[undefined] |= np.uint16(QualityFlag.UNDEFINED)
