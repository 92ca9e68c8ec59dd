"""One window of each of many sensors through the condition table, and what follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from kurto_alerts.alert_state import ConditionChange, ConditionState, TransitionKind
from kurto_alerts.conditions import ConditionTable
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.open_conditions import OpenConditions, Standing
from kurto_alerts.rules import Severity
from kurto_alerts.votes import joined, vote
from kurto_alerts.watches import Watch
from kurto_alerts.windows import Window


@dataclass(frozen=True, slots=True)
class Event:
    """The condition of a sensor's watch changed; values are in the watch's unit."""

    frame: Frame
    watch: Watch
    standing: Standing
    value: float
    worst_value: float
    channel: str


def step_windows(table: ConditionTable, windows: list[Window]) -> tuple[int, list[Event]]:
    """Take one window of each of distinct sensors.

    Returns
    -------
    count : int
        Values that were compared.
    events : list of Event
        What changed.
    """
    events: list[Event] = []
    slots = np.concatenate([window.slots for window in windows])
    values = np.concatenate([window.values for window in windows])
    count = len(values)
    changed, _ = table.step(slots, values)
    if len(changed):
        ends = list(accumulate(len(window.slots) for window in windows))
        owners = np.searchsorted(ends, changed, side="right")
        for at, owner in zip(changed.tolist(), owners.tolist(), strict=True):
            window = windows[owner]
            offset = int(slots[at]) - window.plan.start
            row = window.plan.watches[offset].rows[0]
            events.append(_event(table, window, offset, float(values[at]), row))
    voting = [window for window in windows if window.ballot is not None]
    if voting:
        counted, found = _step_ballots(table, voting)
        count += counted
        events += found
    for window in windows:
        for offset in window.shifted:
            slot = window.plan.start + offset
            if table.severity[slot]:
                worst = float(table.worst_value[slot])
                events.append(_event(table, window, offset, worst, None))
    return count, events


def _step_ballots(table: ConditionTable, windows: list[Window]) -> tuple[int, list[Event]]:
    ballots = [window.ballot for window in windows if window.ballot is not None]
    ballot = joined(ballots)
    verdict = vote(table, ballot)
    ends = list(accumulate(len(one.slots) for one in ballots))
    owners = np.searchsorted(ends, verdict.changed, side="right")
    events = []
    for at, owner in zip(verdict.changed.tolist(), owners.tolist(), strict=True):
        window = windows[owner]
        offset = int(ballot.slots[at]) - window.plan.start
        row = window.plan.watches[offset].rows[int(verdict.channels[at])]
        events.append(_event(table, window, offset, float(verdict.values[at]), row))
    return int(np.isfinite(ballot.values).sum()), events


def _event(
    table: ConditionTable, window: Window, offset: int, value: float, row: int | None
) -> Event:
    plan = window.plan
    slot, watch = plan.start + offset, plan.watches[offset]
    suppression = plan.suppression(offset) if plan.suppressed[offset] else ""
    return Event(
        window.frame,
        watch,
        Standing(int(table.severity[slot]), bool(table.recovering[slot]), suppression),
        value,
        float(table.worst_value[slot]),
        "" if row is None else plan.channels[row],
    )


def in_time_order(events: list[Event]) -> list[Event]:
    """Return events by sample time, those of one sensor in the order of their windows."""
    newest: dict[str, int] = {}
    times = []
    for event in events:
        sensor_id = event.frame.sensor_id
        # A clock that was put back must not change the order of a sensor's own windows.
        newest[sensor_id] = max(event.frame.end_us, newest.get(sensor_id, event.frame.end_us))
        times.append((newest[sensor_id], sensor_id))
    order = sorted(range(len(events)), key=times.__getitem__)
    return [events[at] for at in order]


def changes_of(
    opened: OpenConditions, event: Event, profile: SensorProfile | None
) -> Iterable[ConditionChange]:
    """Return what an event means for the alert that it belongs to."""
    frame, watch = event.frame, event.watch
    made = opened.take(
        watch.key,
        frame.sensor_id,
        event.standing,
        epoch=frame.epoch,
        window_index=frame.window_index,
    )
    for kind, alert_id, standing in made:
        yield ConditionChange(
            kind=kind,
            alert_id=alert_id,
            key=watch.key,
            rule=watch.rule,
            severity=Severity(standing.severity),
            state=_state(standing, ended=kind is TransitionKind.RESOLVED),
            value=event.value / watch.factor,
            worst_value=event.worst_value / watch.factor,
            limit=_limit(watch, event.value, standing.severity),
            epoch=frame.epoch,
            window_index=frame.window_index,
            time_us=frame.end_us,
            machine_id=profile.machine_id if profile is not None else "",
            suppression=standing.suppression,
            sensor_id=frame.sensor_id,
            channel=event.channel,
        )


def _state(standing: Standing, *, ended: bool) -> ConditionState:
    if ended:
        return ConditionState.NORMAL
    return ConditionState.RECOVERING if standing.recovering else ConditionState.ACTIVE


def _limit(watch: Watch, value: float, severity: int) -> float:
    """Return the limit of a severity that `value` passed or is nearest to, in the rule's unit."""
    levels = {level.severity: level for level in watch.rule.levels}
    level = levels.get(Severity(severity), watch.rule.levels[0])
    if level.lower is None or level.upper is None:
        limit = level.upper if level.lower is None else level.lower
        assert limit is not None
        return limit
    in_rule_unit = value / watch.factor
    nearer_lower = abs(in_rule_unit - level.lower) < abs(in_rule_unit - level.upper)
    return level.lower if nearer_lower else level.upper
