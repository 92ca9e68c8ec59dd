"""Shape of a power spectrum: where it lies, how wide it is, how evenly it is filled."""

import numpy as np

from kurto_dsp.arrays import Float32Array, Float64Array

FIRST_LINE = 3
"""Lines below 3/T belong to the main lobe of the mean and of slow drift."""

SMALLEST_SHARE = np.float32(1e-30)
"""Stands for an empty line, whose logarithm has no value: -69 instead."""


def spectral_shape(powers: Float32Array, resolution_hz: float) -> Float64Array:
    """Return total, centroid, bandwidth, entropy and flatness of the lines from 3/T up.

    With p a line's part of their power and K their number: the centroid is the mean frequency
    Σ f·p and the bandwidth the standard deviation √(Σ (f - centroid)²·p); entropy is
    -Σ p·ln p / ln K, 0 for a single line and 1 for equal lines; flatness is the geometric mean
    of the lines over their arithmetic mean.

    Parameters
    ----------
    powers : Float32Array [shape=(rows, lines)], lines > 4
        In any unit.
    resolution_hz : float
        Distance of two lines.

    Returns
    -------
    Float64Array [shape=(5, rows)]
        The total in the unit of `powers`, two frequencies in hertz, two ratios. Each row's
        result is independent of the other rows, bit for bit.
    """
    shape = np.empty((5, len(powers)))
    count = powers.shape[1] - FIRST_LINE
    offsets = np.arange(count, dtype=np.float32)
    for row, line_powers in enumerate(powers):
        considered = line_powers[FIRST_LINE:]
        total = np.add.reduce(considered)
        shares = considered * (np.float32(count) / total)
        centre, variance = _first_moments(shares, offsets)
        shape[0, row] = total
        shape[1, row] = (FIRST_LINE + centre) * resolution_hz
        shape[2, row] = np.sqrt(variance) * resolution_hz
        shape[3:, row] = _evenness(shares)
    return shape


def _first_moments(shares: Float32Array, offsets: Float32Array) -> tuple[float, float]:
    """Return mean and variance of the offset, weighted by the shares, whose mean is 1.

    About a whole number next to the mean: its differences from the offsets are exact, so a
    narrow spectrum far up keeps its width.
    """
    count = len(shares)
    weighted = shares * offsets
    near = np.rint(np.add.reduce(weighted) / np.float32(count))
    distance = offsets - near
    np.multiply(shares, distance, out=weighted)
    shift = float(np.add.reduce(weighted)) / count
    weighted *= distance
    square = float(np.add.reduce(weighted)) / count
    return float(near) + shift, max(0.0, square - shift * shift)


def _evenness(shares: Float32Array) -> tuple[float, float]:
    """Return entropy and flatness; `shares` have a mean of 1 and are overwritten."""
    count = len(shares)
    np.maximum(shares, SMALLEST_SHARE, out=shares)
    logarithms = np.log(shares)
    flatness = np.exp(float(np.add.reduce(logarithms)) / count)
    logarithms *= shares
    # Σ p·ln p with p = share / K is Σ share·ln(share) / K - ln K.
    entropy = 1.0 - float(np.add.reduce(logarithms)) / (count * np.log(count))
    return entropy, float(flatness)
