"""What a file tells and what was declared, brought together: rate, unit and speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kurto_cli.analysis.options import AnalysisOptions
from kurto_cli.recordings import Recording, RecordingError
from kurto_dsp import AccelerationUnit
from kurto_dsp.diagnosis import ShaftSpeed, SpeedSource

_RATE_TOLERANCE = 1e-3  # headers round; lines are searched within 1 %
_SPEED_TOLERANCE = 1e-2


def sample_rate(path: Path, recording: Recording, declared: float | None) -> float:
    """Return samples per second.

    Raises
    ------
    RecordingError
        If the file tells none and none is declared, or the two contradict each other.
    """
    own = recording.sample_rate_hz
    if own is not None and own <= 0:
        raise RecordingError(f"{path}: its own sample rate is {own:g} Hz; correct the file")
    if declared is None:
        if own is None:
            raise RecordingError(f"{path}: {_why_no_rate(recording)}")
        return own
    _require_span(path, recording, declared)
    if own is not None and abs(declared - own) > _RATE_TOLERANCE * own:
        raise RecordingError(
            f"{path}: was recorded at {own:g} Hz, which --sample-rate {declared:g} contradicts;"
            " leave it out, or correct the file"
        )
    return declared


def _why_no_rate(recording: Recording) -> str:
    times = recording.uneven_times
    if times is None:
        return "does not tell its sample rate; give --sample-rate HZ"
    if times.mean_rate_hz <= 0:
        return "its times run back and tell no sample rate; give --sample-rate HZ"
    steps = f"steps of {times.largest_step_s:g} s, {1 / times.mean_rate_hz:g} s in the mean"
    if times.are_coarse:
        return f"its times are too coarse to tell its sample rate ({steps}); give --sample-rate HZ"
    return f"its times are not evenly spaced ({steps}); cut the file where samples are missing"


def _require_span(path: Path, recording: Recording, declared_hz: float) -> None:
    """Refuse a rate at which the samples do not fill the time that they span."""
    times = recording.uneven_times
    if times is None or times.mean_rate_hz <= 0:
        return
    steps = recording.index_count - 1
    span_s = steps / times.mean_rate_hz
    allowed_s = _RATE_TOLERANCE * span_s + (times.largest_step_s if times.are_coarse else 0.0)
    if abs(steps / declared_hz - span_s) > allowed_s:
        raise RecordingError(
            f"{path}: its times span {span_s:g} s, its samples {steps / declared_hz:g} s at"
            f" --sample-rate {declared_hz:g}; correct the rate, or cut the file where samples are"
            f" missing (the largest step is {times.largest_step_s:g} s)"
        )


def acceleration_unit(
    path: Path, recording: Recording, channels: Sequence[int], declared: AccelerationUnit | None
) -> tuple[AccelerationUnit, Sequence[str]]:
    """Return the unit of these channels, and what was assumed.

    Raises
    ------
    RecordingError
        If the channels differ in unit, are no accelerations, or have another than the declared.
    """
    own = _own_unit(path, recording, channels, declared)
    if own is None:
        if declared is not None:
            return declared, ()
        note = f"{path}: does not tell its unit; taken as g (--unit m/s2 if it is not)"
        return AccelerationUnit.G, (note,)
    if declared not in (None, own):
        raise RecordingError(f"{path}: is in {own}, which --unit contradicts; leave it out")
    return own, ()


def _own_unit(
    path: Path, recording: Recording, channels: Sequence[int], declared: AccelerationUnit | None
) -> AccelerationUnit | None:
    """Return the unit that the file tells for these channels, None if it tells none."""
    if recording.unit is not None:
        return AccelerationUnit(recording.unit)
    names = [recording.channels[channel] for channel in channels]
    told = {name: recording.channel_units.get(name) for name in names}
    if len(set(told.values())) > 1:
        listed = ", ".join(f"{name} {unit or 'untold'}" for name, unit in told.items())
        raise RecordingError(
            f"{path}: its channels differ in unit ({listed}); choose those of one with --channel"
        )
    unit = next(iter(told.values()))
    if unit is None or unit in list(AccelerationUnit):
        return None if unit is None else AccelerationUnit(unit)
    if declared is None:
        raise RecordingError(
            f"{path}: is in {unit}, no acceleration; choose others with --channel, or give --unit"
            " if the samples are one"
        )
    return None


def shaft_speed(
    path: Path, recording: Recording, options: AnalysisOptions
) -> tuple[ShaftSpeed | None, Sequence[str]]:
    """Return the speed: a given one counts more than the file's, and is said to be another."""
    own = recording.speed
    if options.rpm is None:
        if own is None:
            return None, ()
        measured = SpeedSource.MEASURED if own.is_measured else SpeedSource.NAMEPLATE
        return ShaftSpeed(own.hz, options.speed_source or measured), ()
    given_hz = options.rpm / 60.0
    notes: Sequence[str] = ()
    source = SpeedSource.NAMEPLATE
    if own is not None:
        if abs(given_hz - own.hz) > _SPEED_TOLERANCE * own.hz:
            notes = (f"{path}: tells {own.hz * 60:g} r/min; analysed with --rpm {options.rpm:g}",)
        elif own.is_measured:
            source = SpeedSource.MEASURED
    return ShaftSpeed(given_hz, options.speed_source or source), notes
