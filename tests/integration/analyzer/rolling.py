"""A real store with roll-ups, and the same sums by another way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from prometheus_client import CollectorRegistry

from kurto_analyzer.fakes import FakeFeatureStore, FakeRollupHistory
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.partitions import feature_table, minute_table, second_table
from kurto_analyzer.ports import Advance, EpochOpening
from kurto_analyzer.postgres import PostgresFeatureStore
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.postgres_queries import LayoutCatalogue
from kurto_analyzer.postgres_rollup_queries import PostgresRollupHistory
from kurto_analyzer.postgres_rollups import PostgresRollups, earliest_due_us
from kurto_analyzer.rollup_worker import RollupLimits, RollupWorker
from kurto_analyzer.rollups import Rollup, RollupInterval, RollupQuery, RollupTimes
from kurto_service.clock import Clock
from kurto_service.postgres import Pool

EVERYTHING = 1 << 30


@dataclass
class Rolling:
    """Frames and roll-ups on PostgreSQL, beside the same frames in memory."""

    store: PostgresFeatureStore
    model: FakeFeatureStore
    rollups: PostgresRollups
    history: PostgresRollupHistory
    frames: PartitionKeeper
    worker: RollupWorker

    async def open(self, *openings: EpochOpening) -> None:
        await self.store.open_epochs(openings)
        await self.model.open_epochs(openings)

    async def commit(self, *advances: Advance) -> None:
        await self.store.commit(advances)
        await self.model.commit(advances)

    async def roll(self) -> None:
        """Roll up until nothing is left to do."""
        while await self.worker.roll_up_due():
            pass
        while await self.worker.roll_up_behind():
            pass

    async def check(self, sensor_ids: Iterable[str]) -> None:
        """Compare all roll-ups with sums over the frames in memory."""
        for sensor_id in sensor_ids:
            for interval in RollupInterval:
                query = RollupQuery(sensor_id, interval, EVERYTHING)
                found = await self.history.list_rollups(query)
                assert_same(found, await FakeRollupHistory(self.model).list_rollups(query))


def rolling(pool: Pool, clock: Clock, *, idle_s: float = 0.0, batch_minutes: int = 3) -> Rolling:
    """Return a store with roll-ups; with `idle_s` 0 no minute is waited for."""
    frames = PartitionKeeper(pool, clock, feature_table(7), hold=earliest_due_us)
    targets = [
        PartitionKeeper(pool, clock, second_table(90)),
        PartitionKeeper(pool, clock, minute_table(0)),
    ]
    layouts = LayoutCatalogue()
    rollups = PostgresRollups(pool, targets, timeout_s=60.0)
    limits = RollupLimits(
        times=RollupTimes(idle_s, batch_minutes), interval_s=0.01, share=1.0, due_minutes=2
    )
    worker = RollupWorker(rollups, clock, AnalyzerMetrics(CollectorRegistry()), limits)
    return Rolling(
        store=PostgresFeatureStore(pool, pool, frames, layouts),
        model=FakeFeatureStore(),
        rollups=rollups,
        history=PostgresRollupHistory(pool, layouts),
        frames=frames,
        worker=worker,
    )


def assert_same(found: Sequence[Rollup], wanted: Sequence[Rollup]) -> None:
    """Compare roll-ups; those of one interval may come in any order of layouts."""
    ordered = [sorted(rollups, key=_order) for rollups in (found, wanted)]
    for one, other in zip(*ordered, strict=True):
        for name in ("start_us", "layout", "window_count", "empty_window_count", "quality"):
            assert getattr(one, name) == getattr(other, name), name
        for name in ("minimum", "maximum", "value_counts", "mean"):
            values, expected = getattr(one, name), getattr(other, name)
            if expected is None:
                assert values is None
            else:
                tolerance = 1e-6 if name == "mean" else 0.0
                np.testing.assert_allclose(values, expected, rtol=tolerance, atol=0)


def _order(rollup: Rollup) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    return rollup.start_us, rollup.layout.channels, rollup.layout.units
