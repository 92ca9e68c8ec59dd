"""The RPCs of alerts and the paging of all lists, through an in-process server."""

from datetime import UTC
from typing import Any

import pytest
from tests.unit.alerts.rpc_service import NOW, Service, refused

from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto_alerts.rules import Severity
from kurto_alerts.testing import make_rule


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
