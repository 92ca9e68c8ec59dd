"""Read files that `kurto export` wrote, to play them again."""

from __future__ import annotations

import csv
import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

import kurto
from kurto_cli.exports.description import header_from
from kurto_cli.exports.scaling import to_units
from kurto_cli.sources.recording import Recording, RecordingError, Segment

_LINES_AT_ONCE = 65_536
_FLOAT = 3


def read_npz(arrays: Any) -> Recording:
    """Return the recording in an archive written by `kurto export`.

    Parameters
    ----------
    arrays : numpy.lib.npyio.NpzFile
        The archive, open.
    """
    header, description = header_from(str(arrays["description"]))
    segments, column = [], 0
    for first, end in arrays["segments"].tolist():
        segments.append((first, column))
        column += end - first
    return _recording(header, arrays["samples"], segments, scaled=bool(description["scaled"]))


def read_csv(path: Path) -> Recording:
    """Return the recording in a table written by `kurto export`.

    Raises
    ------
    RecordingError
        If the first line is no description of exported samples.
    """
    with path.open(encoding="utf-8", newline="") as file:
        header, description = header_from(_comment(path, file.readline()))
        lines = csv.reader(file)
        names = next(lines)
        wanted = ["index", "time", *header.channels]
        if names != wanted:
            raise RecordingError(f"{path}: has columns {', '.join(names)}, not {', '.join(wanted)}")
        blocks = list(_blocks(lines))
    index = np.concatenate([block[0] for block in blocks] or [np.empty(0, np.int64)])
    samples = np.concatenate(
        [block[1] for block in blocks] or [np.empty((len(header.channels), 0))], axis=1
    )
    if header.scales and not description["scaled"]:
        samples = samples.astype(np.int32)
    breaks = np.flatnonzero(np.diff(index) != 1) + 1
    starts = [0, *breaks.tolist()] if index.size else []
    segments = [(int(index[column]), column) for column in starts]
    return _recording(header, samples, segments, scaled=bool(description["scaled"]))


def _comment(path: Path, line: str) -> str:
    if not line.startswith("# "):
        raise RecordingError(
            f"{path}: the first line does not describe the samples; use files of kurto export"
        )
    return line.removeprefix("# ")


def _blocks(
    lines: Iterator[Sequence[str]],
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    while rows := list(islice(lines, _LINES_AT_ONCE)):
        index = np.array([int(row[0]) for row in rows], np.int64)
        yield index, np.array([row[2:] for row in rows], np.float64).T


def read_wav(path: Path) -> Recording:
    """Return the recording in a WAV file written by `kurto export`.

    Raises
    ------
    RecordingError
        If the file does not describe its samples.
    """
    with path.open("rb") as file:
        chunks = dict(_riff_chunks(path, file))
    comment = chunks.get(b"LIST", b"")
    place = comment.find(b"ICMT")
    if place < 0 or b"fmt " not in chunks:
        raise RecordingError(
            f"{path}: does not tell units and scale of its samples; use files of kurto export"
        )
    (length,) = struct.unpack_from("<I", comment, place + 4)
    text = comment[place + 8 : place + 8 + length].rstrip(b"\x00").decode()
    header, description = header_from(text)
    kind, channels, _, _, _, bits = struct.unpack_from("<HHIIHH", chunks[b"fmt "])
    samples = _planar(chunks.get(b"data", b""), kind, channels, bits)
    segments = [(header.first_index, 0)]
    return _recording(header, samples, segments, scaled=bool(description["scaled"]))


def _riff_chunks(path: Path, file: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    start = file.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"WAVE":
        raise RecordingError(f"{path}: is no WAV file")
    while len(head := file.read(8)) == 8:
        length = struct.unpack("<I", head[4:])[0]
        yield head[:4], file.read(length)
        file.read(length % 2)


def _planar(data: bytes, kind: int, channels: int, bits: int) -> npt.NDArray[Any]:
    if kind == _FLOAT:
        return np.frombuffer(data, "<f4").reshape(-1, channels).T
    if bits == 16:
        return np.frombuffer(data, "<i2").reshape(-1, channels).T
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return (wide.view("<i4")[:, 0] >> 8).reshape(-1, channels).T


def _recording(
    header: kurto.SamplesHeader,
    samples: npt.NDArray[Any],
    segments: Sequence[tuple[int, int]],
    *,
    scaled: bool,
) -> Recording:
    """Return what is played: integers as integers where one scale holds for all channels."""
    if len(set(header.units)) > 1:
        raise RecordingError(
            f"the channels have several units, {', '.join(header.units)}: export them one by one"
            " with --channels"
        )
    one_scale = len(set(header.scales)) == 1
    if header.scales and not one_scale and not scaled:
        samples = to_units(header, samples)
    base = segments[0][0] if segments else 0
    if header.burst_samples:
        base -= base % header.burst_samples
    return Recording(
        channels=header.channels,
        samples=samples if one_scale else np.asarray(samples, np.float32),
        unit=header.units[0],
        sample_rate_hz=header.sample_rate_hz,
        burst_samples=header.burst_samples or None,
        burst_interval_s=header.burst_interval_us / 1e6 if header.burst_samples else None,
        encoding=header.encoding if one_scale else "f32",
        scale=header.scales[0] if one_scale else None,
        segments=tuple(Segment(first - base, column) for first, column in segments),
    )
