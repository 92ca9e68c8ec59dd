"""What a rule may say beyond a limit, and that nothing of it is lost on the way to the store."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from kurto_alerts.conversion import draft_from_proto, rule_to_proto
from kurto_alerts.exceptions import FieldInvalid, KurtoError
from kurto_alerts.measure_validation import ABOVE_ONLY, IN_FEATURE_UNIT
from kurto_alerts.rule_documents import rule_from_document, rule_to_document
from kurto_alerts.rule_drafts import LevelDraft, RuleDraft
from kurto_alerts.rule_validation import check_writable_id, validated_rule
from kurto_alerts.rules import Measure, OperatingCondition, Operator, Priority, Scope, Severity

FEATURES: Mapping[str, str] = {"rms": "acceleration", "kurtosis": "1"}
GOOD = RuleDraft(
    rule_id="rms-high",
    display_name="RMS too high",
    feature="rms",
    unit="g",
    operator=Operator.ABOVE,
    levels=(LevelDraft(severity=2, limit=1.0), LevelDraft(severity=3, limit=2.0)),
)
GROWTH = {"feature": "", "unit": "1", "measure": Measure.ACCELERATION_GROWTH}
SCORE = {"feature": "ball", "unit": "1", "measure": Measure.FAULT_SCORE}
SENSOR = {"scope": Scope.SENSOR}
NAN = float("nan")


def test_defaults_are_filled_in() -> None:
    rule = validated_rule(GOOD, FEATURES)
    assert (rule.measure, rule.scope, rule.voting_count) == (Measure.VALUE, Scope.CHANNEL, 1)
    assert [level.latch for level in rule.levels] == [False, True]
    assert (rule.priority, rule.speed_range, rule.start_up.multiplier) == (0, None, 1.0)
    assert not rule.day_one


@pytest.mark.parametrize("measure", list(Measure))
def test_every_measure_can_be_watched(measure: Measure) -> None:
    feature = "rms" if measure < Measure.ACCELERATION_GROWTH else ""
    unit = "g" if measure in IN_FEATURE_UNIT else "1"
    draft = replace(GOOD, measure=measure, feature=feature, unit=unit)
    assert validated_rule(draft, FEATURES).measure is measure


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("measure", {"measure": 99}, "rule.measure"),
    ("growth of a feature", {**GROWTH, "feature": "rms"}, "rule.feature"),
    ("growth in g", {**GROWTH, "unit": "g"}, "rule.unit"),
    ("growth below", {**GROWTH, "operator": Operator.BELOW}, "rule.operator"),
    ("zone of a feature", {**GROWTH, "measure": Measure.ISO_ZONE, "feature": "x"}, "rule.feature"),
    ("ratio without feature", {**GROWTH, "measure": Measure.BASELINE_RATIO}, "rule.feature"),
    ("ratio in g", {"measure": Measure.BASELINE_RATIO}, "rule.unit"),
    ("score of a feature", {**SCORE, "feature": "rms"}, "rule.feature"),
    ("score in g", {**SCORE, "unit": "g"}, "rule.unit"),
    ("score below", {**SCORE, "operator": Operator.BELOW}, "rule.operator"),
    ("score at start-up", {**SCORE, "start_up_multiplier": 2.0}, "rule.start_up"),
    ("score when stopped", {**SCORE, "suppress_when": (1,)}, "rule.suppress_when"),
    ("scope", {"scope": 9}, "rule.scope"),
    ("votes of a channel", {"voting_count": 2}, "rule.voting_count"),
    ("33 votes", {**SENSOR, "voting_count": 33}, "rule.voting_count"),
    ("negative votes", {**SENSOR, "voting_count": -1}, "rule.voting_count"),
    (
        "more votes than channels",
        {**SENSOR, "voting_count": 2, "channels": ("a", "a")},
        "rule.voting_count",
    ),
    ("priority", {"priority": 4}, "rule.priority"),
    ("start-up of 11", {"start_up_multiplier": 11.0}, "rule.start_up.multiplier"),
    ("start-up of NaN", {"start_up_multiplier": NAN}, "rule.start_up.multiplier"),
    ("start-up below 0", {"start_up_multiplier": -0.1}, "rule.start_up.multiplier"),
    (
        "long hold",
        {"start_up_multiplier": 2.0, "start_up_hold": timedelta(seconds=3601)},
        "rule.start_up.hold_duration",
    ),
    ("empty speeds", {"speeds": (None, None)}, "rule.speed_range"),
    ("inverted speeds", {"speeds": (20.0, 20.0)}, "rule.speed_range.high_hz"),
    ("speed of NaN", {"speeds": (None, NAN)}, "rule.speed_range.high_hz"),
    ("negative speed", {"speeds": (-1.0, None)}, "rule.speed_range.low_hz"),
    ("condition", {"suppress_when": (1, 7)}, "rule.suppress_when[1]"),
    ("condition twice", {"suppress_when": (1, 2, 1)}, "rule.suppress_when[2]"),
    ("long guidance", {"guidance": "a" * 4001}, "rule.guidance"),
    ("empty machine", {"machine_ids": ("",)}, "rule.selector.machine_ids[0]"),
]


@pytest.mark.parametrize(("parts", "field"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_contradictions_are_refused_with_the_field(parts: dict[str, Any], field: str) -> None:
    with pytest.raises(KurtoError) as failure:
        validated_rule(replace(GOOD, **parts), FEATURES)
    assert failure.value.status == "INVALID_ARGUMENT"
    assert failure.value.metadata["field"] == field


@pytest.mark.parametrize("rule_id", ["data-quality.stale", "system.store"])
@pytest.mark.parametrize("creating", [True, False])
def test_ids_of_the_service_cannot_be_written(rule_id: str, creating: bool) -> None:
    with pytest.raises(FieldInvalid, match="choose another id"):
        check_writable_id(rule_id, creating=creating)


def test_day_one_rules_can_be_changed_but_not_created() -> None:
    check_writable_id("day-one.growth.press", creating=False)
    with pytest.raises(FieldInvalid, match="come with a machine"):
        check_writable_id("day-one.growth.press", creating=True)


WORDS = st.text("abcäz09.-_ ", min_size=1, max_size=8)
DURATIONS = st.integers(0, 3_600_000_000).map(lambda us: timedelta(microseconds=us))
HERTZ = st.floats(0, 1e5)


@st.composite
def speeds(draw: st.DrawFn) -> tuple[float | None, float | None] | None:
    low, high = sorted(draw(st.tuples(HERTZ, HERTZ)))
    choices: list[tuple[float | None, float | None] | None]
    choices = [None, (low, None), (None, high)]
    if low < high:
        choices.append((low, high))
    return draw(st.sampled_from(choices))


@st.composite
def drafts(draw: st.DrawFn) -> RuleDraft:
    measure = draw(st.sampled_from([one for one in Measure if one is not Measure.FAULT_SCORE]))
    operator = Operator.ABOVE if measure in ABOVE_ONLY else draw(st.sampled_from(Operator))
    severities = draw(st.permutations(list(Severity)[1:]))[: draw(st.integers(1, 3))]
    levels = []
    for severity in severities:
        size = {Operator.BELOW: -1, Operator.INSIDE: 4 - severity}.get(operator, 1) * severity
        if operator is Operator.INSIDE:
            size = 4 - severity
        single = operator in (Operator.ABOVE, Operator.BELOW)
        levels.append(
            LevelDraft(
                severity=severity,
                limit=float(size) if single else None,
                lower_limit=None if single else -float(size),
                upper_limit=None if single else float(size),
                pending=draw(st.none() | DURATIONS),
                latch=draw(st.none() | st.booleans()),
            )
        )
    scope = draw(st.sampled_from(Scope))
    return RuleDraft(
        rule_id="rule",
        display_name=draw(WORDS),
        feature="kurtosis" if measure < Measure.ACCELERATION_GROWTH else "",
        unit="1",
        operator=operator,
        levels=tuple(levels),
        sensor_ids=tuple(draw(st.lists(WORDS, max_size=3))),
        tags=tuple(draw(st.lists(WORDS, max_size=3))),
        machine_ids=tuple(draw(st.lists(WORDS, max_size=3))),
        deadband_ratio=draw(st.none() | st.floats(0, 0.45)),
        recovery=draw(st.none() | DURATIONS),
        disabled=draw(st.booleans()),
        labels=draw(st.dictionaries(WORDS, st.text("xyz ", max_size=5), max_size=3)),
        measure=measure,
        scope=scope,
        voting_count=draw(st.integers(0, 32)) if scope is Scope.SENSOR else 0,
        priority=draw(st.sampled_from(Priority)),
        start_up_multiplier=draw(st.none() | st.floats(0, 10)),
        start_up_hold=draw(st.none() | DURATIONS),
        speeds=draw(speeds()),
        suppress_when=tuple(draw(st.sets(st.sampled_from(OperatingCondition)))),
        guidance=draw(st.text("ab\n#: ", max_size=20)),
    )


@given(drafts())
def test_no_part_of_a_rule_is_lost_on_the_way_to_the_store_and_back(draft: RuleDraft) -> None:
    rule = validated_rule(draft, FEATURES)
    document = json.loads(json.dumps(rule_to_document(rule), allow_nan=False))
    assert rule_from_document("rule", document) == rule
    assert validated_rule(draft_from_proto(rule_to_proto(rule), "rule"), FEATURES) == rule
