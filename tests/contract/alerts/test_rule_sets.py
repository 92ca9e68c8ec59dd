"""Many rules at once and their history: one suite for the stores in memory and on PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from kurto_alerts.alert_state import TransitionKind
from kurto_alerts.engine import Engine
from kurto_alerts.exceptions import RulesInvalid, RuleVersionMismatch
from kurto_alerts.fakes import MemoryAlerts, MemoryDatabase, MemoryEvaluationLock, MemoryRules
from kurto_alerts.ports import AlertStore, EvaluationBatch, EvaluationLock
from kurto_alerts.postgres import PostgresAlerts, PostgresEvaluationLock, PostgresRules
from kurto_alerts.rule_changes import RuleSet, RuleVersion, VersionPosition
from kurto_alerts.rule_store import RuleHistory
from kurto_alerts.rules import Rule, Severity
from kurto_alerts.testing import make_frame, make_rule
from kurto_service.postgres import create_pool

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Stores:
    rules: RuleHistory
    alerts: AlertStore
    lock: EvaluationLock


@pytest.fixture
async def stores(dsn: str) -> AsyncIterator[Stores]:
    if not dsn:
        database = MemoryDatabase()
        yield Stores(MemoryRules(database), MemoryAlerts(database), MemoryEvaluationLock(database))
        return
    pool = await create_pool(dsn, max_size=4)
    lock = PostgresEvaluationLock(dsn, connect_timeout_s=30.0, command_timeout_s=30.0)
    yield Stores(PostgresRules(pool), PostgresAlerts(pool), lock)
    await lock.release()
    await pool.close()


def shape(versions: Sequence[RuleVersion]) -> list[tuple[str, str, int]]:
    return [(one.rule_id, one.kind.value, one.version) for one in versions]


async def test_rules_are_applied_together_with_their_history(stores: Stores) -> None:
    store = stores.rules
    day_one = replace(make_rule("day-one.growth"), day_one=True)
    await store.create_rule(day_one, principal="service", now=NOW)
    await store.create_rule(make_rule("kept", version=0), principal="ann", now=NOW)
    await store.create_rule(make_rule("gone", version=0), principal="ann", now=NOW)
    await store.delete_rule("gone", principal="ann", now=NOW)
    await store.create_rule(make_rule("other", version=0), principal="ann", now=NOW)
    louder = make_rule("day-one.growth", levels={Severity.CRITICAL: 5.0}, version=0)
    wanted = RuleSet(
        rules=[make_rule("gone", version=0), make_rule("kept", version=0), louder], prune=True
    )
    expected = [
        ("day-one.growth", "updated", 2),
        ("gone", "created", 3),
        ("kept", "unchanged", 1),
        ("other", "deleted", 2),
    ]
    later = NOW + timedelta(seconds=1)
    dry = await store.apply_rules(wanted, dry_run=True, principal="bob", now=later)
    assert shape(dry) == expected
    assert len(await store.list_versions(rule_id="", after=None, limit=100)) == 5
    changes = await store.apply_rules(wanted, dry_run=False, principal="bob", now=later)
    assert changes == dry
    stored = await store.list_rules(after_rule_id="", limit=10)
    assert [rule.rule_id for rule in stored] == ["day-one.growth", "gone", "kept"]
    assert stored[0].day_one
    assert (stored[0].create_time, stored[0].update_time) == (NOW, later)
    assert stored[0].update_principal == "bob"
    newest = await store.list_versions(rule_id="", after=None, limit=3)
    assert shape(newest) == [expected[3], expected[1], expected[0]]
    assert newest[0].after is None
    assert newest[1].before is None
    place = VersionPosition(newest[0].time, newest[0].rule_id, newest[0].version)
    following = await store.list_versions(rule_id="", after=place, limit=1)
    assert shape(following) == [expected[1]]
    of_one = await store.list_versions(rule_id="gone", after=None, limit=10)
    assert [one.version for one in of_one] == [3, 2, 1]
    assert {one.principal for one in of_one} == {"ann", "bob"}


async def test_nothing_is_applied_when_one_rule_cannot_be(stores: Stores) -> None:
    store = stores.rules
    await store.create_rule(make_rule("kept", version=0), principal="ann", now=NOW)
    refusals: list[tuple[Rule, type[Exception]]] = [
        (make_rule("kept", levels={Severity.INFO: 9.0}, version=7), RuleVersionMismatch),
        (make_rule("day-one.new", version=0), RulesInvalid),
    ]
    for rule, error in refusals:
        wanted = RuleSet(rules=[make_rule("a", version=0), rule], prune=True)
        with pytest.raises(error):
            await store.apply_rules(wanted, dry_run=False, principal="bob", now=NOW)
    assert [rule.rule_id for rule in await store.list_rules(after_rule_id="", limit=9)] == ["kept"]
    assert len(await store.list_versions(rule_id="", after=None, limit=9)) == 1


async def test_applying_withdraws_the_alerts_of_rules_that_are_gone(stores: Stores) -> None:
    store = stores.rules
    evaluation = await stores.lock.acquire()
    assert evaluation is not None
    for rule_id in ("one", "two"):
        await store.create_rule(make_rule(rule_id, version=0), principal="ann", now=NOW)
    changes = Engine([make_rule("one"), make_rule("two")], {}).evaluate([make_frame(0, 2.0)])
    revision = await evaluation.rules_revision()
    await evaluation.commit(EvaluationBatch(rules_revision=revision, changes=changes), now=NOW)
    await store.apply_rules(
        RuleSet(rules=[replace(make_rule("two", version=0), disabled=True)], prune=True),
        dry_run=False,
        principal="bob",
        now=NOW,
    )
    transitions, _ = await stores.alerts.list_transitions(after_number=0, limit=10)
    assert [one.number for one in transitions] == [1, 2, 3, 4]
    withdrawn = [(one.kind, one.alert.rule_id, one.principal) for one in transitions[2:]]
    assert withdrawn == [
        (TransitionKind.WITHDRAWN, "one", "bob"),
        (TransitionKind.WITHDRAWN, "two", "bob"),
    ]
