"""The ISO zone of a sensor's newest window."""

from __future__ import annotations

import math

from kurto.analyzer.v1 import baselines_pb2 as pb
from kurto_analyzer.frames import Frame
from kurto_analyzer.sensor_spec import SensorSpec
from kurto_dsp.condition import ZoneTable
from kurto_dsp.condition.iso_machines import GradingRefusedError
from kurto_dsp.condition.iso_tables import VibrationQuantity
from kurto_dsp.condition.iso_zones import Reading, grade

__all__ = ["iso_zone"]

_NOT_DECLARED = (
    "no machine class is declared: give the sensor's configuration a machine_class (group and "
    "support by ISO 10816-3, or a class of ISO 10816-1)"
)


def iso_zone(frame: Frame, spec: SensorSpec | None) -> pb.IsoZone:
    """Return the zone of a window, or why there is none.

    Parameters
    ----------
    frame : Frame
        The newest window in which the machine ran.
    spec : SensorSpec or None
        Configuration of the sensor; None when it is not open here.
    """
    if spec is None:
        return pb.IsoZone(refusal="the sensor is not sending: its configuration is not known here")
    if spec.machine_class is None:
        return pb.IsoZone(refusal=_NOT_DECLARED)
    try:
        graded = grade(
            _readings(frame, spec.machine_class),
            spec.machine_class,
            speed_rpm=_speed_rpm(frame, spec),
        )
    except GradingRefusedError as error:
        return pb.IsoZone(refusal=str(error))
    channel = graded.worst.point
    displacement = _value(frame, channel, VibrationQuantity.DISPLACEMENT)
    return pb.IsoZone(
        zone=graded.zone.value,
        edition=graded.table.edition,
        channel=channel,
        velocity_rms=_value(frame, channel, VibrationQuantity.VELOCITY),
        displacement_rms=displacement if _has_displacement(spec.machine_class) else None,
        quantity=graded.quantity.value,
        remarks=graded.remarks,
    )


def _speed_rpm(frame: Frame, spec: SensorSpec) -> float | None:
    """Return the speed that was measured in the window, else that of the nameplate."""
    if frame.shaft_speed_hz > 0.0:  # NaN is not
        return 60.0 * frame.shaft_speed_hz
    return None if spec.nominal_speed_hz is None else 60.0 * spec.nominal_speed_hz


def _readings(frame: Frame, table: ZoneTable) -> list[Reading]:
    readings = [_reading(frame, name, VibrationQuantity.VELOCITY) for name in frame.layout.channels]
    if _has_displacement(table):
        for name in frame.layout.channels:
            reading = _reading(frame, name, VibrationQuantity.DISPLACEMENT)
            if not math.isnan(reading.value):  # what has no displacement has no velocity either
                readings.append(reading)
    return readings


def _has_displacement(table: ZoneTable) -> bool:
    return table.boundaries(VibrationQuantity.DISPLACEMENT) is not None


def _reading(frame: Frame, channel: str, quantity: VibrationQuantity) -> Reading:
    value = _value(frame, channel, quantity)
    return Reading(math.nan if value is None else value, quantity.unit, point=channel)


def _value(frame: Frame, channel: str, quantity: VibrationQuantity) -> float | None:
    layout, name = frame.layout, f"{quantity.value}_rms"
    if frame.values is None or name not in layout.feature_names:
        return None
    row, column = layout.channels.index(channel), layout.feature_names.index(name)
    value = float(frame.values[row, column])
    return None if math.isnan(value) else value
