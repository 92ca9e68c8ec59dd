"""An analyzer in this process, over stores in memory, called through gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import pytest
from prometheus_client import CollectorRegistry
from tests.conftest import Databases

from kurto.analyzer.v1 import (
    analyzer_service_pb2_grpc,
    feature_service_pb2_grpc,
)
from kurto_analyzer.analyzer import Analyzer
from kurto_analyzer.baselines.fakes import FakeBaselines, FakeCountedWindows
from kurto_analyzer.baselines.parts import assemble
from kurto_analyzer.baselines.ports import BaselineStore, CountedWindows
from kurto_analyzer.fakes import FakeFeatureStore, FakeLiveFeatures, FakeRollupHistory
from kurto_analyzer.feature_reader import FeatureReader
from kurto_analyzer.long_windows.fakes import FakeLongResults
from kurto_analyzer.long_windows.growth import KeptGrowth
from kurto_analyzer.long_windows.metrics import LongWindowMetrics
from kurto_analyzer.long_windows.ports import LongResultStore
from kurto_analyzer.long_windows.reader import DiagnosisReader
from kurto_analyzer.long_windows.worker import LongWindowLimits, LongWindowWorker
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.on_demand.analyst import Analyst, StoredSamples
from kurto_analyzer.on_demand.fakes import FakeStoredSamples
from kurto_analyzer.on_demand.heavy_work import HeavyWork
from kurto_analyzer.on_demand.servicer import SpectrumDesk
from kurto_analyzer.ports import FeatureStore, LiveFeatures, RollupHistory
from kurto_analyzer.rollup_reader import RollupReader
from kurto_analyzer.servicer import AnalyzerServicer, FeatureServicer
from kurto_analyzer.settings import AnalyzerSettings
from kurto_service.admission import QueryLine
from kurto_service.clock import SystemClock
from kurto_service.identity import ANONYMOUS, Principal
from kurto_service.postgres import migrate
from kurto_service.settings import load_settings
from kurto_service.testing import serve


@pytest.fixture
def analyzer_dsn(databases: Databases) -> Iterator[str]:
    """DSN of a fresh database with the analyzer's schema."""
    template = databases.template(
        "analyzer",
        lambda dsn: asyncio.run(migrate(dsn, "analyzer", "kurto_analyzer:migrations")),
    )
    name = databases.create(template)
    yield databases.server.dsn(name)
    databases.drop(name)


@dataclass
class Room:
    """A served analyzer."""

    store: FeatureStore
    live: LiveFeatures
    settings: AnalyzerSettings
    rollups: RollupHistory = field(default_factory=lambda: FakeRollupHistory(FakeFeatureStore()))
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    long_results: LongResultStore = field(default_factory=FakeLongResults)
    long_limits: LongWindowLimits = field(
        default_factory=lambda: LongWindowLimits(share=1.0, poll_s=0.05)
    )
    principal: Principal = ANONYMOUS
    baseline_store: BaselineStore = field(default_factory=lambda: FakeBaselines(SystemClock()))
    samples: StoredSamples = field(default_factory=FakeStoredSamples)
    counted: CountedWindows = field(default_factory=lambda: FakeCountedWindows(FakeFeatureStore()))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        metrics = AnalyzerMetrics(self.registry)
        clock = SystemClock()
        self.analyzer = Analyzer(self.store, self.live, self.settings, clock, metrics)
        self.servicer = AnalyzerServicer(self.analyzer.new_session, metrics)
        reader = FeatureReader(self.analyzer.sensors, self.live, self.store, clock)
        self.baselines = assemble(
            self.baseline_store, self.counted, self.analyzer.sensors, self.settings,
            clock=clock, metrics=metrics,
        )  # fmt: skip
        self.analyzer.committer.follow(self.baselines.keeper.committed)
        self.long_windows = LongWindowWorker(
            self.analyzer.sensors, self.long_results, KeptGrowth(self.baselines.keeper), clock,
            LongWindowMetrics(self.registry), limits=self.long_limits,
            is_live_idle=lambda: self.analyzer.engine.idle,
        )  # fmt: skip
        self.diagnoses = DiagnosisReader(
            self.analyzer.sensors, self.long_results, self.long_windows, clock
        )
        values = self.settings
        self.work = HeavyWork(places=values.max_analyses, timeout_s=values.analysis_timeout_s)
        analyst = Analyst(self.samples, self.work, longest_s=values.max_analysis_s)
        spectra = SpectrumDesk(reader, analyst, QueryLine(limit=2, patience_s=2.0))
        tasks = [
            asyncio.create_task(self.long_windows.run()),
            asyncio.create_task(self.analyzer.engine.run()),
            asyncio.create_task(self.analyzer.committer.run()),
            asyncio.create_task(self.baselines.keeper.run()),
            asyncio.create_task(self.baselines.keeper.watch()),
        ]
        add_windows = analyzer_service_pb2_grpc.add_AnalyzerServiceServicer_to_server
        add_features = feature_service_pb2_grpc.add_FeatureServiceServicer_to_server
        features = (
            add_features,
            FeatureServicer(
                reader, RollupReader(self.rollups), self.baselines.desk, self.diagnoses, spectra
            ),
        )
        try:
            async with serve(
                add_windows, self.servicer, features, principal=self.principal
            ) as channel:
                self.channel: grpc.aio.Channel = channel
                self.windows = analyzer_service_pb2_grpc.AnalyzerServiceStub(channel)
                self.features = feature_service_pb2_grpc.FeatureServiceStub(channel)
                yield
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await self.long_windows.close()
            await self.work.close()
            assert all(isinstance(result, asyncio.CancelledError) for result in results), results

    def value(self, name: str, **labels: str) -> float:
        """Return the value of a metric."""
        return self.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def fake_store() -> FakeFeatureStore:
    return FakeFeatureStore()


@pytest.fixture
def fake_live() -> FakeLiveFeatures:
    return FakeLiveFeatures()


@pytest.fixture
async def room(fake_store: FakeFeatureStore, fake_live: FakeLiveFeatures) -> AsyncIterator[Room]:
    values = load_settings(AnalyzerSettings, commit_interval_s=0.0, publish_retry_s=0.05)
    room = Room(fake_store, fake_live, values, FakeRollupHistory(fake_store))
    room.counted = FakeCountedWindows(fake_store)
    async with room.open():
        yield room
