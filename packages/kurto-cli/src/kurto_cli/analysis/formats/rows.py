"""Records as rows of one table: windows and summaries with the same columns."""

from __future__ import annotations

from typing import Any

from kurto_cli.analysis.records import Record
from kurto_dsp import feature_names
from kurto_dsp.diagnosis import LONG_WINDOW_NAMES

TEXT_COLUMNS = ("file", "channel")
VERDICT_TEXT_COLUMNS = ("quality", "fault", "reason", "lines")


def number_columns() -> tuple[str, ...]:
    """Return the names of the columns with features; those of long windows are in summaries."""
    return (*feature_names(), *LONG_WINDOW_NAMES)


def columns() -> tuple[str, ...]:
    """Return the names of all columns, in order."""
    return (
        *TEXT_COLUMNS,
        "summary",
        "window",
        "start_s",
        *number_columns(),
        "score",
        *VERDICT_TEXT_COLUMNS,
    )


def row_of(record: Record) -> dict[str, Any]:
    """Return a record as a row; what it does not hold is None."""
    diagnosis = record["diagnosis"]
    row = dict.fromkeys(columns())
    row.update({name: record["features"].get(name) for name in feature_names()})
    row.update(record.get("long_window", {}))
    row.update(
        file=record["file"],
        channel=record["channel"],
        summary=bool(record.get("summary")),
        window=record.get("window"),
        start_s=record.get("start_s"),
        score=diagnosis["score"],
        quality=" ".join(record.get("quality", ())),
        fault=diagnosis["fault"],
        reason=diagnosis["reason"],
        lines=line_text(diagnosis["lines"]),
    )
    return row


def line_text(lines: list[Record], most: int | None = None) -> str:
    """Return the lines that were found, such as ``BPFI 161.7 Hz 20 dB``."""
    found = [line for line in lines if line["found_hz"] is not None]
    return ", ".join(
        f"{line['name']} {line['found_hz']:.2f} Hz {line['level_db']:.1f} dB"
        for line in found[:most]
        if line["level_db"] is not None
    )
