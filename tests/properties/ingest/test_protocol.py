"""The whole ingest protocol, over gRPC, against sets of integers.

Whatever is chunked, repeated, lost, reordered, refilled, given up, rotated, taken over, failing or
killed: what was acknowledged is stored, once, as it was sent, and everybody agrees on what is
missing. The interleavings that break naive versions have tests with names of their own in
``tests/integration/ingest/test_streams.py`` and ``test_storage_faults.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import numpy as np
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from prometheus_client import CollectorRegistry
from tests.properties.ingest.test_sequence import runs

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1.ingest_service_pb2_grpc import IngestServiceStub
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.fakes.streams import FakeSampleStore
from kurto_ingest.settings import IngestSettings
from kurto_ingest.testing import Sender
from kurto_ingest.wiring import Ingest
from kurto_service.clock import SystemClock
from kurto_service.settings import load_settings
from kurto_service.testing import serve

RATE_HZ = 100.0
HOP = 10
Result = TypeVar("Result")
#: Where a batch begins, relative to the first index never seen, and its length.
BATCHES = st.lists(st.tuples(st.integers(-45, 25), st.integers(1, 40)), min_size=1, max_size=6)
#: Which of the missing indexes: what a killed process had stored hangs on the time, and what is
#: drawn must not.
PICKS = st.floats(0, 1, exclude_max=True)


class IngestLife:
    """One life of the ingest process: from its start to its end, orderly or not."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[Any]] = []

    async def start(self) -> Sender:
        """Begin to serve and return a sender that knows the way."""
        world = self._world
        analyzer = await self._stack.enter_async_context(
            serve(add_AnalyzerServiceServicer_to_server, world.analyzer)
        )
        self.ingest = Ingest(
            world.stores, analyzer, world.settings, world.clock, CollectorRegistry()
        )
        await self.ingest.follower.start()
        self._tasks = [asyncio.create_task(task) for task in self.ingest.tasks().values()]
        (add, servicer, _), *rest = self.ingest.servicers()
        channel = await self._stack.enter_async_context(
            serve(add, servicer, *[(add, servicer) for add, servicer, _ in rest])
        )
        return Sender(
            IngestServiceStub(channel), AssetServiceStub(channel), channels=1, rate=RATE_HZ
        )

    async def end(self, *, orderly: bool) -> None:
        """Stop; when not orderly, with nothing said and nothing flushed."""
        if orderly:
            await self.ingest.drain()
        died = [task.exception() for task in self._tasks if task.done()]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert not died, died
        await self._stack.aclose()


