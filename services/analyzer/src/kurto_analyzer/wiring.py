"""Constructs the analyzer: the only place that does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.analyzer.v1.feature_service_pb2_grpc import add_FeatureServiceServicer_to_server
from kurto_analyzer.analyzer import Analyzer
from kurto_analyzer.baselines.parts import assemble
from kurto_analyzer.baselines.postgres import PostgresBaselines
from kurto_analyzer.baselines.postgres_windows import PostgresCountedWindows
from kurto_analyzer.bearing_catalogue.file import load_catalogue
from kurto_analyzer.bearing_catalogue.reader import BearingReader
from kurto_analyzer.feature_reader import FeatureReader
from kurto_analyzer.long_windows.growth import KeptGrowth
from kurto_analyzer.long_windows.postgres import PostgresLongResults
from kurto_analyzer.long_windows.wiring import long_results, start_long_windows
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.on_demand.wiring import spectrum_desk
from kurto_analyzer.partitions import feature_table, minute_table, second_table
from kurto_analyzer.postgres import PostgresFeatureStore
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.postgres_queries import LayoutCatalogue
from kurto_analyzer.postgres_rollup_queries import PostgresRollupHistory
from kurto_analyzer.postgres_rollups import PostgresRollups, earliest_due_us
from kurto_analyzer.rollup_reader import RollupReader
from kurto_analyzer.rollup_worker import RollupLimits, RollupWorker
from kurto_analyzer.rollups import RollupTimes
from kurto_analyzer.servicer import AnalyzerServicer, FeatureServicer
from kurto_analyzer.settings import AnalyzerSettings
from kurto_analyzer.valkey import ValkeyLiveFeatures
from kurto_dsp import compile_features
from kurto_service import valkey
from kurto_service.postgres import Pool, create_pool, migrate, ping
from kurto_service.runtime import Runtime

__all__ = ["wire"]

_ANALYZER, _FEATURES = "kurto.analyzer.v1.AnalyzerService", "kurto.analyzer.v1.FeatureService"


async def wire(settings: AnalyzerSettings, runtime: Runtime[AnalyzerSettings]) -> None:
    """Construct the analyzer and hand it to the runtime."""
    catalogue = load_catalogue(settings.bearings_file)
    # Health says NOT_SERVING until all is wired: no window waits for the compiler.
    await asyncio.to_thread(compile_features)
    metrics = AnalyzerMetrics(runtime.registry)
    stores = await _stores(settings, runtime, metrics)
    store = stores.features
    live = _live(settings, runtime)
    analyzer = Analyzer(store, live, settings, runtime.clock, metrics, catalogue=catalogue)
    runtime.spawn("engine", analyzer.engine.run())
    runtime.spawn("committer", analyzer.committer.run())
    windows = AnalyzerServicer(analyzer.new_session, metrics)
    reader = FeatureReader(analyzer.sensors, live, store, runtime.clock)
    runtime.add_servicer(add_AnalyzerServiceServicer_to_server, windows, _ANALYZER)
    baselines = assemble(
        stores.baselines, stores.counted, analyzer.sensors, settings,
        clock=runtime.clock, metrics=metrics,
    )  # fmt: skip
    analyzer.committer.follow(baselines.keeper.committed)
    runtime.spawn("conditions", baselines.keeper.run())
    runtime.spawn("baselines", baselines.keeper.watch())
    long_windows = start_long_windows(
        settings, runtime, analyzer, stores.long_results, KeptGrowth(baselines.keeper)
    )
    baselines.keeper.listen(lambda sensor_id, _: long_windows.worker.hasten(sensor_id))
    features = FeatureServicer(
        reader,
        RollupReader(stores.rollups),
        baselines.desk,
        long_windows.reader,
        spectrum_desk(settings, runtime, reader),
        bearings=BearingReader(catalogue.bearings),
    )
    runtime.add_servicer(add_FeatureServiceServicer_to_server, features, _FEATURES)
    runtime.on_drain(windows.drain)


@dataclass(frozen=True)
class _Stores:
    features: PostgresFeatureStore
    rollups: PostgresRollupHistory
    long_results: PostgresLongResults
    baselines: PostgresBaselines
    counted: PostgresCountedWindows


async def _stores(
    settings: AnalyzerSettings, runtime: Runtime[AnalyzerSettings], metrics: AnalyzerMetrics
) -> _Stores:
    dsn = settings.postgres_dsn
    await runtime.connect(
        "postgresql", lambda: migrate(dsn, "analyzer", "kurto_analyzer:migrations")
    )
    write_pool = await _pool(settings, runtime, "write", settings.write_pool_size)
    query_pool = await _pool(settings, runtime, "query", settings.query_pool_size)
    rollup_pool = await _pool(settings, runtime, "rollup", settings.rollup_pool_size)
    runtime.add_probe("postgresql", lambda: ping(query_pool))
    features = feature_table(settings.feature_retention_days)
    frames = PartitionKeeper(write_pool, runtime.clock, features, hold=earliest_due_us)
    _start_rollups(settings, runtime, rollup_pool, metrics)
    runtime.spawn("partitions", frames.run(settings.maintenance_interval_s))
    layouts = LayoutCatalogue()
    return _Stores(
        PostgresFeatureStore(write_pool, query_pool, frames, layouts),
        PostgresRollupHistory(query_pool, layouts),
        long_results(settings, runtime, (rollup_pool, query_pool), layouts),
        PostgresBaselines(write_pool, query_pool),
        PostgresCountedWindows(query_pool, layouts),
    )


def _start_rollups(
    settings: AnalyzerSettings,
    runtime: Runtime[AnalyzerSettings],
    pool: Pool,
    metrics: AnalyzerMetrics,
) -> None:
    tables = (
        second_table(settings.second_rollup_retention_days),
        minute_table(settings.minute_rollup_retention_days),
    )
    targets = [PartitionKeeper(pool, runtime.clock, table) for table in tables]
    for table, keeper in zip(tables, targets, strict=True):
        name = f"partitions of {table.name}"
        runtime.spawn(name, keeper.run(settings.maintenance_interval_s))
    rollups = PostgresRollups(pool, targets, timeout_s=settings.rollup_timeout_s)
    limits = RollupLimits(
        times=RollupTimes(settings.rollup_idle_s, settings.rollup_batch_minutes),
        interval_s=settings.rollup_interval_s,
        share=settings.rollup_share,
        due_minutes=settings.rollup_batch_minutes,
    )
    worker = RollupWorker(rollups, runtime.clock, metrics, limits)
    runtime.spawn("rollups", worker.run())


async def _pool(
    settings: AnalyzerSettings, runtime: Runtime[AnalyzerSettings], purpose: str, size: int
) -> Pool:
    timeout_s = settings.query_timeout_s if purpose == "query" else settings.commit_timeout_s
    pool = await runtime.connect(
        "postgresql",
        lambda: create_pool(
            settings.postgres_dsn,
            application_name=f"kurto-analyzer-{purpose}",
            max_size=size,
            acquire_timeout_s=settings.acquire_timeout_s,
            command_timeout_s=timeout_s,
            statement_cache_size=settings.postgres_statement_cache_size,
            idle_transaction_timeout_s=settings.postgres_idle_transaction_timeout_s,
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
