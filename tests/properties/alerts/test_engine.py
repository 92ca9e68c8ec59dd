"""The engine against a model that looks back over all values, however the frames are cut."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import given, settings

from kurto_alerts.alert_state import ConditionChange
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.engine import Engine
from kurto_alerts.frames import Frame
from kurto_alerts.rules import Level, Operator, Rule, Severity
from kurto_alerts.testing import make_frame, make_rule

EIGHTHS = st.integers(-40, 40).map(lambda eighth: eighth / 8)
DURATIONS = st.sampled_from([0.0, 0.1, 0.3, 0.4, 0.7])
VALUES = st.lists(st.one_of(EIGHTHS, EIGHTHS, st.none(), st.just(float("nan"))), max_size=60)


@st.composite
def rules(draw: st.DrawFn, rule_id: str = "rule") -> Rule:
    operator = draw(st.sampled_from(Operator))
    severities = sorted(draw(st.sets(st.sampled_from(list(Severity)[1:]), min_size=1)))
    points = sorted(draw(st.sets(EIGHTHS, min_size=6, max_size=6)))
    levels: dict[Severity, float | tuple[float, float]] = {}
    for order, severity in enumerate(severities):
        if operator is Operator.ABOVE:
            levels[severity] = points[order]
        elif operator is Operator.BELOW:
            levels[severity] = points[-1 - order]
        else:
            # Six nested points: spans widen with the severity OUTSIDE, narrow with it INSIDE.
            width = order if operator is Operator.OUTSIDE else 2 - order
            levels[severity] = (points[2 - width], points[3 + width])
    rule = make_rule(
        rule_id,
        operator=operator,
        levels=levels,
        recovery_s=draw(DURATIONS),
        deadband_ratio=draw(st.sampled_from([0.0, 0.125, 0.25, 0.375])),
    )
    pendings = [draw(DURATIONS) for _ in rule.levels]
    timed = [
        replace(level, pending=timedelta(seconds=pending))
        for level, pending in zip(rule.levels, pendings, strict=True)
    ]
    return replace(rule, levels=tuple(timed))


def windows(seconds: float) -> int:
    """What the contract says: one window for 0, else at least three, ten a second."""
    return 1 if seconds == 0 else max(round(seconds * 10), 3)


def is_beyond(rule: Rule, level: Level, value: float) -> bool:
    match rule.operator:
        case Operator.ABOVE:
            return level.upper is not None and value > level.upper
        case Operator.BELOW:
            return level.lower is not None and value < level.lower
    assert level.lower is not None
    assert level.upper is not None
    if rule.operator is Operator.INSIDE:
        return level.lower < value < level.upper
    return value < level.lower or value > level.upper


def is_clear(rule: Rule, level: Level, value: float) -> bool:
    """Inside the limit by the deadband; all numbers are dyadic, so nothing is rounded."""
    ratio = rule.deadband_ratio
    match rule.operator:
        case Operator.ABOVE:
            assert level.upper is not None
            return value <= level.upper - ratio * abs(level.upper)
        case Operator.BELOW:
            assert level.lower is not None
            return value >= level.lower + ratio * abs(level.lower)
    assert level.lower is not None
    assert level.upper is not None
    band = ratio * (level.upper - level.lower)
    if rule.operator is Operator.INSIDE:
        return value <= level.lower - band or value >= level.upper + band
    return level.lower + band <= value <= level.upper - band


@dataclass
class Model:
    """Remembers every valid value and looks back over all of them, each time."""

    rule: Rule
    values: list[float] = field(default_factory=list)
    severity: int = 0
    recovering: bool = False

    def confirmed(self, level: Level) -> bool:
        needed = windows(level.pending.total_seconds())
        last = self.values[-needed:]
        return len(last) == needed and all(is_beyond(self.rule, level, value) for value in last)

    def inside(self, level: Level) -> int:
        """Windows since the value came back, not having been beyond since."""
        milder = [other for other in self.rule.levels if other.severity <= level.severity]
        count = 0
        for value in self.values:
            if is_beyond(self.rule, level, value):
                count = 0
            elif count or any(is_clear(self.rule, other, value) for other in milder):
                count += 1
        return count

    def take(self, value: float | None) -> str | None:
        if value is None or math.isnan(value):
            return None
        self.values.append(value)
        before, was_recovering = self.severity, self.recovering
        recovery = windows(self.rule.recovery.total_seconds())
        levels = {int(level.severity): level for level in self.rule.levels}
        risen = [at for at, level in levels.items() if at > before and self.confirmed(level)]
        if risen:
            self.severity = max(risen)
        elif before and self.inside(levels[before]) >= recovery:
            held = [at for at in levels if at < before and self.inside(levels[at]) < recovery]
            self.severity = max(held, default=0)
        mildest = levels[min(levels)]
        self.recovering = self.severity > 0 and self.inside(mildest) > 0
        if self.severity > before:
            return "ESCALATED" if before else "RAISED"
        if self.severity < before:
            return "DEESCALATED" if self.severity else "RESOLVED"
        if self.recovering != was_recovering:
            return "RECOVERING" if self.recovering else "RELAPSED"
        return None


def story(changes: Sequence[ConditionChange]) -> list[tuple[object, ...]]:
    return [
        (
            change.key,
            change.window_index,
            change.kind.name,
            change.severity,
            change.state,
            change.value,
            change.worst_value,
            change.limit,
            change.alert_id,
        )
        for change in changes
    ]


@given(rules(), VALUES)
@settings(max_examples=400, deadline=None)
def test_engine_agrees_with_the_model(rule: Rule, values: list[float | None]) -> None:
    frames = [make_frame(index, value) for index, value in enumerate(values)]
    changes = Engine([rule], {}).evaluate(frames)
    model = Model(rule)
    expected = [(index, kind) for index, value in enumerate(values) if (kind := model.take(value))]
    assert [(change.window_index, change.kind.name) for change in changes] == expected


@given(rules(), VALUES)
@settings(max_examples=100, deadline=None)
def test_at_most_one_alert_is_open_and_every_story_is_whole(
    rule: Rule, values: list[float | None]
) -> None:
    frames = [make_frame(index, value) for index, value in enumerate(values)]
    open_alert = ""
    for change in Engine([rule], {}).evaluate(frames):
        if change.kind.name == "RAISED":
            assert not open_alert
            open_alert = change.alert_id
        assert change.alert_id == open_alert
        if change.kind.name == "RESOLVED":
            open_alert = ""


def sensor_frames(series: Sequence[Sequence[float | None]]) -> list[Frame]:
    """Frames of several two-channel sensors, interleaved as they would come."""
    length = max(map(len, series))
    frames = []
    for index in range(length):
        for sensor, values in enumerate(series):
            if index < len(values):
                value = values[index]
                row = None if value is None else [value, -value]
                frames.append(
                    make_frame(
                        index,
                        row,
                        sensor_id=f"sensor-{sensor}",
                        channels=("a", "b"),
                        units=("g", "g"),
                    )
                )
    return frames


def resumed(engine: Engine, rule_set: Sequence[Rule], last: dict[str, Frame]) -> Engine:
    """Return another engine that goes on from what the first one saved."""
    other = Engine(rule_set, {})
    for sensor_id, frame in last.items():
        saved = engine.checkpoint(sensor_id, epoch=frame.epoch, window_index=frame.window_index)
        document = saved.to_document()
        other.restore(
            SensorCheckpoint.from_document(sensor_id, saved.epoch, saved.window_index, document)
        )
    return other


@given(
    st.lists(rules(), min_size=1, max_size=3),
    st.lists(VALUES.filter(len), min_size=1, max_size=3),
    st.data(),
)
@settings(max_examples=150, deadline=None)
def test_changes_do_not_depend_on_batches_or_restarts(
    drawn: list[Rule], series: list[list[float | None]], data: st.DataObject
) -> None:
    rule_set = [replace(rule, rule_id=f"rule-{at}") for at, rule in enumerate(drawn)]
    frames = sensor_frames(series)
    one_by_one = Engine(rule_set, {})
    expected = [change for frame in frames for change in one_by_one.evaluate([frame])]

    engine = Engine(rule_set, {})
    changes: list[ConditionChange] = []
    last: dict[str, Frame] = {}
    at = 0
    while at < len(frames):
        size = data.draw(st.integers(1, 30), label="batch size")
        batch = frames[at : at + size]
        changes += engine.evaluate(batch)
        last.update({frame.sensor_id: frame for frame in batch})
        at += size
        if data.draw(st.booleans(), label="restart"):
            engine = resumed(engine, rule_set, last)

    def by_key(found: list[ConditionChange]) -> list[tuple[object, ...]]:
        order = sorted(
            found, key=lambda change: (str(change.key), change.window_index, change.kind)
        )
        return story(order)

    assert by_key(changes) == by_key(expected)
