"""Every store in memory and the real one: the same tests for both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.postgres import (
    Partitions,
    PostgresEventStore,
    PostgresKeepStore,
    PostgresPlaceStore,
    PostgresProcessValueStore,
    PostgresQuarantineStore,
    PostgresSampleArchive,
    PostgresSampleStore,
    PostgresSampleTimeStore,
    PostgresSensorStore,
    PostgresSpaceStore,
    PostgresStreamStore,
)
from kurto_ingest.stores import Stores
from kurto_ingest.valkey import ValkeyStatusPublisher
from kurto_service import valkey
from kurto_service.clock import SystemClock
from kurto_service.postgres import create_pool, migrate


def _migrate(dsn: str) -> None:
    asyncio.run(migrate(dsn, "ingest", "kurto_ingest:migrations"))


@pytest.fixture(params=["fake", "postgres"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    """Empty stores."""
    clock = SystemClock()
    if request.param == "fake":
        yield fake_stores(clock)
        return
    databases: Any = request.getfixturevalue("databases")
    url = request.getfixturevalue("valkey_url")
    # The template is made by another event loop, in a thread of its own.
    template = await asyncio.to_thread(databases.template, "ingest", _migrate)
    name = await asyncio.to_thread(databases.create, template)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, databases.drop, name)
        pool = await create_pool(databases.server.dsn(name), max_size=6)
        stack.push_async_callback(pool.close)
        publisher = ValkeyStatusPublisher(
            lambda: valkey.connect(url), clock, retention_s=600, timeout_s=10
        )
        stack.push_async_callback(publisher.close)
        partitions = Partitions(pool, clock, default_s=86400, ahead_s=7200)
        yield Stores(
            places=PostgresPlaceStore(pool),
            sensors=PostgresSensorStore(pool),
            streams=PostgresStreamStore(pool),
            samples=PostgresSampleStore(pool, pool, partitions, commit_timeout_s=30),
            archive=PostgresSampleArchive(pool),
            publisher=publisher,
            events=PostgresEventStore(pool),
            times=PostgresSampleTimeStore(pool),
            values=PostgresProcessValueStore(pool),
            keeps=PostgresKeepStore(pool, partitions),
            quarantine=PostgresQuarantineStore(pool),
            space=PostgresSpaceStore(pool, partitions, disk_path="", max_database_bytes=0),
        )
