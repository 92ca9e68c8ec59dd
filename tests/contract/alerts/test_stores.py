"""One suite for the stores in memory and on PostgreSQL."""

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
    Key,
    Transition,
    TransitionKind,
    Withdrawal,
    alert_id_of,
)
from kurto_alerts.checkpoints import ConditionRecord, SensorCheckpoint
from kurto_alerts.exceptions import (
    AlertEnded,
    AlertNotFound,
    AlertRevisionMismatch,
    AlreadyAcknowledged,
    KurtoError,
    RuleExists,
    RuleNotFound,
    RuleVersionMismatch,
    StaleRulesError,
)
from kurto_alerts.fakes import (
    MemoryAlerts,
    MemoryDatabase,
    MemoryEvaluationLock,
    MemoryKeepRequests,
    MemoryOperators,
    MemoryProfiles,
    MemoryPublication,
    MemoryRules,
)
from kurto_alerts.frames import SensorProfile
from kurto_alerts.keeping import KeepRequest
from kurto_alerts.operators.actions import Action, ActionKind, Actor
from kurto_alerts.operators.ports import OperatorStore
from kurto_alerts.ports import (
    ActivePosition,
    AlertFilter,
    AlertStore,
    EvaluationBatch,
    EvaluationLock,
    EvaluationStore,
    HistoryPosition,
    KeepRequestStore,
    OpenAlert,
    ProfileStore,
    PublicationStore,
    RuleStore,
)
from kurto_alerts.postgres import (
    PostgresAlerts,
    PostgresEvaluationLock,
    PostgresKeepRequests,
    PostgresOperators,
    PostgresProfiles,
    PostgresPublication,
    PostgresRules,
)
from kurto_alerts.rules import Rule, Scope, Selector, Severity
from kurto_alerts.testing import START_US, make_rule
from kurto_service.postgres import create_pool, migrate

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVERYTHING = AlertFilter()


@dataclass
class Stores:
    rules: RuleStore
    alerts: AlertStore
    operators: OperatorStore
    lock: EvaluationLock
    second_lock: EvaluationLock
    publication: PublicationStore
    profiles: ProfileStore
    keep_requests: KeepRequestStore

    async def evaluation(self) -> EvaluationStore:
        store = await self.lock.acquire()
        assert store is not None
        return store


def memory_stores() -> Stores:
    database = MemoryDatabase()
    return Stores(
        MemoryRules(database),
        MemoryAlerts(database),
        MemoryOperators(database),
        MemoryEvaluationLock(database),
        MemoryEvaluationLock(database),
        MemoryPublication(database),
        MemoryProfiles(database),
        MemoryKeepRequests(database),
    )


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
async def stores(dsn: str) -> AsyncIterator[Stores]:
    if not dsn:
        yield memory_stores()
        return
    pool = await create_pool(dsn, max_size=4)
    locks = [
        PostgresEvaluationLock(dsn, connect_timeout_s=30.0, command_timeout_s=30.0)
        for _ in range(2)
    ]
    yield Stores(
        PostgresRules(pool),
        PostgresAlerts(pool),
        PostgresOperators(pool),
        locks[0],
        locks[1],
        PostgresPublication(pool),
        PostgresProfiles(pool),
        PostgresKeepRequests(pool),
    )
    for lock in locks:
        await lock.release()
    await pool.close()


def change(
    kind: TransitionKind = TransitionKind.RAISED,
    *,
    window: int = 0,
    sensor: str = "pump-7",
    severity: Severity = Severity.WARNING,
    rule: Rule | None = None,
    raised_at: int = 0,
) -> ConditionChange:
    rule = rule or make_rule()
    key = Key(sensor, "horizontal", rule.rule_id)
    ended = kind is TransitionKind.RESOLVED
    return ConditionChange(
        kind=kind,
        alert_id=alert_id_of(key, epoch=1, window_index=raised_at),
        key=key,
        rule=rule,
        severity=severity,
        state=ConditionState.NORMAL if ended else ConditionState.ACTIVE,
        value=1.5,
        worst_value=2.5,
        limit=1.0,
        epoch=1,
        window_index=window,
        time_us=START_US + window * 100_000,
    )


