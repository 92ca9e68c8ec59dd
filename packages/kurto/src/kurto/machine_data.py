"""What a data source knows about the machine under its sensor, in plain values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias, TypeVar

from kurto.assets.v1 import assets_pb2 as pb
from kurto.process_values import ProcessValueDefinition

__all__ = ["Bearing", "BearingGeometry", "MachineData"]

_T = TypeVar("_T")
_FIELDS = (
    "nominal_speed_rpm",
    "bearing",
    "machine_class",
    "gears",
    "line_frequency_hz",
    "demodulation_band",
    "process_values",
)
_GROUP = re.compile(r"(?:iso 10816-3 )?group ([12])[ ,-]+(rigid|flexible)")
_CLASS = re.compile(r"(?:iso 10816-1 )?class (i|ii|iii|iv)")
_GROUPS = {"1": pb.MACHINE_GROUP_1, "2": pb.MACHINE_GROUP_2}
_SUPPORTS = {"rigid": pb.MACHINE_SUPPORT_RIGID, "flexible": pb.MACHINE_SUPPORT_FLEXIBLE}
_CLASSES = {
    "i": pb.GENERAL_MACHINE_CLASS_I,
    "ii": pb.GENERAL_MACHINE_CLASS_II,
    "iii": pb.GENERAL_MACHINE_CLASS_III,
    "iv": pb.GENERAL_MACHINE_CLASS_IV,
}


@dataclass(frozen=True)
class BearingGeometry:
    """A bearing by its data sheet, for those that are in no catalogue.

    Parameters
    ----------
    element_count : int > 1
        Rolling elements.
    element_diameter_mm : float > 0
        Diameter of a rolling element.
    pitch_diameter_mm : float > element_diameter_mm
        Pitch circle diameter.
    contact_angle_deg : float in [0, 90)
        Contact angle.
    """

    element_count: int
    element_diameter_mm: float
    pitch_diameter_mm: float
    contact_angle_deg: float = 0.0


Bearing: TypeAlias = str | BearingGeometry | Sequence[float]


@dataclass(frozen=True)
class MachineData:
    """What is declared of the machine; None and empty where nothing is.

    Parameters
    ----------
    nominal_speed_rpm : float, optional
        Nameplate speed of the shaft in revolutions per minute.
    bearing : str, BearingGeometry or sequence of float, optional
        Designation such as ``"SKF 6205-2RS"``; or a geometry, also as ``(n, d, D)``,
        ``(n, d, D, angle)`` or the text ``"9,7.94,39.04"``.
    machine_class : str, optional
        ``"group 1 rigid"`` to ``"group 2 flexible"`` (ISO 10816-3), or ``"class I"`` to
        ``"class IV"`` (ISO 10816-1).
    gears : sequence of (int, int)
        Teeth of the driving and the driven gear of each stage, from the shaft of the speed on.
    line_frequency_hz : float, optional
        Frequency of the mains.
    demodulation_band_hz : (float, float), optional
        Band in which the envelope is taken.
    process_values : sequence of ProcessValueDefinition
        Slow values that are pushed beside the samples.
    """

    nominal_speed_rpm: float | None = None
    bearing: Bearing | None = None
    machine_class: str | None = None
    gears: Sequence[tuple[int, int]] = ()
    line_frequency_hz: float | None = None
    demodulation_band_hz: tuple[float, float] | None = None
    process_values: Sequence[ProcessValueDefinition] = ()

    def to_proto(self) -> pb.SensorConfig:
        """Return a configuration that holds these declarations and nothing else.

        Raises
        ------
        ValueError
            If a bearing, class, gear or band is not written as described.
        """
        config = pb.SensorConfig(
            nominal_speed_rpm=self.nominal_speed_rpm,
            line_frequency_hz=self.line_frequency_hz,
            gears=[_gear_stage(stage) for stage in self.gears],
            process_values=[one.to_proto() for one in self.process_values],
        )
        if self.bearing is not None:
            config.bearing.CopyFrom(_bearing(self.bearing))
        if self.machine_class is not None:
            config.machine_class.CopyFrom(_machine_class(self.machine_class))
        if self.demodulation_band_hz is not None:
            low_hz, high_hz = _pair("demodulation_band_hz", self.demodulation_band_hz)
            config.demodulation_band.low_hz = low_hz
            config.demodulation_band.high_hz = high_hz
        return config

    def differences(self, theirs: pb.SensorConfig) -> list[str]:
        """Return the names of the fields that are declared here and differ in a configuration."""
        mine = self.to_proto()
        declared = {field.name for field, _ in mine.ListFields()}
        return [
            name
            for name in _FIELDS
            if name in declared and getattr(mine, name) != getattr(theirs, name)
        ]

    def put_into(self, theirs: pb.SensorConfig) -> None:
        """Write what is declared here into a configuration, and leave the rest of it alone."""
        mine = self.to_proto()
        for field, _ in mine.ListFields():
            theirs.ClearField(field.name)
        theirs.MergeFrom(mine)


def _bearing(given: Bearing) -> pb.Bearing:
    if isinstance(given, str):
        numbers = _numbers(given)
        if numbers is None:
            return pb.Bearing(designation=given.strip())
        given = numbers
    if not isinstance(given, BearingGeometry):
        if len(given) not in {3, 4} or given[0] != int(given[0]):
            _refuse(
                "bearing",
                given,
                "a designation, or (element count, element diameter in mm, pitch diameter in mm)"
                " with the contact angle in degrees as a fourth number if it is not 0",
            )
        given = BearingGeometry(int(given[0]), *given[1:])
    geometry = pb.BearingGeometry(
        element_count=given.element_count,
        element_diameter_mm=given.element_diameter_mm,
        pitch_diameter_mm=given.pitch_diameter_mm,
        contact_angle_deg=given.contact_angle_deg,
    )
    return pb.Bearing(geometry=geometry)


def _numbers(text: str) -> list[float] | None:
    """Return the numbers of ``"9,7.94,39.04"``; None for a designation, with a comma or not."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return numbers if len(numbers) > 1 else None  # "6205" is a designation


def _machine_class(text: str) -> pb.MachineClass:
    words = " ".join(text.lower().split())
    if found := _GROUP.fullmatch(words):
        industrial = pb.IndustrialMachine(group=_GROUPS[found[1]], support=_SUPPORTS[found[2]])
        return pb.MachineClass(industrial=industrial)
    found = _CLASS.fullmatch(words)
    if found is None:
        allowed = '"group 1" or "group 2" with "rigid" or "flexible", or "class I" to "class IV"'
        _refuse("machine_class", text, allowed)
    return pb.MachineClass(general=_CLASSES[found[1]])


def _gear_stage(stage: tuple[int, int]) -> pb.GearStage:
    driving, driven = _pair("gears", stage)
    return pb.GearStage(driving_teeth=driving, driven_teeth=driven)


def _pair(name: str, given: Sequence[_T]) -> tuple[_T, _T]:
    if len(given) != 2:
        _refuse(name, given, "two numbers each")
    return given[0], given[1]


def _refuse(name: str, given: object, allowed: str) -> NoReturn:
    raise ValueError(f"{name} is {given!r}; give {allowed}")
