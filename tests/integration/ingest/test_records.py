"""Events, clocks and the state of storage, as callers see them; without servers around."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import grpc
import numpy as np
import pytest

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.assets.v1 import asset_service_pb2, assets_pb2
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.ingest.v1 import stream_status_pb2 as status_pb
from kurto.signal.v1 import quality_pb2, samples_pb2
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.fakes.streams import FakeSampleStore
from kurto_ingest.records.sample_times import SampleTime, corrected_time
from kurto_ingest.settings import IngestSettings
from kurto_ingest.space.storage_state import DiskReport
from kurto_ingest.stores import Stores
from kurto_ingest.streams.timing import microseconds
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.clock import SystemClock
from kurto_service.identity import Principal
from kurto_service.settings import load_settings
from kurto_service.testing import FakeClock, serve


@pytest.fixture
def settings() -> IngestSettings:
    """Quick settings that lead nowhere: the stores are in memory."""
    quick = load_settings(
        IngestSettings,
        postgres_dsn="postgresql://nowhere",
        valkey_url="redis://nowhere",
        commit_interval_s=0.02,
        commit_linger_s=0.05,
        record_interval_s=0.05,
        status_interval_s=0.05,
        event_summary_interval_s=0.2,
    )
    return quick.model_copy(update={"ack_patience_s": 30.0})  # as a busy machine needs


@pytest.fixture
def stores() -> Stores:
    """Stores in memory."""
    return fake_stores(SystemClock())


async def events(
    running: RunningIngest, count: int = 1, **query: object
) -> list[status_pb.StreamEvent]:
    """Wait for so many events, and return all, oldest first."""
    request = control_pb.ListStreamEventsRequest(**query)  # type: ignore[arg-type]
    async with asyncio.timeout(60):
        while True:
            found = (await running.control.ListStreamEvents(request)).events
            if len(found) >= count:
                return list(reversed(found))
            await asyncio.sleep(0.02)


async def storage(running: RunningIngest) -> status_pb.StorageStatus:
    """Return the state of storage."""
    response = await running.control.GetStorageStatus(control_pb.GetStorageStatusRequest())
    return response.status


async def test_what_happens_is_recorded(sender: Sender, running: RunningIngest) -> None:
    await sender.push(sender.batch(0, 100), sender.batch(300, 100), sender.abandon(100, 200))
    other = Sender(running.stub, running.assets)
    other.boot_id = "boot-2"
    await other.open(takeover=True)
    found = await events(running, 5, sensor_id=sender.sensor_id)
    kinds = status_pb.StreamEventKind
    assert [(kinds.Name(event.kind)[18:], event.epoch) for event in found] == [
        ("EPOCH_BEGAN", 1),
        ("GAP", 1),
        ("ABANDONED", 1),
        ("TAKEN_OVER", 1),
        ("EPOCH_BEGAN", 2),
    ]
    gap, given_up = found[1], found[2]
    assert (gap.first_index, gap.end_index, gap.value) == (100, 300, 0.2)
    assert (given_up.first_index, given_up.end_index, given_up.value) == (100, 200, 100)
    assert "boot-1" in found[3].message
    assert abs(gap.event_time.ToDatetime(UTC) - datetime.now(UTC)) < timedelta(seconds=60)


async def test_events_are_paged_and_chosen(sender: Sender, running: RunningIngest) -> None:
    for number in range(5):
        other = Sender(running.stub, running.assets)
        other.boot_id = f"boot-{number + 2}"
        await other.open(takeover=True)
    await events(running, 6)
    request = control_pb.ListStreamEventsRequest(
        page_size=2, kinds=[status_pb.STREAM_EVENT_KIND_EPOCH_BEGAN]
    )
    epochs = []
    while True:
        page = await running.control.ListStreamEvents(request)
        epochs += [event.epoch for event in page.events]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert epochs == [6, 5, 4, 3, 2, 1]
    early = control_pb.ListStreamEventsRequest()
    early.end_time.FromDatetime(datetime(2020, 1, 1, tzinfo=UTC))
    assert not (await running.control.ListStreamEvents(early)).events


async def test_samples_of_no_possible_time_are_refused_and_recorded(
    sender: Sender, running: RunningIngest
) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await sender.push(sender.batch(10**13, 100))
    (_, future) = await events(running, 2)
    assert future.kind == status_pb.STREAM_EVENT_KIND_TIME_IN_FUTURE
    assert future.value == pytest.approx(10**10, abs=60)


async def test_quality_of_the_newest_blocks_is_shown_and_recorded(
    sender: Sender, running: RunningIngest
) -> None:
    flat = np.ones((2, 300), "<f4").tobytes()
    await sender.push(sender.batch(0, 300, planar=flat))
    (_, changed) = await events(running, 2)
    assert changed.kind == status_pb.STREAM_EVENT_KIND_QUALITY_CHANGED
    assert "flat" in changed.message
    request = control_pb.GetSensorStatusRequest(sensor_id=sender.sensor_id)
    status = (await running.control.GetSensorStatus(request)).status
    assert list(status.quality_flags) == [quality_pb2.QUALITY_FLAG_FLAT]
    await sender.push(sender.batch(300, 300))
    await events(running, 3)
    status = (await running.control.GetSensorStatus(request)).status
    assert list(status.quality_flags) == []


async def test_mean_outside_of_the_declared_range_is_flagged_once_it_is_declared(
    sender: Sender, running: RunningIngest, stores: Stores
) -> None:
    before = 5 + np.resize([0.5, -0.5], (2, 300)).astype("<f4")
    await sender.push(sender.batch(0, 300, planar=before.tobytes()))
    found = await running.assets.GetSensor(
        asset_service_pb2.GetSensorRequest(sensor_id=sender.sensor_id)
    )
    channel = found.sensor.config.channels[1]
    channel.coupling = assets_pb2.COUPLING_DC
    channel.bias_range.lower, channel.bias_range.upper = 5.5, 6.0
    update = asset_service_pb2.UpdateSensorRequest(sensor=found.sensor)
    stored = (await running.assets.UpdateSensor(update)).sensor
    assert stored.config.channels[1].bias_range == channel.bias_range
    request = control_pb.GetSensorStatusRequest(sensor_id=sender.sensor_id)
    first = 300
    async with asyncio.timeout(60):
        while True:
            await sender.push(sender.batch(first, 300, planar=before.tobytes()))
            first += 300
            status = (await running.control.GetSensorStatus(request)).status
            if list(status.quality_flags) == [quality_pb2.QUALITY_FLAG_BIAS]:
                break
    record = await stores.streams.find(sender.sensor_id, 1)
    assert record is not None
    blocks = await stores.samples.read(record.format, 0, first)
    assert not blocks[0].quality
    assert blocks[-1].quality == 1 << (quality_pb2.QUALITY_FLAG_BIAS - 1)


async def test_offset_of_the_senders_clock_is_told(sender: Sender, running: RunningIngest) -> None:
    now = datetime.now(UTC)
    opened = await sender.open(sender_time=now - timedelta(hours=1))
    assert opened.clock_offset.ToTimedelta().total_seconds() == pytest.approx(3600, abs=60)
    request = control_pb.GetSensorStatusRequest(sensor_id=sender.sensor_id)
    status = (await running.control.GetSensorStatus(request)).status
    assert status.clock_offset.ToTimedelta().total_seconds() == pytest.approx(3600, abs=60)
    assert not (await sender.open()).HasField("clock_offset")


async def test_a_recording_says_so(running: RunningIngest) -> None:
    sender = Sender(running.stub, running.assets)
    await sender.create()
    await sender.open(start_time=datetime(2004, 2, 12, tzinfo=UTC))
    await sender.push(sender.batch(0, 100))
    request = control_pb.GetSensorStatusRequest(sensor_id=sender.sensor_id)
    status = (await running.control.GetSensorStatus(request)).status
    assert status.time_source == status_pb.TIME_SOURCE_RECORDED


@pytest.mark.parametrize("offset_s", [-3600.0, 3600.0])
@pytest.mark.parametrize("ppm", [-200.0, 200.0])
async def test_stored_times_behind_a_wrong_clock(
    settings: IngestSettings, offset_s: float, ppm: float
) -> None:
    """Promise 19: ±1 h, ±200 ppm, delays of 0 to 50 ms: right within 5 ms after a minute."""
    clock = FakeClock()
    stores = fake_stores(clock)
    rng = random.Random(7)
    began_us = microseconds(clock.now())

    def device_us(true_s: float) -> int:
        return began_us + round((true_s * (1 + ppm * 1e-6) + offset_s) * 1e6)

    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(stores, channel, settings, clock) as running,
    ):
        sender = Sender(running.stub, running.assets, rate=1000.0)
        await sender.create()
        request = sender.open_request()
        request.sender_time.FromMicroseconds(device_us(0))
        sender.opened = await sender.stub.OpenStream(request)
        call = sender.stub.Push()
        await call.write(sender.start())
        # The converter runs by the device's clock.
        period_s = 1 / (sender.rate * (1 + ppm * 1e-6))
        arrived_s = 0.0
        (session,) = running.ingest.registry
        for first in range(0, 90_000, 100):
            due_s = (first + 100) * period_s + rng.uniform(0, 0.05)
            await clock.advance(max(0.0, due_s - arrived_s))
            arrived_s = max(arrived_s, due_s)
            message = sender.batch(first, 100)
            message.batch.batch.device_time.FromMicroseconds(device_us(first * period_s))
            await call.write(message)
            async with asyncio.timeout(60):
                while session.live.accepted.next_index < first + 100:
                    await asyncio.sleep(0)
        await call.done_writing()
        assert (await call).results[0].next_index == 90_000
        await running.ingest.records.keeper.finish()
        record = await stores.streams.find(sender.sensor_id, 1)
        assert record is not None
        rows = await stores.times.between(record.key, 0, 90_000)
        found = await events(running, kinds=[status_pb.STREAM_EVENT_KIND_RATE_DRIFT])
        request_status = control_pb.GetSensorStatusRequest(sensor_id=sender.sensor_id)
        status = (await running.control.GetSensorStatus(request_status)).status
    for index in range(60_000, 90_000, 97):
        corrected = corrected_time(rows, record.format, index)
        assert corrected is not None
        assert abs(corrected - began_us - index * period_s * 1e6) < 5_000
    assert len(found) == 1
    assert found[-1].value == pytest.approx(ppm, abs=60)
    assert status.rate_error_ppm == pytest.approx(ppm, abs=40)
    offset = status.clock_offset.ToTimedelta().total_seconds()
    assert offset == pytest.approx(-offset_s, abs=0.1)
    assert quality_pb2.QUALITY_FLAG_RATE_DRIFT in status.quality_flags
    blocks = await stores.samples.read(record.format, 89_000, 90_000)
    assert all(block.quality >> 5 & 1 for block in blocks)


async def test_a_nonsensical_device_time_costs_no_samples(sender: Sender) -> None:
    message = sender.batch(0, 100)
    message.batch.batch.device_time.seconds = -(10**11)
    other = samples_pb2.SampleBatch(first_index=100, planar=sender.samples(100, 100).tobytes())
    other.device_time.seconds = 10**12
    response = await sender.push(message, pb.PushRequest(batch=pb.StreamBatch(batch=other)))
    assert response.results[0].next_index == 200


async def test_storage_is_degraded_while_commits_fail(
    sender: Sender, running: RunningIngest, stores: Stores
) -> None:
    async with asyncio.timeout(60):
        while not (await storage(running)).analyzer_connected:
            await asyncio.sleep(0.02)
    assert (await storage(running)).state == status_pb.STORAGE_STATE_OK
    assert list((await storage(running)).problems) == []
    samples = stores.samples
    assert isinstance(samples, FakeSampleStore)
    samples.fail_before = [ConnectionRefusedError("away")] * 1000
    call = sender.stub.Push()
    await call.write(sender.start())
    await call.write(sender.batch(0, 100))
    async with asyncio.timeout(60):
        while (await storage(running)).state != status_pb.STORAGE_STATE_DEGRADED:
            await asyncio.sleep(0.02)
    status = await storage(running)
    assert status.pending_bytes == 800
    assert status.commit_lag.ToTimedelta() > timedelta(0)
    assert "PostgreSQL" in status.problems[0]
    samples.fail_before = []
    async with asyncio.timeout(60):
        while (await storage(running)).state != status_pb.STORAGE_STATE_OK:
            await asyncio.sleep(0.02)
    await call.done_writing()
    assert (await call).results[0].next_index == 100


class Disk:
    """A disk as a test wants it."""

    report = DiskReport(database_bytes=5_000, free_ratio=0.07, shedding=True)


async def test_the_disk_is_shown(running: RunningIngest) -> None:
    running.ingest.storage.disk = Disk()
    status = await storage(running)
    assert status.state == status_pb.STORAGE_STATE_SHEDDING
    assert (status.database_bytes, status.free_ratio) == (5_000, 0.07)


async def test_storage_without_the_live_path(stores: Stores, settings: IngestSettings) -> None:
    """Nothing is sent, nothing is kept for sending, and all is analysed once it is on again."""
    analyzer = FakeAnalyzer()
    off = settings.model_copy(update={"realtime_enabled": False})
    async with serve(add_AnalyzerServiceServicer_to_server, analyzer) as channel:
        async with run_ingest(stores, channel, off) as running:
            sender = Sender(running.stub, running.assets)
            await sender.create()
            await sender.open()
            response = await sender.push(sender.batch(0, 2050), sender.batch(2050, 950))
            assert response.results[0].next_index == 3000
            assert running.ingest.registry.tail_bytes == 0
            status = await storage(running)
            assert (status.state, status.realtime_enabled) == (status_pb.STORAGE_STATE_OK, False)
            assert "KURTO_INGEST_REALTIME_ENABLED" in status.problems[0]
            assert not analyzer.opens
        async with run_ingest(stores, channel, settings) as running:
            async with asyncio.timeout(60):
                while len(analyzer.windows[sender.sensor_id, 1]) < 21:
                    await asyncio.sleep(0.02)
            assert (await storage(running)).analyzer_connected
    whole = analyzer.windows[sender.sensor_id, 1][20]
    np.testing.assert_array_equal(whole, sender.samples(2000, 1000))
    assert analyzer.problems == []


async def test_a_token_that_expires_ends_the_call_with_its_acknowledgment(
    stores: Stores, settings: IngestSettings
) -> None:
    expires = datetime.now(UTC) + timedelta(seconds=4)
    principal = Principal(name="edge", roles=frozenset({"admin"}), expire_time=expires)
    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(stores, channel, settings, principal=principal) as running,
    ):
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open()
        call = sender.stub.Push()
        await call.write(sender.start())
        await call.write(sender.batch(0, 730))
        answer = await call
    assert answer.end_reason == pb.STREAM_END_REASON_AUTH_EXPIRED
    assert answer.results[0].next_index == 730
    assert datetime.now(UTC) >= expires


async def test_given_up_ranges_do_not_exhaust_the_limit(
    stores: Stores, settings: IngestSettings
) -> None:
    """A sender that loses a little now and then, and says so, may go on for years."""
    few = settings.model_copy(update={"max_missing_ranges": 4})
    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(stores, channel, few) as running,
    ):
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open()
        await sender.push(sender.batch(0, 50))
        for number in range(1, 40):
            at = number * 100
            response = await sender.push(sender.batch(at, 50), sender.abandon(at - 50, at))
            assert response.results[0].next_index == at + 50
        assert list(response.results[0].missing_ranges) == []


@pytest.fixture
async def running(stores: Stores, settings: IngestSettings) -> AsyncIterator[RunningIngest]:
    """Ingest on stores in memory."""
    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(stores, channel, settings) as ingest,
    ):
        yield ingest


async def test_a_converter_that_has_been_too_fast_for_a_season_is_no_time_traveller(
    settings: IngestSettings,
) -> None:
    """What counts is the corrected time: also in a new process, which has not measured yet."""
    clock = FakeClock()
    stores = fake_stores(clock)
    refusing = settings.model_copy(update={"quarantine_max_bytes": 0})
    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(stores, channel, refusing, clock) as running,
    ):
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open()
        ahead = 2000 * int(sender.rate)
        with pytest.raises(grpc.aio.AioRpcError):
            await sender.push(sender.batch(ahead, 100))
        row = SampleTime(
            sensor_id=sender.sensor_id,
            epoch=1,
            first_index=ahead - 1,
            device_us=0,
            offset_us=-1_999_000_000,
            rate_error_ppm=200.0,
        )
        await stores.times.add([row])
        await sender.open()
        response = await sender.push(sender.batch(ahead, 100))
        assert response.results[0].next_index == ahead + 100
        with pytest.raises(grpc.aio.AioRpcError):
            await sender.push(sender.batch(2 * ahead, 100))
