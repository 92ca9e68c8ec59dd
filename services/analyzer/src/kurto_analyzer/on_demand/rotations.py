"""How a shaft turned during a record: as said, as a tachometer saw it, as sent, or as declared."""

from __future__ import annotations

import numpy as np

from kurto_analyzer.exceptions import InvalidField
from kurto_analyzer.on_demand.exceptions import SpeedUnknown
from kurto_analyzer.on_demand.records import ChannelRecord
from kurto_dsp.spectra import ShaftRotation, tacho_rotation

__all__ = ["shaft_rotation"]

_SPEEDS_HZ = (1e-3, 1e5)  # beyond them a revolution is no number of samples


def shaft_rotation(
    record: ChannelRecord, *, shaft_speed_hz: float | None, pulses_per_revolution: int
) -> ShaftRotation:
    """Return the rotation of the shaft; time 0 is the first sample of the record.

    Parameters
    ----------
    record : ChannelRecord
        With the tachometer's channel when one was asked for.
    shaft_speed_hz : float or None
        What the caller says; goes before everything else.
    pulses_per_revolution : int
        Of the tachometer; 0 means 1.

    Raises
    ------
    SpeedUnknown
        When there is nothing to go by.
    InvalidField
        When the number of pulses or the speed cannot be.
    """
    duration_s = len(record.samples) / record.sample_rate_hz
    if pulses_per_revolution < 0:
        raise InvalidField(
            f"pulses_per_revolution must be at least 0, got {pulses_per_revolution}.",
            field="pulses_per_revolution",
        )
    if shaft_speed_hz is not None:
        low_hz, high_hz = _SPEEDS_HZ
        if not low_hz <= shaft_speed_hz <= high_hz:  # NaN fails too
            raise InvalidField(
                f"shaft_speed_hz must be {low_hz:g} to {high_hz:g} Hz, revolutions per second; "
                f"got {shaft_speed_hz:g}.",
                field="shaft_speed_hz",
            )
        return ShaftRotation.constant_speed(shaft_speed_hz, duration_s=duration_s)
    if record.tacho is not None:
        return tacho_rotation(
            record.tacho,
            sample_rate_hz=record.sample_rate_hz,
            pulses_per_revolution=pulses_per_revolution or 1,
        )
    if record.speed_track:
        return _measured(record, duration_s)
    nominal_hz = record.machine.nominal_speed_hz
    if nominal_hz is None:
        raise SpeedUnknown(sensor_id=record.sensor_id)
    return ShaftRotation.constant_speed(nominal_hz, duration_s=duration_s)


def _measured(record: ChannelRecord, duration_s: float) -> ShaftRotation:
    points = dict(record.speed_track)
    times_s, speeds_hz = np.array(list(points)), np.array(list(points.values()))
    if len(points) == 1:
        return ShaftRotation.constant_speed(float(speeds_hz[0]), duration_s=duration_s)
    # Before the first and after the last measurement the speed is taken as it was then.
    inner = (times_s > 0.0) & (times_s < duration_s)
    times_s, speeds_hz = times_s[inner], speeds_hz[inner]
    return ShaftRotation.speed_track(
        np.concatenate(([0.0], times_s, [duration_s])),
        np.concatenate((speeds_hz[:1], speeds_hz, speeds_hz[-1:])),
    )
