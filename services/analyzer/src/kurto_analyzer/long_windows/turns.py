"""Whose turn it is, and how much processor time may be spent: pure."""

from __future__ import annotations

from collections import OrderedDict

from kurto_analyzer.open_sensors import OpenSensor

__all__ = ["CpuBudget", "Turns"]

_LONGEST_DELAY_S = 0.5  # of a piece of work, made up for after it


class Turns:
    """Sensors that wait for their long window, each once, first come first served.

    Those that are hastened come before the others, but every second turn is that of another while
    any waits: whoever asks again and again for one sensor takes half of the turns, not all.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[tuple[str, int], OpenSensor] = OrderedDict()
        self._hastened: OrderedDict[tuple[str, int], OpenSensor] = OrderedDict()
        self._was_hastened = False

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting) + len(self._hastened)

    def add(self, sensor: OpenSensor) -> None:
        """Put a sensor behind the others, unless it waits already."""
        if sensor.key not in self._hastened:
            self._waiting.setdefault(sensor.key, sensor)

    def hasten(self, sensor: OpenSensor) -> None:
        """Put a sensor before those that are not hastened."""
        self._waiting.pop(sensor.key, None)
        self._hastened[sensor.key] = sensor

    def next(self) -> OpenSensor | None:
        """Take the sensor whose turn it is."""
        self._was_hastened = bool(self._hastened) and not (self._was_hastened and self._waiting)
        line = self._hastened if self._was_hastened else self._waiting
        return line.popitem(last=False)[1] if line else None


class CpuBudget:
    """Keeps work within a share of one core by pausing after each piece of it.

    The pause is counted from the beginning of the work, and a piece that begins late does not put
    off those after it: on a busy machine, where work takes longer than its processor time and
    waits before it begins, the share would never be reached.

    Parameters
    ----------
    share : float
        Processor time over time, > 0, <= 1.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._free_at_s = 0.0

    def spend(self, cpu_s: float, began_s: float) -> None:
        """Count a piece of work that is done."""
        earliest_s = began_s - _LONGEST_DELAY_S  # longer idle time is not saved up
        self._free_at_s = max(self._free_at_s, earliest_s) + cpu_s / self._share

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait before the next piece."""
        return max(0.0, self._free_at_s - now_s)
