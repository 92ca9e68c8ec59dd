"""Rates, gates, references and lower bounds, window by window."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tests.unit.alerts.scope_frames import (
    NAN,
    WARNING,
    frame_of,
    resumed,
    voting,
)

from kurto_alerts.alert_state import ConditionChange
from kurto_alerts.engine import Engine
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.references.derived import Derived
from kurto_alerts.rules import (
    Measure,
    OperatingCondition,
    Operator,
    Rule,
    Scope,
    SpeedRange,
    StartUp,
)
from kurto_alerts.testing import make_frame, make_rule
from kurto_dsp.condition import OperatingState

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
