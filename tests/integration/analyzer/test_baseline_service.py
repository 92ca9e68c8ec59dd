"""Baselines and conditions, from samples to answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.recordings import ANCHOR_S, Recording, noise
from tests.integration.analyzer.sender import sender

from kurto.analyzer.v1 import analyzer_service_pb2
from kurto.analyzer.v1 import baselines_pb2 as pb
from kurto.assets.v1 import assets_pb2
from kurto_analyzer.baselines.fakes import FakeBaselines, FakeCountedWindows
from kurto_analyzer.baselines.tracks import Compared
from kurto_analyzer.fakes import FakeFeatureStore, FakeLiveFeatures
from kurto_analyzer.settings import AnalyzerSettings
from kurto_dsp.arrays import Float32Array
from kurto_dsp.condition.growth import GrowthGrade
from kurto_service.clock import SystemClock
from kurto_service.errors import error_info
from kurto_service.identity import Principal
from kurto_service.settings import load_settings

SENSOR = "pump-7"
RATE = 2560.0
# A machine is known to run after four windows, and 60 more make a baseline.
LEARNING_S = 70.0
BEGIN = Timestamp(seconds=ANCHOR_S)
_PASSING = {grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.UNAVAILABLE}
HEALTHY = Recording(samples=noise(seconds=LEARNING_S), sample_rate_hz=RATE)


def learn_request(**values: Any) -> pb.LearnBaselineRequest:
    wanted: dict[str, Any] = {
        "sensor_id": SENSOR, "cause": pb.LEARNING_CAUSE_COMMISSIONING, "reason": "new machine",
        "begin_time": BEGIN, "window_count": 60,
    }  # fmt: skip
    return pb.LearnBaselineRequest(**(wanted | values))


def followed_by(recording: Recording, *parts: Float32Array) -> Recording:
    return replace(recording, samples=np.concatenate([recording.samples, *parts], axis=1))


async def send(room: Room, recording: Recording, last: int | None = None) -> None:
    """Send what the analyzer does not have yet, up to a hop, and wait until it is committed."""
    last = recording.hop_count if last is None else last
    async with sender(room.windows) as ingest:
        position = await ingest.open(recording)
        for hop in range(position, last, 50):
            await ingest.send(recording.run(hop, min(50, last - hop)))
        await ingest.committed(last - recording.window_hops + 1)


async def in_force(room: Room) -> pb.Baseline:
    """Wait for the baseline."""
    async with asyncio.timeout(60):
        while True:
            try:
                response = await room.features.GetBaseline(pb.GetBaselineRequest(sensor_id=SENSOR))
            except grpc.aio.AioRpcError as error:
                if error.code() not in _PASSING:
                    raise
                await asyncio.sleep(0.02)
            else:
                return response.baseline


async def condition(room: Room, until: Any = lambda found: True) -> pb.Condition:
    """Wait for a condition that is as wanted."""
    async with asyncio.timeout(60):
        while True:
            request = pb.GetConditionRequest(sensor_id=SENSOR)
            found = (await room.features.GetCondition(request)).condition
            if until(found):
                return found
            await asyncio.sleep(0.02)


async def learned(room: Room) -> pb.Baseline:
    """Send a healthy recording and learn it."""
    await send(room, HEALTHY)
    await room.features.LearnBaseline(learn_request())
    return await in_force(room)


async def reason_of(call: Any, status: grpc.StatusCode) -> tuple[str, dict[str, str], str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is status
    info = error_info(caught.value)
    assert info is not None
    return info.reason, dict(info.metadata), str(caught.value.details())


async def test_the_levels_are_medians_of_windows_without_overlap(room: Room) -> None:
    await send(room, HEALTHY, last=50)
    asked = (await room.features.LearnBaseline(learn_request())).baseline
    assert (asked.state, asked.missing_window_count) == (pb.BASELINE_STATE_LEARNING, 60)
    await send(room, HEALTHY)
    baseline = await in_force(room)
    assert (baseline.baseline_id, baseline.state) == (
        asked.baseline_id, pb.BASELINE_STATE_IN_FORCE,
    )  # fmt: skip
    assert [event.event for event in baseline.events] == ["requested", "frozen"]
    (one,) = baseline.bins
    assert (one.operating_bin, one.window_count) == ("any", 60)
    # Running from the fourth counted window on.
    offline = HEALTHY.offline()
    values = offline.values[::10][3:63].astype(np.float64)
    for row, channel in enumerate(one.channels):
        assert channel.channel == HEALTHY.channels[row]
        assert not {"mean", "skewness"} & set(channel.features)
        for name in ("rms", "kurtosis", "band_rms.10_1000", "peak"):
            levels = np.log(values[:, row, offline.names.index(name)])
            median = np.median(levels)
            found = channel.features[name]
            assert found.median == pytest.approx(np.exp(median), rel=1e-12)
            assert found.mad_neper == pytest.approx(np.median(np.abs(levels - median)), rel=1e-9)
            assert found.value_count == 60


async def test_stored_windows_are_enough(room: Room) -> None:
    """Learned from history alone: nothing is sent after the request."""
    baseline = await learned(room)
    assert baseline.bins[0].window_count == 60
    response = await room.features.GetBaseline(
        pb.GetBaselineRequest(sensor_id=SENSOR, baseline_id=baseline.baseline_id)
    )
    assert response.baseline == baseline


async def test_errors_say_how_many_windows_are_missing(room: Room) -> None:
    request = pb.GetBaselineRequest(sensor_id=SENSOR)
    reason, _, _ = await reason_of(room.features.GetBaseline(request), grpc.StatusCode.NOT_FOUND)
    assert reason == "NO_FEATURES_YET"
    await send(room, HEALTHY, last=209)  # 20 counted windows, of which 17 running
    reason, _, text = await reason_of(room.features.GetBaseline(request), grpc.StatusCode.NOT_FOUND)
    assert (reason, "call LearnBaseline" in text) == ("NO_BASELINE", True)
    await room.features.LearnBaseline(learn_request())
    status = grpc.StatusCode.FAILED_PRECONDITION
    reason, facts, text = await reason_of(room.features.GetBaseline(request), status)
    assert (reason, facts["missing"], facts["wanted"]) == ("BASELINE_LEARNING", "43", "60")
    assert "43 of 60 windows are missing" in text
    assert (await condition(room)).missing_window_count == 43
    reason, facts, text = await reason_of(room.features.LearnBaseline(learn_request()), status)
    assert (reason, facts["missing"], "restart" in text) == ("BASELINE_LEARNING", "43", True)
    again = await room.features.LearnBaseline(learn_request(restart=True, window_count=90))
    listed = await room.features.ListBaselines(pb.ListBaselinesRequest(sensor_id=SENSOR))
    assert [one.state for one in listed.baselines] == [
        pb.BASELINE_STATE_LEARNING, pb.BASELINE_STATE_ABANDONED,
    ]  # fmt: skip
    assert listed.baselines[0].baseline_id == again.baseline.baseline_id
    assert listed.baselines[0].missing_window_count == 73
    events = (await room.features.ListBaselineEvents(pb.ListBaselineEventsRequest())).events
    assert [one.event for one in events] == ["requested", "abandoned", "requested"]
    assert {one.sensor_id for one in events} == {SENSOR}
    assert events[-1].baseline_id == again.baseline.baseline_id
    behind = pb.ListBaselineEventsRequest(after_number=events[0].event_number, page_size=1)
    assert list((await room.features.ListBaselineEvents(behind)).events) == [events[1]]
    for field, value in (("after_number", -1), ("page_size", 201)):
        wrong = pb.ListBaselineEventsRequest(**{field: value})
        reason, facts, _ = await reason_of(
            room.features.ListBaselineEvents(wrong), grpc.StatusCode.INVALID_ARGUMENT
        )
        assert (reason, facts["field"]) == ("INVALID_FIELD", field)


async def test_growth_is_seen_graded_and_told(room: Room) -> None:
    told: list[tuple[str, Compared]] = []
    room.baselines.keeper.listen(lambda sensor_id, compared: told.append((sensor_id, compared)))
    baseline = await learned(room)
    louder = followed_by(HEALTHY, noise(seconds=12, seed=2), 3.0 * noise(seconds=12, seed=3))
    await send(room, louder, last=HEALTHY.hop_count + 120)
    before = await condition(room, lambda found: found.HasField("acceleration_growth"))
    assert before.operating_state == pb.OPERATING_STATE_RUNNING
    assert before.baseline_id == baseline.baseline_id
    assert before.acceleration_growth.factor == pytest.approx(1.0, abs=0.1)
    assert before.acceleration_growth.grade == pb.GROWTH_GRADE_NONE
    assert told == []
    await send(room, louder)
    after = await condition(room, lambda found: found.acceleration_growth.factor > 2.5)
    assert after.acceleration_growth.factor == pytest.approx(3.0, rel=0.05)
    grade = pb.GROWTH_GRADE_WARNING
    after = await condition(room, lambda found: found.acceleration_growth.grade == grade)
    rms = after.channels[0].features["rms"]
    assert rms.factor == pytest.approx(3.0, rel=0.05)
    assert rms.z > 6
    assert rms.trailing_factor == pytest.approx(3.0, rel=0.05)
    assert rms.step
    assert not after.channels[0].features["kurtosis"].HasField("trailing_factor")
    ((sensor_id, compared),) = told
    assert (sensor_id, compared.growth.grade) == (SENSOR, GrowthGrade.WARNING)
    assert room.baselines.keeper.growth(SENSOR) is not None


async def test_a_new_bearing_begins_anew_and_keeps_the_old_baseline(room: Room) -> None:
    old = await learned(room)
    request = learn_request(
        cause=pb.LEARNING_CAUSE_BEARING_REPLACED, reason="outer race was worn", window_count=90
    )
    await room.features.LearnBaseline(request)
    status = grpc.StatusCode.FAILED_PRECONDITION
    call = room.features.GetBaseline(pb.GetBaselineRequest(sensor_id=SENSOR))
    reason, _, _ = await reason_of(call, status)
    assert reason == "BASELINE_LEARNING"
    found = await condition(room)
    assert found.baseline_id == 0
    assert not found.HasField("acceleration_growth")
    kept = (
        await room.features.GetBaseline(
            pb.GetBaselineRequest(sensor_id=SENSOR, baseline_id=old.baseline_id)
        )
    ).baseline
    assert kept.state == pb.BASELINE_STATE_RETIRED
    assert list(kept.bins) == list(old.bins)
    assert [event.reason for event in kept.events][-1] == "outer race was worn"


async def test_speeds_are_compared_with_themselves(room: Room) -> None:
    """A machine of two speeds, of which only one was learned for long enough."""
    recording = followed_by(HEALTHY, 5.0 * noise(seconds=10, seed=4))
    slow, fast = 24.3, 49.7
    async with sender(room.windows) as ingest:
        await ingest.open(recording)
        for hop in range(0, recording.hop_count, 20):
            run = recording.run(hop, 20)
            speed = slow if hop < HEALTHY.hop_count else fast
            run.shaft_speeds_hz.extend([speed] * 20)
            await ingest.send(run)
        await ingest.committed(recording.window_count)
    await room.features.LearnBaseline(learn_request())
    baseline = await in_force(room)
    assert [one.operating_bin for one in baseline.bins] == ["speed+0"]
    found = await condition(room)
    assert found.baseline_id == baseline.baseline_id
    assert found.operating_bin == "speed+8"  # ln(49.7 / 24.3) / ln 1.1 = 7.5
    assert not found.HasField("acceleration_growth")


async def test_loads_are_compared_with_themselves(room: Room) -> None:
    """A machine that was learned at a third of its load, and shakes more at full load."""
    recording = followed_by(HEALTHY, 5.0 * noise(seconds=10, seed=4), noise(seconds=20, seed=6))
    parts = HEALTHY.hop_count, HEALTHY.hop_count + 100
    announcement = recording.announcement()
    announcement.config.process_values.add(
        name="load", unit="%", role="PROCESS_VALUE_ROLE_LOAD", bin_width=10.0
    )
    async with sender(room.windows) as ingest:
        await ingest.call.write(analyzer_service_pb2.AnalyzeWindowsRequest(open=announcement))
        for hop in range(0, recording.hop_count, 20):
            run = recording.run(hop, 20)
            run.loads.extend([78.0 if parts[0] <= hop < parts[1] else 33.0] * 20)
            await ingest.send(run)
            if hop == parts[1] - 20:
                await ingest.committed(parts[1] - 9)
                await room.features.LearnBaseline(learn_request())
                baseline = await in_force(room)
                found = await condition(room)
                assert (found.operating_bin, found.load) == ("load+8", 78.0)
                assert not found.HasField("acceleration_growth")
        await ingest.committed(recording.window_count)
    assert [one.operating_bin for one in baseline.bins] == ["load+3"]
    assert list(baseline.operating_bins) == ["load+3"]
    assert baseline.load_bin_width == 10.0
    (listed,) = (
        await room.features.ListBaselines(pb.ListBaselinesRequest(sensor_id=SENSOR))
    ).baselines
    assert (list(listed.operating_bins), listed.load_bin_width) == (["load+3"], 10.0)
    found = await condition(room, lambda found: found.operating_bin == "load+3")
    assert found.load == 33.0
    assert found.acceleration_growth.factor == pytest.approx(1.0, abs=0.1)


async def test_loads_that_do_not_fit_the_hops_are_refused(room: Room) -> None:
    for loads in ([1.0, 2.0], [float("inf")]):
        async with sender(room.windows) as ingest:
            await ingest.open(HEALTHY)
            run = HEALTHY.run(0, 1)
            run.loads.extend(loads)
            await ingest.send(run)
            error = await ingest.error()
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert "loads for 1 hops" in str(error.details())


async def test_a_stopped_machine_teaches_nothing(room: Room) -> None:
    rest = Recording(samples=0.0005 * noise(seconds=40), sample_rate_hz=RATE)
    recording = followed_by(rest, noise(seconds=30, seed=5))
    await send(room, recording, last=rest.hop_count)
    await room.features.LearnBaseline(learn_request())
    stopped = await condition(room)
    assert stopped.operating_state == pb.OPERATING_STATE_STOPPED
    assert stopped.missing_window_count == 60
    await send(room, recording)
    running = await condition(room, lambda found: found.missing_window_count < 45)
    assert running.operating_state == pb.OPERATING_STATE_RUNNING
    assert running.missing_window_count > 35


async def test_pages_of_baselines(room: Room) -> None:
    await send(room, HEALTHY, last=30)
    for number in range(5):
        await room.features.LearnBaseline(learn_request(restart=True, reason=f"try {number}"))
    request = pb.ListBaselinesRequest(sensor_id=SENSOR, page_size=2)
    reasons: list[str] = []
    while True:
        page = await room.features.ListBaselines(request)
        reasons += [one.reason for one in page.baselines]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert reasons == [f"try {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"sensor_id": "a b"}, "sensor_id"),
        ({"cause": 0}, "cause"),
        ({"cause": 77}, "cause"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 1001}, "reason"),
        ({"reason": "bell \a and nul \0"}, "reason"),
        ({"window_count": 59}, "window_count"),
        ({"window_count": 3601}, "window_count"),
        ({"begin_time": Timestamp(seconds=ANCHOR_S - 30 * 86400)}, "begin_time"),
        ({"begin_time": Timestamp(seconds=ANCHOR_S + 7200)}, "begin_time"),
    ],
)
async def test_impossible_requests(room: Room, values: dict[str, Any], field: str) -> None:
    await send(room, HEALTHY, last=30)
    reason, facts, text = await reason_of(
        room.features.LearnBaseline(learn_request(**values)), grpc.StatusCode.INVALID_ARGUMENT
    )
    assert (reason, facts["field"]) == ("INVALID_FIELD", field)
    assert len(text) > 20


async def test_other_refusals(room: Room) -> None:
    unknown = learn_request(sensor_id="pump-99")
    not_found = grpc.StatusCode.NOT_FOUND
    assert (await reason_of(room.features.LearnBaseline(unknown), not_found))[0] == (
        "NO_FEATURES_YET"
    )
    call = room.features.GetCondition(pb.GetConditionRequest(sensor_id="pump-99"))
    assert (await reason_of(call, not_found))[0] == "NO_FEATURES_YET"
    twelfth = room.features.GetBaseline(pb.GetBaselineRequest(sensor_id=SENSOR, baseline_id=12))
    assert (await reason_of(twelfth, not_found))[0] == "NO_BASELINE"
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    for request in (
        pb.ListBaselinesRequest(sensor_id=SENSOR, page_size=201),
        pb.ListBaselinesRequest(sensor_id=SENSOR, page_token="?"),
        pb.ListBaselinesRequest(sensor_id=""),
    ):
        await reason_of(room.features.ListBaselines(request), invalid)
    await reason_of(
        room.features.GetBaseline(pb.GetBaselineRequest(sensor_id=SENSOR, baseline_id=-1)), invalid
    )


async def test_an_outage_of_the_database_only_postpones_learning(
    room: Room, fake_store: FakeFeatureStore
) -> None:
    store = room.baseline_store
    assert isinstance(store, FakeBaselines)
    await send(room, HEALTHY, last=400)
    await room.features.LearnBaseline(learn_request())
    await condition(room, lambda found: found.missing_window_count < 60)
    store.failures += [asyncpg.CannotConnectNowError("starting up")] * 2
    await send(room, HEALTHY)
    assert (await in_force(room)).bins[0].window_count == 60
    assert room.value("kurto_analyzer_condition_failures_total") >= 1


@asynccontextmanager
async def room_of(principal: Principal) -> AsyncIterator[Room]:
    store = FakeFeatureStore()
    settings = load_settings(AnalyzerSettings, commit_interval_s=0.0)
    room = Room(store, FakeLiveFeatures(), settings, principal=principal)
    room.counted = FakeCountedWindows(store)
    room.baseline_store = FakeBaselines(SystemClock())
    async with room.open():
        yield room


async def test_engineers_teach_and_others_read() -> None:
    ada = Principal(name="ada", roles=frozenset({"engineer", "admin"}))
    async with room_of(ada) as room:
        await send(room, HEALTHY, last=30)
        asked = (await room.features.LearnBaseline(learn_request())).baseline
        assert (asked.principal, asked.events[0].principal) == ("ada", "ada")
    otto = Principal(name="otto", roles=frozenset({"operator"}))
    async with room_of(otto) as room:
        reason, facts, _ = await reason_of(
            room.features.LearnBaseline(learn_request()), grpc.StatusCode.PERMISSION_DENIED
        )
        assert (reason, facts["role"]) == ("ROLE_REQUIRED", "engineer")
        listed = await room.features.ListBaselines(pb.ListBaselinesRequest(sensor_id=SENSOR))
        assert list(listed.baselines) == []


async def test_the_iso_zone_or_what_to_declare_for_it(room: Room) -> None:
    await send(room, HEALTHY, last=90)
    async with sender(room.windows) as ingest:
        await ingest.open(HEALTHY)
        found = await condition(room, lambda found: found.HasField("compare_time"))
        assert "machine_class" in found.iso_zone.refusal
        assert found.iso_zone.zone == ""
        announcement = HEALTHY.announcement(config_version=2)
        announcement.config.machine_class.industrial.group = assets_pb2.MACHINE_GROUP_2
        announcement.config.machine_class.industrial.support = assets_pb2.MACHINE_SUPPORT_RIGID
        announcement.config.nominal_speed_rpm = 1480.0
        await ingest.call.write(analyzer_service_pb2.AnalyzeWindowsRequest(open=announcement))
        found = await condition(room, lambda found: found.iso_zone.zone != "")
        offline = HEALTHY.offline()
        velocity = offline.values[80, :, offline.names.index("velocity_rms")].max()
        assert found.iso_zone.velocity_rms == pytest.approx(float(velocity))
        assert found.iso_zone.zone == "D"
        assert "10816-3" in found.iso_zone.edition
