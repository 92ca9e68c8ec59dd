"""Whose turn it is, and how much processor time it may take."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

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


def test_work_stays_within_its_share() -> None:
    budget, now_s, spent_s = CpuBudget(0.1), 50.0, 0.0
    while now_s < 150.0:
        now_s += budget.wait_s(now_s)
        now_s += 0.05  # as long as the work itself takes
        budget.spend(0.05, now_s)
        spent_s += 0.05
    assert 9.8 < spent_s < 10.2


def test_idle_time_is_not_saved_up() -> None:
    budget = CpuBudget(0.1)
    budget.spend(0.05, 1000.0)
    assert abs(budget.wait_s(1000.0) - 0.45) < 1e-9
    assert budget.wait_s(2000.0) == 0.0
    budget.spend(0.05, 2000.0)
    assert abs(budget.wait_s(2000.0) - 0.45) < 1e-9
