"""The formats of `kurto analyze`."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import IO

from kurto_cli.analysis.formats.csv_rows import CsvWriter
from kurto_cli.analysis.formats.json_lines import JsonWriter
from kurto_cli.analysis.formats.parquet_rows import ParquetWriter
from kurto_cli.analysis.formats.table import TableWriter
from kurto_cli.analysis.formats.writer import RecordWriter


class AnalysisFormat(StrEnum):
    """How results are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


def writer_of(chosen: AnalysisFormat, stream: IO[bytes]) -> RecordWriter:
    """Return what writes records in a format.

    Raises
    ------
    ValueError
        If the library that the format needs is not installed.
    """
    writers: dict[AnalysisFormat, Callable[[IO[bytes]], RecordWriter]] = {
        AnalysisFormat.TABLE: TableWriter,
        AnalysisFormat.JSON: JsonWriter,
        AnalysisFormat.CSV: CsvWriter,
        AnalysisFormat.PARQUET: ParquetWriter,
    }
    return writers[chosen](stream)


__all__ = ["AnalysisFormat", "RecordWriter", "writer_of"]
