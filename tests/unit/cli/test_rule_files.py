"""Rules as YAML files: what is taken, what is refused with its line, and that nothing is lost."""

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto_alerts.conversion import draft_from_proto, rule_to_proto
from kurto_alerts.rule_validation import validated_rule
from kurto_cli.rule_files.differences import difference_lines, real_changes, summary
from kurto_cli.rule_files.exceptions import RuleFileError
from kurto_cli.rule_files.quantities import format_duration, parse_duration, parse_quantity
from kurto_cli.rule_files.reading import read_rules
from kurto_cli.rule_files.writing import write_rules
from kurto_cli.rule_files.yaml_tree import LARGEST_FILE

EXAMPLE = Path(__file__).parents[3] / "examples" / "rules.yaml"
FEATURES = {"rms": "acceleration", "velocity_rms": "mm/s"}
SMALL = """\
rules:
  - id: a
    name: A
    feature: rms
    unit: g
    operator: above
    levels:
      - {severity: warning, limit: 0.5 g}
"""


def stored(rule: pb.Rule) -> pb.Rule:
    """Return a rule as the service keeps it."""
    return rule_to_proto(validated_rule(draft_from_proto(rule, rule.rule_id), FEATURES))


def test_the_example_is_valid_and_comes_back_from_an_export() -> None:
    rules = [stored(rule) for rule in read_rules(EXAMPLE.read_text(encoding="utf-8"))]
    assert [rule.rule_id for rule in rules] == [
        "rms-high",
        "pump.velocity",
        "rms-jump",
        "press.growth",
        "press.bearing",
    ]
    again = [stored(rule) for rule in read_rules(write_rules(rules))]
    assert again == rules


def test_every_key_arrives() -> None:
    rule = read_rules(EXAMPLE.read_text(encoding="utf-8"))[1]
    assert (rule.scope, rule.voting_count, rule.priority) == (
        pb.SCOPE_SENSOR,
        2,
        pb.PRIORITY_HIGH,
    )
    assert [level.limit for level in rule.levels] == [2.3, 4.5, 7.1]
    assert [level.pending_duration.ToMilliseconds() for level in rule.levels] == [
        60_000,
        10_000,
        3_000,
    ]
    assert (rule.levels[2].latch, rule.levels[0].HasField("latch")) == (True, False)
    assert (rule.start_up.multiplier, rule.start_up.hold_duration.seconds) == (3.0, 120)
    assert (rule.speed_range.low_hz, rule.speed_range.high_hz) == (10.0, 55.0)
    assert list(rule.suppress_when) == [
        pb.OPERATING_CONDITION_STOPPED,
        pb.OPERATING_CONDITION_COAST_DOWN,
    ]
    assert (list(rule.selector.tags), dict(rule.labels)) == (
        ["pump"],
        {"team": "rotating-equipment"},
    )
    assert rule.guidance.startswith("Compare with the other pump.")


def replaced(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


BAD = [
    ("unknown key", replaced("name: A", "names: A"), "line 3: a rule has no names; did you mean n"),
    ("unknown level key", replaced("limit:", "limits:"), "line 8: a level has no limits; did you"),
    ("far key", replaced("name: A", "xyzzy: A"), "line 3: a rule has no xyzzy; give one of id"),
    ("missing", replaced("    name: A\n", ""), "line 2: rule a needs name"),
    ("no rules", "rule: []\n", "line 1: the file has no rule; did you mean rules?"),
    ("empty", "", "the file is empty"),
    ("a list", "- a\n", "line 1: the file must be"),
    ("unit", replaced("0.5 g", "0.5 mm/s"), "line 8: limit is in mm/s, the rule in g"),
    ("number", replaced("0.5 g", "much"), "line 8: limit: 'much' is no number"),
    ("infinite", replaced("0.5 g", ".inf"), "line 8: limit: '.inf' is no number"),
    ("duration", replaced("0.5 g", "0.5 g, for: 5"), "line 8: for: '5' is no duration"),
    ("word", replaced("above", "over"), "line 6: operator is 'over'; write above, below"),
    ("twice", SMALL + SMALL.removeprefix("rules:\n"), "line 9: rule a stands in line 2 already"),
    ("key twice", replaced("name: A", "name: A\n    name: B"), "line 4: name stands here twice"),
    ("no yaml", "rules: [\n", "no valid YAML"),
    ("tab", "rules:\n\t- a\n", "line 2: no valid YAML"),
    ("anchor", replaced("name: A", "name: &x A"), "line 3: write it out; anchors"),
    ("alias", replaced("name: A", "name: *x"), "line 3: write it out; anchors"),
    ("tag", replaced("name: A", "name: !!python/name:os.system A"), "line 3: tags"),
    ("flag", replaced("name: A", "name: A\n    disabled: 1"), "line 4: disabled is '1'"),
    ("votes", replaced("name: A", "name: A\n    votes: -1"), "line 4: votes is '-1'"),
    ("list", replaced("name: A", "name: A\n    select: {tags: x}"), "line 4: tags must be a list"),
    ("deep", "rules: " + "[" * 5000, "nested too deeply"),
    ("control", "rules: \x00\n", "no valid YAML"),
    ("two documents", SMALL + "---\nrules: []\n", "no valid YAML"),
    ("large", "#" * (LARGEST_FILE + 1), "larger than"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_mistakes_are_named_with_their_line(text: str, message: str) -> None:
    with pytest.raises(RuleFileError) as failure:
        read_rules(text)
    assert message in str(failure.value)
    assert "\n" not in str(failure.value)


@given(st.integers(0, 10**15))
def test_durations_come_back(microseconds: int) -> None:
    text = format_duration(microseconds)
    assert parse_duration(text) == microseconds or microseconds > 2**53


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_limits_come_back(value: float) -> None:
    assert parse_quantity(repr(value)) == (value, "")
    assert parse_quantity(f"{value!r} mm/s") == (value, "mm/s")


WORDS = st.text(min_size=1, max_size=12).filter(lambda word: word.isprintable())


@given(st.dictionaries(WORDS, st.text("ab:#\n'\"{[&*!|>%@ -", max_size=12), max_size=3), WORDS)
def test_words_come_back_whatever_yaml_means_by_them(labels: dict[str, str], name: str) -> None:
    (rule,) = read_rules(SMALL)
    rule.labels.update(labels)
    rule.display_name = name
    rule = stored(rule)
    (again,) = read_rules(write_rules([rule]))
    assert (dict(again.labels), again.display_name) == (labels, name)


def test_differences_are_those_of_files() -> None:
    (rule,) = read_rules(SMALL)
    before, after = stored(rule), stored(rule)
    after.levels[0].limit = 0.7
    changes = [
        rule_pb.RuleVersion(
            rule_id="a", change=rule_pb.RULE_CHANGE_UPDATED, before=before, after=after
        ),
        rule_pb.RuleVersion(rule_id="b", change=rule_pb.RULE_CHANGE_UNCHANGED),
    ]
    assert real_changes(changes) == changes[:1]
    assert summary(changes) == "0 created, 1 updated, 0 deleted, 1 unchanged"
    changed = [line for line in difference_lines(changes[0]) if line[:1] in "+-"]
    assert changed == ["--- a (stored)", "+++ a (file)", "-  limit: 0.5", "+  limit: 0.7"]
