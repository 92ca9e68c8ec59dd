"""Whose turn it is, and how much processor time it may take."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kurto_analyzer.long_windows.turns import CpuBudget, Turns


def sensor(name: str) -> Any:
    return SimpleNamespace(key=(name, 1))


def test_first_come_first_served_and_each_once() -> None:
    turns, one, two = Turns(), sensor("one"), sensor("two")
    for waiting in (one, two, one):
        turns.add(waiting)
    assert (turns.next(), turns.next(), turns.next()) == (one, two, None)


def test_the_hastened_come_before_the_others_but_never_twice_in_a_row() -> None:
    turns = Turns()
    one, two, three, four = (sensor(name) for name in ("one", "two", "three", "four"))
    for waiting in (one, two):
        turns.add(waiting)
    for urgent in (three, two, four, three):
        turns.hasten(urgent)
    assert len(turns) == 4
    assert [turns.next() for _ in range(5)] == [three, one, two, four, None]


def test_asking_again_and_again_for_one_sensor_leaves_half_of_the_turns_to_the_others() -> None:
    turns, greedy = Turns(), sensor("greedy")
    others = [sensor(str(number)) for number in range(10)]
    for waiting in others:
        turns.add(waiting)
    taken = []
    for _ in range(20):
        turns.hasten(greedy)
        turns.add(greedy)
        taken.append(turns.next())
    assert [one for one in taken if one is not greedy] == others


@pytest.mark.parametrize(("wall_s", "late_s"), [(0.05, 0.0), (0.2, 0.0), (0.2, 0.25), (0.05, 0.4)])
def test_work_takes_its_share_and_no_more(wall_s: float, late_s: float) -> None:
    """However long a piece takes beside its processor time, and however late it begins."""
    budget, now_s, spent_s = CpuBudget(0.1), 50.0, 0.0
    while now_s < 150.0:
        now_s += budget.wait_s(now_s) + late_s
        budget.spend(0.05, now_s)
        now_s += wall_s
        spent_s += 0.05
    assert 9.8 < spent_s < 10.2


def test_idle_time_is_hardly_saved_up() -> None:
    budget = CpuBudget(0.1)
    for began_s in (1000.0, 2000.0):
        assert budget.wait_s(began_s) == 0.0
        budget.spend(0.05, began_s)
        budget.spend(0.05, began_s)  # what half a second of delay allows
        assert abs(budget.wait_s(began_s) - 0.5) < 1e-9
