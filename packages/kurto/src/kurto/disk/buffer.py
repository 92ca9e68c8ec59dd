"""The buffer of a live stream, and of older epochs, on disk."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from kurto.disk.directory import SensorDirectory, StoredEpoch
from kurto.disk.epoch_samples import EpochSamples
from kurto.disk.periodic_sync import PeriodicSync
from kurto.disk.worker import Worker
from kurto.sample_buffer import DiskUsage, require_possible
from kurto.send_buffer import Chunk, Range, SendBuffer

_RETRY_S = 5.0
_RECORD_BYTES = 64  # what a record takes besides its samples, rounded up
_VALUE_BYTES = 256
_logger = logging.getLogger("kurto.disk")


class DiskBuffer:
    """Keeps samples on disk, and the newest of them in memory too.

    While the disk refuses, samples are kept in memory only, as without a disk buffer.

    Parameters
    ----------
    directory : SensorDirectory
        The sensor's directory.
    live : StoredEpoch
        The epoch that is appended to.
    worker : Worker
        The only thread that touches the directory.
    first_index : int >= 0
        Index of the sample that is expected next.
    capacity_samples : int > 0
        Samples per channel that memory holds.
    sync_interval_s : float > 0
        How often files are synced, in seconds: a power loss costs what came since.
    start_time_us : callable
        Returns the sender's clock at sample 0; asked before the first sample is stored.
    """

    keeps_after_close = True

    def __init__(
        self,
        directory: SensorDirectory,
        live: StoredEpoch,
        worker: Worker,
        *,
        first_index: int,
        capacity_samples: int,
        sync_interval_s: float,
        start_time_us: Callable[[], int | None],
    ) -> None:
        self._directory = directory
        self._worker = worker
        self._stored = EpochSamples(worker, live)
        self._memory = SendBuffer(first_index=first_index, capacity_samples=capacity_samples)
        self._start_time_us = start_time_us
        self._sync = PeriodicSync(worker, live.log.sync_handles, sync_interval_s, self._refuse)
        self._unstored: list[Range] = []
        self._retry_at = 0.0
        self._error = ""
        self._size_bytes = directory.size_bytes
        self._older_count = self._count_older()
        self.dropped_sample_count = 0
        self.numbered = False

    @property
    def end_index(self) -> int:
        """Index after the last sample."""
        return self._memory.end_index

    @property
    def sample_count(self) -> int:
        """Samples per channel that are not acknowledged."""
        return self._stored.sample_count + sum(map(len, self._unstored))

    @property
    def disk(self) -> DiskUsage:
        """How the disk fares."""
        return DiskUsage(
            size_bytes=self._size_bytes,
            max_bytes=self._directory.max_bytes,
            sample_count=self._stored.sample_count,
            older_sample_count=self._older_count,
            error=self._error,
        )

    @property
    def pressing(self) -> bool:
        """Whether the disk, or memory while the disk refuses, is more than half full."""
        unstored = sum(map(len, self._unstored))
        return (
            unstored * 2 > self._memory.capacity_samples
            or self._size_bytes * 2 > self._directory.max_bytes
        )

    def require_possible(self, chunk: Chunk) -> None:
        """Raise BufferFullError for a chunk that never fits."""
        require_possible(chunk, self._memory)

    def fits(self, chunk: Chunk) -> bool:
        """Whether a chunk fits without dropping anything."""
        if not self._error:
            return self._size_bytes + _size_bytes(chunk) <= self._directory.max_bytes
        unstored = sum(map(len, self._unstored))
        return unstored + chunk.sample_count <= self._memory.capacity_samples

    async def append(self, chunk: Chunk) -> None:
        """Add a chunk; on return it has been written and survives a crash of this process."""
        stored = False
        if not self._error or time.monotonic() >= self._retry_at:
            stored = await self._store(chunk)
        if not stored:
            self._unstored.append(Range(chunk.first_index, chunk.end_index))
        if chunk.sample_count > self._memory.free_samples:
            self._evict(chunk.sample_count)
        self._memory.append(chunk)

    async def first_from(self, index: int, max_samples: int) -> Chunk | None:
        """Return the next samples at or after an index, at most ``max_samples``, or None."""
        if index < self._memory.oldest_index:
            chunk = await self._read(index, max_samples)
            if chunk is not None and chunk.first_index < self._memory.oldest_index:
                return chunk
        return self._memory.first_from(index, max_samples)

    async def held(self, wanted: Range) -> list[Range]:
        """Return the parts of a range that are here, ascending."""
        oldest = self._memory.oldest_index
        early = Range(wanted.first_index, min(wanted.end_index, oldest))
        late = Range(max(wanted.first_index, oldest), wanted.end_index)
        return [*await self._stored.held(early), *self._memory.held(late)]

    async def acknowledge(self, next_index: int, missing: Sequence[Range]) -> None:
        """Drop what is durable."""
        self._memory.acknowledge(next_index, missing)
        durable = Range(0, next_index)
        self._unstored = [
            part
            for run in self._unstored
            for part in [*run.without(durable), *(run.overlap(gap) for gap in missing)]
            if len(part)
        ]
        try:
            await self._stored.acknowledge(next_index, missing)
            await self._measure()
        except OSError as error:
            self._refuse(error)

    async def older(self) -> list[EpochSamples]:
        """Return the epochs that earlier runs left, oldest first."""
        live = self._stored.epoch
        return await self._worker.run(
            lambda: [EpochSamples(self._worker, e) for e in self._directory.epochs if e is not live]
        )

    async def remove(self, samples: EpochSamples) -> None:
        """Delete an older epoch that has been uploaded."""

        def remove() -> None:
            if samples.epoch in self._directory.epochs:  # else it had to make room
                self._directory.remove(samples.epoch)

        await self._worker.run(remove)
        await self._measure()

    def skip_to(self, index: int) -> None:
        """Let the next sample have at least this index."""
        self._memory.end_index = max(self._memory.end_index, index)

    async def fork(self, boot_id: str, first_index: int) -> None:
        """Go on as an epoch of another name, without the samples below an index."""
        live = self._stored.epoch

        def fork() -> None:
            live.save(replace(live.record, boot_id=boot_id))
            live.log.forget_below(first_index)

        try:
            await self._stored.run(fork)
        except OSError as error:
            self._refuse(error)

    async def close(self) -> None:
        """Sync, close the files, release the directory."""
        with suppress(OSError):
            await self._worker.run(self._stored.epoch.log.clear_durable)
        await self._sync.close()
        await self._worker.run(self._directory.close)
        self._worker.close()

    async def _store(self, chunk: Chunk) -> bool:
        live, start_time_us = self._stored.epoch, self._start_time_us()

        def store() -> tuple[int, int]:
            lost = self._directory.make_room(_size_bytes(chunk), live)
            live.require_saved(start_time_us)
            live.log.append(chunk)
            return lost, self._directory.size_bytes

        try:
            lost, self._size_bytes = await self._stored.run(store)
        except OSError as error:
            self._refuse(error)
            return False
        self.dropped_sample_count += lost
        if self._error:
            self._error = ""
            _logger.warning("disk buffer works again", extra={"path": str(live.directory)})
        return True

    async def _read(self, index: int, max_samples: int) -> Chunk | None:
        try:
            return await self._stored.first_from(index, max_samples)
        except OSError as error:
            self._refuse(error)
            return None

    def _evict(self, sample_count: int) -> None:
        """Make room in memory; what is on disk too is not lost by that."""
        self._memory.drop_oldest(sample_count)
        gone = Range(0, self._memory.oldest_index)
        self.dropped_sample_count += sum(len(run.overlap(gone)) for run in self._unstored)
        self._unstored = [part for run in self._unstored for part in run.without(gone)]

    def _refuse(self, error: OSError) -> None:
        self._retry_at = time.monotonic() + _RETRY_S
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        message = (
            f"{self._stored.epoch.directory}: {error.strerror or error}; samples are kept in "
            f"memory only until {'there is room' if full else 'the disk can be written'}"
        )
        if message != self._error:
            _logger.error("disk buffer refused", extra={"error": message})
        self._error = message

    async def _measure(self) -> None:
        self._size_bytes, self._older_count = await self._worker.run(
            lambda: (self._directory.size_bytes, self._count_older())
        )

    def _count_older(self) -> int:
        live = self._stored.epoch
        older = (epoch.log for epoch in self._directory.epochs if epoch is not live)
        return sum(log.unacknowledged_sample_count for log in older)


def _size_bytes(chunk: Chunk) -> int:
    size = chunk.samples.nbytes
    size += _VALUE_BYTES * len(chunk.values)
    return size + _RECORD_BYTES * (1 + size // (128 * 1024))
