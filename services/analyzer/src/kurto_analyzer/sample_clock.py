"""The time of a sample: anchor plus index over nominal rate, in whole microseconds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StreamGeometry"]

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class StreamGeometry:
    """What is fixed for the life of an epoch.

    Attributes
    ----------
    sample_rate_hz : float
        Nominal rate.
    hop_samples : int
        Samples per channel in a hop.
    window_hops : int
        Hops in a window.
    anchor_us : int
        Time of sample 0, microseconds since 1970.
    burst_interval_us : int
        For burst sensors, whose hop is a burst: time from one burst to the next in microseconds.
        0 for continuous ones.
    """

    sample_rate_hz: float
    hop_samples: int
    window_hops: int
    anchor_us: int
    burst_interval_us: int = 0

    @property
    def window_samples(self) -> int:
        """Samples per channel in a window."""
        return self.hop_samples * self.window_hops

    def difference(self, other: StreamGeometry) -> str | None:
        """Return the name of the first attribute in which `other` differs, or None."""
        names = ("sample_rate_hz", "hop_samples", "window_hops", "anchor_us", "burst_interval_us")
        return next((n for n in names if getattr(self, n) != getattr(other, n)), None)

    def time_us(self, sample_index: int) -> int:
        """Return the time of a sample in microseconds since 1970, rounded half up.

        Computed in integers from the exact value of the rate: the same index always has the same
        time, whoever computes it.
        """
        bursts, index = 0, sample_index
        if self.burst_interval_us:
            bursts, index = divmod(sample_index, self.hop_samples)
        return self.anchor_us + bursts * self.burst_interval_us + self._span_us(index)

    def window_start_us(self, window_index: int) -> int:
        """Return the time of a window's first sample, microseconds since 1970."""
        return self.time_us(window_index * self.hop_samples)

    def window_end_us(self, window_index: int) -> int:
        """Return the time just after a window's last sample, microseconds since 1970."""
        last_hop = window_index + self.window_hops - 1
        if self.burst_interval_us:
            return self.time_us(last_hop * self.hop_samples) + self._span_us(self.hop_samples)
        return self.time_us((last_hop + 1) * self.hop_samples)

    def _span_us(self, sample_count: int) -> int:
        numerator, denominator = self.sample_rate_hz.as_integer_ratio()
        return (2 * sample_count * denominator * _MICROSECONDS + numerator) // (2 * numerator)
