"""How a table of text is laid out: delimiter, names, and which columns hold what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kurto_cli.recordings.exceptions import RecordingError

_TIME = re.compile(
    r"(?:t|time|times|seconds?|timestamp|x_value)"
    r"(?:_(?P<tail>s|ms|us)|\s*[\[(](?P<unit>s|sec|seconds|ms|us|µs|μs)[\])])?",
    re.I,
)
_TIME_STEPS_S = {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6}
_INDEX = {"", "#", "index", "sample", "samples", "n", "no"}
_RPM = re.compile(r"rpm|speed_rpm|(shaft[_ ])?speed\s*[\[(](rpm|r/min|1/min)[\])]", re.I)
_DELIMITERS = ("\t", ";", ",")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_COMMENTS = ("#", "%", "//")


@dataclass(frozen=True)
class TableLayout:
    """Where what stands.

    Parameters
    ----------
    first_line : int >= 1
        First line with numbers.
    delimiter : str or None
        None for blanks.
    decimal_comma : bool
    names : tuple of str
        Of all columns.
    channel_columns : tuple of int
        Columns of samples.
    time_column, rpm_column : int or None
    """

    first_line: int
    delimiter: str | None
    decimal_comma: bool
    names: tuple[str, ...]
    channel_columns: tuple[int, ...]
    time_column: int | None
    rpm_column: int | None

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the columns of samples."""
        return tuple(self.names[column] for column in self.channel_columns)

    @property
    def places(self) -> list[int]:
        """Columns that are read."""
        others = [column for column in (self.time_column, self.rpm_column) if column is not None]
        return sorted([*self.channel_columns, *others])

    @property
    def channel_places(self) -> list[int]:
        """Where the samples are among the columns that are read."""
        return [self.places.index(column) for column in self.channel_columns]

    @property
    def time_place(self) -> int | None:
        """Where the times are among the columns that are read."""
        return None if self.time_column is None else self.places.index(self.time_column)

    @property
    def time_unit_s(self) -> float:
        """Seconds that a step of 1 in the column of times is, by its name."""
        found = None if self.time_column is None else _TIME.fullmatch(self.names[self.time_column])
        named = (found["tail"] or found["unit"] or "s").lower() if found else "s"
        return _TIME_STEPS_S.get(named, 1.0)

    @property
    def rpm_place(self) -> int | None:
        """Where the speed is among the columns that are read."""
        return None if self.rpm_column is None else self.places.index(self.rpm_column)

    def plain(self, line: str) -> str:
        """Return a line with decimal points."""
        return line.replace(",", ".") if self.decimal_comma else line

    def problem(self, line: str) -> str | None:
        """Return what is wrong with a line, None if nothing is."""
        if not line.strip():
            return None
        cells = _cells(self.plain(line), self.delimiter)
        for column in self.places:
            if column >= len(cells):
                return f"column {self.names[column]!r}: is missing"
            if not _is_number(cells[column]):
                what = f"{cells[column][:40]!r} is no number" if cells[column] else "is empty"
                return f"column {self.names[column]!r}: {what}"
        return None


def layout_of(path: Path, lines: Sequence[str]) -> TableLayout:
    """Return the layout that the first lines of a table show.

    Raises
    ------
    RecordingError
        If there are no numbers, or names and numbers are mixed in one line.
    """
    number, text = _first_content(path, lines)
    delimiter = next((mark for mark in _DELIMITERS if mark in text), None)
    following = next((line for line in lines[number:] if line.strip()), text)
    decimal_comma = delimiter in ("\t", ";", None) and "," in following and "." not in following
    cells = _cells(text.replace(",", ".") if decimal_comma else text, delimiter)
    if all(map(_is_number, cells)):
        names = tuple(f"column_{place + 1}" for place in range(len(cells)))
        return _layout(number, delimiter, decimal_comma, names, {})
    numbers = [cell for cell in cells if _is_number(cell)]
    if numbers:
        place = next(place for place, cell in enumerate(cells) if not _is_number(cell))
        raise RecordingError(
            f"{path}: line {number}, column {place + 1}: {cells[place][:40]!r} is no number;"
            " correct it, or name all columns in the first line"
        )
    first_row = _cells(following.replace(",", ".") if decimal_comma else following, delimiter)
    if delimiter is None and len(first_row) == 1:
        cells = [text.strip()]  # one column whose name has blanks
    names = tuple(_unquoted(cell) or f"column_{place + 1}" for place, cell in enumerate(cells))
    row = dict(enumerate(first_row)) if following is not text else {}
    return _layout(number + 1, delimiter, decimal_comma, names, row)


def _first_content(path: Path, lines: Sequence[str]) -> tuple[int, str]:
    for number, line in enumerate(lines, start=1):
        if _BINARY.search(line):
            raise RecordingError(f"{path}: is no text; give it the ending of its format")
        if line.strip() and not line.startswith(_COMMENTS):
            return number, line
    raise RecordingError(f"{path}: holds no samples; record it again, or leave it out")


def _layout(
    first_line: int,
    delimiter: str | None,
    decimal_comma: bool,
    names: tuple[str, ...],
    first_row: dict[int, str],
) -> TableLayout:
    time = next((place for place, name in enumerate(names) if _TIME.fullmatch(name)), None)
    rpm = next((place for place, name in enumerate(names) if _RPM.fullmatch(name)), None)
    index = 0 if len(names) > 1 and names[0].lower() in _INDEX else None
    channels = tuple(place for place in range(len(names)) if place not in (time, rpm, index))
    if not channels:
        channels, time, rpm = tuple(range(len(names))), None, None
    if time is not None and not _is_number(first_row.get(time, "0")):
        time = None  # times of the day: they are not needed
    return TableLayout(first_line, delimiter, decimal_comma, names, channels, time, rpm)


def _cells(line: str, delimiter: str | None) -> list[str]:
    return [cell.strip() for cell in line.strip("\r\n").split(delimiter)]


def _unquoted(cell: str) -> str:
    return cell.strip().strip('"').strip()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
