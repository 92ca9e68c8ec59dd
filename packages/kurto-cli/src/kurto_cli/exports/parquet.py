"""Parquet: a table with one row a sample, for data frames and SQL engines."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kurto
from kurto_cli.exports.description import description_text
from kurto_cli.exports.part_file import PartFile
from kurto_cli.exports.scaling import to_units
from kurto_cli.exports.writers import Finished

_GROUP_ROWS = 131_072
_METADATA_KEY = "kurto"


class ParquetMissingError(ValueError):
    """The library for Parquet is not installed."""


class ParquetWriter:
    """Writes columns ``index``, ``time`` (nominal, UTC) and one for each channel.

    Parameters
    ----------
    header : kurto.SamplesHeader
        What holds for the samples.
    directory : Path
        Where the file will be.
    scaled : bool
        Whether to write values in the unit instead of the converter's steps.

    Raises
    ------
    ParquetMissingError
        If PyArrow is not installed.
    """

    def __init__(self, header: kurto.SamplesHeader, directory: Path, *, scaled: bool) -> None:
        self._arrow, parquet = _libraries()
        self._header = header
        self._scaled = scaled
        self._file = PartFile(directory)
        self._schema = self._make_schema()
        self._writer = parquet.ParquetWriter(self._file.path, self._schema, compression="zstd")
        self._chunks: list[kurto.SamplesChunk] = []
        self._rows = 0
        self._first_index: int | None = None

    def _make_schema(self) -> Any:
        arrow = self._arrow
        if self._header.encoding == "f32":
            kind = arrow.float32()
        elif self._scaled:
            kind = arrow.float64()
        else:
            kind = arrow.int16() if self._header.encoding == "i16" else arrow.int32()
        fields = [("index", arrow.int64()), ("time", arrow.timestamp("us", "UTC"))]
        fields += [(name, kind) for name in self._header.channels]
        text = description_text(self._header, scaled=self._scaled)
        return arrow.schema(fields, metadata={_METADATA_KEY: text})

    def chunk(self, chunk: kurto.SamplesChunk) -> None:
        """Add samples."""
        if self._first_index is None:
            self._first_index = chunk.first_index
        self._chunks.append(chunk)
        self._rows += chunk.samples.shape[1]
        if self._rows >= _GROUP_ROWS:
            self._flush()

    def hole(self, hole: kurto.SamplesHole) -> None:
        """Note nothing: the indexes jump."""

    def _flush(self) -> None:
        if not self._chunks:
            return
        chunks = self._chunks
        index = [np.arange(c.first_index, c.end_index, dtype=np.int64) for c in chunks]
        times = [self._header.times_us(c.first_index, c.samples.shape[1]) for c in chunks]
        columns = [np.concatenate(index), np.concatenate(times).astype("datetime64[us]")]
        columns += list(np.concatenate([self._values(c) for c in chunks], axis=1))
        arrays = [
            self._arrow.array(np.ascontiguousarray(column), type=field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._chunks, self._rows = [], 0

    def _values(self, chunk: kurto.SamplesChunk) -> npt.NDArray[Any]:
        return to_units(chunk.header, chunk.samples) if self._scaled else chunk.samples

    def finish(self) -> list[Finished]:
        """Complete the file."""
        self._flush()
        self._writer.close()
        first = self._header.first_index if self._first_index is None else self._first_index
        return [Finished(self._file.publish, self._header.epoch, first)]

    def discard(self) -> None:
        """Remove all that was written."""
        self._writer.close()
        self._file.discard()


def _libraries() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ParquetMissingError(
            "Parquet needs PyArrow: install kurto-cli[parquet], or choose --format npz"
        ) from error
