"""Rules that are refused, each with the field that is wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.alerts.rpc_service import INF, NAN, Service, good_rule, refused

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb

Change = Callable[[pb.Rule], None]


def levels(*pairs: tuple[int, float], operator: int = pb.OPERATOR_ABOVE) -> Change:
    def change(rule: pb.Rule) -> None:
        rule.operator = operator  # type: ignore[assignment]
        del rule.levels[:]
        for severity, limit in pairs:
            rule.levels.add(severity=severity, limit=limit)

    return change


def spans(*triples: tuple[int, float, float], operator: int) -> Change:
    def change(rule: pb.Rule) -> None:
        rule.operator = operator  # type: ignore[assignment]
        del rule.levels[:]
        for severity, lower, upper in triples:
            rule.levels.add(
                severity=severity,
                lower_limit=lower,
                upper_limit=upper,
            )

    return change


def setting(**parts: Any) -> Change:
    def change(rule: pb.Rule) -> None:
        for name, value in parts.items():
            setattr(rule, name, value)

    return change


def seconds(path: str, value: float) -> Change:
    def change(rule: pb.Rule) -> None:
        owner: Any = rule.levels[0] if path == "pending_duration" else rule
        getattr(owner, path).FromNanoseconds(int(value * 1e9))

    return change


def huge_duration(rule: pb.Rule) -> None:
    rule.recovery_duration.seconds = 2**62


def labels(rule: pb.Rule) -> None:
    rule.labels["a" * 129] = "x"


def empty_tag(rule: pb.Rule) -> None:
    rule.selector.tags.extend(["good", ""])


W, C, INFO = pb.SEVERITY_WARNING, pb.SEVERITY_CRITICAL, pb.SEVERITY_INFO
BELOW, INSIDE, OUTSIDE = pb.OPERATOR_BELOW, pb.OPERATOR_INSIDE, pb.OPERATOR_OUTSIDE
BAD_RULES: list[tuple[str, Change, str, str]] = [
    ("id", setting(rule_id="no spaces"), "INVALID_FIELD", "rule.rule_id"),
    ("long id", setting(rule_id="a" * 129), "INVALID_FIELD", "rule.rule_id"),
    ("no name", setting(display_name=""), "INVALID_FIELD", "rule.display_name"),
    ("long name", setting(display_name="a" * 201), "INVALID_FIELD", "rule.display_name"),
    ("NUL in name", setting(display_name="a\0"), "INVALID_FIELD", "rule.display_name"),
    ("no feature", setting(feature=""), "UNKNOWN_FEATURE", "rule.feature"),
    ("unknown feature", setting(feature="rmss"), "UNKNOWN_FEATURE", "rule.feature"),
    ("no unit", setting(unit=""), "INVALID_FIELD", "rule.unit"),
    ("unknown unit", setting(unit="kg"), "INVALID_FIELD", "rule.unit"),
    ("wrong unit", setting(unit="mm/s"), "INVALID_FIELD", "rule.unit"),
    ("unit of a ratio", setting(feature="kurtosis"), "INVALID_FIELD", "rule.unit"),
    ("no operator", setting(operator=0), "INVALID_FIELD", "rule.operator"),
    ("unknown operator", setting(operator=77), "INVALID_FIELD", "rule.operator"),
    ("no levels", levels(), "INVALID_FIELD", "rule.levels"),
    ("too many levels", levels((1, 1), (2, 2), (3, 3), (3, 4)), "INVALID_FIELD", "rule.levels"),
    ("no severity", levels((0, 1.0)), "INVALID_FIELD", "rule.levels[0].severity"),
    ("unknown severity", levels((9, 1.0)), "INVALID_FIELD", "rule.levels[0].severity"),
    ("severity twice", levels((W, 1.0), (W, 2.0)), "INVALID_FIELD", "rule.levels[1].severity"),
    ("NaN", levels((W, NAN)), "INVALID_FIELD", "rule.levels[0].limit"),
    ("infinity", levels((W, 1.0), (C, INF)), "INVALID_FIELD", "rule.levels[1].limit"),
    ("absurd limit", levels((W, 1e300)), "INVALID_FIELD", "rule.levels[0].limit"),
    ("inverted above", levels((W, 2.0), (C, 1.0)), "INVERTED_LIMITS", "rule.levels[1].limit"),
    ("equal limits", levels((W, 2.0), (C, 2.0)), "INVERTED_LIMITS", "rule.levels[1].limit"),
    (
        "inverted, the severe one first",
        levels((C, 1.0), (W, 2.0)),
        "INVERTED_LIMITS",
        "rule.levels[0].limit",
    ),
    (
        "inverted below",
        levels((W, 1.0), (C, 2.0), operator=BELOW),
        "INVERTED_LIMITS",
        "rule.levels[1].limit",
    ),
    (
        "inverted against the one after next",
        levels((INFO, 1.0), (W, 3.0), (C, 2.0)),
        "INVERTED_LIMITS",
        "rule.levels[2].limit",
    ),
    (
        "one limit for a span",
        levels((W, 1.0), operator=INSIDE),
        "INVERTED_LIMITS",
        "rule.levels[0].limit",
    ),
    (
        "a span for above",
        spans((W, 1.0, 2.0), operator=pb.OPERATOR_ABOVE),
        "INVALID_FIELD",
        "rule.levels[0].limit",
    ),
    (
        "inverted span",
        spans((W, 2.0, 1.0), operator=OUTSIDE),
        "INVERTED_LIMITS",
        "rule.levels[0].upper_limit",
    ),
    (
        "empty span",
        spans((W, 1.0, 1.0), operator=INSIDE),
        "INVERTED_LIMITS",
        "rule.levels[0].upper_limit",
    ),
    (
        "outside must widen",
        spans((W, 1.0, 4.0), (C, 0.0, 3.0), operator=OUTSIDE),
        "INVERTED_LIMITS",
        "rule.levels[1].upper_limit",
    ),
    (
        "inside must narrow",
        spans((W, 1.0, 2.0), (C, 0.0, 3.0), operator=INSIDE),
        "INVERTED_LIMITS",
        "rule.levels[1].upper_limit",
    ),
    ("NaN deadband", setting(deadband_ratio=NAN), "INVALID_FIELD", "rule.deadband_ratio"),
    ("negative deadband", setting(deadband_ratio=-0.1), "INVALID_FIELD", "rule.deadband_ratio"),
    ("wide deadband", setting(deadband_ratio=0.91), "INVALID_FIELD", "rule.deadband_ratio"),
    (
        "negative for",
        seconds("pending_duration", -1),
        "INVALID_FIELD",
        "rule.levels[0].pending_duration",
    ),
    (
        "for of a month",
        seconds("pending_duration", 30 * 86400),
        "INVALID_FIELD",
        "rule.levels[0].pending_duration",
    ),
    (
        "negative recovery",
        seconds("recovery_duration", -1),
        "INVALID_FIELD",
        "rule.recovery_duration",
    ),
    ("absurd recovery", huge_duration, "INVALID_FIELD", "rule.recovery_duration"),
    ("long label", labels, "INVALID_FIELD", "rule.labels"),
    ("empty tag", empty_tag, "INVALID_FIELD", "rule.selector.tags[1]"),
    ("negative version", setting(version=-1), "INVALID_FIELD", "rule.version"),
]


@pytest.mark.parametrize(
    ("change", "reason", "field"), [row[1:] for row in BAD_RULES], ids=[row[0] for row in BAD_RULES]
)
async def test_bad_rules_are_refused_with_the_field(
    service: Service, change: Change, reason: str, field: str
) -> None:
    rule = good_rule()
    change(rule)
    create = service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=rule))
    status, found, metadata, message = await refused(create)
    assert (status, found, metadata["field"]) == ("INVALID_ARGUMENT", reason, field)
    assert message
    update = service.rules.UpdateRule(rule_pb.UpdateRuleRequest(rule=rule))
    assert (await refused(update))[:2] == (status, found)
    assert service.database.rules == {}
    assert service.changes == []


async def test_deadband_outside_leaves_room_to_recover(service: Service) -> None:
    rule = good_rule(deadband_ratio=0.5)
    spans((W, 1.0, 2.0), operator=OUTSIDE)(rule)
    create = service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=rule))
    _, reason, metadata, _ = await refused(create)
    assert (reason, metadata["field"]) == ("INVALID_FIELD", "rule.deadband_ratio")


async def test_unknown_feature_is_named(service: Service) -> None:
    create = service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=good_rule(feature="rmss")))
    _, _, metadata, message = await refused(create)
    assert metadata["feature"] == "rmss"
    assert "rmss" in message


async def test_no_rule_at_all(service: Service) -> None:
    _, reason, metadata, _ = await refused(service.rules.CreateRule(rule_pb.CreateRuleRequest()))
    assert (reason, metadata["field"]) == ("INVALID_FIELD", "rule")


async def test_rules_need_the_catalogue(service: Service) -> None:
    service.catalogue.away = True
    create = service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=good_rule()))
    status, reason, _, _ = await refused(create)
    assert (status, reason) == ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE")
