"""The ISO zone of a sensor's newest window."""

from __future__ import annotations

import math

from kurto.analyzer.v1 import baselines_pb2 as pb
from kurto_analyzer.frames import Frame
from kurto_analyzer.sensor_spec import SensorSpec
from kurto_dsp.condition.iso_machines import GradingRefusedError
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
    speed_hz = spec.nominal_speed_hz
    try:
        graded = grade(
            _readings(frame),
            spec.machine_class,
            speed_rpm=None if speed_hz is None else 60.0 * speed_hz,
        )
    except GradingRefusedError as error:
        return pb.IsoZone(refusal=str(error))
    return pb.IsoZone(
        zone=graded.zone.value,
        edition=graded.table.edition,
        channel=graded.worst.point,
        velocity_rms=graded.worst.value,
        remarks=graded.remarks,
    )


def _readings(frame: Frame) -> list[Reading]:
    names, layout = frame.layout.feature_names, frame.layout
    values = [math.nan] * len(layout.channels)
    if frame.values is not None and "velocity_rms" in names:
        values = [float(value) for value in frame.values[:, names.index("velocity_rms")]]
    return [
        Reading(value, "mm/s", point=channel)
        for channel, value in zip(layout.channels, values, strict=True)
    ]
