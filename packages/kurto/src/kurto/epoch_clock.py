"""The sender's clock against the sample index."""

from __future__ import annotations

import time
from collections.abc import Callable

_MARK_INTERVAL_S = 1.0
_PACE = (0.9, 1.1)


def wall_clock_us() -> int:
    """Return the sender's clock in microseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns() // 1000


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
            Time of the first of them in microseconds since 1970-01-01T00:00:00Z: about once a
            second, and only while samples come as fast as they are taken.
        """
        if self._recorded:
            return None
        now_s = self._monotonic_s()
        first_s = now_s - sample_count / self._rate_hz
        if self._started_s is None:
            self._started_s = first_s - self._elapsed_s(first_index)
        mark = self._mark
        if mark is not None and first_s - mark[1] < _MARK_INTERVAL_S:
            return None
        self._mark = (first_index, first_s)
        if mark is not None:
            expected_s = self._elapsed_s(first_index) - self._elapsed_s(mark[0])
            slow, fast = _PACE
            if slow <= expected_s / (first_s - mark[1]) <= fast:
                return self._wall_us() - round((now_s - first_s) * 1e6)
        return None

    def _elapsed_s(self, index: int) -> float:
        if self._burst is None:
            return index / self._rate_hz
        length, interval_s = self._burst
        return index // length * interval_s + index % length / self._rate_hz
