"""Rules in the stores, in memory and on PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contract.alerts.stores import EVERYTHING, NOW, Stores, change, commit

from kurto_alerts.alert_state import (
    ConditionState,
    TransitionKind,
)
from kurto_alerts.exceptions import (
    RuleExists,
    RuleNotFound,
    RuleVersionMismatch,
)
from kurto_alerts.rules import Selector, Severity
from kurto_alerts.testing import make_rule


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
