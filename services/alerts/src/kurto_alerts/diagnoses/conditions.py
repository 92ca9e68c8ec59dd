"""Rules on the diagnoses of all sensors: what is wanted of them, and what follows from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from kurto_alerts.alert_state import ConditionChange, Key
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.diagnoses.scores import DiagnosedWindow, frame_of, interval_us
from kurto_alerts.diagnoses.track import make_speed_track
from kurto_alerts.engine import Engine
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.ports import OpenAlert
from kurto_alerts.reconciliation import reconciled
from kurto_alerts.rules import Rule


@dataclass(frozen=True, slots=True)
class Position:
    """How far the diagnoses of a sensor are evaluated.

    Attributes
    ----------
    end_us : int
        End of the newest window that was looked at, microseconds since 1970.
    epoch, end_index : int
        Epoch and index just after the samples of the newest window that counted.
    """

    end_us: int
    epoch: int = -1
    end_index: int = 0

    def passed(self, window: DiagnosedWindow) -> "Position":
        """Return the position behind a window that counts."""
        return Position(window.end_us, window.epoch, window.first_index + window.sample_count)

    def counts(self, window: DiagnosedWindow) -> bool:
        """Tell whether a window shares no sample with those that counted, and is of no old epoch.

        The analyzer diagnoses more often while a level grows; three diagnoses of nearly the same
        samples must not be three.
        """
        if window.epoch == self.epoch:
            return window.first_index >= self.end_index
        return window.epoch > self.epoch


class DiagnosisConditions:
    """Keeps the conditions of rules on diagnoses, and how far each sensor is evaluated.

    Parameters
    ----------
    rules : sequence of Rule
        Those on diagnoses.
    profiles : mapping of str to SensorProfile
        What is known about the sensors, by id.

    Attributes
    ----------
    engine : Engine
        Evaluates diagnoses as it evaluates features.
    """

    def __init__(self, rules: Sequence[Rule], profiles: Mapping[str, SensorProfile]) -> None:
        self._rules = [rule for rule in rules if not rule.disabled]
        self._profiles = dict(profiles)
        self._positions: dict[str, Position] = {}
        self.engine = Engine(rules, profiles, make_speed_track, interval_us)

    def set_profile(self, profile: SensorProfile) -> None:
        """Take what has become known about a sensor."""
        self._profiles[profile.sensor_id] = profile
        self.engine.set_profile(profile)

    def is_wanted(self, sensor_id: str) -> bool:
        """Tell whether a rule asks for the diagnoses of a sensor."""
        if not self._rules:
            return False
        profile = self._profiles.get(sensor_id) or SensorProfile(sensor_id)
        return not profile.archived and any(
            rule.selector.selects_sensor(sensor_id, profile.tags, profile.machine_id)
            for rule in self._rules
        )

    def meet(self, frame: Frame) -> None:
        """Follow the diagnoses of a sensor from its first frame on, also when its clock goes back.

        A new epoch may begin before the end of what was diagnosed last; what was counted once is
        known by its samples then.
        """
        position = self._positions.get(frame.sensor_id)
        if position is None:
            if self.is_wanted(frame.sensor_id):
                self.begin(frame.sensor_id, frame.end_us)
        elif 0 <= position.epoch < frame.epoch and frame.end_us < position.end_us:
            self._positions[frame.sensor_id] = replace(position, end_us=frame.end_us)

    def begin(self, sensor_id: str, end_us: int) -> None:
        """Take the diagnoses of a sensor that end after this time."""
        self._positions[sensor_id] = Position(end_us)

    def positions(self) -> dict[str, int]:
        """Return the sensors whose diagnoses are wanted, each with the end to ask behind."""
        return {
            sensor_id: position.end_us
            for sensor_id, position in self._positions.items()
            if self.is_wanted(sensor_id)
        }

    def take(self, windows: Iterable[DiagnosedWindow]) -> list[ConditionChange]:
        """Evaluate windows, those of a sensor by their ends; known ones change nothing."""
        frames = []
        for window in windows:
            position = self._positions.get(window.sensor_id)
            if position is None or window.end_us <= position.end_us:
                continue
            if not position.counts(window):
                self._positions[window.sensor_id] = replace(position, end_us=window.end_us)
                continue
            self._positions[window.sensor_id] = position.passed(window)
            if window.findings:
                frames.append(frame_of(window))
        return self.engine.evaluate(frames)

    def state(self, sensor_id: str) -> dict[str, Any]:
        """Return what `restore` needs of a sensor, for JSON; empty if no rule asks for it."""
        position = self._positions.get(sensor_id)
        if position is None or not self.is_wanted(sensor_id):
            return {}
        checkpoint = self.engine.checkpoint(sensor_id, epoch=-1, window_index=-1)
        return {"position": asdict(position), "conditions": checkpoint.to_document()}

    def restore(
        self, states: Mapping[str, Mapping[str, Any]], open_alerts: Mapping[Key, OpenAlert]
    ) -> None:
        """Continue where `state` was taken; the alerts that are open are the truth."""
        checkpoints = []
        for sensor_id, state in states.items():
            if not state or not self.is_wanted(sensor_id):
                continue  # a rule that comes later begins with what comes later
            self._positions[sensor_id] = Position(**state["position"])
            checkpoints.append(
                SensorCheckpoint.from_document(sensor_id, -1, -1, state["conditions"])
            )
        for checkpoint in reconciled(checkpoints, open_alerts):
            self.engine.restore(checkpoint)
