"""How long a long window is, and how often one is taken."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kurto_analyzer.sample_clock import StreamGeometry

__all__ = ["LongLengths", "LongWindowPolicy"]

_GRID_S = 1.0
_TOLERANCE = 1e-9  # of a hop: 80.00000001 hops are 80


@dataclass(frozen=True, slots=True)
class LongLengths:
    """Lengths in hops.

    Attributes
    ----------
    window_hops : int
        Hops in a long window, a multiple of `grid_hops`.
    grid_hops : int
        Long windows end at multiples of it.
    interval_hops : int
        A long window is due each time a multiple of it is passed.
    """

    window_hops: int
    grid_hops: int
    interval_hops: int

    @property
    def kept_hops(self) -> int:
        """Hops to keep, so that a whole window that ends on the grid is always among them."""
        return self.window_hops + self.grid_hops


@dataclass(frozen=True, slots=True)
class LongWindowPolicy:
    """Lengths in seconds and revolutions.

    Long windows end on a grid of about a second, so that a window computed again, by whatever
    process and after whatever restart, is most often the very same one.

    Attributes
    ----------
    shortest_s, longest_s : float
        Bounds of the length.
    revolutions : float
        Shaft revolutions that a window holds, within these bounds.
    interval_s : float
        Time from one window of a sensor to the next.
    shortest_burst_s : float
        Burst sensors take a whole burst as their long window; shorter ones say too little.
    """

    shortest_s: float = 8.0
    longest_s: float = 60.0
    revolutions: float = 100.0
    interval_s: float = 10.0
    shortest_burst_s: float = 1.0

    def lengths(self, geometry: StreamGeometry, speed_hz: float | None) -> LongLengths | None:
        """Return the lengths for a sensor, or None when it has no long windows.

        Parameters
        ----------
        geometry : StreamGeometry
            Of its stream.
        speed_hz : float or None
            Shaft speed, when known.

        Examples
        --------
        >>> stream = StreamGeometry(25600.0, 2560, 10, 0)
        >>> LongWindowPolicy().lengths(stream, 30.0)
        LongLengths(window_hops=80, grid_hops=10, interval_hops=100)
        >>> LongWindowPolicy().lengths(stream, 5.0).window_hops
        200
        """
        hop_s = geometry.hop_samples / geometry.sample_rate_hz
        if geometry.burst_interval_us:
            if hop_s < self.shortest_burst_s:
                return None
            bursts = round(self.interval_s / (geometry.burst_interval_us / 1e6))
            return LongLengths(1, 1, max(1, bursts))
        grid_hops = max(1, round(_GRID_S / hop_s))
        hops = max(1, math.ceil(self._seconds(speed_hz) / hop_s - _TOLERANCE))
        interval = max(1, round(self.interval_s / hop_s / grid_hops))
        return LongLengths(_multiple(hops, grid_hops), grid_hops, interval * grid_hops)

    def _seconds(self, speed_hz: float | None) -> float:
        if speed_hz is None:
            return self.shortest_s
        return min(max(self.shortest_s, self.revolutions / speed_hz), self.longest_s)


def _multiple(count: int, step: int) -> int:
    return -(-count // step) * step
