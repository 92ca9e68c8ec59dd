"""The RPCs, from a client through an in-process server to the stores in memory."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto.alerts.v1.alert_service_pb2_grpc import (
    AlertServiceStub,
    add_AlertServiceServicer_to_server,
)
from kurto.alerts.v1.rule_service_pb2_grpc import (
    RuleServiceStub,
    add_RuleServiceServicer_to_server,
)
from kurto_alerts.engine import Engine
from kurto_alerts.exceptions import CatalogueUnavailable
from kurto_alerts.fakes import (
    MemoryAlerts,
    MemoryDatabase,
    MemoryOperators,
    MemoryProfiles,
    MemoryReports,
    MemoryRules,
)
from kurto_alerts.fakes.diagnoses import MemoryDiagnoses
from kurto_alerts.fakes.evidence import MemoryEvidence
from kurto_alerts.frames import Frame
from kurto_alerts.rule_servicer import RuleServicer
from kurto_alerts.rules import Severity
from kurto_alerts.servicer import AlertServicer
from kurto_alerts.testing import make_frame, make_rule
from kurto_alerts.trials import RuleTrials, TrialLimits, TrialSources
from kurto_service.errors import error_info
from kurto_service.identity import ANONYMOUS, Principal
from kurto_service.testing import FakeClock, serve

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NAN, INF = float("nan"), float("inf")


class Catalogue:
    """Knows four features, or nothing at all."""

    def __init__(self) -> None:
        self.away = False

    async def units(self, *, needed: str = "") -> Mapping[str, str]:
        if self.away:
            raise CatalogueUnavailable(retry_after_s=2.0)
        return {
            "rms": "acceleration",
            "kurtosis": "1",
            "velocity_rms": "mm/s",
            "dominant_frequency": "Hz",
        }


class Ranges:
    """Has nothing stored."""

    async def pages(self, *_: Any, **__: Any) -> AsyncIterator[Sequence[Frame]]:
        yield []


@dataclass
class Service:
    database: MemoryDatabase
    catalogue: Catalogue
    rules: Any
    alerts: Any
    changes: list[str]

    def raise_alerts(self, count: int, severity: Severity = Severity.WARNING) -> list[str]:
        engine = Engine([make_rule(levels={severity: 1.0})], {})
        frames = [make_frame(at, 1.5, sensor_id=f"{severity.name}-{at}") for at in range(count)]
        changes = engine.evaluate(frames)
        self.database.decide(changes, NOW)
        return [change.alert_id for change in changes]


@pytest.fixture
def principal() -> Principal:
    return ANONYMOUS


@pytest.fixture
async def service(principal: Principal) -> AsyncIterator[Service]:
    database, catalogue, changes = MemoryDatabase(), Catalogue(), list[str]()
    clock = FakeClock(NOW)
    trials = RuleTrials(
        TrialSources(features=Ranges(), diagnoses=MemoryDiagnoses()),
        MemoryProfiles(database),
        TrialLimits(sensor_count=2, window_count=1000, timeout_s=60.0),
        clock,
    )
    rules = RuleServicer(
        MemoryRules(database), catalogue, clock, trials, lambda: changes.append("rules")
    )
    alerts = AlertServicer(
        MemoryAlerts(database),
        MemoryOperators(database),
        MemoryReports(database),
        clock,
        lambda: changes.append("alerts"),
        evidence=MemoryEvidence(database),
    )
    async with serve(
        add_RuleServiceServicer_to_server,
        rules,
        (add_AlertServiceServicer_to_server, alerts),
        principal=principal,
    ) as channel:
        yield Service(
            database, catalogue, RuleServiceStub(channel), AlertServiceStub(channel), changes
        )


def good_rule(**parts: Any) -> pb.Rule:
    rule = pb.Rule(
        rule_id="rms-high",
        display_name="RMS too high",
        feature="rms",
        unit="g",
        operator=pb.OPERATOR_ABOVE,
        levels=[
            pb.Level(severity=pb.SEVERITY_WARNING, limit=0.0),
            pb.Level(severity=pb.SEVERITY_CRITICAL, limit=2.0),
        ],
    )
    for name, value in parts.items():
        setattr(rule, name, value)
    return rule


async def refused(call: Awaitable[Any]) -> tuple[str, str, dict[str, str], str]:
    """Return status, reason, metadata and message of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    error = failure.value
    info = error_info(error)
    assert info is not None
    assert info.domain == "kurto"
    return error.code().name, info.reason, dict(info.metadata), error.details() or ""


# Rules ----------------------------------------------------------------------------------------


