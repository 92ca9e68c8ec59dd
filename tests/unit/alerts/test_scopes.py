"""Conditions of several channels and alerts of machines, window by window."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.unit.alerts.scope_frames import (
    CRITICAL,
    NAN,
    WARNING,
    frame_of,
    resumed,
    told,
    voting,
)

from kurto_alerts.alert_state import ConditionChange, Key
from kurto_alerts.engine import Engine
from kurto_alerts.frames import SensorProfile
from kurto_alerts.rules import (
    Operator,
    Rule,
    Scope,
    Selector,
)
from kurto_alerts.testing import make_frame, make_rule

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
