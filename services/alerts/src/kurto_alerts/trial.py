"""What a rule would have raised on stored features, by the engine that evaluates live."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kurto_alerts.alert_state import ConditionChange, TransitionKind
from kurto_alerts.engine import Engine
from kurto_alerts.exceptions import TrialImpossible
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.rules import Measure, Rule, Scope, Severity, StartUp

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


def check_triable(rule: Rule) -> None:
    """Refuse a rule that features alone cannot tell.

    Raises
    ------
    TrialImpossible
        Naming the field that needs more: a result without it would be wrong.
    """
    needs = {
        "rule.measure": rule.measure not in (Measure.VALUE, Measure.RATE_PER_MINUTE),
        "rule.scope": rule.scope is Scope.MACHINE,  # needs its sensors side by side
        "rule.start_up": rule.start_up not in (StartUp(), replace(rule.start_up, multiplier=1.0)),
        "rule.speed_range": rule.speed_range is not None,
        "rule.suppress_when": bool(rule.suppress_when),
    }
    for name, needed in needs.items():
        if needed:
            raise TrialImpossible(field=name)


@dataclass
class _Passage:
    """Where the windows of a sensor stand."""

    trial: SensorTrial
    epoch: int = -1
    window_index: int = -1


@dataclass
class Trial:
    """Evaluates one rule on frames and gathers what it raises; nothing is stored.

    Parameters
    ----------
    rule : Rule
        The rule; evaluated also when it is disabled.
    profiles : mapping of str to SensorProfile
        What is known about the sensors, by id.
    """

    rule: Rule
    profiles: Mapping[str, SensorProfile]
    episode_count: int = 0
    window_count: int = 0
    _ended: list[Episode] = field(default_factory=list)
    _open: dict[str, Episode] = field(default_factory=dict)
    _passages: dict[str, _Passage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_triable(self.rule)
        self.engine = Engine([replace(self.rule, disabled=False)], self.profiles)

    def begin(self, sensor_id: str) -> None:
        """Name a sensor whose frames follow."""
        self._passages[sensor_id] = _Passage(SensorTrial(sensor_id))

    def take(self, frames: Sequence[Frame]) -> None:
        """Evaluate frames, those of a sensor in the order of their windows."""
        current = [frame for frame in frames if self._is_current(frame)]
        for change in self.engine.evaluate(current):
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
                sensor_id=change.key.sensor_id,
                channel=change.key.channel,
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
        worst = self.engine.worst_values()
        still_open = (
            replace(episode, worst_value=worst[alert_id])
            for alert_id, episode in self._open.items()
        )
        return sorted([*self._ended, *still_open], key=_place)[:EPISODE_COUNT]

    def sensors(self) -> Iterable[SensorTrial]:
        """Return what was read, in the order in which it was."""
        return [passage.trial for passage in self._passages.values()]


def _place(episode: Episode) -> tuple[str, int, str]:
    return episode.sensor_id, episode.raise_us, episode.channel
