"""The two engines of evaluation as one: rules on features, and rules on diagnoses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from kurto_alerts.alert_state import ConditionChange, Key, Withdrawal
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.diagnoses.conditions import DiagnosisConditions
from kurto_alerts.diagnoses.scores import DiagnosedWindow
from kurto_alerts.engine import Engine, TrackFactory
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.ports import EvaluationState
from kurto_alerts.reconciliation import reconciled
from kurto_alerts.references.columns import needed_features
from kurto_alerts.rules import Measure, Rule


class RuleEngines:
    """Evaluates features and diagnoses, each under the rules on them.

    Both are counted in windows of their own, so neither waits for the other: what follows from
    the diagnoses of a sensor does not depend on when they come between its features.

    Parameters
    ----------
    rules : iterable of Rule
        All rules.
    profiles : mapping of str to SensorProfile
        What is known about the sensors, by id.
    tracks : callable or None
        Makes what follows the references of a sensor.

    Attributes
    ----------
    frames : Engine
        That of features.
    diagnoses : DiagnosisConditions
        That of diagnoses.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        profiles: Mapping[str, SensorProfile],
        tracks: TrackFactory | None,
    ) -> None:
        given = list(rules)
        on_diagnoses = [rule for rule in given if rule.measure is Measure.FAULT_SCORE]
        on_features = [rule for rule in given if rule.measure is not Measure.FAULT_SCORE]
        self._diagnosed_ids = {rule.rule_id for rule in on_diagnoses}
        self._features = needed_features(on_features)
        self.frames = Engine(on_features, profiles, tracks)
        self.diagnoses = DiagnosisConditions(on_diagnoses, profiles)

    @property
    def engines(self) -> tuple[Engine, Engine]:
        """Both, for their figures."""
        return self.frames, self.diagnoses.engine

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that any rule reads, itself or through references."""
        return tuple(sorted(self._features.union(self.frames.features)))

    @property
    def open_alert_ids(self) -> dict[Key, str]:
        """The instances of the alerts that are open."""
        return {**self.frames.open_alert_ids, **self.diagnoses.engine.open_alert_ids}

    def restore(self, state: EvaluationState) -> list[SensorCheckpoint]:
        """Continue where checkpoints were made, and return them, in agreement with the alerts."""
        diagnosed = {
            key: alert
            for key, alert in state.open_alerts.items()
            if key.rule_id in self._diagnosed_ids
        }
        others = {key: one for key, one in state.open_alerts.items() if key not in diagnosed}
        checkpoints = reconciled(state.checkpoints, others)
        for checkpoint in checkpoints:
            self.frames.restore(checkpoint)
        states = {checkpoint.sensor_id: checkpoint.diagnoses for checkpoint in state.checkpoints}
        self.diagnoses.restore(states, diagnosed)
        return checkpoints

    def set_profile(self, profile: SensorProfile) -> None:
        """Take what has become known about a sensor."""
        self.frames.set_profile(profile)
        self.diagnoses.set_profile(profile)

    def is_watched(self, key: Key) -> bool:
        """Tell whether a rule watches what a key names."""
        return self.frames.is_watched(key) or self.diagnoses.engine.is_watched(key)

    def withdraw_unwatched(self) -> list[Withdrawal]:
        """Forget open alerts whose rule no longer watches their channel, and return them."""
        return [one for engine in self.engines for one in engine.withdraw_unwatched()]

    def evaluate(self, frames: Sequence[Frame]) -> list[ConditionChange]:
        """Take frames of features; diagnoses of a sensor are followed from its first one on."""
        for frame in frames:
            self.diagnoses.meet(frame)
        return self.frames.evaluate(frames)

    def take_diagnoses(self, windows: Iterable[DiagnosedWindow]) -> list[ConditionChange]:
        """Take diagnoses, those of a sensor by their ends."""
        return self.diagnoses.take(windows)

    def checkpoint(self, sensor_id: str, *, epoch: int, window_index: int) -> SensorCheckpoint:
        """Return what must be kept of a sensor whose last window was this one."""
        checkpoint = self.frames.checkpoint(sensor_id, epoch=epoch, window_index=window_index)
        return replace(checkpoint, diagnoses=self.diagnoses.state(sensor_id))

    def worst_values(self) -> dict[str, float]:
        """Return the worst value so far of every open alert whose channel has come up, by id."""
        return {**self.frames.worst_values(), **self.diagnoses.engine.worst_values()}
