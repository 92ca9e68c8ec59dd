"""Grading of broadband vibration by ISO zones, and the limits that follow from them.

Grading never guesses: what the standard does not cover is refused with a reason.

References
----------
ISO 10816-3:2009, Mechanical vibration: evaluation of machine vibration by measurements on
non-rotating parts, part 3; ISO 20816-3:2022; ISO 10816-1:1995.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.condition.iso_machines import GradingRefusedError, RefusalReason
from kurto_dsp.condition.iso_tables import VibrationQuantity, ZoneBoundaries, ZoneTable

SLOW_SHAFT_RPM = 720.0
"""Below it a velocity measured from 10 Hz up can miss the shaft's own line."""

_WIDE_BAND_EDGE_HZ = 2.0
_UNIT_NAMES = {
    "mm/s": VibrationQuantity.VELOCITY,
    "um": VibrationQuantity.DISPLACEMENT,
    "µm": VibrationQuantity.DISPLACEMENT,  # micro sign
    "μm": VibrationQuantity.DISPLACEMENT,  # Greek letter, typed as often
}


_Position = tuple[int, float]  # number of the zone, value relative to the boundary above it


class Zone(StrEnum):
    """Evaluation zones, best first."""

    A = "A"
    """Newly commissioned machines."""
    B = "B"
    """Fit for unrestricted long-term operation."""
    C = "C"
    """Not fit for continuous operation: for a limited time, until it can be repaired."""
    D = "D"
    """Severe enough to cause damage."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value.

    Parameters
    ----------
    value : float
        RMS; NaN where there is none.
    unit : str or None
        "mm/s" for velocity, "um" or "µm" for displacement.
    point : str
        Measuring point and direction, for people.
    low_edge_hz : float
        Lower edge of the band that was measured.
    """

    value: float
    unit: str | None
    point: str = ""
    low_edge_hz: float = 10.0


@dataclass(frozen=True, slots=True)
class ZoneGrade:
    """The zone of a machine: that of its worst reading.

    Parameters
    ----------
    zone : Zone
    worst : Reading
        The reading that decided; of several in one zone the one highest within it.
    quantity : VibrationQuantity
        What `worst` measured.
    table : ZoneTable
        The limits it was held against, with their edition.
    remarks : tuple of str
        What limits the grade's worth: points without a value, unknown or slow shafts.
    """

    zone: Zone
    worst: Reading
    quantity: VibrationQuantity
    table: ZoneTable
    remarks: tuple[str, ...] = ()


def grade(
    readings: Sequence[Reading], table: ZoneTable, *, speed_rpm: float | None = None
) -> ZoneGrade:
    """Return the zone of a machine from all its points, velocities and displacements.

    Parameters
    ----------
    readings : sequence of Reading
        In steady state. Those without a value (NaN) are left out, with a remark.
    table : ZoneTable
        From `machine_table` or, for its classes, `iso_10816_1_table`.
    speed_rpm : float, optional
        Speed of the shaft, revolutions per minute.

    Raises
    ------
    GradingRefusedError
        When a unit is missing or unknown, no value is left, a value is negative or infinite, the
        table has no limits for a displacement, or the speed is outside the table's range.

    Examples
    --------
    >>> from kurto_dsp.condition import Machine, MachineGroup, Support, machine_table
    >>> machine = Machine(MachineGroup.GROUP_2, Support.RIGID)
    >>> readings = [Reading(2.8, "mm/s", "drive end"), Reading(46.0, "um", "drive end")]
    >>> grade(readings, machine_table(machine), speed_rpm=1480).zone
    <Zone.C: 'C'>
    """
    remarks = _speed_remarks(readings, table, speed_rpm)
    graded: list[tuple[_Position, Reading, VibrationQuantity]] = []
    for reading in readings:
        quantity = _quantity(reading)
        position = _position(reading, quantity, table)
        if position is None:
            remarks.append(f"{reading.point or 'a point'} has no {quantity.value} and is left out")
        else:
            graded.append((position, reading, quantity))
    if not graded:
        raise GradingRefusedError(
            RefusalReason.NO_VALUE, "no reading has a value: measure at least one bearing housing"
        )
    position, worst, quantity = max(graded, key=lambda entry: entry[0])
    return ZoneGrade(tuple(Zone)[position[0]], worst, quantity, table, tuple(remarks))


