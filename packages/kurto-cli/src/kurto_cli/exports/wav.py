"""WAV: integers of 16 or 24 bits as they were stored, else 32-bit floats."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

import kurto
from kurto_cli.exports.description import description_text
from kurto_cli.exports.part_file import PartFile
from kurto_cli.exports.scaling import to_units
from kurto_cli.exports.writers import Finished

_PCM, _FLOAT = 1, 3
_BITS = {"i16": 16, "i24": 24, "f32": 32}
_MAX_DATA_BYTES = 2**32 - 2**20  # sizes in the file have 32 bits
_ZEROS_AT_ONCE = 65_536


class WavWriter:
    """Writes one file for each contiguous piece, or one with zeros where samples are not there.

    A piece too large for a WAV file goes on in another one.

    Parameters
    ----------
    header : kurto.SamplesHeader
        What holds for the samples.
    directory : Path
        Where the files will be.
    scaled : bool
        Whether to write values in the unit, as floats, instead of the converter's steps.
    fill_gaps : bool
        Whether to write zeros where samples are not there between two that are.
    max_data_bytes : int
        Samples in one file, in bytes.
    """

    def __init__(
        self,
        header: kurto.SamplesHeader,
        directory: Path,
        *,
        scaled: bool,
        fill_gaps: bool,
        max_data_bytes: int = _MAX_DATA_BYTES,
    ) -> None:
        self._header = header
        self._directory = directory
        self._scaled = scaled
        self._fill_gaps = fill_gaps
        self._files: list[_WavFile] = []
        self._next_index: int | None = None
        floats = scaled or header.encoding == "f32"
        self._encoding = "f32" if floats else header.encoding
        frame_bytes = len(header.channels) * _BITS[self._encoding] // 8
        self._most = max(1, max_data_bytes // frame_bytes)

    def chunk(self, chunk: kurto.SamplesChunk) -> None:
        """Add samples."""
        if self._next_index is None:
            self._begin(chunk.first_index)
        elif chunk.first_index > self._next_index:
            if self._fill_gaps:
                self._add_zeros(chunk.first_index - self._next_index)
            else:
                self._begin(chunk.first_index)
        self._add(to_units(chunk.header, chunk.samples) if self._scaled else chunk.samples)

    def hole(self, hole: kurto.SamplesHole) -> None:
        """Note nothing: the next chunk shows it."""

    def _begin(self, first_index: int) -> None:
        if self._files:
            self._files[-1].close()
        text = description_text(replace(self._header, first_index=first_index), scaled=self._scaled)
        part = PartFile(self._directory)
        self._files.append(_WavFile(part, self._header, self._encoding, first_index, text))
        self._next_index = first_index

    def _add_zeros(self, count: int) -> None:
        dtype = np.float32 if self._encoding == "f32" else np.int32
        rows = len(self._header.channels)
        while count:
            part = min(count, _ZEROS_AT_ONCE)
            self._add(np.zeros((rows, part), dtype))
            count -= part

    def _add(self, samples: npt.NDArray[Any]) -> None:
        at = 0
        while at < samples.shape[1]:
            assert self._next_index is not None
            room = self._most - self._files[-1].count
            if room == 0:
                self._begin(self._next_index)
                continue
            part = samples[:, at : at + room]
            self._files[-1].write(part)
            self._next_index += part.shape[1]
            at += part.shape[1]

    def finish(self) -> list[Finished]:
        """Complete the files."""
        if not self._files:
            self._begin(self._header.first_index)
        self._files[-1].close()
        apart = len(self._files) > 1
        epoch = self._header.epoch
        return [Finished(file.part.publish, epoch, file.first_index, apart) for file in self._files]

    def discard(self) -> None:
        """Remove all that was written."""
        for file in self._files:
            file.close()
            file.part.discard()


class _WavFile:
    """One RIFF file."""

    def __init__(
        self,
        part: PartFile,
        header: kurto.SamplesHeader,
        encoding: str,
        first_index: int,
        description: str,
    ) -> None:
        self.part = part
        self.first_index = first_index
        self.count = 0
        self._channels = len(header.channels)
        self._bits = _BITS[encoding]
        self._is_float = encoding == "f32"
        self._stream: IO[bytes] = part.path.open("wb")
        comment = description.encode() + b"\x00"
        comment += b"\x00" * (len(comment) % 2)
        rate = max(1, round(header.sample_rate_hz))
        frame_bytes = self._channels * self._bits // 8
        kind = _FLOAT if self._is_float else _PCM
        fmt = struct.pack(
            "<HHIIHH", kind, self._channels, rate, rate * frame_bytes, frame_bytes, self._bits
        )
        listed = b"INFO" + b"ICMT" + struct.pack("<I", len(comment)) + comment
        self._stream.write(b"RIFF" + bytes(4) + b"WAVE")
        self._stream.write(_chunk(b"fmt ", fmt) + _chunk(b"LIST", listed))
        self._fact = self._stream.tell() + 8
        if self._is_float:
            self._stream.write(_chunk(b"fact", bytes(4)))
        self._stream.write(b"data" + bytes(4))
        self._data = self._stream.tell()

    def write(self, samples: npt.NDArray[Any]) -> None:
        """Add samples, shape (channels, n)."""
        frames = samples.T
        if self._is_float:
            self._stream.write(np.ascontiguousarray(frames, "<f4").data)
        elif self._bits == 16:
            self._stream.write(np.ascontiguousarray(frames, "<i2").data)
        else:
            wide = np.ascontiguousarray(frames, "<i4").view(np.uint8).reshape(-1, 4)
            self._stream.write(np.ascontiguousarray(wide[:, :3]).data)
        self.count += samples.shape[1]

    def close(self) -> None:
        """Write the sizes and close. Idempotent."""
        if self._stream.closed:
            return
        end = self._stream.tell()
        if (end - self._data) % 2:
            self._stream.write(b"\x00")
        self._put(self._data - 4, end - self._data)
        self._put(4, self._stream.seek(0, 2) - 8)
        if self._is_float:
            self._put(self._fact, self.count)
        self._stream.close()

    def _put(self, position: int, number: int) -> None:
        self._stream.seek(position)
        self._stream.write(struct.pack("<I", number))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content
