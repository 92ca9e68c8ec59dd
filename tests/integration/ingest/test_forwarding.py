"""Windows reach the analyzer whatever it does, and never hold back what makes samples durable."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.assets.v1 import asset_service_pb2, assets_pb2
from kurto.ingest.v1 import stream_control_service_pb2 as control
from kurto.signal.v1 import features_pb2, samples_pb2
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.streams.shards import shard_of
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.channels import channel_options


@asynccontextmanager
async def analyzer_at(address: str, analyzer: FakeAnalyzer) -> AsyncIterator[None]:
    """Serve a fake analyzer at a fixed address."""
    server = grpc.aio.server()
    add_AnalyzerServiceServicer_to_server(analyzer, server)
    server.add_insecure_port(address)
    await server.start()
    try:
        yield
    finally:
        await server.stop(0)


@pytest.fixture
def address(tmp_path: Path) -> str:
    """Where the analyzer is, when it is there."""
    return f"unix:{tmp_path / 'analyzer'}"


@asynccontextmanager
async def ingest_at(
    address: str, stores: Stores, settings: IngestSettings, **changes: object
) -> AsyncIterator[RunningIngest]:
    """Run ingest with an analyzer that may not be there."""
    async with (
        grpc.aio.insecure_channel(address, options=channel_options(4 * 1024 * 1024)) as channel,
        run_ingest(stores, channel, settings.model_copy(update=changes)) as running,
    ):
        yield running


async def windows(analyzer: FakeAnalyzer, key: tuple[str, int], count: int) -> None:
    """Wait until the analyzer has so many windows."""
    async with asyncio.timeout(60):
        while len(analyzer.windows[key]) < count:
            await asyncio.sleep(0.02)


def check_windows(analyzer: FakeAnalyzer, sender: Sender, indexes: range) -> None:
    """Compare all windows with what was sent."""
    got = analyzer.windows[sender.sensor_id, 1]
    assert sorted(got) == list(indexes)
    for window, samples in got.items():
        assert samples is not None
        np.testing.assert_array_equal(samples, sender.samples(window * 100, 1000))
    assert analyzer.problems == []


async def opened(running: RunningIngest) -> Sender:
    sender = Sender(running.stub, running.assets)
    await sender.create()
    await sender.open()
    return sender


async def push(sender: Sender, first: int, end: int) -> None:
    response = await sender.push(*[sender.batch(at, 100) for at in range(first, end, 100)])
    assert response.results[0].next_index == end


async def test_analyzer_that_comes_later_gets_everything_from_the_store(
    address: str, stores: Stores, settings: IngestSettings
) -> None:
    analyzer = FakeAnalyzer()
    async with ingest_at(address, stores, settings, sensor_tail_bytes=8_000) as running:
        sender = await opened(running)
        await push(sender, 0, 6000)
        async with analyzer_at(address, analyzer):
            await windows(analyzer, (sender.sensor_id, 1), 51)
            await push(sender, 6000, 7000)
            await windows(analyzer, (sender.sensor_id, 1), 61)
        check_windows(analyzer, sender, range(61))


async def test_analyzer_that_restarts_again_and_again(
    address: str, stores: Stores, settings: IngestSettings
) -> None:
    analyzer = FakeAnalyzer()
    async with ingest_at(address, stores, settings) as running:
        sender = await opened(running)
        for turn in range(4):
            async with AsyncExitStack() as stack:
                if turn != 1:
                    await stack.enter_async_context(analyzer_at(address, analyzer))
                await push(sender, turn * 1500, (turn + 1) * 1500)
                if turn != 1:
                    await asyncio.sleep(0.1 * turn)
        async with analyzer_at(address, analyzer):
            await windows(analyzer, (sender.sensor_id, 1), 51)
        check_windows(analyzer, sender, range(51))


async def test_old_recording_is_analysed_whole_though_the_analyzer_restarts(
    address: str, stores: Stores, settings: IngestSettings
) -> None:
    """Raw samples of a recording are kept from its upload, so none of its windows is too old."""
    analyzer = FakeAnalyzer()
    async with ingest_at(address, stores, settings) as running:
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open(start_time=Timestamp(seconds=int(time.time()) - 40 * 86400))
        async with analyzer_at(address, analyzer):
            await push(sender, 0, 1500)
            await windows(analyzer, (sender.sensor_id, 1), 6)
        await push(sender, 1500, 3000)
        async with analyzer_at(address, analyzer):
            await windows(analyzer, (sender.sensor_id, 1), 21)
        check_windows(analyzer, sender, range(21))


async def test_analyzer_that_does_not_answer_holds_back_nothing(
    address: str, stores: Stores, settings: IngestSettings
) -> None:
    analyzer = FakeAnalyzer()
    analyzer.acknowledge.clear()
    async with (
        analyzer_at(address, analyzer),
        ingest_at(
            address,
            stores,
            settings,
            sensor_tail_bytes=20_000,
            forward_in_flight_hops=15,
        ) as running,
    ):
        sender = await opened(running)
        await push(sender, 0, 20_000)
        feed = running.ingest.forwarder.feed((sender.sensor_id, 1))
        assert feed is not None
        assert feed.in_flight_hops <= 16
        assert running.ingest.registry.tail_bytes <= 20_000
        request = control.GetSensorStatusRequest(sensor_id=sender.sensor_id)
        status = (await running.control.GetSensorStatus(request)).status
        assert status.analysis_lag.ToTimedelta().total_seconds() > 15
        analyzer.acknowledge.set()
        await windows(analyzer, (sender.sensor_id, 1), 191)
        check_windows(analyzer, sender, range(191))


async def test_windows_far_behind_are_skipped(
    address: str, stores: Stores, settings: IngestSettings
) -> None:
    analyzer = FakeAnalyzer()
    async with ingest_at(address, stores, settings, max_analysis_lag_s=2.0) as running:
        sender = await opened(running)
        await push(sender, 0, 12_000)
        await asyncio.sleep(2.5)  # behind in time of the samples, and for so long
        async with analyzer_at(address, analyzer):
            await windows(analyzer, (sender.sensor_id, 1), 1)
            await push(sender, 12_000, 13_000)
            await windows(analyzer, (sender.sensor_id, 1), 11)
        reason = features_pb2.EMPTY_REASON_ANALYSIS_SKIPPED
        assert analyzer.skips == [(sender.sensor_id, 110, reason)]
        check_windows(analyzer, sender, range(110, 121))


async def test_announcement_says_everything(sender: Sender, analyzer: FakeAnalyzer) -> None:
    await sender.push(sender.batch(0, 1000))
    await windows(analyzer, (sender.sensor_id, 1), 1)
    (message,) = analyzer.opens
    assert (message.sensor_id, message.epoch) == (sender.sensor_id, 1)
    assert message.config == sender.opened.config
    assert message.encoding == samples_pb2.SAMPLE_ENCODING_F32LE
    assert message.anchor_time == sender.opened.anchor_time
    assert (message.hop_samples, message.window_hops) == (100, 10)
    assert message.shard == shard_of(sender.sensor_id)


async def test_changed_configuration_is_announced_and_analysis_goes_on(
    sender: Sender, running: RunningIngest, analyzer: FakeAnalyzer
) -> None:
    await sender.push(sender.batch(0, 1500))
    await windows(analyzer, (sender.sensor_id, 1), 6)
    sensor = (
        await running.assets.GetSensor(
            asset_service_pb2.GetSensorRequest(sensor_id=sender.sensor_id)
        )
    ).sensor
    sensor.config.channels[0].full_scale = 50.0
    await running.assets.UpdateSensor(asset_service_pb2.UpdateSensorRequest(sensor=sensor))
    async with asyncio.timeout(60):
        while len(analyzer.opens) < 2:
            await asyncio.sleep(0.01)
    assert analyzer.opens[1].slot == analyzer.opens[0].slot
    assert analyzer.opens[1].config.version == 2
    assert analyzer.opens[1].config.channels[0].full_scale == 50.0
    await sender.push(sender.batch(1500, 1500))
    await windows(analyzer, (sender.sensor_id, 1), 21)
    check_windows(analyzer, sender, range(21))


async def test_machine_data_travels_with_the_windows_and_changes_under_way(
    running: RunningIngest, analyzer: FakeAnalyzer
) -> None:
    sender = Sender(running.stub, running.assets)
    bearing = assets_pb2.Bearing(designation="SKF 6205-2RS")
    await sender.create(nominal_speed_rpm=1480.0, bearing=bearing)
    opened_stream = await sender.open()
    assert opened_stream.config.nominal_speed_rpm == 1480.0
    await sender.push(sender.batch(0, 1500))
    await windows(analyzer, (sender.sensor_id, 1), 6)
    assert analyzer.opens[0].config == opened_stream.config
    request = asset_service_pb2.GetSensorRequest(sensor_id=sender.sensor_id)
    sensor = (await running.assets.GetSensor(request)).sensor
    sensor.config.bearing.designation = "SKF 6206"
    sensor.config.gears.add(driving_teeth=20, driven_teeth=57)
    await running.assets.UpdateSensor(asset_service_pb2.UpdateSensorRequest(sensor=sensor))
    async with asyncio.timeout(60):
        while len(analyzer.opens) < 2:
            await asyncio.sleep(0.01)
    announced = analyzer.opens[1].config
    assert (announced.version, announced.bearing.designation) == (2, "SKF 6206")
    assert announced.gears == sensor.config.gears
    assert announced.nominal_speed_rpm == 1480.0
    await sender.push(sender.batch(1500, 1500))
    await windows(analyzer, (sender.sensor_id, 1), 21)
    check_windows(analyzer, sender, range(21))


@pytest.mark.parametrize("tail_bytes", [0, 10**6])
async def test_measured_speeds_travel_with_the_hops_from_memory_and_from_the_store(
    address: str, stores: Stores, settings: IngestSettings, tail_bytes: int
) -> None:
    analyzer = FakeAnalyzer()
    async with (
        ingest_at(address, stores, settings, sensor_tail_bytes=tail_bytes) as running,
        analyzer_at(address, analyzer),
    ):
        sender = await opened(running)
        batches = [
            sender.batch(0, 450, shaft_speed_hz=24.5),  # hop 4 ends at another speed
            sender.batch(450, 450, shaft_speed_hz=25.0),
            sender.batch(900, 300),
            sender.batch(1200, 300, shaft_speed_hz=0.0),  # stands still, which is measured too
        ]
        for batch in batches:
            await sender.push(batch)
        await windows(analyzer, (sender.sensor_id, 1), 6)
        check_windows(analyzer, sender, range(6))
    expected = dict.fromkeys(range(4), 24.5) | dict.fromkeys(range(4, 9), 25.0)
    assert analyzer.speeds_hz[sender.sensor_id, 1] == expected | dict.fromkeys(range(12, 15), 0.0)


async def test_speed_that_cannot_be_is_refused(sender: Sender) -> None:
    for speed_hz in (-1.0, float("nan"), float("inf")):
        with pytest.raises(grpc.aio.AioRpcError, match="shaft_speed_hz"):
            await sender.push(sender.batch(0, 100, shaft_speed_hz=speed_hz))


async def test_changed_rate_takes_effect_with_the_next_epoch(
    sender: Sender, running: RunningIngest, analyzer: FakeAnalyzer
) -> None:
    await sender.push(sender.batch(0, 1500))
    sensor = (
        await running.assets.GetSensor(
            asset_service_pb2.GetSensorRequest(sensor_id=sender.sensor_id)
        )
    ).sensor
    sensor.config.sample_rate_hz = 2000.0
    await running.assets.UpdateSensor(asset_service_pb2.UpdateSensorRequest(sensor=sensor))
    await asyncio.sleep(0.2)
    opened_again = await sender.open()  # the same run of the converter goes on as it began
    assert (opened_again.epoch, opened_again.config.version) == (1, 1)
    await sender.push(sender.batch(1500, 1500))
    await windows(analyzer, (sender.sensor_id, 1), 21)
    check_windows(analyzer, sender, range(21))

    sender.boot_id, sender.rate = "boot-2", 2000.0
    opened_new = await sender.open(takeover=True)
    assert (opened_new.epoch, opened_new.config.version) == (2, 2)
    await sender.push(sender.batch(0, 2000))
    await windows(analyzer, (sender.sensor_id, 2), 1)
    assert analyzer.opens[-1].hop_samples == 200


async def test_burst_is_one_window(running: RunningIngest, analyzer: FakeAnalyzer) -> None:
    sender = Sender(running.stub, running.assets, "wireless-1")
    burst = assets_pb2.BurstAcquisition(length_samples=256)
    burst.interval.FromSeconds(10)
    await sender.create(acquisition=assets_pb2.Acquisition(burst=burst))
    await sender.open()
    response = await sender.push(*[sender.batch(at, 64) for at in range(0, 1024, 64)])
    assert response.results[0].next_index == 1024
    await windows(analyzer, ("wireless-1", 1), 4)
    for window, samples in analyzer.windows["wireless-1", 1].items():
        np.testing.assert_array_equal(samples, sender.samples(window * 256, 256))
    assert analyzer.opens[-1].window_hops == 1


@pytest.mark.parametrize(
    ("encoding", "width"),
    [(samples_pb2.SAMPLE_ENCODING_I16LE, 2), (samples_pb2.SAMPLE_ENCODING_I24LE, 3)],
)
async def test_integers_travel_as_they_came(
    running: RunningIngest, analyzer: FakeAnalyzer, encoding: int, width: int
) -> None:
    sender = Sender(running.stub, running.assets, "raw")
    await sender.create()
    await sender.open(encoding=encoding, scales=[0.5, 0.25])
    rng = np.random.default_rng(1)
    samples = rng.integers(0, 256, (2, 1300 * width), dtype=np.uint8)
    first = np.ascontiguousarray(samples[:, : 770 * width]).tobytes()
    rest = np.ascontiguousarray(samples[:, 770 * width :]).tobytes()
    await sender.push(sender.batch(0, 770, planar=first), sender.batch(770, 530, planar=rest))
    await windows(analyzer, ("raw", 1), 4)
    for window, got in analyzer.windows["raw", 1].items():
        assert got is not None
        wanted = samples[:, window * 100 * width : (window * 100 + 1000) * width]
        np.testing.assert_array_equal(got.view(np.uint8).reshape(2, -1), wanted)
    assert list(analyzer.opens[-1].scales) == [0.5, 0.25]