async def test_create_fills_in_the_defaults(service: Service) -> None:
    answer = await service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=good_rule()))
    rule = answer.rule
    assert (rule.version, rule.update_principal) == (1, "anonymous")
    assert rule.create_time.ToDatetime(tzinfo=UTC) == NOW
    assert rule.levels[0].HasField("limit")
    assert rule.levels[0].limit == 0.0
    seconds = [level.pending_duration.ToSeconds() for level in rule.levels]
    assert seconds == [5, 3]
    assert rule.recovery_duration.ToSeconds() == 30
    assert rule.deadband_ratio == 0.1
    got = await service.rules.GetRule(rule_pb.GetRuleRequest(rule_id="rms-high"))
    assert got.rule == rule
    assert service.changes == ["rules"]


async def test_create_makes_an_id(service: Service) -> None:
    rule = good_rule(rule_id="")
    answers = [
        await service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=rule)) for _ in range(2)
    ]
    assert len({answer.rule.rule_id for answer in answers}) == 2


async def test_every_part_of_a_rule_comes_back(service: Service) -> None:
    rule = pb.Rule(
        rule_id="all",
        display_name="Ä rule",
        feature="velocity_rms",
        unit="mm/s",
        operator=pb.OPERATOR_OUTSIDE,
        levels=[
            pb.Level(severity=pb.SEVERITY_CRITICAL, lower_limit=-9.0, upper_limit=9.0),
            pb.Level(severity=pb.SEVERITY_INFO, lower_limit=-1.0, upper_limit=1.5),
        ],
        selector=pb.ChannelSelector(
            sensor_ids=["b", "a"],
            tags=["t"],
            channels=["vertical", "axial"],
            machine_ids=["press", "fan"],
        ),
        deadband_ratio=0.0,
        disabled=True,
        labels={"team": "west"},
        measure=pb.MEASURE_RATE_PER_MINUTE,
        scope=pb.SCOPE_SENSOR,
        voting_count=2,
        priority=pb.PRIORITY_HIGH,
        start_up=pb.StartUp(multiplier=0.0),
        speed_range=pb.SpeedRange(low_hz=0.0),
        suppress_when=[pb.OPERATING_CONDITION_COAST_DOWN, pb.OPERATING_CONDITION_STOPPED],
        guidance="Listen at the bearing.",
    )
    rule.levels[0].latch = False
    rule.levels[1].latch = True
    rule.start_up.hold_duration.FromMilliseconds(250)
    rule.levels[0].pending_duration.FromMilliseconds(0)
    rule.levels[1].pending_duration.FromMilliseconds(1500)
    rule.recovery_duration.FromMilliseconds(0)
    stored = (await service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=rule))).rule
    assert [level.severity for level in stored.levels] == [pb.SEVERITY_INFO, pb.SEVERITY_CRITICAL]
    assert stored.selector.sensor_ids == ["a", "b"]
    again = pb.Rule()
    again.CopyFrom(stored)
    del again.levels[:]
    again.levels.extend(reversed(stored.levels))
    again.selector.sensor_ids[:] = ["b", "a"]
    assert list(stored.selector.channels) == ["axial", "vertical"]
    again.selector.channels[:] = ["vertical", "axial"]
    again.selector.machine_ids[:] = ["press", "fan"]
    again.suppress_when[:] = reversed(stored.suppress_when)
    for name in ("version", "create_time", "update_time", "update_principal"):
        again.ClearField(name)
    assert again == rule


async def test_update_and_its_refusals(service: Service) -> None:
    await service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=good_rule()))
    update = good_rule(display_name="Another", version=1)
    answer = await service.rules.UpdateRule(rule_pb.UpdateRuleRequest(rule=update))
    assert (answer.rule.version, answer.rule.display_name) == (2, "Another")
    status, reason, metadata, _ = await refused(
        service.rules.UpdateRule(rule_pb.UpdateRuleRequest(rule=update))
    )
    assert (status, reason) == ("ABORTED", "CONCURRENT_CHANGE")
    assert metadata == {"rule_id": "rms-high", "version": "2"}
    status, reason, _, _ = await refused(
        service.rules.UpdateRule(rule_pb.UpdateRuleRequest(rule=good_rule(rule_id="no")))
    )
    assert (status, reason) == ("NOT_FOUND", "UNKNOWN_RULE")


async def test_taken_and_unknown_rules(service: Service) -> None:
    await service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=good_rule()))
    status, reason, metadata, _ = await refused(
        service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=good_rule()))
    )
    assert (status, reason) == ("ALREADY_EXISTS", "ALREADY_EXISTS")
    assert metadata == {"rule_id": "rms-high"}
    status, reason, _, _ = await refused(
        service.rules.GetRule(rule_pb.GetRuleRequest(rule_id="nothing"))
    )
    assert (status, reason) == ("NOT_FOUND", "UNKNOWN_RULE")
    for _ in range(2):
        await service.rules.DeleteRule(rule_pb.DeleteRuleRequest(rule_id="rms-high"))


