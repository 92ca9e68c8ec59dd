"""Whatever was stored, given up, deleted or copied: a reader gets what a plain model holds."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from uuid import uuid4

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.signal.v1 import samples_pb2
from kurto_ingest.assets.model import Burst, Channel, Sensor, SensorConfig
from kurto_ingest.fakes.archive import FakeSampleArchive
from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.fakes.streams import FakeSampleStore, FakeStreamStore
from kurto_ingest.ports import NewStream, StoredSamples, StreamCommit, StreamRecord
from kurto_ingest.reading.read_calls import ReadLimits, SampleReads
from kurto_ingest.reading.sample_reader import ReadSizes
from kurto_ingest.stores import Stores
from kurto_ingest.streams.blocks import Block, cut_at_grid
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_service.clock import SystemClock

RATE, HOP = 100.0, 10
NAMES = ("a", "b", "c")
ANCHOR_US = 1_700_000_000_000_000
ENCODINGS = (Encoding.F32LE, Encoding.I16LE, Encoding.I24LE)

State: TypeAlias = Literal["kept", "missing", "abandoned", "expired"]
REASONS: dict[int, State] = {1: "missing", 2: "abandoned", 3: "expired"}


@dataclass(frozen=True)
class Step:
    """A batch, an abandonment, a deletion of old rows, or a copy of rows that is kept longer."""

    kind: str
    first: int
    count: int
    flag: int


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["batch", "batch", "batch", "abandon", "delete", "copy"]),
        st.integers(0, 160),
        st.integers(1, 45),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=12,
)


class TwoClasses(FakeSampleArchive):
    """Rows in a class from which old ones are deleted, and copies in one that is kept longer."""

    def __init__(self, streams: FakeStreamStore, samples: FakeSampleStore) -> None:
        super().__init__(streams, samples)
        self.deleted: set[int] = set()
        self.copies: dict[int, StoredSamples] = {}

    async def present(self, stream_format: StreamFormat) -> list[StoredSamples]:
        rows = await super().page(stream_format, 0, 10**9, 10**9)
        return [row for row in rows if row.first not in self.deleted]

    async def page(
        self, stream_format: StreamFormat, first: int, end: int, limit: int
    ) -> list[StoredSamples]:
        rows = [*await self.present(stream_format), *self.copies.values()]
        inside = [row for row in rows if row.first < end and row.first + row.count > first]
        return sorted(inside, key=lambda row: row.first)[:limit]

    async def oldest_us(self) -> int | None:
        found = [await self._streams.find("s", 1)]
        times = [
            record.format.time_us(row.first)
            for record in found
            if record is not None
            for row in [*await self.present(record.format), *self.copies.values()]
        ]
        return min(times, default=None)


@dataclass
class World:
    """Ingest's stores, and a model of every single sample beside them."""

    encoding: Encoding
    burst: bool
    stores: Stores = field(default_factory=lambda: fake_stores(SystemClock()))
    states: list[State] = field(default_factory=list)
    flags: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        streams, samples = self.stores.streams, self.stores.samples
        assert isinstance(streams, FakeStreamStore)
        assert isinstance(samples, FakeSampleStore)
        self.archive = TwoClasses(streams, samples)

    async def open(self) -> None:
        config = SensorConfig(
            version=0,
            sample_rate_hz=RATE,
            channels=tuple(Channel(name=name, unit="g") for name in NAMES),
            burst=Burst(length_samples=HOP, interval_s=60.0) if self.burst else None,
        )
        sensor = await self.stores.sensors.create_sensor(Sensor(sensor_id="s", config=config))
        new = NewStream(
            sensor=sensor,
            boot_id="b",
            encoding=self.encoding,
            scales=(0.5,) if self.encoding.is_integer else (),
            anchor_us=ANCHOR_US,
            clock_offset_us=None,
        )
        assert await self.stores.streams.begin(new) is not None

    async def record(self) -> StreamRecord:
        found = await self.stores.streams.find("s", 1)
        assert found is not None
        return found

    def sample(self, index: int, channel: int) -> bytes:
        number = (index * 7 + channel * 1009) % 30_000
        if self.encoding is Encoding.F32LE:
            return np.float32(number / 8).tobytes()
        return number.to_bytes(self.encoding.sample_bytes, "little", signed=True)

    def planar(self, first: int, end: int, channels: list[int]) -> bytes:
        return b"".join(self.sample(i, c) for c in channels for i in range(first, end))

    async def apply(self, step: Step) -> None:
        record = await self.record()
        if step.kind == "batch":
            await self.batch(record, step)
        elif step.kind == "abandon":
            await self.abandon(record, step)
        elif step.kind == "delete":
            await self.delete(record, step.first)
        else:
            self.archive.copies |= {
                row.first: row
                for row in await self.archive.present(record.format)
                if step.first <= row.first < step.first + step.count
            }

    async def batch(self, record: StreamRecord, step: Step) -> None:
        after = record.position.copy()
        blocks: list[Block] = []
        intake = after.offer(step.first, step.count)
        for part in (*intake.refills, *([intake.fresh] if intake.fresh else [])):
            samples = record.format.view(self.planar(*part, list(range(len(NAMES)))))
            blocks += cut_at_grid(record.format, part.first, samples, lambda _: step.flag, None)
        await self.commit(record, after, blocks)
        end = step.first + step.count
        self.states += ["missing"] * (end - len(self.states))
        for index in range(step.first, end):
            if self.states[index] == "missing":
                self.states[index] = "kept"
                self.flags[index] = step.flag

    async def abandon(self, record: StreamRecord, step: Step) -> None:
        after = record.position.copy()
        end = min(step.first + step.count, after.next_index)
        after.abandon(step.first, end)
        await self.commit(record, after, [])
        for index in range(step.first, end):
            if self.states[index] == "missing":
                self.states[index] = "abandoned"

    async def commit(
        self, record: StreamRecord, after: StreamSequence, blocks: list[Block]
    ) -> None:
        commit = StreamCommit(
            format=record.format,
            fence=record.fence,
            before_index=record.position.next_index,
            after=after,
            blocks=blocks,
            late_windows=RangeSet(),
        )
        assert await self.stores.samples.commit([commit], uuid4()) == {record.key}

    async def delete(self, record: StreamRecord, before: int) -> None:
        for row in await self.archive.present(record.format):
            if row.first + row.count <= before:
                self.archive.deleted.add(row.first)
                if row.first not in self.archive.copies:
                    self.states[row.first : row.first + row.count] = ["expired"] * row.count

    async def read(
        self, request: pb.ReadSamplesRequest, page_bytes: int, chunk_bytes: int
    ) -> list[pb.ReadSamplesResponse]:
        reads = SampleReads(
            sensors=self.stores.sensors,
            streams=self.stores.streams,
            archive=self.archive,
            quarantine=self.stores.quarantine,
            times=self.stores.times,
            limits=ReadLimits(1, 10.0, ReadSizes(page_bytes, chunk_bytes)),
        )
        got: list[pb.ReadSamplesResponse] = []

        async def write(message: pb.ReadSamplesResponse) -> None:
            got.append(message)

        await reads.serve(request, write)
        assert reads.count == 0
        return got


