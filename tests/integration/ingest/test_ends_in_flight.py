"""A stream ends while its commit is on its way: nothing is doubled, and the others go on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import UUID

import grpc
import pytest

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.assets.v1 import asset_service_pb2
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.fakes.streams import FakeSampleStore
from kurto_ingest.ports import StreamCommit, StreamKey
from kurto_ingest.settings import IngestSettings
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.clock import SystemClock
from kurto_service.settings import load_settings
from kurto_service.testing import serve


class SlowAnswers(FakeSampleStore):
    """A store that commits, and says so only when it may."""

    def __init__(self, store: FakeSampleStore) -> None:
        super().__init__(store._streams, store._clock)
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.held = asyncio.Event()

    async def commit(self, commits: Sequence[StreamCommit], token: UUID) -> set[StreamKey]:
        """Commit; answer later."""
        taken = await super().commit(commits, token)
        if not self.may_answer.is_set():
            self.held.set()
            await self.may_answer.wait()
        return taken


@pytest.fixture
def store() -> SlowAnswers:
    stores = fake_stores(SystemClock())
    assert isinstance(stores.samples, FakeSampleStore)
    return SlowAnswers(stores.samples)


@pytest.fixture
async def running(store: SlowAnswers) -> AsyncIterator[RunningIngest]:
    stores = fake_stores(SystemClock())
    store._streams = stores.streams  # type: ignore[assignment]
    settings = load_settings(
        IngestSettings,
        postgres_dsn="postgresql://nowhere",
        valkey_url="redis://nowhere",
        commit_interval_s=0.01,
        commit_linger_s=0.02,
    )
    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(replace(stores, samples=store), channel, settings) as running,
    ):
        yield running
        store.may_answer.set()


async def in_flight(
    running: RunningIngest, store: SlowAnswers
) -> tuple[Sender, "grpc.aio.StreamUnaryCall[pb.PushRequest, pb.PushResponse]"]:
    """Return a sender whose samples are committed, but nobody knows it yet, and its call."""
    sender = Sender(running.stub, running.assets)
    await sender.create()
    await sender.open()
    await sender.push(sender.batch(0, 500))
    store.may_answer.clear()
    call = sender.stub.Push()
    await call.write(sender.start())
    await call.write(sender.batch(500, 500))
    async with asyncio.timeout(60):
        await store.held.wait()
    return sender, call


async def goes_on(running: RunningIngest, store: SlowAnswers) -> None:
    """Let the commit be answered; another sensor is stored, and nothing is counted twice."""
    other = Sender(running.stub, running.assets, "pump-8")
    await other.create()
    await other.open()
    store.may_answer.set()
    answer = await other.push(other.batch(0, 700))
    assert answer.results[0].next_index == 700
    async with asyncio.timeout(60):
        while running.ingest.registry.pending_bytes:
            await asyncio.sleep(0.01)


async def test_a_sensor_is_archived(running: RunningIngest, store: SlowAnswers) -> None:
    sender, call = await in_flight(running, store)
    await running.assets.ArchiveSensor(
        asset_service_pb2.ArchiveSensorRequest(sensor_id=sender.sensor_id)
    )
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    await goes_on(running, store)


async def test_a_sender_opens_again(running: RunningIngest, store: SlowAnswers) -> None:
    sender, call = await in_flight(running, store)
    opened = await sender.open()  # waits a second for the commit, then goes on without it
    assert opened.next_index == 1000
    with pytest.raises(grpc.aio.AioRpcError):
        await call
    await goes_on(running, store)
    answer = await sender.push(sender.batch(900, 300))
    assert answer.results[0].next_index == 1200
    assert answer.results[0].duplicate_sample_count == 100
    rows = store.rows_of((sender.sensor_id, opened.epoch))
    assert sum(row.count for row in rows) == 1200
