"""Which slots of the condition table a sensor has, and which values of a window they read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kurto_alerts.checkpoints import ConditionRecord
from kurto_alerts.conditions import ConditionTable, FloatArray, IntArray
from kurto_alerts.frames import Layout, window_count
from kurto_alerts.gates import LONG_AGO, Gate, GateOutcome, gate_of
from kurto_alerts.open_conditions import Standing
from kurto_alerts.rates import RateTrack
from kurto_alerts.rules import SEVERITY_COUNT
from kurto_alerts.units import ACCELERATION_UNITS, conversion_factor
from kurto_alerts.watches import Watch

MICROSECONDS = 1_000_000
MISSING = -1  # column of a value that no window has


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the slots of a sensor find their values in the values of a window.

    Attributes
    ----------
    slots, columns : IntArray
        Shape (n,): slots that follow one channel, and their columns.
    groups : IntArray
        Shape (g,): offsets of the watches that follow several channels.
    group_columns : IntArray
        Shape (g, m): their columns, MISSING where there are fewer channels.
    rates : IntArray
        Shape (r,): columns whose change per minute follows behind the other columns.
    """

    slots: IntArray
    columns: IntArray
    groups: IntArray
    group_columns: IntArray
    rates: IntArray


@dataclass
class SensorPlan:
    """The slots of one sensor, from `start` on in the order of `watches`.

    Attributes
    ----------
    scales, held : FloatArray
        Shape (watches that follow several channels, channels): what values are multiplied by, and
        the last valid ones, NaN before the first.
    votes : IntArray
        Shape (watches that follow several channels,): how many channels must be beyond.
    gates : list of tuple
        Each gate with the offsets of its watches.
    outcomes : list of GateOutcome or None
        What held for each gate at the last window; None before the first.
    suppressed : NDArray[np.bool_]
        Shape (watches,): not evaluated at present.
    group_rows : dict of int to int
        Row of `held` by offset of the watch.
    since_start_up : int
        Windows since the machine was starting up.
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
    rates: RateTrack
    gates: list[tuple[Gate | None, IntArray]]
    scales: FloatArray
    held: FloatArray
    votes: IntArray
    outcomes: list[GateOutcome | None] = field(init=False)
    suppressed: NDArray[np.bool_] = field(init=False)
    group_rows: dict[int, int] = field(init=False)
    since_start_up: int = LONG_AGO
    parked: dict[tuple[str, str], ConditionRecord] = field(default_factory=dict)
    _columns: dict[tuple[tuple[str, ...], ...], Columns] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.outcomes = [None] * len(self.gates)
        self.suppressed = np.zeros(len(self.watches), bool)
        groups = [at for at, watch in enumerate(self.watches) if watch.is_group]
        self.group_rows = {offset: row for row, offset in enumerate(groups)}

    @property
    def is_plain(self) -> bool:
        """True when every slot follows a value of the frame, and always, as it did before."""
        if self.rates.names or self.group_rows or len(self.gates) > 1:
            return False
        return self.outcomes[0] is not None

    def suppression(self, offset: int) -> str:
        """Return why a watch is suppressed at present, empty if it is not."""
        for (_, offsets), outcome in zip(self.gates, self.outcomes, strict=True):
            if outcome is not None and offset in offsets:
                return outcome.suppression
        return ""

    def fits(self, layout: Layout) -> bool:
        """Tell whether the plan was made for these channels."""
        return layout.channels == self.channels and layout.units == self.units

    def columns(self, layout: Layout, derived: tuple[str, ...]) -> Columns:
        """Return where the slots find their values; those of unknown features find none.

        The values of a window are those of the frame, row by row, then the derived ones, row by
        row, then the rates.
        """
        cached = self._columns.get((layout.features, derived))
        if cached is None:
            cached = self._find_columns(layout, derived)
            self._columns[layout.features, derived] = cached
        return cached

    def _find_columns(self, layout: Layout, derived: tuple[str, ...]) -> Columns:
        width, count = len(layout.features), len(layout.channels)
        features = {name: at for at, name in enumerate(layout.features)}
        others = {name: at for at, name in enumerate(derived)}
        rates = {name: at for at, name in enumerate(self.rates.names)}
        behind = count * (width + len(derived))

        def column(watch: Watch, row: int, *, rate: bool) -> int:
            if rate:
                return behind + rates[rate_name(watch, self.channels[row])]
            if watch.source in features:
                return row * width + features[watch.source]
            at = others.get(watch.source)
            return MISSING if at is None else count * width + row * len(derived) + at

        singles, groups, rate_columns = [], [], [MISSING] * len(rates)
        for offset, watch in enumerate(self.watches):
            found = [column(watch, row, rate=watch.is_rate) for row in watch.rows]
            if watch.is_rate:
                for row in watch.rows:
                    at = rates[rate_name(watch, self.channels[row])]
                    rate_columns[at] = column(watch, row, rate=False)
            if watch.is_group:
                groups.append((offset, found + [MISSING] * (self.held.shape[1] - len(found))))
            elif found[0] != MISSING:
                singles.append((self.start + offset, found[0]))
        table = np.array(singles, np.int64).reshape(-1, 2)
        return Columns(
            table[:, 0].copy(),
            table[:, 1].copy(),
            np.array([offset for offset, _ in groups], np.int64),
            np.array([found for _, found in groups], np.int64).reshape(self.held.shape),
            np.array(rate_columns, np.int64),
        )


def rate_name(watch: Watch, channel: str) -> str:
    """Return the name of an input whose rate is watched; neither part holds a "/"."""
    return f"{channel}/{watch.source}"


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
    gates: dict[Gate | None, list[int]] = {None: []}
    for offset, watch in enumerate(watches):
        required = [0] * SEVERITY_COUNT
        for level in watch.rule.levels:
            pending_us = level.pending.total_seconds() * MICROSECONDS
            required[level.severity - 1] = window_count(pending_us, interval_us)
        recovery_us = watch.rule.recovery.total_seconds() * MICROSECONDS
        recovery = window_count(recovery_us, interval_us)
        table.configure(start + offset, watch.limits, required=required, recovery=recovery)
        gates.setdefault(gate_of(watch.rule, interval_us), []).append(offset)
    groups = [watch for watch in watches if watch.is_group]
    width = max((len(watch.rows) for watch in groups), default=0)
    scales = np.array(
        [[*watch.scales, *[1.0] * (width - len(watch.scales))] for watch in groups], np.float64
    ).reshape(len(groups), width)
    names = {
        rate_name(watch, layout.channels[row])
        for watch in watches
        if watch.is_rate
        for row in watch.rows
    }
    return SensorPlan(
        epoch,
        interval_us,
        layout.channels,
        layout.units,
        start,
        watches,
        RateTrack(sorted(names), interval_us),
        [(gate, np.array(offsets, np.int64)) for gate, offsets in gates.items()],
        scales,
        np.full(scales.shape, np.nan),
        np.array([watch.rule.voting_count for watch in groups], np.int64),
    )


def load_record(
    table: ConditionTable, plan: SensorPlan, offset: int, record: ConditionRecord
) -> None:
    """Put a kept condition into its slot.

    Under another version of the rule the counts begin anew, while an open alert stays open at
    its severity until the new limits decide otherwise.
    """
    watch, slot = plan.watches[offset], plan.start + offset
    factor = 1.0
    if {record.unit, watch.unit} == ACCELERATION_UNITS:
        factor = conversion_factor(source=record.unit, target=watch.unit)
    table.severity[slot] = record.severity
    table.recovering[slot] = record.recovering
    same_version = record.rule_version == watch.rule.version
    if same_version:
        table.beyond[slot] = record.beyond
        table.inside[slot] = record.inside
    if watch.is_group and record.held:
        at = plan.group_rows[offset]
        for column, row in enumerate(watch.rows):
            value = record.held.get(plan.channels[row], np.nan)
            plan.held[at, column] = value * factor
    counting = same_version and any(record.beyond)
    if record.severity or counting:
        table.worst_value[slot] = record.worst_value * factor
        table.worst_margin[slot] = watch.limits.margin(
            record.worst_value * factor, int(table.lowest[slot]) + 1
        )
        # What was worst was judged by the limits of its time, which a start-up may have widened.
        if same_version and factor == 1.0 and record.worst_margin is not None:
            table.worst_margin[slot] = record.worst_margin


def save_record(
    table: ConditionTable, plan: SensorPlan, offset: int, alert_id: str, standing: Standing
) -> ConditionRecord | None:
    """Return the condition in a slot, None while it is NORMAL and there is nothing to keep."""
    watch, slot = plan.watches[offset], plan.start + offset
    severity = int(table.severity[slot])
    held: Mapping[str, float] = {}
    if watch.is_group:
        values = plan.held[plan.group_rows[offset]].tolist()
        held = {
            plan.channels[row]: value
            for row, value in zip(watch.rows, values, strict=False)
            if np.isfinite(value)
        }
    pending = bool(table.beyond[slot].any())
    margin = float(table.worst_margin[slot])
    if not severity and not pending and not held:
        return None
    return ConditionRecord(
        channel=watch.channel,
        rule_id=watch.rule.rule_id,
        rule_version=watch.rule.version,
        beyond=tuple(int(count) for count in table.beyond[slot]),
        # What a NORMAL condition counted decides nothing: it is not kept on either way.
        inside=tuple(int(count) if severity or pending else 0 for count in table.inside[slot]),
        severity=severity,
        recovering=bool(table.recovering[slot]),
        worst_value=float(table.worst_value[slot]),
        worst_margin=margin if np.isfinite(margin) else None,  # JSON has no infinity
        unit=watch.unit,
        alert_id=alert_id if severity else "",
        machine_id=watch.key.machine_id,
        suppression=standing.suppression,
        held=held,
    )
