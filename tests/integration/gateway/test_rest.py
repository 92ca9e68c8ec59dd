"""Every REST address of the contract, through a real Envoy."""

import asyncio
import base64
import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import aiohttp
import pytest
from google.api import annotations_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from tests.integration.gateway.conftest import Edge, eventually

from kurto_gateway.contract import public_services

TIMES = "start_time=2026-01-02T03:04:05Z&end_time=2026-01-02T03:05:00Z"
PAGE = "feature_names=rms&feature_names=peak&page_size=2&epoch=3&after_window_index=-1"
CASES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    # method: (HTTP method, address, body, fields of the request)
    "kurto.ingest.v1.StreamControlService.StartStream": (
        "POST", "/api/stream/start", '{"sensor_id": "pump-7"}', {"sensor_id": "pump-7"},
    ),
    "kurto.ingest.v1.StreamControlService.StopStream": (
        "POST", "/api/stream/stop", '{"sensor_id": "pump-7"}', {"sensor_id": "pump-7"},
    ),
    "kurto.ingest.v1.StreamControlService.ListStreams": (
        "GET", "/api/stream/status?page_size=5", "", {"page_size": 5},
    ),
    "kurto.ingest.v1.StreamControlService.ListArrivals": (
        "GET", "/api/stream/arrivals?within=2.5s", "",
        {"within": Duration(seconds=2, nanos=500_000_000)},
    ),
    "kurto.ingest.v1.StreamControlService.GetSensorStatus": (
        "GET", "/api/sensors/a:b.c-d_e/status", "", {"sensor_id": "a:b.c-d_e"},
    ),
    "kurto.ingest.v1.StreamControlService.ListStreamEvents": (
        "GET", f"/api/stream/events?sensor_id=pump-7&{TIMES}&kinds=STREAM_EVENT_KIND_GAP", "",
        {"sensor_id": "pump-7", "kinds": [3]},
    ),
    "kurto.ingest.v1.StreamControlService.ListProcessValues": (
        "GET", f"/api/process-values/pump-7?names=load&names=heat&{TIMES}&page_size=9", "",
        {"sensor_id": "pump-7", "names": ["load", "heat"], "page_size": 9},
    ),
    "kurto.ingest.v1.StreamControlService.GetStorageStatus": (
        "GET", "/api/storage/status", "", {},
    ),
    "kurto.assets.v1.AssetService.ListSensors": (
        "GET", "/api/sensors?page_size=7&page_token=x", "", {"page_size": 7, "page_token": "x"},
    ),
    "kurto.analyzer.v1.FeatureService.GetLatestFeatures": (
        "GET", "/api/realtime/features/pump-7", "", {"sensor_id": "pump-7"},
    ),
    "kurto.analyzer.v1.FeatureService.ListFeatures": (
        "GET",
        f"/api/features/pump-7?{TIMES}&{PAGE}",
        "",
        {"sensor_id": "pump-7", "feature_names": ["rms", "peak"], "page_size": 2, "epoch": 3,
         "after_window_index": -1},
    ),
    "kurto.analyzer.v1.FeatureService.ListFeatureRollups": (
        "GET",
        f"/api/features/pump-7/rollups?{TIMES}&interval=ROLLUP_INTERVAL_ONE_SECOND&channels=vertical",
        "",
        {"sensor_id": "pump-7", "interval": 1, "channels": ["vertical"]},
    ),
    "kurto.analyzer.v1.FeatureService.GetSpectrum": (
        "GET",
        "/api/realtime/spectrum/pump-7?channel=vertical&scaling=SPECTRUM_SCALING_AMPLITUDE_RMS",
        "",
        {"sensor_id": "pump-7", "channel": "vertical", "scaling": 2},
    ),
    "kurto.analyzer.v1.FeatureService.GetWaveform": (
        "GET",
        (
            "/api/waveform/pump-7?channel=vertical&start_time=2026-01-01T00:00:00Z&duration=2s"
            "&point_count=500"
        ),
        "",
        {"sensor_id": "pump-7", "channel": "vertical", "point_count": 500},
    ),
    "kurto.analyzer.v1.FeatureService.GetSpectrogram": (
        "GET",
        "/api/spectrogram/pump-7?line_count=800&overlap=0.75&maximum_frequency_hz=5000",
        "",
        {"sensor_id": "pump-7", "line_count": 800, "overlap": 0.75, "maximum_frequency_hz": 5000},
    ),
    "kurto.analyzer.v1.FeatureService.GetScalogram": (
        "GET",
        "/api/scalogram/pump-7?band.low_hz=100&band.high_hz=5000&voices_per_octave=8",
        "",
        {"sensor_id": "pump-7", "voices_per_octave": 8},
    ),
    "kurto.analyzer.v1.FeatureService.GetKurtogram": (
        "GET", "/api/kurtogram/pump-7?level_count=5", "", {"sensor_id": "pump-7", "level_count": 5},
    ),
    "kurto.analyzer.v1.FeatureService.GetTimeSynchronousAverage": (
        "GET",
        "/api/time-synchronous-average/pump-7?shaft_speed_hz=24.5&teeth=20",
        "",
        {"sensor_id": "pump-7", "shaft_speed_hz": 24.5, "teeth": 20},
    ),
    "kurto.analyzer.v1.FeatureService.GetDiagnosis": (
        "GET", "/api/realtime/diagnosis/pump-7", "", {"sensor_id": "pump-7"},
    ),
    "kurto.analyzer.v1.FeatureService.ListDiagnoses": (
        "GET",
        f"/api/diagnoses/pump-7?{TIMES}&channels=h&faults=BEARING_FAULT_BALL&page_size=2",
        "",
        {"sensor_id": "pump-7", "channels": ["h"], "faults": [4], "page_size": 2},
    ),
    "kurto.analyzer.v1.FeatureService.ListLongFeatures": (
        "GET",
        f"/api/features/pump-7/long?{TIMES}&feature_names=bpfo&page_size=2",
        "",
        {"sensor_id": "pump-7", "feature_names": ["bpfo"], "page_size": 2},
    ),
    "kurto.analyzer.v1.FeatureService.RequestDiagnosis": (
        "POST", "/api/diagnoses/pump-7/request", "{}", {"sensor_id": "pump-7"},
    ),
    "kurto.analyzer.v1.FeatureService.GetBaseline": (
        "GET", "/api/baselines/pump-7?baseline_id=3", "",
        {"sensor_id": "pump-7", "baseline_id": 3},
    ),
    "kurto.analyzer.v1.FeatureService.ListBaselines": (
        "GET", "/api/baselines/pump-7/history?page_size=5", "",
        {"sensor_id": "pump-7", "page_size": 5},
    ),
    "kurto.analyzer.v1.FeatureService.ListBaselineEvents": (
        "GET", "/api/baseline-events?after_number=7&page_size=5", "",
        {"after_number": 7, "page_size": 5},
    ),
    "kurto.analyzer.v1.FeatureService.LearnBaseline": (
        "POST", "/api/baselines/pump-7/learn",
        '{"cause": "LEARNING_CAUSE_BEARING_REPLACED", "reason": "worn", "window_count": 90}',
        {"sensor_id": "pump-7", "cause": 2, "reason": "worn", "window_count": 90},
    ),
    "kurto.analyzer.v1.FeatureService.GetCondition": (
        "GET", "/api/condition/pump-7", "", {"sensor_id": "pump-7"},
    ),
    "kurto.analyzer.v1.FeatureService.ListBearings": (
        "GET", "/api/bearings?search=SKF%206205&page_size=5", "",
        {"search": "SKF 6205", "page_size": 5},
    ),
    "kurto.analyzer.v1.FeatureService.ListFeatureDefinitions": (
        "GET", "/api/features", "", {},
    ),
    "kurto.alerts.v1.AlertService.ListActiveAlerts": (
        "GET", "/api/alerts/active?sensor_id=pump-7", "", {"sensor_id": "pump-7"},
    ),
    "kurto.alerts.v1.AlertService.ListAlertHistory": (
        "GET", f"/api/alerts/history?{TIMES}&page_size=9", "", {"page_size": 9},
    ),
    "kurto.alerts.v1.AlertService.GetAlert": (
        "GET", "/api/alerts/by-id/0198-x", "", {"alert_id": "0198-x"},
    ),
    "kurto.alerts.v1.AlertService.AcknowledgeAlert": (
        "POST", "/api/alerts/acknowledge/0198-x",
        '{"user": "shift B", "comment": "seen", "revision": "4"}',
        {"alert_id": "0198-x", "user": "shift B", "comment": "seen", "revision": 4},
    ),
    "kurto.alerts.v1.AlertService.GetEvidence": (
        "GET", "/api/alerts/evidence/0198-x", "", {"alert_id": "0198-x"},
    ),
    "kurto.alerts.v1.AlertService.AcknowledgeAlerts": (
        "POST", "/api/alerts/acknowledge", '{"alert_ids": ["a", "b"], "user": "shift B"}',
        {"alert_ids": ["a", "b"], "user": "shift B"},
    ),
    "kurto.alerts.v1.AlertService.UnacknowledgeAlert": (
        "POST", "/api/alerts/unacknowledge/0198-x", '{"user": "shift B", "revision": "4"}',
        {"alert_id": "0198-x", "user": "shift B", "revision": 4},
    ),
    "kurto.alerts.v1.AlertService.CommentAlert": (
        "POST", "/api/alerts/comment/0198-x", '{"comment": "it whistles"}',
        {"alert_id": "0198-x", "comment": "it whistles"},
    ),
    "kurto.alerts.v1.AlertService.ShelveAlert": (
        "POST", "/api/alerts/shelve/0198-x",
        '{"duration": "3600s", "one_shot": true, "reason": "known"}',
        {"alert_id": "0198-x", "one_shot": True, "reason": "known"},
    ),
    "kurto.alerts.v1.AlertService.ShelveAlerts": (
        "POST", "/api/alerts/shelve-many", '{"alert_ids": ["a"], "reason": "known"}',
        {"alert_ids": ["a"], "reason": "known"},
    ),
    "kurto.alerts.v1.AlertService.UnshelveAlert": (
        "POST", "/api/alerts/unshelve/0198-x", '{"user": "shift B"}',
        {"alert_id": "0198-x", "user": "shift B"},
    ),
    "kurto.alerts.v1.AlertService.ListShelves": (
        "GET", "/api/alerts/shelves?page_size=5", "", {"page_size": 5},
    ),
    "kurto.alerts.v1.AlertService.ResetAlert": (
        "POST", "/api/alerts/reset/0198-x", '{"comment": "checked"}',
        {"alert_id": "0198-x", "comment": "checked"},
    ),
    "kurto.alerts.v1.AlertService.SetOutOfService": (
        "POST", "/api/alerts/out-of-service",
        '{"target": {"machine_id": "pump-7"}, "reason": "overhaul"}', {"reason": "overhaul"},
    ),
    "kurto.alerts.v1.AlertService.ReturnToService": (
        "POST", "/api/alerts/return-to-service",
        '{"target": {"machine_id": "pump-7"}, "user": "shift B"}', {"user": "shift B"},
    ),
    "kurto.alerts.v1.AlertService.ListOutOfService": (
        "GET", "/api/alerts/out-of-service?page_size=5", "", {"page_size": 5},
    ),
    "kurto.alerts.v1.AlertService.MarkFinding": (
        "POST", "/api/alerts/finding/0198-x", '{"finding": "FINDING_FALSE"}',
        {"alert_id": "0198-x", "finding": 2},
    ),
    "kurto.alerts.v1.AlertService.ListOperatorActions": (
        "GET", f"/api/alerts/actions?{TIMES}&principal=ann&page_size=5", "",
        {"principal": "ann", "page_size": 5},
    ),
    "kurto.alerts.v1.AlertService.GetAlarmReport": (
        "GET", f"/api/alerts/report?{TIMES}&machine_ids=pump-7", "", {"machine_ids": ["pump-7"]},
    ),
    "kurto.alerts.v1.NotificationService.ListNotifications": (
        "GET", "/api/notifications?receiver_id=hook&state=NOTIFICATION_STATE_DELIVERED", "",
        {"receiver_id": "hook", "state": 2},
    ),
}  # fmt: skip
METHODS = {
    str(method.full_name): method for service in public_services() for method in service.methods
}


