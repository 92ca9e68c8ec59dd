"""PostgreSQL is away, a commit's outcome is unknown, a stream cannot be stored, memory is full."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from uuid import UUID

import grpc
import numpy as np
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from tests.integration.ingest.test_streams import durable

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.ports import SampleStore, StoredSamples, StreamCommit, StreamKey
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.errors import error_info
from kurto_service.testing import serve


class FaultyStore:
    """A real sample store with fail-points: before, in, and after the transaction."""

    def __init__(self, store: SampleStore) -> None:
        self.store = store
        self.away = False
        self.away_with_answer = False
        self.lose_answers = 0
        self.refuse_sensor = ""
        self.commits_tried = 0

    async def commit(self, commits: Sequence[StreamCommit], token: UUID) -> set[StreamKey]:
        """Commit, unless a fault is set."""
        self.commits_tried += 1
        if self.away:
            raise ConnectionRefusedError("PostgreSQL is away")
        if any(item.format.sensor_id == self.refuse_sensor for item in commits):
            raise ValueError("these rows cannot be stored")
        taken = await self.store.commit(commits, token)
        if self.lose_answers:
            self.lose_answers -= 1
            self.away |= self.away_with_answer
            raise ConnectionResetError("connection lost in COMMIT")
        return taken

    async def committed(self, keys: Collection[StreamKey], token: UUID) -> set[StreamKey]:
        """Tell an outcome, unless PostgreSQL is away."""
        if self.away:
            raise ConnectionRefusedError("PostgreSQL is away")
        return await self.store.committed(keys, token)

    async def read(self, stream_format: StreamFormat, first: int, end: int) -> list[StoredSamples]:
        """Read, unless PostgreSQL is away."""
        if self.away:
            raise ConnectionRefusedError("PostgreSQL is away")
        return await self.store.read(stream_format, first, end)


@pytest.fixture
def faults(stores: Stores) -> FaultyStore:
    """The fail-points."""
    return FaultyStore(stores.samples)


@pytest.fixture
def patience_s() -> dict[str, float]:
    """How long calls wait: what tests need to run out is short, all else as on a busy machine."""
    return {}


def impatient(**patience_s: float) -> pytest.MarkDecorator:
    """Let a patience of ingest run out soon."""
    return pytest.mark.parametrize("patience_s", [patience_s], ids=["impatient"])


@pytest.fixture
async def running(
    stores: Stores,
    faults: FaultyStore,
    analyzer: FakeAnalyzer,
    settings: IngestSettings,
    patience_s: dict[str, float],
) -> AsyncIterator[RunningIngest]:
    """Ingest on a store with fail-points, with little memory."""
    tight = settings.model_copy(
        update={
            "room_patience_s": 60.0,
            "order_patience_s": 0.2,
            "commit_retry_max_s": 0.1,
            "sensor_pending_bytes": 80_000,
            "total_pending_bytes": 120_000,
            **{f"{name}_patience_s": value for name, value in patience_s.items()},
        }
    )
    async with (
        serve(add_AnalyzerServiceServicer_to_server, analyzer) as channel,
        run_ingest(replace(stores, samples=faults), channel, tight) as ingest,
    ):
        yield ingest
        faults.away = False


async def everything(stores: Stores, sender: Sender) -> int:
    """Check all stored samples; each must be there once. Returns how many there are."""
    record = await stores.streams.find(sender.sensor_id, sender.opened.epoch)
    assert record is not None
    end = record.position.next_index
    seen = np.zeros(end, dtype=int)
    for row in await stores.samples.read(record.format, 0, end):
        seen[row.first : row.first + row.count] += 1
        np.testing.assert_array_equal(
            record.format.view(row.data), sender.samples(row.first, row.count)
        )
    assert (seen == 1).all()
    return end


async def acknowledgment(sender: Sender, index: int) -> int:
    """Ask until all below an index is acknowledged, by calls that bring nothing new."""
    async with asyncio.timeout(60):
        while True:
            response = await sender.push(sender.batch(index - 1, 1))
            if response.results[0].next_index >= index:
                return response.results[0].next_index


@impatient(ack=0.3)
async def test_no_acknowledgment_while_postgresql_is_away_and_live_windows_go_on(
    sender: Sender, faults: FaultyStore, analyzer: FakeAnalyzer, stores: Stores
) -> None:
    await sender.push(sender.batch(0, 500))
    await durable(stores, sender, 500)
    faults.away = True
    response = await sender.push(*[sender.batch(at, 100) for at in range(500, 2500, 100)])
    result = response.results[0]
    assert (result.next_index, result.accepted_sample_count) == (500, 0)
    async with asyncio.timeout(60):
        while len(analyzer.windows[sender.sensor_id, 1]) < 16:
            await asyncio.sleep(0.01)

    faults.away = False
    await sender.push(sender.batch(2500, 100))
    assert await acknowledgment(sender, 2600) == 2600
    assert await everything(stores, sender) == 2600


@impatient(ack=0.3)
async def test_status_shows_how_long_commits_have_been_waiting(
    sender: Sender, faults: FaultyStore, running: RunningIngest
) -> None:
    from kurto.ingest.v1 import stream_control_service_pb2 as control  # noqa: PLC0415

    faults.away = True
    await sender.push(sender.batch(0, 500))
    await asyncio.sleep(0.3)
    request = control.GetSensorStatusRequest(sensor_id=sender.sensor_id)
    status = (await running.control.GetSensorStatus(request)).status
    assert (status.next_index, status.durable_index) == (500, 0)
    assert status.commit_lag.ToTimedelta().total_seconds() > 0.3


@pytest.mark.parametrize("answers", [1, 3])
async def test_connection_lost_in_commit_doubles_and_loses_nothing(
    sender: Sender, faults: FaultyStore, stores: Stores, answers: int
) -> None:
    faults.lose_answers = answers
    for at in range(0, 2000, 250):
        response = await sender.push(sender.batch(at, 250))
        assert response.results[0].next_index == at + 250
        assert response.results[0].accepted_sample_count == 250
    assert faults.lose_answers == 0
    assert await everything(stores, sender) == 2000


@impatient(ack=0.3)
async def test_outcome_stays_open_while_postgresql_is_away(
    sender: Sender, faults: FaultyStore, stores: Stores
) -> None:
    faults.lose_answers, faults.away_with_answer = 1, True  # committed, but nobody here knows
    call = sender.stub.Push()
    await call.write(sender.start())
    await call.write(sender.batch(0, 200))
    async with asyncio.timeout(60):
        while faults.lose_answers:
            await asyncio.sleep(0.005)
    await call.write(sender.batch(200, 200))
    await call.done_writing()
    assert (await call).results[0].next_index == 0
    faults.away = False
    await sender.push(sender.batch(400, 100))
    assert await acknowledgment(sender, 500) == 500
    assert await everything(stores, sender) == 500


async def test_stream_that_cannot_be_stored_does_not_hold_back_the_others(
    sender: Sender, faults: FaultyStore, running: RunningIngest, stores: Stores
) -> None:
    other = Sender(running.stub, running.assets, "fan-3")
    await other.create()
    await other.open()
    faults.refuse_sensor = "fan-3"
    bad = other.stub.Push()
    await bad.write(other.start())
    await bad.write(other.batch(0, 100))
    response = await sender.push(sender.batch(0, 300))
    assert response.results[0].next_index == 300
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await bad
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "cannot be stored" not in str(caught.value.details())  # nothing of the cause
    assert await everything(stores, sender) == 300
    faults.refuse_sensor = ""
    await other.open()
    assert (await other.push(other.batch(0, 100))).results[0].next_index == 100


@impatient(room=0.8)
async def test_full_memory_pushes_back_then_refuses(
    sender: Sender, faults: FaultyStore, running: RunningIngest, stores: Stores
) -> None:
    faults.away = True
    call = sender.stub.Push()
    with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
        await call.write(sender.start())
        for at in range(0, 100_000, 100):
            await call.write(sender.batch(at, 100))
            assert running.ingest.registry.pending_bytes < 120_000
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    info = error_info(caught.value)
    assert info is not None
    assert info.reason == "OVERLOADED"
    details = dict(caught.value.trailing_metadata() or ())["grpc-status-details-bin"]
    retry = RetryInfo()
    assert any(detail.Unpack(retry) for detail in Status.FromString(bytes(details)).details)
    assert retry.retry_delay.ToTimedelta().total_seconds() > 0

    faults.away = False
    async with asyncio.timeout(60):
        while running.ingest.registry.pending_bytes:
            await asyncio.sleep(0.02)
    position = await sender.stub.GetStreamPosition(
        pb.GetStreamPositionRequest(sensor_id=sender.sensor_id)
    )
    assert position.next_index == await everything(stores, sender) > 9_000
    response = await sender.push(sender.batch(position.next_index, 100))
    assert list(response.results[0].missing_ranges) == []


async def test_waiting_sender_goes_on_when_there_is_room_again(
    sender: Sender, faults: FaultyStore, stores: Stores
) -> None:
    faults.away = True

    async def heal() -> None:
        await asyncio.sleep(0.3)
        faults.away = False

    healing = asyncio.create_task(heal())
    response = await sender.push(*[sender.batch(at, 500) for at in range(0, 30_000, 500)])
    await healing
    assert response.results[0].next_index == 30_000
    assert await everything(stores, sender) == 30_000


async def test_rotation_while_memory_is_full_makes_no_gap(
    sender: Sender, faults: FaultyStore, stores: Stores
) -> None:
    """A call that is left unread holds back the next one for longer than its patience."""
    faults.away = True
    first, second = sender.stub.Push(), sender.stub.Push()
    # More than memory takes: the rest of the call stays unread.
    await first.write(sender.start())
    for at in range(0, 20_000, 500):
        await first.write(sender.batch(at, 500))
    await first.done_writing()
    await second.write(sender.start())
    await second.write(sender.batch(20_000, 500))
    await second.done_writing()
    await asyncio.sleep(0.5)  # beyond the patience for calls out of order
    faults.away = False
    responses = await asyncio.gather(first, second)
    assert [one.results[0].next_index for one in responses] == [20_000, 20_500]
    record = await stores.streams.find(sender.sensor_id, sender.opened.epoch)
    assert record is not None
    assert record.position.gap_count == 0
    assert await everything(stores, sender) == 20_500


@impatient(room=3.0)
async def test_an_overloaded_call_takes_the_next_one_with_it(
    sender: Sender, faults: FaultyStore, running: RunningIngest
) -> None:
    """What was refused with the first call would be a gap in the second."""
    faults.away = True
    first, second = sender.stub.Push(), sender.stub.Push()
    with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
        await first.write(sender.start())
        for at in range(0, 20_000, 500):
            await first.write(sender.batch(at, 500))
        await first.done_writing()
    with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
        await second.write(sender.start())
        await second.write(sender.batch(20_000, 500))
    for call in (first, second):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    session = running.ingest.registry.of_sensor(sender.sensor_id)[0]
    assert session.live.accepted.gap_count == 0


@impatient(order=10.0)
async def test_calls_that_are_cut_off_one_after_the_other_make_no_gap(
    sender: Sender, faults: FaultyStore, running: RunningIngest
) -> None:
    """The second call is still there for a moment when the first one has gone."""
    faults.away = True
    first, second = sender.stub.Push(), sender.stub.Push()
    await first.write(sender.start())
    for at in range(0, 20_000, 500):
        await first.write(sender.batch(at, 500))
    await second.write(sender.start())
    await second.write(sender.batch(20_000, 500))
    await asyncio.sleep(0.3)
    first.cancel()
    await asyncio.sleep(0.1)  # less than the patience for calls out of order
    second.cancel()
    await asyncio.sleep(0.3)
    session = running.ingest.registry.of_sensor(sender.sensor_id)[0]
    assert session.live.accepted.gap_count == 0
