"""Statistics of hops that merge into statistics of windows.

Count, mean, central moments, minimum and maximum of disjoint parts combine exactly
(Chan, Golub & LeVeque 1983; Pébay 2008), so a sample is touched once however many
windows it belongs to. Accumulated in float64, each hop about its own mean.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kurto_dsp.arrays import Float32Array, Float64Array

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
    statistics = np.empty((samples.shape[0], STATISTIC_COUNT))
    # Converted once: a cast inside a reduction would go through a buffer whose seams
    # depend on the number of rows, and so would the rounding.
    deviation = samples.astype(np.float64, order="C")
    with np.errstate(all="ignore"):
        mean = np.add.reduce(deviation, axis=-1) / samples.shape[1]
        deviation -= mean[:, np.newaxis]
        square = deviation * deviation
        np.add.reduce(square, axis=-1, out=statistics[:, M2])
        np.einsum("ij,ij->i", deviation, square, out=statistics[:, M3])
        np.einsum("ij,ij->i", square, square, out=statistics[:, M4])
        statistics[:, MINIMUM] = np.minimum.reduce(samples, axis=-1)
        statistics[:, MAXIMUM] = np.maximum.reduce(samples, axis=-1)
    statistics[:, COUNT] = samples.shape[1]
    statistics[:, MEAN] = mean
    return statistics


def merged_mean(counts: Sequence[float], means: Sequence[float]) -> float:
    """Return the mean over all parts: the first step of `merge_statistics`."""
    return sum(map(float.__mul__, counts, means)) / sum(counts)


def merge_statistics(parts: Sequence[Sequence[float]]) -> Statistics:
    """Return the statistics of the union of disjoint parts of one row, oldest first.

    Plain arithmetic: ten parts are too few for arrays to be quicker.

    Parameters
    ----------
    parts : seven sequences of float
        Each holds one of the statistics of all parts. Not finite ones give a mean that is not.
    """
    counts, means, m2s, m3s, m4s, lows, highs = parts
    mean = merged_mean(counts, means)
    total2 = total3 = total4 = 0.0
    for count, part_mean, m2, m3, m4 in zip(counts, means, m2s, m3s, m4s, strict=True):
        shift = part_mean - mean
        square = shift * shift
        spread = count * square
        total2 += m2 + spread
        total3 += m3 + shift * (3.0 * m2 + spread)
        total4 += m4 + 4.0 * shift * m3 + square * (6.0 * m2 + spread)
    return Statistics(sum(counts), mean, total2, total3, total4, min(lows), max(highs))


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
