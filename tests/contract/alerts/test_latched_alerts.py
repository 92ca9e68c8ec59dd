"""Latched alerts, alerts of machines and suppressed ones, in memory and on PostgreSQL."""

from dataclasses import replace
from typing import Any

import pytest
from tests.contract.alerts.stores import NOW, Stores, acknowledge, change, commit

from kurto_alerts.alert_state import (
    ConditionChange,
    ConditionState,
    Key,
    TransitionKind,
    Withdrawal,
    alert_id_of,
)
from kurto_alerts.rules import Scope, Severity
from kurto_alerts.testing import make_rule

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
