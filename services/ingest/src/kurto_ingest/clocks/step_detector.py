"""Tells a clock that was set from readings that are merely late."""

from __future__ import annotations

from collections import deque
from statistics import median

__all__ = ["StepDetector"]

_BASE = 5
_CONFIRMATIONS = 3
_FORGETTING_S = 10.0
_DRIFT = 500.0  # microseconds a second by which two clocks may part without a step


class StepDetector:
    """Watches the difference of two clocks that should run alike.

    A step counts once three readings in a row agree on it: one reading that was held up does not.

    Parameters
    ----------
    threshold_us : float
        Smallest step that counts.
    """

    def __init__(self, threshold_us: float = 50_000.0) -> None:
        self._threshold_us = threshold_us
        self._base: deque[tuple[float, float]] = deque(maxlen=_BASE)
        self._suspects: deque[tuple[float, float]] = deque(maxlen=_CONFIRMATIONS)

    @property
    def in_doubt(self) -> bool:
        """True while the last reading looks like a step that is not confirmed."""
        return bool(self._suspects)

    def add(self, x_s: float, difference_us: float) -> float | None:
        """Take a reading at `x_s` seconds; returns the size of a step once it is certain."""
        if not self._base:
            self._base.append((x_s, difference_us))
            return None
        expected = median(value for _, value in self._base)
        apart_s = abs(x_s - self._base[-1][0])
        if abs(difference_us - expected) <= self._threshold_us + _DRIFT * apart_s:
            if apart_s > _FORGETTING_S:
                self._base.clear()  # what has drifted away meanwhile is no measure any more
            self._base.append((x_s, difference_us))
            self._suspects.clear()
            return None
        self._suspects.append((x_s, difference_us))
        values = [value for _, value in self._suspects]
        if len(values) < _CONFIRMATIONS or max(values) - min(values) > self._threshold_us / 2:
            return None
        self._base = deque(self._suspects, maxlen=_BASE)
        self._suspects.clear()
        return median(values) - expected
