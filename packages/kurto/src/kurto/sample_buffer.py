"""Where samples wait for their acknowledgment, whether in memory or on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kurto.exceptions import BufferFullError
from kurto.send_buffer import Chunk, Range, SendBuffer


@dataclass(frozen=True)
class DiskUsage:
    """How the disk buffer of a sensor fares.

    Parameters
    ----------
    size_bytes : int
        Bytes on disk of all epochs.
    max_bytes : int
        Bytes that they may take.
    sample_count : int
        Samples per channel of the present epoch that are on disk and not acknowledged.
    older_sample_count : int
        Samples per channel of older epochs that are still to be uploaded.
    error : str
        Why samples are kept in memory only; empty while the disk works.
    """

    size_bytes: int
    max_bytes: int
    sample_count: int = 0
    older_sample_count: int = 0
    error: str = ""


class SampleSource(Protocol):
    """What a sender needs of a buffer."""

    @property
    def end_index(self) -> int:
        """Index after the last sample."""

    @property
    def sample_count(self) -> int:
        """Samples per channel that are not acknowledged."""

    async def first_from(self, index: int, max_samples: int) -> Chunk | None:
        """Return the next samples at or after an index, at most ``max_samples``, or None."""

    async def held(self, wanted: Range) -> list[Range]:
        """Return the parts of a range that are here, ascending."""

    async def acknowledge(self, next_index: int, missing: Sequence[Range]) -> None:
        """Note what is durable on the service and need not be kept."""


class SampleBuffer(SampleSource, Protocol):
    """What a stream needs of a buffer."""

    dropped_sample_count: int
    numbered: bool
    """Whether the program that pushes numbers its samples itself."""

    @property
    def pressing(self) -> bool:
        """Whether an acknowledgment is wanted soon, for the buffer fills up."""

    @property
    def keeps_after_close(self) -> bool:
        """Whether what is not acknowledged is sent when the sensor is opened again."""

    @property
    def disk(self) -> DiskUsage | None:
        """How the disk fares, or None for a buffer in memory."""

    def require_possible(self, chunk: Chunk) -> None:
        """Raise BufferFullError for a chunk that never fits."""

    def fits(self, chunk: Chunk) -> bool:
        """Whether a chunk fits without dropping anything."""

    async def append(self, chunk: Chunk) -> None:
        """Add a chunk at or after ``end_index``; the oldest samples make room."""

    async def close(self) -> None:
        """Free what the buffer holds open."""


class MemoryBuffer:
    """Keeps samples in memory.

    Parameters
    ----------
    first_index : int >= 0
        Index of the sample that is expected first.
    capacity_samples : int > 0
        Samples per channel that fit.
    """

    keeps_after_close = False
    disk = None

    def __init__(self, *, first_index: int, capacity_samples: int) -> None:
        self._samples = SendBuffer(first_index=first_index, capacity_samples=capacity_samples)
        self.dropped_sample_count = 0
        self.numbered = False

    @property
    def end_index(self) -> int:
        """Index after the last sample."""
        return self._samples.end_index

    @property
    def sample_count(self) -> int:
        """Samples per channel that are not acknowledged."""
        return self._samples.sample_count

    @property
    def pressing(self) -> bool:
        """Whether the buffer is more than half full."""
        return self._samples.sample_count * 2 > self._samples.capacity_samples

    def require_possible(self, chunk: Chunk) -> None:
        """Raise BufferFullError for a chunk that never fits."""
        require_possible(chunk, self._samples)

    def fits(self, chunk: Chunk) -> bool:
        """Whether a chunk fits without dropping anything."""
        return chunk.sample_count <= self._samples.free_samples

    async def append(self, chunk: Chunk) -> None:
        """Add a chunk; the oldest samples make room."""
        if not self.fits(chunk):
            self.dropped_sample_count += self._samples.drop_oldest(chunk.sample_count)
        self._samples.append(chunk)

    async def first_from(self, index: int, max_samples: int) -> Chunk | None:
        """Return the next samples at or after an index, at most ``max_samples``, or None."""
        return self._samples.first_from(index, max_samples)

    async def held(self, wanted: Range) -> list[Range]:
        """Return the parts of a range that are here, ascending."""
        return list(self._samples.held(wanted))

    async def acknowledge(self, next_index: int, missing: Sequence[Range]) -> None:
        """Drop what is durable."""
        self._samples.acknowledge(next_index, missing)

    async def close(self) -> None:
        """Do nothing: memory frees itself."""


def require_possible(chunk: Chunk, samples: SendBuffer) -> None:
    """Raise BufferFullError for a chunk that is larger than the memory for samples."""
    if chunk.sample_count > samples.capacity_samples:
        raise BufferFullError(
            f"{chunk.sample_count} samples at once, but the buffer holds "
            f"{samples.capacity_samples}; push smaller arrays or give open_sensor a larger buffer_s"
        )


def not_held(wanted: Range, held: Sequence[Range]) -> list[Range]:
    """Return the parts of a range that are not among ascending parts of it."""
    lost, position = [], wanted.first_index
    for part in held:
        if part.first_index > position:
            lost.append(Range(position, part.first_index))
        position = part.end_index
    if position < wanted.end_index:
        lost.append(Range(position, wanted.end_index))
    return lost
