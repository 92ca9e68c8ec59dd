"""Takes one window of one sensor: its values for every slot, and what its gates let through."""

from dataclasses import dataclass

import numpy as np

from kurto.signal.v1.quality_pb2 import QualityFlag
from kurto_alerts.conditions import ConditionTable, FloatArray, IntArray
from kurto_alerts.frames import Frame, Layout
from kurto_alerts.gates import OPEN, GateOutcome, windows_since_start_up
from kurto_alerts.references.derived import Derived, ReferenceTrack
from kurto_alerts.rules import Operator
from kurto_alerts.sensor_plans import Columns, SensorPlan
from kurto_alerts.votes import Ballot

NULL = np.array([np.nan])
CLIPPED = 1 << (QualityFlag.QUALITY_FLAG_CLIPPED - 1)


@dataclass(frozen=True, slots=True)
class Window:
    """What one frame gives the condition table.

    Attributes
    ----------
    slots, values : IntArray, FloatArray
        Shape (n,): slots that follow one channel, and their values.
    ballot : Ballot or None
        Those that follow several.
    shifted : list of int
        Offsets of the watches whose gate says something else than at the window before.
    """

    frame: Frame
    plan: SensorPlan
    slots: IntArray
    values: FloatArray
    ballot: Ballot | None
    shifted: list[int]


def take_window(
    table: ConditionTable, plan: SensorPlan, track: ReferenceTrack | None, frame: Frame
) -> Window:
    """Return what a frame gives the condition table; advances what the plan and track remember."""
    assert frame.layout is not None
    assert frame.values is not None
    names = track.names if track is not None else ()
    columns = plan.columns(frame.layout, names)
    clipped = frozenset(row for row, mask in enumerate(frame.quality) if mask & CLIPPED)
    if track is None and plan.is_plain:
        values = frame.values.take(columns.columns).astype(np.float64)
        _drop_lower_bounds(plan, columns.slots, values, clipped)
        return Window(frame, plan, columns.slots, values, None, [])
    derived = track.update(frame) if track is not None else None
    pool = _pool(plan, columns, frame, frame.layout, derived)
    shifted = _pass_gates(table, plan, derived)
    values = pool[columns.columns]
    values[plan.suppressed[columns.slots - plan.start]] = np.nan
    _drop_lower_bounds(plan, columns.slots, values, clipped)
    ballot = _ballot(plan, columns, pool, clipped)
    return Window(frame, plan, columns.slots, values, ballot, shifted)


def _drop_lower_bounds(
    plan: SensorPlan, slots: IntArray, values: FloatArray, clipped: frozenset[int]
) -> None:
    """Make null what clipped channels say to rules that ask whether a value is too low."""
    if not clipped:
        return
    for at, slot in enumerate(slots.tolist()):
        watch = plan.watches[slot - plan.start]
        if watch.rule.operator is Operator.BELOW and watch.rows[0] in clipped:
            values[at] = np.nan


def _pool(
    plan: SensorPlan, columns: Columns, frame: Frame, layout: Layout, derived: Derived | None
) -> FloatArray:
    """Return every value of a window as `SensorPlan.columns` numbers them, and NULL last."""
    assert frame.values is not None
    parts = [frame.values.astype(np.float64)]
    if derived is not None:
        parts.append(derived.values.ravel())
    base = np.concatenate([*parts, NULL])
    if not plan.rates.names:
        return base
    rates = plan.rates.update(frame.end_us, base[columns.rates])
    return np.concatenate([base[:-1], rates, NULL])


def _ballot(
    plan: SensorPlan, columns: Columns, pool: FloatArray, clipped: frozenset[int]
) -> Ballot | None:
    if not len(columns.groups):
        return None
    values = pool[columns.group_columns] * plan.scales
    values[plan.suppressed[columns.groups]] = np.nan
    for number, offset in enumerate(columns.groups.tolist() if clipped else ()):
        watch = plan.watches[offset]
        if watch.rule.operator is Operator.BELOW:
            values[number, [at for at, row in enumerate(watch.rows) if row in clipped]] = np.nan
    np.copyto(plan.held, values, where=np.isfinite(values))
    return Ballot(plan.start + columns.groups, plan.votes, values, plan.held.copy())


def _pass_gates(table: ConditionTable, plan: SensorPlan, derived: Derived | None) -> list[int]:
    """Suppress, or scale, what the gates say of this window; return the watches of the changed."""
    shifted: list[int] = []
    condition = derived.condition if derived is not None else None
    speed_hz = derived.shaft_speed_hz if derived is not None else np.nan
    plan.since_start_up = windows_since_start_up(plan.since_start_up, condition)
    for number, (gate, offsets) in enumerate(plan.gates):
        outcome = OPEN
        if gate is not None:
            outcome = gate.outcome(condition, speed_hz, plan.since_start_up)
        if outcome != plan.outcomes[number]:
            _set_outcome(table, plan, number, outcome)
            plan.suppressed[offsets] = bool(outcome.suppression)
            shifted += offsets.tolist()
    return shifted


def _set_outcome(
    table: ConditionTable, plan: SensorPlan, number: int, outcome: GateOutcome
) -> None:
    """Take another outcome of a gate."""
    before = plan.outcomes[number] or OPEN
    plan.outcomes[number] = outcome
    if outcome.multiplier != before.multiplier:
        for offset in plan.gates[number][1].tolist():
            limits = plan.watches[offset].limits
            table.scale_limits(plan.start + offset, limits, outcome.multiplier)