def _quantity(reading: Reading) -> VibrationQuantity:
    if not reading.unit:
        raise GradingRefusedError(
            RefusalReason.UNIT_MISSING,
            f"{reading.point or 'a reading'} has no unit: give mm/s (velocity) or um "
            "(displacement)",
        )
    quantity = _UNIT_NAMES.get(reading.unit)
    if quantity is None:
        raise GradingRefusedError(
            RefusalReason.UNIT_UNKNOWN,
            f"limits are stated in mm/s RMS and um RMS, got {reading.unit!r}: convert it",
        )
    return quantity


def _position(reading: Reading, quantity: VibrationQuantity, table: ZoneTable) -> _Position | None:
    boundaries = table.boundaries(quantity)
    if boundaries is None:
        raise GradingRefusedError(
            RefusalReason.NO_LIMITS,
            f"{table.edition} has no limits for {quantity.value}: give the velocity in mm/s",
        )
    value = reading.value
    if math.isnan(value):
        return None
    if value < 0.0 or math.isinf(value):
        raise GradingRefusedError(
            RefusalReason.VALUE_IMPOSSIBLE,
            f"an RMS is finite and not negative, got {value!r} {quantity.unit}",
        )
    return _place(value, boundaries)


def _place(value: float, boundaries: ZoneBoundaries) -> _Position:
    for zone, upper in enumerate((boundaries.a_b, boundaries.b_c, boundaries.c_d)):
        if value <= upper:  # a value on the boundary belongs to the lower zone
            return zone, value / upper
    return 3, value / boundaries.c_d


def zone_place(values: Float64Array, boundaries: ZoneBoundaries) -> Float64Array:
    """Return where values lie among the zones: 1 on A/B, 2 on B/C, 3 on C/D, lines between.

    Parameters
    ----------
    values : Float64Array
        RMS >= 0 in the unit of the boundaries; NaN for null.

    Returns
    -------
    Float64Array [same shape]
        From 0; beyond C/D the line between B/C and C/D goes on. NaN for null.

    Examples
    --------
    >>> zone_place(np.array([1.4, 2.1, 2.8, 4.5, 6.2]), ZoneBoundaries(1.4, 2.8, 4.5)).tolist()
    [1.0, 1.5, 2.0, 3.0, 4.0]
    """
    corners = (0.0, boundaries.a_b, boundaries.b_c, boundaries.c_d)
    beyond = 3.0 + (values - boundaries.c_d) / (boundaries.c_d - boundaries.b_c)
    inside = np.interp(values, corners, (0.0, 1.0, 2.0, 3.0))
    return np.where(values > boundaries.c_d, beyond, inside)


def _speed_remarks(
    readings: Sequence[Reading], table: ZoneTable, speed_rpm: float | None
) -> list[str]:
    if speed_rpm is None:
        return ["the speed is not known, so that its range is not checked"]
    slowest, fastest = table.speed_range_rpm
    if not slowest <= speed_rpm <= fastest:  # NaN is outside too
        raise GradingRefusedError(
            RefusalReason.SPEED_OUTSIDE_RANGE,
            f"{table.edition} is for {slowest:g} to {fastest:g} r/min, got {speed_rpm:g}",
        )
    narrow = any(reading.low_edge_hz > _WIDE_BAND_EDGE_HZ for reading in readings)
    if speed_rpm < SLOW_SHAFT_RPM and narrow:
        return ["below 720 r/min the shaft's own line lies under 10 Hz: measure from 2 Hz up"]
    return []
