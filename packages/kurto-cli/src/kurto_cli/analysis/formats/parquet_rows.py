"""Parquet: a row for each window and channel, then one for each channel."""

from __future__ import annotations

import importlib
from typing import IO, Any

from kurto_cli.analysis.formats.rows import (
    TEXT_COLUMNS,
    VERDICT_TEXT_COLUMNS,
    columns,
    number_columns,
    row_of,
)
from kurto_cli.analysis.records import Record

_GROUP_ROWS = 8192


class ParquetWriter:
    """Writes row groups.

    Parameters
    ----------
    stream : binary stream
        Need not be seekable.

    Raises
    ------
    ValueError
        If PyArrow is not installed.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        try:
            self._arrow = importlib.import_module("pyarrow")
            parquet = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            raise ValueError(
                "--format parquet needs PyArrow; install kurto-cli[parquet], or choose csv"
            ) from error
        self._schema = self._arrow.schema([(name, self._kind(name)) for name in columns()])
        self._writer = parquet.ParquetWriter(stream, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def _kind(self, name: str) -> Any:
        arrow = self._arrow
        if name in TEXT_COLUMNS or name in VERDICT_TEXT_COLUMNS:
            return arrow.string()
        if name in number_columns():
            return arrow.float64()
        kinds = {"summary": arrow.bool_(), "window": arrow.int64()}
        return kinds.get(name, arrow.float64())

    def write(self, record: Record) -> None:
        """Add a record."""
        self._rows.append(row_of(record))
        if len(self._rows) >= _GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            table = self._arrow.Table.from_pylist(self._rows, schema=self._schema)
            self._writer.write_table(table)
            self._rows = []

    def finish(self) -> None:
        """Write what is left."""
        self._flush()
        self._writer.close()
