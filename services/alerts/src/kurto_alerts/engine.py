"""Evaluates rules on frames: thousands of (channel, rule) pairs a step, pure and deterministic.

The same frames in the same order per sensor give the same changes, however they are cut into
calls, and whether or not the engine was saved and restored in between.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

import numpy as np

from kurto_alerts.alert_state import (
    ConditionChange,
    ConditionState,
    Key,
    TransitionKind,
    Withdrawal,
    alert_id_of,
)
from kurto_alerts.checkpoints import ConditionRecord, SensorCheckpoint
from kurto_alerts.conditions import ConditionTable, FloatArray, IntArray
from kurto_alerts.frames import Frame, Layout, SensorProfile, window_interval_us
from kurto_alerts.rules import Rule, Severity
from kurto_alerts.sensor_plans import (
    SensorPlan,
    Watch,
    load_record,
    make_plan,
    save_record,
    watches_of,
)

Parked = dict[tuple[str, str], ConditionRecord]


class Engine:
    """Keeps the conditions of all sensors under one set of rules.

    Parameters
    ----------
    rules : iterable of Rule
        The rules; for other ones make another engine and restore the checkpoints into it.
    profiles : mapping of str to SensorProfile
        What is known about the sensors, by id.

    Attributes
    ----------
    evaluation_count : int
        Values that were compared with the limits of a rule so far.
    """

    def __init__(self, rules: Iterable[Rule], profiles: Mapping[str, SensorProfile]) -> None:
        self._rules = {rule.rule_id: rule for rule in rules}
        self._profiles = dict(profiles)
        self._table = ConditionTable()
        self._plans: dict[str, SensorPlan] = {}
        self._restored: dict[str, tuple[int, float | None, Parked]] = {}
        self._alert_ids: dict[Key, str] = {}
        self.evaluation_count = 0

    @property
    def watch_count(self) -> int:
        """Number of (channel, rule) pairs that are evaluated at present."""
        return sum(len(plan.watches) for plan in self._plans.values())

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that any rule reads, sorted."""
        return tuple(sorted({rule.feature for rule in self._rules.values() if not rule.disabled}))

    def restore(self, checkpoint: SensorCheckpoint) -> None:
        """Put a sensor where its checkpoint was made; to be called before its first frame."""
        parked = {(record.channel, record.rule_id): record for record in checkpoint.conditions}
        self._restored[checkpoint.sensor_id] = (
            checkpoint.interval_epoch,
            checkpoint.interval_us,
            parked,
        )
        for record in checkpoint.conditions:
            if record.alert_id:
                key = Key(checkpoint.sensor_id, record.channel, record.rule_id)
                self._alert_ids[key] = record.alert_id

    def set_profile(self, profile: SensorProfile) -> None:
        """Take what has become known about a sensor; it holds from its next frame on."""
        if self._profiles.get(profile.sensor_id) == profile:
            return
        self._profiles[profile.sensor_id] = profile
        plan = self._plans.pop(profile.sensor_id, None)
        if plan is not None:
            kept = (plan.epoch, plan.interval_us, self._save(plan))
            self._restored[profile.sensor_id] = kept

    def withdraw_unwatched(self) -> list[Withdrawal]:
        """Forget open alerts whose rule no longer watches their channel, and return them."""
        unwatched = [key for key in self._alert_ids if not self.is_watched(key)]
        return [Withdrawal(self._alert_ids.pop(key)) for key in unwatched]

    def is_watched(self, key: Key) -> bool:
        """Tell whether a rule watches what a key names."""
        rule = self._rules.get(key.rule_id)
        if rule is None:
            return False
        profile = self._profiles.get(key.sensor_id)
        if profile is None:
            # Without the sensor's tags a rule that asks for tags gets the benefit of the doubt.
            return rule.watches(key.sensor_id, rule.selector.tags, key.channel)
        return not profile.archived and rule.watches(key.sensor_id, profile.tags, key.channel)

    def evaluate(self, frames: Sequence[Frame]) -> list[ConditionChange]:
        """Take frames, those of a sensor in the order of their windows, and return what changed.

        Empty and late frames change nothing. Which windows may be evaluated at all, and how
        often, is the caller's business.
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
        changes: list[ConditionChange] = []
        for one_a_sensor in rounds:
            changes += self._evaluate_round(one_a_sensor)
        return changes

    def _evaluate_round(self, frames: list[Frame]) -> list[ConditionChange]:
        """Evaluate frames of distinct sensors in one step of the table."""
        plans: list[SensorPlan] = []
        slots: list[IntArray] = []
        values: list[FloatArray] = []
        for frame in frames:
            assert frame.layout is not None
            assert frame.values is not None
            plan = self._plan(frame, frame.layout)
            own_slots, columns = plan.columns(frame.layout)
            plans.append(plan)
            slots.append(own_slots)
            values.append(frame.values.take(columns).astype(np.float64))
        all_slots, all_values = np.concatenate(slots), np.concatenate(values)
        self.evaluation_count += len(all_values)
        changed, before = self._table.step(all_slots, all_values)
        ends = list(accumulate(len(part) for part in slots))
        owners = np.searchsorted(ends, changed, side="right")
        changes = []
        for at, owner, severity_before in zip(
            changed.tolist(), owners.tolist(), before.tolist(), strict=True
        ):
            slot = int(all_slots[at])
            watch = plans[owner].watches[slot - plans[owner].start]
            value = float(all_values[at])
            changes.append(self._change(frames[owner], watch, slot, value, severity_before))
        return changes

    def _plan(self, frame: Frame, layout: Layout) -> SensorPlan:
        """Return the sensor's plan, made anew when epoch or channels have changed."""
        plan = self._plans.get(frame.sensor_id)
        if plan is not None and plan.epoch == frame.epoch and plan.fits(layout):
            return plan
        profile = self._profiles.get(frame.sensor_id)
        parked: Parked
        if plan is None:
            epoch, interval_us, parked = self._restored.pop(frame.sensor_id, (-1, None, {}))
        else:
            epoch, interval_us = plan.epoch, plan.interval_us
            parked = self._save(plan)
        if epoch != frame.epoch:
            interval_us = window_interval_us(frame, profile)
        if plan is not None and plan.fits(layout) and plan.interval_us == interval_us:
            plan.epoch = frame.epoch
            return plan
        watches = watches_of(self._rules.values(), frame.sensor_id, profile, layout)
        plan = make_plan(self._table, watches, layout, epoch=frame.epoch, interval_us=interval_us)
        for slot, watch in enumerate(watches, plan.start):
            record = parked.pop((watch.key.channel, watch.rule.rule_id), None)
            withdrawn = record is not None and record.severity and watch.key not in self._alert_ids
            if record is not None and not withdrawn:
                load_record(self._table, slot, watch, record)
        plan.parked = {
            at: record
            for at, record in parked.items()
            if Key(frame.sensor_id, *at) in self._alert_ids
        }
        self._plans[frame.sensor_id] = plan
        return plan

    def _change(
        self, frame: Frame, watch: Watch, slot: int, value: float, before: int
    ) -> ConditionChange:
        """Describe what happened to a slot whose severity or recovering has changed."""
        after, recovering = int(self._table.severity[slot]), bool(self._table.recovering[slot])
        kind = _kind(before, after, recovering=recovering)
        epoch, window = frame.epoch, frame.window_index
        if kind is TransitionKind.RAISED:
            self._alert_ids[watch.key] = alert_id_of(watch.key, epoch=epoch, window_index=window)
        alert_id = self._alert_ids[watch.key]
        if kind is TransitionKind.RESOLVED:
            del self._alert_ids[watch.key]
        severity = after or before
        active = ConditionState.RECOVERING if recovering else ConditionState.ACTIVE
        return ConditionChange(
            kind=kind,
            alert_id=alert_id,
            key=watch.key,
            rule=watch.rule,
            severity=Severity(severity),
            state=active if after else ConditionState.NORMAL,
            value=value / watch.factor,
            worst_value=float(self._table.worst_value[slot]) / watch.factor,
            limit=_limit(watch, value, severity),
            epoch=epoch,
            window_index=window,
            time_us=frame.end_us,
        )

    def _save(self, plan: SensorPlan) -> Parked:
        """Return the conditions of a sensor that are not NORMAL."""
        records = dict(plan.parked)
        for slot, watch in enumerate(plan.watches, plan.start):
            record = save_record(self._table, slot, watch, self._alert_ids.get(watch.key, ""))
            if record is not None:
                records[watch.key.channel, watch.rule.rule_id] = record
        return records

    def checkpoint(self, sensor_id: str, *, epoch: int, window_index: int) -> SensorCheckpoint:
        """Return what must be kept of a sensor whose last window was this one."""
        plan = self._plans.get(sensor_id)
        if plan is None:
            interval_epoch, interval_us, records = self._restored.get(sensor_id, (-1, None, {}))
        else:
            interval_epoch, interval_us = plan.epoch, plan.interval_us
            records = self._save(plan)
        return SensorCheckpoint(
            sensor_id=sensor_id,
            epoch=epoch,
            window_index=window_index,
            interval_us=interval_us,
            interval_epoch=interval_epoch,
            conditions=tuple(records[at] for at in sorted(records)),
        )

    def worst_values(self) -> dict[str, float]:
        """Return the worst value so far of every open alert whose channel has come up, by id.

        The values are in the unit of the alert's rule.
        """
        return {
            self._alert_ids[watch.key]: float(self._table.worst_value[slot]) / watch.factor
            for plan in self._plans.values()
            for slot, watch in enumerate(plan.watches, plan.start)
            if self._table.severity[slot]
        }


def _kind(before: int, after: int, *, recovering: bool) -> TransitionKind:
    """Return the name of a change of severity or of recovering."""
    if after > before:
        return TransitionKind.ESCALATED if before else TransitionKind.RAISED
    if after < before:
        return TransitionKind.DEESCALATED if after else TransitionKind.RESOLVED
    return TransitionKind.RECOVERING if recovering else TransitionKind.RELAPSED


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
