"""Zone boundaries of ISO 10816 as data: each table names its edition, and none is mixed.

The values of ISO 10816-3:2009 were carried into ISO 20816-3:2022; the classes of ISO 10816-1:1995
(annex B, once ISO 2372) are another table with other numbers for other machines.
"""

from dataclasses import dataclass
from enum import StrEnum


class MachineGroup(StrEnum):
    """Machine groups of ISO 10816-3."""

    GROUP_1 = "group_1"
    """Above 300 kW up to 50 MW, or electrical machines of shaft height 315 mm and more."""
    GROUP_2 = "group_2"
    """Above 15 kW up to 300 kW, or electrical machines of shaft height 160 mm to under 315 mm."""


class Support(StrEnum):
    """Support of a machine, in the direction of measurement."""

    RIGID = "rigid"
    """Lowest natural frequency of machine and support at least 25 % above the main excitation."""
    FLEXIBLE = "flexible"
    """Everything else."""


class Iso10816Class(StrEnum):
    """Machine classes of ISO 10816-1, annex B: another table than the groups of ISO 10816-3."""

    CLASS_I = "class_i"
    """Parts of engines and machines; electric motors up to 15 kW."""
    CLASS_II = "class_ii"
    """15 to 75 kW without special foundation; up to 300 kW rigidly mounted."""
    CLASS_III = "class_iii"
    """Large machines on rigid, heavy foundations."""
    CLASS_IV = "class_iv"
    """Large machines on foundations that are soft in the direction of measurement."""


class VibrationQuantity(StrEnum):
    """What is graded."""

    VELOCITY = "velocity"
    """Broadband velocity RMS in mm/s."""
    DISPLACEMENT = "displacement"
    """Broadband displacement RMS in µm."""

    @property
    def unit(self) -> str:
        """The only unit that limits are stated in: "mm/s" or "um"."""
        return "mm/s" if self is VibrationQuantity.VELOCITY else "um"


@dataclass(frozen=True, slots=True)
class ZoneBoundaries:
    """Upper ends of zones A, B and C; a value on a boundary belongs to the lower zone.

    Parameters
    ----------
    a_b, b_c, c_d : float
        RMS in the unit of the quantity.
    """

    a_b: float
    b_c: float
    c_d: float


@dataclass(frozen=True, slots=True)
class ZoneTable:
    """The boundaries for one kind of machine.

    Parameters
    ----------
    edition : str
        Standard and year that the numbers come from.
    machine : str
        The machines that they are for.
    velocity_mm_s : ZoneBoundaries
        mm/s RMS, 10 to 1000 Hz.
    displacement_um : ZoneBoundaries or None
        µm RMS; None where the standard has none.
    speed_range_rpm : tuple of float
        Slowest and fastest shaft that the table is for, inclusive.
    """

    edition: str
    machine: str
    velocity_mm_s: ZoneBoundaries
    displacement_um: ZoneBoundaries | None
    speed_range_rpm: tuple[float, float]

    def boundaries(self, quantity: VibrationQuantity) -> ZoneBoundaries | None:
        """Return the boundaries of a quantity, None where the standard has none."""
        if quantity is VibrationQuantity.VELOCITY:
            return self.velocity_mm_s
        return self.displacement_um


ISO_10816_3_EDITION = "ISO 10816-3:2009 (values carried into ISO 20816-3:2022)"
ISO_10816_1_EDITION = "ISO 10816-1:1995, annex B"

_SPEEDS_10816_3 = (120.0, 15_000.0)
_SPEEDS_10816_1 = (600.0, 12_000.0)  # 10 to 200 revolutions per second, as in ISO 2372

_GROUP_1, _GROUP_2 = MachineGroup.GROUP_1, MachineGroup.GROUP_2
_RIGID, _FLEXIBLE = Support.RIGID, Support.FLEXIBLE

# group, support: velocity A/B B/C C/D in mm/s, displacement A/B B/C C/D in µm
_GROUPS = {
    (_GROUP_1, _RIGID): (2.3, 4.5, 7.1, 29.0, 57.0, 90.0),
    (_GROUP_1, _FLEXIBLE): (3.5, 7.1, 11.0, 45.0, 90.0, 140.0),
    (_GROUP_2, _RIGID): (1.4, 2.8, 4.5, 22.0, 45.0, 71.0),
    (_GROUP_2, _FLEXIBLE): (2.3, 4.5, 7.1, 37.0, 71.0, 113.0),
}

_CLASSES = {
    Iso10816Class.CLASS_I: (0.71, 1.8, 4.5),
    Iso10816Class.CLASS_II: (1.12, 2.8, 7.1),
    Iso10816Class.CLASS_III: (1.8, 4.5, 11.2),
    Iso10816Class.CLASS_IV: (2.8, 7.1, 18.0),
}


def iso_10816_3_table(group: MachineGroup, support: Support) -> ZoneTable:
    """Return the zone boundaries of ISO 10816-3 for a machine group on a support.

    Examples
    --------
    >>> iso_10816_3_table(MachineGroup.GROUP_2, Support.RIGID).velocity_mm_s
    ZoneBoundaries(a_b=1.4, b_c=2.8, c_d=4.5)
    """
    values = _GROUPS[group, support]
    return ZoneTable(
        edition=ISO_10816_3_EDITION,
        machine=f"{group.value.replace('_', ' ')}, {support.value} support",
        velocity_mm_s=ZoneBoundaries(*values[:3]),
        displacement_um=ZoneBoundaries(*values[3:]),
        speed_range_rpm=_SPEEDS_10816_3,
    )


def iso_10816_1_table(machine_class: Iso10816Class) -> ZoneTable:
    """Return the zone boundaries of ISO 10816-1, annex B, for a machine class.

    Examples
    --------
    >>> iso_10816_1_table(Iso10816Class.CLASS_IV).velocity_mm_s.c_d
    18.0
    """
    name, number = machine_class.value.split("_")
    return ZoneTable(
        edition=ISO_10816_1_EDITION,
        machine=f"{name} {number.upper()}",
        velocity_mm_s=ZoneBoundaries(*_CLASSES[machine_class]),
        displacement_um=None,
        speed_range_rpm=_SPEEDS_10816_1,
    )