async def commit(
    store: EvaluationStore, *changes: ConditionChange, **parts: Any
) -> list[Transition]:
    revision = await store.rules_revision()
    batch = EvaluationBatch(rules_revision=revision, changes=changes, **parts)
    return await store.commit(batch, now=NOW)


async def acknowledge(
    stores: Stores, alert_id: str, *, user: str = "Anna", revision: int = 0
) -> Alert:
    action = Action(
        kind=ActionKind.ACKNOWLEDGE,
        actor=Actor(principal="token-anna", user=user),
        time=NOW + timedelta(seconds=1),
        text="looking",
        revision=revision,
    )
    (outcome,) = await stores.operators.act([alert_id], action)
    if isinstance(outcome, KurtoError):
        raise outcome
    return outcome


# Rules ----------------------------------------------------------------------------------------


async def test_rule_comes_back_as_it_was_stored(stores: Stores) -> None:
    rule = replace(
        make_rule(
            levels={Severity.WARNING: 0.0, Severity.CRITICAL: 0.1 + 0.2},
            pending_s=None,
            selector=Selector(sensor_ids=frozenset({"a", "b"}), tags=frozenset({"t"})),
        ),
        labels={"team": "west"},
    )
    stored = await stores.rules.create_rule(rule, principal="anna", now=NOW)
    assert stored == await stores.rules.get_rule(rule.rule_id)
    assert stored == rule.stored(version=1, principal="anna", now=NOW)


async def test_rule_id_is_taken_once(stores: Stores) -> None:
    await stores.rules.create_rule(make_rule(), principal="anna", now=NOW)
    with pytest.raises(RuleExists):
        await stores.rules.create_rule(make_rule(), principal="anna", now=NOW)


async def test_unknown_rule(stores: Stores) -> None:
    with pytest.raises(RuleNotFound):
        await stores.rules.get_rule("nothing")
    with pytest.raises(RuleNotFound):
        await stores.rules.update_rule(make_rule("nothing"), principal="anna", now=NOW)
    await stores.rules.delete_rule("nothing", principal="anna", now=NOW)


async def test_rules_are_listed_by_id(stores: Stores) -> None:
    for rule_id in ("b", "C", "a"):
        await stores.rules.create_rule(make_rule(rule_id), principal="anna", now=NOW)
    listed = await stores.rules.list_rules(after_rule_id="", limit=2)
    assert [rule.rule_id for rule in listed] == ["C", "a"]
    listed = await stores.rules.list_rules(after_rule_id="a", limit=2)
    assert [rule.rule_id for rule in listed] == ["b"]


async def test_update_counts_versions_and_keeps_the_creation(stores: Stores) -> None:
    created = await stores.rules.create_rule(make_rule(version=0), principal="anna", now=NOW)
    later = NOW + timedelta(hours=1)
    changed = replace(created, display_name="Another name")
    updated = await stores.rules.update_rule(changed, principal="ben", now=later)
    assert updated.version == 2
    assert (updated.create_time, updated.update_time) == (NOW, later)
    assert updated.update_principal == "ben"
    assert await stores.rules.get_rule(created.rule_id) == updated
    with pytest.raises(RuleVersionMismatch) as raised:
        await stores.rules.update_rule(changed, principal="ben", now=later)
    assert raised.value.metadata["version"] == "2"
    unconditional = replace(changed, version=0)
    assert (await stores.rules.update_rule(unconditional, principal="ben", now=later)).version == 3


async def test_versions_are_never_used_twice(stores: Stores) -> None:
    await stores.rules.create_rule(make_rule(), principal="anna", now=NOW)
    await stores.rules.delete_rule("rms-high", principal="anna", now=NOW)
    again = await stores.rules.create_rule(make_rule(), principal="anna", now=NOW)
    assert again.version == 3


async def test_each_change_of_rules_counts(stores: Stores) -> None:
    store = await stores.evaluation()
    revisions = [await store.rules_revision()]
    rule = await stores.rules.create_rule(make_rule(), principal="anna", now=NOW)
    revisions.append(await store.rules_revision())
    await stores.rules.update_rule(rule, principal="anna", now=NOW)
    revisions.append(await store.rules_revision())
    await stores.rules.delete_rule(rule.rule_id, principal="anna", now=NOW)
    revisions.append(await store.rules_revision())
    assert revisions == sorted(set(revisions))


