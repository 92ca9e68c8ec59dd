"""The buffer on disk and in memory against sets of samples, through full disks and crashes."""

import asyncio
import errno
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kurto.disk.buffer import DiskBuffer
from kurto.disk.directory import SensorDirectory
from kurto.disk.epoch import EpochRecord
from kurto.disk.segment import Segment
from kurto.disk.worker import Worker
from kurto.send_buffer import Chunk, Range

MEMORY_SAMPLES = 50
RECORD = EpochRecord("pump-7", "boot", 1000.0, ("axial",), 1, (), 4, 0)
ALL = Range(0, 10**9)

pushes = st.tuples(st.just("push"), st.integers(1, 30))
steps = st.one_of(
    pushes,
    st.tuples(st.just("acknowledge"), st.integers(0, 60)),
    st.tuples(st.just("fill"), st.just(0)),
    st.tuples(st.just("free"), st.just(0)),
    st.tuples(st.just("crash"), st.just(0)),
)


class Bench:
    """One sensor's buffer, and what must be in it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.full = False
        self.stored = set[int]()  # what files hold: a crash costs nothing of it
        self.memory = list[range]()  # chunks in memory, the oldest first
        self.durable = 0
        self.open()

    def open(self) -> None:
        self.directory = SensorDirectory(self._root, "pump-7", max_bytes=1 << 20)
        self.worker = Worker("test")
        live = self.directory.begin(RECORD)
        self.buffer = DiskBuffer(
            self.directory,
            live,
            self.worker,
            first_index=live.log.end_index,
            capacity_samples=MEMORY_SAMPLES,
            sync_interval_s=60.0,
            start_time_us=lambda: 0,
        )

    async def push(self, count: int) -> None:
        first = self.buffer.end_index
        samples = np.arange(first, first + count, dtype="<f4")[np.newaxis]
        await self.buffer.append(Chunk(first, samples))
        while sum(map(len, self.memory)) + count > MEMORY_SAMPLES:
            del self.memory[0]
        self.memory.append(range(first, first + count))
        if not self.full:
            self.stored |= set(range(first, first + count))

    async def acknowledge(self, behind: int) -> None:
        self.durable = max(self.durable, self.buffer.end_index - behind)
        await self.buffer.acknowledge(self.durable, [])
        self.memory = [chunk for chunk in self.memory if chunk.stop > self.durable]

    async def fill(self, _: int) -> None:
        self.full = True

    async def free(self, _: int) -> None:
        self.full = False

    async def crash(self, _: int) -> None:
        end_of_files = max(self.stored, default=-1) + 1
        await self.buffer._sync.close()
        await self.worker.run(self.directory.close)
        self.worker.close()
        self.memory.clear()
        self.open()
        assert self.buffer.end_index == end_of_files or not self.stored
        self.durable = min(self.durable, self.buffer.end_index)
        await self.buffer.acknowledge(self.durable, [])

    async def check(self) -> None:
        held = {
            i
            for part in await self.buffer.held(ALL)
            for i in range(part.first_index, part.end_index)
        }
        everything = self.stored | {i for chunk in self.memory for i in chunk}
        wanted = {i for i in everything if i >= self.durable}
        assert wanted <= held <= everything
        assert self.buffer.sample_count == len(wanted)
        read = await self.read_from(self.durable)
        assert read == sorted(i for i in held if i >= self.durable)
        assert self.buffer._memory.sample_count <= MEMORY_SAMPLES

    async def read_from(self, index: int) -> list[int]:
        found = list[int]()
        while (part := await self.buffer.first_from(index, 7)) is not None:
            values = np.frombuffer(part.samples.tobytes(), "<f4")
            assert values.tolist() == list(range(part.first_index, part.end_index))
            found += range(part.first_index, part.end_index)
            index = part.end_index
        return found


def failing(bench: Callable[[], Bench | None]) -> Callable[[Segment, list[bytes]], None]:
    """Return a write that leaves half a record behind while the disk is full."""
    real = Segment._write

    def write(segment: Segment, records: list[bytes]) -> None:
        now = bench()
        if now is None or not now.full:
            real(segment, records)
            return
        assert segment._file is not None
        segment._file.write(b"".join(records)[:9])
        segment.close()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return write


@given(st.lists(steps, max_size=25))
@example([("push", 30), ("fill", 0), ("push", 30), ("push", 30), ("free", 0), ("push", 5)])
@example([("push", 5), ("fill", 0), ("push", 5), ("crash", 0), ("free", 0), ("push", 5)])
@example([("push", 5), ("fill", 0), ("push", 5), ("free", 0), ("push", 5), ("crash", 0)])
@example([("fill", 0), ("push", 10), ("push", 10), ("acknowledge", 12)])
@settings(max_examples=60, deadline=None)
def test_what_files_hold_outlives_crashes_and_memory_takes_over_for_a_full_disk(
    plan: list[tuple[str, int]],
) -> None:
    async def run(root: Path) -> None:
        bench = Bench(root)
        benches.append(bench)
        for name, number in plan:
            work: Callable[[int], Awaitable[None]] = getattr(bench, name)
            await work(number)
            await bench.check()
        bench.full = False
        await bench.buffer.close()

    benches: list[Bench] = []
    with (
        tempfile.TemporaryDirectory() as name,
        patch.object(Segment, "_write", failing(lambda: benches[0] if benches else None)),
        patch("kurto.disk.buffer._RETRY_S", 0.0),
        patch("kurto.disk.buffer._logger.error"),
        patch("kurto.disk.buffer._logger.warning"),
    ):
        asyncio.run(run(Path(name)))
