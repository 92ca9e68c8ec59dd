"""How large and long drills are: short when all tests run, full for ``make faults``."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Size of the drills.

    Parameters
    ----------
    full : bool
        Whether the promises are tried in full (``KURTO_FAULTS=full``, as ``make faults`` sets it).
    fixed_sensors : int or None
        Sensors of every load (``KURTO_FAULTS_SENSORS``); None: few in short drills, and what a
        calibration finds in full ones.
    """

    full: bool
    fixed_sensors: int | None

    def seconds(self, short: float, full: float) -> float:
        """Return the one of two durations, in seconds, that this run is meant to take."""
        return full if self.full else short

    def limit(self, full: float) -> float:
        """Return the limit of a time, in seconds; four times that in a run of all tests.

        Such a run shares the machine, which may be a slow one: what it proves is that nothing is
        lost and nothing hangs. The promised times are those of full drills.
        """
        return full if self.full else 4 * full

    def count(self, short: int, full: int) -> int:
        """Return the one of two numbers of repetitions that this run is meant to do."""
        return full if self.full else short


def scale_of_environment() -> Scale:
    """Read the scale from the environment."""
    sensors = os.environ.get("KURTO_FAULTS_SENSORS")
    full = os.environ.get("KURTO_FAULTS", "short") == "full"
    return Scale(full, int(sensors) if sensors else None)
