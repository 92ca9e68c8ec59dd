"""Statistics of hops that merge into statistics of windows.

Count, mean, central moments, minimum and maximum of disjoint parts combine exactly
(Chan, Golub & LeVeque 1983; Pébay 2008), so a sample is touched once however many
windows it belongs to. Accumulated in float64, each hop about its own mean.
"""

import math
from typing import NamedTuple

import numpy as np

from kurto_dsp.arrays import Float32Array, Float64Array
from kurto_dsp.compiled import compiled

COUNT, MEAN, M2, M3, M4, MINIMUM, MAXIMUM = range(7)
"""Rows of a statistics matrix; M2, M3, M4 are *sums* of powers of deviations."""

STATISTIC_COUNT = 7


class Statistics(NamedTuple):
    """The statistics of one row of samples, in the order of a statistics matrix."""

    sample_count: float
    mean: float
    m2: float
    m3: float
    m4: float
    minimum: float
    maximum: float

    @property
    def rms(self) -> float:
        """Root mean square about the mean."""
        return math.sqrt(self.m2 / self.sample_count)


def hop_statistics(samples: Float32Array) -> Float64Array:
    """Return the statistics of one hop of each channel.

    Parameters
    ----------
    samples : Float32Array [shape=(channels, n)], n >= 1
        Non-finite samples give a non-finite mean, without a warning.

    Returns
    -------
    Float64Array [shape=(channels, 7)]
        Columns COUNT, MEAN, M2, M3, M4, MINIMUM, MAXIMUM. Each channel's result is
        independent of the other channels, bit for bit.
    """
    # Read-only or strided samples would be compiled for once more.
    rows = samples if samples.flags.carray else samples.copy()
    statistics = np.empty((len(rows), STATISTIC_COUNT))
    gather = compiled(gather_moments)
    for row, its in zip(rows, statistics, strict=True):
        gather(row, its)
    np.minimum.reduce(rows, axis=-1, out=statistics[:, MINIMUM])
    np.maximum.reduce(rows, axis=-1, out=statistics[:, MAXIMUM])
    return statistics


def gather_moments(row: Float32Array, statistics: Float64Array) -> None:
    """Write the count, the mean and the sums of powers of deviations of one row.

    Parameters
    ----------
    row : Float32Array [shape=(n,)], n >= 1
    statistics : Float64Array [shape=(7,)]
        Its columns COUNT to M4 are overwritten.
    """
    total = 0.0
    for k in range(len(row)):  # over places: the compiler makes no vectors of an iterator
        total += np.float64(row[k])
    mean = total / len(row)
    total2 = total3 = total4 = 0.0
    for k in range(len(row)):
        deviation = np.float64(row[k]) - mean
        square = deviation * deviation
        total2 += square
        total3 += square * deviation
        total4 += square * square
    statistics[COUNT], statistics[MEAN] = len(row), mean
    statistics[M2], statistics[M3], statistics[M4] = total2, total3, total4


def merge_statistics(parts: Float64Array) -> Statistics:
    """Return the statistics of the union of disjoint parts of one row.

    Parameters
    ----------
    parts : Float64Array [shape=(7, parts)]
        Statistics of each part, oldest first. Not finite ones give a mean that is not.
    """
    merged = np.empty(STATISTIC_COUNT)
    compiled(merge_moments)(np.require(parts, np.float64, ["C", "W", "A"]), merged)
    return Statistics(*merged.tolist())


def merge_moments(parts: Float64Array, merged: Float64Array) -> None:
    """Merge disjoint parts of one row.

    Parameters
    ----------
    parts : Float64Array [shape=(7, parts)]
    merged : Float64Array [shape=(7,)]
        Overwritten.
    """
    counts, means = parts[COUNT], parts[MEAN]
    count = total = 0.0
    for k in range(len(counts)):
        count += counts[k]
        total += counts[k] * means[k]
    mean = total / count
    total2 = total3 = total4 = 0.0
    for k in range(len(counts)):
        shift = means[k] - mean
        square = shift * shift
        spread = counts[k] * square
        m2, m3 = parts[M2, k], parts[M3, k]
        total2 += m2 + spread
        total3 += m3 + shift * (3.0 * m2 + spread)
        total4 += parts[M4, k] + 4.0 * shift * m3 + square * (6.0 * m2 + spread)
    merged[COUNT], merged[MEAN] = count, mean
    merged[M2], merged[M3], merged[M4] = total2, total3, total4
    merged[MINIMUM], merged[MAXIMUM] = parts[MINIMUM].min(), parts[MAXIMUM].max()


def time_features(statistics: Statistics) -> list[float]:
    """Return mean, RMS, peak, peak-to-peak, crest factor, kurtosis and skewness.

    Parameters
    ----------
    statistics : Statistics
        Of a row that is finite and not constant.
    """
    count, mean, m2, m3, m4, low, high = statistics
    rms = statistics.rms
    peak = max(high - mean, mean - low)
    kurtosis = count * m4 / (m2 * m2)
    skewness = math.sqrt(count) * m3 / (m2 * math.sqrt(m2))
    return [mean, rms, peak, high - low, peak / rms, kurtosis, skewness]
