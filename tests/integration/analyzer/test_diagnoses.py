"""Long windows of live sensors: diagnosed in turn, on request, equal to the library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import pytest
from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.recordings import Recording, hops_request, noise
from tests.integration.analyzer.sender import Sender, sender

from kurto.analyzer.v1 import analyzer_service_pb2 as windows_pb
from kurto.analyzer.v1 import diagnoses_pb2 as pb
from kurto.assets.v1 import assets_pb2
from kurto_analyzer.fakes import FakeFeatureStore, FakeLiveFeatures
from kurto_analyzer.long_windows.analysis import newest_seconds
from kurto_analyzer.long_windows.fakes import FakeLongResults
from kurto_analyzer.long_windows.messages import FAULTS
from kurto_analyzer.settings import AnalyzerSettings
from kurto_dsp.bearings import SKF_6205_2RS_JEM
from kurto_dsp.diagnosis import (
    Diagnosis,
    ShaftSpeed,
    SpeedSource,
    diagnose_record,
    long_window_features,
)
from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal, SeverityRamp
from kurto_service.errors import error_info
from kurto_service.identity import Principal
from kurto_service.settings import load_settings

RATE_HZ, HOP, WINDOW_HOPS = 12000.0, 1200, 80
ANSWER_S = 60.0
BEARING = assets_pb2.Bearing(
    geometry=assets_pb2.BearingGeometry(
        element_count=9, element_diameter_mm=7.94, pitch_diameter_mm=39.04
    )
)


@dataclass(frozen=True, kw_only=True)
class Machine(Recording):
    """A recording of a machine of which something is declared."""

    rpm: float | None = 1797.0
    bearing: assets_pb2.Bearing | None = None
    speeds_hz: tuple[float, ...] = ()

    def announcement(self, slot: int = 1, *, config_version: int = 1) -> windows_pb.SensorOpen:
        message = super().announcement(slot, config_version=config_version)
        if self.rpm is not None:
            message.config.nominal_speed_rpm = self.rpm
        if self.bearing is not None:
            message.config.bearing.CopyFrom(self.bearing)
        return message

    def run(
        self, first: int, count: int, *, slot: int = 1, late: bool = False
    ) -> windows_pb.HopRun:
        message = super().run(first, count, slot=slot, late=late)
        message.shaft_speeds_hz.extend(self.speeds_hz[first : first + count])
        return message


def machine(fault: Fault = Fault.INNER_RACE, *, hops: int = 125, **values: Any) -> Machine:
    model = MachineModel(
        fault=fault, severity=SeverityRamp.constant(0.4), seed=3, sample_rate_hz=RATE_HZ
    )
    samples = MachineSignal(model).samples(0, hops * HOP)
    return Machine(samples=samples, sample_rate_hz=RATE_HZ, **({"bearing": BEARING} | values))


def offline(recording: Machine, row: int, end_hop: int, speed: ShaftSpeed) -> Diagnosis:
    part = recording.samples[row, (end_hop - WINDOW_HOPS) * HOP : end_hop * HOP]
    return diagnose_record(
        newest_seconds(part, RATE_HZ, speed),
        sample_rate_hz=RATE_HZ,
        bearing=SKF_6205_2RS_JEM,
        speed=speed,
    )


def assert_equal(message: pb.Diagnosis, expected: Diagnosis) -> None:
    """What is served is what the library says of the same samples, to the last bit."""
    assert message.fault == FAULTS[expected.fault]
    assert message.reason == expected.reason
    assert message.score == expected.score
    scores = {one.fault: one.score for one in message.scores}
    assert scores == {FAULTS[fault]: score for fault, score in expected.scores.items()}
    lines = [
        (
            line.name,
            line.expected_hz,
            line.found_hz if line.HasField("found_hz") else None,
            line.level_db if line.HasField("level_db") else None,
        )
        for line in message.lines
    ]
    assert lines == [(x.name, x.expected_hz, x.found_hz, x.level_db) for x in expected.lines]
    assert [(x.pattern, x.score, x.reason) for x in message.hints] == [
        (x.pattern, x.score, x.reason) for x in expected.hints
    ]


async def diagnosed(room: Room, sensor_id: str = "pump-7") -> list[pb.Diagnosis]:
    """Return the newest diagnoses once there are any."""
    request = pb.GetDiagnosisRequest(sensor_id=sensor_id)
    async with asyncio.timeout(ANSWER_S):
        while True:
            try:
                return list((await room.features.GetDiagnosis(request)).diagnoses)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.NOT_FOUND:
                    raise
            await asyncio.sleep(0.05)


@pytest.fixture
async def ingest(room: Room) -> AsyncIterator[Sender]:
    async with sender(room.windows) as stream:
        yield stream


async def send(stream: Sender, recording: Recording, chunks: Iterable[int] = ()) -> None:
    """Open the sensor, send all in runs of these lengths (else of 7), and keep it open."""
    await stream.open(recording)
    at, lengths = 0, iter(chunks)
    while at < recording.hop_count:
        count = min(next(lengths, 7), recording.hop_count - at)
        await stream.send(recording.run(at, count))
        at += count
    await stream.committed(recording.window_count)


async def test_a_faulty_bearing_is_found_in_its_turn(room: Room, ingest: Sender) -> None:
    recording = machine(hops=105)
    await send(ingest, recording)
    found = await diagnosed(room)
    speed = ShaftSpeed(1797.0 / 60.0, SpeedSource.NAMEPLATE)
    assert [one.channel for one in found] == recording.channels
    for row, one in enumerate(found):
        assert one.window.window_index == 90
        assert one.window.sample_count == WINDOW_HOPS * HOP
        assert one.fault == pb.BEARING_FAULT_INNER_RACE
        assert one.bearing == "9 x 7.94 mm on 39.04 mm"
        assert not one.HasField("growth")
        assert_equal(one, offline(recording, row, 100, speed))
    listed = await room.features.ListLongFeatures(pb.ListLongFeaturesRequest(sensor_id="pump-7"))
    (features,) = listed.features
    expected = long_window_features(
        recording.samples[:, 20 * HOP : 100 * HOP],
        sample_rate_hz=RATE_HZ,
        speed=speed,
        bearing=SKF_6205_2RS_JEM,
    )
    for row, channel in enumerate(features.channels):
        values = [channel.values.get(name, np.nan) for name in expected.names]
        np.testing.assert_array_equal(
            np.array(values, np.float32), expected.values[row].astype(np.float32)
        )


async def test_how_hops_come_does_not_matter(
    fake_live: FakeLiveFeatures, settings: AnalyzerSettings
) -> None:
    recording, outcomes = machine(hops=104), []
    for chunks in ([104], [1] * 104, [3, 50, 1, 1, 30]):
        results = FakeLongResults()
        room = Room(FakeFeatureStore(), fake_live, settings, long_results=results)
        async with room.open(), sender(room.windows) as stream:
            await send(stream, recording, chunks)
            outcomes.append([one.SerializeToString() for one in await diagnosed(room)])
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.fixture
def settings() -> AnalyzerSettings:
    return load_settings(AnalyzerSettings, commit_interval_s=0.0, publish_retry_s=0.05)


async def test_on_request_at_once(room: Room, ingest: Sender) -> None:
    recording = machine(Fault.OUTER_RACE, hops=97)
    await send(ingest, recording)
    request = pb.RequestDiagnosisRequest(sensor_id="pump-7")
    answers = await asyncio.gather(*(room.features.RequestDiagnosis(request) for _ in range(3)))
    assert answers[0] == answers[1] == answers[2]
    speed = ShaftSpeed(1797.0 / 60.0, SpeedSource.NAMEPLATE)
    for row, one in enumerate(answers[0].diagnoses):
        assert one.fault == pb.BEARING_FAULT_OUTER_RACE
        assert one.window.window_index == 80
        assert_equal(one, offline(recording, row, 90, speed))
    assert list(await diagnosed(room)) == list(answers[0].diagnoses)


async def test_a_level_that_grows_brings_the_next_diagnosis_forward(
    room: Room, ingest: Sender
) -> None:
    """Due at hop 100; whoever sees growth does not wait for it."""
    await send(ingest, machine(hops=97))
    await asyncio.sleep(0.3)
    listing = pb.ListDiagnosesRequest(sensor_id="pump-7")
    assert not (await room.features.ListDiagnoses(listing)).diagnoses
    for _ in range(5):
        room.long_windows.hasten("pump-7")
    room.long_windows.hasten("unknown")
    assert {one.window.window_index for one in await diagnosed(room)} == {80}
    assert room.value("kurto_analyzer_long_windows_total", outcome="stored") == 1


async def test_viewers_may_look_and_not_ask_for_more(
    fake_live: FakeLiveFeatures, settings: AnalyzerSettings
) -> None:
    viewer = Principal(name="someone", roles=frozenset({"viewer"}))
    room = Room(FakeFeatureStore(), fake_live, settings, principal=viewer)
    async with room.open():
        listed = await room.features.ListDiagnoses(pb.ListDiagnosesRequest(sensor_id="pump-7"))
        assert not listed.diagnoses
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await room.features.RequestDiagnosis(pb.RequestDiagnosisRequest(sensor_id="pump-7"))
        assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_measured_speed_is_used_before_the_nameplate(room: Room, ingest: Sender) -> None:
    speeds = tuple(29.95 + 0.01 * (hop % 2) for hop in range(105))
    recording = machine(hops=105, rpm=900.0, speeds_hz=speeds)
    await send(ingest, recording)
    found = await diagnosed(room)
    mean_hz = float(np.mean(speeds[20:100]))
    for row, one in enumerate(found):
        assert one.window.shaft_speed_hz == mean_hz
        assert one.window.shaft_speed_source == pb.SHAFT_SPEED_SOURCE_MEASURED
        speed = ShaftSpeed(mean_hz, SpeedSource.MEASURED)
        assert_equal(one, offline(recording, row, 100, speed))
        assert one.fault == pb.BEARING_FAULT_INNER_RACE


async def test_a_changing_speed_is_uncertain(room: Room, ingest: Sender) -> None:
    speeds = tuple(25.0 + 0.1 * hop for hop in range(105))
    await send(ingest, machine(hops=105, speeds_hz=speeds))
    for one in await diagnosed(room):
        assert one.fault == pb.BEARING_FAULT_UNCERTAIN
        assert "steady speed" in one.reason
        assert not one.HasField("score")


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ({"bearing": None}, "no bearing is declared"),
        ({"rpm": None}, "nominal_speed_rpm"),
        ({"bearing": assets_pb2.Bearing(designation="9999-ZZ")}, "9999-ZZ"),
    ],
)
async def test_what_is_missing_is_said(
    room: Room, ingest: Sender, declared: dict[str, Any], problem: str
) -> None:
    await send(ingest, machine(hops=105, **declared))
    while not (
        await room.features.ListLongFeatures(pb.ListLongFeaturesRequest(sensor_id="pump-7"))
    ).features:
        await asyncio.sleep(0.05)
    with pytest.raises(grpc.aio.AioRpcError) as newest:
        await room.features.GetDiagnosis(pb.GetDiagnosisRequest(sensor_id="pump-7"))
    with pytest.raises(grpc.aio.AioRpcError) as requested:
        await room.features.RequestDiagnosis(pb.RequestDiagnosisRequest(sensor_id="pump-7"))
    for caught, code in (
        (newest, grpc.StatusCode.NOT_FOUND),
        (requested, grpc.StatusCode.FAILED_PRECONDITION),
    ):
        assert caught.value.code() is code
        assert problem in (caught.value.details() or "")
        info = error_info(caught.value)
        assert info is not None
        assert info.reason == "NO_DIAGNOSIS_YET"


async def test_too_few_samples_say_how_many_are_needed(room: Room, ingest: Sender) -> None:
    await send(ingest, machine(hops=40))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await room.features.RequestDiagnosis(pb.RequestDiagnosisRequest(sensor_id="pump-7"))
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "4.0 s without a gap are there" in (caught.value.details() or "")


async def test_a_gap_begins_the_long_window_anew(room: Room, ingest: Sender) -> None:
    recording = machine(hops=125, empty_hops={30: 1})
    await ingest.open(recording)
    for run in recording.runs(0, 5):
        await ingest.send(run)
    await ingest.committed(recording.window_count)
    for row, one in enumerate(await diagnosed(room)):
        assert one.window.window_index == 110
        speed = ShaftSpeed(1797.0 / 60.0, SpeedSource.NAMEPLATE)
        assert_equal(one, offline(recording, row, 120, speed))


async def test_samples_that_are_no_numbers_are_uncertain(room: Room, ingest: Sender) -> None:
    recording = machine(hops=105)
    recording.samples[0, 50 * HOP :: HOP] = np.nan
    await send(ingest, recording)
    first, second = await diagnosed(room)
    assert first.fault == pb.BEARING_FAULT_UNCERTAIN
    assert second.fault == pb.BEARING_FAULT_INNER_RACE


async def test_requests_are_bounded(
    fake_live: FakeLiveFeatures, settings: AnalyzerSettings
) -> None:
    room = Room(FakeFeatureStore(), fake_live, settings)
    room.long_limits = type(room.long_limits)(share=1e-6, poll_s=0.05, max_requests=1)
    names = ("one", "two", "three")
    async with room.open(), sender(room.windows) as stream:
        for slot, name in enumerate(names, 1):
            recording = machine(hops=95, sensor_id=name)
            await stream.open(recording, slot)
            await stream.send(recording.run(0, 95, slot=slot))
            await stream.committed(recording.window_count, slot)
        stub = room.features
        calls = [stub.RequestDiagnosis(pb.RequestDiagnosisRequest(sensor_id=n)) for n in names[:2]]
        done, waiting = await asyncio.wait(
            [asyncio.ensure_future(_outcome(call)) for call in calls],
            return_when=asyncio.FIRST_COMPLETED,
        )
        assert {task.result() for task in done} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert len(waiting) == 1
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _outcome(call: Any) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def test_a_store_that_is_away_loses_one_result_only(
    fake_live: FakeLiveFeatures, settings: AnalyzerSettings
) -> None:
    results = FakeLongResults()
    results.failures.append(ConnectionRefusedError("away"))
    room = Room(FakeFeatureStore(), fake_live, settings, long_results=results)
    recording = machine(hops=215)
    async with room.open(), sender(room.windows) as stream:
        await stream.open(recording)
        await stream.send(recording.run(0, 105))
        async with asyncio.timeout(ANSWER_S):
            while not room.value("kurto_analyzer_long_windows_total", outcome="unstored"):
                await asyncio.sleep(0.05)
        await stream.send(recording.run(105, 110))
        found = await diagnosed(room)
    assert {one.window.window_index for one in found} == {200}


async def test_sensors_at_rest_keep_no_samples(
    fake_live: FakeLiveFeatures, settings: AnalyzerSettings
) -> None:
    room = Room(FakeFeatureStore(), fake_live, settings)
    room.long_limits = type(room.long_limits)(share=1.0, poll_s=0.05, idle_s=0.3)
    async with room.open(), sender(room.windows) as stream:
        await send(stream, machine(hops=60))
        assert room.analyzer.sensors.room.reserved_bytes > 0
        async with asyncio.timeout(ANSWER_S):
            while room.analyzer.sensors.room.reserved_bytes:
                await asyncio.sleep(0.05)


async def test_a_sensor_that_goes_gives_its_room_back(room: Room, ingest: Sender) -> None:
    await send(ingest, Recording(samples=noise(seconds=3), sample_rate_hz=2560.0))
    assert room.analyzer.sensors.room.reserved_bytes > 0
    close = windows_pb.SensorClose(slot=1)
    await ingest.call.write(windows_pb.AnalyzeWindowsRequest(close=close))
    async with asyncio.timeout(ANSWER_S):
        while room.analyzer.sensors.room.reserved_bytes:
            await asyncio.sleep(0.05)


async def test_lists_are_read_in_pages(room: Room, ingest: Sender) -> None:
    recording = machine(hops=410)
    await ingest.open(recording)
    for end in (100, 200, 300, 400):
        await ingest.call.write(hops_request(recording.run(end - 100, 100)))
        async with asyncio.timeout(ANSWER_S):
            while room.value("kurto_analyzer_long_windows_total", outcome="stored") * 100 < end:
                await asyncio.sleep(0.02)
    pages, request = [], pb.ListDiagnosesRequest(sensor_id="pump-7", page_size=3)
    while True:
        page = await room.features.ListDiagnoses(request)
        pages.append([(one.window.window_index, one.channel) for one in page.diagnoses])
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    names = recording.channels
    assert [key for page in pages for key in page] == [
        (end - 10, name) for end in (100, 200, 300, 400) for name in names
    ]
    assert [len(page) for page in pages] == [3, 3, 2]
    long = pb.ListLongFeaturesRequest(sensor_id="pump-7", page_size=2, feature_names=["bpfi"])
    first = await room.features.ListLongFeatures(long)
    long.page_token = first.next_page_token
    second = await room.features.ListLongFeatures(long)
    assert not second.next_page_token
    windows = [one.window.window_index for page in (first, second) for one in page.features]
    assert windows == [90, 190, 290, 390]
    assert {name for one in first.features for c in one.channels for name in c.values} == {"bpfi"}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"sensor_id": "a b"}, "INVALID_FIELD"),
        ({"page_size": 1001}, "INVALID_FIELD"),
        ({"faults": [77]}, "INVALID_FIELD"),
        ({"page_token": "AAAA"}, "INVALID_CURSOR"),
        ({"page_token": "!"}, "INVALID_CURSOR"),
    ],
)
async def test_refusals(room: Room, values: dict[str, Any], reason: str) -> None:
    request = pb.ListDiagnosesRequest(**({"sensor_id": "pump-7"} | values))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await room.features.ListDiagnoses(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    info = error_info(caught.value)
    assert info is not None
    assert info.reason == reason


async def test_unknown_features_are_refused_with_those_that_exist(room: Room) -> None:
    request = pb.ListLongFeaturesRequest(sensor_id="pump-7", feature_names=["rms"])
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await room.features.ListLongFeatures(request)
    assert "order_1x" in (caught.value.details() or "")