@pytest.mark.parametrize("way", ["delete", "disable"])
async def test_end_of_a_rule_withdraws_its_alerts(stores: Stores, way: str) -> None:
    rule = await stores.rules.create_rule(make_rule(), principal="anna", now=NOW)
    await stores.rules.create_rule(make_rule("other"), principal="anna", now=NOW)
    store = await stores.evaluation()
    await commit(store, change(rule=rule), change(rule=make_rule("other")))
    later = NOW + timedelta(minutes=1)
    if way == "delete":
        await stores.rules.delete_rule(rule.rule_id, principal="ben", now=later)
    else:
        disabled = replace(rule, disabled=True)
        await stores.rules.update_rule(disabled, principal="ben", now=later)
    active, number = await stores.alerts.list_active(EVERYTHING, after=None, limit=10)
    assert [alert.rule_id for alert in active] == ["other"]
    assert number == 3
    alert, transitions = await stores.alerts.get_alert(change(rule=rule).alert_id)
    assert (alert.state, alert.resolve_time) == (ConditionState.NORMAL, later)
    assert transitions[-1].kind is TransitionKind.WITHDRAWN
    assert (transitions[-1].principal, transitions[-1].window_index) == ("ben", None)


# Alerts ---------------------------------------------------------------------------------------


async def test_alert_from_raise_to_resolve(stores: Stores) -> None:
    store = await stores.evaluation()
    raised = change()
    (first,) = await commit(store, raised)
    assert first.number == 1
    escalated = change(TransitionKind.ESCALATED, window=3, severity=Severity.CRITICAL)
    resolved = change(TransitionKind.RESOLVED, window=9, severity=Severity.CRITICAL)
    (second,) = await commit(store, escalated)
    assert [alert async for alert in _active(stores)] == [second.alert]
    (third,) = await commit(store, resolved)
    assert [alert async for alert in _active(stores)] == []
    alert, transitions = await stores.alerts.get_alert(raised.alert_id)
    assert transitions == [first, second, third]
    assert alert == third.alert
    assert [transition.number for transition in transitions] == [1, 2, 3]
    assert (alert.revision, alert.severity) == (3, Severity.CRITICAL)
    assert alert.raise_time == first.alert.raise_time
    assert alert.resolve_time == first.alert.raise_time + timedelta(seconds=0.9)


async def _active(stores: Stores) -> AsyncIterator[Alert]:
    for alert in (await stores.alerts.list_active(EVERYTHING, after=None, limit=100))[0]:
        yield alert


async def test_same_changes_twice_make_no_second_alert(stores: Stores) -> None:
    store = await stores.evaluation()
    assert len(await commit(store, change())) == 1
    assert await commit(store, change()) == []
    await commit(store, change(TransitionKind.RESOLVED))
    assert await commit(store, change(), change(TransitionKind.RESOLVED)) == []


async def test_resolve_and_raise_of_one_key_in_one_batch(stores: Stores) -> None:
    store = await stores.evaluation()
    made = await commit(
        store,
        change(),
        change(TransitionKind.RESOLVED, window=5),
        change(window=9, raised_at=9),
    )
    assert [transition.number for transition in made] == [1, 2, 3]
    made = await commit(
        store,
        change(TransitionKind.RESOLVED, window=12, raised_at=9),
        change(window=15, raised_at=15),
    )
    assert [alert.window_index async for alert in _active(stores)] == [15]


async def test_active_alerts_are_listed_by_severity_then_age(stores: Stores) -> None:
    store = await stores.evaluation()
    severities = [Severity.INFO, Severity.CRITICAL, Severity.WARNING, Severity.CRITICAL]
    await commit(
        store,
        *(
            change(window=at, raised_at=at, sensor=f"s{at}", severity=severity)
            for at, severity in enumerate(severities)
        ),
    )
    sensors = []
    position = None
    while True:
        page, number = await stores.alerts.list_active(EVERYTHING, after=position, limit=1)
        assert number == 4
        if not page:
            break
        sensors.append(page[0].sensor_id)
        position = ActivePosition(page[0].severity, page[0].raise_time, page[0].alert_id)
    assert sensors == ["s3", "s1", "s2", "s0"]
    one, _ = await stores.alerts.list_active(AlertFilter("s2"), after=None, limit=9)
    assert [alert.sensor_id for alert in one] == ["s2"]
    counts = await stores.alerts.count_open()
    assert dict(counts) == {Severity.INFO: 1, Severity.WARNING: 1, Severity.CRITICAL: 2}


