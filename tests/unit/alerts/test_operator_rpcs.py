"""The RPCs of operators' actions, from a client through an in-process server to memory."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from kurto.alerts.v1 import alarm_report_pb2 as report_pb
from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alerts_pb2, operator_actions_pb2
from kurto.alerts.v1 import operator_actions_pb2 as pb
from kurto.alerts.v1.alert_service_pb2_grpc import (
    AlertServiceStub,
    add_AlertServiceServicer_to_server,
)
from kurto_alerts.engine import Engine
from kurto_alerts.fakes import MemoryAlerts, MemoryDatabase, MemoryOperators, MemoryReports
from kurto_alerts.fakes.evidence import MemoryEvidence
from kurto_alerts.servicer import AlertServicer
from kurto_alerts.testing import make_frame, make_rule
from kurto_service.errors import error_info
from kurto_service.identity import ANONYMOUS, Principal
from kurto_service.testing import FakeClock, serve

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Service:
    database: MemoryDatabase
    stub: Any
    changes: list[str]

    def raise_alerts(self, count: int) -> list[str]:
        engine = Engine([make_rule()], {})
        frames = [make_frame(at, 1.5, sensor_id=f"s-{at}") for at in range(count)]
        changes = engine.evaluate(frames)
        self.database.decide(changes, NOW)
        return [change.alert_id for change in changes]


@pytest.fixture
def principal() -> Principal:
    return ANONYMOUS


@pytest.fixture
async def service(principal: Principal) -> AsyncIterator[Service]:
    database, changes = MemoryDatabase(), list[str]()
    servicer = AlertServicer(
        MemoryAlerts(database),
        MemoryOperators(database),
        MemoryReports(database),
        FakeClock(NOW),
        lambda: changes.append("changed"),
        evidence=MemoryEvidence(database),
    )
    async with serve(add_AlertServiceServicer_to_server, servicer, principal=principal) as channel:
        yield Service(database, AlertServiceStub(channel), changes)


async def refused(call: Awaitable[Any]) -> tuple[str, str, dict[str, str]]:
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    info = error_info(failure.value)
    assert info is not None
    return failure.value.code().name, info.reason, dict(info.metadata)


async def test_many_are_acknowledged_by_id_or_by_selection(service: Service) -> None:
    ids = service.raise_alerts(230)
    first = await service.stub.AcknowledgeAlerts(
        pb.AcknowledgeAlertsRequest(alert_ids=[ids[0], "nothing", ids[0]], user="Anna")
    )
    outcomes = [(one.done, one.reason) for one in first.outcomes]
    assert outcomes == [(True, ""), (False, "UNKNOWN_ALERT"), (False, "ALREADY_ACKNOWLEDGED")]
    assert [one.revision for one in first.outcomes] == [2, 0, 2]
    rest = await service.stub.AcknowledgeAlerts(
        pb.AcknowledgeAlertsRequest(selection=pb.AlertSelection(rule_id="rms-high"))
    )
    assert (len(rest.outcomes), rest.more) == (229, False)
    assert all(one.done for one in rest.outcomes)
    assert all(alert.acknowledged for alert in service.database.alerts.values())
    assert service.changes


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.AcknowledgeAlertsRequest(), "alert_ids"),
        (
            pb.AcknowledgeAlertsRequest(alert_ids=["a"], selection=pb.AlertSelection(rule_id="r")),
            "alert_ids",
        ),
        (pb.AcknowledgeAlertsRequest(selection=pb.AlertSelection()), "selection"),
        (pb.AcknowledgeAlertsRequest(alert_ids=["a"] * 1001), "alert_ids"),
    ],
)
async def test_a_set_that_is_none_is_refused(
    service: Service, request_: pb.AcknowledgeAlertsRequest, field: str
) -> None:
    status, reason, metadata = await refused(service.stub.AcknowledgeAlerts(request_))
    assert (status, reason, metadata["field"]) == ("INVALID_ARGUMENT", "INVALID_FIELD", field)


async def test_alert_is_shelved_listed_and_taken_back(service: Service) -> None:
    (alert_id,) = service.raise_alerts(1)
    answer = await service.stub.ShelveAlert(
        pb.ShelveAlertRequest(alert_id=alert_id, reason="valve", duration=Duration(seconds=28_800))
    )
    assert answer.alert.shelving == answer.shelf.shelving
    assert answer.shelf.key == pb.AlertKey(
        sensor_id="s-0", channel="horizontal", rule_id="rms-high"
    )
    active = await service.stub.ListActiveAlerts(alert_pb.ListActiveAlertsRequest())
    assert list(active.alerts) == []
    for view, count in ((pb.SET_ASIDE_VIEW_INCLUDE, 1), (pb.SET_ASIDE_VIEW_ONLY, 1)):
        active = await service.stub.ListActiveAlerts(
            alert_pb.ListActiveAlertsRequest(set_aside=view)
        )
        assert len(active.alerts) == count
    shelves = await service.stub.ListShelves(pb.ListShelvesRequest())
    assert list(shelves.shelves) == [answer.shelf]
    back = await service.stub.UnshelveAlert(pb.UnshelveAlertRequest(key=answer.shelf.key))
    assert not back.alert.HasField("shelving")
    active = await service.stub.ListActiveAlerts(alert_pb.ListActiveAlertsRequest())
    assert len(active.alerts) == 1


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"reason": "r", "duration": Duration(seconds=28_801)}, "duration"),
        ({"reason": "r", "duration": Duration(seconds=0)}, "duration"),
        ({"reason": "r", "duration": Duration(seconds=-1)}, "duration"),
        ({"reason": "r"}, "duration"),
        ({"reason": " ", "one_shot": True}, "reason"),
        ({"reason": "r" * 2001, "one_shot": True}, "reason"),
    ],
)
async def test_shelving_needs_a_reason_and_an_end(
    service: Service, parts: dict[str, Any], field: str
) -> None:
    (alert_id,) = service.raise_alerts(1)
    call = service.stub.ShelveAlert(pb.ShelveAlertRequest(alert_id=alert_id, **parts))
    status, _, metadata = await refused(call)
    assert (status, metadata["field"]) == ("INVALID_ARGUMENT", field)
    assert service.database.shelves == {}


async def test_an_old_revision_is_told_what_the_alert_is_by_now(service: Service) -> None:
    (alert_id,) = service.raise_alerts(1)
    await service.stub.CommentAlert(pb.CommentAlertRequest(alert_id=alert_id, comment="hot"))
    late = pb.MarkFindingRequest(alert_id=alert_id, finding=alerts_pb2.FINDING_TRUE, revision=1)
    status, reason, metadata = await refused(service.stub.MarkFinding(late))
    assert (status, reason) == ("ABORTED", "CONCURRENT_CHANGE")
    assert (metadata["revision"], metadata["state"]) == ("2", "ACTIVE")


async def test_machine_out_of_service_and_back(service: Service) -> None:
    service.raise_alerts(1)
    target = pb.ServiceTarget(sensor_id="s-0")
    out = await service.stub.SetOutOfService(
        pb.SetOutOfServiceRequest(target=target, reason="overhaul", user="Anna")
    )
    assert (out.alert_count, out.out_of_service.reason) == (1, "overhaul")
    listed = await service.stub.ListOutOfService(pb.ListOutOfServiceRequest())
    assert list(listed.entries) == [out.out_of_service]
    back = await service.stub.ReturnToService(pb.ReturnToServiceRequest(target=target))
    assert back.alert_count == 1
    status, reason, _ = await refused(
        service.stub.ReturnToService(pb.ReturnToServiceRequest(target=target))
    )
    assert (status, reason) == ("FAILED_PRECONDITION", "NOT_SET_ASIDE")


async def test_audit_names_principal_and_claimed_user_in_pages(service: Service) -> None:
    (alert_id,) = service.raise_alerts(1)
    for at in range(3):
        await service.stub.CommentAlert(
            pb.CommentAlertRequest(alert_id=alert_id, comment=f"c{at}", user="Anna")
        )
    request = pb.ListOperatorActionsRequest(
        page_size=2, kinds=[operator_actions_pb2.OPERATOR_ACTION_KIND_COMMENT]
    )
    page = await service.stub.ListOperatorActions(request)
    request.page_token = page.next_page_token
    rest = await service.stub.ListOperatorActions(request)
    actions = [*page.actions, *rest.actions]
    assert [(one.principal, one.user, one.reason) for one in actions] == [
        ("anonymous", "Anna", f"c{at}") for at in (2, 1, 0)
    ]
    assert rest.next_page_token == ""


async def test_report_says_the_figures_of_the_guides(service: Service) -> None:
    service.raise_alerts(12)
    service.database.transitions[:] = [
        replace(one, time=NOW.replace(hour=11)) for one in service.database.transitions
    ]
    report = (await service.stub.GetAlarmReport(report_pb.GetAlarmReportRequest())).report
    assert report.alarm_count == 12
    assert [
        (rate.acceptable, rate.maximum_manageable)
        for rate in (report.per_ten_minutes, report.per_hour, report.per_day)
    ] == [(1, 2), (6, 12), (150, 300)]
    assert [(one.priority, one.suggested_share) for one in report.priorities] == [
        (alerts_pb2.PRIORITY_LOW, 0.8),
        (alerts_pb2.PRIORITY_MEDIUM, 0.15),
        (alerts_pb2.PRIORITY_HIGH, 0.05),
    ]
    assert not report.HasField("acknowledge_median")


@pytest.mark.parametrize("principal", [Principal(name="v", roles=frozenset({"viewer"}))])
async def test_viewers_may_look_but_not_act(service: Service) -> None:
    (alert_id,) = service.raise_alerts(1)
    await service.stub.ListOperatorActions(pb.ListOperatorActionsRequest())
    await service.stub.GetAlarmReport(report_pb.GetAlarmReportRequest())
    key = pb.AlertKey(sensor_id="s", rule_id="r")
    target = pb.ServiceTarget(sensor_id="s")
    stub = service.stub
    for call in (
        stub.AcknowledgeAlerts(pb.AcknowledgeAlertsRequest(alert_ids=[alert_id])),
        stub.UnacknowledgeAlert(pb.UnacknowledgeAlertRequest(alert_id=alert_id)),
        stub.CommentAlert(pb.CommentAlertRequest(alert_id=alert_id, comment="c")),
        stub.ShelveAlert(pb.ShelveAlertRequest(key=key, one_shot=True, reason="r")),
        stub.ShelveAlerts(pb.ShelveAlertsRequest(alert_ids=[alert_id])),
        stub.UnshelveAlert(pb.UnshelveAlertRequest(key=key)),
        stub.ResetAlert(pb.ResetAlertRequest(alert_id=alert_id)),
        stub.SetOutOfService(pb.SetOutOfServiceRequest(target=target, reason="r")),
        stub.ReturnToService(pb.ReturnToServiceRequest(target=target)),
        stub.MarkFinding(pb.MarkFindingRequest(alert_id=alert_id)),
    ):
        status, reason, _ = await refused(call)
        assert (status, reason) == ("PERMISSION_DENIED", "ROLE_REQUIRED")
