"""Sums over the line powers of one spectrum, each added up in float64 in one pass."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kurto_dsp.arrays import Float32Array, Float64Array, IndexArray
from kurto_dsp.compiled import compiled

FIRST_LINE = 3
"""Lines below 3/T belong to the main lobe of the mean and of slow drift."""


class LineSums(NamedTuple):
    """What the features of a spectrum are made of.

    Parameters
    ----------
    power : float
        Sum of the lines from 3/T up.
    moment : float
        Sum of the same lines times their numbers.
    velocity, displacement : float
        Sums of the lines of the velocity over (2πf)² and (2πf)⁴; 0 when there are none.
    bands : list of float
        Sum of the lines of each band.
    """

    power: float
    moment: float
    velocity: float
    displacement: float
    bands: list[float]


class LineSummation:
    """Sums the lines of spectra that have the same bands.

    Parameters
    ----------
    bands : sequence of slice
        Lines of each band; none for a band without lines.
    velocity_lines : slice
        Lines that count for the velocity.
    squared_periods : Float32Array
        1/(2πf)² of each of them.
    """

    def __init__(
        self, bands: Sequence[slice], velocity_lines: slice, squared_periods: Float32Array
    ) -> None:
        edges = [(lines.start or 0, lines.stop or 0) for lines in (velocity_lines, *bands)]
        self._edges = np.array(edges, np.int64)
        self._squared_periods = np.require(squared_periods, requirements=["C", "W", "A"])
        self._sums = np.empty(4 + len(bands))
        self._add = compiled(add_lines)

    def of(self, powers: Float32Array) -> LineSums:
        """Return the sums of a spectrum [shape=(lines,)], in the unit of its lines."""
        self._add(powers, self._edges, self._squared_periods, self._sums)
        power, moment, velocity, displacement, *bands = self._sums.tolist()
        return LineSums(power, moment, velocity, displacement, bands)


def add_lines(
    powers: Float32Array, edges: IndexArray, squared_periods: Float32Array, sums: Float64Array
) -> None:
    """Write the sums of the lines from 3/T up, of the velocity's and of each band's.

    Parameters
    ----------
    powers : Float32Array [shape=(lines,)]
    edges : IndexArray [shape=(1 + bands, 2)]
        First line and the one after the last, of the velocity and of each band.
    squared_periods : Float32Array [shape=(lines of the velocity,)]
    sums : Float64Array [shape=(4 + bands,)]
        Overwritten.
    """
    # Over places from 0: from another beginning on, the compiler makes no vectors.
    power = moment = velocity = displacement = 0.0
    upper = powers[FIRST_LINE:]
    for k in range(len(upper)):
        line = np.float64(upper[k])
        power += line
        moment += line * np.float64(k)
    of_velocity = powers[edges[0, 0] :]
    for k in range(len(squared_periods)):
        squared_period = np.float64(squared_periods[k])
        line = np.float64(of_velocity[k]) * squared_period
        velocity += line
        displacement += line * squared_period
    sums[0], sums[1], sums[2], sums[3] = power, moment + FIRST_LINE * power, velocity, displacement
    for band in range(1, len(edges)):
        inside = powers[edges[band, 0] : edges[band, 1]]
        total = 0.0
        for k in range(len(inside)):
            total += np.float64(inside[k])
        sums[3 + band] = total
