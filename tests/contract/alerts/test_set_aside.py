"""Shelves, out of service, and what time does to alerts, in memory and on PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.contract.alerts.operator_plant import (
    DAY,
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
    Key,
)
from kurto_alerts.exceptions import (
    NotSetAside,
)
from kurto_alerts.operators.actions import ActionKind
from kurto_alerts.operators.ports import ShelfPosition
from kurto_alerts.ports import AlertFilter
from kurto_alerts.rules import Severity
from kurto_alerts.testing import make_rule
from kurto_alerts.transition_log import Place


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
