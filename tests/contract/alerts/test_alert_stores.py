"""Alerts and acknowledgments in the stores, in memory and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.contract.alerts.stores import (
    EVERYTHING,
    Stores,
    acknowledge,
    change,
    commit,
)

from kurto_alerts.alert_state import (
    Alert,
    TransitionKind,
)
from kurto_alerts.exceptions import (
    AlertEnded,
    AlertNotFound,
    AlertRevisionMismatch,
    AlreadyAcknowledged,
)
from kurto_alerts.ports import (
    ActivePosition,
    AlertFilter,
    HistoryPosition,
)
from kurto_alerts.rules import Severity


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
