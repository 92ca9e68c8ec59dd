"""PostgreSQL grows to its limit: the oldest hours go, then no samples are taken, then again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from tests.integration.ingest.test_streams import accepted

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.ingest.v1 import stream_control_service_pb2 as control
from kurto.ingest.v1 import stream_status_pb2 as states
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.postgres import Partitions, PostgresSpaceStore
from kurto_ingest.settings import IngestSettings
from kurto_ingest.space.partitioning import hour_of
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.clock import SystemClock
from kurto_service.errors import error_info
from kurto_service.postgres import create_pool
from kurto_service.testing import serve

MB = 1_000_000
SAMPLES = 5 * MB // 8  # of two float32 channels: 5 MB


class Disk(PostgresSpaceStore):
    """The real store; its limit can be moved. Ages are those of the hour in which it was made."""

    present = 0  # hour

    def limit(self, max_database_bytes: int) -> None:
        """Let the database grow to so many bytes."""
        self._max_bytes = max_database_bytes


@pytest.fixture
async def disk(settings: IngestSettings) -> AsyncIterator[Disk]:
    """Room on PostgreSQL."""
    pool = await create_pool(settings.postgres_dsn, max_size=2, acquire_timeout_s=30)
    partitions = Partitions(pool, SystemClock(), default_s=86400, ahead_s=7200)
    disk = Disk(pool, partitions, disk_path="", max_database_bytes=0)
    disk.present = hour_of(datetime.now(UTC))
    yield disk
    await pool.close()


@pytest.fixture
async def running(
    stores: Stores, disk: Disk, analyzer: FakeAnalyzer, settings: IngestSettings
) -> AsyncIterator[RunningIngest]:
    """Ingest that looks at the disk all the time, and has little patience."""
    quick = settings.model_copy(
        update={"disk_check_interval_s": 0.1, "room_patience_s": 0.5, "record_interval_s": 0.1}
    )
    async with (
        serve(add_AnalyzerServiceServicer_to_server, analyzer) as channel,
        run_ingest(replace(stores, space=disk), channel, quick) as ingest,
    ):
        yield ingest


@pytest.fixture
async def sender(running: RunningIngest) -> Sender:
    """A sensor of 25.6 kHz."""
    sender = Sender(running.stub, running.assets, rate=25600.0)
    await sender.create()
    return sender


async def fill_hour(sender: Sender, disk: Disk, hours_ago: int) -> None:
    """Store 5 MB as if they had come `hours_ago`."""
    start = Timestamp(seconds=3600 * (disk.present - hours_ago))
    sender.boot_id = f"hour-{hours_ago}"
    await sender.open(start_time=start, takeover=True)
    batches = [sender.batch(at, 62_500) for at in range(0, SAMPLES, 62_500)]
    response = await sender.push(*batches)
    assert response.results[0].next_index == SAMPLES


async def stored_hours(disk: Disk) -> list[int]:
    """Return how long ago the samples were taken that are there, in hours."""
    rows = await disk._pool.fetch("SELECT DISTINCT block_time FROM ingest.sensor_data")
    return sorted({disk.present - hour_of(row["block_time"]) for row in rows})


async def storage(running: RunningIngest) -> states.StorageStatus:
    return (await running.control.GetStorageStatus(control.GetStorageStatusRequest())).status


async def until(running: RunningIngest, *wanted: int) -> states.StorageStatus:
    async with asyncio.timeout(60):
        while (status := await storage(running)).state not in wanted:
            await asyncio.sleep(0.05)
    return status


async def kinds(running: RunningIngest) -> list[int]:
    response = await running.control.ListStreamEvents(control.ListStreamEventsRequest())
    return [event.kind for event in response.events if event.kind >= 11]


async def refused(call: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    info = error_info(caught.value)
    assert info is not None
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert info.reason == "STORAGE_FULL"
    details = dict(caught.value.trailing_metadata() or ())["grpc-status-details-bin"]
    retry = RetryInfo()
    assert any(detail.Unpack(retry) for detail in Status.FromString(bytes(details)).details)
    assert retry.retry_delay.ToTimedelta().total_seconds() > 0


async def test_oldest_hours_are_deleted_first(
    running: RunningIngest, sender: Sender, disk: Disk
) -> None:
    for hours in (2, 5, 3, 4, 0):
        await fill_hour(sender, disk, hours)
    assert await stored_hours(disk) == [0, 2, 3, 4, 5]
    size = (await disk.space()).database_bytes
    disk.limit(round(size / 0.92))  # 8 % are free, 12 % shall be: 1.7 MB must go
    async with asyncio.timeout(60):
        while 5 in await stored_hours(disk):
            await asyncio.sleep(0.05)
    status = await until(running, states.STORAGE_STATE_OK)
    assert await stored_hours(disk) == [0, 2, 3, 4]
    assert status.database_bytes < size - 4 * MB
    assert status.free_ratio > 0.12
    async with asyncio.timeout(60):
        while await kinds(running) != [states.STREAM_EVENT_KIND_SAMPLES_SHED]:
            await asyncio.sleep(0.05)
    assert running.ingest.metrics.shed_bytes._value.get() > 4 * MB


async def test_long_query_does_not_keep_the_disk_full(
    running: RunningIngest, sender: Sender, disk: Disk
) -> None:
    for hours in (3, 2, 0):
        await fill_hour(sender, disk, hours)
    size = (await disk.space()).database_bytes
    async with disk._pool.acquire() as connection, connection.transaction():
        recent = datetime.now(UTC) - timedelta(hours=1)
        await connection.execute(
            f"SELECT FROM ingest.sensor_data WHERE block_time > '{recent.isoformat()}'"
        )
        disk.limit(round(size / 0.92))
        async with asyncio.timeout(60):
            while running.ingest.metrics.shed_bytes._value.get() < 4 * MB:
                await asyncio.sleep(0.05)
        await until(running, states.STORAGE_STATE_OK)
        assert (await disk.space()).database_bytes < size - 4 * MB


async def test_no_samples_are_taken_when_nothing_is_left_to_delete(
    running: RunningIngest, sender: Sender, disk: Disk, stores: Stores
) -> None:
    await fill_hour(sender, disk, 0)
    size = (await disk.space()).database_bytes
    disk.limit(round(size / 0.96))
    status = await until(running, states.STORAGE_STATE_STOPPED)
    assert any("full" in problem for problem in status.problems)
    record = await stores.streams.find(sender.sensor_id, 1)
    assert record is not None
    await refused(sender.open())
    same = await stores.streams.find(sender.sensor_id, 1)
    assert same is not None
    assert same.fence == record.fence
    await refused(sender.push(*[sender.batch(SAMPLES + at, 100) for at in range(0, 900, 100)]))
    assert await stored_hours(disk) == [0]

    disk.limit(round(size / 0.94))  # 6 %: not enough to begin again
    await asyncio.sleep(0.5)
    assert (await storage(running)).state == states.STORAGE_STATE_STOPPED
    disk.limit(size * 2)
    await until(running, states.STORAGE_STATE_OK)
    opened = await sender.open()
    response = await sender.push(sender.batch(opened.next_index, 100))
    assert response.results[0].next_index == opened.next_index + 100
    async with asyncio.timeout(60):
        while await kinds(running) != [
            states.STREAM_EVENT_KIND_STORAGE_RESUMED,
            states.STREAM_EVENT_KIND_STORAGE_STOPPED,
        ]:
            await asyncio.sleep(0.05)


async def test_open_call_is_ended_and_loses_nothing(
    running: RunningIngest, sender: Sender, disk: Disk, stores: Stores
) -> None:
    await fill_hour(sender, disk, 0)
    call = sender.stub.Push()
    await call.write(sender.start())
    await call.write(sender.batch(SAMPLES, 1000))
    await accepted(running, sender, SAMPLES + 1000)
    disk.limit(round((await disk.space()).database_bytes / 0.97))
    await until(running, states.STORAGE_STATE_STOPPED)
    at = SAMPLES + 1000
    with pytest.raises((grpc.aio.AioRpcError, asyncio.InvalidStateError)):
        while True:
            await call.write(sender.batch(at, 1000))
            at += 1000
            await asyncio.sleep(0.02)
    await refused(call)
    disk.limit(0)
    await asyncio.sleep(0.3)
    assert (await storage(running)).state == states.STORAGE_STATE_STOPPED  # not known: as it was
    disk.limit(10**12)
    await until(running, states.STORAGE_STATE_OK)
    opened = await sender.open()
    assert list(opened.missing_ranges) == []
    assert opened.next_index > SAMPLES
    record = await stores.streams.find(sender.sensor_id, 1)
    assert record is not None
    rows = await stores.samples.read(record.format, SAMPLES, opened.next_index)
    assert rows[-1].first + rows[-1].count == opened.next_index
