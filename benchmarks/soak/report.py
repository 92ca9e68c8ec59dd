"""What a soak found, as a table and as JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TextIO

from benchmarks.soak.resources import QUANTITIES, Usage
from benchmarks.soak.trend import Bound, Trend, judge

STORES = ("postgres", "valkey", "envoy")
# A leak of one object for each rotation (3600 an hour with ten sensors) or reopening (120 an hour)
# stands far above these; 5 MiB an hour is what fragmentation of the allocator was seen to cost.
BOUNDS = {
    "memory_mib": Bound(5.0, 2.0),
    "file_descriptors": Bound(6.0, 3.0),
    "threads": Bound(3.0, 1.0),
    "asyncio_tasks": Bound(6.0, 3.0),
}
# PostgreSQL's processes come and go, keep files of new partitions open and know their tables;
# Valkey keeps what ten minutes bring and rewrites its log now and then.
STORE_BOUNDS = {
    **BOUNDS,
    "memory_mib": Bound(20.0, 10.0),
    "file_descriptors": Bound(60.0, 40.0),
    "threads": Bound(12.0, 6.0),
}


class Record:
    """All that was seen of the processes.

    Parameters
    ----------
    file : TextIO
        Empty, to write to and read from. What is kept in the memory of the senders' process would
        be taken for theirs.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, time_s: float, usages: Mapping[str, Usage]) -> None:
        """Note what each process holds so many seconds after the start."""
        entry = {name: asdict(one) for name, one in usages.items()}
        self._file.write(json.dumps([time_s, entry]) + "\n")

    def looks(self) -> Iterator[tuple[float, dict[str, Usage]]]:
        """Yield what was noted, oldest first."""
        self._file.seek(0)
        for line in self._file:
            time_s, entry = json.loads(line)
            yield time_s, {name: Usage(**one) for name, one in entry.items()}

    def as_json(self) -> list[dict[str, object]]:
        """Return the series as ``soak.json`` holds it."""
        return [
            {"time_s": round(time_s, 1), **{name: asdict(one) for name, one in usages.items()}}
            for time_s, usages in self.looks()
        ]


@dataclass(frozen=True)
class Row:
    """The trend of one quantity of one process."""

    process: str
    quantity: str
    trend: Trend
    bound: Bound

    def as_json(self) -> dict[str, object]:
        """Return the row as ``soak.json`` holds it."""
        entry = {"process": self.process, "quantity": self.quantity, **asdict(self.trend)}
        entry["pass"] = entry.pop("passed")
        return {**entry, "bound": asdict(self.bound)}


def rows(record: Record, warmup_s: float, end_s: float) -> list[Row]:
    """Return the trends after the warm-up, of each process as long as it lived last."""
    series: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    pids: dict[str, int] = {}
    for time_s, usages in record.looks():
        for name, usage in usages.items():
            if pids.setdefault(name, usage.pid) != usage.pid:  # it was started again
                pids[name] = usage.pid
                for quantity in QUANTITIES:
                    series.pop((name, quantity), None)
            for quantity in QUANTITIES:
                value = usage.quantity(quantity)
                if warmup_s <= time_s <= end_s and value is not None:
                    series[name, quantity].append((time_s, value))
    return [_row(name, quantity, points) for (name, quantity), points in sorted(series.items())]


def _row(name: str, quantity: str, points: Sequence[tuple[float, float]]) -> Row:
    bound = (STORE_BOUNDS if name in STORES else BOUNDS)[quantity]
    times_s, values = zip(*points, strict=True)
    return Row(name, quantity, judge(times_s, values, bound), bound)


def print_rows(found: Sequence[Row]) -> None:
    """Print one line a process and quantity."""
    print(
        f"{'process':<10}{'quantity':<18}{'first':>9}{'last':>9}{'slope/h':>10}"
        f"{'95 %':>20}{'bound/h':>9}"
    )
    for row in found:
        trend = row.trend
        interval = f"{trend.slope_low:.2f} to {trend.slope_high:.2f}"
        result = {True: "pass", False: "FAIL", None: "too short to judge"}[trend.passed]
        print(
            f"{row.process:<10}{row.quantity:<18}{trend.first:>9.1f}{trend.last:>9.1f}"
            f"{trend.slope:>10.2f}{interval:>20}{row.bound.per_hour:>9.0f}  {result}"
        )


def print_findings(findings: Mapping[str, bool]) -> None:
    """Print what was found beside the trends."""
    for text, passed in findings.items():
        print(f"{'pass' if passed else 'FAIL'}  {text}")
