"""What a configuration says about the machine under a sensor, read leniently.

Ingest checks what it stores. What does not make sense here all the same, such as a bearing that the
catalogue does not have (yet), is no reason to lose the sensor: it counts as not declared.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from enum import StrEnum

from kurto.assets.v1 import assets_pb2
from kurto_dsp import USABLE_FRACTION, ParameterError
from kurto_dsp.bearings import BearingGeometry, find_bearing

__all__ = [
    "GearStage",
    "MachineClass",
    "MachineData",
    "MachineStandard",
    "MachineSupport",
    "read_machine_data",
]

_MAX_RPM = 600_000.0


class MachineStandard(StrEnum):
    """The table of limits that a machine is graded by."""

    ISO_10816_3 = "10816-3"
    ISO_10816_1 = "10816-1"


class MachineSupport(StrEnum):
    """How a machine stands."""

    RIGID = "rigid"
    FLEXIBLE = "flexible"


@dataclass(frozen=True, slots=True)
class MachineClass:
    """By which limits a machine is graded.

    Attributes
    ----------
    standard : MachineStandard
        The table.
    group : int
        Group 1 or 2 of ISO 10816-3; class 1 to 4 (I to IV) of ISO 10816-1.
    support : MachineSupport or None
        None for ISO 10816-1, whose classes hold it.
    """

    standard: MachineStandard
    group: int
    support: MachineSupport | None = None


@dataclass(frozen=True, slots=True)
class GearStage:
    """Teeth of a pair of gears; the driving one sits on the shaft of the stage before."""

    driving_teeth: int
    driven_teeth: int


@dataclass(frozen=True, slots=True)
class MachineData:
    """What is known of the machine; None and empty where nothing is declared.

    Attributes
    ----------
    nominal_speed_hz : float or None
        Nameplate speed of the shaft in revolutions per second.
    bearing : BearingGeometry or None
        The bearing that the sensor watches.
    bearing_problem : str
        Why a declared bearing is not used; empty when it is, or none is declared.
    machine_class : MachineClass or None
        By which limits it is graded.
    gear_stages : tuple of GearStage
        In the order of the power flow, from the shaft of the speed on.
    line_frequency_hz : float or None
        Frequency of the mains.
    demodulation_band_hz : tuple of float or None
        Lower and upper edge of the band in which the envelope is taken.
    """

    nominal_speed_hz: float | None = None
    bearing: BearingGeometry | None = None
    bearing_problem: str = ""
    machine_class: MachineClass | None = None
    gear_stages: tuple[GearStage, ...] = ()
    line_frequency_hz: float | None = None
    demodulation_band_hz: tuple[float, float] | None = None


def read_machine_data(config: assets_pb2.SensorConfig) -> MachineData:
    """Return what `config` says about the machine."""
    bearing, problem = _bearing(config)
    rpm = config.nominal_speed_rpm
    line_hz = config.line_frequency_hz
    return MachineData(
        nominal_speed_hz=rpm / 60.0 if 0.0 < rpm <= _MAX_RPM else None,
        bearing=bearing,
        bearing_problem=problem,
        machine_class=_machine_class(config),
        gear_stages=_gear_stages(config),
        line_frequency_hz=line_hz if 0.0 < line_hz < math.inf else None,
        demodulation_band_hz=_demodulation_band(config),
    )


def _bearing(config: assets_pb2.SensorConfig) -> tuple[BearingGeometry | None, str]:
    kind = config.bearing.WhichOneof("kind")
    try:
        if kind == "designation":
            return _known_bearing(config.bearing.designation), ""
        if kind == "geometry":
            geometry = config.bearing.geometry
            return BearingGeometry(
                geometry.element_count,
                geometry.element_diameter_mm,
                geometry.pitch_diameter_mm,
                geometry.contact_angle_deg,
            ), ""
    except ParameterError as error:
        return None, str(error)
    return None, ""


@functools.lru_cache(maxsize=1024)
def _known_bearing(designation: str) -> BearingGeometry:
    return find_bearing(designation)  # the same few names, each time a sensor opens


def _machine_class(config: assets_pb2.SensorConfig) -> MachineClass | None:
    declared = config.machine_class
    kind = declared.WhichOneof("standard")
    if kind == "general" and declared.general in range(1, 5):
        return MachineClass(MachineStandard.ISO_10816_1, declared.general)
    if kind == "industrial":
        support = _SUPPORTS.get(declared.industrial.support)
        if declared.industrial.group in {1, 2} and support is not None:
            return MachineClass(MachineStandard.ISO_10816_3, declared.industrial.group, support)
    return None


_SUPPORTS = {
    int(assets_pb2.MACHINE_SUPPORT_RIGID): MachineSupport.RIGID,
    int(assets_pb2.MACHINE_SUPPORT_FLEXIBLE): MachineSupport.FLEXIBLE,
}


def _gear_stages(config: assets_pb2.SensorConfig) -> tuple[GearStage, ...]:
    stages = tuple(GearStage(stage.driving_teeth, stage.driven_teeth) for stage in config.gears)
    # A stage that cannot be leaves the speeds of all that follow unknown.
    possible = all(stage.driving_teeth > 0 and stage.driven_teeth > 0 for stage in stages)
    return stages if possible else ()


def _demodulation_band(config: assets_pb2.SensorConfig) -> tuple[float, float] | None:
    band = config.demodulation_band
    if not config.HasField("demodulation_band"):
        return None
    if not 0.0 < band.low_hz < band.high_hz <= USABLE_FRACTION * config.sample_rate_hz:
        return None
    return band.low_hz, band.high_hz
