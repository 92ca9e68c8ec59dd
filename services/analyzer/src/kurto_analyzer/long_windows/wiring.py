"""Constructs what long windows need."""

from __future__ import annotations

from dataclasses import dataclass

from kurto_analyzer.analyzer import Analyzer
from kurto_analyzer.long_windows.metrics import LongWindowMetrics
from kurto_analyzer.long_windows.ports import GrowthSource, NoBaselines
from kurto_analyzer.long_windows.postgres import PostgresLongResults
from kurto_analyzer.long_windows.reader import DiagnosisReader
from kurto_analyzer.long_windows.worker import LongWindowLimits, LongWindowWorker
from kurto_analyzer.partitions import diagnosis_table, long_feature_table
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.postgres_queries import LayoutCatalogue
from kurto_analyzer.settings import AnalyzerSettings
from kurto_service.postgres import Pool
from kurto_service.runtime import Runtime

__all__ = ["LongWindows", "long_results", "start_long_windows"]


@dataclass(frozen=True)
class LongWindows:
    """The long windows of a running analyzer.

    Attributes
    ----------
    worker : LongWindowWorker
        Takes them; ``hasten`` is for those who see a level grow.
    reader : DiagnosisReader
        Answers about them.
    """

    worker: LongWindowWorker
    reader: DiagnosisReader


def long_results(
    settings: AnalyzerSettings,
    runtime: Runtime[AnalyzerSettings],
    pools: tuple[Pool, Pool],
    layouts: LayoutCatalogue,
) -> PostgresLongResults:
    """Return the store, and have its partitions kept.

    Parameters
    ----------
    settings : AnalyzerSettings
        Retention.
    runtime : Runtime
        Runs what is to run for ever.
    pools : tuple of Pool
        For results, and for reads.
    layouts : LayoutCatalogue
        Names of rows and columns.
    """
    write_pool, query_pool = pools
    keepers: list[PartitionKeeper] = []
    for table in (
        long_feature_table(settings.long_feature_retention_days),
        diagnosis_table(settings.diagnosis_retention_days),
    ):
        keeper = PartitionKeeper(write_pool, runtime.clock, table)
        name = f"partitions of {table.name}"
        runtime.spawn(name, keeper.run(settings.maintenance_interval_s))
        keepers.append(keeper)
    return PostgresLongResults(write_pool, query_pool, keepers, layouts)


def start_long_windows(
    settings: AnalyzerSettings,
    runtime: Runtime[AnalyzerSettings],
    analyzer: Analyzer,
    store: PostgresLongResults,
    growth: GrowthSource | None = None,
) -> LongWindows:
    """Have long windows taken of all sensors of `analyzer`."""
    limits = LongWindowLimits(
        share=settings.diagnosis_cpu_share,
        idle_s=settings.history_idle_s,
        max_requests=settings.max_diagnosis_requests,
        request_timeout_s=settings.diagnosis_request_timeout_s,
        store_timeout_s=settings.commit_timeout_s,
    )
    metrics = LongWindowMetrics(runtime.registry)
    metrics.watch_room(lambda: analyzer.sensors.room.reserved_bytes)
    worker = LongWindowWorker(
        analyzer.sensors,
        store,
        growth or NoBaselines(),
        runtime.clock,
        metrics,
        limits=limits,
        is_live_idle=lambda: analyzer.engine.idle,
    )
    runtime.push_close(worker.close)
    runtime.spawn("long windows", worker.run())
    return LongWindows(worker, DiagnosisReader(analyzer.sensors, store, worker, runtime.clock))
