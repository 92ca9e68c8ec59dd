"""Health says the truth about wiring, dependencies and draining."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import pytest
from grpc_health.v1 import health_pb2
from prometheus_client import CollectorRegistry

from kurto_service.health import Health, HealthServicer
from kurto_service.metrics import DependencyMetrics
from kurto_service.testing import FakeClock

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class Dependency:
    """Passes or fails its check as told."""

    def __init__(self) -> None:
        self.up = True

    async def check(self) -> None:
        if not self.up:
            raise ConnectionError("refused")


class Fixture:
    """Health with a fake clock."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.registry = CollectorRegistry()
        self.health = Health(
            self.clock, DependencyMetrics(self.registry), interval_s=1.0, timeout_s=0.05
        )

    def metric(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
def fixture() -> Fixture:
    return Fixture()


async def test_nothing_is_served_before_the_wiring_is_done(fixture: Fixture) -> None:
    assert not fixture.health.is_serving()
    await fixture.health.wired()
    assert fixture.health.is_serving()


async def test_a_failing_dependency_shows_and_heals(
    fixture: Fixture, caplog: pytest.LogCaptureFixture
) -> None:
    dependency = Dependency()
    fixture.health.add_probe("postgresql", dependency.check)
    await fixture.health.wired()
    task = asyncio.create_task(fixture.health.run())
    assert fixture.metric("kurto_dependency_up", dependency="postgresql") == 1

    dependency.up = False
    await fixture.clock.advance(1.0)
    assert not fixture.health.is_serving()
    assert fixture.health.failing == {"postgresql": "ConnectionError: refused"}
    assert fixture.metric("kurto_dependency_up", dependency="postgresql") == 0
    assert fixture.metric("kurto_serving") == 0

    await fixture.clock.advance(5.0)
    dependency.up = True
    await fixture.clock.advance(1.0)
    assert fixture.health.is_serving()
    assert fixture.metric("kurto_serving") == 1
    assert caplog.messages.count("Dependency does not answer") == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_check_that_hangs_has_failed(fixture: Fixture) -> None:
    fixture.health.add_probe("valkey", lambda: asyncio.sleep(60))

    await fixture.health.wired()

    assert fixture.health.failing == {"valkey": "no answer within 0.05 s"}


async def test_a_probe_may_concern_one_service(fixture: Fixture) -> None:
    dependency = Dependency()
    fixture.health.add_service("a.A")
    fixture.health.add_service("b.B")
    fixture.health.add_probe("postgresql", dependency.check, services=["a.A"])
    dependency.up = False

    await fixture.health.wired()

    assert not fixture.health.is_serving("a.A")
    assert fixture.health.is_serving("b.B")
    assert not fixture.health.is_serving("")


async def test_draining_is_final(fixture: Fixture) -> None:
    await fixture.health.wired()

    fixture.health.drain()
    await fixture.health.check_once()

    assert not fixture.health.is_serving()


async def watched(seen: list[int], count: int) -> None:
    """Wait until a watcher has seen so many states."""
    async with asyncio.timeout(30):
        while len(seen) < count:
            await asyncio.sleep(0.001)


async def test_a_watcher_sees_every_change_until_draining(fixture: Fixture) -> None:
    dependency = Dependency()
    fixture.health.add_probe("postgresql", dependency.check)
    fixture.health.add_service("a.A")
    request, context = health_pb2.HealthCheckRequest(service="a.A"), cast("Any", None)
    stream: Any = HealthServicer(fixture.health).Watch(request, context)
    seen: list[int] = []

    async def watch(responses: AsyncIterator[Any]) -> None:
        async for response in responses:
            seen.append(response.status)  # noqa: PERF401 (they are read meanwhile)

    async with aclosing(stream):
        task = asyncio.create_task(watch(stream))
        await watched(seen, 1)
        for number, up in enumerate((True, False, True)):
            dependency.up = up
            await (fixture.health.check_once() if number else fixture.health.wired())
            await watched(seen, number + 2)
        fixture.health.drain()
        await asyncio.wait_for(task, 30.0)
    assert seen == [NOT_SERVING, SERVING, NOT_SERVING, SERVING, NOT_SERVING]


async def test_a_watcher_of_an_unknown_service_is_told(fixture: Fixture) -> None:
    request, context = health_pb2.HealthCheckRequest(service="x.X"), cast("Any", None)
    stream: Any = HealthServicer(fixture.health).Watch(request, context)

    async with aclosing(stream):
        assert (await anext(stream)).status == SERVICE_UNKNOWN
