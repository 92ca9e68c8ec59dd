"""Which slots of the condition table a sensor has, and which columns of its frames they read."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from kurto_alerts.alert_state import Key
from kurto_alerts.checkpoints import ConditionRecord
from kurto_alerts.conditions import ConditionTable, IntArray, Limits, limits_of
from kurto_alerts.frames import Layout, SensorProfile, window_count
from kurto_alerts.rules import SEVERITY_COUNT, Rule
from kurto_alerts.units import ACCELERATION_UNITS, conversion_factor

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Watch:
    """One channel under one rule."""

    key: Key
    rule: Rule
    row: int
    unit: str
    factor: float
    limits: Limits


@dataclass
class SensorPlan:
    """The slots of one sensor, from `start` on in the order of `watches`.

    Attributes
    ----------
    parked : dict
        Conditions of channels that the sensor doesn't have at present, by (channel, rule id):
        an open alert outlives the channel's absence.
    """

    epoch: int
    interval_us: float | None
    channels: tuple[str, ...]
    units: tuple[str, ...]
    start: int
    watches: list[Watch]
    parked: dict[tuple[str, str], ConditionRecord] = field(default_factory=dict)
    _columns: dict[tuple[str, ...], tuple[IntArray, IntArray]] = field(default_factory=dict)

    def columns(self, layout: Layout) -> tuple[IntArray, IntArray]:
        """Return slots and their positions in a frame's values; without unknown features."""
        cached = self._columns.get(layout.features)
        if cached is None:
            position = {name: column for column, name in enumerate(layout.features)}
            width = len(layout.features)
            pairs = [
                (self.start + offset, watch.row * width + position[watch.rule.feature])
                for offset, watch in enumerate(self.watches)
                if watch.rule.feature in position
            ]
            table = np.array(pairs, np.int64).reshape(-1, 2)
            cached = (table[:, 0].copy(), table[:, 1].copy())
            self._columns[layout.features] = cached
        return cached

    def fits(self, layout: Layout) -> bool:
        """Tell whether the plan was made for these channels."""
        return layout.channels == self.channels and layout.units == self.units


def watches_of(
    rules: Iterable[Rule], sensor_id: str, profile: SensorProfile | None, layout: Layout
) -> list[Watch]:
    """Return every (channel, rule) of a sensor that is evaluated."""
    tags = profile.tags if profile else frozenset()
    if profile is not None and profile.archived:
        return []
    found = []
    for rule in rules:
        if rule.disabled or not rule.selector.selects_sensor(sensor_id, tags):
            continue
        for row, (channel, unit) in enumerate(zip(layout.channels, layout.units, strict=True)):
            if rule.selector.selects_channel(channel):
                factor = _factor(rule, unit)
                key = Key(sensor_id, channel, rule.rule_id)
                found.append(Watch(key, rule, row, unit, factor, limits_of(rule, factor)))
    return found


def _factor(rule: Rule, channel_unit: str) -> float:
    """Return what limits must be multiplied by to be in the unit of the channel's feature."""
    # Only features in the channel's own unit differ between channels; Hz and mm/s never do.
    if {rule.unit, channel_unit} <= ACCELERATION_UNITS:
        return conversion_factor(source=rule.unit, target=channel_unit)
    return 1.0


def make_plan(
    table: ConditionTable,
    watches: list[Watch],
    layout: Layout,
    *,
    epoch: int,
    interval_us: float | None,
) -> SensorPlan:
    """Allocate and configure slots for the watches of a sensor; all conditions are NORMAL."""
    start = table.allocate(len(watches))
    for slot, watch in enumerate(watches, start):
        required = [0] * SEVERITY_COUNT
        for level in watch.rule.levels:
            pending_us = level.pending.total_seconds() * MICROSECONDS
            required[level.severity - 1] = window_count(pending_us, interval_us)
        recovery_us = watch.rule.recovery.total_seconds() * MICROSECONDS
        recovery = window_count(recovery_us, interval_us)
        table.configure(slot, watch.limits, required=required, recovery=recovery)
    return SensorPlan(epoch, interval_us, layout.channels, layout.units, start, watches)


def load_record(table: ConditionTable, slot: int, watch: Watch, record: ConditionRecord) -> None:
    """Put a kept condition into its slot.

    Under another version of the rule the counts begin anew, while an open alert stays open at
    its severity until the new limits decide otherwise.
    """
    table.severity[slot] = record.severity
    table.recovering[slot] = record.recovering
    if record.rule_version == watch.rule.version:
        table.beyond[slot] = record.beyond
        table.inside[slot] = record.inside
    elif not record.severity:
        return
    worst = record.worst_value
    if {record.unit, watch.unit} == ACCELERATION_UNITS:
        worst *= conversion_factor(source=record.unit, target=watch.unit)
    table.worst_value[slot] = worst
    table.worst_margin[slot] = watch.limits.margin(worst, int(table.lowest[slot]) + 1)


def save_record(
    table: ConditionTable, slot: int, watch: Watch, alert_id: str
) -> ConditionRecord | None:
    """Return the condition in a slot, None while it is NORMAL."""
    severity = int(table.severity[slot])
    if not severity and not table.beyond[slot].any():
        return None
    return ConditionRecord(
        channel=watch.key.channel,
        rule_id=watch.key.rule_id,
        rule_version=watch.rule.version,
        beyond=tuple(int(count) for count in table.beyond[slot]),
        inside=tuple(int(count) for count in table.inside[slot]),
        severity=severity,
        recovering=bool(table.recovering[slot]),
        worst_value=float(table.worst_value[slot]),
        unit=watch.unit,
        alert_id=alert_id,
    )
