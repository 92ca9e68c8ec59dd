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

    def read(self, arrival_s: float, count: int) -> None:
        """Note that the counter stands at `count` since the monotonic time `arrival_s`.

        Samples come in batches: taking the time of the last one, not that of the reading, keeps the
        length of a batch out of the result.
        """
        self._readings.append((arrival_s, count))

    @property
    def rate_hz(self) -> float:
        """Counts per second; 0 when nothing came between the readings."""
        if len(self._readings) < 2:
            return 0.0
        (first_s, before), (last_s, after) = self._readings[0], self._readings[-1]
        return (after - before) / (last_s - first_s) if last_s > first_s else 0.0
