"""Roll-ups of features over seconds and minutes: which are due, and what they hold."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from kurto_analyzer.frames import FrameLayout
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_dsp.arrays import Float32Array

__all__ = [
    "MINUTE_US",
    "EpochProgress",
    "Rollup",
    "RollupInterval",
    "RollupQuery",
    "RollupSpan",
    "RollupTimes",
    "minute_of",
    "plan_span",
]

MINUTE_US = 60_000_000


class RollupInterval(enum.Enum):
    """Length of the intervals."""

    SECOND = 1_000_000
    MINUTE = MINUTE_US

    @property
    def length_us(self) -> int:
        """Length in microseconds."""
        return self.value


@dataclass(frozen=True, eq=False, slots=True)
class Rollup:
    """The windows of one sensor and layout that start in one interval, summed up.

    Attributes
    ----------
    start_us : int
        Start of the interval, microseconds since 1970.
    layout : FrameLayout
        Names of rows and columns.
    window_count, empty_window_count : int
        Windows, and those of them without values.
    minimum, mean, maximum : Float32Array or None [shape=(channels, features)]
        NaN where no window has a value. None when all windows are empty.
    value_counts : np.ndarray or None [shape=(channels, features)]
        Values that are not null; None together with `mean`.
    quality : tuple of int
        Mask of each channel: every flag that a window bore. Empty when all windows are.
    """

    start_us: int
    layout: FrameLayout
    window_count: int
    empty_window_count: int
    minimum: Float32Array | None
    mean: Float32Array | None
    maximum: Float32Array | None
    value_counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None
    quality: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RollupQuery:
    """Which roll-ups of a sensor are asked for.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    interval : RollupInterval
        Length of the intervals.
    limit : int
        Largest number of intervals; each is returned whole.
    start_us, end_us : int or None
        Range of starts, half open, microseconds since 1970.
    """

    sensor_id: str
    interval: RollupInterval
    limit: int
    start_us: int | None = None
    end_us: int | None = None


@dataclass(frozen=True, slots=True)
class EpochProgress:
    """How far an epoch is analysed and rolled up.

    Attributes
    ----------
    sensor_id, epoch
        Identity.
    geometry : StreamGeometry
        Times of its windows.
    next_window_index : int
        Every window below it is committed or skipped.
    rolled_window_index : int
        Every window below it is rolled up; above `next_window_index` when that was set back.
    idle_s : float
        Seconds since a window was committed.
    """

    sensor_id: str
    epoch: int
    geometry: StreamGeometry
    next_window_index: int
    rolled_window_index: int
    idle_s: float

    @property
    def first_due_us(self) -> int:
        """Start of the first window that is not rolled up, microseconds since 1970."""
        first = min(self.rolled_window_index, self.next_window_index)
        return self.geometry.window_start_us(first)


@dataclass(frozen=True, slots=True)
class RollupSpan:
    """Whole minutes of a sensor to be rolled up together.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    start_us, end_us : int
        Whole minutes, half open, microseconds since 1970.
    epoch : int
        Epoch whose position moves with it.
    rolled_window_index : int
        That position.
    """

    sensor_id: str
    start_us: int
    end_us: int
    epoch: int
    rolled_window_index: int

    @property
    def minute_count(self) -> int:
        """How many minutes it spans."""
        return (self.end_us - self.start_us) // MINUTE_US


@dataclass(frozen=True, slots=True)
class RollupTimes:
    """When minutes are rolled up.

    Attributes
    ----------
    idle_s : float
        Seconds without a window after which a minute is rolled up although it isn't over.
    batch_minutes : int
        Minutes in one transaction.
    """

    idle_s: float
    batch_minutes: int


def minute_of(time_us: int) -> int:
    """Return the start of the minute that holds a time; both in microseconds since 1970."""
    return time_us - time_us % MINUTE_US


def plan_span(
    progress: EpochProgress, times: RollupTimes, *, first_frame_us: int
) -> RollupSpan | None:
    """Return the next minutes of an epoch to roll up, or None while there are none.

    A minute is over when the next window starts after it. A minute that began before the position
    is rolled up again as a whole, so nothing depends on where an earlier run stopped.

    Parameters
    ----------
    progress : EpochProgress
        Where the epoch stands.
    times : RollupTimes
        Bounds.
    first_frame_us : int
        No frame of the sensor that is due starts before it.
    """
    geometry, following = progress.geometry, progress.next_window_index
    if progress.rolled_window_index == following:
        return None
    first = min(progress.rolled_window_index, following)
    start_us = minute_of(max(geometry.window_start_us(first), first_frame_us))
    over_us = minute_of(geometry.window_start_us(following))
    if progress.idle_s >= times.idle_s and following:
        over_us = minute_of(geometry.window_start_us(following - 1)) + MINUTE_US
    end_us = min(over_us, start_us + times.batch_minutes * MINUTE_US)
    reached = _first_window_from(geometry, max(end_us, start_us), range(first, following))
    if reached == progress.rolled_window_index:
        return None
    return RollupSpan(progress.sensor_id, start_us, max(end_us, start_us), progress.epoch, reached)


def _first_window_from(geometry: StreamGeometry, time_us: int, windows: range) -> int:
    """Return the first of `windows` that starts at or after a time, or the end of the range."""
    low, high = windows.start, windows.stop
    while low < high:
        middle = (low + high) // 2
        if geometry.window_start_us(middle) < time_us:
            low = middle + 1
        else:
            high = middle
    return low
