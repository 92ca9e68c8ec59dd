"""When ingest is asked for all sensors, and what is known of them in between."""

from kurto_alerts.data_quality.arrivals import StreamState
from kurto_alerts.data_quality.roster import (
    LONGEST_AGE_S,
    QUIET_S,
    SHORTEST_AGE_S,
    Roster,
)


def state(sensor_id: str, next_index: int, epoch: int = 1) -> StreamState:
    return StreamState(sensor_id, epoch, next_index, 1_000 * next_index)


def listed(*states: StreamState, others: tuple[StreamState, ...] = ()) -> Roster:
    """Return a roster of just now, at 100 s."""
    roster = Roster()
    roster.list_again(states, others, now_s=100.0)
    roster.hear(states, now_s=100.0)
    return roster


def test_nothing_is_known_at_first() -> None:
    roster = Roster()
    roster.hear([], now_s=7.0)
    assert roster.is_due(7.0)
    assert roster.states() == []


def test_those_that_go_on_are_not_asked_for_again_before_the_list_is_old() -> None:
    roster = listed(state("a", 10), state("b", 10))
    roster.hear([state("a", 20), state("b", 30)], now_s=104.9)
    assert not roster.is_due(104.9)
    assert roster.is_due(100.0 + LONGEST_AGE_S)
    assert roster.states() == [state("a", 20), state("b", 30)]


def test_a_sensor_that_has_just_become_quiet_is_doubtful_once() -> None:
    roster = listed(state("a", 10), state("b", 10))
    roster.hear([state("a", 20)], now_s=100.5)
    assert not roster.is_due(100.5)  # not more often than once a second
    assert roster.is_due(100.0 + SHORTEST_AGE_S)
    roster.list_again([state("a", 20), state("b", 10)], [], now_s=101.0)
    roster.hear([state("a", 30)], now_s=102.5)
    assert not roster.is_due(102.5)
    assert state("b", 10) in roster.states()


def test_what_is_not_expected_to_send_may() -> None:
    roster = listed(state("a", 10), others=(state("recording", 10),))
    roster.hear([state("a", 20), state("recording", 99)], now_s=102.0)
    assert not roster.is_due(102.0)
    assert roster.states() == [state("a", 20)]


def test_a_new_sensor_and_a_new_epoch_are_looked_up() -> None:
    for arrival in (state("new", 10), state("a", 10, epoch=2), state("idle", 10)):
        roster = listed(state("a", 10), others=(StreamState("idle", 0, 0, 0),))
        roster.hear([state("a", 20), arrival], now_s=102.0)
        assert roster.is_due(102.0)


def test_nothing_that_came_since_the_last_answer_is_missed() -> None:
    roster = listed(state("a", 10))
    assert roster.within_s(100.5) == QUIET_S + 0.5
    assert roster.within_s(103.0) == QUIET_S + 3.0
    assert roster.within_s(9999.0) == QUIET_S + LONGEST_AGE_S  # the list is asked for by then