async def test_empty_lists(stores: Stores) -> None:
    assert await stores.alerts.list_active(EVERYTHING, after=None, limit=9) == ([], 0)
    assert await stores.alerts.list_history(EVERYTHING, after=None, limit=9) == []
    assert await stores.alerts.list_transitions(after_number=0, limit=9) == ([], 0)


async def test_history_by_time(stores: Stores) -> None:
    store = await stores.evaluation()
    await commit(store, *(change(window=at, raised_at=at, sensor=f"s{at}") for at in range(4)))
    await commit(store, change(TransitionKind.RESOLVED, window=9, raised_at=2, sensor="s2"))
    alerts = await stores.alerts.list_history(EVERYTHING, after=None, limit=3)
    assert [alert.sensor_id for alert in alerts] == ["s3", "s2", "s1"]
    position = HistoryPosition(alerts[-1].raise_time, alerts[-1].alert_id)
    rest = await stores.alerts.list_history(EVERYTHING, after=position, limit=3)
    assert [alert.sensor_id for alert in rest] == ["s0"]
    chosen = AlertFilter("", rest[0].raise_time, alerts[0].raise_time)
    found = await stores.alerts.list_history(chosen, after=None, limit=9)
    assert [alert.sensor_id for alert in found] == ["s2", "s1", "s0"]
    found = await stores.alerts.list_history(AlertFilter("s1"), after=None, limit=9)
    assert [alert.sensor_id for alert in found] == ["s1"]


async def test_unknown_alert(stores: Stores) -> None:
    with pytest.raises(AlertNotFound):
        await stores.alerts.get_alert("nothing")
    with pytest.raises(AlertNotFound):
        await acknowledge(stores, "nothing")


async def test_acknowledge(stores: Stores) -> None:
    store = await stores.evaluation()
    (raised,) = await commit(store, change())
    alert = await acknowledge(stores, raised.alert.alert_id, revision=1)
    assert (alert.acknowledged, alert.revision) == (True, 2)
    assert alert.acknowledgment is not None
    assert alert.acknowledgment.principal == "token-anna"
    assert alert.acknowledgment.user == "Anna"
    assert alert.acknowledgment.comment == "looking"
    shown, transitions = await stores.alerts.get_alert(alert.alert_id)
    assert shown == alert
    assert transitions[-1].kind is TransitionKind.ACKNOWLEDGED
    assert transitions[-1].principal == "token-anna"
    assert transitions[-1].alert == alert
    with pytest.raises(AlreadyAcknowledged) as refused:
        await acknowledge(stores, alert.alert_id, user="Ben")
    assert refused.value.metadata["acknowledged_by"] == "Anna"


async def test_escalation_asks_for_another_acknowledgment(stores: Stores) -> None:
    store = await stores.evaluation()
    (raised,) = await commit(store, change())
    await acknowledge(stores, raised.alert.alert_id)
    escalated = change(TransitionKind.ESCALATED, window=3, severity=Severity.CRITICAL)
    (transition,) = await commit(store, escalated)
    assert not transition.alert.acknowledged
    assert transition.alert.acknowledgment is not None
    recovering = change(TransitionKind.RECOVERING, window=4, severity=Severity.CRITICAL)
    await acknowledge(stores, raised.alert.alert_id, user="Ben")
    (transition,) = await commit(store, recovering)
    assert transition.alert.acknowledged
    assert transition.alert.acknowledgment is not None
    assert transition.alert.acknowledgment.user == "Ben"


async def test_acknowledge_what_has_changed_or_ended(stores: Stores) -> None:
    store = await stores.evaluation()
    (raised,) = await commit(store, change())
    await commit(store, change(TransitionKind.RECOVERING, window=2))
    with pytest.raises(AlertRevisionMismatch) as refused:
        await acknowledge(stores, raised.alert.alert_id, revision=1)
    assert refused.value.metadata["revision"] == "2"
    await commit(store, change(TransitionKind.RESOLVED, window=3))
    with pytest.raises(AlertEnded):
        await acknowledge(stores, raised.alert.alert_id)


