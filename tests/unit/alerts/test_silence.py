"""Who has fallen silent, and whether it is anybody's fault, by the clock."""

from collections.abc import Iterable

from kurto_alerts.alert_state import AlertKind, ConditionChange, TransitionKind, Withdrawal
from kurto_alerts.data_quality.arrivals import Arrivals, StreamState
from kurto_alerts.data_quality.built_in import Problem
from kurto_alerts.data_quality.decisions import Place
from kurto_alerts.data_quality.silence import SilenceLimits, SilenceTracker, StreamReport

BEGIN_US = 1_700_000_000_000_000
LOOK_US = 500_000


class Plant:
    """Sensors that send until they stop, looked at every half second."""

    def __init__(self, *sensor_ids: str, open_alerts: dict[Place, str] | None = None) -> None:
        self.now_us = BEGIN_US
        self.intervals_s: dict[str, float] = dict.fromkeys(sensor_ids, 0.0)
        self.stopped: set[str] = set()
        self.received_us: dict[str, int | None] = dict.fromkeys(sensor_ids)
        self.ingest_away = self.analysis_away = False
        self.tracker = SilenceTracker(SilenceLimits(), open_alerts or {}, now_us=self.now_us)
        self.story: list[tuple[str, str, float]] = []
        self.changes: list[ConditionChange | Withdrawal] = []

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 1e6 / LOOK_US)):
            self.now_us += LOOK_US
            self.look()

    def look(self) -> None:
        for sensor_id in self.received_us.keys() - self.stopped:
            interval_us = self.intervals_s[sensor_id] * 1e6
            before_us = self.received_us[sensor_id]
            if before_us is None or self.now_us - before_us >= interval_us:
                self.received_us[sensor_id] = self.now_us
        if self.received_us.keys() - self.stopped and not self.analysis_away:
            self.tracker.delivered(self.now_us)
        reports = None if self.ingest_away else list(self.reports())
        changes = self.tracker.look(reports, now_us=self.now_us)
        self.changes += changes
        for change in changes:
            name = "WITHDRAWN" if isinstance(change, Withdrawal) else change.kind.name
            who = "" if isinstance(change, Withdrawal) else change.key.sensor_id
            self.story.append((name, who, (self.now_us - BEGIN_US) / 1e6))

    def reports(self) -> Iterable[StreamReport]:
        for sensor_id, received_us in self.received_us.items():
            yield StreamReport(sensor_id, 1, received_us, self.intervals_s[sensor_id], "mill")

    def who(self) -> list[tuple[str, str]]:
        return [(name, who) for name, who, _ in self.story]


def test_a_sensor_that_stops_is_stale_within_three_seconds_and_a_look() -> None:
    plant = Plant("a", "b")
    plant.run(5)
    plant.stopped = {"a"}
    plant.run(6)
    ((name, who, at_s),) = plant.story
    assert (name, who) == ("RAISED", "a")
    assert 3.0 < at_s - 5.0 <= 3.5
    (change,) = plant.changes
    assert isinstance(change, ConditionChange)
    assert change.alert_kind is AlertKind.DATA_QUALITY
    assert (change.rule.rule_id, change.machine_id, change.limit) == (
        "data-quality.stale",
        "mill",
        3.0,
    )


def test_sensors_that_had_stopped_before_are_no_excuse() -> None:
    plant = Plant("a", "b", "c")
    plant.run(5)
    plant.stopped = {"a", "b", "c"}
    plant.run(20)
    plant.stopped = {"a", "b"}
    plant.run(2)
    assert ("RAISED", "c") not in plant.who()
    plant.stopped = {"a", "b", "c"}
    plant.run(4)
    assert ("RAISED", "c") in plant.who()


def test_the_only_sensor_has_an_alert_of_its_own() -> None:
    plant = Plant("a")
    plant.run(2)
    plant.stopped = {"a"}
    plant.run(60)
    assert plant.who() == [("RAISED", "a")]


def test_it_ends_once_data_have_come_for_three_seconds() -> None:
    plant = Plant("a", "b")
    plant.run(1)
    plant.stopped = {"a"}
    plant.run(10)
    plant.stopped = set()
    plant.run(2.5)
    assert plant.who() == [("RAISED", "a")]
    plant.run(2)
    assert plant.who() == [("RAISED", "a"), ("RESOLVED", "a")]
    raised, resolved = plant.changes
    assert isinstance(raised, ConditionChange)
    assert isinstance(resolved, ConditionChange)
    assert raised.alert_id == resolved.alert_id


