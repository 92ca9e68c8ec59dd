"""Which machines ISO 10816-3 grades, and why it does not grade the others."""

from dataclasses import dataclass
from enum import StrEnum

from kurto_dsp.condition.iso_tables import MachineGroup, Support, ZoneTable, iso_10816_3_table
from kurto_dsp.exceptions import ParameterError

_MIN_POWER_KW, _GROUP_POWER_KW, _MAX_POWER_KW = 15.0, 300.0, 50_000.0
_MIN_HEIGHT_MM, _GROUP_HEIGHT_MM = 160.0, 315.0


class MachineKind(StrEnum):
    """Kinds of machine that standards tell apart."""

    INDUSTRIAL = "industrial"
    """Motors, generators, fans, compressors, turbines, gearboxes: ISO 10816-3."""
    PUMP = "pump"
    """Rotodynamic pumps: ISO 10816-7."""
    RECIPROCATING = "reciprocating"
    """Machines with pistons: ISO 10816-6 and 20816-8."""


class RefusalReason(StrEnum):
    """Why a machine cannot be graded."""

    GROUP_MISSING = "group_missing"
    SUPPORT_MISSING = "support_missing"
    UNIT_MISSING = "unit_missing"
    UNIT_UNKNOWN = "unit_unknown"
    NO_VALUE = "no_value"
    VALUE_IMPOSSIBLE = "value_impossible"
    NO_LIMITS = "no_limits"
    SPEED_OUTSIDE_RANGE = "speed_outside_range"
    PUMP = "pump"
    RECIPROCATING = "reciprocating"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"


class GradingRefusedError(ParameterError):
    """A machine that the standard does not cover, or about which something is missing.

    Attributes
    ----------
    reason : RefusalReason
        For programs; the message says the same for people, and what to do.
    """

    def __init__(self, reason: RefusalReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Machine:
    """What must be known of a machine to grade it by ISO 10816-3.

    Parameters
    ----------
    group : MachineGroup or None
        None when unknown: it then follows from power or shaft height, if known.
    support : Support or None
        None when unknown.
    kind : MachineKind
    power_kw : float or None
        Rated power.
    shaft_height_mm : float or None
        Of electrical machines.
    """

    group: MachineGroup | None = None
    support: Support | None = None
    kind: MachineKind = MachineKind.INDUSTRIAL
    power_kw: float | None = None
    shaft_height_mm: float | None = None


def machine_table(machine: Machine) -> ZoneTable:
    """Return the limits of ISO 10816-3 for a machine.

    Raises
    ------
    GradingRefusedError
        For pumps, reciprocating machines, 15 kW and less, more than 50 MW, or when group or
        support is missing.
    """
    if machine.kind is MachineKind.PUMP:
        raise GradingRefusedError(
            RefusalReason.PUMP,
            "pumps are graded by ISO 10816-7, not by ISO 10816-3: its limits are not built in",
        )
    if machine.kind is MachineKind.RECIPROCATING:
        raise GradingRefusedError(
            RefusalReason.RECIPROCATING,
            "reciprocating machines are graded by ISO 10816-6 or 20816-8, not by ISO 10816-3",
        )
    group = _group(machine)
    if machine.support is None:
        raise GradingRefusedError(
            RefusalReason.SUPPORT_MISSING,
            "say how the machine is supported: rigid (lowest natural frequency at least 25 % above "
            "the main excitation) or flexible",
        )
    return iso_10816_3_table(group, machine.support)


def _group(machine: Machine) -> MachineGroup:
    power, height = machine.power_kw, machine.shaft_height_mm
    if power is not None and not power > _MIN_POWER_KW:
        raise GradingRefusedError(
            RefusalReason.TOO_SMALL,
            f"ISO 10816-3 begins above 15 kW, got {power:g} kW: watch the trend, or ask for "
            "class I of ISO 10816-1 by name",
        )
    if power is not None and power > _MAX_POWER_KW:
        raise GradingRefusedError(
            RefusalReason.TOO_LARGE, f"ISO 10816-3 ends at 50 MW, got {power / 1000:g} MW"
        )
    if machine.group is not None:
        return machine.group
    if height is not None and not height >= _MIN_HEIGHT_MM and power is None:
        raise GradingRefusedError(
            RefusalReason.TOO_SMALL,
            f"ISO 10816-3 begins at a shaft height of 160 mm, got {height:g} mm",
        )
    if power is None and height is None:
        raise GradingRefusedError(
            RefusalReason.GROUP_MISSING,
            "say which group the machine belongs to: group 1 (above 300 kW, or shaft height 315 mm "
            "and more) or group 2 (above 15 to 300 kW, or 160 to under 315 mm)",
        )
    large = (power or 0.0) > _GROUP_POWER_KW or (height or 0.0) >= _GROUP_HEIGHT_MM
    return MachineGroup.GROUP_1 if large else MachineGroup.GROUP_2