async def test_rules_are_paged(service: Service) -> None:
    for at in range(5):
        rule = good_rule(rule_id=f"rule-{at}")
        await service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=rule))
    found, token = [], ""
    while True:
        request = rule_pb.ListRulesRequest(page_size=2, page_token=token)
        answer = await service.rules.ListRules(request)
        found += [rule.rule_id for rule in answer.rules]
        token = answer.next_page_token
        if not token:
            break
    assert found == [f"rule-{at}" for at in range(5)]


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


# Alerts ---------------------------------------------------------------------------------------


async def test_active_alerts_are_paged_most_severe_first(service: Service) -> None:
    service.raise_alerts(3, Severity.INFO)
    service.raise_alerts(3, Severity.CRITICAL)
    service.raise_alerts(3, Severity.WARNING)
    found: list[str] = []
    token = ""
    while True:
        request = alert_pb.ListActiveAlertsRequest(page_size=2, page_token=token)
        answer = await service.alerts.ListActiveAlerts(request)
        assert answer.transition_number == 9
        found += [alert.sensor_id for alert in answer.alerts]
        token = answer.next_page_token
        if not token:
            break
    expected = [f"{name}-{at}" for name in ("CRITICAL", "WARNING", "INFO") for at in (2, 1, 0)]
    assert found == expected


async def test_history_is_paged_newest_first(service: Service) -> None:
    service.raise_alerts(5)
    found: list[str] = []
    token = ""
    while True:
        request = alert_pb.ListAlertHistoryRequest(page_size=2, page_token=token)
        answer = await service.alerts.ListAlertHistory(request)
        found += [alert.sensor_id for alert in answer.alerts]
        token = answer.next_page_token
        if not token:
            break
    assert found == [f"WARNING-{at}" for at in (4, 3, 2, 1, 0)]


async def test_acknowledge(service: Service) -> None:
    (alert_id,) = service.raise_alerts(1)
    request = alert_pb.AcknowledgeAlertRequest(
        alert_id=alert_id, user="a" * 200, comment="b" * 2000, revision=1
    )
    alert = (await service.alerts.AcknowledgeAlert(request)).alert
    assert (alert.acknowledged, alert.revision) == (True, 2)
    assert alert.acknowledgment.acknowledge_time.ToDatetime(tzinfo=UTC) == NOW
    assert service.changes == ["alerts"]
    status, reason, metadata, _ = await refused(service.alerts.AcknowledgeAlert(request))
    assert (status, reason) == ("ABORTED", "ALREADY_ACKNOWLEDGED")
    assert metadata["acknowledged_by"] == "a" * 200


async def test_anonymous_user_is_told_by_principal(service: Service) -> None:
    (alert_id,) = service.raise_alerts(1)
    request = alert_pb.AcknowledgeAlertRequest(alert_id=alert_id)
    await service.alerts.AcknowledgeAlert(request)
    _, _, metadata, _ = await refused(service.alerts.AcknowledgeAlert(request))
    assert metadata["acknowledged_by"] == "anonymous"


@pytest.mark.parametrize(
    ("parts", "reason", "field"),
    [
        ({"user": "a" * 201}, "INVALID_FIELD", "user"),
        ({"comment": "a" * 2001}, "INVALID_FIELD", "comment"),
        ({"comment": "a\0"}, "INVALID_FIELD", "comment"),
        ({"revision": -1}, "INVALID_FIELD", "revision"),
    ],
)
async def test_bad_acknowledgments(
    service: Service, parts: dict[str, Any], reason: str, field: str
) -> None:
    (alert_id,) = service.raise_alerts(1)
    request = alert_pb.AcknowledgeAlertRequest(alert_id=alert_id, **parts)
    status, found, metadata, _ = await refused(service.alerts.AcknowledgeAlert(request))
    assert (status, found, metadata["field"]) == ("INVALID_ARGUMENT", reason, field)


async def test_stale_and_ended_and_unknown_alerts(service: Service) -> None:
    (alert_id,) = service.raise_alerts(1)
    request = alert_pb.AcknowledgeAlertRequest(alert_id=alert_id, revision=7)
    answer = await refused(service.alerts.AcknowledgeAlert(request))
    assert answer[:2] == ("ABORTED", "CONCURRENT_CHANGE")
    service.database.rules["rms-high"] = make_rule()
    service.database.rule_versions["rms-high"] = 1
    await service.rules.DeleteRule(rule_pb.DeleteRuleRequest(rule_id="rms-high"))
    request = alert_pb.AcknowledgeAlertRequest(alert_id=alert_id)
    answer = await refused(service.alerts.AcknowledgeAlert(request))
    assert answer[:2] == ("FAILED_PRECONDITION", "ALERT_ENDED")
    request = alert_pb.AcknowledgeAlertRequest(alert_id="nothing")
    answer = await refused(service.alerts.AcknowledgeAlert(request))
    assert answer[:2] == ("NOT_FOUND", "UNKNOWN_ALERT")
    answer = await refused(service.alerts.GetAlert(alert_pb.GetAlertRequest(alert_id="no")))
    assert answer[:2] == ("NOT_FOUND", "UNKNOWN_ALERT")


