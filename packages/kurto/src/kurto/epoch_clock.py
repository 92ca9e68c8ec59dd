"""The sender's clock against the sample index."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

_MARK_INTERVAL_S = 1.0
_PACE = (0.9, 1.1)
_LATE_S = 0.02
_PATIENCE_S = 30.0
_DRIFT = 1e-3


def wall_clock_us() -> int:
    """Return the sender's clock in microseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns() // 1000


class _OnTime:
    """Tells pushes that came at once from those that were held up on the way here.

    Whatever holds a push up only ever adds to its lateness; the least of late is the truth.
    """

    def __init__(self) -> None:
        self._least_s = math.inf
        self._told_s = 0.0
        self._on_time_s = -math.inf

    def tell(self, now_s: float, lateness_s: float) -> bool:
        # Clocks and converters drift apart, so that the least is not for ever.
        self._least_s = min(lateness_s, self._least_s + _DRIFT * (now_s - self._told_s))
        self._told_s = now_s
        if lateness_s - self._least_s <= _LATE_S:
            self._on_time_s = now_s
            return True
        if now_s - self._on_time_s > _PATIENCE_S:  # it stays so: sampling has paused
            self._least_s = lateness_s
        return False


class EpochClock:
    """Tells when sample 0 was taken, and now and then when a sample is.

    Parameters
    ----------
    sample_rate_hz : float > 0
        Nominal sample rate in Hz.
    burst : tuple of (int, float), optional
        Samples of a burst, and seconds from the start of one burst to the next.
    start_time_us : int, optional
        Time of sample 0, if it is known already: a recording, or an epoch gone on with.
    recorded : bool
        Whether the samples are a recording: they are not taken while they are pushed.
    monotonic_s, wall_us : callable
        Clocks.
    """

    def __init__(
        self,
        sample_rate_hz: float,
        *,
        burst: tuple[int, float] | None = None,
        start_time_us: int | None = None,
        recorded: bool = False,
        monotonic_s: Callable[[], float] = time.monotonic,
        wall_us: Callable[[], int] = wall_clock_us,
    ) -> None:
        self._rate_hz = sample_rate_hz
        self._burst = burst
        self._start_time_us = start_time_us
        self._recorded = recorded
        self._monotonic_s = monotonic_s
        self._wall_us = wall_us
        self._started_s: float | None = None
        self._mark: tuple[int, float] | None = None
        self._on_time = _OnTime()

    def start_time_us(self) -> int | None:
        """Return the time of sample 0 by today's clock, or None before the first sample.

        A clock that was set right since the first sample gives the right time.
        """
        if self._start_time_us is not None or self._started_s is None:
            return self._start_time_us
        return self._wall_us() - round((self._monotonic_s() - self._started_s) * 1e6)

    def pushed(self, first_index: int, sample_count: int) -> int | None:
        """Note samples that have just been taken.

        Returns
        -------
        int or None
            Time of the first of them in microseconds since 1970-01-01T00:00:00Z: at most once a
            second, and only while samples come as fast as they are taken and are not held up.
        """
        if self._recorded:
            return None
        now_s = self._monotonic_s()
        first_s = now_s - sample_count / self._rate_hz
        if self._started_s is None:
            self._started_s = first_s - self._elapsed_s(first_index)
        on_time = self._on_time.tell(now_s, first_s - self._elapsed_s(first_index))
        if not self._is_due(first_index, first_s) or not on_time:
            return None
        return self._wall_us() - round((now_s - first_s) * 1e6)

    def _is_due(self, first_index: int, first_s: float) -> bool:
        """Whether it is time for a time, and samples have come as fast as they are taken since."""
        if self._mark is None:
            self._mark = (first_index, first_s)
            return False
        index, at_s = self._mark
        if first_s - at_s < _MARK_INTERVAL_S:
            return False
        self._mark = (first_index, first_s)
        slow, fast = _PACE
        expected_s = self._elapsed_s(first_index) - self._elapsed_s(index)
        return slow <= expected_s / (first_s - at_s) <= fast

    def _elapsed_s(self, index: int) -> float:
        if self._burst is None:
            return index / self._rate_hz
        length, interval_s = self._burst
        return index // length * interval_s + index % length / self._rate_hz
