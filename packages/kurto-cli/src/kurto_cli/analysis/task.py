"""One file, ready to be analysed: what its file tells and what was declared, brought together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kurto_cli.analysis.declared import acceleration_unit, sample_rate, shaft_speed
from kurto_cli.analysis.options import AnalysisOptions
from kurto_cli.recordings import Recording, RecordingError, read_recording
from kurto_cli.recordings.exceptions import one_line
from kurto_dsp import AccelerationUnit, FeaturePlan, WindowGeometry, plan_features
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis import Diagnosis, Fault, ShaftSpeed, diagnose_window


@dataclass(frozen=True, eq=False)
class AnalysisTask:
    """One file, ready to be analysed.

    Parameters
    ----------
    path : Path
    recording : Recording
    channels : tuple of int
        Which channels of it.
    plan : FeaturePlan
        Rate, windows and features.
    unit : AccelerationUnit
    speed : ShaftSpeed or None
    bearing : BearingGeometry or None
    line_frequency_hz : float or None
        Frequency of the mains.
    notes : tuple of str
        What was assumed, one line each.
    full_scale : float or None
        Largest acceleration that the input holds, in `unit`.
    """

    path: Path
    recording: Recording
    channels: tuple[int, ...]
    plan: FeaturePlan
    unit: AccelerationUnit
    speed: ShaftSpeed | None
    bearing: BearingGeometry | None
    line_frequency_hz: float | None
    notes: tuple[str, ...]
    full_scale: float | None = None

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels that are analysed."""
        return tuple(self.recording.channels[channel] for channel in self.channels)

    @property
    def sample_rate_hz(self) -> float:
        """Samples per second."""
        return self.plan.sample_rate_hz

    @property
    def is_burst(self) -> bool:
        """Whether the recording was made in bursts."""
        return self.recording.burst_samples is not None

    @property
    def hop_count(self) -> int:
        """Complete hops of the recording."""
        return self.recording.index_count // self.plan.geometry.hop_length

    def start_s(self, window: int) -> float:
        """Return when a window starts, in seconds since the beginning of the recording."""
        if self.is_burst and self.recording.burst_interval_s is not None:
            return window * self.recording.burst_interval_s
        return self.plan.geometry.window_start(window) / self.sample_rate_hz

    def samples(self, first: int, end: int) -> npt.NDArray[np.float32] | None:
        """Return the samples first <= i < end of the channels, None if one is not there.

        Raises
        ------
        RecordingError
            If the file turns out to be damaged.
        """
        try:
            values = self.recording.values(first, end)
        except Exception as error:  # readers of damaged files raise nearly everything
            raise RecordingError(
                f"{self.path}: cannot be read from sample {first} on, is it damaged or cut off?"
                f" {one_line(error)}"
            ) from error
        if values is None:
            return None
        chosen = values[list(self.channels)]
        if self.recording.is_relative and self.full_scale is not None:
            chosen *= np.float32(self.full_scale)
        return chosen

    def diagnosis(self, samples: npt.NDArray[np.float32]) -> Diagnosis:
        """Return what a window of one channel says about the bearing.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,)]
        """
        if self.bearing is None:
            return unknown("no bearing is given; give --bearing")
        if self.speed is None:
            return unknown("no shaft speed is known; give --rpm")
        return diagnose_window(
            samples,
            sample_rate_hz=self.sample_rate_hz,
            bearing=self.bearing,
            speed=self.speed,
            unit=self.unit,
            line_frequency_hz=self.line_frequency_hz,
        )


def unknown(reason: str) -> Diagnosis:
    """Return the diagnosis of what cannot be diagnosed."""
    return Diagnosis(Fault.UNCERTAIN, math.nan, reason=reason)


def prepare(path: Path, options: AnalysisOptions) -> AnalysisTask:
    """Read what a file tells and bring it together with what was declared.

    Raises
    ------
    RecordingError
        If the file cannot be read, contradicts what was declared, or something is missing that
        only the caller can tell.
    """
    recording = read_recording(path, options.variables)
    rate_hz = sample_rate(path, recording, options.sample_rate_hz)
    geometry = _geometry(path, recording, options, rate_hz)
    channels = _channels(path, recording, options.channels)
    unit, unit_notes = acceleration_unit(path, recording, channels, options.unit)
    speed, speed_notes = shaft_speed(path, recording, options)
    if options.bearing is not None and speed is None:
        raise RecordingError(f"{path}: does not tell the shaft speed; give --rpm R")
    needed = geometry.window_length
    if recording.index_count < needed:
        raise RecordingError(
            f"{path}: holds {recording.index_count} samples, a window takes {needed}; give a"
            f" shorter --window than {needed / rate_hz:g} s, or a longer recording"
        )
    return AnalysisTask(
        path=path,
        recording=recording,
        channels=channels,
        plan=plan_features(sample_rate_hz=rate_hz, geometry=geometry),
        unit=unit,
        speed=speed,
        bearing=options.bearing,
        line_frequency_hz=options.line_frequency_hz,
        notes=(*_scale_notes(path, recording, options), *unit_notes, *speed_notes),
        full_scale=options.full_scale,
    )


def _geometry(
    path: Path, recording: Recording, options: AnalysisOptions, rate_hz: float
) -> WindowGeometry:
    if recording.burst_samples is not None:
        if options.window_s is not None or options.hop_s is not None:
            raise RecordingError(
                f"{path}: was recorded in bursts of {recording.burst_samples} samples, each one"
                " window; leave --window and --hop out"
            )
        return WindowGeometry.burst(recording.burst_samples)
    hop_length = round(options.hop_duration_s * rate_hz)
    if hop_length < 1:
        raise RecordingError(
            f"{path}: a hop of {options.hop_duration_s:g} s holds no sample at {rate_hz:g} Hz;"
            f" give --hop and --window of {1 / rate_hz:g} s at least"
        )
    return WindowGeometry(hop_length, options.hops_per_window)


def _scale_notes(path: Path, recording: Recording, options: AnalysisOptions) -> Sequence[str]:
    if not recording.is_relative or options.full_scale is not None:
        return ()
    note = (
        f"{path}: holds parts of full scale, no acceleration: levels, mm/s and um are relative"
        " (--full-scale X tells what full scale is)"
    )
    return (note,)


def _channels(path: Path, recording: Recording, wanted: Sequence[str]) -> tuple[int, ...]:
    try:
        chosen = [recording.channel_index(name) for name in wanted]
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from None
    return tuple(dict.fromkeys(chosen)) or tuple(range(len(recording.channels)))
