"""Statistics of hops that merge into statistics of windows.

Count, mean, central moments, minimum and maximum of disjoint parts combine exactly
(Chan, Golub & LeVeque 1983; Pébay 2008), so a sample is touched once however many
windows it belongs to. Accumulated in float64, each hop about its own mean.
"""

import numpy as np

from kurto_dsp.arrays import Float32Array, Float64Array

COUNT, MEAN, M2, M3, M4, MINIMUM, MAXIMUM = range(7)
"""Rows of a statistics matrix; M2, M3, M4 are *sums* of powers of deviations."""

STATISTIC_COUNT = 7


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
        deviation *= square
        np.add.reduce(deviation, axis=-1, out=statistics[:, M3])
        square *= square
        np.add.reduce(square, axis=-1, out=statistics[:, M4])
        statistics[:, MINIMUM] = np.minimum.reduce(samples, axis=-1)
        statistics[:, MAXIMUM] = np.maximum.reduce(samples, axis=-1)
    statistics[:, COUNT] = samples.shape[1]
    statistics[:, MEAN] = mean
    return statistics


def merged_mean(parts: Float64Array) -> Float64Array:
    """Return the mean over all parts of each row: the first step of `merge_statistics`.

    Parameters
    ----------
    parts : Float64Array [shape=(rows, 7, parts)]

    Returns
    -------
    Float64Array [shape=(rows,)]
    """
    with np.errstate(all="ignore"):
        weighted = np.add.reduce(parts[:, COUNT] * parts[:, MEAN], axis=-1)
        mean: Float64Array = weighted / np.add.reduce(parts[:, COUNT], axis=-1)
    return mean


def merge_statistics(parts: Float64Array) -> Float64Array:
    """Return the statistics of the union of disjoint parts, oldest first.

    Parameters
    ----------
    parts : Float64Array [shape=(rows, 7, parts)]

    Returns
    -------
    Float64Array [shape=(rows, 7)]
    """
    merged = np.empty(parts.shape[:2])
    count = parts[:, COUNT]
    mean = merged_mean(parts)
    with np.errstate(all="ignore"):
        shift = parts[:, MEAN] - mean[:, np.newaxis]
        m2, m3, m4 = parts[:, M2], parts[:, M3], parts[:, M4]
        square = shift * shift
        merged[:, M2] = np.add.reduce(m2 + count * square, axis=-1)
        merged[:, M3] = np.add.reduce(m3 + shift * (3.0 * m2 + count * square), axis=-1)
        merged[:, M4] = np.add.reduce(
            m4 + 4.0 * shift * m3 + square * (6.0 * m2 + count * square), axis=-1
        )
        merged[:, MINIMUM] = np.minimum.reduce(parts[:, MINIMUM], axis=-1)
        merged[:, MAXIMUM] = np.maximum.reduce(parts[:, MAXIMUM], axis=-1)
    merged[:, COUNT] = np.add.reduce(count, axis=-1)
    merged[:, MEAN] = mean
    return merged


def time_features(statistics: Float64Array) -> list[Float64Array]:
    """Return mean, RMS, peak, peak-to-peak, crest factor, kurtosis and skewness.

    Parameters
    ----------
    statistics : Float64Array [shape=(rows, 7)]
        As from `merge_statistics`.

    Returns
    -------
    list of seven Float64Array [shape=(rows,)]
    """
    count, mean, m2, m3, m4, low, high = statistics.T
    rms = np.sqrt(m2 / count)
    peak = np.maximum(high - mean, mean - low)
    kurtosis = count * m4 / (m2 * m2)
    skewness = np.sqrt(count) * m3 / (m2 * np.sqrt(m2))
    return [mean, rms, peak, high - low, peak / rms, kurtosis, skewness]
