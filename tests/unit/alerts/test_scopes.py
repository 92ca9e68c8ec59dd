"""Conditions of several channels, alerts of machines, rates and gates, window by window."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from kurto_alerts.alert_state import ConditionChange, Key
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.engine import Engine
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.references.derived import Derived
from kurto_alerts.rules import (
    Measure,
    OperatingCondition,
    Operator,
    Rule,
    Scope,
    Selector,
    Severity,
    SpeedRange,
    StartUp,
)
from kurto_alerts.testing import make_frame, make_rule
from kurto_dsp.condition import OperatingState

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
NAN = float("nan")
THREE = ("a", "b", "c")


def frame_of(index: int, values: Sequence[float] | None, **parts: Any) -> Frame:
    channels = THREE[: len(values or THREE)]
    units = parts.pop("units", ("g",) * len(channels))
    return make_frame(index, values, channels=channels, units=units, **parts)


def told(changes: Sequence[ConditionChange]) -> list[tuple[int, str, str]]:
    return [(change.window_index, change.kind.name, change.channel) for change in changes]


def resumed(engine: Engine, rules: Sequence[Rule], *sensors: str, **parts: Any) -> Engine:
    other = Engine(rules, parts.pop("profiles", {}), **parts)
    for sensor in sensors:
        saved = engine.checkpoint(sensor, epoch=1, window_index=99)
        other.restore(SensorCheckpoint.from_document(sensor, 1, 99, saved.to_document()))
    return other


def voting(count: int, **parts: Any) -> Rule:
    return replace(make_rule(**parts), scope=Scope.SENSOR, voting_count=count)


VOTES: list[tuple[str, Rule, list[list[float]], list[tuple[int, str, str]]]] = [
    (
        "one of three, the furthest is named",
        voting(1),
        [[0.5, 0.5, 0.5], [0.5, 1.5, 1.2], [0.5, 0.5, 0.5]],
        [(1, "RAISED", "b"), (2, "RESOLVED", "a")],
    ),
    (
        "one alert, whichever channels are beyond",
        voting(1, pending_s=0.3),
        [[1.5, 0.5, 0.5], [0.5, 1.5, 0.5], [0.5, 0.5, 1.5], [1.5, 1.5, 1.5]],
        [(2, "RAISED", "c")],
    ),
    (
        "two of three, the second furthest counts",
        voting(2),
        [[9.0, 0.5, 0.5], [9.0, 1.2, 1.5], [9.0, 0.95, 0.5], [9.0, 0.9, 0.5]],
        [(1, "RAISED", "c"), (3, "RESOLVED", "b")],
    ),
    (
        "levels count their own channels",
        voting(2, levels={WARNING: 1.0, CRITICAL: 2.0}),
        [[2.5, 1.5, 0.5], [2.5, 2.5, 0.5], [2.5, 1.5, 1.5]],
        [(0, "RAISED", "b"), (1, "ESCALATED", "b"), (2, "DEESCALATED", "b")],
    ),
    (
        "two below",
        voting(2, operator=Operator.BELOW),
        [[0.5, 1.5, 1.5], [0.5, 0.8, 1.5], [0.5, 1.5, 1.5]],
        [(1, "RAISED", "b"), (2, "RESOLVED", "b")],
    ),
    (
        "outside on different sides",
        voting(2, operator=Operator.OUTSIDE, levels={WARNING: (1.0, 2.0)}),
        [[0.5, 1.5, 1.5], [0.5, 1.5, 3.5], [0.5, 1.5, 1.5]],
        [(1, "RAISED", "a"), (2, "RESOLVED", "b")],
    ),
    (
        "inside",
        voting(2, operator=Operator.INSIDE, levels={WARNING: (1.0, 2.0)}),
        [[1.5, 0.5, 3.5], [1.5, 1.2, 3.5], [1.5, 0.5, 3.5]],
        [(1, "RAISED", "b"), (2, "RESOLVED", "b")],
    ),
    (
        "more votes than channels",
        voting(4),
        [[9.0, 9.0, 9.0]],
        [],
    ),
    (
        "a channel that dies does not clear its alert",
        voting(1),
        [[1.5, 0.5, 0.5], [NAN, 0.5, 0.5], [NAN, 0.5, 0.5], [0.5, NAN, 0.5]],
        [(0, "RAISED", "a"), (3, "RESOLVED", "a")],
    ),
    (
        "a dead channel casts no vote",
        voting(2),
        [[1.5, 0.5, 0.5], [NAN, 1.5, 0.5], [NAN, 1.5, 1.5]],
        [(2, "RAISED", "c")],
    ),
    (
        "a channel that never spoke stands against nothing",
        voting(1),
        [[NAN, 1.5, 0.5], [NAN, 0.5, 0.5]],
        [(0, "RAISED", "b"), (1, "RESOLVED", "b")],
    ),
    (
        "no channel at all freezes",
        voting(1, pending_s=0.3),
        [[1.5] * 3, [1.5] * 3, [NAN] * 3, [1.5] * 3],
        [(3, "RAISED", "a")],
    ),
]


@pytest.mark.parametrize("restarts", [False, True], ids=["through", "restarted"])
@pytest.mark.parametrize(("rule", "rows", "expected"), [row[1:] for row in VOTES],
                         ids=[row[0] for row in VOTES])  # fmt: skip
def test_votes(
    rule: Rule, rows: list[list[float]], expected: list[tuple[int, str, str]], restarts: bool
) -> None:
    engine = Engine([rule], {})
    changes: list[ConditionChange] = []
    for index, row in enumerate(rows):
        changes += engine.evaluate([frame_of(index, row)])
        if restarts:
            engine = resumed(engine, [rule], "pump-7")
    assert told(changes) == expected
    assert {change.key for change in changes} <= {Key("pump-7", "", "rms-high")}


def test_channels_of_one_sensor_in_different_units() -> None:
    engine = Engine([voting(2, unit="m/s2", levels={WARNING: 10.0})], {})
    (raised,) = engine.evaluate([frame_of(0, [2.0, 10.5], units=("g", "m/s2"))])
    assert (raised.channel, raised.limit) == ("b", 10.0)
    assert raised.value == pytest.approx(10.5)


def test_sensors_of_different_widths_in_one_round() -> None:
    engine = Engine([voting(1), make_rule("each")], {})
    frames = [
        frame_of(0, [0.5, 1.5], sensor_id="two"),
        frame_of(0, [0.5, 0.5, 1.5], sensor_id="three"),
        frame_of(0, [0.5], sensor_id="one"),
    ]
    changes = engine.evaluate(frames)
    found = {(change.key.sensor_id, change.rule.rule_id, change.channel) for change in changes}
    assert found == {
        ("two", "rms-high", "b"),
        ("two", "each", "b"),
        ("three", "rms-high", "c"),
        ("three", "each", "c"),
    }
    assert engine.evaluation_count == 12


# Machines ---------------------------------------------------------------------------------------

FAN = {name: SensorProfile(name, machine_id="fan") for name in ("de", "nde")}
OF_MACHINE = replace(
    make_rule(levels={WARNING: 1.0, CRITICAL: 2.0}, recovery_s=0.3), scope=Scope.MACHINE
)


def run_fan(rows: Sequence[tuple[float, float]], *, restarts: bool) -> list[ConditionChange]:
    engine = Engine([OF_MACHINE], FAN)
    changes: list[ConditionChange] = []
    for index, row in enumerate(rows):
        frames = [
            make_frame(index, value, sensor_id=name) for name, value in zip(FAN, row, strict=True)
        ]
        changes += engine.evaluate(frames)
        if restarts:
            engine = resumed(engine, [OF_MACHINE], *FAN, profiles=FAN)
    return changes


@pytest.mark.parametrize("restarts", [False, True], ids=["through", "restarted"])
def test_machine_has_one_alert_that_is_as_bad_as_its_worst_sensor(restarts: bool) -> None:
    low = (0.5, 0.5)
    rows = [low, (1.5, 0.5), (1.5, 1.5), (0.5, 2.5), low, low, (1.5, 0.5), low, low, low]
    changes = run_fan(rows, restarts=restarts)
    assert [(one.window_index, one.kind.name, one.sensor_id) for one in changes] == [
        (1, "RAISED", "de"),
        (3, "ESCALATED", "nde"),
        (4, "RECOVERING", "nde"),
        (6, "RELAPSED", "de"),
        (6, "DEESCALATED", "nde"),
        (7, "RECOVERING", "de"),
        (9, "RESOLVED", "de"),
    ]
    assert {change.key for change in changes} == {Key("/fan", "", "rms-high")}
    assert {change.machine_id for change in changes} == {"fan"}
    assert len({change.alert_id for change in changes}) == 1


def test_order_within_a_batch_does_not_matter_to_a_machine() -> None:
    frames = [make_frame(k, 1.5, sensor_id=name) for name in FAN for k in range(3)]
    first = Engine([OF_MACHINE], FAN).evaluate(frames)
    again = Engine([OF_MACHINE], FAN).evaluate(frames[::-1][2::-1] + frames[:3])
    assert [change.alert_id for change in first] == [change.alert_id for change in again]


def test_two_machines_and_a_sensor_without_one() -> None:
    profiles = {**FAN, "pump": SensorProfile("pump", machine_id="pump-7")}
    engine = Engine([OF_MACHINE], profiles)
    names = ("de", "nde", "pump", "alone")
    changes = engine.evaluate([make_frame(0, 1.5, sensor_id=name) for name in names])
    assert [change.key.sensor_id for change in changes] == ["alone", "/fan", "/pump-7"]
    assert len({change.alert_id for change in changes}) == 3


def test_alert_of_a_machine_ends_when_its_sensor_moves_away() -> None:
    engine = Engine([OF_MACHINE], FAN)
    (raised,) = engine.evaluate([make_frame(0, 1.5, sensor_id="de")])
    engine.set_profile(SensorProfile("de", machine_id="pump"))
    (again,) = engine.evaluate([make_frame(1, 1.5, sensor_id="de")])
    assert (again.key.sensor_id, again.kind.name) == ("/pump", "RAISED")
    (withdrawal,) = engine.withdraw_unwatched()
    assert withdrawal.alert_id == raised.alert_id


def test_a_rule_of_another_scope_withdraws_what_it_had_raised() -> None:
    engine = Engine([make_rule()], FAN)
    (raised,) = engine.evaluate([make_frame(0, 1.5, sensor_id="de")])
    other = resumed(engine, [OF_MACHINE], "de", profiles=FAN)
    assert [one.alert_id for one in other.withdraw_unwatched()] == [raised.alert_id]
    (again,) = other.evaluate([make_frame(1, 1.5, sensor_id="de")])
    assert again.key == Key("/fan", "", "rms-high")


def test_selector_by_machine() -> None:
    rule = make_rule(selector=Selector(machine_ids=frozenset({"fan"})))
    engine = Engine([rule], {**FAN, "pump": SensorProfile("pump", machine_id="pump-7")})
    frames = [make_frame(0, 1.5, sensor_id=name) for name in ("de", "pump", "unknown")]
    assert [change.key.sensor_id for change in engine.evaluate(frames)] == ["de"]


# Rates ------------------------------------------------------------------------------------------

RATE = replace(make_rule(levels={WARNING: 1.0}), measure=Measure.RATE_PER_MINUTE)


@pytest.mark.parametrize("restarts", [False, True], ids=["through", "restarted"])
def test_rate_is_the_slope_of_a_straight_line_through_a_minute(restarts: bool) -> None:
    engine = Engine([RATE], {})
    changes: list[ConditionChange] = []
    for index in range(900):
        seconds = index / 10
        value = 5.0 + max(seconds - 60.0, 0.0) * 0.05  # 3 g a minute from second 60 on
        changes += engine.evaluate([make_frame(index, value)])
        if restarts and index % 97 == 0:
            engine = resumed(engine, [RATE], "pump-7")
    (raised,) = changes
    last_s = raised.window_index // 10
    times_s = np.arange(last_s - 59, last_s + 1)
    slope = np.polyfit(times_s / 60.0, 5.0 + np.maximum(times_s - 60.0, 0.0) * 0.05, 1)[0]
    assert raised.value == pytest.approx(slope, rel=1e-5)
    assert raised.value > 1.0


def test_there_is_no_rate_before_a_minute_of_values() -> None:
    engine = Engine([RATE], {})
    frames = [make_frame(index, index * 1.0) for index in range(600)]
    (raised,) = engine.evaluate(frames)
    assert raised.window_index == 590
    assert raised.value == pytest.approx(600.0)


def test_nulls_freeze_a_rate_and_gaps_are_counted_as_time() -> None:
    engine = Engine([RATE], {})
    frames = [make_frame(index, 1.0) for index in range(600)]
    frames += [make_frame(index, None if index % 2 else NAN) for index in range(600, 1200)]
    frames += [make_frame(index, 1.0 + (index - 1200) / 600 * 0.9) for index in range(1200, 1800)]
    assert engine.evaluate(frames) == []


def test_rate_of_bursts_needs_ten() -> None:
    engine = Engine([RATE], {"pump-7": SensorProfile("pump-7", burst_interval_us=60_000_000)})
    frames = [make_frame(k, 2.0 * k, burst_interval_us=60_000_000) for k in range(12)]
    (raised,) = engine.evaluate(frames)
    assert raised.window_index == 9
    assert raised.value == pytest.approx(2.0)


def test_rate_and_its_feature_under_one_sensor_alert() -> None:
    rule = replace(RATE, scope=Scope.SENSOR, voting_count=2)
    engine = Engine([rule, make_rule("level", levels={WARNING: 1e9})], {})
    frames = [frame_of(index, [index * 1.0, 0.0, index * 2.0]) for index in range(600)]
    (raised,) = engine.evaluate(frames)
    assert raised.channel == "a"
    assert raised.value == pytest.approx(600.0)


# Gates and references ---------------------------------------------------------------------------

STOPPED, START_UP, COAST_DOWN, RUNNING = (
    OperatingState.STOPPED,
    OperatingState.START_UP,
    OperatingState.COAST_DOWN,
    OperatingState.RUNNING,
)


@dataclass
class ScriptedTrack:
    """Says what the machine does by window index, and doubles the first feature."""

    states: Sequence[OperatingState]
    speeds: Sequence[float] = ()
    names: tuple[str, ...] = ("baseline_ratio.rms",)
    count: int = field(default=0)

    def update(self, frame: Frame) -> Derived:
        assert frame.values is not None
        self.count += 1
        index = frame.window_index
        speed = self.speeds[index] if self.speeds else math.nan
        values = 2.0 * frame.values.astype(np.float64)[:, None]
        return Derived(values, self.states[index], speed)

    def set_baselines(self, baselines: Any) -> None:
        raise AssertionError

    def state(self) -> dict[str, Any]:
        return {"count": self.count}

    def restore(self, state: dict[str, Any]) -> None:
        self.count = state["count"]


def run_gated(
    rule: Rule, values: Sequence[float], track: ScriptedTrack, *, restarts: bool = False
) -> list[tuple[int, str, str]]:
    def tracks(*_: object) -> ScriptedTrack:
        return replace(track)

    engine = Engine([rule], {}, tracks)
    changes: list[ConditionChange] = []
    for index, value in enumerate(values):
        changes += engine.evaluate([make_frame(index, value)])
        if restarts:
            engine = resumed(engine, [rule], "pump-7", tracks=tracks)
    return [(one.window_index, one.kind.name, one.suppression) for one in changes]


GATES: list[tuple[str, Rule, list[float], ScriptedTrack, list[tuple[int, str, str]]]] = [
    (
        "nothing is raised while stopped, and pending is frozen",
        replace(make_rule(pending_s=0.3), suppress_when=frozenset({OperatingCondition.STOPPED})),
        [1.5] * 5,
        ScriptedTrack([RUNNING, RUNNING, STOPPED, STOPPED, RUNNING]),
        [(4, "RAISED", "")],
    ),
    (
        "what is open stays open",
        replace(make_rule(), suppress_when=frozenset({OperatingCondition.STOPPED})),
        [1.5, 0.0, 0.0, 0.5],
        ScriptedTrack([RUNNING, STOPPED, STOPPED, RUNNING]),
        [
            (0, "RAISED", ""),
            (1, "SUPPRESSED", "stopped"),
            (3, "RESOLVED", ""),
        ],
    ),
    (
        "what is still beyond afterwards is no longer suppressed",
        replace(make_rule(), suppress_when=frozenset({OperatingCondition.COAST_DOWN})),
        [1.5, 1.5, 1.5],
        ScriptedTrack([RUNNING, COAST_DOWN, RUNNING]),
        [(0, "RAISED", ""), (1, "SUPPRESSED", "coast-down"), (2, "UNSUPPRESSED", "")],
    ),
    (
        "limits are multiplied during start-up and for three windows after",
        replace(make_rule(), start_up=StartUp(multiplier=3.0, hold=timedelta(seconds=0.3))),
        [2.5, 3.5, 2.5, 2.5, 2.5, 2.5],
        ScriptedTrack([START_UP, START_UP, RUNNING, RUNNING, RUNNING, RUNNING]),
        [(1, "RAISED", ""), (2, "RESOLVED", ""), (5, "RAISED", "")],
    ),
    (
        "a multiplier of 0 suppresses",
        replace(make_rule(), start_up=StartUp(multiplier=0.0)),
        [1.5, 1.5, 1.5],
        ScriptedTrack([RUNNING, START_UP, RUNNING]),
        [(0, "RAISED", ""), (1, "SUPPRESSED", "start-up"), (2, "UNSUPPRESSED", "")],
    ),
    (
        "speeds",
        replace(make_rule(), speed_range=SpeedRange(low_hz=10.0, high_hz=20.0)),
        [1.5, 1.5, 1.5, 1.5, 1.5],
        ScriptedTrack([RUNNING] * 5, [9.9, NAN, 10.0, 20.1, 20.0]),
        [(2, "RAISED", ""), (3, "SUPPRESSED", "speed too high"), (4, "UNSUPPRESSED", "")],
    ),
    (
        "the alert of a sensor is suppressed too",
        replace(voting(1), suppress_when=frozenset({OperatingCondition.STOPPED})),
        [1.5, 0.0, 1.5, 0.5],
        ScriptedTrack([RUNNING, STOPPED, RUNNING, RUNNING]),
        [
            (0, "RAISED", ""),
            (1, "SUPPRESSED", "stopped"),
            (2, "UNSUPPRESSED", ""),
            (3, "RESOLVED", ""),
        ],
    ),
    (
        "derived values are compared like features",
        replace(make_rule(unit="1"), measure=Measure.BASELINE_RATIO),
        [0.4, 0.6, 0.4],
        ScriptedTrack([RUNNING] * 3),
        [(1, "RAISED", ""), (2, "RESOLVED", "")],
    ),
]


@pytest.mark.parametrize("restarts", [False, True], ids=["through", "restarted"])
@pytest.mark.parametrize(("rule", "values", "track", "expected"), [row[1:] for row in GATES],
                         ids=[row[0] for row in GATES])  # fmt: skip
def test_gates(
    rule: Rule,
    values: list[float],
    track: ScriptedTrack,
    expected: list[tuple[int, str, str]],
    restarts: bool,
) -> None:
    assert run_gated(rule, values, track, restarts=restarts) == expected


def test_a_rule_without_its_gate_unsuppresses() -> None:
    gated = replace(make_rule(), suppress_when=frozenset({OperatingCondition.STOPPED}))
    engine = Engine([gated], {}, lambda *_: ScriptedTrack([RUNNING, STOPPED]))
    engine.evaluate([make_frame(0, 1.5), make_frame(1, 1.5)])
    free = make_rule(version=2)
    other = resumed(engine, [free], "pump-7")
    assert [one.kind.name for one in other.evaluate([make_frame(2, 1.5)])] == ["UNSUPPRESSED"]


def test_without_references_nothing_is_derived() -> None:
    rule = replace(make_rule(unit="1"), measure=Measure.BASELINE_RATIO, feature="rms")
    assert Engine([rule], {}).evaluate([make_frame(0, 9.0)]) == []


def test_the_history_is_asked_for_features_only() -> None:
    rules = [
        make_rule("value", feature="kurtosis"),
        replace(make_rule("ratio", unit="1"), measure=Measure.BASELINE_RATIO),
        replace(make_rule("zone", unit="1", feature=""), measure=Measure.ISO_ZONE),
        replace(make_rule("f", unit="1", feature="ball"), measure=Measure.FAULT_SCORE),
        replace(make_rule("off", feature="crest_factor"), disabled=True),
    ]
    assert Engine(rules, {}).features == ("kurtosis", "rms")


# Lower bounds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [Scope.CHANNEL, Scope.SENSOR])
def test_clipped_values_are_lower_bounds(scope: Scope) -> None:
    low = replace(make_rule("low", operator=Operator.BELOW), scope=scope)
    high = replace(make_rule("high", levels={WARNING: 0.1}), scope=scope)
    engine = Engine([low, high], {})
    clipped = replace(frame_of(0, [0.5, 1.5]), quality=(2, 0))
    assert {one.rule.rule_id for one in engine.evaluate([clipped])} == {"high"}
    (raised,) = engine.evaluate([frame_of(1, [0.5, 1.5])])
    assert (raised.rule.rule_id, raised.channel) == ("low", "a")
    clipped = replace(frame_of(2, [9.0, 1.5]), quality=(2, 0))
    assert engine.evaluate([clipped]) == []