def has_rest(name: str) -> bool:
    extension: Any = annotations_pb2.http
    return bool(METHODS[name].GetOptions().HasExtension(extension))


def test_every_address_of_the_contract_is_tried() -> None:
    with_rest = {name for name in METHODS if has_rest(name)}
    assert with_rest == {*CASES, "kurto.gateway.v1.SessionService.GetSession"}


@pytest.mark.parametrize("name", CASES)
async def test_each_address_reaches_its_method(name: str, web: aiohttp.ClientSession) -> None:
    verb, address, body, expected = CASES[name]
    headers = {"Authorization": "Bearer abc", "Content-Type": "application/json"}
    async with web.request(verb, address, data=body or None, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Type"] == "application/json"
        told = answer.headers
        content = json.loads(await answer.text())
    assert told["x-called"] == name
    request: Any = GetMessageClass(METHODS[name].input_type)
    got: Message = request.FromString(base64.b64decode(told["x-request"]))
    for field, value in expected.items():
        found = getattr(got, field)
        assert (list(found) if isinstance(value, list) else found) == value
    assert told["x-authorization"] == "Bearer abc"
    assert told["x-client"]
    # Names as in the contract, defaults printed.
    wanted = {field.name for field in METHODS[name].output_type.fields if not field.has_presence}
    assert wanted <= set(content)


async def test_the_session_tells_who_calls(web: aiohttp.ClientSession) -> None:
    async with web.get("/api/session") as answer:
        content = await answer.json()
    assert content["principal"] == "anonymous"
    assert content["anonymous"] is True
    assert "viewer" in content["roles"]


async def test_numbers_of_64_bits_are_texts_and_defaults_are_there(
    web: aiohttp.ClientSession,
) -> None:
    async with web.get("/api/stream/status") as answer:
        (state,) = (await answer.json())["streams"]
    assert state["sensor_id"] == "pump-7"
    assert state["next_index"] == str(2**40)
    assert state["monitored"] is False
    assert state["measured_rate_hz"] == 0


@pytest.mark.parametrize(
    ("verb", "address", "body", "expected"),
    [
        ("GET", "/api/realtime/features/unknown", None, (404, "UNKNOWN_SENSOR")),
        ("GET", "/api/nothing/here", None, (404, "INVALID_FIELD")),
        ("GET", "/api", None, (404, "INVALID_FIELD")),
        ("POST", "/api/sensors", "{}", (404, "INVALID_FIELD")),
        ("GET", "/api/sensors?sensor=1", None, (400, "INVALID_FIELD")),
        ("GET", "/api/sensors?page_size=many", None, (400, "INVALID_FIELD")),
        ("POST", "/api/stream/start", "{no json", (400, "INVALID_FIELD")),
        ("GET", "/api/live?cursor=yesterday", None, (400, "INVALID_CURSOR")),
        ("GET", "/api/live?sensor=1", None, (400, "INVALID_FIELD")),
    ],
)
async def test_errors_have_one_form(
    web: aiohttp.ClientSession,
    verb: str,
    address: str,
    body: str | None,
    expected: tuple[int, str],
) -> None:
    status, reason = expected
    async with web.request(verb, address, data=body) as answer:
        assert answer.status == status
        assert answer.headers["Content-Type"] == "application/json"
        error = json.loads(await answer.text())
    (info,) = error["details"]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["domain"], info["reason"]) == ("kurto", reason)
    assert error["message"]
    assert error["code"] in (3, 5)