async def test_two_operators_at_once_make_one_event(stores: Stores) -> None:
    store = await stores.evaluation()
    (raised,) = await commit(store, change())
    answers = await asyncio.gather(
        *(acknowledge(stores, raised.alert.alert_id, user=f"user {at}") for at in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Alert) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyAcknowledged) for answer in answers) == 3
    transitions, newest = await stores.alerts.list_transitions(after_number=0, limit=9)
    assert [transition.number for transition in transitions] == [1, 2]
    assert newest == 2


async def test_transitions_are_dense_whoever_makes_them(stores: Stores) -> None:
    store = await stores.evaluation()
    await commit(store, *(change(sensor=f"s{at}") for at in range(20)))
    active, _ = await stores.alerts.list_active(EVERYTHING, after=None, limit=100)

    async def resolve_some() -> None:
        for at in range(0, 20, 2):
            await commit(store, change(TransitionKind.RECOVERING, sensor=f"s{at}", window=at))

    await asyncio.gather(resolve_some(), *(acknowledge(stores, alert.alert_id) for alert in active))
    first, newest = await stores.alerts.list_transitions(after_number=0, limit=30)
    rest, _ = await stores.alerts.list_transitions(after_number=30, limit=30)
    assert [transition.number for transition in first + rest] == list(range(1, 51))
    assert newest == 50


# Latches and machines ---------------------------------------------------------------------------


LATCHING = make_rule(levels={Severity.WARNING: 1.0, Severity.CRITICAL: 2.0}, latch=True)


def critical(
    kind: TransitionKind = TransitionKind.RAISED, *, window: int = 0, **parts: Any
) -> ConditionChange:
    return change(kind, window=window, severity=Severity.CRITICAL, rule=LATCHING, **parts)


async def test_what_latches_stays_open_and_relapses(stores: Stores) -> None:
    store = await stores.evaluation()
    (raised,) = await commit(store, critical())
    await acknowledge(stores, raised.alert.alert_id)
    (latched,) = await commit(store, critical(TransitionKind.RESOLVED, window=5))
    assert latched.kind is TransitionKind.LATCHED
    assert (latched.alert.state, latched.alert.latched) == (ConditionState.NORMAL, True)
    assert (latched.alert.is_open, latched.alert.acknowledged) == (True, True)
    (open_alert,) = (await store.load()).open_alerts.values()
    assert open_alert.latched
    assert await commit(store, critical()) == []

    again = replace(critical(window=9, raised_at=9), severity=Severity.WARNING)
    (relapsed,) = await commit(store, again)
    assert relapsed.kind is TransitionKind.RELAPSED
    assert relapsed.alert.alert_id == raised.alert.alert_id
    assert relapsed.alert.instance_id == again.alert_id
    assert (relapsed.alert.latched, relapsed.alert.acknowledged) == (False, False)
    assert relapsed.alert.severity is Severity.WARNING
    assert relapsed.alert.worst_severity is Severity.CRITICAL
    (open_alert,) = (await store.load()).open_alerts.values()
    assert (open_alert.alert_id, open_alert.latched) == (again.alert_id, False)
    assert await commit(store, again) == []
    assert await commit(store, critical(TransitionKind.RESOLVED, window=10)) == []

    await commit(store, worst_values={again.alert_id: 7.5, raised.alert.alert_id: 3.5})
    (latched,) = await commit(
        store, replace(again, kind=TransitionKind.RESOLVED, state=ConditionState.NORMAL)
    )
    assert latched.kind is TransitionKind.LATCHED  # it had been CRITICAL
    shown, transitions = await stores.alerts.get_alert(raised.alert.alert_id)
    assert shown == latched.alert
    assert transitions[-1] == latched


async def test_worst_value_belongs_to_the_run_at_present(stores: Stores) -> None:
    store = await stores.evaluation()
    await commit(store, critical(), critical(TransitionKind.RESOLVED, window=5))
    again = critical(window=9, raised_at=9)
    (relapsed,) = await commit(store, again)
    await commit(store, worst_values={again.alert_id: 7.5, critical().alert_id: 3.5})
    alert, _ = await stores.alerts.get_alert(relapsed.alert.alert_id)
    assert alert.worst_value == 7.5


