"""Frames of features as the engine takes them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Layout:
    """What the rows and columns of a frame's values mean."""

    features: tuple[str, ...]
    channels: tuple[str, ...]
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """The features of one window of one sensor.

    Attributes
    ----------
    epoch, window_index : int
        Identity of the window within the sensor; `window_index` is dense within the epoch.
    first_index, sample_count : int
        Samples of the window, per channel.
    start_us, end_us : int
        Microseconds since 1970-01-01T00:00:00Z of the first sample and just after the last.
    late : bool
        The frame replaces an empty one after a refill.
    layout : Layout or None
        None for an empty frame.
    values : NDArray[np.float32] or None
        Shape (channels x features,), row by row, NaN for null. None for an empty frame.
    quality : tuple of int
        A mask of quality flags per channel, the flag with number n being bit n - 1; empty for an
        empty frame.
    shaft_speed_hz : float
        Last shaft speed that was measured in the window, as float32; NaN when none was.
    gap : bool
        The frame is empty because samples are missing.
    load, load_step : float
        Load at its end and the width of a bin of load, as float32; NaN when the load isn't known.
    """

    sensor_id: str
    epoch: int
    window_index: int
    first_index: int
    sample_count: int
    start_us: int
    end_us: int
    late: bool
    layout: Layout | None
    values: NDArray[np.float32] | None
    quality: tuple[int, ...] = ()
    shaft_speed_hz: float = math.nan
    load: float = math.nan
    load_step: float = math.nan
    gap: bool = False


@dataclass(frozen=True)
class SensorProfile:
    """What the rules must know about a sensor apart from its frames.

    Attributes
    ----------
    burst_interval_us : int or None
        Microseconds from one burst to the next; None for a continuous sensor.
    machine_id : str
        The machine that it is mounted on; empty for none.
    keeps_around_alarms : bool
        Its raw samples are kept around alarms of the machine only.
    machine_class : str
        Class of the machine by ISO 10816, such as "group_2,rigid" or "class_ii"; empty for none.
    nominal_speed_hz : float or None
        Shaft speed by the nameplate.
    """

    sensor_id: str
    tags: frozenset[str] = frozenset()
    burst_interval_us: int | None = None
    archived: bool = False
    machine_id: str = ""
    keeps_around_alarms: bool = False
    machine_class: str = ""
    nominal_speed_hz: float | None = None


HOPS_PER_WINDOW = 10
MINIMUM_WINDOWS = 3
# Times carry whole microseconds, so a duration of one window is wrong by up to 1 us in 1 s.
CLOCK_TOLERANCE = 5e-6


def window_interval_us(frame: Frame, profile: SensorProfile | None) -> float | None:
    """Return the microseconds from the start of a window to the start of the next.

    A continuous sensor starts a window each hop, a tenth of the window; a burst sensor each
    burst. None stands for a burst sensor whose interval is not known.
    """
    if profile is not None and profile.burst_interval_us is not None:
        return float(profile.burst_interval_us)
    # The windows of a continuous sensor overlap; those of bursts follow each other.
    if frame.window_index and frame.first_index == frame.window_index * frame.sample_count:
        return None
    return (frame.end_us - frame.start_us) / HOPS_PER_WINDOW


def window_count(duration_us: float, interval_us: float | None) -> int:
    """Return how many windows a duration is worth: one for 0, else at least three.

    Parameters
    ----------
    duration_us : float
        Duration >= 0 in microseconds.
    interval_us : float or None
        Microseconds from window to window, > 0; None if unknown.
    """
    if duration_us == 0:
        return 1
    if interval_us is None:
        return MINIMUM_WINDOWS
    exact = duration_us / interval_us
    return max(int(np.ceil(exact * (1.0 - CLOCK_TOLERANCE))), MINIMUM_WINDOWS)
