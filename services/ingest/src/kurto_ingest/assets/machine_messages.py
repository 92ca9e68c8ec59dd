"""Between messages and what is declared of a machine."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar

from kurto.assets.v1 import assets_pb2 as pb
from kurto_ingest.assets.machine_data import (
    BearingGeometry,
    FrequencyBand,
    GearStage,
    GeneralMachineClass,
    IndustrialMachine,
    MachineClass,
    MachineData,
    MachineGroup,
    MachineSupport,
)
from kurto_ingest.assets.process_values import ProcessValueDefinition, ProcessValueRole
from kurto_ingest.exceptions import InvalidField

__all__ = ["machine_data_from_message", "put_machine_data"]

_Number = TypeVar("_Number", bound=IntEnum)
_FIELD = "sensor.config"


def machine_data_from_message(config: pb.SensorConfig) -> MachineData:
    """Return what a configuration says about the machine.

    Raises
    ------
    InvalidField
        If a choice has a number that is not known here, or a message is empty.
    """
    band = config.demodulation_band
    has_band = config.HasField("demodulation_band")
    return MachineData(
        nominal_speed_rpm=(
            config.nominal_speed_rpm if config.HasField("nominal_speed_rpm") else None
        ),
        bearing=_bearing(config.bearing) if config.HasField("bearing") else None,
        machine_class=(
            _machine_class(config.machine_class) if config.HasField("machine_class") else None
        ),
        gears=tuple(
            GearStage(driving_teeth=stage.driving_teeth, driven_teeth=stage.driven_teeth)
            for stage in config.gears
        ),
        line_frequency_hz=(
            config.line_frequency_hz if config.HasField("line_frequency_hz") else None
        ),
        demodulation_band=(
            FrequencyBand(low_hz=band.low_hz, high_hz=band.high_hz) if has_band else None
        ),
        process_values=tuple(
            _process_value(f"process_values[{index}]", one)
            for index, one in enumerate(config.process_values)
        ),
    )


def _bearing(message: pb.Bearing) -> str | BearingGeometry:
    kind = message.WhichOneof("kind")
    if kind == "designation":
        return message.designation
    if kind == "geometry":
        geometry = message.geometry
        return BearingGeometry(
            element_count=geometry.element_count,
            element_diameter_mm=geometry.element_diameter_mm,
            pitch_diameter_mm=geometry.pitch_diameter_mm,
            contact_angle_deg=geometry.contact_angle_deg,
        )
    raise InvalidField(
        f"{_FIELD}.bearing is empty: give designation or geometry, or leave bearing out.",
        field=f"{_FIELD}.bearing",
    )


def _machine_class(message: pb.MachineClass) -> MachineClass:
    kind = message.WhichOneof("standard")
    if kind == "general":
        return _number(GeneralMachineClass, message.general, "machine_class.general")
    if kind == "industrial":
        group, support = message.industrial.group, message.industrial.support
        return IndustrialMachine(
            group=_number(MachineGroup, group, "machine_class.industrial.group"),
            support=_number(MachineSupport, support, "machine_class.industrial.support"),
        )
    raise InvalidField(
        f"{_FIELD}.machine_class is empty: give industrial (group and support) or general,"
        " or leave machine_class out.",
        field=f"{_FIELD}.machine_class",
    )


def _process_value(place: str, message: pb.ProcessValueDefinition) -> ProcessValueDefinition:
    valid_for = message.valid_for
    return ProcessValueDefinition(
        name=message.name,
        unit=message.unit,
        role=_number(ProcessValueRole, message.role, f"{place}.role"),
        bin_width=message.bin_width if message.HasField("bin_width") else None,
        valid_for_s=(
            valid_for.seconds + valid_for.nanos / 1e9 if message.HasField("valid_for") else None
        ),
    )


def _number(kind: type[_Number], number: int, name: str) -> _Number:
    try:
        return kind(number)
    except ValueError:
        choices = ", ".join(f"{item.name} ({item})" for item in kind if item)
        raise InvalidField(
            f"{_FIELD}.{name} must be one of {choices}, not {number}.", field=f"{_FIELD}.{name}"
        ) from None


def put_machine_data(data: MachineData, config: pb.SensorConfig) -> None:
    """Write what is declared of a machine into a configuration's message."""
    if data.nominal_speed_rpm is not None:
        config.nominal_speed_rpm = data.nominal_speed_rpm
    if data.line_frequency_hz is not None:
        config.line_frequency_hz = data.line_frequency_hz
    if data.demodulation_band is not None:
        config.demodulation_band.low_hz = data.demodulation_band.low_hz
        config.demodulation_band.high_hz = data.demodulation_band.high_hz
    for stage in data.gears:
        config.gears.add(driving_teeth=stage.driving_teeth, driven_teeth=stage.driven_teeth)
    for one in data.process_values:
        _put_process_value(one, config)
    _put_bearing(data.bearing, config)
    _put_machine_class(data.machine_class, config)


def _put_process_value(one: ProcessValueDefinition, config: pb.SensorConfig) -> None:
    message = config.process_values.add(
        name=one.name,
        unit=one.unit,
        role=pb.ProcessValueRole.Name(one.role),
        bin_width=one.bin_width,
    )
    if one.valid_for_s is not None:
        message.valid_for.FromNanoseconds(round(one.valid_for_s * 1e9))


def _put_bearing(bearing: str | BearingGeometry | None, config: pb.SensorConfig) -> None:
    if isinstance(bearing, str):
        config.bearing.designation = bearing
    elif bearing is not None:
        geometry = config.bearing.geometry
        geometry.element_count = bearing.element_count
        geometry.element_diameter_mm = bearing.element_diameter_mm
        geometry.pitch_diameter_mm = bearing.pitch_diameter_mm
        geometry.contact_angle_deg = bearing.contact_angle_deg


def _put_machine_class(machine_class: MachineClass | None, config: pb.SensorConfig) -> None:
    if isinstance(machine_class, GeneralMachineClass):
        general = pb.MachineClass(general=pb.GeneralMachineClass.Name(machine_class))
        config.machine_class.CopyFrom(general)
    elif machine_class is not None:
        industrial = pb.IndustrialMachine(
            group=pb.MachineGroup.Name(machine_class.group),
            support=pb.MachineSupport.Name(machine_class.support),
        )
        config.machine_class.industrial.CopyFrom(industrial)
