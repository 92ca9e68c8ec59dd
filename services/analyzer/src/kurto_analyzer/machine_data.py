"""What a configuration says about the machine under a sensor, read leniently.

Ingest checks what it stores. What does not make sense here all the same, such as a bearing that the
catalogue does not have (yet), is no reason to lose the sensor: it counts as not declared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kurto.assets.v1 import assets_pb2
from kurto_analyzer.bearing_catalogue.designations import BearingCatalogue
from kurto_dsp import USABLE_FRACTION, ParameterError
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.condition import (
    Iso10816Class,
    MachineGroup,
    Support,
    ZoneTable,
    iso_10816_1_table,
    iso_10816_3_table,
)
from kurto_dsp.gears import GearStage

__all__ = ["MachineData", "read_machine_data"]

_MAX_RPM = 600_000.0
_LOAD_STEPS = (1e-30, 1e30)  # what float32 holds


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
    machine_class : ZoneTable or None
        The limits by which it is graded, and the edition that they come from.
    gear_stages : tuple of GearStage
        In the order of the power flow, from the shaft of the speed on.
    line_frequency_hz : float or None
        Frequency of the mains.
    demodulation_band_hz : tuple of float or None
        Lower and upper edge of the band in which the envelope is taken.
    load_step : float or None
        Width of a bin of load, in the unit of the load; None where no load is declared.
    """

    nominal_speed_hz: float | None = None
    bearing: BearingGeometry | None = None
    bearing_problem: str = ""
    machine_class: ZoneTable | None = None
    gear_stages: tuple[GearStage, ...] = ()
    line_frequency_hz: float | None = None
    demodulation_band_hz: tuple[float, float] | None = None
    load_step: float | None = None


def read_machine_data(
    config: assets_pb2.SensorConfig, catalogue: BearingCatalogue | None = None
) -> MachineData:
    """Return what `config` says about the machine.

    Parameters
    ----------
    config : SensorConfig
    catalogue : BearingCatalogue, optional
        Where designations are looked up; that of the package by default.
    """
    bearing, problem = _bearing(config, catalogue)
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
        load_step=_load_step(config),
    )


def _bearing(
    config: assets_pb2.SensorConfig, catalogue: BearingCatalogue | None
) -> tuple[BearingGeometry | None, str]:
    kind = config.bearing.WhichOneof("kind")
    try:
        if kind == "designation":
            known = BearingCatalogue() if catalogue is None else catalogue
            return known.find(config.bearing.designation), ""
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


def _machine_class(config: assets_pb2.SensorConfig) -> ZoneTable | None:
    declared = config.machine_class
    kind = declared.WhichOneof("standard")
    if kind == "general" and declared.general in _CLASSES:
        return iso_10816_1_table(_CLASSES[declared.general])
    if kind == "industrial":
        group = _GROUPS.get(declared.industrial.group)
        support = _SUPPORTS.get(declared.industrial.support)
        if group is not None and support is not None:
            return iso_10816_3_table(group, support)
    return None


_GROUPS: dict[int, MachineGroup] = {
    assets_pb2.MACHINE_GROUP_1: MachineGroup.GROUP_1,
    assets_pb2.MACHINE_GROUP_2: MachineGroup.GROUP_2,
}
_SUPPORTS: dict[int, Support] = {
    assets_pb2.MACHINE_SUPPORT_RIGID: Support.RIGID,
    assets_pb2.MACHINE_SUPPORT_FLEXIBLE: Support.FLEXIBLE,
}
_CLASSES: dict[int, Iso10816Class] = {
    assets_pb2.GENERAL_MACHINE_CLASS_I: Iso10816Class.CLASS_I,
    assets_pb2.GENERAL_MACHINE_CLASS_II: Iso10816Class.CLASS_II,
    assets_pb2.GENERAL_MACHINE_CLASS_III: Iso10816Class.CLASS_III,
    assets_pb2.GENERAL_MACHINE_CLASS_IV: Iso10816Class.CLASS_IV,
}


def _gear_stages(config: assets_pb2.SensorConfig) -> tuple[GearStage, ...]:
    try:
        return tuple(GearStage(gear.driving_teeth, gear.driven_teeth) for gear in config.gears)
    except ParameterError:
        return ()  # one stage that cannot be leaves the speeds of all after it unknown


def _demodulation_band(config: assets_pb2.SensorConfig) -> tuple[float, float] | None:
    band = config.demodulation_band
    if not config.HasField("demodulation_band"):
        return None
    if not 0.0 < band.low_hz < band.high_hz <= USABLE_FRACTION * config.sample_rate_hz:
        return None
    return band.low_hz, band.high_hz


def _load_step(config: assets_pb2.SensorConfig) -> float | None:
    for one in config.process_values:
        if one.role == assets_pb2.PROCESS_VALUE_ROLE_LOAD:
            if not _LOAD_STEPS[0] <= one.bin_width <= _LOAD_STEPS[1]:
                return None
            # As the store rounds it: bins are the same live and when windows are read again.
            return float(np.float32(one.bin_width))
    return None