async def test_transitions_by_number(service: Service) -> None:
    service.raise_alerts(5)
    request = alert_pb.ListTransitionsRequest(after_transition_number=1, page_size=3)
    answer = await service.alerts.ListTransitions(request)
    numbers = [transition.transition_number for transition in answer.transitions]
    assert (numbers, answer.newest_transition_number) == ([2, 3, 4], 5)
    first = answer.transitions[0]
    assert first.kind == pb.TRANSITION_KIND_RAISED
    assert first.HasField("window_index")


BAD_PAGES = [
    ("rules", "ListRules", rule_pb.ListRulesRequest),
    ("alerts", "ListActiveAlerts", alert_pb.ListActiveAlertsRequest),
    ("alerts", "ListAlertHistory", alert_pb.ListAlertHistoryRequest),
]


@pytest.mark.parametrize(("stub", "method", "request_type"), BAD_PAGES)
@pytest.mark.parametrize(
    "token", ["!", "bm9wZQ==", "WyJvdGhlciJd", "WyJhY3RpdmUiLDEsMiwzXQ==", "\u00e4", "A" * 5000]
)
async def test_foreign_page_tokens(
    service: Service, stub: str, method: str, request_type: Any, token: str
) -> None:
    call = getattr(getattr(service, stub), method)
    status, reason, _, _ = await refused(call(request_type(page_token=token)))
    assert (status, reason) == ("INVALID_ARGUMENT", "INVALID_CURSOR")


@pytest.mark.parametrize(("stub", "method", "request_type"), BAD_PAGES)
@pytest.mark.parametrize("size", [-1, 1001])
async def test_bad_page_sizes(
    service: Service, stub: str, method: str, request_type: Any, size: int
) -> None:
    call = getattr(getattr(service, stub), method)
    status, reason, metadata, _ = await refused(call(request_type(page_size=size)))
    assert (status, reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert metadata["field"] == "page_size"


async def test_bad_times_and_numbers(service: Service) -> None:
    request = alert_pb.ListAlertHistoryRequest()
    request.start_time.seconds = 2**60
    _, reason, metadata, _ = await refused(service.alerts.ListAlertHistory(request))
    assert (reason, metadata["field"]) == ("INVALID_FIELD", "start_time")
    call = service.alerts.ListTransitions(
        alert_pb.ListTransitionsRequest(after_transition_number=-1)
    )
    _, reason, metadata, _ = await refused(call)
    assert (reason, metadata["field"]) == ("INVALID_FIELD", "after_transition_number")


# Roles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("principal", [Principal(name="eve", roles=frozenset({"viewer"}))])
async def test_viewers_only_look(service: Service, principal: Principal) -> None:
    await service.alerts.ListActiveAlerts(alert_pb.ListActiveAlertsRequest())
    await service.rules.ListRules(rule_pb.ListRulesRequest())
    for call in (
        service.alerts.AcknowledgeAlert(alert_pb.AcknowledgeAlertRequest(alert_id="x")),
        service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=good_rule())),
        service.rules.UpdateRule(rule_pb.UpdateRuleRequest(rule=good_rule())),
        service.rules.DeleteRule(rule_pb.DeleteRuleRequest(rule_id="x")),
    ):
        assert (await refused(call))[:2] == ("PERMISSION_DENIED", "ROLE_REQUIRED")


@pytest.mark.parametrize("principal", [Principal(name="olga", roles=frozenset({"operator"}))])
async def test_operators_acknowledge_but_write_no_rules(
    service: Service, principal: Principal
) -> None:
    (alert_id,) = service.raise_alerts(1)
    request = alert_pb.AcknowledgeAlertRequest(alert_id=alert_id, user="somebody else")
    alert = (await service.alerts.AcknowledgeAlert(request)).alert
    assert (alert.acknowledgment.principal, alert.acknowledgment.user) == (
        "olga",
        "somebody else",
    )
    create = service.rules.CreateRule(rule_pb.CreateRuleRequest(rule=good_rule()))
    assert (await refused(create))[:2] == ("PERMISSION_DENIED", "ROLE_REQUIRED")