def test_a_burst_sensor_has_three_of_its_intervals() -> None:
    plant = Plant("a", "b")
    plant.intervals_s["a"] = 10.0
    plant.run(31)
    plant.stopped = {"a"}
    plant.run(28)
    assert plant.story == []
    plant.run(4)
    assert plant.who() == [("RAISED", "a")]


def test_a_plant_that_falls_silent_at_once_is_one_alarm_of_the_system() -> None:
    plant = Plant(*(f"s{number}" for number in range(100)))
    plant.run(5)
    plant.stopped = set(plant.received_us)
    plant.run(60)
    assert plant.who() == [("RAISED", "")]
    (change,) = plant.changes
    assert isinstance(change, ConditionChange)
    assert change.alert_kind is AlertKind.SYSTEM
    plant.stopped = {"s7"}
    plant.run(20)
    assert plant.who() == [("RAISED", ""), ("RESOLVED", ""), ("RAISED", "s7")]


def test_sensors_that_come_back_one_after_another_are_no_flood() -> None:
    plant = Plant(*(f"s{number}" for number in range(20)))
    plant.run(5)
    plant.stopped = set(plant.received_us)
    plant.run(30)
    for sensor_id in sorted(plant.stopped):
        plant.stopped = plant.stopped - {sensor_id}
        plant.run(0.5 if sensor_id in ("s0", "s1") else 0)
        plant.look()
    plant.run(10)
    assert plant.who() == [("RAISED", ""), ("RESOLVED", "")]


def test_while_ingest_says_nothing_nobody_is_blamed() -> None:
    plant = Plant("a", "b", "c")
    plant.run(5)
    plant.ingest_away = plant.analysis_away = True
    plant.stopped = {"a", "b", "c"}
    plant.run(60)
    plant.ingest_away = plant.analysis_away = False
    plant.stopped = {"b"}
    plant.run(2)
    assert plant.who() == [("RAISED", ""), ("RESOLVED", "")]
    plant.run(3)
    assert plant.who()[2:] == [("RAISED", "b")]


def test_an_analyzer_that_stands_still_is_one_alarm_of_the_system() -> None:
    plant = Plant("a", "b", "c")
    plant.run(5)
    plant.analysis_away = True
    plant.run(9.5)
    assert plant.story == []
    plant.run(30)
    assert plant.who() == [("RAISED", "")]
    plant.analysis_away = False
    plant.run(1)
    assert plant.who() == [("RAISED", ""), ("RESOLVED", "")]


def test_a_process_that_stood_still_counts_anew() -> None:
    plant = Plant("a", "b")
    plant.run(5)
    plant.now_us += 60_000_000
    plant.stopped = {"a", "b"}  # what came meanwhile has not been seen yet
    plant.look()
    plant.stopped = set()
    plant.run(5)
    assert plant.story == []


def test_what_was_open_before_a_restart_is_not_raised_again() -> None:
    place = Place("a", "", Problem.STALE)
    plant = Plant("a", "b", open_alerts={place: "the-alert"})
    plant.stopped = {"a"}
    plant.run(20)
    assert plant.story == []
    plant.stopped = set()
    plant.run(5)
    (change,) = plant.changes
    assert isinstance(change, ConditionChange)
    assert (change.kind, change.alert_id) == (TransitionKind.RESOLVED, "the-alert")


def test_a_sensor_that_need_not_send_any_more_has_its_alert_withdrawn() -> None:
    plant = Plant("a", "b")
    plant.run(1)
    plant.stopped = {"a"}
    plant.run(10)
    del plant.received_us["a"]
    plant.run(1)
    assert plant.who() == [("RAISED", "a"), ("WITHDRAWN", "")]


def test_arrivals_are_noted_by_the_own_clock() -> None:
    arrivals = Arrivals()
    first = StreamState("a", 1, 100, 1_000_000)
    assert arrivals.take([first], now_us=5)[0].received_us is None
    assert arrivals.take([first], now_us=6)[0].received_us is None
    assert arrivals.take([StreamState("a", 1, 200, 1_500_000)], now_us=7)[0].received_us == 7
    assert arrivals.take([StreamState("a", 1, 200, 1_500_000)], now_us=8)[0].received_us == 7
    assert arrivals.take([], now_us=9) == []


def test_a_time_that_trembles_is_no_arrival() -> None:
    arrivals = Arrivals()
    arrivals.take([StreamState("a", 1, 100, 1_000_000)], now_us=5)
    for tremble_us in (-90, 40, 7, 0, 3):
        state = StreamState("a", 1, 100, 1_000_000 + tremble_us)
        assert arrivals.take([state], now_us=6)[0].received_us is None
    # A refill arrives without moving the first index that was never seen.
    assert arrivals.take([StreamState("a", 1, 100, 1_400_000)], now_us=7)[0].received_us == 7
