"""A segment: a file of records in index order, appended to and deleted as a whole."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from kurto.disk import record
from kurto.send_buffer import Chunk, Range

MAGIC = b"kurto-1\n"
SUFFIX = ".samples"


class Segment:
    """One file of records.

    Not safe for several threads; every method may block on the disk.

    Parameters
    ----------
    path : Path
        The file; its name begins with the lowest index that it may hold.
    channel_count : int > 0
        Channels of the sensor.
    """

    def __init__(self, path: Path, channel_count: int) -> None:
        self.path = path
        self.runs: list[Range] = []
        self.size_bytes = 0
        self.end_index = int(path.name.removesuffix(SUFFIX))
        self._channel_count = channel_count
        self._file: BinaryIO | None = None
        self._first_indexes = array("q")
        self._offsets = array("q")
        self._indexed = False

    @classmethod
    def create(cls, directory: Path, first_index: int, channel_count: int) -> Segment:
        """Make an empty segment to append to."""
        segment = cls(directory / f"{first_index:020d}{SUFFIX}", channel_count)
        segment._file = segment.path.open("wb", buffering=0)
        segment._indexed = True
        segment._write([MAGIC])
        return segment

    @classmethod
    def load(cls, path: Path, channel_count: int, *, check_samples: bool) -> Segment:
        """Read what a segment holds, up to the first damaged or unfinished record."""
        segment = cls(path, channel_count)
        with path.open("rb") as file:
            if file.read(len(MAGIC)) == MAGIC:
                segment.size_bytes = len(MAGIC)
                for offset, header in _headers(file, check_samples=check_samples):
                    segment._note(header.first_index, header.end_index)
                    segment.size_bytes = offset + record.HEADER_BYTES + header.payload_bytes
        return segment

    @property
    def sample_count(self) -> int:
        """Samples per channel in the segment."""
        return sum(len(run) for run in self.runs)

    def append(self, chunks: Sequence[Chunk]) -> None:
        """Add chunks, all or none.

        Raises
        ------
        OSError
            If the disk refuses, such as when it is full; the segment is then as it was before.
        """
        records = [record.encode(chunk) for chunk in chunks]
        self._require_open()
        offset = self.size_bytes
        self._write(records)
        for chunk, data in zip(chunks, records, strict=True):
            if self._indexed:
                self._first_indexes.append(chunk.first_index)
                self._offsets.append(offset)
            offset += len(data)
            self._note(chunk.first_index, chunk.end_index)

    def first_from(self, index: int, max_samples: int) -> Chunk | None:
        """Return the next samples at or after an index, at most ``max_samples``, or None.

        Damaged records are left out of ``runs`` once they are met.
        """
        self._require_indexed()
        position = max(0, bisect_right(self._first_indexes, index) - 1)
        with self.path.open("rb") as file:
            while position < len(self._offsets):
                chunk = self._read(file, self._offsets[position])
                if chunk is not None and chunk.end_index > index:
                    first = max(index, chunk.first_index)
                    return chunk.part(first, first + max_samples)
                position += 1
        return None

    def handles(self) -> list[int]:
        """Return a duplicate of the file's descriptor, if it is open, for syncing it elsewhere."""
        return [] if self._file is None else [os.dup(self._file.fileno())]

    def forget_index(self) -> None:
        """Free the memory that reading took."""
        if self._file is None:
            self._first_indexes, self._offsets, self._indexed = array("q"), array("q"), False

    def close(self) -> None:
        """End appending."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def delete(self) -> None:
        """Remove the file."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _note(self, first_index: int, end_index: int) -> None:
        if self.runs and self.runs[-1].end_index == first_index:
            first_index = self.runs.pop().first_index
        self.runs.append(Range(first_index, end_index))
        self.end_index = end_index

    def _require_open(self) -> None:
        """Go on appending to a segment that was loaded; a torn tail is cut off."""
        if self._file is not None:
            return
        file = self.path.open("r+b", buffering=0)
        try:
            file.truncate(self.size_bytes)
            file.seek(self.size_bytes)
        except OSError:
            file.close()
            raise
        self._file = file
        if not self.size_bytes:
            self._write([MAGIC])

    def _write(self, records: Sequence[bytes]) -> None:
        assert self._file is not None
        data = memoryview(b"".join(records))
        size = len(data)
        try:
            while data:
                data = data[self._file.write(data) or 0 :]
        except OSError:
            self.close()  # what was written of it is cut off before the next append
            raise
        self.size_bytes += size

    def _require_indexed(self) -> None:
        if self._indexed:
            return
        self._first_indexes, self._offsets = array("q"), array("q")
        with self.path.open("rb") as file:
            file.seek(len(MAGIC))
            for offset, header in _headers(file, check_samples=False, end=self.size_bytes):
                self._first_indexes.append(header.first_index)
                self._offsets.append(offset)
        self._indexed = True

    def _read(self, file: BinaryIO, offset: int) -> Chunk | None:
        file.seek(offset)
        header = record.decode_header(file.read(record.HEADER_BYTES))
        if header is None:
            return None
        payload = file.read(header.payload_bytes)
        chunk = record.decode_payload(header, payload, self._channel_count)
        if chunk is None:
            damaged = Range(header.first_index, header.end_index)
            self.runs = [part for run in self.runs for part in run.without(damaged)]
        return chunk


def _headers(
    file: BinaryIO, *, check_samples: bool, end: int | None = None
) -> Iterator[tuple[int, record.RecordHeader]]:
    """Yield the sound records from the file's position, up to the first that is not."""
    offset = file.tell()
    size = os.fstat(file.fileno()).st_size if end is None else end
    expected = 0
    while offset < size:
        file.seek(offset)
        header = record.decode_header(file.read(record.HEADER_BYTES))
        if header is None or header.first_index < expected:
            return
        following = offset + record.HEADER_BYTES + header.payload_bytes
        if following > size or (check_samples and not record.sound(header, file)):
            return
        yield offset, header
        offset, expected = following, header.end_index
