"""The segments of one epoch: what was pushed and is not acknowledged, on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from kurto.disk.segment import SUFFIX, Segment
from kurto.send_buffer import Chunk, Range

_RECORD_SAMPLE_BYTES = 256 * 1024
"""A longer chunk becomes several records, so that reading one takes little memory."""


class SegmentLog:
    """Chunks in index order over several files, appended at the end and deleted from the front.

    Not safe for several threads; every method may block on the disk.

    Parameters
    ----------
    directory : Path
        Directory of the epoch, which exists.
    channel_count : int > 0
        Channels of the sensor.
    row_bytes : int > 0
        Bytes of one sample of all channels.
    segment_bytes : int > 0
        Size from which a new segment is begun.
    """

    def __init__(
        self, directory: Path, *, channel_count: int, row_bytes: int, segment_bytes: int
    ) -> None:
        self._directory = directory
        self._channel_count = channel_count
        self._row_bytes = row_bytes
        self._segment_bytes = segment_bytes
        self._unsynced: list[int] = []
        self._durable = Range(0, 0)
        self._floor = 0
        self._missing: list[Range] = []
        self._reading: Segment | None = None
        self._segments = self._load()
        self._keep_last = False

    def _load(self) -> list[Segment]:
        paths = sorted(self._directory.glob(f"*{SUFFIX}"))
        # Only the last one can have been torn by a crash; the others are checked when read.
        return [
            Segment.load(path, self._channel_count, check_samples=path == paths[-1])
            for path in paths
        ]

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return sum(segment.size_bytes for segment in self._segments)

    @property
    def end_index(self) -> int:
        """Index after the last sample that was appended, or 0."""
        return self._segments[-1].end_index if self._segments else 0

    @property
    def unacknowledged_sample_count(self) -> int:
        """Samples per channel that are here and not known to be durable."""
        return sum(len(part) for run in self._runs() for part in self._wanted(run))

    @property
    def sample_count(self) -> int:
        """Samples per channel that are here."""
        return sum(segment.sample_count for segment in self._segments)

    def begin_appending(self) -> None:
        """From now on keep the last segment, acknowledged or not: it tells the position."""
        self._keep_last = True

    def append(self, chunk: Chunk) -> None:
        """Add a chunk at or after ``end_index``; all of it or nothing.

        Raises
        ------
        ValueError
            If the chunk begins before ``end_index``.
        OSError
            If the disk refuses, such as when it is full.
        """
        if chunk.first_index < self.end_index:
            raise ValueError(f"first_index is {chunk.first_index}, but {self.end_index} is next")
        active = self._active(chunk.first_index)
        active.append(list(self._records(chunk)))

    def forget_below(self, index: int) -> None:
        """Treat what lies below an index as if it were not here."""
        self._floor = index

    def sync_handles(self) -> list[int]:
        """Return duplicates of the descriptors that must be synced for a power loss to spare."""
        handles, self._unsynced = self._unsynced, []
        return handles + (self._segments[-1].handles() if self._segments else [])

    def first_from(self, index: int, max_samples: int) -> Chunk | None:
        """Return the next samples at or after an index, at most ``max_samples``, or None."""
        index = max(index, self._floor)
        for segment in self._segments:
            if segment.end_index <= index or not segment.runs:
                continue
            if self._reading is not None and self._reading is not segment:
                self._reading.forget_index()
            self._reading = segment
            chunk = segment.first_from(index, max_samples)
            if chunk is not None:
                return chunk
        return None

    def held(self, wanted: Range) -> list[Range]:
        """Return the parts of a range that are here, ascending."""
        wanted = Range(max(wanted.first_index, self._floor), wanted.end_index)
        return [part for run in self._runs() if len(part := run.overlap(wanted))]

    def acknowledge(self, next_index: int, missing: Sequence[Range]) -> None:
        """Note what is durable, and delete the segments that hold nothing else."""
        self._durable, self._missing = Range(0, max(next_index, self._floor)), list(missing)
        sealed = self._segments[:-1] if self._keep_last else list(self._segments)
        for segment in sealed:
            if not any(self._wanted(run) for run in segment.runs):
                self._delete(segment)

    def drop_oldest(self) -> int:
        """Delete the oldest segment; return how many samples are lost by that."""
        oldest = next((segment for segment in self._segments if segment.runs), None)
        if oldest is None:
            return 0
        if oldest is self._segments[-1] and self._keep_last:
            self._roll(self.end_index)
        lost = sum(len(part) for run in oldest.runs for part in self._wanted(run))
        self._delete(oldest)
        return lost

    def clear_durable(self) -> None:
        """Leave nothing but the position if all is durable: for the end of a stream."""
        if self._keep_last and self.sample_count and not self.unacknowledged_sample_count:
            self._roll(self.end_index)
            self.acknowledge(self._durable.end_index, self._missing)

    def close(self) -> None:
        """Close the files."""
        for segment in self._segments:
            segment.close()

    def delete(self) -> None:
        """Remove the segments."""
        for segment in list(self._segments):
            self._delete(segment)

    def _runs(self) -> Iterator[Range]:
        for segment in self._segments:
            yield from segment.runs

    def _wanted(self, run: Range) -> list[Range]:
        """Return the parts of a range that are not durable."""
        missing = (run.overlap(gap) for gap in self._missing)
        return [*run.without(self._durable), *(part for part in missing if len(part))]

    def _active(self, first_index: int) -> Segment:
        if not self._segments:
            self._roll(first_index)
        elif self._segments[-1].runs and self._segments[-1].size_bytes >= self._segment_bytes:
            self._roll(self._segments[-1].end_index)
        return self._segments[-1]

    def _roll(self, first_index: int) -> None:
        segment = Segment.create(self._directory, first_index, self._channel_count)
        if self._segments:
            sealed = self._segments[-1]
            self._unsynced.extend(sealed.handles())
            sealed.close()
            sealed.forget_index()
        self._segments.append(segment)

    def _delete(self, segment: Segment) -> None:
        if self._reading is segment:
            self._reading = None
        segment.delete()
        self._segments.remove(segment)

    def _records(self, chunk: Chunk) -> Iterator[Chunk]:
        size = max(1, _RECORD_SAMPLE_BYTES // self._row_bytes)
        for first in range(chunk.first_index, chunk.end_index, size):
            yield chunk.part(first, min(first + size, chunk.end_index))