async def test_a_service_that_is_away_is_told_in_the_same_form(own_edge: Any) -> None:
    with own_edge() as edge:
        edge.kill("upstream")
        async with (
            aiohttp.ClientSession() as web,
            web.get(f"{edge.http}/api/alerts/active") as answer,
        ):
            assert answer.status == 503
            error = await answer.json()
        assert error["code"] == 14
        assert error["details"][0]["reason"] == "DEPENDENCY_UNAVAILABLE"
        await eventually(lambda: failing(edge) >= {"kurto.alerts.v1.AlertService"})


def failing(edge: Edge) -> set[str]:
    """Return what the gateway's health lacks."""
    try:
        with urlopen(f"{edge.http}/healthz") as answer:
            return set(json.load(answer)["failing"])
    except HTTPError as error:  # 503 while something is failing
        return set(json.load(error)["failing"])


async def test_a_page_of_frames_may_be_large(web: aiohttp.ClientSession) -> None:
    async with web.get("/api/features/pump-7?page_size=6000") as answer:
        body = await answer.read()
    assert answer.status == 200
    assert len(json.loads(body)["frames"]) == 6000
    assert len(body) > 4 * 1024 * 1024


async def test_other_origins_may_call_only_when_they_are_of_this_machine(
    web: aiohttp.ClientSession,
) -> None:
    header = "Access-Control-Request-"
    asked = {f"{header}Method": "POST", f"{header}Headers": "x-grpc-web"}
    path = "/kurto.gateway.v1.SessionService/GetSession"
    async with web.options(path, headers={"Origin": "http://localhost:5173", **asked}) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
        assert "x-grpc-web" in answer.headers["Access-Control-Allow-Headers"]
    for origin in ("https://evil.example", "http://localhost.evil.example", "http://localhostx"):
        async with web.options(path, headers={"Origin": origin, **asked}) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_the_dashboard_is_served(web: aiohttp.ClientSession) -> None:
    async with web.get("/") as answer:
        assert answer.status == 200
        assert "a page" in await answer.text()
        etag = answer.headers["ETag"]
    async with web.get("/", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    compressed = {"Accept-Encoding": "gzip"}
    async with web.get("/assets/index-12345678.js", headers=compressed) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["ETag"]


@pytest.mark.parametrize("path", ["/../envoy.yaml", "/%2e%2e/envoy.yaml", "/..%2fenvoy.yaml"])
async def test_nothing_outside_of_the_dashboard_is_served(edge: Edge, path: str) -> None:
    # No HTTP client would send such a path.

    reader, writer = await asyncio.open_connection("127.0.0.1", edge.numbers["http"])
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    text = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    assert " 400 " in text.splitlines()[0] or " 404 " in text.splitlines()[0]
    assert "static_resources" not in text
