"""The sample rate as measured at arrival."""

from __future__ import annotations

from collections import deque

__all__ = ["RateMeter"]


class RateMeter:
    """Measures a rate over the last few readings of a counter.

    Parameters
    ----------
    span : int > 0
        Readings over which the rate is averaged.
    """

    __slots__ = ("_readings",)

    def __init__(self, span: int = 5) -> None:
        self._readings: deque[tuple[float, int]] = deque(maxlen=span + 1)

    def read(self, now_s: float, count: int) -> None:
        """Note that the counter stands at `count` at the monotonic time `now_s`."""
        self._readings.append((now_s, count))

    @property
    def rate_hz(self) -> float:
        """Counts per second; 0 before the second reading."""
        if len(self._readings) < 2:
            return 0.0
        (then_s, before), (now_s, after) = self._readings[0], self._readings[-1]
        return (after - before) / (now_s - then_s) if now_s > then_s else 0.0
