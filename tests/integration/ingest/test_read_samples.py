"""Reading back from PostgreSQL: everything, at bounded cost, for whoever may."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import grpc
import numpy as np
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

import kurto
from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1.ingest_service_pb2_grpc import add_IngestServiceServicer_to_server
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender, hashed_samples, run_ingest
from kurto_service.errors import error_info
from kurto_service.identity import Principal
from kurto_service.testing import serve

BATCH = 100_000  # samples of 8 channels: 3.2 MB


async def read(running: RunningIngest, **arguments: Any) -> list[kurto.SamplesPiece]:
    client = kurto.Client(running.channel)
    return [piece async for piece in client.read_samples("pump-7", **arguments)]


def holes(pieces: list[kurto.SamplesPiece]) -> list[tuple[int, int, str]]:
    return [
        (piece.first_index, piece.end_index, piece.reason)
        for piece in pieces
        if isinstance(piece, kurto.SamplesHole)
    ]


def check_samples(pieces: list[kurto.SamplesPiece], channels: int = 2) -> int:
    """Compare each sample with what its sensor, epoch and index say; returns their number."""
    count = 0
    for piece in pieces:
        if isinstance(piece, kurto.SamplesChunk):
            length = piece.end_index - piece.first_index
            epoch = piece.header.epoch
            sent = hashed_samples("pump-7", epoch, piece.first_index, length, channels)
            np.testing.assert_array_equal(piece.samples, sent)
            count += length
    return count


async def test_what_was_pushed_comes_back(running: RunningIngest, sender: Sender) -> None:
    await sender.push(sender.batch(0, 250), sender.batch(400, 333), sender.batch(900, 100))
    await sender.push(sender.batch(300, 60), sender.abandon(733, 800))
    pieces = await read(running)
    assert holes(pieces) == [
        (250, 300, "missing"),
        (360, 400, "missing"),
        (733, 800, "abandoned"),
        (800, 900, "missing"),
    ]
    assert check_samples(pieces) == 250 + 60 + 333 + 100
    ends = [(piece.first_index, piece.end_index) for piece in pieces]
    assert [first for first, _ in ends] == [0, *(end for _, end in ends[:-1])]
    assert ends[-1][1] == 1000
    header = pieces[0].header
    assert (header.sample_rate_hz, header.channels, header.units) == (
        1000.0, ("c0", "c1"), ("g", "g"),
    )  # fmt: skip


async def test_epochs_are_read_by_time_or_by_number(running: RunningIngest, sender: Sender) -> None:
    await sender.push(sender.batch(0, 500))
    first = await read(running)
    sender.boot_id = "boot-2"
    await sender.open(takeover=True)
    await sender.push(sender.batch(0, 300))
    both = await read(running)
    assert [piece.header.epoch for piece in both] == [1, 2]
    assert check_samples(both) == 800
    assert check_samples(await read(running, epoch=2, first_index=100, end_index=9999)) == 200
    start = first[0].start_time + timedelta(milliseconds=100)  # type: ignore[union-attr]
    part = await read(running, start=start, end=start + timedelta(milliseconds=50))
    # The other epoch may have begun in these 50 ms too.
    of_first = [piece for piece in part if piece.header.epoch == 1]
    assert [(piece.first_index, piece.end_index) for piece in of_first] == [(100, 150)]
    for piece in part:
        times_us = piece.header.times_us(piece.first_index, piece.end_index - piece.first_index)
        assert start.timestamp() * 1e6 <= times_us[0] + 1
        assert times_us[-1] < start.timestamp() * 1e6 + 50_000


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ({"epoch": 9}, "NOT_FOUND", "NO_SAMPLES"),
        ({"epoch": 1, "first_index": 500}, "NOT_FOUND", "NO_SAMPLES"),
        ({"end": datetime(2000, 1, 1, tzinfo=UTC)}, "NOT_FOUND", "NO_SAMPLES"),
        ({"epoch": -1}, "INVALID_ARGUMENT", "INVALID_FIELD"),
        ({"epoch": 1, "first_index": 7, "end_index": 7}, "INVALID_ARGUMENT", "INVALID_FIELD"),
        ({"channels": ["c7"]}, "INVALID_ARGUMENT", "INVALID_FIELD"),
        ({"channels": ["c0", "c0"]}, "INVALID_ARGUMENT", "INVALID_FIELD"),
    ],
)
async def test_what_cannot_be_read_is_refused(
    running: RunningIngest, sender: Sender, arguments: dict[str, Any], code: str, reason: str
) -> None:
    await sender.push(sender.batch(0, 500))
    with pytest.raises(kurto.CallError) as caught:
        await read(running, **arguments)
    assert (caught.value.code.name, caught.value.reason) == (code, reason)


async def test_an_unknown_sensor_is_named(running: RunningIngest) -> None:
    with pytest.raises(kurto.CallError, match="pump-7") as caught:
        await read(running)
    assert caught.value.reason == "UNKNOWN_SENSOR"


@pytest.mark.parametrize(("role", "allowed"), [("viewer", True), ("sensor", False)])
async def test_reading_needs_a_viewer(
    running: RunningIngest, sender: Sender, role: Any, allowed: bool
) -> None:
    await sender.push(sender.batch(0, 500))
    servicer = running.ingest.servicer
    principal = Principal(name="somebody", roles=frozenset({role}))
    async with serve(add_IngestServiceServicer_to_server, servicer, principal=principal) as channel:
        pieces = kurto.Client(channel).read_samples("pump-7")
        if allowed:
            assert check_samples([piece async for piece in pieces]) == 500
            return
        with pytest.raises(kurto.CallError) as caught:
            await anext(pieces)
        assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED


@asynccontextmanager
async def much_stored(
    stores: Stores, settings: IngestSettings, **changes: Any
) -> AsyncIterator[RunningIngest]:
    """Ingest with 26 MB of samples of one sensor."""
    changed = settings.model_copy(update=changes)
    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(stores, channel, changed) as running,
    ):
        sender = Sender(running.stub, running.assets, channels=8, rate=10_000.0)
        await sender.create()
        start = datetime.now(UTC) - timedelta(seconds=80)
        await sender.open(start_time=start)
        for first in range(0, 8 * BATCH, BATCH):
            answer = await sender.push(sender.batch(first, BATCH))
            assert answer.results[0].next_index == first + BATCH
        yield running


async def stall(running: RunningIngest) -> Any:
    """Begin to read, and stop after the first message."""
    call = running.stub.ReadSamples(pb.ReadSamplesRequest(sensor_id="pump-7"))
    assert isinstance(await call.read(), pb.ReadSamplesResponse)
    return call


async def test_too_many_readers_are_told_when_to_come_again(
    stores: Stores, settings: IngestSettings
) -> None:
    async with much_stored(stores, settings, max_sample_reads=2) as running:
        stalled = [await stall(running) for _ in range(2)]
        late = running.stub.ReadSamples(pb.ReadSamplesRequest(sensor_id="pump-7"))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await late.read()
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        info = error_info(caught.value)
        assert info is not None
        assert info.reason == "OVERLOADED"
        assert retry_s(caught.value) == 1.0
        for call in stalled:  # a reader that goes makes room
            call.cancel()
        async with asyncio.timeout(90):
            assert check_samples(await read(running), channels=8) == 8 * BATCH


def retry_s(error: grpc.aio.AioRpcError) -> float | None:
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            for detail in Status.FromString(value).details:
                retry = RetryInfo()
                if detail.Unpack(retry):
                    return retry.retry_delay.ToTimedelta().total_seconds()
    return None


async def test_a_reader_that_takes_nothing_is_sent_away(
    stores: Stores, settings: IngestSettings
) -> None:
    async with much_stored(stores, settings, max_sample_reads=1, read_stall_s=1.5) as running:
        call = await stall(running)
        async with asyncio.timeout(90):
            # Its place is free though its connection lives.
            assert check_samples(await read(running), channels=8) == 8 * BATCH
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                while await call.read() is not grpc.aio.EOF:
                    pass
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_readers_take_little_memory(stores: Stores, settings: IngestSettings) -> None:
    # Nothing else shall allocate meanwhile: what was pushed would go to the analyzer for seconds.
    alone = {"realtime_enabled": False, "max_sample_reads": 4}
    async with much_stored(stores, settings, **alone) as running:
        tracemalloc.start()
        try:
            for call in [await stall(running) for _ in range(4)]:
                await asyncio.sleep(0.5)
                assert not call.done()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # Four pages of 1 MiB, in several forms; 104 MB are asked for.
        assert peak < 16 * 2**20


async def test_what_is_deleted_meanwhile_becomes_a_hole(
    stores: Stores, settings: IngestSettings, ingest_dsn: str
) -> None:
    async with much_stored(stores, settings) as running:
        client, pieces = kurto.Client(running.channel), []
        async for piece in client.read_samples("pump-7"):
            pieces.append(piece)
            if len(pieces) == 1:
                connection = await asyncpg.connect(ingest_dsn)
                await drop_all(connection)
                await connection.close()
        count = check_samples(pieces, channels=8)
        assert 0 < count < 8 * BATCH
        assert holes(pieces) == [(count, 8 * BATCH, "expired")]


async def test_kept_copies_come_once_and_outlive_the_rest(
    running: RunningIngest, sender: Sender, ingest_dsn: str
) -> None:
    await sender.push(sender.batch(0, 3000))
    start = (await read(running))[0].start_time  # type: ignore[union-attr]
    request = pb.KeepSamplesRequest(keep_id="k", sensor_id="pump-7", note="evidence")
    request.reason = pb.KEEP_REASON_REQUEST
    request.time_range.start_time.FromDatetime(start + timedelta(seconds=1))
    request.time_range.end_time.FromDatetime(start + timedelta(seconds=2))
    await running.stub.KeepSamples(request)
    async with asyncio.timeout(60):
        while (await kept(running)).sample_count < 1000:
            await asyncio.sleep(0.05)
    pieces = await read(running)
    assert (check_samples(pieces), holes(pieces)) == (3000, [])
    connection = await asyncpg.connect(ingest_dsn)
    await drop_all(connection)
    await connection.close()
    pieces = await read(running)
    assert check_samples(pieces) == 1000
    assert holes(pieces) == [(0, 1000, "expired"), (2000, 3000, "expired")]


async def kept(running: RunningIngest) -> pb.KeptSamples:
    answer = await running.stub.ListKeptSamples(pb.ListKeptSamplesRequest())
    return answer.kept[0]


async def drop_all(connection: Any) -> None:
    """Do what retention does, to all partitions of the default class."""
    rows = await connection.fetch(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'ingest.sensor_data_1'::regclass"
    )
    for row in rows:
        table = f"ingest.{row['relname']}"
        detach = f"ALTER TABLE ingest.sensor_data_1 DETACH PARTITION {table} CONCURRENTLY"
        await connection.execute(detach)
        await connection.execute(f"DROP TABLE {table}")
