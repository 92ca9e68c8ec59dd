"""Constructs ingest: the only place that does."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import grpc
from prometheus_client import CollectorRegistry

from kurto.analyzer.v1.analyzer_service_pb2_grpc import AnalyzerServiceStub
from kurto.assets.v1.asset_service_pb2_grpc import add_AssetServiceServicer_to_server
from kurto.ingest.v1.ingest_service_pb2_grpc import add_IngestServiceServicer_to_server
from kurto.ingest.v1.stream_control_service_pb2_grpc import (
    add_StreamControlServiceServicer_to_server,
)
from kurto_ingest.assets.config_follower import ConfigFollower
from kurto_ingest.assets.servicer import AssetServicer
from kurto_ingest.forwarding.analysis_book import AnalysisBook
from kurto_ingest.forwarding.conversation import AnalyzerCall
from kurto_ingest.forwarding.forwarder import WindowForwarder
from kurto_ingest.housekeeping import keep_house
from kurto_ingest.keeping.keep_calls import KeepCalls
from kurto_ingest.keeping.keeper import SampleKeeper
from kurto_ingest.limits import (
    commit_pace,
    disk_limits,
    feed_limits,
    forwarder_pace,
    keeper_pace,
    memory_limits,
    push_limits,
    quarantine_bounds,
    read_limits,
    record_pace,
    stream_limits,
)
from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.postgres.stores import postgres_stores
from kurto_ingest.pushing.committer import GroupCommitter
from kurto_ingest.pushing.opening import StreamOpener
from kurto_ingest.pushing.push_call import PushParts
from kurto_ingest.pushing.registry import StreamRegistry
from kurto_ingest.pushing.sample_intake import SampleIntake
from kurto_ingest.quarantine.future_samples import FutureSamples
from kurto_ingest.quarantine.keeper import QuarantineKeeper
from kurto_ingest.reading.read_calls import SampleReads
from kurto_ingest.records.recorder import Records
from kurto_ingest.servicer import IngestServicer
from kurto_ingest.settings import IngestSettings
from kurto_ingest.space.storage_guard import StorageGuard
from kurto_ingest.space.storage_watch import StorageWatch
from kurto_ingest.status.control_servicer import StreamControlServicer
from kurto_ingest.status.monitoring import Monitoring
from kurto_ingest.status.status_board import StatusBoard
from kurto_ingest.stores import Stores
from kurto_service.clock import Clock
from kurto_service.runtime import Runtime

__all__ = ["Ingest", "wire"]

_SERVICES = (
    "kurto.ingest.v1.IngestService",
    "kurto.assets.v1.AssetService",
    "kurto.ingest.v1.StreamControlService",
)


class Ingest:
    """All parts of ingest, put together; nothing runs yet.

    Parameters
    ----------
    stores : Stores
        What it stands on.
    channel : grpc.aio.Channel
        Leads to the analyzer.
    settings, clock, registry : IngestSettings, Clock, CollectorRegistry
        The surroundings.
    """

    def __init__(
        self,
        stores: Stores,
        channel: grpc.aio.Channel,
        settings: IngestSettings,
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self._stores, self._settings, self._clock = stores, settings, clock
        self.metrics = IngestMetrics(registry)
        self.registry = StreamRegistry(memory_limits(settings))
        self.records = Records(
            event_store=stores.events,
            time_store=stores.times,
            value_store=stores.values,
            clock=clock,
            pace=record_pace(settings),
            dropped=self.metrics.records_dropped.inc,
        )
        self.forwarder = self._make_forwarder(channel)
        self.committer = GroupCommitter(
            store=stores.samples,
            registry=self.registry,
            sink=self.forwarder,
            clock=clock,
            metrics=self.metrics,
            pace=commit_pace(settings),
        )
        self._sensors = stores.sender_sensors or stores.sensors
        self._streams = stores.sender_streams or stores.streams
        self.opener = StreamOpener(
            sensors=self._sensors,
            streams=self._streams,
            registry=self.registry,
            committer=self.committer,
            sink=self.forwarder,
            clock=clock,
            events=self.records.events,
            values=stores.values,
        )
        self.quarantine = QuarantineKeeper(
            stores.quarantine,
            self.registry.quarantine_pending_bytes,
            clock=clock,
            metrics=self.metrics,
            bounds=quarantine_bounds(settings),
        )
        self.guard = self._make_guard()
        self.keeper = SampleKeeper(stores.keeps, clock, keeper_pace(settings))
        self.storage = StorageWatch(
            registry=self.registry,
            committer=self.committer,
            forwarder=self.forwarder,
            clock=clock,
            disk=self.guard,
            quarantine=self.quarantine.ledger,
        )
        self.follower = ConfigFollower(stores.sensors, clock, settings.config_poll_interval_s)
        self.board = StatusBoard(
            registry=self.registry,
            forwarder=self.forwarder,
            sensors=stores.sensors,
            streams=stores.streams,
            publisher=stores.publisher,
            clock=clock,
            metrics=self.metrics,
            events=self.records.events,
        )
        self.book = AnalysisBook(
            forwarder=self.forwarder,
            streams=stores.streams,
            sensors=stores.sensors,
            clock=clock,
            note_interval_s=settings.analysis_note_interval_s,
            search_interval_s=settings.analysis_search_interval_s,
        )
        self._make_servicers()

    def _make_guard(self) -> StorageGuard:
        return StorageGuard(
            self._stores.space,
            self._clock,
            limits=disk_limits(self._settings),
            events=self.records.events,
            metrics=self.metrics,
            quarantine=self.quarantine,
            refuse=self.registry.refuse,
            interval_s=self._settings.disk_check_interval_s,
        )

    def _make_forwarder(self, channel: grpc.aio.Channel) -> WindowForwarder:
        settings = self._settings
        stub = AnalyzerServiceStub(channel)
        return WindowForwarder(
            call=lambda: cast("AnalyzerCall", stub.AnalyzeWindows()),
            samples=self._stores.samples,
            values=self._stores.values,
            clock=self._clock,
            metrics=self.metrics,
            pace=forwarder_pace(settings),
            limits=feed_limits(settings),
            events=self.records.events,
            enabled=settings.realtime_enabled,
        )

    def _make_servicers(self) -> None:
        stores, settings, events = self._stores, self._settings, self.records.events
        ledger = self.quarantine.ledger
        limits = push_limits(settings)
        intake = SampleIntake(
            registry=self.registry,
            committer=self.committer,
            sink=self.forwarder,
            clock=self._clock,
            limits=limits,
            events=events,
            times=self.records.times,
            future=FutureSamples(self._clock, settings.max_future_s, ledger, events),
        )
        parts = PushParts(
            opener=self.opener,
            registry=self.registry,
            committer=self.committer,
            intake=intake,
            clock=self._clock,
            metrics=self.metrics,
            limits=limits,
        )
        self.reads = SampleReads(
            sensors=stores.sensors,
            streams=stores.streams,
            archive=stores.archive,
            quarantine=stores.quarantine,
            times=stores.times,
            limits=read_limits(settings),
        )
        self.servicer = IngestServicer(
            opener=self.opener,
            sensors=self._sensors,
            streams=self._streams,
            parts=parts,
            reads=self.reads,
            keeps=KeepCalls(stores.keeps, stores.sensors, self._clock),
            limits=stream_limits(settings),
        )
        self.assets = AssetServicer(
            places=stores.places,
            sensors=stores.sensors,
            follower=self.follower,
            heartbeat_s=settings.watch_heartbeat_s,
        )
        monitoring = Monitoring(
            sensors=stores.sensors,
            streams=stores.streams,
            registry=self.registry,
            forwarder=self.forwarder,
            follower=self.follower,
        )
        self.follower.listen(monitoring.apply)
        self.follower.listen(self.board.touch)
        self.control = StreamControlServicer(
            monitoring=monitoring,
            board=self.board,
            sensors=stores.sensors,
            events=stores.events,
            values=stores.values,
            storage=self.storage,
        )

    def servicers(self) -> list[tuple[Any, object, str]]:
        """Return what is served: the function that registers it, the servicer, its name."""
        return [
            (add_IngestServiceServicer_to_server, self.servicer, _SERVICES[0]),
            (add_AssetServiceServicer_to_server, self.assets, _SERVICES[1]),
            (add_StreamControlServiceServicer_to_server, self.control, _SERVICES[2]),
        ]

    def tasks(self) -> dict[str, Any]:
        """Return what runs in the background, by name."""
        settings = self._settings
        tasks = {
            "committer": self.committer.run(),
            "records": self.records.keeper.run(),
            "keeper": self.keeper.run(),
            "storage-guard": self.guard.run(),
            "quarantine": self.quarantine.run(),
            "config-follower": self.follower.run(),
            "status": self.board.run(settings.status_interval_s),
            "housekeeping": keep_house(
                self.registry, self.forwarder, self._clock, idle_s=settings.session_idle_s
            ),
        }
        if not settings.realtime_enabled:
            return tasks
        tasks["forwarder"] = self.forwarder.run(self.book.search_soon)
        tasks["analysis-book"] = self.book.run()
        for number in range(settings.catch_up_readers):
            tasks[f"catch-up-{number}"] = self.forwarder.reader.run()
        return tasks

    async def drain(self) -> None:
        """Answer all calls with what is durable and end them."""
        await asyncio.gather(self.servicer.drain(), self.assets.drain())
        await self.records.keeper.finish()


async def wire(settings: IngestSettings, runtime: Runtime[IngestSettings]) -> None:
    """Construct ingest and hand it to the runtime."""
    stores = await postgres_stores(settings, runtime)
    channel = runtime.channel(settings.analyzer_address)
    ingest = Ingest(stores, channel, settings, runtime.clock, runtime.registry)
    await runtime.connect("postgresql", ingest.follower.start)
    for add, servicer, name in ingest.servicers():
        runtime.add_servicer(add, servicer, name)
    for name, coroutine in ingest.tasks().items():
        runtime.spawn(name, coroutine)
    runtime.on_drain(ingest.drain)
