"""ALARM and TRIP limits that follow from zone boundaries and a machine's own baseline."""

import math
from dataclasses import dataclass

from kurto_dsp.condition.iso_tables import VibrationQuantity, ZoneTable
from kurto_dsp.exceptions import ParameterError

ALARM_MARGIN = 0.25
"""Part of the B/C boundary that an ALARM stands above the baseline."""

LIMIT_CAP = 1.25
"""ALARM is at most 1.25·(B/C) and TRIP at most 1.25·(C/D)."""

SIGNIFICANT_CHANGE = 0.25
"""A change up or down by this part of B/C is significant, whatever the zone."""


@dataclass(frozen=True, slots=True)
class OperatingLimits:
    """Limits of one quantity.

    Parameters
    ----------
    quantity : VibrationQuantity
    alarm : float
        With a baseline: baseline + 0.25·(B/C), at most 1.25·(B/C). Without: B/C, for a WARNING.
    trip : float
        With a baseline: 1.25·(C/D), the highest that is allowed. Without: C/D, for a CRITICAL.
    significant_change : float
        Rise or fall against the baseline that asks for attention: 0.25·(B/C).
    baseline : float or None
    edition : str
        Where the boundaries come from.
    """

    quantity: VibrationQuantity
    alarm: float
    trip: float
    significant_change: float
    baseline: float | None
    edition: str


def operating_limits(
    table: ZoneTable,
    *,
    quantity: VibrationQuantity = VibrationQuantity.VELOCITY,
    baseline: float | None = None,
) -> OperatingLimits:
    """Return the limits for a machine.

    Parameters
    ----------
    table : ZoneTable
        From `machine_table` or `iso_10816_1_table`.
    quantity : VibrationQuantity
    baseline : float, optional
        The machine's normal value at this point, mm/s or µm RMS.

    Raises
    ------
    ParameterError
        When the table has no limits for the quantity, or the baseline is not a finite RMS.

    Examples
    --------
    >>> from kurto_dsp.condition import MachineGroup, Support, iso_10816_3_table
    >>> table = iso_10816_3_table(MachineGroup.GROUP_2, Support.RIGID)
    >>> limits = operating_limits(table, baseline=2.9)
    >>> limits.alarm, limits.trip
    (3.5, 5.625)
    """
    boundaries = table.boundaries(quantity)
    if boundaries is None:
        raise ParameterError(f"{table.edition} has no limits for {quantity.value}: use velocity")
    if baseline is not None and not (math.isfinite(baseline) and baseline >= 0.0):
        raise ParameterError(f"baseline must be a finite RMS of at least 0, got {baseline!r}")
    alarm, trip = boundaries.b_c, boundaries.c_d
    if baseline is not None:
        alarm = min(baseline + ALARM_MARGIN * boundaries.b_c, LIMIT_CAP * boundaries.b_c)
        trip = LIMIT_CAP * boundaries.c_d
    return OperatingLimits(
        quantity=quantity,
        alarm=alarm,
        trip=trip,
        significant_change=SIGNIFICANT_CHANGE * boundaries.b_c,
        baseline=baseline,
        edition=table.edition,
    )
