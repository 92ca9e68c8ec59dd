"""Golden tables: values of consecutive windows, and what must happen at which."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from kurto_alerts.alert_state import ConditionChange, ConditionState, TransitionKind
from kurto_alerts.engine import Engine
from kurto_alerts.frames import SensorProfile
from kurto_alerts.rules import Operator, Rule, Selector, Severity
from kurto_alerts.testing import make_frame, make_rule

WARNING, CRITICAL, INFO = Severity.WARNING, Severity.CRITICAL, Severity.INFO
BOTH = {WARNING: 1.0, CRITICAL: 2.0}


def run(rule: Rule, values: Sequence[float | None]) -> list[ConditionChange]:
    engine = Engine([rule], {})
    frames = [make_frame(index, value) for index, value in enumerate(values)]
    return engine.evaluate(frames)


def events(rule: Rule, values: Sequence[float | None]) -> list[tuple[int, str]]:
    return [(change.window_index, change.kind.name) for change in run(rule, values)]


NAN = float("nan")
TABLE = [
    # A limit itself is not beyond it.
    ("at the limit", make_rule(), [1.0, 1.0], []),
    ("for 0 is one window", make_rule(), [0.5, 1.5], [(1, "RAISED")]),
    (
        "for 0.1 s is three windows",
        make_rule(pending_s=0.1),
        [1.5, 1.5, 1.5],
        [(2, "RAISED")],
    ),
    (
        "for 0.5 s is five windows",
        make_rule(pending_s=0.5),
        [1.5] * 5,
        [(4, "RAISED")],
    ),
    (
        "one window inside begins the count anew",
        make_rule(pending_s=0.3),
        [1.5, 1.5, 0.9, 1.5, 1.5, 1.5],
        [(5, "RAISED")],
    ),
    (
        "a gap freezes pending",
        make_rule(pending_s=0.3),
        [1.5, 1.5, None, None, 1.5],
        [(4, "RAISED")],
    ),
    (
        "a null value freezes pending",
        make_rule(pending_s=0.3),
        [1.5, 1.5, NAN, 1.5],
        [(3, "RAISED")],
    ),
    (
        "a gap never resolves",
        make_rule(),
        [1.5, *[None] * 1000, NAN, float("inf")],
        [(0, "RAISED")],
    ),
    (
        "inside the limit but not by the deadband stays active",
        make_rule(),
        [1.5, 0.95, 0.91, 0.95],
        [(0, "RAISED")],
    ),
    (
        "recovery 0 resolves with the first window inside",
        make_rule(),
        [1.5, 0.89],
        [(0, "RAISED"), (1, "RESOLVED")],
    ),
    (
        "recovering counts windows",
        make_rule(recovery_s=0.4),
        [1.5, 0.5, 0.5, 0.5, 0.5],
        [(0, "RAISED"), (1, "RECOVERING"), (4, "RESOLVED")],
    ),
    (
        "a gap freezes recovering",
        make_rule(recovery_s=0.4),
        [1.5, 0.5, 0.5, None, NAN, 0.5, 0.5],
        [(0, "RAISED"), (1, "RECOVERING"), (6, "RESOLVED")],
    ),
    (
        "within the deadband recovering goes on",
        make_rule(recovery_s=0.4),
        [1.5, 0.5, 0.95, 0.95, 0.95],
        [(0, "RAISED"), (1, "RECOVERING"), (4, "RESOLVED")],
    ),
    (
        "beyond the limit recovering is over",
        make_rule(recovery_s=0.4),
        [1.5, 0.5, 0.5, 1.1, 0.5, 0.5, 0.5, 0.5],
        [(0, "RAISED"), (1, "RECOVERING"), (3, "RELAPSED"), (4, "RECOVERING"), (7, "RESOLVED")],
    ),
    (
        "escalates, falls back, resolves",
        make_rule(levels=BOTH, recovery_s=0.3),
        [1.5, 2.5, 1.5, 1.5, 1.5, 0.5, 0.5, 0.5],
        [
            (0, "RAISED"),
            (1, "ESCALATED"),
            (4, "DEESCALATED"),
            (5, "RECOVERING"),
            (7, "RESOLVED"),
        ],
    ),
    (
        "straight to critical is one alert",
        make_rule(levels=BOTH),
        [2.5, 2.5],
        [(0, "RAISED")],
    ),
    (
        "from critical to normal passes no level",
        make_rule(levels=BOTH, recovery_s=0.3),
        [2.5, 0.5, 0.5, 0.5],
        [(0, "RAISED"), (1, "RECOVERING"), (3, "RESOLVED")],
    ),
    (
        "falls back while it recovers",
        make_rule(levels=BOTH, recovery_s=0.3),
        [2.5, 1.5, 0.5, 0.5, 0.5],
        [(0, "RAISED"), (2, "RECOVERING"), (3, "DEESCALATED"), (4, "RESOLVED")],
    ),
    (
        "below",
        make_rule(operator=Operator.BELOW, levels={WARNING: 1.0, CRITICAL: 0.5}),
        [1.0, 0.9, 0.4, 1.05, 1.2],
        [(1, "RAISED"), (2, "ESCALATED"), (3, "DEESCALATED"), (4, "RESOLVED")],
    ),
    (
        "below a negative limit",
        make_rule(operator=Operator.BELOW, levels={WARNING: -1.0}),
        [-1.0, -1.1, -0.95, -0.85],
        [(1, "RAISED"), (3, "RESOLVED")],
    ),
    (
        "above a negative limit",
        make_rule(levels={WARNING: -1.0}),
        [-1.0, -0.9, -1.05, -1.15],
        [(1, "RAISED"), (3, "RESOLVED")],
    ),
    (
        "inside",
        make_rule(operator=Operator.INSIDE, levels={WARNING: (1.0, 2.0), CRITICAL: (1.4, 1.6)}),
        [1.0, 1.1, 1.5, 1.7, 2.0, 2.05, 2.15],
        [(1, "RAISED"), (2, "ESCALATED"), (3, "DEESCALATED"), (6, "RESOLVED")],
    ),
    (
        "outside on either side",
        make_rule(operator=Operator.OUTSIDE, levels={WARNING: (1.0, 2.0), CRITICAL: (0.0, 3.0)}),
        [1.0, 2.0, 0.5, 2.5, 3.5, 2.5, 1.95, 1.5],
        [(2, "RAISED"), (4, "ESCALATED"), (5, "DEESCALATED"), (7, "RESOLVED")],
    ),
    (
        "outside with a critical deadband wider than the warning span",
        make_rule(
            operator=Operator.OUTSIDE,
            levels={WARNING: (0.0, 1.0), CRITICAL: (-10.0, 100.0)},
        ),
        [200.0, 0.5],
        [(0, "RAISED"), (1, "RESOLVED")],
    ),
    (
        "only critical",
        make_rule(levels={CRITICAL: 2.0}),
        [1.9, 2.1, 1.0],
        [(1, "RAISED"), (2, "RESOLVED")],
    ),
    (
        "info and critical",
        make_rule(levels={INFO: 1.0, CRITICAL: 3.0}),
        [1.5, 3.5, 2.0, 0.5],
        [(0, "RAISED"), (1, "ESCALATED"), (2, "DEESCALATED"), (3, "RESOLVED")],
    ),
    (
        "no deadband",
        make_rule(deadband_ratio=0.0),
        [1.5, 1.0],
        [(0, "RAISED"), (1, "RESOLVED")],
    ),
]


@pytest.mark.parametrize(
    ("rule", "values", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_events(
    rule: Rule, values: Sequence[float | None], expected: list[tuple[int, str]]
) -> None:
    assert events(rule, values) == expected


def test_predecessor_raised_6000_alerts_in_ten_minutes() -> None:
    """The predecessor stored a new alarm each 100 ms while a limit was exceeded."""
    assert events(make_rule(pending_s=None), [1.5] * 6000) == [(49, "RAISED")]


def test_predecessor_ignored_limit_0() -> None:
    """The predecessor took a limit of 0 for no limit at all."""
    above = make_rule(levels={WARNING: 0.0})
    assert events(above, [0.0, 0.1, 0.0]) == [(1, "RAISED"), (2, "RESOLVED")]
    below = make_rule(operator=Operator.BELOW, levels={WARNING: 0.0})
    assert events(below, [0.0, -0.1, 0.0]) == [(1, "RAISED"), (2, "RESOLVED")]


def test_defaults_of_for_and_recovery() -> None:
    rule = make_rule(levels=BOTH, pending_s=None, recovery_s=30.0)
    changes = events(rule, [2.5] * 60 + [0.5] * 300)
    assert changes == [(29, "RAISED"), (60, "RECOVERING"), (359, "RESOLVED")]
    raised = run(rule, [2.5] * 30)[0]
    assert raised.severity is CRITICAL


def test_what_a_change_says() -> None:
    rule = make_rule(levels=BOTH, recovery_s=0.3, version=7)
    raised, escalated, recovering, resolved = run(rule, [1.5, 2.5, 2.25, 0.5, 0.25, 0.75])
    assert raised.severity is WARNING
    assert raised.state is ConditionState.ACTIVE
    assert (raised.value, raised.worst_value, raised.limit) == (1.5, 1.5, 1.0)
    assert raised.time_us == make_frame(0, 1.5).end_us
    assert raised.rule.version == 7
    assert escalated.severity is CRITICAL
    assert (escalated.value, escalated.worst_value, escalated.limit) == (2.5, 2.5, 2.0)
    assert recovering.state is ConditionState.RECOVERING
    assert (recovering.value, recovering.worst_value) == (0.5, 2.5)
    assert resolved.kind is TransitionKind.RESOLVED
    assert resolved.state is ConditionState.NORMAL
    assert resolved.severity is CRITICAL
    assert (resolved.value, resolved.worst_value) == (0.75, 2.5)
    assert len({change.alert_id for change in (raised, escalated, recovering, resolved)}) == 1


def test_worst_value_counts_from_the_first_window_beyond() -> None:
    changes = run(make_rule(pending_s=0.3), [1.1, 5.0, 1.1])
    assert changes[0].value == pytest.approx(1.1)
    assert changes[0].worst_value == 5.0


def test_worst_value_forgets_an_earlier_alert() -> None:
    changes = run(make_rule(), [9.0, 0.5, 1.5])
    assert [change.worst_value for change in changes] == [9.0, 9.0, 1.5]


@pytest.mark.parametrize(("value", "limit"), [(0.5, 1.0), (2.5, 2.0)])
def test_limit_of_a_span_is_the_one_that_was_passed(value: float, limit: float) -> None:
    rule = make_rule(operator=Operator.OUTSIDE, levels={WARNING: (1.0, 2.0)})
    assert run(rule, [value])[0].limit == limit


def test_a_second_alert_has_another_id_and_a_replay_the_same() -> None:
    values = [1.5, 0.5, 1.5]
    first, _, second = run(make_rule(), values)
    assert first.alert_id != second.alert_id
    again, _, _ = run(make_rule(), values)
    assert again.alert_id == first.alert_id


def test_units_of_acceleration_are_converted() -> None:
    rule = make_rule(unit="m/s2", levels={WARNING: 10.0})
    engine = Engine([rule], {})
    assert engine.evaluate([make_frame(0, 1.019)]) == []  # 9.993 m/s2
    (raised,) = engine.evaluate([make_frame(1, 1.02)])  # 10.003 m/s2
    assert raised.value == pytest.approx(1.02 * 9.80665)
    assert raised.limit == 10.0
    engine = Engine([make_rule(unit="g", levels={WARNING: 1.0})], {})
    assert engine.evaluate([make_frame(0, 9.80, units=("m/s2",))]) == []
    (raised,) = engine.evaluate([make_frame(1, 9.81, units=("m/s2",))])
    assert raised.value == pytest.approx(9.81 / 9.80665)


def test_fixed_units_are_not_converted() -> None:
    rule = make_rule(feature="velocity_rms", unit="mm/s", levels={WARNING: 4.5})
    engine = Engine([rule], {})
    frame = make_frame(0, 4.6, features=("velocity_rms",), units=("m/s2",))
    assert engine.evaluate([frame])[0].value == pytest.approx(4.6)


def test_bursts_are_counted_three_in_a_row() -> None:
    rule = make_rule(pending_s=5.0, recovery_s=30.0)
    profile = SensorProfile("pump-7", burst_interval_us=10_000_000)
    for profiles in ({"pump-7": profile}, {}):
        engine = Engine([rule], profiles)
        values = [0.5, 1.5, 1.5, 0.9, 1.5, 1.5, 1.5, 0.5, 0.5, 0.5]
        frames = [
            make_frame(index, value, burst_interval_us=10_000_000)
            for index, value in enumerate(values, start=1)
        ]
        kinds = [(change.window_index, change.kind.name) for change in engine.evaluate(frames)]
        assert kinds == [(7, "RAISED"), (8, "RECOVERING"), (10, "RESOLVED")]


def test_long_durations_of_burst_sensors_count_by_the_interval() -> None:
    profile = SensorProfile("pump-7", burst_interval_us=10_000_000)
    engine = Engine([make_rule(pending_s=50.0)], {"pump-7": profile})
    frames = [make_frame(index, 1.5, burst_interval_us=10_000_000) for index in range(10)]
    assert engine.evaluate(frames)[0].window_index == 4


def test_epoch_change_freezes_and_never_resolves() -> None:
    rule = make_rule(pending_s=0.3, recovery_s=0.3)
    engine = Engine([rule], {})
    engine.evaluate([make_frame(100, 1.5), make_frame(101, 1.5)])
    (raised,) = engine.evaluate([make_frame(0, 1.5, epoch=2)])
    assert (raised.epoch, raised.window_index) == (2, 0)
    engine.evaluate([make_frame(1, 0.5, epoch=2)])
    changes = engine.evaluate([make_frame(0, 0.5, epoch=3), make_frame(1, 0.5, epoch=3)])
    assert [change.kind.name for change in changes] == ["RESOLVED"]


def test_each_channel_has_its_own_alert() -> None:
    engine = Engine([make_rule()], {})
    channels = ("horizontal", "vertical")
    frame = make_frame(0, [1.5, 1.6], channels=channels, units=("g", "g"))
    changes = engine.evaluate([frame])
    assert [change.key.channel for change in changes] == ["horizontal", "vertical"]


def test_open_alert_outlives_the_absence_of_its_channel() -> None:
    engine = Engine([make_rule()], {})
    two = {"channels": ("a", "b"), "units": ("g", "g")}
    engine.evaluate([make_frame(0, [1.5, 1.5], channels=("a", "b"), units=("g", "g"))])
    changes = engine.evaluate([make_frame(0, [0.5], channels=("a",), epoch=2)])
    assert [(change.key.channel, change.kind.name) for change in changes] == [("a", "RESOLVED")]
    frame = make_frame(0, [0.5, 0.5], epoch=3, channels=two["channels"], units=two["units"])
    changes = engine.evaluate([frame])
    assert [(change.key.channel, change.kind.name) for change in changes] == [("b", "RESOLVED")]


def test_late_frames_are_not_evaluated() -> None:
    engine = Engine([make_rule()], {})
    assert engine.evaluate([make_frame(0, 1.5, late=True)]) == []


def test_unknown_feature_in_a_frame_freezes() -> None:
    engine = Engine([make_rule()], {})
    engine.evaluate([make_frame(0, 1.5)])
    assert engine.evaluate([make_frame(1, 0.5, features=("kurtosis",))]) == []
    assert [c.kind.name for c in engine.evaluate([make_frame(2, 0.5)])] == ["RESOLVED"]


def profile(*tags: str, archived: bool = False) -> SensorProfile:
    return SensorProfile("pump-7", frozenset(tags), archived=archived)


def test_selectors_choose_by_sensor_tag_and_channel() -> None:
    cases = [
        (Selector(), True),
        (Selector(sensor_ids=frozenset({"pump-7", "x"})), True),
        (Selector(sensor_ids=frozenset({"x"})), False),
        (Selector(tags=frozenset({"west", "x"})), True),
        (Selector(tags=frozenset({"x"})), False),
        (Selector(channels=frozenset({"horizontal"})), True),
        (Selector(channels=frozenset({"axial"})), False),
        (Selector(sensor_ids=frozenset({"pump-7"}), tags=frozenset({"x"})), False),
    ]
    for selector, watched in cases:
        engine = Engine([make_rule(selector=selector)], {"pump-7": profile("west")})
        assert bool(engine.evaluate([make_frame(0, 1.5)])) is watched, selector


def test_alert_is_withdrawn_when_its_tag_goes_or_its_sensor_is_archived() -> None:
    rule = make_rule(selector=Selector(tags=frozenset({"west"})))
    for later in (profile("east"), profile("west", archived=True)):
        engine = Engine([rule], {"pump-7": profile("west")})
        (raised,) = engine.evaluate([make_frame(0, 1.5)])
        assert engine.withdraw_unwatched() == []
        engine.set_profile(later)
        (withdrawal,) = engine.withdraw_unwatched()
        assert withdrawal.alert_id == raised.alert_id
        assert engine.withdraw_unwatched() == []
        assert engine.evaluate([make_frame(1, 1.5)]) == []
        checkpoint = engine.checkpoint("pump-7", epoch=1, window_index=1)
        assert checkpoint.conditions == ()


def test_a_tag_that_goes_and_comes_back_makes_another_alert() -> None:
    rule = make_rule(selector=Selector(tags=frozenset({"west"})))
    engine = Engine([rule], {"pump-7": profile("west")})
    engine.evaluate([make_frame(0, 1.5)])
    engine.set_profile(profile())
    engine.withdraw_unwatched()
    engine.set_profile(profile("west"))
    assert [change.kind.name for change in engine.evaluate([make_frame(1, 1.5)])] == ["RAISED"]


def test_tags_that_are_not_known_withdraw_nothing() -> None:
    rule = make_rule(selector=Selector(tags=frozenset({"west"})))
    engine = Engine([rule], {"pump-7": profile("west")})
    engine.evaluate([make_frame(0, 1.5)])
    checkpoint = engine.checkpoint("pump-7", epoch=1, window_index=0)
    forgetful = Engine([rule], {})
    forgetful.restore(checkpoint)
    assert forgetful.withdraw_unwatched() == []


def test_a_changed_profile_keeps_the_counts() -> None:
    engine = Engine([make_rule(pending_s=0.3)], {"pump-7": profile("west")})
    engine.evaluate([make_frame(0, 1.5), make_frame(1, 1.5)])
    engine.set_profile(profile("west", "new"))
    assert [change.window_index for change in engine.evaluate([make_frame(2, 1.5)])] == [2]


def under(new: Rule, old: Rule, before: Sequence[float], after: Sequence[float]) -> list[str]:
    """Return what happens after `old` was changed to `new`."""
    engine = Engine([old], {})
    engine.evaluate([make_frame(index, value) for index, value in enumerate(before)])
    changed = Engine([replace(new, version=2)], {})
    changed.restore(engine.checkpoint("pump-7", epoch=1, window_index=len(before) - 1))
    frames = [make_frame(index, value) for index, value in enumerate(after, start=len(before))]
    return [f"{change.window_index} {change.kind.name}" for change in changed.evaluate(frames)]


def test_a_changed_rule_counts_anew_but_keeps_its_alert() -> None:
    slow = make_rule(pending_s=0.3, recovery_s=0.3)
    assert under(slow, slow, [1.5, 1.5], [1.5, 1.5, 1.5]) == ["4 RAISED"]
    assert under(slow, slow, [1.5] * 3, [1.5] * 5) == []
    higher = make_rule(levels={WARNING: 5.0}, recovery_s=0.3)
    assert under(higher, slow, [1.5] * 3, [1.5] * 3) == ["3 RECOVERING", "5 RESOLVED"]


def test_a_severity_that_the_rule_no_longer_has_ends_after_the_recovery_time() -> None:
    both = make_rule(levels=BOTH, recovery_s=0.3)
    mild = make_rule(levels={WARNING: 1.0}, recovery_s=0.3)
    assert under(mild, both, [2.5], [2.5] * 4) == ["3 DEESCALATED"]
    severe = make_rule(levels={CRITICAL: 2.0}, recovery_s=0.3)
    assert under(severe, both, [1.5], [1.5] * 4) == ["1 RECOVERING", "3 RESOLVED"]
    assert under(severe, both, [1.5], [2.5] * 4) == ["1 ESCALATED"]
