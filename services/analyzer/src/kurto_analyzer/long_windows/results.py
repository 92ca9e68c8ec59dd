"""What comes out of a long window, and what of it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from kurto_analyzer.frames import FrameLayout
from kurto_dsp.arrays import Float32Array
from kurto_dsp.diagnosis import Diagnosis, Fault, ShaftSpeed

__all__ = [
    "ChannelDiagnosis",
    "ChannelKey",
    "DiagnosisQuery",
    "LongFeatureQuery",
    "LongFeatures",
    "LongResult",
    "WindowIdentity",
    "WindowKey",
]

WindowKey = tuple[int, int, int]
"""End time in microseconds, epoch, window index: the order of a sensor's long windows."""

ChannelKey = tuple[int, int, int, str]
"""The same with a channel: the order of a sensor's diagnoses."""


@dataclass(frozen=True, slots=True)
class WindowIdentity:
    """A long window, and what was known of the machine in it.

    Attributes
    ----------
    sensor_id, epoch, window_index
        Identity; `window_index` is that of the last short window in it.
    start_us, end_us : int
        Time of the first sample and just after the last, microseconds since 1970.
    first_index : int
        Absolute index of the first sample.
    sample_count : int
        Samples per channel.
    config_version : int
        Version of the configuration used.
    speed : ShaftSpeed or None
        Speed of the shaft, None when not known.
    """

    sensor_id: str
    epoch: int
    window_index: int
    start_us: int
    end_us: int
    first_index: int
    sample_count: int
    config_version: int
    speed: ShaftSpeed | None

    @property
    def order(self) -> WindowKey:
        """Sorts the long windows of one sensor."""
        return self.end_us, self.epoch, self.window_index


@dataclass(frozen=True, eq=False, slots=True)
class LongFeatures:
    """Features of all channels over a long window.

    Attributes
    ----------
    window : WindowIdentity
        The window.
    layout : FrameLayout
        Names of rows and columns.
    values : Float32Array [shape=(channels, features)]
        NaN for null.
    quality : tuple of int
        Mask of each channel.
    """

    window: WindowIdentity
    layout: FrameLayout
    values: Float32Array
    quality: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChannelDiagnosis:
    """The diagnosis of one channel over a long window.

    Attributes
    ----------
    window : WindowIdentity
        The window.
    channel : str
        Name of the channel.
    diagnosis : Diagnosis
        Verdict and evidence.
    bearing : str
        Designation or geometry of the bearing.
    growth : float or None
        Level in relation to the learned baseline; None without one.
    """

    window: WindowIdentity
    channel: str
    diagnosis: Diagnosis
    bearing: str
    growth: float | None = None

    @property
    def order(self) -> ChannelKey:
        """Sorts the diagnoses of one sensor."""
        return (*self.window.order, self.channel)


@dataclass(frozen=True, eq=False, slots=True)
class LongResult:
    """All that comes out of one long window; stored whole or not at all.

    Attributes
    ----------
    features : LongFeatures
        Features of all channels.
    diagnoses : tuple of ChannelDiagnosis
        One a channel, or none at all when bearing or speed is not known.
    cpu_s : float
        Processor time that it took.
    """

    features: LongFeatures
    diagnoses: tuple[ChannelDiagnosis, ...]
    cpu_s: float = 0.0

    @property
    def window(self) -> WindowIdentity:
        """The window."""
        return self.features.window


@dataclass(frozen=True, slots=True)
class LongFeatureQuery:
    """Which long windows of a sensor are asked for.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    limit : int
        Largest number of windows.
    after_us, until_us : int or None
        Only windows that end after the one and at or before the other, microseconds since 1970.
    after : WindowKey or None
        Only windows after this one.
    """

    sensor_id: str
    limit: int
    after_us: int | None = None
    until_us: int | None = None
    after: WindowKey | None = None


@dataclass(frozen=True, slots=True)
class DiagnosisQuery:
    """Which diagnoses of a sensor are asked for.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    limit : int
        Largest number of diagnoses.
    after_us, until_us : int or None
        Only windows that end after the one and at or before the other, microseconds since 1970.
    channels : tuple of str
        Only these channels; empty for all.
    faults : tuple of Fault
        Only these verdicts; empty for all.
    after : ChannelKey or None
        Only diagnoses after this one.
    """

    sensor_id: str
    limit: int
    after_us: int | None = None
    until_us: int | None = None
    channels: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    after: ChannelKey | None = None
