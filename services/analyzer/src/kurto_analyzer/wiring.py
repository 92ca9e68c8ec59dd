"""Constructs the analyzer: the only place that does."""

from __future__ import annotations

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.analyzer.v1.feature_service_pb2_grpc import add_FeatureServiceServicer_to_server
from kurto_analyzer.analyzer import Analyzer
from kurto_analyzer.feature_reader import FeatureReader
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.postgres import PostgresFeatureStore
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.servicer import AnalyzerServicer, FeatureServicer
from kurto_analyzer.settings import AnalyzerSettings
from kurto_analyzer.valkey import ValkeyLiveFeatures
from kurto_service import valkey
from kurto_service.postgres import Pool, create_pool, migrate, ping
from kurto_service.runtime import Runtime

__all__ = ["wire"]

_ANALYZER, _FEATURES = "kurto.analyzer.v1.AnalyzerService", "kurto.analyzer.v1.FeatureService"


async def wire(settings: AnalyzerSettings, runtime: Runtime[AnalyzerSettings]) -> None:
    """Construct the analyzer and hand it to the runtime."""
    metrics = AnalyzerMetrics(runtime.registry)
    store = await _store(settings, runtime)
    live = _live(settings, runtime)
    analyzer = Analyzer(store, live, settings, runtime.clock, metrics)
    runtime.spawn("engine", analyzer.engine.run())
    runtime.spawn("committer", analyzer.committer.run())
    windows = AnalyzerServicer(analyzer.new_session, metrics)
    reader = FeatureReader(analyzer.sensors, live, store, runtime.clock)
    runtime.add_servicer(add_AnalyzerServiceServicer_to_server, windows, _ANALYZER)
    runtime.add_servicer(add_FeatureServiceServicer_to_server, FeatureServicer(reader), _FEATURES)
    runtime.on_drain(windows.drain)


async def _store(
    settings: AnalyzerSettings, runtime: Runtime[AnalyzerSettings]
) -> PostgresFeatureStore:
    dsn = settings.postgres_dsn
    await runtime.connect(
        "postgresql", lambda: migrate(dsn, "analyzer", "kurto_analyzer:migrations")
    )
    write_pool = await _pool(settings, runtime, "write", settings.write_pool_size)
    query_pool = await _pool(settings, runtime, "query", settings.query_pool_size)
    runtime.add_probe("postgresql", lambda: ping(query_pool))
    partitions = PartitionKeeper(
        write_pool, runtime.clock, retention_days=settings.feature_retention_days
    )
    runtime.spawn("partitions", partitions.run(settings.maintenance_interval_s))
    return PostgresFeatureStore(write_pool, query_pool, partitions)


async def _pool(
    settings: AnalyzerSettings, runtime: Runtime[AnalyzerSettings], purpose: str, size: int
) -> Pool:
    timeout_s = settings.commit_timeout_s if purpose == "write" else settings.query_timeout_s
    pool = await runtime.connect(
        "postgresql",
        lambda: create_pool(
            settings.postgres_dsn,
            application_name=f"kurto-analyzer-{purpose}",
            max_size=size,
            acquire_timeout_s=settings.acquire_timeout_s,
            command_timeout_s=timeout_s,
            statement_cache_size=settings.postgres_statement_cache_size,
        ),
    )
    runtime.push_close(pool.close)
    return pool


def _live(settings: AnalyzerSettings, runtime: Runtime[AnalyzerSettings]) -> ValkeyLiveFeatures:
    live = ValkeyLiveFeatures(
        lambda: valkey.connect(settings.valkey_url, client_name="kurto-analyzer"),
        runtime.clock,
        retention_s=settings.live_retention_s,
        latest_ttl_s=settings.latest_ttl_s,
        timeout_s=settings.publish_timeout_s,
    )
    runtime.push_close(live.close)
    # Without Valkey both services do their work, so neither says NOT_SERVING; the process does.
    runtime.add_probe("valkey", live.ping, services=())
    return live
