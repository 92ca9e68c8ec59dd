"""Read files that `kurto export` wrote, to play them again."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kurto
from kurto_cli.exports.description import FORMAT, header_from
from kurto_cli.exports.scaling import to_units
from kurto_cli.recordings.exceptions import RecordingError
from kurto_cli.recordings.recording import Recording, SampleMatrix, Segment
from kurto_cli.recordings.spool import RowSpool

_LINES_AT_ONCE = 65_536
_FIRST_BYTES = 4096


def is_description(text: str) -> bool:
    """Tell whether a text describes exported samples."""
    return text.startswith("{") and f'"{FORMAT}"' in text


def is_exported_table(path: Path) -> bool:
    """Tell whether a table was written by `kurto export`."""
    with path.open("rb") as file:
        first = file.read(_FIRST_BYTES).decode(errors="replace")
    return first.startswith("# {") and f'"{FORMAT}"' in first


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
        If the columns are not those that the first line describes.
    """
    with path.open(encoding="utf-8", newline="") as file:
        header, description = header_from(file.readline().removeprefix("# "))
        lines = csv.reader(file)
        names = next(lines, [])
        wanted = ["index", "time", *header.channels]
        if names != wanted:
            raise RecordingError(f"{path}: has columns {', '.join(names)}, not {', '.join(wanted)}")
        whole = bool(header.scales) and not description["scaled"]
        floats = np.float32 if header.encoding == "f32" else np.float64
        segments: list[tuple[int, int]] = []
        column, expected = 0, -1
        with RowSpool(len(header.channels), np.int32 if whole else floats) as spool:
            for index, rows in _blocks(path, lines):
                places = np.flatnonzero(np.diff(index, prepend=expected - 1) != 1).tolist()
                segments.extend((int(index[place]), column + place) for place in places)
                column, expected = column + len(index), int(index[-1]) + 1
                spool.add(rows)
            samples = spool.matrix()
    return _recording(header, samples, segments, scaled=bool(description["scaled"]))


def _blocks(
    path: Path, lines: Iterator[Sequence[str]]
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    first = 3
    while rows := list(islice(lines, _LINES_AT_ONCE)):
        try:
            index = np.array([int(row[0]) for row in rows], np.int64)
            yield index, np.array([row[2:] for row in rows], np.float64)
        except ValueError as error:
            last = first + len(rows) - 1
            raise RecordingError(f"{path}: lines {first} to {last}: {error}; correct it") from None
        first += len(rows)


def read_wav(text: str, samples: SampleMatrix) -> Recording:
    """Return the recording in a WAV file written by `kurto export`.

    Parameters
    ----------
    text : str
        The description that the file holds.
    samples : SampleMatrix [shape=(channels, n)]
        Integers or floats as the file holds them.
    """
    header, description = header_from(text)
    segments = [(header.first_index, 0)]
    return _recording(header, samples, segments, scaled=bool(description["scaled"]))


def _recording(
    header: kurto.SamplesHeader,
    samples: SampleMatrix,
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
        samples = to_units(header, samples[:, :])
    if not one_scale and getattr(samples, "dtype", None) != np.float32:
        samples = np.asarray(samples[:, :], np.float32)
    base = segments[0][0] if segments else 0
    if header.burst_samples:
        base -= base % header.burst_samples
    return Recording(
        channels=header.channels,
        samples=samples,
        unit=header.units[0],
        sample_rate_hz=header.sample_rate_hz,
        burst_samples=header.burst_samples or None,
        burst_interval_s=header.burst_interval_us / 1e6 if header.burst_samples else None,
        encoding=header.encoding if one_scale else "f32",
        scale=header.scales[0] if one_scale else None,
        segments=tuple(Segment(first - base, column) for first, column in segments),
    )
