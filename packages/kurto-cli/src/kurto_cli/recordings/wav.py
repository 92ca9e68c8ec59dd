"""WAV: integers or floats of any program, and what `kurto export` wrote; they stay on disk."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from kurto_cli.recordings import exported
from kurto_cli.recordings.exceptions import RecordingError
from kurto_cli.recordings.recording import Recording, SampleMatrix

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_MAX_CHUNK_IN_MEMORY = 1 << 20
_DTYPES = {
    (_PCM, 8): "<u1",
    (_PCM, 16): "<i2",
    (_PCM, 32): "<i4",
    (_FLOAT, 32): "<f4",
    (_FLOAT, 64): "<f8",
}


@dataclass
class _Chunks:
    """What a RIFF file holds."""

    kind: int = 0
    channel_count: int = 0
    rate_hz: int = 0
    bits: int = 0
    comment: str | None = None
    data_offset: int = 0
    data_bytes: int = -1


def read_wav(path: Path, chosen: Sequence[str]) -> Recording:
    """Return the recording in a WAV file.

    Integers of other programs are read as parts of full scale: the file tells no unit.

    Raises
    ------
    RecordingError
        If the file is cut off, or its samples are compressed.
    """
    if chosen:
        raise RecordingError(f"{path}: has channels, not variables; choose with --channel")
    with path.open("rb") as file:
        chunks = _chunks(path, file)
    matrix = _matrix(path, chunks)
    if chunks.comment is not None and exported.is_description(chunks.comment):
        return exported.read_wav(chunks.comment, matrix)
    names = tuple(f"channel_{number + 1}" for number in range(chunks.channel_count))
    return Recording(
        channels=names,
        samples=_FullScale(matrix, chunks.bits) if chunks.kind == _PCM else matrix,
        unit=None,
        sample_rate_hz=float(chunks.rate_hz) or None,
        is_relative=chunks.kind == _PCM,
    )


def _chunks(path: Path, file: IO[bytes]) -> _Chunks:
    start = file.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"WAVE":
        raise RecordingError(f"{path}: is no WAV file; give it the ending of its format")
    found = _Chunks()
    size = path.stat().st_size
    while len(head := file.read(8)) == 8:
        name, length = head[:4], struct.unpack("<I", head[4:])[0]
        place = file.tell()
        if place + length > size:
            raise RecordingError(
                f"{path}: is cut off: {size - place} of {length} bytes of {name.decode()!r} are"
                " there; copy or record it again"
            )
        if name == b"data":
            found.data_offset, found.data_bytes = place, length
        elif length <= _MAX_CHUNK_IN_MEMORY:
            _take(found, name, file.read(length))
        file.seek(place + length + length % 2)
    if not found.channel_count or found.data_bytes < 0:
        raise RecordingError(f"{path}: holds no samples; record it again, or leave it out")
    return found


def _take(found: _Chunks, name: bytes, content: bytes) -> None:
    if name == b"fmt ":
        kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", content)
        if kind == _EXTENSIBLE and len(content) >= 26:
            (kind,) = struct.unpack_from("<H", content, 24)
        found.kind, found.channel_count, found.rate_hz, found.bits = kind, channels, rate, bits
    if name == b"LIST" and (place := content.find(b"ICMT")) >= 0:
        (length,) = struct.unpack_from("<I", content, place + 4)
        text = content[place + 8 : place + 8 + length].rstrip(b"\x00")
        found.comment = text.decode(errors="replace")


def _matrix(path: Path, chunks: _Chunks) -> SampleMatrix:
    frame_bytes = chunks.channel_count * chunks.bits // 8
    count = chunks.data_bytes // frame_bytes if frame_bytes else 0
    if count == 0:
        return np.empty((chunks.channel_count, 0), np.float32)
    if (chunks.kind, chunks.bits) == (_PCM, 24):
        shape24 = (count, chunks.channel_count, 3)
        return _ThreeBytes(np.memmap(path, np.uint8, "r", chunks.data_offset, shape24))
    dtype = _DTYPES.get((chunks.kind, chunks.bits))
    if dtype is None:
        raise RecordingError(
            f"{path}: holds samples of kind {chunks.kind} with {chunks.bits} bits; save it as"
            " integers of 16, 24 or 32 bits, or floats"
        )
    return np.memmap(path, dtype, "r", chunks.data_offset, (count, chunks.channel_count)).T


class _ThreeBytes:
    """Integers of 24 bits, shape (frames, channels, 3) on disk."""

    def __init__(self, triples: npt.NDArray[np.uint8]) -> None:
        self._triples = triples

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and samples per channel."""
        return self._triples.shape[1], self._triples.shape[0]

    def __getitem__(self, key: tuple[slice, slice]) -> npt.NDArray[np.int32]:
        """Return channels and columns."""
        channels, columns = key
        part = self._triples[columns, channels]
        # Placed in the upper three bytes, so that the shift carries the sign.
        wide = np.zeros((*part.shape[:2], 4), np.uint8)
        wide[..., 1:] = part
        integers: npt.NDArray[np.int32] = wide.view("<i4")[..., 0] >> 8
        return integers.T


class _FullScale:
    """Integers as parts of full scale, from -1 to 1."""

    def __init__(self, integers: SampleMatrix, bits: int) -> None:
        self._integers = integers
        self._step = 2.0 ** (1 - bits)
        self._zero = 128 if bits == 8 else 0  # eight bits are unsigned

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels and samples per channel."""
        return self._integers.shape

    def __getitem__(self, key: tuple[slice, slice]) -> npt.NDArray[Any]:
        """Return channels and columns."""
        return ((self._integers[key] - np.float64(self._zero)) * self._step).astype(np.float32)