@pytest.mark.parametrize("name", ["id", "instance"])
async def test_latched_alert_is_withdrawn_with_its_rule(stores: Stores, name: str) -> None:
    store = await stores.evaluation()
    again = critical(window=9, raised_at=9)
    await commit(
        store,
        critical(),
        critical(TransitionKind.RESOLVED, window=5),
        again,
        replace(again, kind=TransitionKind.RESOLVED),
    )
    named = critical().alert_id if name == "id" else again.alert_id
    (withdrawn,) = await commit(store, withdrawals=[Withdrawal(named)])
    assert withdrawn.kind is TransitionKind.WITHDRAWN
    assert (withdrawn.alert.is_open, withdrawn.alert.latched) == (False, False)
    assert (await store.load()).open_alerts == {}


async def test_withdrawn_key_is_free_for_what_the_same_batch_raises(stores: Stores) -> None:
    store = await stores.evaluation()
    (old,) = await commit(store, change())
    raised = change(window=9, raised_at=9)
    made = await commit(store, raised, withdrawals=[Withdrawal(old.alert.alert_id)])
    assert [one.kind.name for one in made] == ["WITHDRAWN", "RAISED"]
    made = await commit(
        store,
        replace(raised, kind=TransitionKind.RESOLVED),
        change(window=12, raised_at=12),
        withdrawals=[Withdrawal(change(window=12, raised_at=12).alert_id)],
    )
    assert [one.kind.name for one in made] == ["RESOLVED", "RAISED", "WITHDRAWN"]


async def test_first_out_is_the_first_of_what_is_open_of_a_machine(stores: Stores) -> None:
    store = await stores.evaluation()

    def raised(at: int, machine_id: str = "fan") -> ConditionChange:
        one = change(sensor=f"s{at}", window=at, raised_at=at)
        return replace(one, machine_id=machine_id)

    made = await commit(store, raised(0), raised(1), raised(2, "pump"), raised(3, ""))
    assert [one.alert.first_out for one in made] == [True, False, True, False]
    assert [one.alert.machine_id for one in made] == ["fan", "fan", "pump", ""]
    (third,) = await commit(store, raised(4))
    assert not third.alert.first_out
    ends = [replace(raised(at), kind=TransitionKind.RESOLVED) for at in (0, 1, 4)]
    made = await commit(store, *ends, raised(5), raised(6))
    assert [one.alert.first_out for one in made[3:]] == [True, False]


async def test_alert_of_a_machine_is_found_whichever_sensor_decides(stores: Stores) -> None:
    store = await stores.evaluation()
    rule = replace(LATCHING, scope=Scope.MACHINE)

    def of_machine(sensor: str, machine_id: str, window: int) -> ConditionChange:
        key = Key(f"/{machine_id}", "", rule.rule_id)
        return replace(
            critical(window=window),
            rule=rule,
            key=key,
            alert_id=alert_id_of(key, epoch=1, window_index=window),
            machine_id=machine_id,
            sensor_id=sensor,
            channel="vertical",
        )

    first = of_machine("s0", "fan", 0)
    (raised, _) = await commit(store, first, of_machine("s9", "pump", 0))
    assert (raised.alert.sensor_id, raised.alert.channel) == ("s0", "vertical")
    assert raised.alert.key == first.key
    assert set((await store.load()).open_alerts) == {
        Key("/fan", "", rule.rule_id),
        Key("/pump", "", rule.rule_id),
    }
    again = of_machine("s1", "fan", 9)
    made = await commit(store, replace(first, kind=TransitionKind.RESOLVED), again)
    assert [one.kind.name for one in made] == ["LATCHED", "RELAPSED"]
    assert made[-1].alert.alert_id == first.alert_id
    assert (await stores.alerts.get_alert(first.alert_id))[0] == made[-1].alert


async def test_suppression_is_a_mark_that_changes_nothing_else(stores: Stores) -> None:
    store = await stores.evaluation()
    (raised,) = await commit(store, change())
    suppressed = replace(change(TransitionKind.SUPPRESSED, window=4), suppression="stopped")
    (marked,) = await commit(store, replace(suppressed, value=0.0))
    assert marked.alert == replace(raised.alert, suppression="stopped", revision=2, update_time=NOW)
    assert marked.alert.is_set_aside
    (open_alert,) = (await store.load()).open_alerts.values()
    assert open_alert.suppression == "stopped"
    (cleared,) = await commit(store, change(TransitionKind.UNSUPPRESSED, window=6))
    assert (cleared.kind, cleared.alert.suppression) == (TransitionKind.UNSUPPRESSED, "")
    assert not cleared.alert.is_set_aside


