"""Evaluates rules on frames: thousands of conditions a step, pure and deterministic.

The same frames in the same order per sensor give the same conditions, however they are cut into
calls and saved and restored in between. So do they give the same changes; for alerts of machines
if the frames of its sensors come in the order of their times as well (see `open_conditions`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kurto_alerts.alert_state import ConditionChange, Key, Withdrawal
from kurto_alerts.checkpoints import ConditionRecord, SensorCheckpoint
from kurto_alerts.conditions import ConditionTable
from kurto_alerts.frames import Frame, Layout, SensorProfile, window_interval_us
from kurto_alerts.open_conditions import OpenConditions, Standing
from kurto_alerts.references.derived import ReferenceTrack, needs_track
from kurto_alerts.rules import Measure, Rule, Scope
from kurto_alerts.sensor_plans import SensorPlan, load_record, make_plan, save_record
from kurto_alerts.steps import Event, changes_of, in_time_order, step_windows
from kurto_alerts.watches import watches_of
from kurto_alerts.windows import Window, take_window

TrackFactory = Callable[[str, SensorProfile | None, Sequence[Rule]], ReferenceTrack | None]
IntervalOf = Callable[[Frame, SensorProfile | None], float | None]


@dataclass
class _Rest:
    """What is kept of a sensor without a plan."""

    checkpoint: SensorCheckpoint
    parked: dict[tuple[str, str], ConditionRecord]


class Engine:
    """Keeps the conditions of all sensors under one set of rules.

    Parameters
    ----------
    rules : iterable of Rule
        The rules; for other ones make another engine and restore the checkpoints into it.
    profiles : mapping of str to SensorProfile
        What is known about the sensors, by id.
    tracks : callable or None
        Makes what follows the references of a sensor, given its id, profile and the rules that
        need it.
    interval : callable
        Tells the microseconds from window to window, None if unknown.

    Attributes
    ----------
    evaluation_count : int
        Values that were compared with the limits of a rule so far.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        profiles: Mapping[str, SensorProfile],
        tracks: TrackFactory | None = None,
        interval: IntervalOf = window_interval_us,
    ) -> None:
        self._rules = {rule.rule_id: rule for rule in rules}
        self._profiles = dict(profiles)
        self._make_track = tracks
        self._interval_us = interval
        self._table = ConditionTable()
        self._plans: dict[str, SensorPlan] = {}
        self._tracks: dict[str, ReferenceTrack] = {}
        self._resting: dict[str, _Rest] = {}
        self._opened = OpenConditions()
        self.evaluation_count = 0

    @property
    def watch_count(self) -> int:
        """Number of conditions that are evaluated at present."""
        return sum(len(plan.watches) for plan in self._plans.values())

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that any rule reads, sorted; families of diagnoses are none."""
        found = {
            rule.feature
            for rule in self._rules.values()
            if not rule.disabled and rule.measure is not Measure.FAULT_SCORE
        }
        return tuple(sorted(found - {""}))

    @property
    def open_alert_ids(self) -> Mapping[Key, str]:
        """The instances of the alerts that are open."""
        return {key: self._opened.alert_id(key) for key in self._opened}

    @property
    def tracks(self) -> Mapping[str, ReferenceTrack]:
        """What follows the references of the sensors that have come up, by id."""
        return self._tracks

    def restore(self, checkpoint: SensorCheckpoint) -> None:
        """Put a sensor where its checkpoint was made; to be called before its first frame."""
        sensor_id = checkpoint.sensor_id
        parked = {(record.channel, record.rule_id): record for record in checkpoint.conditions}
        self._resting[sensor_id] = _Rest(checkpoint, parked)
        for record in checkpoint.conditions:
            if record.alert_id:
                standing = Standing(record.severity, record.recovering, record.suppression)
                self._opened.restore(record.key(sensor_id), record.alert_id, sensor_id, standing)

    def set_profile(self, profile: SensorProfile) -> None:
        """Take what has become known about a sensor; it holds from its next frame on."""
        sensor_id = profile.sensor_id
        if self._profiles.get(sensor_id) == profile:
            return
        self._profiles[sensor_id] = profile
        if sensor_id in self._plans:
            self._rest(sensor_id)

    def _rest(self, sensor_id: str) -> _Rest:
        """Take the plan of a sensor apart."""
        checkpoint = self.checkpoint(sensor_id, epoch=-1, window_index=-1)
        parked = {(record.channel, record.rule_id): record for record in checkpoint.conditions}
        rest = self._resting[sensor_id] = _Rest(checkpoint, parked)
        self._plans.pop(sensor_id, None)
        self._tracks.pop(sensor_id, None)
        return rest

    def withdraw_unwatched(self) -> list[Withdrawal]:
        """Forget open alerts whose rule no longer watches their channel, and return them."""
        opened = self._opened
        unwatched = [
            key for key in opened if not opened.has_members(key) or not self.is_watched(key)
        ]
        return [Withdrawal(self._opened.forget(key)) for key in unwatched]

    def is_watched(self, key: Key) -> bool:
        """Tell whether a rule watches what a key names."""
        rule = self._rules.get(key.rule_id)
        if rule is None or rule.disabled or (rule.scope is Scope.CHANNEL) != bool(key.channel):
            return False
        if key.channel and not rule.selector.selects_channel(key.channel):
            return False
        if not key.machine_id:
            return self._selects(rule, key.sensor_id, "")
        if rule.scope is not Scope.MACHINE:
            return False
        sensors = {*self._opened.sensors(key), *self._sensors_of(key.machine_id)}
        return any(self._selects(rule, sensor_id, key.machine_id) for sensor_id in sensors)

    def _sensors_of(self, machine_id: str) -> list[str]:
        profiles = self._profiles.values()
        return [profile.sensor_id for profile in profiles if profile.machine_id == machine_id]

    def _selects(self, rule: Rule, sensor_id: str, machine_id: str) -> bool:
        """Tell whether a rule watches a sensor, and its alert is the machine's if that is named."""
        selector = rule.selector
        profile = self._profiles.get(sensor_id)
        if profile is None:
            # Whatever tags and machine a rule asks for, this sensor may have them.
            machine = next(iter(selector.machine_ids), "")
            return selector.selects_sensor(sensor_id, selector.tags, machine)
        if profile.archived:
            return False
        if rule.scope is Scope.MACHINE and profile.machine_id != machine_id:
            return False
        return selector.selects_sensor(sensor_id, profile.tags, profile.machine_id)

    def evaluate(self, frames: Sequence[Frame]) -> list[ConditionChange]:
        """Take frames, those of a sensor in the order of their windows, and return what changed.

        Empty and late frames change nothing. Which windows may be evaluated at all, and how
        often, is the caller's business. Changes come in the order of sample time.
        """
        rounds: list[list[Frame]] = []
        seen: dict[str, int] = {}
        for frame in frames:
            if frame.values is None or frame.late:
                continue
            number = seen[frame.sensor_id] = seen.get(frame.sensor_id, -1) + 1
            if number == len(rounds):
                rounds.append([])
            rounds[number].append(frame)
        events: list[Event] = []
        for one_a_sensor in rounds:
            windows = [self._window(frame) for frame in one_a_sensor]
            count, found = step_windows(self._table, windows)
            self.evaluation_count += count
            events += found
        changes: list[ConditionChange] = []
        for event in in_time_order(events):
            changes += changes_of(self._opened, event, self._profiles.get(event.frame.sensor_id))
        return changes

    def _window(self, frame: Frame) -> Window:
        assert frame.layout is not None
        plan = self._plan(frame, frame.layout)
        return take_window(self._table, plan, self._tracks.get(frame.sensor_id), frame)

    def _plan(self, frame: Frame, layout: Layout) -> SensorPlan:
        """Return the sensor's plan, made anew when channels or the pace of windows have changed."""
        sensor_id = frame.sensor_id
        plan = self._plans.get(sensor_id)
        if plan is not None and plan.fits(layout):
            if plan.epoch == frame.epoch:
                return plan
            interval_us = self._interval_us(frame, self._profiles.get(sensor_id))
            if plan.interval_us == interval_us:
                plan.epoch = frame.epoch
                return plan
        if plan is not None:
            self._rest(sensor_id)
        rest = self._resting.pop(sensor_id, None)
        if rest is None:
            empty = self.checkpoint(sensor_id, epoch=-1, window_index=-1)
            rest = _Rest(empty, {})
        plan = self._plans[sensor_id] = self._make_plan(frame, layout, rest)
        return plan

    def _make_plan(self, frame: Frame, layout: Layout, rest: _Rest) -> SensorPlan:
        sensor_id, saved = frame.sensor_id, rest.checkpoint
        profile = self._profiles.get(sensor_id)
        interval_us = saved.interval_us
        if saved.interval_epoch != frame.epoch:
            interval_us = self._interval_us(frame, profile)
        watches = watches_of(self._rules.values(), sensor_id, profile, layout)
        plan = make_plan(self._table, watches, layout, epoch=frame.epoch, interval_us=interval_us)
        plan.since_start_up = saved.since_start_up
        plan.rates.restore(saved.rates)
        for offset, watch in enumerate(watches):
            record = rest.parked.pop((watch.channel, watch.rule.rule_id), None)
            if record is None:
                continue
            if record.key(sensor_id) != watch.key:
                self._opened.drop(record.key(sensor_id), sensor_id)
            elif not record.severity or watch.key in self._opened:  # else it was withdrawn
                load_record(self._table, plan, offset, record)
        plan.parked = {
            at: record
            for at, record in rest.parked.items()
            if record.alert_id and record.key(sensor_id) in self._opened
        }
        needing = [watch.rule for watch in watches if needs_track(watch.rule)]
        track = (
            self._make_track(sensor_id, profile, needing) if self._make_track and needing else None
        )
        if track is not None:
            if saved.references:
                track.restore(dict(saved.references))
            self._tracks[sensor_id] = track
        return plan

    def checkpoint(self, sensor_id: str, *, epoch: int, window_index: int) -> SensorCheckpoint:
        """Return what must be kept of a sensor whose last window was this one."""
        plan = self._plans.get(sensor_id)
        if plan is None:
            rest = self._resting.get(sensor_id)
            if rest is not None:
                return rest.checkpoint.at(epoch, window_index, tuple(rest.parked.values()))
            return SensorCheckpoint(
                sensor_id=sensor_id,
                epoch=epoch,
                window_index=window_index,
                interval_us=None,
                interval_epoch=-1,
                conditions=(),
            )
        records = dict(plan.parked)
        for offset, watch in enumerate(plan.watches):
            alert_id = self._opened.alert_id(watch.key)
            standing = self._opened.standing(watch.key, sensor_id)
            record = save_record(self._table, plan, offset, alert_id, standing)
            if record is not None:
                records[watch.channel, watch.rule.rule_id] = record
        track = self._tracks.get(sensor_id)
        return SensorCheckpoint(
            sensor_id=sensor_id,
            epoch=epoch,
            window_index=window_index,
            interval_us=plan.interval_us,
            interval_epoch=plan.epoch,
            conditions=tuple(records[at] for at in sorted(records)),
            since_start_up=plan.since_start_up,
            rates=plan.rates.state(),
            references=track.state() if track is not None else {},
        )

    def worst_values(self) -> dict[str, float]:
        """Return the worst value so far of every open alert whose channel has come up, by id.

        The values are in the unit of the alert's rule.
        """
        worst: dict[str, tuple[float, float]] = {}
        for plan in self._plans.values():
            for slot, watch in enumerate(plan.watches, plan.start):
                if not self._table.severity[slot]:
                    continue
                alert_id = self._opened.alert_id(watch.key)
                margin = float(self._table.worst_margin[slot])
                value = float(self._table.worst_value[slot]) / watch.factor
                worst[alert_id] = max((margin, value), worst.get(alert_id, (margin, value)))
        return {alert_id: value for alert_id, (_, value) in worst.items()}
