"""Several channels, machines and gates: the same changes however frames are cut, and by a model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from tests.properties.alerts.test_engine import DURATIONS, EIGHTHS, Model, is_beyond, rules, story

from kurto_alerts.alert_state import ConditionChange
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.engine import Engine
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.rates import RateTrack
from kurto_alerts.references.derived import Derived
from kurto_alerts.rules import OperatingCondition, Rule, Scope, SpeedRange, StartUp
from kurto_alerts.testing import make_frame
from kurto_dsp.condition import OperatingState

SENSORS = ("sensor-0", "sensor-1")
PROFILES = {name: SensorProfile(name, machine_id="fan") for name in SENSORS}
NULLABLE = st.one_of(EIGHTHS, EIGHTHS, EIGHTHS, st.just(float("nan")))
ROWS = st.lists(st.one_of(st.tuples(NULLABLE, NULLABLE), st.none()), min_size=1, max_size=40)


@dataclass
class PacedTrack:
    """A machine whose state and speed follow from the window index and what was counted."""

    count: int = 0
    names: tuple[str, ...] = ()

    def update(self, frame: Frame) -> Derived:
        assert frame.layout is not None
        self.count += 1
        states = list(OperatingState)
        state = states[(self.count // 4) % len(states)]
        empty = np.empty((len(frame.layout.channels), 0))
        return Derived(empty, state, float(frame.window_index % 7))

    def set_baselines(self, baselines: Any) -> None:
        raise AssertionError

    def state(self) -> dict[str, Any]:
        return {"count": self.count}

    def restore(self, state: dict[str, Any]) -> None:
        self.count = state["count"]


@st.composite
def scoped_rules(draw: st.DrawFn) -> Rule:
    rule = replace(
        draw(rules()),
        scope=draw(st.sampled_from(Scope)),
        voting_count=draw(st.integers(1, 2)),
        suppress_when=draw(st.frozensets(st.sampled_from(OperatingCondition), max_size=2)),
    )
    if draw(st.booleans()):
        hold = timedelta(seconds=draw(DURATIONS))
        multiplier = draw(st.sampled_from([0.0, 1.0, 3.0]))
        rule = replace(rule, start_up=StartUp(multiplier=multiplier, hold=hold))
    if draw(st.booleans()):
        rule = replace(rule, speed_range=SpeedRange(low_hz=1.0, high_hz=draw(st.floats(3.0, 7.0))))
    return rule


def frames_of(series: Sequence[Sequence[tuple[float, float] | None]]) -> list[Frame]:
    """Frames of two-channel sensors in the order of their times."""
    found = []
    for index in range(max(map(len, series))):
        for name, rows in zip(SENSORS, series, strict=False):
            if index < len(rows):
                parts: dict[str, Any] = {"channels": ("a", "b"), "units": ("g", "m/s2")}
                found.append(make_frame(index, rows[index], sensor_id=name, **parts))
    return found


def engine_of(rule_set: Sequence[Rule]) -> Engine:
    return Engine(rule_set, PROFILES, lambda *_: PacedTrack())


@given(
    st.lists(scoped_rules(), min_size=1, max_size=3),
    st.lists(ROWS, min_size=1, max_size=2),
    st.data(),
)
@settings(max_examples=100, deadline=None)
def test_changes_do_not_depend_on_batches_or_restarts(
    drawn: list[Rule], series: list[list[tuple[float, float] | None]], data: st.DataObject
) -> None:
    rule_set = [replace(rule, rule_id=f"rule-{at}") for at, rule in enumerate(drawn)]
    frames = frames_of(series)
    one_by_one = engine_of(rule_set)
    expected = [change for frame in frames for change in one_by_one.evaluate([frame])]
    engine = engine_of(rule_set)
    changes: list[ConditionChange] = []
    last: dict[str, Frame] = {}
    while frames:
        size = data.draw(st.integers(1, 20), label="batch size")
        batch, frames = frames[:size], frames[size:]
        changes += engine.evaluate(batch)
        last.update({frame.sensor_id: frame for frame in batch})
        if data.draw(st.booleans(), label="restart"):
            other = engine_of(rule_set)
            for sensor_id, frame in last.items():
                saved = engine.checkpoint(sensor_id, epoch=1, window_index=frame.window_index)
                other.restore(
                    SensorCheckpoint.from_document(
                        sensor_id, 1, frame.window_index, saved.to_document()
                    )
                )
            engine = other

    def ordered(found: Sequence[ConditionChange]) -> list[tuple[object, ...]]:
        return story(sorted(found, key=lambda one: (str(one.key), one.time_us)))

    assert ordered(changes) == ordered(expected)


@given(rules(), ROWS, st.integers(1, 2))
@settings(max_examples=100, deadline=None)
def test_votes_are_counted_like_channels_by_hand(
    rule: Rule, rows: list[tuple[float, float] | None], votes: int
) -> None:
    """Where no value is missing, k channels beyond a limit are one value beyond it."""
    rule = replace(rule, scope=Scope.SENSOR, voting_count=votes, deadband_ratio=0.0)
    whole = [row for row in rows if row is not None and not np.isnan(row).any()]
    frames = [make_frame(k, row, channels=("a", "b"), units=("g", "g")) for k, row in
              enumerate(whole)]  # fmt: skip
    found = [(one.window_index, one.kind.name) for one in Engine([rule], {}).evaluate(frames)]
    model = Votes(rule)
    expected = [(k, kind) for k, row in enumerate(whole) if (kind := model.take_row(row))]
    assert found == expected


class Votes(Model):
    """Stands for each row by whether enough of its values are beyond each limit."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        self.rows: list[tuple[float, float]] = []

    def _is_beyond(self, level: Any, row: tuple[float, float]) -> bool:
        beyond = sum(is_beyond(self.rule, level, value) for value in row)
        return beyond >= self.rule.voting_count

    def take_row(self, row: tuple[float, float]) -> str | None:
        self.rows.append(row)
        return self.take(0.0)

    def confirmed(self, level: Any) -> bool:
        needed = max(round(level.pending.total_seconds() * 10), 3) if level.pending else 1
        last = self.rows[-needed:]
        return len(last) == needed and all(self._is_beyond(level, row) for row in last)

    def inside(self, level: Any) -> int:
        milder = [other for other in self.rule.levels if other.severity <= level.severity]
        count = 0
        for row in self.rows:
            if self._is_beyond(level, row):
                count = 0
            elif count or any(not self._is_beyond(other, row) for other in milder):
                count += 1
        return count


@given(st.lists(st.one_of(st.floats(-10, 10), st.just(float("nan"))), max_size=60), st.data())
@settings(max_examples=100, deadline=None)
def test_rate_is_the_least_squares_slope_of_the_last_ten_bursts(
    values: list[float], data: st.DataObject
) -> None:
    interval_us = 7_000_000
    track = RateTrack(["a/rms"], interval_us)
    points: list[tuple[float, float]] = []
    for index, value in enumerate(values):
        (rate,) = track.update(index * interval_us, np.array([value]))
        if np.isnan(value):
            assert np.isnan(rate)
            continue
        points = [*points, (index * interval_us / 60e6, value)][-10:]
        if len(points) < 10:
            assert np.isnan(rate)
        else:
            times, levels = np.array(points).T
            expected = np.polyfit(times - times[0], levels, 1)[0]
            assert abs(rate - expected) <= 1e-6 * max(1.0, abs(expected))
        if data.draw(st.booleans(), label="restart"):
            state, track = track.state(), RateTrack(["a/rms"], interval_us)
            track.restore(state)
