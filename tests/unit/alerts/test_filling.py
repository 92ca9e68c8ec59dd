"""When whose history is asked for."""

from kurto_alerts.filling import FillPlanner, FillRequest, FillTimes
from kurto_alerts.sequences import SensorSequence

TIMES = FillTimes(retry_s=0.1, poll_s=4.0, longest_poll_s=16.0)


def sequence(sensor_id: str, window_index: int = 5) -> SensorSequence:
    return SensorSequence(sensor_id, 1, window_index, capacity=4, longest_hole=1000)


def plan(
    planner: FillPlanner,
    sequences: dict[str, SensorSequence],
    now_s: float,
    *,
    known: tuple[str, ...] = (),
    limit: int = 9,
) -> list[FillRequest]:
    return planner.plan(sequences, lambda: known, now_s=now_s, limit=limit)


def answer(
    planner: FillPlanner,
    sensor_id: str,
    now_s: float,
    *,
    progress: bool = False,
    failed: bool = False,
    filling: bool = False,
) -> None:
    planner.answered(sensor_id, progress=progress, failed=failed, filling=filling, now_s=now_s)


def test_a_hole_is_asked_for_at_once_and_only_once_at_a_time() -> None:
    planner, sequences = FillPlanner(TIMES), {"a": sequence("a")}
    planner.note_hole("a", now_s=0.0)
    planner.note_hole("a", now_s=0.0)
    assert plan(planner, sequences, 0.0) == [FillRequest("a", 1, 5)]
    assert plan(planner, sequences, 100.0) == []
    assert planner.hole_count == 1
    answer(planner, "a", 100.0, progress=True)
    assert planner.hole_count == 0


def test_a_hole_with_progress_goes_on_at_once_and_without_it_waits_longer_each_time() -> None:
    planner, sequences = FillPlanner(TIMES), {"a": sequence("a")}
    planner.note_hole("a", now_s=0.0)
    plan(planner, sequences, 0.0)
    answer(planner, "a", 0.0, progress=True, filling=True)
    assert len(plan(planner, sequences, 0.0)) == 1
    answer(planner, "a", 0.0, filling=True)
    assert plan(planner, sequences, 0.05) == []
    assert len(plan(planner, sequences, 0.1)) == 1
    answer(planner, "a", 0.1, filling=True, failed=True)
    assert plan(planner, sequences, 0.25) == []
    assert len(plan(planner, sequences, 0.31)) == 1


def test_no_more_than_can_be_taken() -> None:
    planner = FillPlanner(TIMES)
    sequences = {name: sequence(name) for name in "abcdef"}
    for name in sequences:
        planner.note_hole(name, now_s=0.0)
    assert len(plan(planner, sequences, 0.0, limit=4)) == 4
    assert len(plan(planner, sequences, 0.0, limit=4)) == 2


def test_silent_sensors_are_polled_less_and_less() -> None:
    planner, sequences = FillPlanner(TIMES), {"a": sequence("a")}
    polls = []
    now_s = 0.0
    while now_s < 60.0:
        if plan(planner, sequences, now_s):
            polls.append(now_s)
            answer(planner, "a", now_s)
        now_s += 1.0
    assert polls == [4.0, 8.0, 16.0, 32.0, 48.0]


def test_a_sensor_that_is_heard_is_not_polled() -> None:
    planner, sequences = FillPlanner(TIMES), {"a": sequence("a")}
    for second in range(60):
        planner.heard(["a"], now_s=float(second))
        assert plan(planner, sequences, float(second)) == []


def test_a_poll_that_brought_something_is_repeated_soon() -> None:
    planner, sequences = FillPlanner(TIMES), {"a": sequence("a")}
    plan(planner, sequences, 0.0)
    assert len(plan(planner, sequences, 4.0)) == 1
    answer(planner, "a", 4.0, progress=True)
    assert len(plan(planner, sequences, 5.0)) == 1


def test_known_sensors_without_a_position_are_polled() -> None:
    planner = FillPlanner(TIMES)
    plan(planner, {}, 0.0, known=("b",))
    assert plan(planner, {}, 4.0, known=("b",)) == [FillRequest("b", None, -1)]
