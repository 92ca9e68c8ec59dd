"""Everything that is known about the data of all sensors, and what follows for vibration alerts."""

from collections.abc import Mapping, Sequence
from typing import Any

from kurto_alerts.alert_state import (
    ConditionChange,
    ConditionState,
    Key,
    TransitionKind,
    Withdrawal,
)
from kurto_alerts.data_quality.built_in import Problem, built_in_rule
from kurto_alerts.data_quality.decisions import NO_WINDOW, Place
from kurto_alerts.data_quality.frame_problems import FrameProblems
from kurto_alerts.data_quality.silence import SilenceLimits, SilenceTracker, StreamReport
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.rules import Severity

BY_CLOCK = frozenset({Problem.STALE, Problem.NO_DATA})
Decision = ConditionChange | Withdrawal


class DataQuality:
    """Judges frames by window and silence by the clock, and marks vibration alerts.

    Parameters
    ----------
    open_problems : mapping of Key to str
        Open alerts of built-in conditions, with their ids.
    profiles : mapping of str to SensorProfile
        What is known about the sensors; looked up at each use.
    limits : SilenceLimits
        Times.

    Notes
    -----
    Silence follows the wall clock and is no part of what a replay repeats.
    """

    def __init__(
        self,
        open_problems: Mapping[Key, str],
        profiles: Mapping[str, SensorProfile],
        limits: SilenceLimits,
    ) -> None:
        names = {problem.value: problem for problem in Problem}
        self._open = {
            Place(key.sensor_id, key.channel, names[key.rule_id]): alert_id
            for key, alert_id in open_problems.items()
            if key.rule_id in names
        }
        self._limits = limits
        self._frames = FrameProblems(profiles)
        self._silence: SilenceTracker | None = None
        self._changes: list[Decision] = []
        self._bad: set[tuple[str, str]] = set()
        for sensor_id in {place.sensor_id for place in self._open}:
            self.restore(sensor_id, {})

    def restore(self, sensor_id: str, document: Mapping[str, Any]) -> None:
        """Continue where `state` was taken; to be called before the sensor's first frame."""
        by_frame = {
            place: alert_id
            for place, alert_id in self._open.items()
            if place.problem not in BY_CLOCK
        }
        self._frames.restore(sensor_id, document, by_frame)
        self._bad = self._bad_channels()

    def state(self, sensor_id: str) -> dict[str, Any]:
        """Return what `restore` needs, for JSON."""
        return self._frames.state(sensor_id)

    @property
    def has_changes(self) -> bool:
        """True while `take_changes` has something to return."""
        return bool(self._changes)

    def take(self, frame: Frame) -> Frame:
        """Judge a frame, and return it without the values that cannot be trusted."""
        trusted, changes = self._frames.take(frame)
        self._changes += changes
        return trusted

    def forget(self, sensor_id: str) -> None:
        """Withdraw the alerts about the frames of a sensor that is not watched any more."""
        self._changes += self._frames.forget(sensor_id)

    def look(self, reports: Sequence[StreamReport] | None, *, now_us: int, delivered: bool) -> None:
        """Judge silence by what ingest says, None while it says nothing.

        `delivered` tells that frames were evaluated since the last look.
        """
        if self._silence is None:
            by_clock = {
                place: alert_id
                for place, alert_id in self._open.items()
                if place.problem in BY_CLOCK
            }
            self._silence = SilenceTracker(self._limits, by_clock, now_us=now_us)
        if delivered:
            self._silence.delivered(now_us)
        self._changes += self._silence.look(reports, now_us=now_us)

    def take_changes(self, open_alerts: Mapping[Key, str]) -> list[Decision]:
        """Return what was decided since the last call, and how that marks vibration alerts.

        Parameters
        ----------
        open_alerts : mapping of Key to str
            Open vibration alerts with the ids of their instances.
        """
        changes, self._changes = self._changes, []
        if not changes:
            return []
        before, self._bad = self._bad, self._bad_channels()
        touched = {sensor_id for sensor_id, _ in before ^ self._bad}
        marked = [
            _mark(key, alert_id, changes[-1], bad=self._is_bad(key))
            for key, alert_id in open_alerts.items()
            if key.sensor_id in touched
        ]
        return changes + marked

    def _is_bad(self, key: Key) -> bool:
        return (key.sensor_id, "") in self._bad or (key.sensor_id, key.channel) in self._bad

    def _bad_channels(self) -> set[tuple[str, str]]:
        places = set(self._frames.open_places)
        if self._silence is not None:
            places |= self._silence.open_places
        else:
            places |= {place for place in self._open if place.problem in BY_CLOCK}
        return {(place.sensor_id, place.channel) for place in places if place.problem.blocks}


def _mark(key: Key, alert_id: str, cause: Decision, *, bad: bool) -> ConditionChange:
    """Return the mark of an alert: only its kind and where it was made count."""
    at = (0, NO_WINDOW, 0)
    if isinstance(cause, ConditionChange):
        at = (cause.epoch, cause.window_index, cause.time_us)
    return ConditionChange(
        kind=TransitionKind.DATA_BAD if bad else TransitionKind.DATA_GOOD,
        alert_id=alert_id,
        key=key,
        rule=built_in_rule(Problem.STALE, 0.0),
        severity=Severity.WARNING,
        state=ConditionState.ACTIVE,
        value=0.0,
        worst_value=0.0,
        limit=0.0,
        epoch=at[0],
        window_index=at[1],
        time_us=at[2],
    )
