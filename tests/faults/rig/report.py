"""What drills measured, judged figure by figure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Parameters
    ----------
    text : str
        Name, value, unit and limit, as the table shows them.
    kept : bool
        Whether it is within its limit.
    """

    text: str
    kept: bool


def at_most(name: str, value: float, limit: float, unit: str = "") -> Figure:
    """Return a figure that must not exceed ``limit``."""
    return Figure(f"{name} {_number(value, unit)} (≤ {_number(limit, unit)})", value <= limit)


def at_least(name: str, value: float, limit: float, unit: str = "") -> Figure:
    """Return a figure that must reach ``limit``."""
    return Figure(f"{name} {_number(value, unit)} (≥ {_number(limit, unit)})", value >= limit)


def none_of(name: str, count: int) -> Figure:
    """Return a count that must be 0, such as lost samples."""
    return Figure(f"{count} {name}", count == 0)


def holds(text: str, kept: bool) -> Figure:
    """Return something that is true or not, said in words."""
    return Figure(text if kept else f"NOT {text}", kept)


def shown(name: str, value: float, unit: str = "") -> Figure:
    """Return a figure without a limit."""
    return Figure(f"{name} {_number(value, unit)}", kept=True)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile by nearest rank: with few values p99 is the largest.

    Raises
    ------
    ValueError
        If there are no values: a percentile of nothing would always keep its limit.
    """
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, min(len(ordered), int(rank)) - 1)]


@dataclass(frozen=True)
class Drill:
    """One fault under load.

    Parameters
    ----------
    id : str
        Number of the promise; a letter follows when several drills prove it.
    promise, load, fault : str
        In words.
    figures : sequence of Figure
        What was measured.
    """

    id: str
    promise: str
    load: str
    fault: str
    figures: Sequence[Figure]

    @property
    def passed(self) -> bool:
        """Whether every figure is within its limit; without figures nothing is proved."""
        return bool(self.figures) and all(figure.kept for figure in self.figures)

    @property
    def measured(self) -> str:
        """The figures in words."""
        return "; ".join(figure.text for figure in self.figures)

    def as_json(self) -> dict[str, object]:
        """Return the entry of ``faults.json``."""
        return {
            "id": self.id,
            "promise": self.promise,
            "load": self.load,
            "fault": self.fault,
            "measured": self.measured,
            "pass": self.passed,
        }


@dataclass
class DrillBook:
    """The drills of one run.

    Parameters
    ----------
    drills : list of Drill
        In the order in which they were made.
    capacity : str
        What a sensor costs on the machine, in words, once it was measured.
    """

    drills: list[Drill] = field(default_factory=list)
    capacity: str = ""

    def add(
        self, number: str, promise: str, *, load: object, fault: str, figures: Iterable[Figure]
    ) -> None:
        """Note a drill.

        Parameters
        ----------
        number : str
            Number of the promise, such as ``"1"``.
        promise : str
            What is promised.
        load : object
            Its ``str()`` says sensors, channels, rate and seconds.
        fault : str
            What was done.
        figures : iterable of Figure
            What was measured.

        Raises
        ------
        AssertionError
            If the promise was broken; the drill is noted all the same.
        """
        drill = Drill(number, promise, str(load), fault, tuple(figures))
        self.drills.append(drill)
        assert drill.passed, f"promise {number}: {drill.measured or 'nothing was measured'}"

    def fail(self, test: str, error: str) -> None:
        """Note a test that broke before its drill could be noted."""
        figures = (Figure(f"the drill broke: {error}", kept=False),)
        self.drills.append(Drill("?", test, "unknown", "unknown", figures))

    def in_order(self) -> list[Drill]:
        """Return the drills by number."""
        return sorted(self.drills, key=lambda drill: _order(drill.id))

    def write(self, path: Path) -> None:
        """Write ``faults.json``."""
        entries = [drill.as_json() for drill in self.in_order()]
        path.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def table(self) -> list[str]:
        """Return the lines of the table, each drill with its load, fault, figures and result."""
        lines = [f"machine: {self.capacity}"] if self.capacity else []
        for drill in self.in_order():
            lines.append(f"{drill.id:>4} {'pass' if drill.passed else 'FAIL'}  {drill.promise}")
            lines.append(f"           load      {drill.load}")
            lines.append(f"           fault     {drill.fault}")
            lines.append(f"           measured  {drill.measured}")
        return lines


def _order(number: str) -> tuple[int, str]:
    digits = "".join(character for character in number if character.isdigit())
    return int(digits or 0), number


def _number(value: float, unit: str) -> str:
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{text} {unit}".strip()
