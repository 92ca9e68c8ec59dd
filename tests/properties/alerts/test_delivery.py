"""Whatever happens, and however receivers behave: told, or rightly not."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kurto_alerts.alert_state import (
    Acknowledgment,
    Alert,
    ConditionState,
    Shelving,
    Transition,
    TransitionKind,
)
from kurto_alerts.delivery.fakes import MemoryDelivery
from kurto_alerts.delivery.notices import Outcome, State
from kurto_alerts.delivery.policy import (
    EscalationStep,
    Inhibition,
    Matcher,
    Policy,
    Receiver,
    Route,
    Webhook,
)
from kurto_alerts.delivery.ports import Patience
from kurto_alerts.delivery.routing import ENDS, FAILED_RULE_ID
from kurto_alerts.rules import Severity

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PATIENCE = Patience(first_pause_s=1.0, longest_pause_s=300.0, alarm_attempts=10, give_up_s=7200.0)
RIGHT = {
    "normal again before it was told",
    "its beginning was not told",
    "set aside",
    "acknowledged",
}
MACHINES = ("pump", "fan", "mill")


def make_policy(*, inhibition: bool, flood: int) -> Policy:
    step = EscalationStep(unacknowledged=timedelta(minutes=10), receiver_ids=("second",))
    route = Route(route_id="all", receiver_ids=("first",), escalation_steps=(step,))
    inhibitions = (
        Inhibition(source=Matcher(minimum_severity=Severity.CRITICAL), equal=("machine",)),
    )
    return Policy(
        routes=(route,), inhibitions=inhibitions if inhibition else (), flood_machines=flood
    )


class Plant:
    """Machines whose alarms come and go, operators, and receivers that fail at times."""

    def __init__(self, policy: Policy) -> None:
        names = ("first", "second")
        channel = Webhook(url="http://127.0.0.1/")
        self.store = MemoryDelivery(
            policy=policy,
            receivers={name: Receiver(receiver_id=name, channel=channel) for name in names},
        )
        self.now = START
        self.open: list[str] = []
        self.delivered: list[tuple[str, dict[str, Any]]] = []

    def change(self, kind: TransitionKind, alert: Alert) -> None:
        after = replace(alert, update_time=self.now, revision=alert.revision + 1)
        number = self.store.number + 1
        self.store.write([Transition(number=number, kind=kind, alert=after, time=self.now)])

    def raised(self, machine: str, severity: Severity) -> None:
        number = self.store.number + 1
        alert = Alert(
            alert_id=f"alert-{number}",
            sensor_id=f"{machine}-{number}",
            channel="x",
            rule_id="rms",
            rule_version=1,
            rule_display_name="RMS",
            feature="rms",
            unit="g",
            severity=severity,
            state=ConditionState.ACTIVE,
            value=1.0,
            worst_value=1.0,
            limit=1.0,
            epoch=1,
            window_index=1,
            raise_time=self.now,
            update_time=self.now,
            machine_id=machine,
        )
        self.open.append(alert.alert_id)
        self.change(TransitionKind.RAISED, alert)

    def act(self, what: str, which: int) -> None:
        """Do something to one of the open alerts, if there is any."""
        if not self.open:
            return
        alert = self.store.alerts[self.open[which % len(self.open)]]
        if what == "resolve":
            self.open.remove(alert.alert_id)
            self.change(
                TransitionKind.RESOLVED,
                replace(alert, resolve_time=self.now, state=ConditionState.NORMAL),
            )
        elif what == "acknowledge" and not alert.acknowledged:
            done = Acknowledgment(
                transition_number=1, principal="p", user="", comment="", time=self.now
            )
            self.change(
                TransitionKind.ACKNOWLEDGED, replace(alert, acknowledged=True, acknowledgment=done)
            )
        elif what == "escalate" and alert.severity < Severity.CRITICAL:
            worse = replace(alert, severity=Severity.CRITICAL, acknowledged=False)
            self.change(TransitionKind.ESCALATED, worse)
        elif what == "shelve":
            shelf = Shelving(
                expire_time=self.now,
                one_shot=False,
                reason="",
                principal="",
                user="",
                shelve_time=self.now,
            )
            kind = TransitionKind.UNSHELVED if alert.shelving else TransitionKind.SHELVED
            self.change(kind, replace(alert, shelving=None if alert.shelving else shelf))

    async def work(self, *, fails: bool, killed: bool) -> None:
        """Plan and try once, as the dispatcher does."""
        for receiver_id in await self.store.due_receivers(self.now):
            await self.store.plan_receiver(receiver_id, self.now)
        due = await self.store.take_due(self.now, limit=10, per_receiver=10, busy=(), lease_s=25.0)
        for delivery in due:
            one = delivery.notification
            if not fails:
                self.delivered += [(one.receiver_id, told) for told in one.transitions]
            if not killed:
                outcome = Outcome(delivered=not fails)
                await self.store.finish(one, outcome, self.now, PATIENCE)

    async def until_quiet(self) -> None:
        """Let time go by with receivers that work."""
        for _ in range(400):
            await self.work(fails=False, killed=False)
            self.now += timedelta(seconds=30)


steps = st.one_of(
    st.tuples(st.just("raise"), st.sampled_from(MACHINES), st.sampled_from(list(Severity)[1:])),
    st.tuples(st.sampled_from(["resolve", "acknowledge", "escalate", "shelve"]), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.sampled_from([1, 5, 31, 301, 900, 8000])),
    st.tuples(st.just("work"), st.booleans(), st.booleans()),
)


async def play(plant: Plant, story: list[Any]) -> None:
    for what, *parts in story:
        if what == "raise":
            plant.raised(*parts)
        elif what == "wait":
            plant.now += timedelta(seconds=parts[0])
        elif what == "work":
            await plant.work(fails=parts[0], killed=parts[1])
        else:
            plant.act(what, parts[0])
        plant.now += timedelta(milliseconds=10)
    await plant.until_quiet()


@settings(deadline=None, max_examples=150)
@given(story=st.lists(steps, max_size=40), inhibition=st.booleans(), flood=st.sampled_from([1, 20]))
def test_each_transition_is_told_or_rightly_not_and_no_end_is_lost(  # noqa: C901
    story: list[Any], inhibition: bool, flood: int
) -> None:
    plant = Plant(make_policy(inhibition=inhibition, flood=flood))
    asyncio.run(play(plant, story))
    store, delivered = plant.store, plant.delivered
    keys = {told["idempotency_key"] for _, told in delivered}
    for row in store.rows.values():
        if row.state == "told":
            assert row.entry.key in keys
        elif row.state == "pending":
            # Only what is inhibited may wait for ever.
            assert store._is_inhibited(store.alerts[row.entry.alert_id])
        else:
            assert row.reason in RIGHT
    begun: set[tuple[str, str]] = set()
    ended: set[tuple[str, str]] = set()
    last: dict[tuple[str, str], int] = {}
    seen: set[str] = set()
    for receiver_id, told in delivered:
        place = receiver_id, told["alert_id"]
        number, key = told["transition_number"], told["idempotency_key"]
        if key not in seen and ":escalation-" not in key:
            assert number > last.get(place, 0)
            last[place] = number
        seen.add(key)
        if told["ended"]:
            assert place in begun
            ended.add(place)
        else:
            begun.add(place)
    for receiver_id, alert_id in begun:
        if not store.alerts[alert_id].is_open:
            assert (receiver_id, alert_id) in ended
    for alert in store.alerts.values():
        hidden = alert.is_set_aside or store._is_inhibited(alert)
        if alert.is_open and not hidden and alert.rule_id != FAILED_RULE_ID:
            assert ("first", alert.alert_id) in begun
    assert all(one.state is not State.PENDING for one in store.notifications.values())
    assert {kind.name for kind in ENDS} >= {told["kind"] for _, told in delivered if told["ended"]}