# Evaluation -----------------------------------------------------------------------------------


def checkpoint(sensor: str, window: int) -> SensorCheckpoint:
    record = ConditionRecord(
        channel="horizontal",
        rule_id="rms-high",
        rule_version=1,
        beyond=(0, 2, 0),
        inside=(0, 0, 7),
        severity=0,
        recovering=False,
        worst_value=0.1 + 0.2,
        unit="g",
        alert_id="",
    )
    return SensorCheckpoint(
        sensor_id=sensor,
        epoch=3,
        window_index=window,
        interval_us=100_000.5,
        interval_epoch=3,
        conditions=(record,),
    )


async def test_evaluation_begins_where_it_ended(stores: Stores) -> None:
    store = await stores.evaluation()
    rule = await stores.rules.create_rule(make_rule(), principal="anna", now=NOW)
    await stores.profiles.save_profiles([SensorProfile("pump-7", frozenset({"t"}), 5, True)], "c")
    (raised,) = await commit(
        store,
        change(),
        checkpoints=[checkpoint("pump-7", 5), checkpoint("pump-8", 6)],
        message_ids={"stream": "1-2"},
    )
    await commit(store, checkpoints=[checkpoint("pump-8", 7)], message_ids={"stream": "1-3"})
    state = await store.load()
    assert state.rules == [rule]
    assert state.rules_revision == await store.rules_revision()
    by_sensor = sorted(state.checkpoints, key=lambda one: one.sensor_id)
    assert by_sensor == [checkpoint("pump-7", 5), checkpoint("pump-8", 7)]
    alert = raised.alert
    assert state.open_alerts == {
        Key("pump-7", "horizontal", "rms-high"): OpenAlert(
            alert.alert_id,
            alert.severity,
            False,
            alert.worst_value,
            alert.unit,
            sensor_id="pump-7",
        )
    }
    assert state.message_ids == {"stream": "1-3"}
    assert state.profiles["pump-7"] == SensorProfile("pump-7", frozenset({"t"}), 5, True)


async def test_decisions_under_old_rules_are_refused_whole(stores: Stores) -> None:
    store = await stores.evaluation()
    revision = await store.rules_revision()
    await stores.rules.create_rule(make_rule(), principal="anna", now=NOW)
    batch = EvaluationBatch(
        rules_revision=revision, changes=[change()], checkpoints=[checkpoint("pump-7", 5)]
    )
    with pytest.raises(StaleRulesError):
        await store.commit(batch, now=NOW)
    state = await store.load()
    assert (state.checkpoints, state.open_alerts) == ([], {})
    positions = replace(batch, changes=())
    assert await store.commit(positions, now=NOW) == []


async def test_worst_values_change_without_a_transition(stores: Stores) -> None:
    store = await stores.evaluation()
    (raised,) = await commit(store, change())
    await commit(store, worst_values={raised.alert.alert_id: 9.5, "nothing": 1.0})
    alert, transitions = await stores.alerts.get_alert(raised.alert.alert_id)
    assert (alert.worst_value, alert.revision, len(transitions)) == (9.5, 1, 1)


async def test_withdrawals_of_the_evaluator(stores: Stores) -> None:
    store = await stores.evaluation()
    (raised,) = await commit(store, change())
    (transition,) = await commit(store, withdrawals=[Withdrawal(raised.alert.alert_id)])
    assert transition.kind is TransitionKind.WITHDRAWN
    assert transition.alert.resolve_time is not None


async def test_one_evaluator_at_a_time(stores: Stores) -> None:
    await stores.evaluation()
    assert await stores.second_lock.acquire() is None
    await stores.lock.release()
    assert await stores.second_lock.acquire() is not None


# Publication ----------------------------------------------------------------------------------


async def test_publishes_each_transition_in_order(stores: Stores) -> None:
    store = await stores.evaluation()
    made = await commit(store, *(change(sensor=f"s{at}") for at in range(5)))
    sent: list[Transition] = []

    async def send(transitions: Sequence[Transition]) -> None:
        sent.extend(transitions)

    assert await stores.publication.publish_next(send, limit=3) == 3
    assert await stores.publication.publish_next(send, limit=3) == 2
    assert await stores.publication.publish_next(send, limit=3) == 0
    assert sent == made


