"""Shape of a power spectrum: where it lies, how wide it is, how evenly it is filled."""

import math
from typing import NamedTuple

import numpy as np

from kurto_dsp.arrays import Float32Array
from kurto_dsp.compiled import compiled
from kurto_dsp.line_sums import FIRST_LINE, LineSums

SMALLEST_SHARE = 1e-30
"""Stands for an empty line, whose logarithm has no value: -69 instead."""


class SpectralShape(NamedTuple):
    """Centroid and bandwidth in hertz, entropy and flatness as ratios."""

    centroid_hz: float
    bandwidth_hz: float
    entropy: float
    flatness: float


class ShapeOfLines:
    """Computes the shape of spectra of one length, with a buffer of its own.

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
        self._count = line_count - FIRST_LINE
        self._logarithms = np.empty(line_count, np.float32)
        self._add = compiled(add_spread)

    def of(self, powers: Float32Array, sums: LineSums, *, resolution_hz: float) -> SpectralShape:
        """Return the shape of the lines from 3/T up.

        Parameters
        ----------
        powers : Float32Array [shape=(line_count,)]
            In any unit.
        sums : LineSums
            Theirs, with a power above 0.
        resolution_hz : float
            Distance of two lines.
        """
        np.log(powers, out=self._logarithms)
        centre = sums.moment / sums.power
        # A line over the mean of all lines has the logarithm ln p + offset.
        offset = math.log(self._count / sums.power)
        least = np.float32(math.log(SMALLEST_SHARE) - offset)
        spread, logarithms, weighted = self._add(powers, self._logarithms, centre, least)
        return SpectralShape(
            centre * resolution_hz,
            math.sqrt(spread / sums.power) * resolution_hz,
            1.0 - (weighted / sums.power + offset) / math.log(self._count),
            math.exp(logarithms / self._count + offset),
        )


def add_spread(
    powers: Float32Array, logarithms: Float32Array, centre: float, least: np.float32
) -> tuple[float, float, float]:
    """Return Σ p·(k - centre)², Σ ln p and Σ p·ln p over the lines k from 3/T up.

    Parameters
    ----------
    powers, logarithms : Float32Array [shape=(lines,)]
        p, and ln p.
    centre : float
        In lines.
    least : np.float32
        Stands for logarithms below it.
    """
    # Over places from 0: from another beginning on, the compiler makes no vectors.
    upper, logarithms = powers[FIRST_LINE:], logarithms[FIRST_LINE:]
    spread = sum_of_logarithms = weighted = 0.0
    for k in range(len(upper)):
        power, logarithm = np.float64(upper[k]), np.float64(max(logarithms[k], least))
        distance = np.float64(k) + (FIRST_LINE - centre)
        spread += power * distance * distance
        sum_of_logarithms += logarithm
        weighted += power * logarithm
    return spread, sum_of_logarithms, weighted
