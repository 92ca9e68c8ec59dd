"""The state of a sensor at rest is published once, and again when something happens."""

from collections.abc import AsyncIterator
from typing import cast

import grpc
import pytest

from kurto.gateway.v1 import live_service_pb2
from kurto.ingest.v1 import stream_status_pb2 as states
from kurto_ingest.fakes.stores import FakeStatusPublisher, fake_stores
from kurto_ingest.settings import IngestSettings
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.clock import SystemClock


class Board:
    """Publishes on demand, and tells what came."""

    def __init__(self, running: RunningIngest, publisher: FakeStatusPublisher) -> None:
        self.running = running
        self.publisher = publisher

    async def published(self) -> list[states.SensorStatus]:
        """Publish now; returns the states that were sent."""
        self.publisher.messages.clear()
        await self.running.ingest.board.publish()
        updates = map(live_service_pb2.StreamStatusUpdate.FromString, self.publisher.messages)
        return [state for update in updates for state in update.streams]


@pytest.fixture
async def board() -> AsyncIterator[Board]:
    clock = SystemClock()
    stores = fake_stores(clock)
    settings = IngestSettings(realtime_enabled=False, status_interval_s=3600.0)
    async with (
        grpc.aio.insecure_channel("unix:/nowhere") as analyzer,
        run_ingest(stores, analyzer, settings, clock) as running,
    ):
        yield Board(running, cast("FakeStatusPublisher", stores.publisher))


@pytest.fixture
async def sender(board: Board) -> Sender:
    sender = Sender(board.running.stub, board.running.assets, "s-1")
    await sender.create()
    await sender.open()
    await sender.push(sender.batch(0, 1000))
    session = board.running.ingest.registry.get(("s-1", 1))
    assert session is not None
    session.live.counters.last_receive_s = board.running.ingest.board._clock.monotonic() - 60.0
    return sender


async def test_a_sensor_at_rest_is_published_once(board: Board, sender: Sender) -> None:
    first = await board.published()
    assert [state.state for state in first] == [states.STREAM_STATE_STALE]
    for _ in range(3):
        assert await board.published() == []


async def test_new_samples_are_published(board: Board, sender: Sender) -> None:
    await board.published()
    await sender.push(sender.batch(1000, 1000))
    (state,) = await board.published()
    assert (state.state, state.next_index) == (states.STREAM_STATE_LIVE, 2000)


async def test_a_call_that_sends_nothing_is_published(board: Board, sender: Sender) -> None:
    await board.published()
    call = sender.stub.Push()
    await call.write(sender.start())
    session = board.running.ingest.registry.get(("s-1", 1))
    assert session is not None
    while not session.feeders:
        await board.running.ingest.board._clock.sleep(0.01)
    assert [state.client_count for state in await board.published()] == [1]
    await call.done_writing()
    await call
    assert [state.client_count for state in await board.published()] == [0]


async def test_a_sensor_that_was_changed_is_published(board: Board, sender: Sender) -> None:
    await board.published()
    session = board.running.ingest.registry.get(("s-1", 1))
    assert session is not None
    board.running.ingest.board.touch(session.sensor)
    assert len(await board.published()) == 1
