"""Change per minute: the slope of a straight line through the last valid windows."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MINUTE_POINTS = 60
BURST_POINTS = 10
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US


class RateTrack:
    """Slopes of some inputs of one sensor.

    A continuous sensor gives a point a second, and the last minute of valid windows counts; a
    sensor of bursts gives each burst, and the last ten count. There is no rate before there are so
    many points. Between two points the rate stays; where the input is null it is null.

    Parameters
    ----------
    names : sequence of str
        Names of the inputs, for `state`.
    interval_us : float or None
        Microseconds from window to window; None for bursts whose interval is not known.
    """

    def __init__(self, names: Sequence[str], interval_us: float | None) -> None:
        self.names = tuple(names)
        bursts = interval_us is None or interval_us >= SECOND_US
        self._points = BURST_POINTS if bursts else MINUTE_POINTS
        self._pause_us = 0.0 if bursts else SECOND_US - (interval_us or 0.0) / 2
        shape = (len(self.names), self._points)
        self._times_us = np.full(shape, np.nan)
        self._values = np.full(shape, np.nan)
        self._slopes = np.full(len(self.names), np.nan)

    def update(self, end_us: int, values: FloatArray) -> FloatArray:
        """Take a window and return the rates.

        Parameters
        ----------
        end_us : int
            End of the window, microseconds since 1970-01-01T00:00:00Z.
        values : FloatArray
            Shape (inputs,); NaN for null.

        Returns
        -------
        FloatArray
            Shape (inputs,): per minute; NaN where there is none.
        """
        valid = np.isfinite(values)
        # A clock that was put back must not stop the rate until it has caught up.
        since_us = np.abs(end_us - self._times_us[:, -1])
        due = valid & ~(since_us < self._pause_us)
        if due.any():
            rows = np.flatnonzero(due)
            self._times_us[rows, :-1] = self._times_us[rows, 1:]
            self._values[rows, :-1] = self._values[rows, 1:]
            self._times_us[rows, -1] = end_us
            self._values[rows, -1] = values[rows]
            self._slopes[rows] = _slopes(self._times_us[rows], self._values[rows])
        return np.where(valid, self._slopes, np.nan)

    def state(self) -> dict[str, Any]:
        """Return the points by name, as plain JSON values."""
        return {
            name: [
                [int(time_us), value]
                for time_us, value in zip(times.tolist(), values.tolist(), strict=True)
                if not math.isnan(value)
            ]
            for name, times, values in zip(self.names, self._times_us, self._values, strict=True)
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue where `state` was taken; inputs that it doesn't name begin anew."""
        for row, name in enumerate(self.names):
            points = state.get(name, [])[-self._points :]
            if points:
                self._times_us[row, -len(points) :] = [point[0] for point in points]
                self._values[row, -len(points) :] = [point[1] for point in points]
        self._slopes = _slopes(self._times_us, self._values)


def _slopes(times_us: FloatArray, values: FloatArray) -> FloatArray:
    """Return the slope of each row per minute; NaN while points are missing or of one time."""
    times = (times_us - times_us[:, -1:]) / MINUTE_US
    times = times - times.mean(axis=1, keepdims=True)
    spread = np.square(times).sum(axis=1)
    slopes = np.full(len(times), np.nan)
    product = (times * (values - values.mean(axis=1, keepdims=True))).sum(axis=1)
    np.divide(product, spread, out=slopes, where=spread > 0)
    return slopes
