"""`kurto alarms report`: what it asks and how it says it."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from typer.testing import CliRunner

from kurto.alerts.v1 import alarm_report_pb2 as pb
from kurto.alerts.v1 import alert_service_pb2_grpc, alerts_pb2, operator_actions_pb2
from kurto.assets.v1 import asset_service_pb2, assets_pb2
from kurto_cli.alarm_tables import report_lines
from kurto_cli.alarms import machines_of, moment
from kurto_cli.app import app

KEY = operator_actions_pb2.AlertKey(sensor_id="pump-7", channel="axial", rule_id="rms-high")


def report() -> pb.AlarmReport:
    source = pb.AlarmSource(key=KEY, alarm_count=4, share=0.2, largest_per_minute=3)
    rate = pb.AlarmRate(mean=0.1389, maximum=12, acceptable=1, maximum_manageable=2)
    found = pb.AlarmReport(
        alarm_count=20,
        per_ten_minutes=rate,
        per_hour=rate,
        per_day=rate,
        flood_share=0.069,
        bad_actors=[source],
        chattering=[source],
        chattering_count=1,
        priorities=[
            pb.PriorityShare(
                priority=alerts_pb2.PRIORITY_HIGH, alarm_count=4, share=0.2, suggested_share=0.05
            )
        ],
        acknowledgment_count=3,
        acknowledge_median=Duration(seconds=20),
        acknowledge_p95=Duration(seconds=56),
        findings=[
            pb.RuleFindings(rule_id="rms-high", true_count=1, false_count=2, false_share=2 / 3)
        ],
    )
    found.start_time.FromDatetime(datetime(2026, 3, 1))
    found.end_time.FromDatetime(datetime(2026, 3, 2))
    return found


def test_table_says_every_figure() -> None:
    lines = [" ".join(line.split()) for line in report_lines(report())]
    assert lines[0] == "2026-03-01T00:00:00Z to 2026-03-02T00:00:00Z: 20 alarms"
    for expected in (
        "10 minutes 0.14 12 1 2",
        "in flood (more than 10 in 10 minutes): 6.9% of the time",
        "HIGH 4 20.0% 5%",
        "acknowledgments: 3, median 20 s, p95 56 s",
        "pump-7/axial rms-high 4 20.0% 3",
        "chattering: 1 alarms share most in a minute",
        "stale: 0 since",
        "rms-high 1 2 0 66.7%",
    ):
        assert expected in lines


def test_table_without_acknowledgments_and_findings() -> None:
    empty = report()
    empty.ClearField("acknowledge_median")
    empty.findings[0].ClearField("false_share")
    lines = [" ".join(line.split()) for line in report_lines(empty)]
    assert "acknowledgments: none" in lines
    assert "rms-high 1 2 0 -" in lines


def test_times_need_a_zone() -> None:
    assert moment("--from", "2026-03-01T12:00Z") == datetime(2026, 3, 1, 12, tzinfo=UTC)
    for text in ("yesterday", "2026-03-01T12:00"):
        with pytest.raises(ValueError, match="--from"):
            moment("--from", text)


class Assets:
    """Two pages of machines."""

    def __init__(self, *pages: list[str]) -> None:
        self._pages = pages

    async def ListMachines(self, request: Any, **_: Any) -> Any:
        at = int(request.page_token or 0)
        token = str(at + 1) if at + 1 < len(self._pages) else ""
        machines = [assets_pb2.Machine(machine_id=name) for name in self._pages[at]]
        return asset_service_pb2.ListMachinesResponse(machines=machines, next_page_token=token)


class Client:
    metadata = ()

    def __init__(self, *pages: list[str]) -> None:
        self.assets = Assets(*pages)


async def test_site_stands_for_all_its_machines() -> None:
    client: Any = Client(["a", "b"], ["c"])
    assert await machines_of(client, "north") == ["a", "b", "c"]
    nobody: Any = Client([])
    with pytest.raises(ValueError, match="no machines"):
        await machines_of(nobody, "north")


def test_wrong_time_is_said_in_one_line() -> None:
    result = CliRunner().invoke(app, ["alarms", "report", "--from", "soon"])
    assert result.exit_code == 1
    assert "--from is 'soon'" in result.output


class Alerts(alert_service_pb2_grpc.AlertServiceServicer):
    """Answers every question with the same figures."""

    def __init__(self) -> None:
        self.asked: list[pb.GetAlarmReportRequest] = []

    def GetAlarmReport(self, request: pb.GetAlarmReportRequest, context: Any) -> Any:
        self.asked.append(request)
        return pb.GetAlarmReportResponse(report=report())


def test_command_asks_the_service_and_writes_json() -> None:
    alerts = Alerts()
    server = grpc.server(ThreadPoolExecutor(1))
    alert_service_pb2_grpc.add_AlertServiceServicer_to_server(alerts, server)  # type: ignore[arg-type]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        words = ["alarms", "report", "--target", f"127.0.0.1:{port}", "--format", "json"]
        words += ["--from", "2026-03-01T00:00Z", "--machine", "m1", "--machine", "m2"]
        result = CliRunner().invoke(app, words)
    finally:
        server.stop(None).wait()
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["alarm_count"], found["bad_actors"][0]["key"]["rule_id"]) == ("20", "rms-high")
    (request,) = alerts.asked
    assert list(request.machine_ids) == ["m1", "m2"]
    assert request.start_time.ToJsonString() == "2026-03-01T00:00:00Z"
    assert not request.HasField("end_time")
