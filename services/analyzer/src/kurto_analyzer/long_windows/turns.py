"""Whose turn it is, and how much processor time may be spent: pure."""

from __future__ import annotations

from collections import OrderedDict

from kurto_analyzer.open_sensors import OpenSensor

__all__ = ["CpuBudget", "Turns"]


class Turns:
    """Sensors that wait for their long window, each once, first come first served."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[tuple[str, int], OpenSensor] = OrderedDict()

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def add(self, sensor: OpenSensor) -> None:
        """Put a sensor behind the others, unless it waits already."""
        self._waiting.setdefault(sensor.key, sensor)

    def hasten(self, sensor: OpenSensor) -> None:
        """Put a sensor before all others."""
        self._waiting[sensor.key] = sensor
        self._waiting.move_to_end(sensor.key, last=False)

    def next(self) -> OpenSensor | None:
        """Take the sensor whose turn it is."""
        return self._waiting.popitem(last=False)[1] if self._waiting else None


class CpuBudget:
    """Keeps work within a share of one core by pausing after each piece of it.

    Parameters
    ----------
    share : float
        Processor time over time, > 0, <= 1.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._free_at_s = 0.0

    def spend(self, cpu_s: float, now_s: float) -> None:
        """Count a piece of work that has ended now."""
        begun_s = max(self._free_at_s, now_s - cpu_s)
        self._free_at_s = begun_s + cpu_s / self._share

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait before the next piece."""
        return max(0.0, self._free_at_s - now_s)
