"""A table for people: the verdict on each channel, and the features that they look at first."""

from __future__ import annotations

from collections import Counter
from typing import IO, Any

from kurto_cli.analysis.formats.rows import line_text
from kurto_cli.analysis.records import Record

_HEADINGS = (
    "channel", "windows", "rms", "peak", "crest", "kurtosis", "mm/s", "verdict", "z",
)  # fmt: skip
_LINES_SHOWN = 4
_NO_CAUSE = "band_unavailable"  # a band above the sample rate takes away no other feature


class TableWriter:
    """Writes one table for each file, of its summaries.

    Parameters
    ----------
    stream : binary stream
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._waiting: list[Record] = []
        self._empty: Counter[str] = Counter()
        self._causes: dict[str, set[str]] = {}

    def write(self, record: Record) -> None:
        """Add a record; those of windows are not shown, but why some have no values is told."""
        if self._waiting and self._waiting[0]["file"] != record["file"]:
            self._flush()
        if record.get("summary"):
            self._waiting.append(record)
        elif record["features"]["rms"] is None or record["features"]["kurtosis"] is None:
            self._empty[record["channel"]] += 1
            self._causes.setdefault(record["channel"], set()).update(record["quality"])

    def finish(self) -> None:
        """Write what is left."""
        self._flush()
        self._stream.flush()

    def _flush(self) -> None:
        if self._waiting:
            missing = {channel: self._without(channel) for channel in self._empty}
            text = "\n".join(_table(self._waiting, missing)) + "\n\n"
            self._stream.write(text.encode())
            self._stream.flush()
        self._waiting, self._causes = [], {}
        self._empty.clear()

    def _without(self, channel: str) -> str:
        causes = ", ".join(sorted(self._causes[channel] - {_NO_CAUSE})).replace("_", " ")
        return f"{self._empty[channel]} windows lack values: {causes}"


def _table(summaries: list[Record], missing: dict[str, str]) -> list[str]:
    rows = [_HEADINGS, *map(_cells, summaries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_title(summaries[0])]
    for number, row in enumerate(rows):
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  " + "  ".join(padded).rstrip())
        if number:
            lines += [f"    {text}" for text in _evidence(summaries[number - 1])]
            lines += [f"    {missing[row[0]]}"] if row[0] in missing else []
    return lines


def _title(record: Record) -> str:
    parts = [f"{record['duration_s']:.1f} s at {record['sample_rate_hz']:g} Hz in {record['unit']}"]
    if record["rpm"] is not None:
        parts.append(f"{record['rpm']:g} r/min ({record['speed_source']})")
    bearing = record["bearing"]
    if bearing is not None:
        geometry = (
            f"{bearing['element_count']} elements of {bearing['element_diameter_mm']:g} mm on"
            f" {bearing['pitch_diameter_mm']:g} mm"
        )
        parts.append(
            f"{bearing['designation']}: {geometry}" if bearing["designation"] else geometry
        )
    return f"{record['file']}: {', '.join(parts)}"


def _cells(record: Record) -> tuple[str, ...]:
    features = record["features"]
    names = ("rms", "peak", "crest_factor", "kurtosis", "velocity_rms")
    values = [_figure(features.get(name)) for name in names]
    score = _figure(record["diagnosis"]["score"])
    return record["channel"], str(record["windows"]), *values, record["verdict"], score


def _evidence(record: Record) -> list[str]:
    diagnosis = record["diagnosis"]
    found = line_text(diagnosis["lines"], _LINES_SHOWN)
    hints = [f"look for {hint['pattern']}: {hint['reason']}" for hint in diagnosis["hints"]]
    return [text for text in (diagnosis["reason"], found, *hints) if text]


def _figure(value: Any) -> str:
    return "-" if value is None else f"{value:.3g}"
