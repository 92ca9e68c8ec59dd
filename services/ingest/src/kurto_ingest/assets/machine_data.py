"""What turns under a sensor: speed, bearing, gears, and by which limits the machine is graded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from kurto_ingest.assets.process_values import ProcessValueDefinition

__all__ = [
    "BearingGeometry",
    "FrequencyBand",
    "GearStage",
    "GeneralMachineClass",
    "IndustrialMachine",
    "MachineClass",
    "MachineData",
    "MachineGroup",
    "MachineSupport",
]


class MachineGroup(IntEnum):
    """Group by ISO 10816-3; the numbers are those of ``kurto.assets.v1.MachineGroup``."""

    UNSPECIFIED = 0
    GROUP_1 = 1
    GROUP_2 = 2


class MachineSupport(IntEnum):
    """How a machine stands; the numbers are those of ``kurto.assets.v1.MachineSupport``."""

    UNSPECIFIED = 0
    RIGID = 1
    FLEXIBLE = 2


class GeneralMachineClass(IntEnum):
    """Class by ISO 10816-1; the numbers are those of ``kurto.assets.v1.GeneralMachineClass``."""

    UNSPECIFIED = 0
    I = 1  # noqa: E741  # as the standard names it
    II = 2
    III = 3
    IV = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class IndustrialMachine:
    """Group and support by ISO 10816-3; neither is guessed."""

    group: MachineGroup
    support: MachineSupport


MachineClass: TypeAlias = IndustrialMachine | GeneralMachineClass


@dataclass(frozen=True, slots=True, kw_only=True)
class BearingGeometry:
    """A bearing by its data sheet: one row of rolling elements, inner ring turning."""

    element_count: int
    element_diameter_mm: float
    pitch_diameter_mm: float
    contact_angle_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GearStage:
    """Teeth of a pair of gears; the driving one sits on the shaft of the stage before."""

    driving_teeth: int
    driven_teeth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyBand:
    """A range of frequencies."""

    low_hz: float
    high_hz: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineData:
    """What is declared of the machine under a sensor; None and empty where nothing is.

    `bearing` is a designation or a geometry. Ingest only carries it: the catalogue is the
    analyzer's.
    """

    nominal_speed_rpm: float | None = None
    bearing: str | BearingGeometry | None = None
    machine_class: MachineClass | None = None
    gears: tuple[GearStage, ...] = ()
    line_frequency_hz: float | None = None
    demodulation_band: FrequencyBand | None = None
    process_values: tuple[ProcessValueDefinition, ...] = ()