@given(
    steps=STEPS,
    encoding=st.sampled_from(ENCODINGS),
    burst=st.booleans(),
    bounds=st.tuples(st.integers(0, 210), st.integers(1, 210)),
    channels=st.lists(st.sampled_from(range(len(NAMES))), unique=True),
    page_bytes=st.sampled_from([1, 200, 1 << 20]),
    chunk_bytes=st.sampled_from([1, 37, 100, 1 << 20]),
)
@settings(max_examples=300, deadline=None)
def test_a_reader_gets_what_the_model_holds(
    *,
    steps: list[Step],
    encoding: Encoding,
    burst: bool,
    bounds: tuple[int, int],
    channels: list[int],
    page_bytes: int,
    chunk_bytes: int,
) -> None:
    async def run() -> None:
        world = World(encoding, burst)
        await world.open()
        for step in steps:
            await world.apply(step)
        first, end = bounds[0], bounds[0] + bounds[1]
        stop = min(end, len(world.states))
        if first >= stop:
            return
        indexes = samples_pb2.IndexRange(first_index=first, end_index=end)
        request = pb.ReadSamplesRequest(
            sensor_id="s",
            epoch_range=pb.EpochRange(epoch=1, indexes=indexes),
            channels=[NAMES[number] for number in channels],
        )
        header, *pieces = await world.read(request, page_bytes, chunk_bytes)
        wanted = channels or list(range(len(NAMES)))
        assert list(header.header.channels) == [NAMES[number] for number in wanted]
        assert (header.header.indexes.first_index, header.header.indexes.end_index) == (first, stop)
        assert check(world, pieces, first, wanted, chunk_bytes) == stop

    asyncio.run(run())


