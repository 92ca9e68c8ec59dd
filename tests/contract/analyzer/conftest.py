"""Each port twice: in memory and real. A difference that a test can see is a bug of the fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.conftest import Databases

from kurto_analyzer.fakes import FakeFeatureStore, FakeLiveFeatures
from kurto_analyzer.partitions import feature_table
from kurto_analyzer.ports import FeatureStore, LiveFeatures
from kurto_analyzer.postgres import PostgresFeatureStore
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.valkey import ValkeyLiveFeatures
from kurto_service import valkey
from kurto_service.clock import SystemClock
from kurto_service.postgres import create_pool, migrate


def migrated(databases: Databases) -> str:
    """Return a template database with the analyzer's schema."""
    return databases.template(
        "analyzer",
        lambda dsn: asyncio.run(migrate(dsn, "analyzer", "kurto_analyzer:migrations")),
    )


@pytest.fixture
def analyzer_dsn(databases: Databases) -> Iterator[str]:
    """DSN of a fresh database with the analyzer's schema."""
    name = databases.create(migrated(databases))
    yield databases.server.dsn(name)
    databases.drop(name)


@pytest.fixture
async def postgres_store(analyzer_dsn: str) -> AsyncIterator[PostgresFeatureStore]:
    pool = await create_pool(analyzer_dsn, max_size=3)
    keeper = PartitionKeeper(pool, SystemClock(), feature_table(7))
    yield PostgresFeatureStore(pool, pool, keeper)
    await pool.close()


@pytest.fixture(params=["fake", "postgres"])
def store(request: pytest.FixtureRequest) -> FeatureStore:
    if request.param == "fake":
        return FakeFeatureStore()
    real: FeatureStore = request.getfixturevalue("postgres_store")
    return real


@pytest.fixture
async def valkey_live(valkey_url: str) -> AsyncIterator[ValkeyLiveFeatures]:
    live = ValkeyLiveFeatures(
        lambda: valkey.connect(valkey_url),
        SystemClock(),
        retention_s=600.0,
        latest_ttl_s=60,
        timeout_s=20.0,
    )
    yield live
    await live.close()


@pytest.fixture(params=["fake", "valkey"])
def live(request: pytest.FixtureRequest) -> LiveFeatures:
    if request.param == "fake":
        return FakeLiveFeatures()
    real: LiveFeatures = request.getfixturevalue("valkey_live")
    return real