async def test_what_could_not_be_sent_is_sent_again(stores: Stores) -> None:
    store = await stores.evaluation()
    await commit(store, change())
    sent: list[Transition] = []

    async def fail(transitions: Sequence[Transition]) -> None:
        raise ConnectionError

    async def send(transitions: Sequence[Transition]) -> None:
        sent.extend(transitions)

    with pytest.raises(ConnectionError):
        await stores.publication.publish_next(fail, limit=3)
    assert await stores.publication.publish_next(send, limit=3) == 1
    assert [transition.number for transition in sent] == [1]


async def test_only_one_sends_at_a_time(stores: Stores) -> None:
    store = await stores.evaluation()
    await commit(store, change())
    sending, go_on = asyncio.Event(), asyncio.Event()

    async def slow(transitions: Sequence[Transition]) -> None:
        sending.set()
        await go_on.wait()

    first = asyncio.create_task(stores.publication.publish_next(slow, limit=3))
    await sending.wait()
    assert await stores.publication.publish_next(slow, limit=3) == 0
    go_on.set()
    assert await first == 1


# Profiles -------------------------------------------------------------------------------------


async def test_profiles_come_back_with_their_cursor(stores: Stores) -> None:
    assert await stores.profiles.load_profiles() == ({}, "")
    first = SensorProfile("a", frozenset({"x", "y"}))
    await stores.profiles.save_profiles([first, SensorProfile("b", frozenset(), 10**10)], "1")
    changed = SensorProfile(
        "b", frozenset(), None, archived=True, machine_id="fan", keeps_around_alarms=True,
        machine_class="group_2,rigid", nominal_speed_hz=24.75,
    )  # fmt: skip
    await stores.profiles.save_profiles([changed], "2")
    await stores.profiles.save_profiles([], "3")
    assert await stores.profiles.load_profiles() == ({"a": first, "b": changed}, "3")


# Requests to keep samples ----------------------------------------------------------------------


def keep_request(raised: ConditionChange, sensor_id: str = "pump-7") -> KeepRequest:
    return KeepRequest(raised.alert_id, sensor_id, NOW - timedelta(seconds=1), NOW)


async def take(stores: Stores, *, at_s: float = 0.0, limit: int = 10) -> list[KeepRequest]:
    taken = await stores.keep_requests.take_due(
        now=NOW + timedelta(seconds=at_s), limit=limit, first_pause_s=1.0, longest_pause_s=4.0
    )
    return sorted(taken, key=lambda one: one.sensor_id)


async def test_requests_to_keep_are_stored_with_what_raises_an_alert(stores: Stores) -> None:
    store = await stores.evaluation()
    raised, other = change(), change(sensor="pump-9")
    requests = [keep_request(raised), keep_request(raised, "pump-8"), keep_request(other)]
    await commit(store, raised, keep_requests=requests)
    assert await take(stores) == requests[:2]
    for request in requests[:2]:
        await stores.keep_requests.finish(request)
    # Decided again after a restart: it is asked for already.
    await commit(store, raised, keep_requests=requests)
    assert await take(stores, at_s=100.0) == []


async def test_requests_to_keep_come_back_later_and_later(stores: Stores) -> None:
    store = await stores.evaluation()
    raised = change()
    requests = [keep_request(raised), keep_request(raised, "pump-8")]
    await commit(store, raised, keep_requests=requests)
    assert len(await take(stores, limit=1)) == 1
    assert len(await take(stores)) == 1
    assert await take(stores, at_s=0.5) == []
    assert await take(stores, at_s=1.0) == requests
    assert await take(stores, at_s=2.9) == []
    assert await take(stores, at_s=3.0) == requests
    assert await take(stores, at_s=7.0) == requests
    assert await take(stores, at_s=10.9) == []
    assert await take(stores, at_s=11.0) == requests  # never more than 4 s later
    assert await stores.keep_requests.drop_older(NOW) == []
    dropped = await stores.keep_requests.drop_older(NOW + timedelta(seconds=1))
    assert sorted(dropped, key=lambda one: one.sensor_id) == requests
    assert await take(stores, at_s=100.0) == []
