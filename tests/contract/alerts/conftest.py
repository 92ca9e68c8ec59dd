"""Each test of a store runs on memory and on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.contract.alerts.operator_plant import Plant
from tests.contract.alerts.stores import Stores, memory_stores, prepare

from kurto_alerts.fakes import (
    MemoryAlerts,
    MemoryDatabase,
    MemoryEvaluationLock,
    MemoryOperators,
    MemoryReports,
)
from kurto_alerts.postgres import (
    PostgresAlerts,
    PostgresEvaluationLock,
    PostgresKeepRequests,
    PostgresOperators,
    PostgresProfiles,
    PostgresPublication,
    PostgresReports,
    PostgresRules,
    PostgresTime,
)
from kurto_service.postgres import create_pool


@pytest.fixture(params=["memory", "postgres"])
def dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    """DSN of a migrated database; empty for the stores in memory."""
    if request.param == "memory":
        yield ""
        return
    databases = request.getfixturevalue("databases")
    name = databases.create(databases.template("alerts", prepare))
    yield databases.server.dsn(name)
    databases.drop(name)


@pytest.fixture
async def stores(dsn: str) -> AsyncIterator[Stores]:
    if not dsn:
        yield memory_stores()
        return
    pool = await create_pool(dsn, max_size=4, acquire_timeout_s=60.0)
    locks = [
        PostgresEvaluationLock(dsn, connect_timeout_s=30.0, command_timeout_s=30.0)
        for _ in range(2)
    ]
    yield Stores(
        PostgresRules(pool),
        PostgresAlerts(pool),
        PostgresOperators(pool),
        locks[0],
        locks[1],
        PostgresPublication(pool),
        PostgresProfiles(pool),
        PostgresKeepRequests(pool),
    )
    for lock in locks:
        await lock.release()
    await pool.close()


@pytest.fixture
async def plant(dsn: str) -> AsyncIterator[Plant]:
    if not dsn:
        database = MemoryDatabase()
        people = MemoryOperators(database)
        yield Plant(
            MemoryAlerts(database), people, people, people, MemoryReports(database),
            MemoryEvaluationLock(database),
        )  # fmt: skip
        return
    pools = [await create_pool(dsn, max_size=4, acquire_timeout_s=60.0) for _ in range(2)]
    lock = PostgresEvaluationLock(dsn, connect_timeout_s=30.0, command_timeout_s=30.0)
    yield Plant(
        PostgresAlerts(pools[0]), PostgresOperators(pools[0]), PostgresOperators(pools[1]),
        PostgresTime(pools[0]), PostgresReports(pools[0]), lock,
    )  # fmt: skip
    await lock.release()
    for pool in pools:
        await pool.close()