def check(
    world: World,
    pieces: list[pb.ReadSamplesResponse],
    at: int,
    channels: list[int],
    chunk_bytes: int,
) -> int:
    """Compare with the model, index by index; returns where the pieces end."""
    last_hole: State | None = None
    for piece in pieces:
        if piece.WhichOneof("kind") == "hole":
            hole = piece.hole
            reason = REASONS[hole.reason]
            assert hole.indexes.first_index == at < hole.indexes.end_index
            assert set(world.states[at : hole.indexes.end_index]) == {reason}
            assert reason != last_hole  # neighbours of one reason are one hole
            at, last_hole = hole.indexes.end_index, reason
            continue
        chunk, last_hole = piece.chunk, None
        end = chunk.first_index + chunk.sample_count
        assert chunk.first_index == at < end
        assert set(world.states[at:end]) == {"kept"}
        assert chunk.planar == world.planar(at, end, channels)
        assert chunk.sample_count == 1 or len(chunk.planar) <= chunk_bytes
        masks = {world.flags[index] for index in range(at, end)}
        assert masks == {sum(1 << (flag - 1) for flag in chunk.quality_flags)}
        assert chunk.start_time.ToMicroseconds() == time_us(world, at)
        if world.burst:
            assert at // HOP == (end - 1) // HOP
        at = end
    return at


def time_us(world: World, index: int) -> int:
    """Return the nominal time of a sample, calculated on its own."""
    if world.burst:
        return ANCHOR_US + index // HOP * 60_000_000 + index % HOP * 10_000
    return ANCHOR_US + index * 10_000


@given(
    steps=STEPS,
    burst=st.booleans(),
    start_ms=st.integers(-100, 1600),
    length_ms=st.integers(1, 1600),
)
@settings(max_examples=150, deadline=None)
def test_a_time_range_is_cut_to_the_sample(
    steps: list[Step], burst: bool, start_ms: int, length_ms: int
) -> None:
    async def run() -> None:
        world = World(Encoding.I16LE, burst)
        await world.open()
        for step in steps:
            await world.apply(step)
        factor = 600 if burst else 1  # a burst of 100 ms stands for a minute
        start_us = ANCHOR_US + start_ms * 1000 * factor
        end_us = start_us + length_ms * 1000 * factor
        inside = [i for i in range(len(world.states)) if start_us <= time_us(world, i) < end_us]
        if not inside:
            return
        request = pb.ReadSamplesRequest(sensor_id="s")
        request.time_range.start_time.FromMicroseconds(start_us)
        request.time_range.end_time.FromMicroseconds(end_us)
        _, *pieces = await world.read(request, 100, 100)
        assert check(world, pieces, inside[0], [0, 1, 2], 100) == inside[-1] + 1

    asyncio.run(run())
