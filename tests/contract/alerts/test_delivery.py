"""One suite for the outbox in memory and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from kurto_alerts.alert_state import Alert, ConditionState, Transition, TransitionKind
from kurto_alerts.delivery.exceptions import (
    DeliveryVersionMismatch,
    ReceiverExists,
    ReceiverInUse,
    UnknownReceiver,
)
from kurto_alerts.delivery.fakes import MemoryDelivery
from kurto_alerts.delivery.notices import Kind, Notification, Outcome, State
from kurto_alerts.delivery.policy import (
    EscalationStep,
    Inhibition,
    Policy,
    Receiver,
    Route,
    SecretChanges,
    Secrets,
    Webhook,
)
from kurto_alerts.delivery.ports import Delivery, NotificationFilter, Patience
from kurto_alerts.delivery.postgres_configuration import PostgresConfiguration
from kurto_alerts.delivery.postgres_notifications import PostgresNotifications
from kurto_alerts.delivery.postgres_planning import PostgresPlanning
from kurto_alerts.postgres.rows import lock_counters, write_transitions
from kurto_alerts.rules import Severity
from kurto_service.postgres import Pool, create_pool, migrate

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PATIENCE = Patience(first_pause_s=1.0, longest_pause_s=300.0, alarm_attempts=10, give_up_s=3600.0)
HOOK = Receiver(receiver_id="hook", channel=Webhook(url="http://127.0.0.1/"))
OTHER = Receiver(receiver_id="other", channel=Webhook(url="http://127.0.0.1/other"))
TAKEN = Outcome(delivered=True, status_code=200)
REFUSED = Outcome(delivered=False, status_code=500, error="HTTP 500")
EVERYTHING = NotificationFilter()


@dataclass
class Outbox:
    """A plant of alarms over a store; time goes by only as a test says."""

    store: Any  # plans and keeps notifications
    write: Any
    set_policy: Any
    now: datetime = NOW
    number: int = 0
    alerts: dict[str, Alert] = field(default_factory=dict)

    async def change(self, kind: TransitionKind, alert: Alert) -> Transition:
        after = replace(alert, update_time=self.now, revision=alert.revision + 1)
        transition = Transition(number=0, kind=kind, alert=after, time=self.now)
        self.alerts[alert.alert_id] = after
        stored: Transition = await self.write(transition)
        return stored

    async def raised(
        self, name: str, severity: Severity = Severity.WARNING, machine: str = "pump"
    ) -> Transition:
        alert = Alert(
            alert_id=name,
            sensor_id=f"sensor-{name}",
            channel="x",
            rule_id="rms",
            rule_version=1,
            rule_display_name="RMS",
            feature="rms",
            unit="g",
            severity=severity,
            state=ConditionState.ACTIVE,
            value=1.5,
            worst_value=1.5,
            limit=1.0,
            epoch=1,
            window_index=1,
            raise_time=self.now,
            update_time=self.now,
            machine_id=machine,
            revision=0,
        )
        return await self.change(TransitionKind.RAISED, alert)

    async def resolved(self, name: str) -> Transition:
        ended = replace(self.alerts[name], resolve_time=self.now, state=ConditionState.NORMAL)
        return await self.change(TransitionKind.RESOLVED, ended)

    async def take(self, seconds: float = 0.0) -> list[Delivery]:
        """Let time go by, plan, and take what is due."""
        self.now += timedelta(seconds=seconds)
        for receiver_id in await self.store.due_receivers(self.now):
            await self.store.plan_receiver(receiver_id, self.now)
        taken: list[Delivery] = await self.store.take_due(
            self.now, limit=1000, per_receiver=1000, busy=(), lease_s=25.0
        )
        return taken

    async def told(self, seconds: float = 0.0, outcome: Outcome = TAKEN) -> list[Notification]:
        """The same, and finish each with an outcome."""
        taken = [delivery.notification for delivery in await self.take(seconds)]
        for one in taken:
            await self.store.finish(one, outcome, self.now, PATIENCE)
        return taken

    async def log(self, **parts: Any) -> list[Notification]:
        chosen = replace(EVERYTHING, **parts)
        found: list[Notification] = await self.store.list_notifications(
            chosen, before_id=None, limit=1000
        )
        return found


class PostgresOutbox(PostgresPlanning, PostgresNotifications):
    """Both stores as one, as the one in memory is."""

    def __init__(self, pool: Pool) -> None:
        PostgresPlanning.__init__(self, pool)


def memory_outbox() -> Outbox:
    store = MemoryDelivery(receivers={"hook": HOOK, "other": OTHER})

    async def write(transition: Transition) -> Transition:
        numbered = replace(transition, number=store.number + 1)
        store.write([numbered])
        return numbered

    async def set_policy(policy: Policy) -> None:
        store.policy = policy

    return Outbox(store, write, set_policy)


async def postgres_outbox(pool: Pool) -> Outbox:
    configuration = PostgresConfiguration(pool)
    for receiver in (HOOK, OTHER):
        await configuration.create_receiver(receiver, SecretChanges(), principal="p", now=NOW)

    async def write(transition: Transition) -> Transition:
        async with pool.acquire() as session, session.transaction():
            number, _ = await lock_counters(session)
            numbered = replace(transition, number=number + 1)
            await write_transitions(session, [numbered])
        return numbered

    async def set_policy(policy: Policy) -> None:
        await configuration.update_policy(policy, principal="p", now=NOW)

    return Outbox(PostgresOutbox(pool), write, set_policy)


def prepare(dsn: str) -> None:
    asyncio.run(migrate(dsn, "alerts", "kurto_alerts:migrations"))


@pytest.fixture
def dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    databases = request.getfixturevalue("databases")
    name = databases.create(databases.template("alerts", prepare))
    yield databases.server.dsn(name)
    databases.drop(name)


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    pool = await create_pool(dsn, max_size=4)
    yield pool
    await pool.close()


@pytest.fixture(params=["memory", "postgres"])
async def outbox(request: pytest.FixtureRequest) -> AsyncIterator[Outbox]:
    if request.param == "memory":
        yield memory_outbox()
        return
    databases = request.getfixturevalue("databases")
    template = await asyncio.to_thread(databases.template, "alerts", prepare)
    name = databases.create(template)
    pool = await create_pool(databases.server.dsn(name), max_size=4)
    yield await postgres_outbox(pool)
    await pool.close()
    databases.drop(name)


def policy(*receivers: str, **parts: Any) -> Policy:
    route = Route(
        route_id="all", receiver_ids=receivers or ("hook",), escalation_steps=parts.pop("steps", ())
    )
    return Policy(routes=(route,), **parts)


async def test_warnings_of_a_machine_wait_and_come_as_one(outbox: Outbox) -> None:
    await outbox.set_policy(policy())
    numbers = [(await outbox.raised(f"a{at}")).number for at in range(300)]
    assert await outbox.told(29.0) == []
    (one,) = await outbox.told(1.5)
    assert [told["transition_number"] for told in one.transitions] == numbers
    assert one.content["alert_count"] == 300
    assert len(one.content["alerts"]) == 100
    assert one.transitions[0]["idempotency_key"] == f"a0:{numbers[0]}:hook"
    assert await outbox.told(400.0) == []


async def test_critical_waits_for_nothing_and_takes_the_others_along(outbox: Outbox) -> None:
    await outbox.set_policy(policy())
    await outbox.raised("a")
    assert await outbox.told(1.0) == []
    await outbox.raised("b", Severity.CRITICAL)
    (one,) = await outbox.told()
    assert [told["alert_id"] for told in one.transitions] == ["a", "b"]
    assert one.must_deliver


async def test_what_resolves_within_the_wait_is_not_told(outbox: Outbox) -> None:
    await outbox.set_policy(policy())
    await outbox.raised("a")
    await outbox.resolved("a")
    assert await outbox.told(31.0) == []
    assert await outbox.told(400.0) == []
    assert await outbox.log() == []


async def test_an_end_is_told_after_the_interval_to_those_who_were_told(outbox: Outbox) -> None:
    await outbox.set_policy(policy())
    await outbox.raised("a", Severity.CRITICAL)
    await outbox.told()
    await outbox.set_policy(Policy())  # nobody is told any more, but of this end
    await outbox.resolved("a")
    assert await outbox.told(299.0) == []
    (one,) = await outbox.told(2.0)
    assert [told["ended"] for told in one.transitions] == [True]
    assert one.content["status"] == "ended"
    assert [found.state for found in await outbox.log(alert_id="a")] == [State.DELIVERED] * 2


async def test_repeated_while_open_and_unacknowledged(outbox: Outbox) -> None:
    await outbox.set_policy(policy())
    await outbox.raised("a", Severity.CRITICAL)
    await outbox.told()
    assert await outbox.told(4 * 3600 - 1.0) == []
    (again,) = await outbox.told(2.0)
    assert again.kind is Kind.REPEAT
    alert = outbox.alerts["a"]
    await outbox.change(TransitionKind.ACKNOWLEDGED, replace(alert, acknowledged=True))
    assert await outbox.told(4 * 3600 + 1.0) == []


async def test_escalated_only_while_nobody_acknowledges(outbox: Outbox) -> None:
    step = EscalationStep(unacknowledged=timedelta(minutes=10), receiver_ids=("other",))
    await outbox.set_policy(policy(steps=(step,)))
    await outbox.raised("a", Severity.CRITICAL)
    await outbox.raised("b", Severity.CRITICAL, machine="fan")
    assert {one.receiver_id for one in await outbox.told()} == {"hook"}
    alert = outbox.alerts["a"]
    await outbox.change(TransitionKind.ACKNOWLEDGED, replace(alert, acknowledged=True))
    assert await outbox.told(599.0) == []
    (one,) = await outbox.told(2.0)
    assert (one.receiver_id, one.machine_id) == ("other", "fan")
    await outbox.resolved("b")
    ends = await outbox.told(301.0)
    assert {one.receiver_id for one in ends} == {"hook", "other"}


async def test_inhibited_until_the_worse_alarm_has_ended(outbox: Outbox) -> None:
    await outbox.set_policy(policy(inhibitions=(Inhibition(),)))
    await outbox.raised("worse", Severity.CRITICAL)
    await outbox.raised("a")
    await outbox.raised("b", machine="fan")
    (one,) = await outbox.told()
    assert [told["alert_id"] for told in one.transitions] == ["worse"]
    (fan,) = await outbox.told(31.0)
    assert fan.machine_id == "fan"
    await outbox.resolved("worse")
    (both,) = await outbox.told(400.0)
    assert {told["alert_id"] for told in both.transitions} == {"a", "worse"}


async def test_many_machines_at_once_come_as_one_summary_per_receiver(outbox: Outbox) -> None:
    await outbox.set_policy(policy("hook", "other"))
    for at in range(100):
        await outbox.raised(f"a{at}", Severity.CRITICAL, machine=f"machine-{at}")
    told = await outbox.told()
    assert [(one.kind, len(one.transitions)) for one in told] == [(Kind.FLOOD, 100)] * 2
    assert {one.receiver_id for one in told} == {"hook", "other"}
    for at in range(100, 130):
        await outbox.raised(f"a{at}", Severity.CRITICAL, machine=f"machine-{at}")
    assert await outbox.told(1.0) == []
    again = await outbox.told(60.0)
    assert [len(one.transitions) for one in again] == [30, 30]


async def test_a_lease_that_ran_out_lets_another_try_under_the_same_key(outbox: Outbox) -> None:
    await outbox.set_policy(policy())
    await outbox.raised("a", Severity.CRITICAL)
    (first,) = await outbox.take()
    assert await outbox.take(24.0) == []
    (second,) = await outbox.take(2.0)
    assert second.notification.idempotency_key == first.notification.idempotency_key
    assert second.notification.attempt_count == 2
    await outbox.store.finish(first.notification, REFUSED, outbox.now, PATIENCE)
    assert await outbox.take(10.0) == []  # the second is still under way
    await outbox.store.finish(second.notification, TAKEN, outbox.now, PATIENCE)
    (found,) = await outbox.log()
    assert [one.delivered for one in found.attempts] == [False, True]


async def test_order_within_a_machine_holds_while_a_receiver_fails(outbox: Outbox) -> None:
    await outbox.set_policy(policy())
    await outbox.raised("a", Severity.CRITICAL)
    (first,) = await outbox.told(outcome=REFUSED)
    await outbox.raised("b", Severity.CRITICAL)
    (again,) = await outbox.told()  # at once: something critical waits behind it
    assert again.idempotency_key == first.idempotency_key
    (second,) = await outbox.told()
    assert [told["alert_id"] for told in second.transitions] == ["b"]


async def test_critical_is_never_given_up_and_the_rest_is_told_anew(outbox: Outbox) -> None:
    await outbox.set_policy(policy())
    await outbox.raised("a", Severity.CRITICAL)
    await outbox.raised("b", machine="fan")
    await outbox.raised("c", machine="mill")
    await outbox.told(31.0, REFUSED)
    await outbox.resolved("c")
    for _ in range(3):
        await outbox.told(3601.0, REFUSED)
    states = {one.machine_id: one.state for one in await outbox.log()}
    assert states["pump"] is State.PENDING
    assert states["mill"] is State.GIVEN_UP
    told = [one.machine_id for one in await outbox.told(3601.0)]
    assert sorted(told) == ["fan", "pump"]
    await outbox.told(3600.0)
    taken = await outbox.log(alert_id="c", state=State.DELIVERED)
    assert taken == []  # the end of what was never told is not told


async def test_ten_failures_are_an_alarm_of_the_receiver_told_to_others(outbox: Outbox) -> None:
    await outbox.set_policy(policy("hook", "other"))
    await outbox.raised("a", Severity.CRITICAL)
    for _ in range(10):
        for delivery in await outbox.take(301.0):
            name = delivery.receiver.receiver_id
            outcome = REFUSED if name == "hook" else TAKEN
            await outbox.store.finish(delivery.notification, outcome, outbox.now, PATIENCE)
    failing = {one.receiver_id: one.summary for one in await outbox.told(31.0, REFUSED)}
    assert "Notifications to hook fail" in failing["other"]
    await outbox.told(301.0)
    ends = [
        one
        for one in await outbox.told(301.0)
        if one.receiver_id == "other" and one.transitions and one.transitions[0]["ended"]
    ]
    assert len(ends) == 1
    hooked = [one.summary for one in await outbox.log(receiver_id="hook")]
    assert not any("fail" in summary for summary in hooked)


# Receivers and policy ------------------------------------------------------------------------


async def test_receivers_have_versions_an_audit_and_hidden_secrets(dsn: str, pool: Pool) -> None:
    store = PostgresConfiguration(pool)
    secret = SecretChanges(signing_secret="s" * 20, authorization="Bearer x")
    stored, secrets = await store.create_receiver(HOOK, secret, principal="anna", now=NOW)
    assert (stored.version, stored.update_principal) == (1, "anna")
    with pytest.raises(ReceiverExists):
        await store.create_receiver(HOOK, secret, principal="anna", now=NOW)
    with pytest.raises(DeliveryVersionMismatch):
        await store.update_receiver(
            replace(HOOK, version=7), SecretChanges(), principal="b", now=NOW
        )
    renamed = replace(HOOK, display_name="Hook", version=1)
    stored, kept = await store.update_receiver(renamed, SecretChanges(), principal="b", now=NOW)
    assert (stored.version, kept) == (2, secrets)
    moved = replace(HOOK, channel=Webhook(url="http://elsewhere.example/"))
    _, left = await store.update_receiver(moved, SecretChanges(), principal="b", now=NOW)
    assert left == Secrets(signing_secret="s" * 20)
    changes = await store.list_changes(before=None, limit=10)
    assert [(one.version, one.secrets_changed) for one in changes] == [
        (3, True),
        (2, False),
        (1, True),
    ]
    assert "Bearer" not in repr(changes)
    assert "Bearer" not in repr(await store.get_receiver("hook"))


async def test_a_receiver_that_a_route_names_stays(dsn: str, pool: Pool) -> None:
    store = PostgresConfiguration(pool)
    await store.create_receiver(HOOK, SecretChanges(), principal="p", now=NOW)
    with pytest.raises(UnknownReceiver):
        await store.update_policy(policy("nobody"), principal="p", now=NOW)
    stored = await store.update_policy(policy("hook"), principal="p", now=NOW)
    assert await store.get_policy() == stored
    with pytest.raises(ReceiverInUse):
        await store.delete_receiver("hook", principal="p", now=NOW)
    with pytest.raises(DeliveryVersionMismatch):
        await store.update_policy(replace(stored, version=9), principal="p", now=NOW)
    await store.update_policy(Policy(), principal="p", now=NOW)
    await store.delete_receiver("hook", principal="p", now=NOW)
    with pytest.raises(UnknownReceiver):
        await store.get_receiver("hook")


async def test_a_stopped_planner_holds_up_nobody_who_commits(dsn: str, pool: Pool) -> None:
    outbox = await postgres_outbox(pool)
    await outbox.set_policy(policy())
    await outbox.raised("a")
    stopped = await asyncpg.connect(dsn)
    try:
        async with stopped.transaction():
            await stopped.execute("INSERT INTO alerts.delivery_plans (receiver_id) VALUES ('hook')")
            await stopped.execute("SELECT FROM alerts.outbox FOR UPDATE")
            async with asyncio.timeout(20):
                await outbox.raised("b")
                await outbox.resolved("a")
    finally:
        await stopped.close()


async def test_two_planners_make_each_notification_once(dsn: str, pool: Pool) -> None:
    outbox = await postgres_outbox(pool)
    await outbox.set_policy(policy())
    await outbox.raised("a", Severity.CRITICAL)
    made = await asyncio.gather(*(outbox.store.plan_receiver("hook", NOW) for _ in range(3)))
    assert sum(made) == 1
    both = await asyncio.gather(
        *(
            outbox.store.take_due(NOW, limit=9, per_receiver=9, busy=(), lease_s=9.0)
            for _ in range(3)
        )
    )
    assert sum(len(taken) for taken in both) == 1


async def test_a_receiver_that_is_deleted_or_disabled_is_told_nothing_more(
    dsn: str, pool: Pool
) -> None:
    outbox = await postgres_outbox(pool)
    configuration = PostgresConfiguration(pool)
    await outbox.set_policy(policy("hook", "other"))
    await outbox.raised("a", Severity.CRITICAL)
    for _ in range(10):
        await outbox.told(301.0, REFUSED)
    await outbox.set_policy(Policy())
    await configuration.delete_receiver("hook", principal="p", now=NOW)
    disabled = replace(OTHER, disabled=True)
    await configuration.update_receiver(disabled, SecretChanges(), principal="p", now=NOW)
    assert await outbox.told(301.0) == []
    pending = {one.receiver_id for one in await outbox.log(state=State.PENDING)}
    assert pending == set()
    async with pool.acquire() as session:
        still_open = await session.fetchval(
            "SELECT count(*) FROM alerts.alerts WHERE kind = 3 AND resolve_time IS NULL"
        )
    assert still_open == 0
