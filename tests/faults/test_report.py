"""Figures keep or break their limit, and a drill without figures proves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.faults.rig.report import (
    Drill,
    DrillBook,
    Figure,
    at_least,
    at_most,
    holds,
    none_of,
    percentile,
    shown,
)


@pytest.mark.parametrize(
    ("figure", "kept"),
    [
        (at_most("resume", 2.0, 2.0, "s"), True),
        (at_most("resume", 2.1, 2.0, "s"), False),
        (at_most("resume", float("inf"), 2.0, "s"), False),
        (at_most("resume", float("nan"), 2.0, "s"), False),
        (at_least("catch-up", 3.0, 3.0), True),
        (at_least("catch-up", 2.9, 3.0), False),
        (none_of("lost", 0), True),
        (none_of("lost", 1), False),
        (holds("it was so", True), True),
        (holds("it was so", False), False),
        (shown("down", 1.0, "s"), True),
    ],
)
def test_figures_are_judged(figure: Figure, kept: bool) -> None:
    assert figure.kept is kept


def test_percentiles_by_nearest_rank() -> None:
    values = [float(number) for number in range(1, 201)]
    assert percentile(values, 99) == 198.0
    assert percentile(values, 100) == 200.0
    assert percentile([3.0, 1.0], 99) == 3.0
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 99)


def test_a_broken_promise_is_noted_and_fails(tmp_path: Path) -> None:
    book = DrillBook()
    with pytest.raises(AssertionError, match="7 lost"):
        book.add("12", "p", load="l", fault="f", figures=[none_of("lost", 7)])
    with pytest.raises(AssertionError, match="nothing was measured"):
        book.add("3b", "p", load="l", fault="f", figures=[])
    book.add("3", "p", load="l", fault="f", figures=[none_of("lost", 0)])
    book.write(tmp_path / "faults.json")
    entries = json.loads((tmp_path / "faults.json").read_text())
    assert [(entry["id"], entry["pass"]) for entry in entries] == [
        ("3", True),
        ("3b", False),
        ("12", False),
    ]
    assert set(entries[0]) == {"id", "promise", "load", "fault", "measured", "pass"}
    assert not Drill("1", "p", "l", "f", ()).passed
