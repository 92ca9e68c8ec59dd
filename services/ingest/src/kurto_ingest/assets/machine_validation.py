"""What may be declared of a machine.

Bearing designations are checked by their shape only: the catalogue is the analyzer's, grows without
ingest, and a name that it does not have yet must not keep a sensor from sending.
"""

from __future__ import annotations

import math

from kurto_ingest.assets.machine_data import (
    BearingGeometry,
    FrequencyBand,
    GearStage,
    GeneralMachineClass,
    IndustrialMachine,
    MachineClass,
    MachineData,
)
from kurto_ingest.assets.process_values import check_process_values
from kurto_ingest.exceptions import InvalidField

__all__ = ["check_machine_data"]

_FIELD = "sensor.config"
_MAX_RPM = 600_000.0
_LINE_HZ = (10.0, 1000.0)
_MAX_DESIGNATION = 64
_ELEMENTS = (2, 1000)
_MAX_PITCH_MM = 20_000.0
_MAX_STAGES = 16
_MAX_TEETH = 10_000
# Above it the filters of converters fall off; a band as narrow as a few lines has no envelope.
_USABLE_FRACTION = 0.39
_NARROWEST_FRACTION = 0.01


def check_machine_data(data: MachineData, sample_rate_hz: float) -> None:
    """Raise `InvalidField` unless `data` may be stored for a sensor of that rate."""
    rpm, line_hz = data.nominal_speed_rpm, data.line_frequency_hz
    if rpm is not None and not 0.0 < rpm <= _MAX_RPM:  # NaN fails too
        _refuse(
            "nominal_speed_rpm",
            f"must be above 0 and at most {_MAX_RPM:.0f} r/min, or absent, not {rpm}",
        )
    if line_hz is not None and not _LINE_HZ[0] <= line_hz <= _LINE_HZ[1]:
        _refuse(
            "line_frequency_hz",
            f"must be {_LINE_HZ[0]:g} to {_LINE_HZ[1]:g} Hz (usually 50 or 60), or absent,"
            f" not {line_hz}",
        )
    if isinstance(data.bearing, str):
        _check_designation(data.bearing)
    elif data.bearing is not None:
        _check_geometry(data.bearing)
    if data.machine_class is not None:
        _check_machine_class(data.machine_class)
    _check_gears(data.gears)
    if data.demodulation_band is not None:
        _check_band(data.demodulation_band, sample_rate_hz)
    check_process_values(data.process_values)


def _refuse(name: str, problem: str) -> None:
    raise InvalidField(f"{_FIELD}.{name} {problem}.", field=f"{_FIELD}.{name}")


def _check_designation(name: str) -> None:
    if not (1 <= len(name) <= _MAX_DESIGNATION and name.isprintable() and name == name.strip()):
        _refuse(
            "bearing.designation",
            f"must have 1 to {_MAX_DESIGNATION} printable characters without spaces at the ends,"
            f' such as "SKF 6205-2RS", not {name[:80]!r}',
        )


def _check_geometry(bearing: BearingGeometry) -> None:
    count, angle = bearing.element_count, bearing.contact_angle_deg
    element_mm, pitch_mm = bearing.element_diameter_mm, bearing.pitch_diameter_mm
    name = "bearing.geometry"
    if not _ELEMENTS[0] <= count <= _ELEMENTS[1]:
        _refuse(f"{name}.element_count", f"must be {_ELEMENTS[0]} to {_ELEMENTS[1]}, not {count}")
    if not 0.0 < element_mm < pitch_mm:
        _refuse(
            f"{name}.element_diameter_mm",
            f"must be above 0 and below pitch_diameter_mm, not {element_mm} with {pitch_mm}",
        )
    if not pitch_mm <= _MAX_PITCH_MM:
        _refuse(
            f"{name}.pitch_diameter_mm", f"must be at most {_MAX_PITCH_MM:.0f} mm, not {pitch_mm}"
        )
    if count * math.asin(element_mm / pitch_mm) > math.pi:
        _refuse(
            f"{name}.element_diameter_mm",
            f"is too large: {count} elements of {element_mm:g} mm do not fit on a circle of"
            f" {pitch_mm:g} mm; give diameters, in mm, not radii",
        )
    if not 0.0 <= angle < 90.0:
        _refuse(f"{name}.contact_angle_deg", f"must be 0 to below 90 degrees, not {angle}")


def _check_machine_class(machine_class: MachineClass) -> None:
    if isinstance(machine_class, IndustrialMachine):
        if not machine_class.group:
            _refuse(
                "machine_class.industrial.group",
                "must be 1 (above 300 kW) or 2 (above 15 kW to 300 kW); smaller machines and"
                " pumps belong to none: leave machine_class out",
            )
        if not machine_class.support:
            _refuse("machine_class.industrial.support", "must be RIGID (1) or FLEXIBLE (2)")
    elif machine_class is GeneralMachineClass.UNSPECIFIED:
        _refuse("machine_class.general", "must be class I (1), II (2), III (3) or IV (4)")


def _check_gears(gears: tuple[GearStage, ...]) -> None:
    if len(gears) > _MAX_STAGES:
        _refuse("gears", f"may have {_MAX_STAGES} stages, not {len(gears)}: drop some")
    for index, stage in enumerate(gears):
        for name in ("driving_teeth", "driven_teeth"):
            teeth = getattr(stage, name)
            if not 1 <= teeth <= _MAX_TEETH:
                _refuse(f"gears[{index}].{name}", f"must be 1 to {_MAX_TEETH}, not {teeth}")


def _check_band(band: FrequencyBand, sample_rate_hz: float) -> None:
    name = "demodulation_band"
    highest = _USABLE_FRACTION * sample_rate_hz
    if not 0.0 < band.low_hz < band.high_hz <= highest:
        _refuse(
            name,
            f"must have 0 < low_hz < high_hz <= {highest:g} Hz ({_USABLE_FRACTION} of the sample"
            f" rate), not {band.low_hz} and {band.high_hz}",
        )
    narrowest = _NARROWEST_FRACTION * sample_rate_hz
    if band.high_hz - band.low_hz < narrowest:
        _refuse(
            name,
            f"must be at least {narrowest:g} Hz wide ({_NARROWEST_FRACTION} of the sample rate),"
            f" not {band.high_hz - band.low_hz:g}",
        )
