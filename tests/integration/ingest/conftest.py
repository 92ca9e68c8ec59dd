"""Ingest on a real PostgreSQL and a real Valkey, with a fake analyzer behind real gRPC."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto_ingest.fakes.analyzer import FakeAnalyzer
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
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_ingest.valkey import ValkeyStatusPublisher
from kurto_service import valkey
from kurto_service.clock import SystemClock
from kurto_service.postgres import create_pool, migrate
from kurto_service.settings import load_settings
from kurto_service.testing import serve


def _migrate(dsn: str) -> None:
    asyncio.run(migrate(dsn, "ingest", "kurto_ingest:migrations"))


@pytest.fixture
def ingest_dsn(databases: Any) -> Iterator[str]:
    """DSN of a fresh database that holds ingest's schema."""
    name = databases.create(databases.template("ingest", _migrate))
    yield databases.server.dsn(name)
    databases.drop(name)


@pytest.fixture
def settings(ingest_dsn: str, valkey_url: str) -> IngestSettings:
    """Settings for tests: quick, with the real servers."""
    quick = load_settings(
        IngestSettings,
        postgres_dsn=ingest_dsn,
        valkey_url=valkey_url,
        commit_interval_s=0.02,
        commit_linger_s=0.1,
        analysis_note_interval_s=0.1,
    )
    # An answer tells what is durable by then; on a busy machine a commit may take its time.
    return quick.model_copy(update={"ack_patience_s": 30.0})


@pytest.fixture
async def stores(settings: IngestSettings) -> AsyncIterator[Stores]:
    """Real stores."""
    async with AsyncExitStack() as stack:
        pools = []
        for _ in range(2):
            pool = await create_pool(settings.postgres_dsn, max_size=4, acquire_timeout_s=30)
            stack.push_async_callback(pool.close)
            pools.append(pool)
        writing, reading = pools
        clock = SystemClock()
        publisher = ValkeyStatusPublisher(
            lambda: valkey.connect(settings.valkey_url), clock, retention_s=600, timeout_s=10
        )
        stack.push_async_callback(publisher.close)
        partitions = Partitions(reading, clock, default_s=86400, ahead_s=7200)
        yield Stores(
            places=PostgresPlaceStore(reading),
            sensors=PostgresSensorStore(reading),
            streams=PostgresStreamStore(reading),
            samples=PostgresSampleStore(writing, reading, partitions, commit_timeout_s=30),
            archive=PostgresSampleArchive(reading),
            publisher=publisher,
            events=PostgresEventStore(reading),
            times=PostgresSampleTimeStore(reading),
            values=PostgresProcessValueStore(reading),
            keeps=PostgresKeepStore(reading, partitions),
            quarantine=PostgresQuarantineStore(reading),
            space=PostgresSpaceStore(reading, partitions, disk_path="", max_database_bytes=0),
        )


@pytest.fixture
async def analyzer() -> FakeAnalyzer:
    """What the analyzer got."""
    return FakeAnalyzer()


@pytest.fixture
async def running(
    stores: Stores, analyzer: FakeAnalyzer, settings: IngestSettings
) -> AsyncIterator[RunningIngest]:
    """Ingest, running."""
    async with (
        serve(add_AnalyzerServiceServicer_to_server, analyzer) as channel,
        run_ingest(stores, channel, settings) as ingest,
    ):
        yield ingest


@pytest.fixture
async def sender(running: RunningIngest) -> Sender:
    """A registered sensor with an open stream: 2 channels, 1000 Hz."""
    sender = Sender(running.stub, running.assets)
    await sender.create()
    await sender.open()
    return sender
