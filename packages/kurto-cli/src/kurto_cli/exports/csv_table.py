"""CSV: one line a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kurto
from kurto_cli.exports.description import description_text
from kurto_cli.exports.part_file import PartFile
from kurto_cli.exports.scaling import to_units
from kurto_cli.exports.writers import Finished


def _texts(values: npt.NDArray[Any]) -> list[str]:
    if values.dtype == np.float32:
        return [f"{value:.9g}" for value in values.tolist()]
    return [repr(value) for value in values.tolist()]


class CsvWriter:
    """Writes lines ``index,time,<channels>``; the first line is a comment that describes them.

    Times are nominal, in UTC. Numbers have as many digits as bring back the same value.

    Parameters
    ----------
    header : kurto.SamplesHeader
        What holds for the samples.
    directory : Path
        Where the file will be.
    scaled : bool
        Whether to write values in the unit instead of the converter's steps.
    """

    def __init__(self, header: kurto.SamplesHeader, directory: Path, *, scaled: bool) -> None:
        self._header = header
        self._scaled = scaled
        self._first_index: int | None = None
        self._file = PartFile(directory)
        self._stream = self._file.path.open("w", encoding="utf-8", newline="")
        self._stream.write(f"# {description_text(header, scaled=scaled)}\n")
        self._stream.write(",".join(["index", "time", *header.channels]) + "\n")

    def chunk(self, chunk: kurto.SamplesChunk) -> None:
        """Add samples."""
        samples = to_units(chunk.header, chunk.samples) if self._scaled else chunk.samples
        if self._first_index is None:
            self._first_index = chunk.first_index
        count = samples.shape[1]
        times = self._header.times_us(chunk.first_index, count).astype("datetime64[us]")
        columns = [
            map(str, range(chunk.first_index, chunk.end_index)),
            [f"{time}Z" for time in np.datetime_as_string(times, unit="us").tolist()],
            *(_texts(row) for row in samples),
        ]
        self._stream.writelines(",".join(line) + "\n" for line in zip(*columns, strict=True))

    def hole(self, hole: kurto.SamplesHole) -> None:
        """Note nothing: the indexes jump."""

    def finish(self) -> list[Finished]:
        """Complete the file."""
        self._stream.close()
        first = self._header.first_index if self._first_index is None else self._first_index
        return [Finished(self._file.publish, self._header.epoch, first)]

    def discard(self) -> None:
        """Remove all that was written."""
        self._stream.close()
        self._file.discard()
