"""Baselines arrive, stay over restarts, and hold while their owner is away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import grpc
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from kurto_alerts.fakes.baselines import FakeBaselineSource, MemoryBaselines
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.references.baselines import BaselineVersion
from kurto_alerts.references.book import MOST_VERSIONS, BaselineBook
from kurto_alerts.references.follower import BaselineFollower
from kurto_dsp.condition import BaselineLearner, ReferenceLayout
from kurto_service.clock import SystemClock


def version(number: int, *, end_us: int | None = None) -> BaselineVersion:
    learner = BaselineLearner(ReferenceLayout(("h",), ("g",), ("rms",)))
    for _ in range(60):
        learner.add(np.array([[1.0]]))
    return BaselineVersion(number, "pump-7", number, end_us, learner.freeze())


class World:
    def __init__(self) -> None:
        self.source = FakeBaselineSource()
        self.store = MemoryBaselines()

    def follower(self) -> BaselineFollower:
        return BaselineFollower(
            self.source, self.store, BaselineBook(),
            clock=SystemClock(), metrics=AlertsMetrics(CollectorRegistry()), poll_s=0.01,
        )  # fmt: skip


@asynccontextmanager
async def following(world: World) -> AsyncIterator[BaselineFollower]:
    follower = world.follower()
    task = asyncio.create_task(follower.run())
    yield follower
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not met():
            await asyncio.sleep(0.01)


def ids(follower: BaselineFollower) -> list[int]:
    return [one.baseline_id for one in follower.book.versions("pump-7")]


async def test_new_baselines_and_ends_are_taken_up() -> None:
    world = World()
    async with following(world) as follower:
        world.source.tell(version(1))
        await until(lambda: ids(follower) == [1])
        world.source.tell(version(1, end_us=9))
        world.source.tell(version(2))
        await until(lambda: ids(follower) == [1, 2])
        assert follower.book.versions("pump-7")[0].end_us == 9
    assert (await world.store.load_baselines())[1] == 3


async def test_after_a_restart_they_hold_although_the_analyzer_is_away() -> None:
    world = World()
    world.source.tell(version(1))
    async with following(world) as follower:
        await until(lambda: ids(follower) == [1])
    again = world.follower()
    assert await again.load() == 1
    assert ids(again) == [1]


async def test_it_goes_on_after_failures() -> None:
    world = World()
    away = grpc.aio.AioRpcError(
        grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata(), "away"
    )
    world.source.failures = [away, TimeoutError(), away]
    world.source.tell(version(3))
    async with following(world) as follower:
        await until(lambda: ids(follower) == [3])


async def test_a_fault_of_its_own_is_not_hidden() -> None:
    world = World()
    world.source.failures = [KeyError("a fault")]
    with pytest.raises(KeyError):
        await world.follower().run()


def test_a_book_is_bounded_and_keeps_the_newest() -> None:
    book, one = BaselineBook(), version(1)
    book.put(replace(one, baseline_id=number) for number in range(2 * MOST_VERSIONS))
    found = [held.baseline_id for held in book.versions("pump-7")]
    assert found == list(range(MOST_VERSIONS, 2 * MOST_VERSIONS))
