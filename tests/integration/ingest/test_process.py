"""The real process: killed, asked to stop, and what is there afterwards."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.ingest.v1.ingest_service_pb2_grpc import IngestServiceStub
from kurto.ingest.v1.stream_control_service_pb2_grpc import StreamControlServiceStub
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.testing import Sender
from kurto_service.channels import channel_options

START_S = 60.0
AHEAD = 3_600_000  # an hour at 1000 Hz


@dataclass
class IngestProcess:
    """`python -m kurto_ingest` on a fixed port."""

    port: int
    environment: dict[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "kurto_ingest",
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.process.returncode is not None:
                break
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                async with grpc.aio.insecure_channel(f"127.0.0.1:{self.port}") as channel:
                    request = pb.GetStreamPositionRequest(sensor_id="nobody")
                    try:
                        await IngestServiceStub(channel).GetStreamPosition(request, timeout=5)
                    except grpc.aio.AioRpcError as error:
                        if error.code() is grpc.StatusCode.NOT_FOUND:
                            return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"ingest did not start:\n{self.log.read_text()[-4000:]}")

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        if self.process is None or self.process.returncode is not None:
            return 0
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 30)


@pytest.fixture
async def analyzer_port(analyzer: FakeAnalyzer) -> AsyncIterator[int]:
    """Port of the fake analyzer."""
    server = grpc.aio.server()
    add_AnalyzerServiceServicer_to_server(analyzer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield port
    await server.stop(0)


@pytest.fixture
async def process(
    settings: IngestSettings, analyzer_port: int, free_port: int, tmp_path: Path
) -> AsyncIterator[IngestProcess]:
    """Ingest as a process, started."""
    environment = {
        "KURTO_POSTGRES_DSN": settings.postgres_dsn,
        "KURTO_VALKEY_URL": settings.valkey_url,
        "KURTO_INGEST_GRPC_PORT": str(free_port),
        "KURTO_INGEST_METRICS_PORT": "0",
        "KURTO_ANALYZER_ADDRESS": f"127.0.0.1:{analyzer_port}",
    }
    process = IngestProcess(free_port, environment, tmp_path / "ingest.log")
    await process.start()
    yield process
    await process.end(signal.SIGKILL)


async def stream_for_a_while(
    sender: Sender, first: int, batches: int, on_batch: int, action: object
) -> pb.PushResponse:
    """Push in real time, and call `action` at batch number `on_batch`."""
    call = sender.stub.Push()
    await call.write(sender.start())
    for number in range(batches):
        if number == on_batch and callable(action):
            await action()
        await call.write(sender.batch(first + number * 100, 100))
        await asyncio.sleep(0.02)
    await call.done_writing()
    return await call


async def check_everything_is_there(stores: Stores, sender: Sender, end: int) -> None:
    """Compare every stored sample with the one that belongs there."""
    record = await stores.streams.find(sender.sensor_id, sender.opened.epoch)
    assert record is not None
    assert record.position.next_index == end
    assert record.position.absent == []
    seen = np.zeros(end, dtype=int)
    for row in await stores.samples.read(record.format, 0, end):
        seen[row.first : row.first + row.count] += 1
        np.testing.assert_array_equal(
            record.format.view(row.data), sender.samples(row.first, row.count)
        )
    assert (seen == 1).all()


async def test_kill_in_mid_stream_loses_no_acknowledged_sample(
    process: IngestProcess, stores: Stores, analyzer: FakeAnalyzer
) -> None:
    options = channel_options(4 * 1024 * 1024)
    address = f"127.0.0.1:{process.port}"
    acknowledged = 0
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        sender = Sender(IngestServiceStub(channel), AssetServiceStub(channel))
        await sender.create()
        await sender.open()
        for kill_at in (3, 11, 17):
            with pytest.raises((grpc.aio.AioRpcError, asyncio.InvalidStateError)):
                await stream_for_a_while(
                    sender, acknowledged, 30, kill_at, lambda: process.end(signal.SIGKILL)
                )
            await process.start()
            opened = await sender.open()
            assert opened.epoch == 1
            assert opened.next_index >= acknowledged
            assert list(opened.missing_ranges) == []
            # Some of what is there was never acknowledged: sending it again must not matter.
            response = await stream_for_a_while(sender, acknowledged, 15, -1, None)
            assert response.results[0].next_index >= acknowledged + 1500
            acknowledged = response.results[0].next_index
        await check_everything_is_there(stores, sender, acknowledged)
        windows = acknowledged // 100 - 9
        async with asyncio.timeout(60):
            while len(analyzer.windows[sender.sensor_id, 1]) < windows:
                await asyncio.sleep(0.05)
        for window, samples in analyzer.windows[sender.sensor_id, 1].items():
            assert samples is not None
            np.testing.assert_array_equal(samples, sender.samples(window * 100, 1000))


async def test_windows_left_by_a_killed_process_are_analysed_without_a_sender(
    process: IngestProcess, analyzer: FakeAnalyzer
) -> None:
    analyzer.acknowledge.clear()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{process.port}") as channel:
        sender = Sender(IngestServiceStub(channel), AssetServiceStub(channel))
        await sender.create()
        await sender.open()
        response = await sender.push(*[sender.batch(at, 100) for at in range(0, 20_000, 100)])
        assert response.results[0].next_index == 20_000
    await process.end(signal.SIGKILL)
    before = len(analyzer.windows[sender.sensor_id, 1])
    assert before < 191
    analyzer.acknowledge.set()
    await process.start()
    async with asyncio.timeout(60):
        while len(analyzer.windows[sender.sensor_id, 1]) < 191:
            await asyncio.sleep(0.05)
    for window, samples in analyzer.windows[sender.sensor_id, 1].items():
        assert samples is not None
        np.testing.assert_array_equal(samples, sender.samples(window * 100, 1000))


async def test_sigterm_acknowledges_everything_and_exits(
    process: IngestProcess, stores: Stores
) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{process.port}") as channel:
        sender = Sender(IngestServiceStub(channel), AssetServiceStub(channel))
        await sender.create()
        await sender.open()
        call = sender.stub.Push()
        await call.write(sender.start())
        for at in range(0, 3000, 50):
            await call.write(sender.batch(at, 50))
        control = StreamControlServiceStub(channel)
        request = control_pb.GetSensorStatusRequest(sensor_id=sender.sensor_id)
        async with asyncio.timeout(60):
            while (await control.GetSensorStatus(request)).status.next_index < 3000:
                await asyncio.sleep(0.02)
        started = time.monotonic()
        ending = asyncio.create_task(process.end(signal.SIGTERM))
        response = await call
        assert response.end_reason == pb.STREAM_END_REASON_DRAIN
        assert response.results[0].next_index == 3000
        assert await ending == 0
        assert time.monotonic() - started < 10
    await check_everything_is_there(stores, sender, 3000)


async def test_kill_while_samples_are_copied_out(
    process: IngestProcess, settings: IngestSettings
) -> None:
    """What is to be kept is there in the end, once, however often the copying is cut off."""
    await process.end(signal.SIGKILL)
    process.environment["KURTO_INGEST_KEEP_BATCH_BYTES"] = "8000"  # ten blocks
    process.environment["KURTO_INGEST_KEEP_INTERVAL_S"] = "0.1"
    await process.start()
    database = await asyncpg.connect(settings.postgres_dsn)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{process.port}") as channel:
        sender = Sender(IngestServiceStub(channel), AssetServiceStub(channel))
        await sender.create()
        start = datetime.now(UTC) - timedelta(seconds=60)
        begin, end, anchor = (Timestamp() for _ in range(3))
        anchor.FromDatetime(start)
        begin.FromDatetime(start + timedelta(seconds=5))
        end.FromDatetime(start + timedelta(seconds=55))
        await sender.open(start_time=anchor)
        await sender.push(*[sender.batch(at, 1000) for at in range(0, 60_000, 1000)])
        request = pb.KeepSamplesRequest(
            keep_id="k-1",
            sensor_id=sender.sensor_id,
            time_range=pb.TimeRange(start_time=begin, end_time=end),
        )
        await sender.stub.KeepSamples(request)
        copied = "SELECT count(*) FROM ingest.sensor_data WHERE retention_class = 4"
        seen = [0]
        for share in (60, 250):
            async with asyncio.timeout(60):
                while await database.fetchval(copied) < share:
                    await asyncio.sleep(0.005)
            await process.end(signal.SIGKILL)
            seen.append(await database.fetchval(copied))
            await process.start()
        assert seen == sorted(seen)
        assert seen[1] < 500  # the first one fell among the copies
        await sender.stub.KeepSamples(request)
        async with asyncio.timeout(60):
            while True:
                listed = await sender.stub.ListKeptSamples(pb.ListKeptSamplesRequest())
                if listed.kept[0].complete:
                    break
                await asyncio.sleep(0.05)
        assert listed.kept[0].sample_count == 50_000
        rows = await database.fetch(
            "SELECT first_index, samples FROM ingest.sensor_data WHERE retention_class = 4"
            " ORDER BY first_index"
        )
        assert [row["first_index"] for row in rows] == list(range(5000, 55_000, 100))
        for row in rows:
            assert row["samples"] == sender.samples(row["first_index"], 100).tobytes()
    await database.close()


async def test_without_the_live_path_it_is_healthy_without_an_analyzer(
    settings: IngestSettings, free_port: int, tmp_path: Path
) -> None:
    environment = {
        "KURTO_POSTGRES_DSN": settings.postgres_dsn,
        "KURTO_VALKEY_URL": settings.valkey_url,
        "KURTO_INGEST_GRPC_PORT": str(free_port),
        "KURTO_INGEST_METRICS_PORT": "0",
        "KURTO_ANALYZER_ADDRESS": "127.0.0.1:1",
        "KURTO_INGEST_REALTIME_ENABLED": "false",
    }
    process = IngestProcess(free_port, environment, tmp_path / "ingest.log")
    await process.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{free_port}") as channel:
            sender = Sender(IngestServiceStub(channel), AssetServiceStub(channel))
            await sender.create()
            await sender.open()
            response = await sender.push(sender.batch(0, 1500))
            assert response.results[0].next_index == 1500
            health: Any = health_pb2_grpc.HealthStub(channel)
            async with asyncio.timeout(60):
                while True:
                    found = await health.Check(health_pb2.HealthCheckRequest())
                    if found.status == health_pb2.HealthCheckResponse.SERVING:
                        break
                    await asyncio.sleep(0.1)
            status = await StreamControlServiceStub(channel).GetStorageStatus(
                control_pb.GetStorageStatusRequest()
            )
            assert not status.status.realtime_enabled
            assert not status.status.analyzer_connected
    finally:
        assert await process.end(signal.SIGTERM) == 0
    assert "analyzer_lost" not in process.log.read_text()


async def push_both(sender: Sender, first: int, batches: int, kill: object) -> pb.PushResponse:
    """Push samples in time and those of an hour ahead by turns; `kill` in the middle."""
    call = sender.stub.Push()
    await call.write(sender.start())
    for number in range(batches):
        if number == batches // 2 and callable(kill):
            await kill()
        for at in (first + number * 100, AHEAD + first + number * 100):
            await call.write(sender.batch(at, 100))
        await asyncio.sleep(0.02)
    await call.done_writing()
    return await call


async def test_kill_while_samples_go_into_quarantine(
    process: IngestProcess, stores: Stores, settings: IngestSettings
) -> None:
    """What was acknowledged is there, once, in its place; what is not durable is asked for."""
    options = channel_options(4 * 1024 * 1024)
    done = 0
    async with grpc.aio.insecure_channel(f"127.0.0.1:{process.port}", options=options) as channel:
        sender = Sender(IngestServiceStub(channel), AssetServiceStub(channel))
        await sender.create()
        await sender.open()
        for batches in (6, 20, 40):
            with pytest.raises((grpc.aio.AioRpcError, asyncio.InvalidStateError)):
                await push_both(sender, done, batches, lambda: process.end(signal.SIGKILL))
            await process.start()
            opened = await sender.open()
            if done:
                assert opened.next_index >= AHEAD + done
                assert all(one.first_index >= done for one in opened.missing_ranges)
                assert opened.missing_ranges[0].end_index == AHEAD
            response = await push_both(sender, done, 15, None)
            (result,) = response.results
            assert result.next_index >= AHEAD + done + 1500
            (missing,) = result.missing_ranges
            assert missing.first_index >= done + 1500
            assert missing.end_index == AHEAD
            assert result.accepted_sample_count <= 3000
            done = min(missing.first_index, result.next_index - AHEAD)
        record = await stores.streams.find(sender.sensor_id, 1)
        assert record is not None
        apart = await stores.quarantine.page(record.format, 0, 2**62, 10**6)
    for rows, begin in ((await stores.samples.read(record.format, 0, done), 0), (apart, AHEAD)):
        seen = np.zeros(rows[-1].first + rows[-1].count - begin, dtype=int)
        for row in rows:
            seen[row.first - begin : row.first - begin + row.count] += 1
            sent = sender.samples(row.first, row.count)
            np.testing.assert_array_equal(record.format.view(row.data), sent)
        assert len(seen) >= done
        assert (seen == 1).all()
