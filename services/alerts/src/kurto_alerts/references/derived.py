"""What follows from a frame and the references of its sensor: the interface to the engine."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kurto_alerts.frames import Frame
from kurto_alerts.rules import Measure, OperatingCondition, Rule
from kurto_dsp.condition import OperatingState

_CONDITIONS = {
    OperatingState.STOPPED: OperatingCondition.STOPPED,
    OperatingState.START_UP: OperatingCondition.START_UP,
    OperatingState.COAST_DOWN: OperatingCondition.COAST_DOWN,
}
_PREFIXES = {Measure.BASELINE_RATIO: "baseline_ratio", Measure.BASELINE_Z_SCORE: "baseline_z"}
_NAMES = {Measure.ACCELERATION_GROWTH: "acceleration_growth", Measure.ISO_ZONE: "iso_zone"}


@dataclass(frozen=True, eq=False, slots=True)
class Derived:
    """What was derived from one frame.

    Attributes
    ----------
    values : NDArray[np.float64]
        Shape (channels, names): one row a channel of the frame's layout, one column a name of the
        track. NaN where there is nothing to compare with, or the machine doesn't run.
    operating : OperatingState
        What the machine is doing.
    shaft_speed_hz : float
        Last shaft speed that was measured in the window; NaN when none was.
    """

    values: NDArray[np.float64]
    operating: OperatingState
    shaft_speed_hz: float

    @property
    def condition(self) -> OperatingCondition | None:
        """What the machine is doing as rules name it; None while it runs or that isn't known."""
        return _CONDITIONS.get(self.operating)


class ReferenceTrack(Protocol):
    """Follows one sensor, frame by frame in the order of its windows.

    Deterministic in windows: what `update` returns follows from the frames and the baselines, not
    from when they came or where the state was stored and restored in between.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of `Derived.values`, as `derived_name` gives them."""

    def update(self, frame: Frame) -> Derived:
        """Take the next frame, neither empty nor late."""

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs, for JSON; the baselines apart."""

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where `state` was taken."""


def derived_name(rule: Rule) -> str | None:
    """Return the derived column that a rule reads; None for a feature of the frame.

    A fault score is none: diagnoses come as frames of their own.
    """
    prefix = _PREFIXES.get(rule.measure)
    return f"{prefix}.{rule.feature}" if prefix is not None else _NAMES.get(rule.measure)


def needs_track(rule: Rule) -> bool:
    """Tell whether a rule can be evaluated only beside a `ReferenceTrack`."""
    gated = rule.start_up.multiplier != 1.0 or rule.speed_range is not None or rule.suppress_when
    return bool(gated) or derived_name(rule) is not None
