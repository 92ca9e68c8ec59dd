"""CSV: a row for each window and channel, then one for each channel."""

from __future__ import annotations

import csv
import io
from typing import IO, Any

from kurto_cli.analysis.formats.rows import columns, row_of
from kurto_cli.analysis.records import Record


class CsvWriter:
    """Writes rows; the first line names the columns.

    Parameters
    ----------
    stream : binary stream
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._text = io.TextIOWrapper(
            stream, encoding="utf-8", newline="", write_through=True, line_buffering=False
        )
        self._rows: Any = csv.DictWriter(self._text, columns(), lineterminator="\n")
        self._rows.writeheader()

    def write(self, record: Record) -> None:
        """Add a record."""
        row = row_of(record)
        row["summary"] = "true" if row["summary"] else "false"
        self._rows.writerow(row)

    def finish(self) -> None:
        """Write what is left; the stream stays open."""
        self._text.flush()
        self._text.detach()
