"""Velocity and displacement spectra: lines of acceleration divided by 2πf, once or twice."""

from enum import StrEnum

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.spectrum import SpectrumKind
from kurto_dsp.units import AccelerationUnit

FIRST_LINE = 3
"""Lines below 3/T hold the mean and slow drift, which division by 2πf would blow up."""

MM_PER_M = 1e3
UM_PER_M = 1e6


class Motion(StrEnum):
    """Which motion a spectrum of acceleration samples shows."""

    ACCELERATION = "acceleration"
    """In the samples' unit."""
    VELOCITY = "velocity"
    """In mm/s; faults of all speeds weigh alike between about 10 and 1000 Hz."""
    DISPLACEMENT = "displacement"
    """In µm ("um"); what is slow weighs most."""

    def unit(self, kind: SpectrumKind, acceleration_unit: AccelerationUnit) -> str:
        """Return the unit of the values, such as "mm/s" or "um2/Hz"."""
        if self is Motion.ACCELERATION:
            return kind.unit(acceleration_unit)
        amplitude, square = ("mm/s", "(mm/s)2") if self is Motion.VELOCITY else ("um", "um2")
        return f"{square}/Hz" if kind is SpectrumKind.POWER_DENSITY else amplitude


def integrate_lines(
    values: Float64Array,
    frequencies_hz: Float64Array,
    *,
    motion: Motion,
    kind: SpectrumKind,
    unit: AccelerationUnit,
) -> Float64Array:
    """Return the lines of a Hann spectrum of acceleration as lines of another motion.

    Parameters
    ----------
    values : Float64Array [shape=(channels, lines)]
    frequencies_hz : Float64Array [shape=(lines,)]
        From 0.
    motion : Motion
    kind : SpectrumKind
        A power density is divided by the square.
    unit : AccelerationUnit
        Of the acceleration.

    Returns
    -------
    Float64Array [shape=(channels, lines)]
        NaN in the first three lines, unless the motion is acceleration.
    """
    if motion is Motion.ACCELERATION:
        return values
    angular = 2.0 * np.pi * frequencies_hz[FIRST_LINE:]
    gain = unit.in_mps2 * (
        MM_PER_M / angular if motion is Motion.VELOCITY else UM_PER_M / (angular * angular)
    )
    if kind is SpectrumKind.POWER_DENSITY:
        gain = gain * gain
    integrated = np.full(values.shape, np.nan)
    integrated[:, FIRST_LINE:] = values[:, FIRST_LINE:] * gain
    return integrated
