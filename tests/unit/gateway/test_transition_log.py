"""Transitions are dense, and the open alerts follow from them."""

from tests.unit.gateway.messages import alert, transition

from kurto.alerts.v1 import alerts_pb2
from kurto_gateway.live.transition_log import LiveTransition, TransitionLog


def make(number: int | None = 0, max_bytes: int = 1_000_000, snapshot: int = 100) -> TransitionLog:
    log = TransitionLog(max_bytes=max_bytes, max_snapshot_alerts=snapshot)
    if number is not None:
        log.load([], number)
    return log


def numbers(found: list[LiveTransition] | None) -> list[int]:
    assert found is not None
    return [one.number for one in found]


def open_ids(log: TransitionLog) -> list[str]:
    found = []
    for encoded in log.snapshot():
        assert isinstance(encoded.message, alerts_pb2.Alert)
        found.append(encoded.message.alert_id)
    return found


def test_nothing_is_taken_before_the_alerts_were_loaded() -> None:
    log = make(None)
    assert log.append([transition(1)]) == []
    assert log.number is None
    assert log.after(0) is None


def test_duplicates_are_left_out() -> None:
    log = make()
    assert numbers(log.append([transition(1), transition(2)])) == [1, 2]
    assert numbers(log.append([transition(1), transition(2), transition(3)])) == [3]
    assert not log.has_hole


def test_a_hole_stops_until_it_is_filled() -> None:
    log = make()
    assert numbers(log.append([transition(1), transition(3)])) == [1]
    assert log.has_hole
    assert log.append([transition(4)]) == []
    log.filled(4)
    assert log.has_hole  # it is not: 2 is still missing
    assert numbers(log.append([transition(n) for n in (2, 3, 4)])) == [2, 3, 4]
    log.filled(4)
    assert not log.has_hole


def test_open_alerts_follow() -> None:
    log = TransitionLog(max_bytes=10_000, max_snapshot_alerts=10)
    log.load([alert("old")], 4)
    log.append([transition(5, "new"), transition(6, "old", is_open=False)])
    assert open_ids(log) == ["new"]
    assert log.open_count == 1


def test_the_snapshot_holds_the_most_severe() -> None:
    log = make(snapshot=2)
    severities = [
        alerts_pb2.SEVERITY_INFO,
        alerts_pb2.SEVERITY_CRITICAL,
        alerts_pb2.SEVERITY_WARNING,
    ]
    alerts = []
    for severity in severities:
        one = alert(f"s{severity}")
        one.severity = severity
        alerts.append(one)
    log.load(alerts, 3)
    assert open_ids(log) == ["s3", "s2"]
    assert log.snapshot() is log.snapshot()


def test_recent_ones_are_here_and_older_ones_are_not() -> None:
    size = LiveTransition(transition(1)).size
    log = make(max_bytes=3 * size)
    log.append([transition(n) for n in range(1, 11)])
    assert numbers(log.after(8)) == [9, 10]
    assert numbers(log.after(10)) == []
    assert numbers(log.after(7)) == [8, 9, 10]
    assert log.after(6) is None
    assert log.after(11) is None
