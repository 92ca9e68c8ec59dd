"""What people and time do to alerts, on the stores in memory and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kurto_alerts.alert_state import (
    Alert,
    ConditionChange,
    ConditionState,
    Finding,
    Key,
    TransitionKind,
    alert_id_of,
)
from kurto_alerts.exceptions import (
    AlertEnded,
    AlertNotFound,
    AlertRevisionMismatch,
    AlreadyAcknowledged,
    KurtoError,
    NotAcknowledged,
    NotLatched,
    NotSetAside,
)
from kurto_alerts.fakes import (
    MemoryAlerts,
    MemoryDatabase,
    MemoryEvaluationLock,
    MemoryOperators,
    MemoryReports,
)
from kurto_alerts.operators.actions import Action, ActionFilter, ActionKind, Actor
from kurto_alerts.operators.ports import OperatorStore, ReportStore, ShelfPosition, TimeStore
from kurto_alerts.operators.report import ReportPeriod
from kurto_alerts.ports import AlertFilter, AlertStore, EvaluationBatch, EvaluationLock
from kurto_alerts.postgres import (
    PostgresAlerts,
    PostgresEvaluationLock,
    PostgresOperators,
    PostgresReports,
    PostgresTime,
)
from kurto_alerts.rules import Level, Rule, Severity
from kurto_alerts.testing import START_US, make_rule
from kurto_alerts.transition_log import Place
from kurto_service.postgres import create_pool, migrate

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Kind = TransitionKind


@dataclass
class Plant:
    """The stores, and an evaluator that raises what a test says."""

    alerts: AlertStore
    operators: OperatorStore
    second: OperatorStore
    time: TimeStore
    reports: ReportStore
    lock: EvaluationLock
    window: int = 0

    async def change(
        self,
        kind: TransitionKind = Kind.RAISED,
        *,
        sensor: str = "pump-7",
        severity: Severity = Severity.WARNING,
        rule: Rule | None = None,
        alert: Alert | None = None,
        now: datetime = NOW,
        machine: str = "",
    ) -> Alert:
        """Store one decision of the evaluator and return the alert after it."""
        self.window += 1
        rule = rule or make_rule()
        key = Key(sensor, "horizontal", rule.rule_id) if alert is None else alert.key
        instance = alert.instance if alert else alert_id_of(key, epoch=1, window_index=self.window)
        ended = kind is Kind.RESOLVED
        store = await self.lock.acquire()
        assert store is not None
        change = ConditionChange(
            kind=kind, alert_id=instance, key=key, rule=rule, severity=severity,
            state=ConditionState.NORMAL if ended else ConditionState.ACTIVE,
            value=1.5, worst_value=2.5, limit=1.0, epoch=1, window_index=self.window,
            time_us=START_US + self.window * 100_000, machine_id=machine,
        )  # fmt: skip
        revision = await store.rules_revision()
        batch = EvaluationBatch(rules_revision=revision, changes=[change])
        (transition,) = await store.commit(batch, now=now)
        return transition.alert

    async def act(self, alert_id: str, action: Action) -> Alert:
        (outcome,) = await self.operators.act([alert_id], action)
        if isinstance(outcome, KurtoError):
            raise outcome
        return outcome

    async def kinds(self, alert_id: str) -> list[TransitionKind]:
        _, transitions = await self.alerts.get_alert(alert_id)
        return [transition.kind for transition in transitions]

    async def audit(self, **parts: Any) -> list[Any]:
        return await self.operators.list_actions(
            ActionFilter(**parts), before_number=None, limit=1000
        )

    async def active(self, **parts: Any) -> list[str]:
        found, _ = await self.alerts.list_active(AlertFilter(**parts), after=None, limit=1000)
        return [alert.alert_id for alert in found]


def prepare(dsn: str) -> None:
    asyncio.run(migrate(dsn, "alerts", "kurto_alerts:migrations"))


@pytest.fixture(params=["memory", "postgres"])
def dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    """DSN of a migrated database; empty for the stores in memory."""
    if request.param == "memory":
        yield ""
        return
    databases = request.getfixturevalue("databases")
    name = databases.create(databases.template("alerts", prepare))
    yield databases.server.dsn(name)
    databases.drop(name)


@pytest.fixture
async def plant(dsn: str) -> AsyncIterator[Plant]:
    if not dsn:
        database = MemoryDatabase()
        people = MemoryOperators(database)
        yield Plant(
            MemoryAlerts(database), people, people, people, MemoryReports(database),
            MemoryEvaluationLock(database),
        )  # fmt: skip
        return
    pools = [await create_pool(dsn, max_size=4) for _ in range(2)]
    lock = PostgresEvaluationLock(dsn, connect_timeout_s=30.0, command_timeout_s=30.0)
    yield Plant(
        PostgresAlerts(pools[0]), PostgresOperators(pools[0]), PostgresOperators(pools[1]),
        PostgresTime(pools[0]), PostgresReports(pools[0]), lock,
    )  # fmt: skip
    await lock.release()
    for pool in pools:
        await pool.close()


def action(kind: ActionKind, *, user: str = "Anna", at: timedelta = MINUTE, **parts: Any) -> Action:
    actor = Actor(principal=f"token-{user.lower()}", user=user)
    return Action(kind=kind, actor=actor, time=NOW + at, **{"text": "why", **parts})


def shelve(*, hours: float = 1, one_shot: bool = False, **parts: Any) -> Action:
    until = NOW + timedelta(hours=hours)
    return action(ActionKind.SHELVE, expire_time=until, one_shot=one_shot, **parts)


def latching(rule_id: str = "rms-high") -> Rule:
    rule = make_rule(rule_id)
    levels = tuple(replace(level, latch=True) for level in rule.levels)
    assert all(isinstance(level, Level) for level in levels)
    return replace(rule, levels=levels)


# Single alerts --------------------------------------------------------------------------------


async def test_each_action_is_a_transition_and_a_row_of_the_audit(plant: Plant) -> None:
    alert_id = (await plant.change()).alert_id
    steps = [
        action(ActionKind.ACKNOWLEDGE, at=1 * MINUTE, text="on my way"),
        action(ActionKind.UNACKNOWLEDGE, at=2 * MINUTE, user="Ben"),
        action(ActionKind.COMMENT, at=3 * MINUTE, text="bearing is hot"),
        action(ActionKind.MARK_FINDING, at=4 * MINUTE, finding=Finding.TRUE),
        shelve(at=5 * MINUTE),
    ]
    for step in steps:
        alert = await plant.act(alert_id, step)
    stored, transitions = await plant.alerts.get_alert(alert_id)
    assert stored == alert
    assert (alert.revision, alert.comment_count, alert.finding) == (6, 1, Finding.TRUE)
    assert (alert.acknowledged, alert.shelving) == (False, steps[-1].shelving())
    assert [one.kind for one in transitions] == [
        Kind.RAISED, Kind.ACKNOWLEDGED, Kind.UNACKNOWLEDGED, Kind.COMMENTED,
        Kind.FINDING_MARKED, Kind.SHELVED,
    ]  # fmt: skip
    for step, transition in zip(steps, transitions[1:], strict=True):
        assert (transition.principal, transition.user, transition.comment, transition.time) == (
            step.actor.principal, step.actor.user, step.text, step.time,
        )  # fmt: skip
    records = list(reversed(await plant.audit()))
    assert [one.kind for one in records] == [step.kind for step in steps]
    for step, record, transition in zip(steps, records, transitions[1:], strict=True):
        assert (record.principal, record.user, record.reason, record.time) == (
            step.actor.principal, step.actor.user, step.text, step.time,
        )  # fmt: skip
        assert (record.alert_id, record.transition_number) == (alert_id, transition.number)
    assert records[3].finding is Finding.TRUE
    assert (records[4].key, records[4].expire_time) == (alert.key, NOW + HOUR)


async def test_what_cannot_be_done_is_refused_and_leaves_no_trace(plant: Plant) -> None:
    alert_id = (await plant.change()).alert_id
    for kind, refusal in (
        (ActionKind.UNACKNOWLEDGE, NotAcknowledged),
        (ActionKind.RESET, NotLatched),
    ):
        with pytest.raises(refusal):
            await plant.act(alert_id, action(kind))
    with pytest.raises(AlertNotFound):
        await plant.act("nothing", action(ActionKind.COMMENT))
    with pytest.raises(AlertRevisionMismatch) as late:
        await plant.act(alert_id, action(ActionKind.COMMENT, revision=7))
    assert late.value.metadata == {
        "alert_id": alert_id, "revision": "1", "state": "ACTIVE", "severity": "WARNING",
        "open": "true", "acknowledged": "false", "latched": "false", "shelved": "false",
    }  # fmt: skip
    assert await plant.audit() == []
    assert await plant.kinds(alert_id) == [Kind.RAISED]


async def test_ended_alerts_take_comments_and_findings_only(plant: Plant) -> None:
    alert = await plant.change()
    await plant.change(Kind.RESOLVED, alert=alert)
    await plant.act(alert.alert_id, action(ActionKind.COMMENT))
    await plant.act(alert.alert_id, action(ActionKind.MARK_FINDING, finding=Finding.FALSE))
    for kind in (ActionKind.ACKNOWLEDGE, ActionKind.UNACKNOWLEDGE, ActionKind.RESET):
        with pytest.raises(AlertEnded):
            await plant.act(alert.alert_id, action(kind))
    with pytest.raises(AlertEnded):
        await plant.act(alert.alert_id, shelve())
    stored, _ = await plant.alerts.get_alert(alert.alert_id)
    assert (stored.is_open, stored.finding, stored.comment_count) == (False, Finding.FALSE, 1)


async def test_latched_alert_ends_by_a_reset_once_its_condition_is_normal(plant: Plant) -> None:
    alert = await plant.change(rule=latching())
    with pytest.raises(NotLatched):
        await plant.act(alert.alert_id, action(ActionKind.RESET))
    latched = await plant.change(Kind.RESOLVED, alert=alert, rule=latching())
    assert (latched.latched, latched.is_open) == (True, True)
    reset = await plant.act(alert.alert_id, action(ActionKind.RESET))
    assert (reset.latched, reset.resolve_time) == (False, NOW + MINUTE)
    assert await plant.active() == []
    late = action(ActionKind.RESET, user="Ben", revision=latched.revision)
    with pytest.raises(AlertRevisionMismatch) as refused:
        await plant.act(alert.alert_id, late)
    assert refused.value.metadata["open"] == "false"


# Many people, many alerts ---------------------------------------------------------------------


@pytest.mark.parametrize("seen", [0, 1], ids=["whatever it is", "revision seen"])
async def test_two_operators_at_once_make_one_event(plant: Plant, seen: int) -> None:
    alert_ids = [(await plant.change(sensor=f"s-{at}")).alert_id for at in range(20)]

    async def person(store: OperatorStore, user: str) -> list[Alert | KurtoError]:
        step = action(ActionKind.ACKNOWLEDGE, user=user, revision=seen)
        answers = await asyncio.gather(*(store.act([one], step) for one in alert_ids))
        return [outcome for (outcome,) in answers]

    first, second = await asyncio.gather(
        person(plant.operators, "Anna"), person(plant.second, "Ben")
    )
    for alert_id, answers in zip(alert_ids, zip(first, second, strict=True), strict=True):
        (won,) = [one for one in answers if isinstance(one, Alert)]
        (lost,) = [one for one in answers if isinstance(one, KurtoError)]
        assert won.acknowledgment is not None
        assert isinstance(lost, AlreadyAcknowledged)
        assert lost.metadata["acknowledged_by"] == won.acknowledgment.user
        assert lost.metadata["revision"] == "2"
        assert await plant.kinds(alert_id) == [Kind.RAISED, Kind.ACKNOWLEDGED]
        (record,) = await plant.audit(alert_id=alert_id)
        assert record.user == won.acknowledgment.user


async def test_many_at_once_answer_one_by_one(plant: Plant) -> None:
    ids = [(await plant.change(sensor=f"s-{at}")).alert_id for at in range(4)]
    await plant.act(ids[1], action(ActionKind.ACKNOWLEDGE, user="Ben"))
    asked = [*ids, "nothing", ids[0]]
    outcomes = await plant.operators.act(asked, action(ActionKind.ACKNOWLEDGE))
    assert [type(outcome) for outcome in outcomes] == [
        Alert, AlreadyAcknowledged, Alert, Alert, AlertNotFound, AlreadyAcknowledged,
    ]  # fmt: skip
    assert len(await plant.audit(kinds=frozenset({ActionKind.ACKNOWLEDGE}))) == 4
    transitions, newest = await plant.alerts.list_transitions(after_number=0, limit=1000)
    assert [one.number for one in transitions] == list(range(1, newest + 1))


async def test_audit_is_filtered_and_paged(plant: Plant) -> None:
    alert_id = (await plant.change()).alert_id
    for at in range(5):
        user = "Anna" if at % 2 else "Ben"
        await plant.act(alert_id, action(ActionKind.COMMENT, user=user, at=at * HOUR))
    assert len(await plant.audit(principal="token-anna")) == 2
    inside = await plant.audit(start_time=NOW + HOUR, end_time=NOW + 3 * HOUR)
    assert [one.time for one in inside] == [NOW + 2 * HOUR, NOW + HOUR]
    assert await plant.audit(alert_id="other") == []
    assert await plant.audit(kinds=frozenset({ActionKind.RESET})) == []
    page = await plant.operators.list_actions(ActionFilter(), before_number=None, limit=2)
    rest = await plant.operators.list_actions(
        ActionFilter(), before_number=page[-1].number, limit=10
    )
    assert page + rest == await plant.audit()


# Shelves --------------------------------------------------------------------------------------


async def test_key_is_shelved_before_there_is_an_alert(plant: Plant) -> None:
    key = Key("pump-7", "horizontal", "rms-high")
    shelf, alert = await plant.operators.shelve(key, shelve())
    assert alert is None
    assert await plant.operators.list_shelves(after=None, limit=10) == [shelf]
    raised = await plant.change(now=NOW + 2 * MINUTE)
    assert raised.shelving == shelf.shelving
    assert await plant.active(set_aside=False) == []
    assert await plant.active(set_aside=True) == [raised.alert_id]
    back = await plant.operators.unshelve(key, action(ActionKind.UNSHELVE, at=3 * MINUTE))
    assert back is not None
    assert back.shelving is None
    assert await plant.active(set_aside=False) == [raised.alert_id]
    assert await plant.operators.list_shelves(after=None, limit=10) == []
    with pytest.raises(NotSetAside):
        await plant.operators.unshelve(key, action(ActionKind.UNSHELVE))
    assert await plant.kinds(raised.alert_id) == [Kind.RAISED, Kind.UNSHELVED]
    assert [one.kind for one in await plant.audit()] == [ActionKind.UNSHELVE, ActionKind.SHELVE]


async def test_one_shot_shelf_ends_with_the_alert(plant: Plant) -> None:
    alert = await plant.change()
    await plant.act(alert.alert_id, shelve(one_shot=True))
    await plant.change(Kind.RESOLVED, alert=alert)
    assert await plant.operators.list_shelves(after=None, limit=10) == []
    assert (await plant.change(now=NOW + 2 * MINUTE)).shelving is None


async def test_reset_ends_a_one_shot_shelf(plant: Plant) -> None:
    alert = await plant.change(rule=latching())
    await plant.act(alert.alert_id, shelve(one_shot=True))
    await plant.change(Kind.RESOLVED, alert=alert, rule=latching())
    assert len(await plant.operators.list_shelves(after=None, limit=10)) == 1
    await plant.act(alert.alert_id, action(ActionKind.RESET, at=2 * MINUTE))
    assert await plant.operators.list_shelves(after=None, limit=10) == []


async def test_shelf_that_expires_asks_anew_where_the_condition_is_present(plant: Plant) -> None:
    alert = await plant.change()
    await plant.act(alert.alert_id, action(ActionKind.ACKNOWLEDGE))
    await plant.act(alert.alert_id, shelve(hours=1))
    just_before = NOW + HOUR - timedelta(microseconds=1)
    assert await plant.time.expire_shelves(now=just_before, limit=10) == 0
    counts = await asyncio.gather(
        *(plant.time.expire_shelves(now=NOW + HOUR, limit=10) for _ in range(3))
    )
    assert sum(counts) == 1
    after, transitions = await plant.alerts.get_alert(alert.alert_id)
    assert (after.shelving, after.acknowledged) == (None, False)
    assert [one.kind for one in transitions][-1] is Kind.SHELF_EXPIRED
    assert len(transitions) == 4
    assert await plant.operators.list_shelves(after=None, limit=10) == []


async def test_shelf_of_a_latched_alert_leaves_the_acknowledgment(plant: Plant) -> None:
    alert = await plant.change(rule=latching())
    await plant.act(alert.alert_id, action(ActionKind.ACKNOWLEDGE))
    await plant.act(alert.alert_id, shelve(hours=1))
    await plant.change(Kind.RESOLVED, alert=alert, rule=latching())
    assert await plant.time.expire_shelves(now=NOW + 2 * HOUR, limit=10) == 1
    after, _ = await plant.alerts.get_alert(alert.alert_id)
    assert (after.shelving, after.acknowledged) == (None, True)


async def test_shelves_are_paged_by_their_end(plant: Plant) -> None:
    for at in range(5):
        await plant.operators.shelve(Key("s", f"c{at}", "r"), shelve(hours=1 + (at * 2) % 5))
    page = await plant.operators.list_shelves(after=None, limit=2)
    place = ShelfPosition(page[-1].shelving.expire_time, page[-1].key)
    rest = await plant.operators.list_shelves(after=place, limit=10)
    ends = [shelf.shelving.expire_time for shelf in page + rest]
    assert len(ends) == 5
    assert ends == sorted(ends)


# Out of service -------------------------------------------------------------------------------


async def test_out_of_service_covers_and_gives_back(plant: Plant) -> None:
    first = await plant.change(sensor="a", machine="m")
    second = await plant.change(sensor="b", machine="m")
    other = await plant.change(sensor="c")
    out = action(ActionKind.SET_OUT_OF_SERVICE, text="overhaul")
    entry, count = await plant.operators.set_out_of_service(Place(machine_id="m"), out)
    assert (entry.reason, count) == ("overhaul", 2)
    _, count = await plant.operators.set_out_of_service(
        Place(sensor_id="a", channel="horizontal"), replace(out, text="cable")
    )
    assert count == 0
    assert await plant.active(set_aside=False) == [other.alert_id]
    new = await plant.change(sensor="d", machine="m", now=NOW + 2 * MINUTE)
    assert new.out_of_service == "overhaul"
    back = action(ActionKind.RETURN_TO_SERVICE, at=3 * MINUTE)
    assert await plant.operators.return_to_service(Place(machine_id="m"), back) == 2
    still, _ = await plant.alerts.get_alert(first.alert_id)
    assert still.out_of_service != ""
    assert await plant.kinds(second.alert_id) == [
        Kind.RAISED, Kind.TAKEN_OUT_OF_SERVICE, Kind.RETURNED_TO_SERVICE,
    ]  # fmt: skip
    with pytest.raises(NotSetAside):
        await plant.operators.return_to_service(Place(machine_id="m"), back)
    left = await plant.operators.list_out_of_service(after=None, limit=10)
    assert [one.target for one in left] == [Place(sensor_id="a", channel="horizontal")]
    assert await plant.operators.list_out_of_service(after=left[0].target, limit=10) == []
    assert len(await plant.audit(kinds=frozenset({ActionKind.SET_OUT_OF_SERVICE}))) == 4


# Re-alarm -------------------------------------------------------------------------------------


async def test_active_and_acknowledged_for_long_comes_up_again_once(plant: Plant) -> None:
    due = await plant.change(sensor="due")
    shelved = await plant.change(sensor="shelved")
    for one in (due, shelved):
        await plant.act(one.alert_id, action(ActionKind.ACKNOWLEDGE, at=MINUTE))
    await plant.act(shelved.alert_id, shelve(hours=8))
    young = await plant.change(sensor="young")
    await plant.act(young.alert_id, action(ActionKind.ACKNOWLEDGE, at=2 * MINUTE))
    latched = await plant.change(sensor="latched", rule=latching())
    await plant.act(latched.alert_id, action(ActionKind.ACKNOWLEDGE, at=MINUTE))
    await plant.change(Kind.RESOLVED, alert=latched, rule=latching())

    async def realarm(minute: int) -> int:
        now = NOW + minute * MINUTE
        return await plant.time.realarm(acknowledged_before=now - HOUR, now=now, limit=10)

    assert await realarm(60) == 0
    assert sum(await asyncio.gather(*(realarm(61) for _ in range(3)))) == 1
    assert await realarm(61) == 0
    after, transitions = await plant.alerts.get_alert(due.alert_id)
    assert (after.acknowledged, after.realarm_count) == (False, 1)
    assert transitions[-1].kind is Kind.REALARMED
    again = await plant.act(due.alert_id, action(ActionKind.ACKNOWLEDGE, at=70 * MINUTE))
    assert again.acknowledged
    assert await realarm(62) == 1  # the young one
    assert await realarm(130) == 1
    assert (await plant.alerts.get_alert(due.alert_id))[0].realarm_count == 2


async def test_what_time_does_is_done_in_batches(plant: Plant) -> None:
    for at in range(5):
        alert = await plant.change(sensor=f"s{at}")
        await plant.act(alert.alert_id, shelve(hours=1))
    counts = [await plant.time.expire_shelves(now=NOW + DAY, limit=2) for _ in range(4)]
    assert counts == [2, 2, 1, 0]
    assert len(await plant.active(set_aside=False)) == 5


# Lists ----------------------------------------------------------------------------------------


async def test_filters(plant: Plant) -> None:
    labelled = replace(make_rule("other"), labels={"team": "west", "line": "2"})
    a = (await plant.change(sensor="a", machine="m")).alert_id
    b = (await plant.change(sensor="b", rule=labelled, severity=Severity.CRITICAL)).alert_id
    await plant.act(a, action(ActionKind.ACKNOWLEDGE))
    expected: Sequence[tuple[dict[str, Any], list[str]]] = [
        ({}, [b, a]),
        ({"machine_id": "m"}, [a]),
        ({"rule_id": "other"}, [b]),
        ({"minimum_severity": Severity.CRITICAL}, [b]),
        ({"acknowledged": True}, [a]),
        ({"acknowledged": False}, [b]),
        ({"labels": {"team": "west"}}, [b]),
        ({"labels": {"team": "east"}}, []),
        ({"set_aside": True}, []),
        ({"set_aside": False, "sensor_id": "a"}, [a]),
    ]
    for parts, ids in expected:
        assert await plant.active(**parts) == ids, parts
        found = await plant.alerts.list_history(AlertFilter(**parts), after=None, limit=10)
        assert {alert.alert_id for alert in found} == set(ids), parts


# Figures --------------------------------------------------------------------------------------


async def hand_made_history(plant: Plant) -> None:
    """Fill the plant with a day: a flood, a chatterer, a stale one, findings, acknowledgments."""
    begin = NOW
    stale = await plant.change(sensor="stale", now=begin - 30 * HOUR, machine="m")
    await plant.act(stale.alert_id, action(ActionKind.ACKNOWLEDGE, at=-29 * HOUR))
    for at in range(12):  # ten minutes from 12:00 on: a flood of 12 with the edge below
        await plant.change(sensor=f"f{at}", now=begin + at * timedelta(seconds=40))
    await plant.change(sensor="edge", now=begin + 10 * MINUTE)  # the first of the next interval
    for at in range(4):  # 3 within a minute, the fourth exactly a minute after the first
        alert = await plant.change(
            sensor="chatter", now=begin + HOUR + at * timedelta(seconds=20), machine="m",
            severity=Severity.CRITICAL,
        )  # fmt: skip
        await plant.change(
            Kind.RESOLVED, alert=alert, severity=Severity.CRITICAL,
            now=begin + HOUR + at * timedelta(seconds=20, microseconds=1),
        )  # fmt: skip
        if at < 3:
            finding = Finding.FALSE if at else Finding.TRUE
            await plant.act(alert.alert_id, action(ActionKind.MARK_FINDING, finding=finding))
    for at, wait in enumerate((10, 20, 60)):
        alert = await plant.change(sensor=f"w{at}", now=begin + 2 * HOUR)
        step = action(ActionKind.ACKNOWLEDGE, at=2 * HOUR + wait * timedelta(seconds=1))
        await plant.act(alert.alert_id, step)
    shelf = shelve(hours=8)
    await plant.operators.shelve(Key("hidden", "horizontal", "rms-high"), shelf)
    await plant.change(sensor="hidden", now=begin + 3 * HOUR)
    await plant.change(sensor="late", now=begin + DAY)  # the end is exclusive


async def test_report_of_a_hand_made_day(plant: Plant) -> None:
    await hand_made_history(plant)
    report = await plant.reports.report(ReportPeriod(NOW, NOW + DAY))
    assert report.alarm_count == 12 + 1 + 4 + 3
    assert (report.per_ten_minutes.mean, report.per_ten_minutes.maximum) == (20 / 144, 12)
    assert (report.per_hour.mean, report.per_hour.maximum) == (20 / 24, 13)
    assert (report.per_day.mean, report.per_day.maximum) == (20, 20)
    assert report.flood_share == pytest.approx(1 / 144)
    (chatter,) = report.chattering
    assert (chatter.key.sensor_id, chatter.largest_per_minute) == ("chatter", 3)
    assert (chatter.alarm_count, chatter.share, chatter.machine_id) == (4, 0.2, "m")
    assert (report.chattering_count, len(report.bad_actors)) == (1, 10)
    assert report.bad_actors[0] == chatter
    assert [alarm.key.sensor_id for alarm in report.stale] == ["stale"]
    assert (report.stale_count, report.stale[0].raise_time) == (1, NOW - 30 * HOUR)
    assert sum(report.priority_counts.values()) == 20
    assert sorted(report.priority_counts.values()) == [4, 16]
    assert report.acknowledgment_count == 3
    assert report.acknowledge_median_s == pytest.approx(20)
    assert report.acknowledge_p95_s == pytest.approx(56)
    (findings,) = report.findings
    assert (findings.true_count, findings.false_count) == (1, 2)
    assert findings.open_count == 21 - 3
    assert findings.false_share == pytest.approx(2 / 3)


async def test_report_of_one_machine_and_of_edges(plant: Plant) -> None:
    await hand_made_history(plant)
    machine = await plant.reports.report(ReportPeriod(NOW, NOW + DAY, ("m",)))
    assert (machine.alarm_count, machine.stale_count) == (4, 1)
    # From 12:00:00 to 12:10:00 exclusive: the alarm at 12:10 is outside.
    short = await plant.reports.report(ReportPeriod(NOW, NOW + 10 * MINUTE))
    assert (short.alarm_count, short.flood_share) == (12, 1.0)
    # An interval that the end cuts counts with what is left of it: 12 alarms until 12:07:20.
    cut = await plant.reports.report(ReportPeriod(NOW - 20 * MINUTE, NOW + 8 * MINUTE))
    assert cut.flood_share == pytest.approx(8 / 28)
    none = await plant.reports.report(ReportPeriod(NOW + 5 * HOUR, NOW + 6 * HOUR))
    assert (none.alarm_count, none.acknowledge_median_s, none.bad_actors) == (0, None, [])
    # The stale one had been standing for exactly 24 hours at the end: not yet stale.
    young = await plant.reports.report(ReportPeriod(NOW - 40 * HOUR, NOW - 6 * HOUR))
    assert young.stale_count == 0


async def test_latched_alarm_that_comes_again_is_an_alarm_of_its_own(plant: Plant) -> None:
    alert = await plant.change(rule=latching())
    await plant.change(Kind.RECOVERING, alert=alert, rule=latching(), now=NOW + MINUTE)
    await plant.change(Kind.RELAPSED, alert=alert, rule=latching(), now=NOW + 2 * MINUTE)
    await plant.change(Kind.RESOLVED, alert=alert, rule=latching(), now=NOW + 3 * MINUTE)
    again = await plant.change(rule=latching(), now=NOW + 4 * MINUTE)
    assert again.alert_id == alert.alert_id
    report = await plant.reports.report(ReportPeriod(NOW, NOW + DAY))
    assert report.alarm_count == 2
