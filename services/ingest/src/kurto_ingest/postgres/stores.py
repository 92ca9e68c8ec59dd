"""Constructs the stores on PostgreSQL and Valkey."""

from __future__ import annotations

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
from kurto_ingest.postgres.first_in_line import FirstInLine
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.valkey import ValkeyStatusPublisher
from kurto_service import valkey
from kurto_service.clock import Clock
from kurto_service.postgres import Pool, create_pool, migrate, ping
from kurto_service.runtime import Runtime

__all__ = ["postgres_stores"]


async def postgres_stores(settings: IngestSettings, runtime: Runtime[IngestSettings]) -> Stores:
    """Connect to PostgreSQL and Valkey, bring the schema up to date, and return the stores."""
    dsn = settings.postgres_dsn
    await runtime.connect("postgresql", lambda: migrate(dsn, "ingest", "kurto_ingest:migrations"))
    writing = await _pool(settings, runtime, "write", settings.write_pool_size)
    reading = await _pool(settings, runtime, "query", settings.query_pool_size)
    runtime.add_probe("postgresql", lambda: ping(writing))
    opening = await _pool(settings, runtime, "opening", settings.opening_pool_size)
    partitions = _partitions(settings, reading, writing, runtime.clock)
    runtime.spawn("partitions", partitions.run(settings.partition_interval_s))
    samples = PostgresSampleStore(
        writing, reading, partitions, commit_timeout_s=settings.commit_timeout_s
    )
    return Stores(
        places=PostgresPlaceStore(reading),
        sensors=PostgresSensorStore(reading),
        streams=PostgresStreamStore(reading),
        sender_sensors=PostgresSensorStore(opening),
        sender_streams=PostgresStreamStore(opening),
        samples=FirstInLine(samples, runtime.queries.held),
        archive=PostgresSampleArchive(
            await _pool(settings, runtime, "read", settings.read_pool_size)
        ),
        publisher=_publisher(settings, runtime),
        events=PostgresEventStore(reading),
        times=PostgresSampleTimeStore(reading),
        values=PostgresProcessValueStore(reading),
        keeps=PostgresKeepStore(reading, partitions),
        quarantine=PostgresQuarantineStore(reading),
        space=PostgresSpaceStore(
            reading,
            partitions,
            disk_path=settings.disk_path,
            max_database_bytes=settings.max_database_bytes,
        ),
    )


def _partitions(settings: IngestSettings, pool: Pool, committing: Pool, clock: Clock) -> Partitions:
    return Partitions(
        pool,
        clock,
        committing=committing,
        default_s=settings.raw_retention_h * 3600,
        buffer_s=settings.buffer_retention_h * 3600,
        ahead_s=settings.partition_ahead_h * 3600,
    )


async def _pool(
    settings: IngestSettings, runtime: Runtime[IngestSettings], purpose: str, size: int
) -> Pool:
    timeout_s = settings.commit_timeout_s if purpose == "write" else settings.query_timeout_s
    pool = await runtime.connect(
        "postgresql",
        lambda: create_pool(
            settings.postgres_dsn,
            application_name=f"kurto-ingest-{purpose}",
            max_size=size,
            acquire_timeout_s=settings.acquire_timeout_s,
            command_timeout_s=timeout_s,
            statement_cache_size=settings.postgres_statement_cache_size,
            idle_transaction_timeout_s=settings.postgres_idle_transaction_timeout_s,
        ),
    )
    runtime.push_close(pool.close)
    return pool


def _publisher(settings: IngestSettings, runtime: Runtime[IngestSettings]) -> ValkeyStatusPublisher:
    publisher = ValkeyStatusPublisher(
        lambda: valkey.connect(
            settings.valkey_url, client_name="kurto-ingest", timeout_s=settings.valkey_timeout_s
        ),
        runtime.clock,
        retention_s=settings.status_retention_s,
        timeout_s=settings.valkey_timeout_s,
    )
    runtime.push_close(publisher.close)
    # Without Valkey samples are taken all the same: the process is degraded, no service is.
    runtime.add_probe("valkey", publisher.ping, services=())
    return publisher
