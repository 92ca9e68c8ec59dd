"""Reading back through connections that break anywhere."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import grpc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kurto
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc
from kurto.reading import read_request, read_samples
from kurto_ingest.assets.model import Channel, Sensor, SensorConfig
from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.ports import NewStream, StreamCommit
from kurto_ingest.reading.read_calls import ReadLimits, SampleReads
from kurto_ingest.reading.sample_reader import ReadSizes
from kurto_ingest.stores import Stores
from kurto_ingest.streams.blocks import cut_at_grid
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.ranges import RangeSet
from kurto_service.clock import SystemClock

RATE, ANCHOR_US = 1000.0, 1_700_000_000_000_000
COUNT, GAP = 1200, (300, 450)


@dataclass
class Breaking(ingest_service_pb2_grpc.IngestServiceServicer):
    """Serves reads, and breaks each after a number of messages for as long as there are numbers."""

    reads: SampleReads
    breaks: list[int] = field(default_factory=list)
    code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE
    grow: Any = None
    calls: int = 0

    async def ReadSamples(  # type: ignore[override]  # it writes
        self, request: pb.ReadSamplesRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> None:
        self.calls += 1
        left = self.breaks.pop(0) if self.breaks else -1

        async def write(message: pb.ReadSamplesResponse) -> None:
            nonlocal left
            if left == 0:
                if self.grow is not None:
                    await self.grow()
                await context.abort(self.code, "broken on purpose")
            left -= 1
            await context.write(message)

        await self.reads.serve(request, write)


def steps(first: int, end: int) -> list[list[int]]:
    return [[(i * 7 + c * 1009) % 30_000 - 15_000 for i in range(first, end)] for c in range(2)]


async def add_epoch(stores: Stores, boot_id: str, encoding: Encoding = Encoding.I16LE) -> None:
    sensor = await stores.sensors.get_sensor("s")
    new = NewStream(
        sensor=sensor,
        boot_id=boot_id,
        encoding=encoding,
        scales=(0.5, 0.25) if encoding.is_integer else (),
        anchor_us=ANCHOR_US,
        clock_offset_us=None,
    )
    record = await stores.streams.begin(new)
    assert record is not None
    await add_samples(stores, record.format.epoch, (0, GAP[0]), (GAP[1], COUNT))


async def add_samples(stores: Stores, epoch: int, *parts: tuple[int, int]) -> None:
    record = await stores.streams.find("s", epoch)
    assert record is not None
    after, blocks = record.position.copy(), []
    for first, end in parts:
        after.offer(first, end - first)
        samples = encoded(first, end, record.format.encoding)
        blocks += list(cut_at_grid(record.format, first, samples, lambda _: 2, 24.5))
    commit = StreamCommit(
        format=record.format,
        fence=record.fence,
        before_index=record.position.next_index,
        after=after,
        blocks=blocks,
        late_windows=RangeSet(),
    )
    assert await stores.samples.commit([commit], uuid4())


def encoded(first: int, end: int, encoding: Encoding) -> Any:
    values = np.array(steps(first, end))
    if encoding is Encoding.F32LE:
        return (values / 8).astype("<f4")
    if encoding is Encoding.I16LE:
        return values.astype("<i2")
    wide = values.astype("<i4").view(np.uint8).reshape(2, -1, 4)
    return np.ascontiguousarray(wide[..., :3])


@asynccontextmanager
async def service(
    *encodings: Encoding, chunk_bytes: int = 200
) -> AsyncIterator[tuple[Breaking, kurto.Client, Stores]]:
    """A service with an epoch of each encoding, and a client of it."""
    stores = fake_stores(SystemClock())
    channels = (Channel(name="x", unit="g"), Channel(name="y", unit="m/s2"))
    config = SensorConfig(version=0, sample_rate_hz=RATE, channels=channels)
    await stores.sensors.create_sensor(Sensor(sensor_id="s", config=config))
    for number, encoding in enumerate(encodings):
        await add_epoch(stores, f"boot-{number}", encoding)
    reads = SampleReads(
        sensors=stores.sensors,
        streams=stores.streams,
        archive=stores.archive,
        quarantine=stores.quarantine,
        times=stores.times,
        limits=ReadLimits(4, 10.0, ReadSizes(500, chunk_bytes)),
    )
    servicer, server = Breaking(reads), grpc.aio.server()
    ingest_service_pb2_grpc.add_IngestServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with kurto.connect(f"127.0.0.1:{port}") as client:
            yield servicer, client, stores
    finally:
        await server.stop(None)


def flattened(pieces: Sequence[kurto.SamplesPiece]) -> list[tuple[int, int, object]]:
    """Return (epoch, index, value or reason), one a sample."""
    flat: list[tuple[int, int, object]] = []
    for piece in pieces:
        for index in range(piece.first_index, piece.end_index):
            value: object
            if isinstance(piece, kurto.SamplesHole):
                value = piece.reason
            else:
                value = tuple(piece.samples[:, index - piece.first_index].tolist())
            flat.append((piece.header.epoch, index, value))
    return flat


def expected(epochs: int) -> list[tuple[int, int, object]]:
    a, b = steps(0, COUNT)
    return [
        (epoch, i, "missing" if GAP[0] <= i < GAP[1] else (a[i] * 0.5, b[i] * 0.25))
        for epoch in range(1, epochs + 1)
        for i in range(COUNT)
    ]


@given(breaks=st.lists(st.integers(0, 60), max_size=6))
@settings(max_examples=30, deadline=None)
def test_wherever_it_breaks_all_comes_once(breaks: list[int]) -> None:
    async def run() -> None:
        async with service(Encoding.I16LE, Encoding.I16LE) as (servicer, client, _):
            servicer.breaks = breaks.copy()
            pieces = [piece async for piece in client.read_samples("s")]
            assert flattened(pieces) == expected(2)
            assert len({id(piece.header) for piece in pieces}) == 2

    asyncio.run(run())


async def test_what_grew_meanwhile_is_left_out() -> None:
    async with service(Encoding.I16LE) as (servicer, client, stores):

        async def grow() -> None:
            await add_samples(stores, 1, (COUNT, COUNT + 150))
            servicer.grow = None

        servicer.breaks, servicer.grow = [5], grow
        pieces = [piece async for piece in client.read_samples("s")]
        assert servicer.calls == 2
        assert flattened(pieces) == expected(1)


async def test_reader_gives_up_after_a_while_that_brings_nothing() -> None:
    async with service(Encoding.I16LE) as (servicer, client, _):
        servicer.breaks = [0] * 99
        request = read_request("s")
        with pytest.raises(kurto.CallError, match="broken on purpose"):
            async for _ in read_samples(client.ingest, request, tuple, patience_s=0.5):
                pass
        assert servicer.calls >= 2


async def test_what_will_never_work_is_not_tried_again() -> None:
    async with service(Encoding.I16LE) as (servicer, client, _):
        servicer.breaks, servicer.code = [1], grpc.StatusCode.NOT_FOUND
        with pytest.raises(kurto.CallError):
            [piece async for piece in client.read_samples("s")]
        assert servicer.calls == 1


async def test_silent_connection_counts_as_broken() -> None:
    async with service(Encoding.I16LE) as (servicer, client, _):
        arrived = 0

        async def hang() -> None:
            servicer.grow = None
            await asyncio.sleep(60)

        servicer.breaks, servicer.grow = [3], hang
        async for _ in read_samples(client.ingest, read_request("s"), tuple, silence_s=2.0):
            arrived += 1
        assert servicer.calls == 2
        assert arrived > 3


@pytest.mark.parametrize(
    ("encoding", "raw_type", "scaled_type"),
    [
        (Encoding.F32LE, np.float32, np.float32),
        (Encoding.I16LE, np.int16, np.float64),
        (Encoding.I24LE, np.int32, np.float64),
    ],
)
async def test_arrays_hold_the_samples_and_mark_the_rest(
    encoding: Encoding, raw_type: Any, scaled_type: Any
) -> None:
    async with service(encoding) as (_, client, _):
        [raw] = await client.gather_samples("s", epoch=1, raw=True)
        [scaled] = await client.gather_samples("s", epoch=1, first_index=20, end_index=700)
    assert (raw.samples.dtype, scaled.samples.dtype) == (raw_type, scaled_type)
    assert (raw.first_index, raw.samples.shape) == (0, (2, COUNT))
    there = np.ones(COUNT, dtype=bool)
    there[slice(*GAP)] = False
    np.testing.assert_array_equal(raw.present, there)
    values = np.array(steps(0, COUNT)) / (1 if encoding.is_integer else 8)
    np.testing.assert_array_equal(raw.samples[:, there], values[:, there])
    scale = np.array([[0.5], [0.25]]) if encoding.is_integer else 1
    whole = np.where(there, values * scale, np.nan)
    np.testing.assert_array_equal(scaled.samples, whole[:, 20:700])
    assert [(hole.first_index, hole.end_index, hole.reason) for hole in raw.holes] == [
        (*GAP, "missing")
    ]


async def test_chunk_tells_all_that_came_with_it() -> None:
    async with service(Encoding.I16LE) as (_, client, _):
        pieces = client.read_samples("s", epoch=1, first_index=150, channels=["y"])
        async with aclosing(pieces):
            chunk = await anext(pieces)
    assert isinstance(chunk, kurto.SamplesChunk)
    assert (chunk.header.channels, chunk.header.units) == (("y",), ("m/s2",))
    assert chunk.header.scales == (0.25,)
    assert (chunk.quality_flags, chunk.shaft_speed_hz) == (("CLIPPED",), 24.5)
    assert chunk.start_time.timestamp() * 1e6 == ANCHOR_US + 150_000
    np.testing.assert_array_equal(chunk.samples[0] / 0.25, steps(150, chunk.end_index)[1])
    times_us = chunk.header.times_us(150, 3).tolist()
    assert times_us == [ANCHOR_US + 150_000 + i * 1000 for i in range(3)]


async def test_arrays_have_a_limit() -> None:
    async with service(Encoding.I16LE) as (_, client, _):
        with pytest.raises(ValueError, match="max_bytes"):
            await client.gather_samples("s", max_bytes=1000)


@pytest.mark.parametrize(
    "arguments",
    [
        {"first_index": 3},
        {"epoch": 1, "start": kurto.stored_samples._ORIGIN},
        {"start": kurto.stored_samples._ORIGIN.replace(tzinfo=None)},
    ],
)
def test_ranges_that_cannot_be_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"epoch|zone"):
        read_request("s", **arguments)
