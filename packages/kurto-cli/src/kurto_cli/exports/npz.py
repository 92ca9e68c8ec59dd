"""NumPy archives: samples in one array, with what describes them."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

import kurto
from kurto_cli.exports.description import description_text
from kurto_cli.exports.part_file import PartFile
from kurto_cli.exports.scaling import to_units
from kurto_cli.exports.writers import Finished

_COPY_BYTES = 1 << 20


class NpzWriter:
    """Writes a ``.npz`` file that :func:`numpy.load` reads.

    The array ``samples`` (channels, n) holds what is there, without holes; ``segments`` (m, 2) the
    first and end index of each contiguous part, in order; ``description`` the rest, as JSON.

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
        self._spool, self._file = PartFile(directory), PartFile(directory)
        self._stream: IO[bytes] = self._spool.path.open("wb")
        self._dtype: np.dtype[np.generic] | None = None
        self._segments: list[list[int]] = []
        self._holes: list[kurto.SamplesHole] = []
        self._count = 0

    def chunk(self, chunk: kurto.SamplesChunk) -> None:
        """Add samples."""
        samples = to_units(chunk.header, chunk.samples) if self._scaled else chunk.samples
        self._dtype = samples.dtype
        # Sample after sample, so that the array can grow at its end: Fortran's order.
        self._stream.write(np.ascontiguousarray(samples.T).data)
        self._count += samples.shape[1]
        if self._segments and self._segments[-1][1] == chunk.first_index:
            self._segments[-1][1] = chunk.end_index
        else:
            self._segments.append([chunk.first_index, chunk.end_index])

    def hole(self, hole: kurto.SamplesHole) -> None:
        """Note that samples are not there."""
        self._holes.append(hole)

    def finish(self) -> list[Finished]:
        """Complete the file."""
        self._stream.close()
        with zipfile.ZipFile(self._file.path, "w", allowZip64=True) as archive:
            with archive.open("samples.npy", "w", force_zip64=True) as member:
                self._write_samples(member)
            header = self._header
            self._add(archive, "segments", np.array(self._segments, np.int64).reshape(-1, 2))
            self._add(archive, "sample_rate_hz", np.array(header.sample_rate_hz))
            self._add(archive, "channels", np.array(header.channels))
            self._add(archive, "units", np.array(header.units))
            self._add(archive, "scales", np.array(header.scales, np.float64))
            self._add(archive, "anchor_us", np.array(header.anchor_us))
            text = description_text(header, scaled=self._scaled, holes=self._holes)
            self._add(archive, "description", np.array(text))
        self._spool.discard()
        first = self._segments[0][0] if self._segments else header.first_index
        return [Finished(self._file.publish, header.epoch, first)]

    def _write_samples(self, member: IO[bytes]) -> None:
        dtype = np.dtype(np.float32) if self._dtype is None else self._dtype
        np.lib.format.write_array_header_2_0(
            member,
            {
                "descr": np.lib.format.dtype_to_descr(dtype),
                "fortran_order": True,
                "shape": (len(self._header.channels), self._count),
            },
        )
        with self._spool.path.open("rb") as spool:
            shutil.copyfileobj(spool, member, _COPY_BYTES)

    @staticmethod
    def _add(archive: zipfile.ZipFile, name: str, array: npt.NDArray[np.generic]) -> None:
        with archive.open(f"{name}.npy", "w") as member:
            np.lib.format.write_array(member, array, allow_pickle=False)

    def discard(self) -> None:
        """Remove all that was written."""
        self._stream.close()
        self._spool.discard()
        self._file.discard()
