"""Frozen baselines of sensors, and for which windows each of them holds."""

from collections.abc import Iterable
from dataclasses import dataclass

from kurto_dsp.condition import Baseline


@dataclass(frozen=True, eq=False, slots=True)
class BaselineVersion:
    """One frozen baseline of one sensor.

    Attributes
    ----------
    baseline_id : int
        Its number, ascending among all sensors.
    sensor_id : str
        Sensor in question.
    freeze_us : int
        It holds for windows that start at or after it, microseconds since 1970.
    end_us : int or None
        And before this; None while it is in force.
    baseline : Baseline
        What was learned.
    """

    baseline_id: int
    sensor_id: str
    freeze_us: int
    end_us: int | None
    baseline: Baseline

    def holds_at(self, start_us: int) -> bool:
        """Tell whether it holds for a window that starts then."""
        return self.freeze_us <= start_us and (self.end_us is None or start_us < self.end_us)


def baseline_at(versions: Iterable[BaselineVersion], start_us: int) -> BaselineVersion | None:
    """Return the baseline that holds for a window, the newest of them if clocks overlap."""
    holding = (version for version in versions if version.holds_at(start_us))
    return max(holding, key=lambda version: version.baseline_id, default=None)
