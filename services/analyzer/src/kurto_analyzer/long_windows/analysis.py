"""From a long window to features and diagnoses: pure, one channel at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kurto_analyzer.frames import FrameLayout
from kurto_analyzer.long_windows.results import (
    ChannelDiagnosis,
    LongFeatures,
    LongResult,
    WindowIdentity,
)
from kurto_analyzer.long_windows.stretches import LongWindow
from kurto_analyzer.quality import wire_mask
from kurto_analyzer.sensor_spec import SensorSpec
from kurto_dsp.arrays import Float32Array, Float64Array
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis import (
    LEAST_REVOLUTIONS,
    Diagnosis,
    Fault,
    ShaftSpeed,
    SpeedSource,
    diagnose_record,
    long_window_features,
)

__all__ = [
    "VERDICT_WINDOWS",
    "ChannelResult",
    "Machine",
    "analyse_channel",
    "assemble",
    "bearing_name",
    "bearing_problem",
    "machine_of",
    "newest_seconds",
    "what_is_missing",
]

VERDICT_WINDOWS = 5
"""Windows of a second, or of 20 revolutions, whose mean score is the verdict."""

_TOLERANCE = 1e-6  # of a sample


@dataclass(frozen=True, slots=True)
class Machine:
    """What is known of the machine in a long window.

    Attributes
    ----------
    speed : ShaftSpeed or None
        Mean of what was measured, else the nameplate speed, else None.
    bearing : BearingGeometry or None
        As declared.
    unsteady : str
        Why the speed does not do for fault lines; empty when it does.
    """

    speed: ShaftSpeed | None
    bearing: BearingGeometry | None
    unsteady: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class ChannelResult:
    """What comes out of one channel of a long window.

    Attributes
    ----------
    names : tuple of str
        Names of the features.
    values : Float32Array [shape=(features,)]
        NaN for null.
    quality : int
        Mask of the flags of `kurto.signal.v1.QualityFlag`.
    diagnosis : Diagnosis or None
        None when bearing or speed is not known.
    """

    names: tuple[str, ...]
    values: Float32Array
    quality: int
    diagnosis: Diagnosis | None


def machine_of(window: LongWindow) -> Machine:
    """Return what is known of the machine in a window."""
    spec = window.spec
    speeds_hz = window.speeds_hz()
    measured = speeds_hz[np.isfinite(speeds_hz)]
    if not len(measured):
        nominal_hz = spec.nominal_speed_hz
        speed = None if nominal_hz is None else ShaftSpeed(nominal_hz, SpeedSource.NAMEPLATE)
        return Machine(speed, spec.bearing)
    mean_hz = float(np.mean(measured))
    if not mean_hz > 0.0:
        return Machine(None, spec.bearing, "The shaft stood still in this window.")
    speed = ShaftSpeed(mean_hz, SpeedSource.MEASURED)
    return Machine(speed, spec.bearing, _unsteadiness(measured, speed))


def _unsteadiness(measured: Float64Array, speed: ShaftSpeed) -> str:
    low, high = float(measured.min()), float(measured.max())
    # Beyond it a fault line is no line any more, and the search would find another.
    if high - low <= 2.0 * speed.source.tolerance * speed.hz:
        return ""
    return (
        f"The shaft speed went from {60.0 * low:.0f} to {60.0 * high:.0f} r/min within this "
        "window: fault lines need a steady speed."
    )


def what_is_missing(spec: SensorSpec, machine: Machine) -> str:
    """Return what to declare before fault lines can be told; empty when nothing is missing."""
    missing = []
    if machine.bearing is None:
        missing.append(bearing_problem(spec))
    if machine.speed is None and not machine.unsteady:
        missing.append("no shaft speed is measured or declared (nominal_speed_rpm)")
    return "; ".join(missing)


def bearing_problem(spec: SensorSpec) -> str:
    """Return why the bearing of a sensor is not known."""
    return spec.bearing_problem or "no bearing is declared"


def analyse_channel(
    window: LongWindow, samples: Float32Array, row: int, machine: Machine
) -> ChannelResult:
    """Return features and diagnosis of one channel.

    Parameters
    ----------
    window : LongWindow
        The window.
    samples : Float32Array [shape=(channels, samples)]
        Its samples.
    row : int
        The channel.
    machine : Machine
        What is known of it.
    """
    rate_hz = window.spec.geometry.sample_rate_hz
    features = long_window_features(
        samples[row : row + 1],
        sample_rate_hz=rate_hz,
        speed=None if machine.unsteady else machine.speed,
        bearing=machine.bearing,
        unit=window.spec.units[row],
    )
    diagnosis = None
    if not what_is_missing(window.spec, machine):
        diagnosis = _diagnosis(window.spec, samples[row], row, machine)
    values = np.asarray(features.values, np.float32)[0]
    return ChannelResult(features.names, values, wire_mask(int(features.quality[0])), diagnosis)


def _diagnosis(spec: SensorSpec, samples: Float32Array, row: int, machine: Machine) -> Diagnosis:
    if machine.unsteady or machine.bearing is None or machine.speed is None:
        return Diagnosis(Fault.UNCERTAIN, math.nan, reason=machine.unsteady)
    rate_hz = spec.geometry.sample_rate_hz
    return diagnose_record(
        newest_seconds(samples, rate_hz, machine.speed),
        sample_rate_hz=rate_hz,
        bearing=machine.bearing,
        speed=machine.speed,
        unit=spec.units[row],
        line_frequency_hz=spec.line_frequency_hz,
    )


def newest_seconds(samples: Float32Array, rate_hz: float, speed: ShaftSpeed) -> Float32Array:
    """Return the end of a record that the verdict is taken from: 5 s, or 100 revolutions.

    The mean score of five windows is what the thresholds of the verdict were tried on; more of
    them cost processor time and tell of what is older.
    """
    window_s = max(1.0, LEAST_REVOLUTIONS / speed.hz)
    return samples[-math.ceil(VERDICT_WINDOWS * math.ceil(window_s * rate_hz - _TOLERANCE)) :]


def assemble(
    window: LongWindow,
    machine: Machine,
    channels: Sequence[ChannelResult],
    *,
    growth: Mapping[str, float],
    cpu_s: float = 0.0,
) -> LongResult:
    """Return the result of a window from those of its channels.

    Parameters
    ----------
    window : LongWindow
        The window.
    machine : Machine
        What is known of it.
    channels : sequence of ChannelResult
        One a channel.
    growth : mapping
        Level in relation to the learned baseline, by channel.
    cpu_s : float
        Processor time that it took.
    """
    spec = window.spec
    identity = _identity(window, machine)
    layout = FrameLayout(channels[0].names, spec.channels, tuple(u.value for u in spec.units))
    values = np.stack([channel.values for channel in channels])
    bearing = bearing_name(machine.bearing)
    diagnoses = tuple(
        ChannelDiagnosis(identity, name, channel.diagnosis, bearing, growth.get(name))
        for name, channel in zip(spec.channels, channels, strict=True)
        if channel.diagnosis is not None
    )
    quality = tuple(channel.quality for channel in channels)
    return LongResult(LongFeatures(identity, layout, values, quality), diagnoses, cpu_s)


def _identity(window: LongWindow, machine: Machine) -> WindowIdentity:
    spec = window.spec
    return WindowIdentity(
        sensor_id=spec.sensor_id,
        epoch=spec.epoch,
        window_index=window.window_index,
        start_us=window.start_us,
        end_us=window.end_us,
        first_index=window.first_index,
        sample_count=window.sample_count,
        config_version=spec.config_version,
        speed=machine.speed,
    )


def bearing_name(bearing: BearingGeometry | None) -> str:
    """Return designation or geometry of a bearing; empty for none.

    Examples
    --------
    >>> bearing_name(BearingGeometry(9, 7.94, 39.04))
    '9 x 7.94 mm on 39.04 mm'
    """
    if bearing is None:
        return ""
    if bearing.designation:
        return bearing.designation
    angle = f", {bearing.contact_angle_deg:g} deg" if bearing.contact_angle_deg else ""
    return (
        f"{bearing.element_count} x {bearing.element_diameter_mm:g} mm on "
        f"{bearing.pitch_diameter_mm:g} mm{angle}"
    )
