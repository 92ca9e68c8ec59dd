"""What every store must do of which rules come with a machine."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.fakes.evaluation import MemoryEvaluation
from kurto_alerts.fakes.rules import MemoryRules
from kurto_alerts.fakes.seeds import MemorySeeds
from kurto_alerts.frames import SensorProfile
from kurto_alerts.postgres import PostgresEvaluationLock, PostgresRules
from kurto_alerts.postgres.seeds import PostgresSeeds
from kurto_alerts.references.day_one import day_one_rules
from kurto_alerts.references.seeding import RuleSeeds
from kurto_alerts.rule_store import RuleHistory
from kurto_service.postgres import create_pool

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
RULES = day_one_rules([SensorProfile("a", machine_id="fan", machine_class="group_2,rigid")])


@dataclass
class Stores:
    seeds: RuleSeeds
    rules: RuleHistory
    revision: object


@pytest.fixture
async def stores(dsn: str) -> AsyncIterator[Stores]:
    if not dsn:
        database = MemoryDatabase()
        yield Stores(
            MemorySeeds(database), MemoryRules(database), MemoryEvaluation(database).rules_revision
        )
        return
    pool = await create_pool(dsn, max_size=2)
    lock = PostgresEvaluationLock(dsn, connect_timeout_s=30.0, command_timeout_s=30.0)
    store = await lock.acquire()
    assert store is not None
    yield Stores(PostgresSeeds(pool), PostgresRules(pool), store.rules_revision)
    await lock.release()
    await pool.close()


async def seed(stores: Stores) -> list[str]:
    made = await stores.seeds.create_unless_ever(RULES, principal="kurto-alerts", now=NOW)
    return [rule.rule_id for rule in made]


async def test_they_are_created_once_with_an_audit(stores: Stores) -> None:
    assert await seed(stores) == ["day-one.growth.fan", "day-one.iso-zone.fan"]
    revision = await stores.revision()  # type: ignore[operator]
    assert await seed(stores) == []
    assert await stores.revision() == revision  # type: ignore[operator]
    found = await stores.rules.list_rules(after_rule_id="", limit=9)
    assert found == [rule.stored(version=1, principal="kurto-alerts", now=NOW) for rule in RULES]
    assert all(rule.day_one for rule in found)
    [version] = await stores.rules.list_versions(rule_id="day-one.growth.fan", after=None, limit=9)
    assert (version.version, version.kind.value, version.principal) == (
        1,
        "created",
        "kurto-alerts",
    )


async def test_what_somebody_changed_or_deleted_stays_so(stores: Stores) -> None:
    await seed(stores)
    edited = replace(RULES[0], disabled=True)
    await stores.rules.update_rule(edited, principal="ada", now=NOW)
    await stores.rules.delete_rule(RULES[1].rule_id, principal="ada", now=NOW)
    assert await seed(stores) == []
    [found] = await stores.rules.list_rules(after_rule_id="", limit=9)
    assert (found.rule_id, found.disabled, found.version) == (RULES[0].rule_id, True, 2)
    assert found.day_one


async def test_only_those_that_are_new_are_created(stores: Stores) -> None:
    first = await stores.seeds.create_unless_ever(RULES[:1], principal="kurto-alerts", now=NOW)
    assert [rule.rule_id for rule in first] == ["day-one.growth.fan"]
    assert await seed(stores) == ["day-one.iso-zone.fan"]
    assert await stores.seeds.create_unless_ever([], principal="kurto-alerts", now=NOW) == []