class World:
    """What outlives a process: the stores, the analyzer, and what senders know."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.stores = fake_stores(self.clock)
        self.analyzer = FakeAnalyzer()
        quick = load_settings(
            IngestSettings,
            commit_interval_s=0.01,
            commit_linger_s=0.01,
            commit_retry_max_s=0.02,
            order_patience_s=0.2,
            max_missing_ranges=1000,
        )
        # On a busy machine a commit may take its time.
        self.settings = quick.model_copy(update={"ack_patience_s": 30.0})


class ProtocolMachine(RuleBasedStateMachine):
    """A sender, a rival, and processes that die."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = self.run(self._make_world())
        self.boots = 0
        # By epoch: what was sent, what is known to be stored, what was given up.
        self.sent: dict[int, set[int]] = {}
        self.acknowledged: dict[int, set[int]] = {}
        self.given_up: dict[int, set[int]] = {}
        self.next_index = 0

    def run(self, work: Awaitable[Result]) -> Result:
        """Run one step of the machine in its event loop."""

        async def bounded() -> Result:
            async with asyncio.timeout(20):
                return await work

        return self.runner.run(bounded())

    @staticmethod
    async def _make_world() -> World:
        return World()

    @initialize()
    def begin(self) -> None:
        self.life = IngestLife(self.world)
        self.sender = self.run(self.life.start())
        self.run(self.sender.create())
        self.new_boot()

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.run(self._check_windows())
            self.run(self.life.end(orderly=True))
        self.runner.close()

    # What senders do ---------------------------------------------------------------------------

    @rule()
    def resume(self) -> None:
        """The same run of the converter opens its stream again."""
        self.opened(self.run(self.sender.open(takeover=True)))

    @rule()
    def new_boot(self) -> None:
        """The converter starts anew: a new epoch from index 0, taken over from whoever has it."""
        self.boots += 1
        self.sender.boot_id = f"boot-{self.boots}"
        opened = self.run(self.sender.open(takeover=True))
        assert opened.next_index == 0
        assert opened.epoch not in self.sent
        self.sent[opened.epoch] = set()
        self.acknowledged[opened.epoch] = set()
        self.given_up[opened.epoch] = set()
        self.opened(opened)

    def opened(self, opened: pb.OpenStreamResponse) -> None:
        """Take over what the service says; it may have forgotten nothing that it acknowledged."""
        stored = self.durable(opened)
        epoch = opened.epoch
        assert self.acknowledged[epoch] <= stored
        assert stored <= self.sent[epoch]
        self.next_index = opened.next_index
        # What was on its way is either stored or never was: the sender goes on from here.
        self.sent[epoch] = stored
        self.acknowledged[epoch] |= stored

    def durable(self, said: Any) -> set[int]:
        """Return the indexes that a response calls durable."""
        epoch = getattr(said, "epoch", 0) or self.epoch
        missing = {
            index
            for item in said.missing_ranges
            for index in range(item.first_index, item.end_index)
        }
        return set(range(said.next_index)) - missing - self.given_up[epoch]

    @property
    def epoch(self) -> int:
        """The epoch that the sender sends to."""
        return self.sender.opened.epoch

    def requests(self, batches: list[tuple[int, int]]) -> list[pb.PushRequest]:
        """Return messages, and note what they bring."""
        messages = []
        for offset, count in batches:
            first = max(0, self.next_index + offset)
            messages.append(self.sender.batch(first, count))
            came = set(range(first, first + count)) - self.given_up[self.epoch]
            self.sent[self.epoch] |= came
            self.next_index = max(self.next_index, first + count)
        return messages

    @rule(batches=BATCHES)
    def push(self, batches: list[tuple[int, int]]) -> None:
        """Batches in any order: next, jumped, repeated, overlapping, refilling."""
        response = self.run(self.sender.push(*self.requests(batches)))
        self.check_answer(response)

    @rule(sizes=st.lists(st.integers(1, 35), min_size=1, max_size=6))
    def push_in_order(self, sizes: list[int]) -> None:
        """The usual case, chunked in any way."""
        missing_before = self.missing()
        requests = [message for size in sizes for message in self.requests([(0, size)])]
        self.check_answer(self.run(self.sender.push(*requests)))
        assert self.missing() == missing_before

    @rule(sizes=st.lists(st.integers(1, 35), min_size=2, max_size=6))
    def rotate(self, sizes: list[int]) -> None:
        """The next call is open and fed before the one before is half-closed: no false gap."""
        missing_before = self.missing()
        calls = [self.requests([(0, size)])[0] for size in sizes]
        responses = self.run(self._rotate(calls))
        for response in responses:
            assert response.end_reason == pb.STREAM_END_REASON_HALF_CLOSED
        self.check_answer(responses[-1])
        assert self.missing() == missing_before

    async def _rotate(self, batches: list[pb.PushRequest]) -> list[pb.PushResponse]:
        answers, previous = [], None
        for batch in batches:
            call = self.sender.stub.Push()
            await call.write(self.sender.start())
            await call.write(batch)  # it may be read before the end of the call before
            if previous is not None:
                await previous.done_writing()
            answers.append(asyncio.ensure_future(_answer(call)))
            previous = call
        assert previous is not None
        await previous.done_writing()
        return list(await asyncio.gather(*answers))

    @rule(pick=PICKS, count=st.integers(1, 30))
    def refill(self, pick: float, count: int) -> None:
        """Bring what is missing: it lies below the next index and is no duplicate."""
        if not self.missing():
            return
        first = self.picked(pick)
        closes = set(range(first, first + count)) & self.missing()
        self.sent[self.epoch] |= set(range(first, first + count)) - self.given_up[self.epoch]
        self.next_index = max(self.next_index, first + count)
        response = self.run(self.sender.push(self.sender.batch(first, count)))
        assert response.results[0].refilled_sample_count == len(closes)
        self.check_answer(response)

    @rule(pick=PICKS, count=st.integers(1, 60))
    def abandon(self, pick: float, count: int) -> None:
        """Give up what is missing, for ever."""
        if not self.missing():
            return
        first = self.picked(pick)
        end = min(first + count, self.next_index)
        self.given_up[self.epoch] |= set(range(first, end)) & self.missing()
        self.check_answer(self.run(self.sender.push(self.sender.abandon(first, end))))

    def picked(self, pick: float) -> int:
        """Return one of the missing indexes."""
        missing = sorted(self.missing())
        return missing[int(pick * len(missing))]

    def missing(self) -> set[int]:
        """What the service must call missing."""
        return set(range(self.next_index)) - self.sent[self.epoch] - self.given_up[self.epoch]

    def check_answer(self, response: pb.PushResponse) -> None:
        """After a half-closed call everything that was sent is durable, and nothing else."""
        (result,) = response.results
        assert not result.rejected_batches
        assert result.next_index == self.next_index
        found = [(item.first_index, item.end_index) for item in result.missing_ranges]
        assert found == runs(self.missing())
        self.acknowledged[self.epoch] = set(self.sent[self.epoch])

    # What goes wrong ---------------------------------------------------------------------------

    @rule(batches=BATCHES, wait_ms=st.integers(0, 30))
    def kill_in_flight(self, batches: list[tuple[int, int]], wait_ms: int) -> None:
        """The process dies while a call is open; the sender knows nothing of its samples."""
        self.run(self._kill_in_flight(self.requests(batches), wait_ms))
        self.resume()

    async def _kill_in_flight(self, requests: list[pb.PushRequest], wait_ms: int) -> None:
        call = self.sender.stub.Push()
        for request in [self.sender.start(), *requests]:
            await call.write(request)
        await asyncio.sleep(wait_ms / 1000)
        await self.life.end(orderly=False)
        self.life = IngestLife(self.world)
        fresh = await self.life.start()
        self.sender.stub, self.sender.assets = fresh.stub, fresh.assets

    @rule()
    def restart(self) -> None:
        """The process stops in order and another one goes on with the same fence."""
        self.run(self._restart())

    async def _restart(self) -> None:
        await self.life.end(orderly=True)
        self.life = IngestLife(self.world)
        fresh = await self.life.start()
        self.sender.stub, self.sender.assets = fresh.stub, fresh.assets

    @rule(before=st.integers(0, 2), after=st.integers(0, 2), batches=BATCHES)
    def commits_fail(self, before: int, after: int, batches: list[tuple[int, int]]) -> None:
        """Connections break before a commit, or after it took effect: the outcome is unknown."""
        store = self.world.stores.samples
        assert isinstance(store, FakeSampleStore)
        store.fail_before = [ConnectionResetError("cut") for _ in range(before)]
        store.fail_after = [ConnectionResetError("cut") for _ in range(after)]
        response = self.run(self.sender.push(*self.requests(batches)))
        self.check_answer(response)

    @rule()
    def fence_is_raised_elsewhere(self) -> None:
        """Another process opened the stream: samples under the old fence are refused."""
        self.run(self.world.stores.streams.raise_fence((self.sender.sensor_id, self.epoch)))
        self.resume()

    # What must hold ----------------------------------------------------------------------------

    @invariant()
    def what_is_acknowledged_is_stored_once(self) -> None:
        if hasattr(self, "life"):
            self.run(self._check_samples())

    async def _check_samples(self) -> None:
        for epoch, acknowledged in self.acknowledged.items():
            record = await self.world.stores.streams.find(self.sender.sensor_id, epoch)
            assert record is not None
            seen: set[int] = set()
            for row in await self.world.stores.samples.read(record.format, 0, 10**9):
                indexes = set(range(row.first, row.first + row.count))
                assert not indexes & seen, "a sample is stored twice"
                seen |= indexes
                expected = self._samples(epoch, row.first, row.count)
                np.testing.assert_array_equal(record.format.view(row.data), expected)
            assert acknowledged <= seen
            assert not seen & self.given_up[epoch]

    def _samples(self, epoch: int, first: int, count: int) -> Any:
        sender = Sender(self.sender.stub, self.sender.assets, channels=1)
        sender.opened = pb.OpenStreamResponse(epoch=epoch)
        return sender.samples(first, count)

    async def _check_windows(self) -> None:
        """Every window came to the analyzer, with the samples of its time or empty for a gap."""
        for epoch, stored in self.acknowledged.items():
            record = await self.world.stores.streams.find(self.sender.sensor_id, epoch)
            assert record is not None
            key, end = record.key, record.position.next_index
            windows = self.world.analyzer.windows[key]
            due = range(end // HOP - 9)
            async with asyncio.timeout(60):
                while lacking := [k for k in due if self._lacks(windows, k, stored)]:
                    note(f"epoch {epoch} lacks windows {lacking[:5]} of {due}")
                    await asyncio.sleep(0.05)
            for k in due:
                samples = windows[k]
                if samples is not None:
                    np.testing.assert_array_equal(samples, self._samples(epoch, k * HOP, 100))
        assert self.world.analyzer.problems == []

    @staticmethod
    def _lacks(windows: dict[int, Any], k: int, stored: set[int]) -> bool:
        if k not in windows:
            return True
        return (windows[k] is not None) != (set(range(k * HOP, k * HOP + 100)) <= stored)


async def _answer(call: Any) -> pb.PushResponse:
    response: pb.PushResponse = await call
    return response


ProtocolMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestProtocol = ProtocolMachine.TestCase
