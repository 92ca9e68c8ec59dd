"""What rules on diagnoses ask beside the scores: the speed of the shaft."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.references.derived import Derived
from kurto_alerts.rules import Rule
from kurto_dsp.condition import OperatingState


class SpeedTrack:
    """Implements `ReferenceTrack` for frames of diagnoses, which know the mean speed only."""

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of `Derived.values`: none."""
        return ()

    def update(self, frame: Frame) -> Derived:
        """Take the next frame."""
        assert frame.layout is not None
        none = np.empty((len(frame.layout.channels), 0))
        return Derived(none, OperatingState.RUNNING, frame.shaft_speed_hz)

    def state(self) -> dict[str, Any]:
        """Return nothing: it remembers nothing."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on as it is."""


def make_speed_track(
    sensor_id: str, profile: SensorProfile | None, rules: Iterable[Rule]
) -> SpeedTrack:
    """Return the track of any sensor."""
    return SpeedTrack()
