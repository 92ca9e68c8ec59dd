"""Shape of a power spectrum: where it lies, how wide it is, how evenly it is filled."""

import math
from typing import NamedTuple

import numpy as np

from kurto_dsp.arrays import Float32Array
from kurto_dsp.run_sums import inner, padded_zeros, total

FIRST_LINE = 3
"""Lines below 3/T belong to the main lobe of the mean and of slow drift."""

SMALLEST_SHARE = np.float32(1e-30)
"""Stands for an empty line, whose logarithm has no value: -69 instead."""


class SpectralShape(NamedTuple):
    """Centroid and bandwidth in hertz, entropy and flatness as ratios."""

    centroid_hz: float
    bandwidth_hz: float
    entropy: float
    flatness: float


class ShapeOfLines:
    """Computes the shape of spectra of one length, with buffers of its own.

    With p a line's part of their power and K their number: the centroid is the mean frequency
    Σ f·p and the bandwidth the standard deviation √(Σ (f - centroid)²·p); entropy is
    -Σ p·ln p / ln K, 0 for a single line and 1 for equal lines; flatness is the geometric mean
    of the lines over their arithmetic mean.

    Parameters
    ----------
    line_count : int > 4
        Lines of the spectra, from line 0.
    """

    def __init__(self, line_count: int) -> None:
        self._count = count = line_count - FIRST_LINE
        self._offsets, self._shares = padded_zeros(count), padded_zeros(count)
        self._distances, self._terms = padded_zeros(count), padded_zeros(count)
        self._offsets[:count] = np.arange(count)

    def shape(self, powers: Float32Array, *, power: float, resolution_hz: float) -> SpectralShape:
        """Return the shape of the lines from 3/T up.

        Parameters
        ----------
        powers : Float32Array [shape=(line_count,)]
            In any unit.
        power : float > 0
            Sum of the lines from 3/T up.
        resolution_hz : float
            Distance of two lines.
        """
        shares = self._shares[: self._count]
        np.multiply(powers[FIRST_LINE:], np.float32(self._count / power), out=shares)
        centre, variance = self._first_moments()
        entropy, flatness = self._evenness()
        return SpectralShape(
            (FIRST_LINE + centre) * resolution_hz,
            math.sqrt(variance) * resolution_hz,
            entropy,
            flatness,
        )

    def _first_moments(self) -> tuple[float, float]:
        """Return mean and variance of the offset, weighted by the shares, whose mean is 1.

        About a whole number next to the mean: its differences from the offsets are exact, so a
        narrow spectrum far up keeps its width.
        """
        near = round(inner(self._shares, self._offsets) / self._count)
        np.subtract(self._offsets, np.float32(near), out=self._distances)
        np.multiply(self._shares, self._distances, out=self._terms)
        shift = total(self._terms) / self._count
        square = inner(self._terms, self._distances) / self._count
        return near + shift, max(0.0, square - shift * shift)

    def _evenness(self) -> tuple[float, float]:
        """Return entropy and flatness; overwrites the shares, whose mean is 1."""
        shares, logarithms = self._shares[: self._count], self._terms[: self._count]
        if shares.min() < SMALLEST_SHARE:
            np.maximum(shares, SMALLEST_SHARE, out=shares)
        np.log(shares, out=logarithms)
        flatness = math.exp(total(self._terms) / self._count)
        # Σ p·ln p with p = share / K is Σ share·ln(share) / K - ln K.
        weighted = inner(self._terms, self._shares) / self._count
        return 1.0 - weighted / math.log(self._count), flatness
