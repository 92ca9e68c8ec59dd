"""The RPCs of rules and who may call them, through an in-process server."""

from datetime import UTC

import pytest
from tests.unit.alerts.rpc_service import (
    NOW,
    Service,
    good_rule,
    refused,
)

from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto_service.identity import Principal


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
