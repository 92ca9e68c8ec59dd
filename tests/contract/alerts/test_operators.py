"""What people do to alerts, in memory and on PostgreSQL."""

import asyncio

import pytest
from tests.contract.alerts.operator_plant import (
    HOUR,
    MINUTE,
    NOW,
    Kind,
    Plant,
    action,
    latching,
    shelve,
)

from kurto_alerts.alert_state import (
    Alert,
    Finding,
)
from kurto_alerts.exceptions import (
    AlertEnded,
    AlertNotFound,
    AlertRevisionMismatch,
    AlreadyAcknowledged,
    KurtoError,
    NotAcknowledged,
    NotLatched,
)
from kurto_alerts.operators.actions import ActionFilter, ActionKind
from kurto_alerts.operators.ports import OperatorStore


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
