"""What an evaluator and a publisher store, in memory and on PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contract.alerts.stores import (
    NOW,
    Stores,
    change,
    commit,
)

from kurto_alerts.alert_state import (
    ConditionChange,
    Key,
    Transition,
    TransitionKind,
    Withdrawal,
)
from kurto_alerts.checkpoints import ConditionRecord, SensorCheckpoint
from kurto_alerts.exceptions import (
    StaleRulesError,
)
from kurto_alerts.frames import SensorProfile
from kurto_alerts.keeping import KeepRequest
from kurto_alerts.ports import (
    EvaluationBatch,
    OpenAlert,
)
from kurto_alerts.testing import make_rule


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
