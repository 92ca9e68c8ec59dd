"""Tables of text: what `kurto export` wrote, and those of other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from kurto_cli.recordings import exported
from kurto_cli.recordings.exceptions import RecordingError
from kurto_cli.recordings.layout import TableLayout, layout_of
from kurto_cli.recordings.recording import RecordedSpeed, Recording, UnevenTimes
from kurto_cli.recordings.spool import RowSpool
from kurto_cli.recordings.unit_names import common_unit, unit_in_brackets

_LINES_AT_ONCE = 65_536
_FIRST_LINES = 64
_LARGEST_STEP = 1.75  # in mean steps; more is a hole, or no even sampling


def read_csv(path: Path, chosen: Sequence[str]) -> Recording:
    """Return the recording in a table: a column for each channel, and perhaps one of times.

    Raises
    ------
    RecordingError
        If a cell is no number; the message tells its line and column.
    """
    if chosen:
        raise RecordingError(f"{path}: is a table; choose columns with --channel, not --variable")
    if exported.is_exported_table(path):
        return exported.read_csv(path)
    with _text(path) as file:
        layout = layout_of(path, list(islice(file, _FIRST_LINES)))
    with _text(path) as file:
        return _read(path, file, layout)


def _text(path: Path) -> IO[str]:
    """Open a table; letters of other encodings stand in names and comments only."""
    return path.open(encoding="utf-8-sig", errors="replace")


def _read(path: Path, file: IO[str], layout: TableLayout) -> Recording:
    times, speeds = _Times(), _Mean()
    with RowSpool(len(layout.channels), np.float32) as spool:
        for rows in _blocks(path, file, layout):
            spool.add(rows[:, layout.channel_places])
            if layout.time_place is not None:
                times.add(rows[:, layout.time_place] * layout.time_unit_s)
            if layout.rpm_place is not None:
                speeds.add(rows[:, layout.rpm_place])
        samples = spool.matrix()
    rpm = speeds.value
    units = {name: unit_in_brackets(name) for name in layout.channels}
    return Recording(
        channels=layout.channels,
        samples=samples,
        unit=common_unit(units.values()),
        channel_units={name: unit for name, unit in units.items() if unit is not None},
        sample_rate_hz=times.rate_hz,
        uneven_times=times.uneven,
        speed=RecordedSpeed(rpm / 60.0, is_measured=True) if rpm and rpm > 0 else None,
    )


def _blocks(path: Path, file: IO[str], layout: TableLayout) -> Iterator[npt.NDArray[np.float64]]:
    first = 1
    while lines := list(islice(file, _LINES_AT_ONCE)):
        data = [line for line in lines[max(0, layout.first_line - first) :] if line.strip()]
        if data:
            yield _numbers(path, data, lines, first, layout)
        first += len(lines)


def _numbers(
    path: Path, data: Sequence[str], lines: Sequence[str], first: int, layout: TableLayout
) -> npt.NDArray[np.float64]:
    try:
        return np.loadtxt(
            (layout.plain(line) for line in data),
            delimiter=layout.delimiter,
            usecols=layout.places,
            ndmin=2,
            comments=None,
        )
    except ValueError as error:
        for number, line in enumerate(lines, start=first):
            if number >= layout.first_line and (problem := layout.problem(line)):
                raise RecordingError(
                    f"{path}: line {number}, {problem}; correct it or remove the line"
                ) from None
        raise RecordingError(f"{path}: lines {first} and following: {error}") from error


class _Times:
    """Finds the rate in times that come block by block."""

    def __init__(self) -> None:
        self._first = self._last = self._largest = 0.0
        self._smallest = np.inf
        self._count = 0

    def add(self, times: npt.NDArray[np.float64]) -> None:
        """Add times in seconds."""
        steps = np.diff(times) if not self._count else np.diff(times, prepend=self._last)
        if not self._count:
            self._first = float(times[0])
        if len(steps):
            self._largest = max(self._largest, float(steps.max()))
            self._smallest = min(self._smallest, float(steps.min()))
        self._last = float(times[-1])
        self._count += len(times)

    @property
    def rate_hz(self) -> float | None:
        """Samples per second, None if the times are not evenly spaced."""
        if not self._is_told or self._smallest < 0 or self._span <= 0:
            return None
        step = self._span / (self._count - 1)
        return None if self._largest > _LARGEST_STEP * step else rate_of_step(step)

    @property
    def uneven(self) -> UnevenTimes | None:
        """What times say that are not evenly spaced."""
        if not self._is_told or self.rate_hz is not None:
            return None
        goes_back = self._smallest < 0 or self._span == 0
        mean_rate_hz = 0.0 if goes_back else (self._count - 1) / self._span
        return UnevenTimes(mean_rate_hz, self._largest, self._smallest == 0)

    @property
    def _span(self) -> float:
        return self._last - self._first

    @property
    def _is_told(self) -> bool:
        return self._count > 1 and abs(self._span) < np.inf


@dataclass
class _Mean:
    """The mean of values that come block by block."""

    total: float = 0.0
    count: int = 0

    def add(self, values: npt.NDArray[Any]) -> None:
        """Add values."""
        self.total += float(values.sum())
        self.count += len(values)

    @property
    def value(self) -> float | None:
        """The mean, None without values."""
        return self.total / self.count if self.count else None


def rate_of_step(step_s: float, tolerance: float = 1e-6) -> float:
    """Return the rate that a step in time stands for: a whole number if it is that close.

    Examples
    --------
    >>> rate_of_step(8.33333e-05)
    12000.0
    """
    rate = 1.0 / step_s
    return float(round(rate)) if abs(rate - round(rate)) <= tolerance * rate else rate
