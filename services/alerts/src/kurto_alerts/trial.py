"""What a rule would have raised on what is stored, by the engines that evaluate live."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kurto_alerts.alert_state import ConditionChange, TransitionKind
from kurto_alerts.data_quality.silence import SilenceLimits
from kurto_alerts.data_quality.watch import DataQuality
from kurto_alerts.diagnoses.scores import DiagnosedWindow
from kurto_alerts.engine import TrackFactory
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.rule_engines import RuleEngines
from kurto_alerts.rules import Measure, Rule, Scope, Severity

EPISODE_COUNT = 1000


@dataclass(frozen=True, kw_only=True)
class Episode:
    """An alert that would have been raised; times in microseconds since 1970, of the samples.

    `resolve_us` is None when the condition was still present at the end.
    """

    sensor_id: str
    channel: str
    severity: Severity
    worst_value: float
    raise_us: int
    resolve_us: int | None
    epoch: int
    window_index: int


@dataclass
class SensorTrial:
    """What a rule was tried on; times in microseconds since 1970, None without any window."""

    sensor_id: str
    window_count: int = 0
    missing_window_count: int = 0
    first_us: int | None = None
    last_us: int | None = None


def side_by_side(
    rule: Rule, sensor_ids: Iterable[str], profiles: Mapping[str, SensorProfile]
) -> list[list[str]]:
    """Return sensors in groups: those of a group must be evaluated in the order of their times."""
    groups: dict[tuple[str, str], list[str]] = {}
    for sensor_id in sensor_ids:
        profile = profiles.get(sensor_id)
        machine_id = profile.machine_id if profile and rule.scope is Scope.MACHINE else ""
        place = (machine_id, "") if machine_id else ("", sensor_id)
        groups.setdefault(place, []).append(sensor_id)
    return list(groups.values())


@dataclass
class _Passage:
    """Where the windows of a sensor stand."""

    trial: SensorTrial
    epoch: int = -1
    window_index: int = -1


@dataclass
class Trial:
    """Evaluates one rule on what is stored and gathers what it raises; nothing is stored.

    Values that cannot be trusted are left out as they are live; alarms about them are not raised.

    Parameters
    ----------
    rule : Rule
        The rule; evaluated also when it is disabled.
    profiles : mapping of str to SensorProfile
        What is known about the sensors, by id.
    tracks : callable or None
        Makes what follows the references of a sensor.
    """

    rule: Rule
    profiles: Mapping[str, SensorProfile]
    tracks: TrackFactory | None = None
    episode_count: int = 0
    window_count: int = 0
    _ended: list[Episode] = field(default_factory=list)
    _open: dict[str, Episode] = field(default_factory=dict)
    _passages: dict[str, _Passage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._engines = RuleEngines(
            [replace(self.rule, disabled=False)], self.profiles, self.tracks
        )
        self._quality = DataQuality({}, self.profiles, SilenceLimits())

    @property
    def is_on_diagnoses(self) -> bool:
        """True if it takes diagnoses, False if it takes features."""
        return self.rule.measure is Measure.FAULT_SCORE

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that it reads."""
        return self._engines.features

    def begin(self, sensor_id: str, start_us: int) -> None:
        """Name a sensor whose frames or diagnoses follow, those behind a time."""
        self._passages[sensor_id] = _Passage(SensorTrial(sensor_id))
        self._engines.diagnoses.begin(sensor_id, start_us)

    def take(self, frames: Sequence[Frame]) -> None:
        """Evaluate frames, those of a sensor in the order of their windows."""
        current = [frame for frame in frames if self._is_current(frame)]
        trusted = [self._quality.take(frame) for frame in current]
        self._quality.take_changes({})  # alarms about data are not what is tried
        for change in self._engines.evaluate(trusted):
            self._note(change)

    def take_diagnoses(self, windows: Sequence[DiagnosedWindow]) -> None:
        """Evaluate diagnoses, those of a sensor by their ends."""
        for window in windows:
            trial = self._passages[window.sensor_id].trial
            trial.first_us = window.start_us if trial.first_us is None else trial.first_us
            trial.last_us = window.end_us
            trial.window_count += 1
            self.window_count += 1
        for change in self._engines.take_diagnoses(windows):
            self._note(change)

    def _is_current(self, frame: Frame) -> bool:
        """Count a frame; False for one that is never evaluated live: late, or of an older epoch."""
        passage = self._passages[frame.sensor_id]
        trial = passage.trial
        if frame.late or frame.epoch < passage.epoch:
            return False
        if frame.epoch == passage.epoch:
            trial.missing_window_count += max(frame.window_index - passage.window_index - 1, 0)
        passage.epoch, passage.window_index = frame.epoch, frame.window_index
        if trial.first_us is None:
            trial.first_us = frame.start_us
        trial.last_us = frame.end_us
        if frame.values is None:
            trial.missing_window_count += 1
            return False
        trial.window_count += 1
        self.window_count += 1
        return True

    def _note(self, change: ConditionChange) -> None:
        if change.kind is TransitionKind.RAISED:
            self.episode_count += 1
            self._open[change.alert_id] = Episode(
                sensor_id=change.sensor_id or change.key.sensor_id,
                channel=change.channel or change.key.channel,
                severity=change.severity,
                worst_value=change.worst_value,
                raise_us=change.time_us,
                resolve_us=None,
                epoch=change.epoch,
                window_index=change.window_index,
            )
            return
        episode = self._open.get(change.alert_id)
        if episode is None:
            return
        severity = max(episode.severity, change.severity)
        episode = replace(episode, severity=severity, worst_value=change.worst_value)
        if change.kind is not TransitionKind.RESOLVED:
            self._open[change.alert_id] = episode
            return
        del self._open[change.alert_id]
        if len(self._ended) < EPISODE_COUNT:
            self._ended.append(replace(episode, resolve_us=change.time_us))

    def episodes(self) -> list[Episode]:
        """Return what was raised, by sensor and time, `EPISODE_COUNT` at most."""
        worst = self._engines.worst_values()
        still_open = (
            replace(episode, worst_value=worst.get(alert_id, episode.worst_value))
            for alert_id, episode in self._open.items()
        )
        return sorted([*self._ended, *still_open], key=_place)[:EPISODE_COUNT]

    def sensors(self) -> Iterable[SensorTrial]:
        """Return what was read, in the order in which it was."""
        return [passage.trial for passage in self._passages.values()]


def _place(episode: Episode) -> tuple[str, int, str]:
    return episode.sensor_id, episode.raise_us, episode.channel
