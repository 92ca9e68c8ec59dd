"""Background tasks of which a dead one is noticed."""

import asyncio

import pytest

from kurto_service.supervisor import Supervisor


async def broken() -> None:
    raise ValueError("broke")


async def short() -> None:
    await asyncio.sleep(0)


async def test_a_task_that_raises_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    supervisor = Supervisor()
    supervisor.spawn("worker", broken())

    await asyncio.wait_for(supervisor.failed.wait(), 30.0)

    (record,) = caplog.records
    assert vars(record)["task"] == "worker"
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError


async def test_a_task_that_returns_is_reported_unless_finite() -> None:
    supervisor = Supervisor()
    await supervisor.spawn("once", short(), finite=True)
    await asyncio.sleep(0)
    assert not supervisor.failed.is_set()

    supervisor.spawn("loop", short())
    await asyncio.wait_for(supervisor.failed.wait(), 30.0)


async def test_a_finite_task_that_raises_is_reported() -> None:
    supervisor = Supervisor()
    supervisor.spawn("once", broken(), finite=True)

    await asyncio.wait_for(supervisor.failed.wait(), 30.0)


async def test_while_draining_tasks_may_return_but_not_raise() -> None:
    supervisor = Supervisor()
    supervisor.drain()
    await supervisor.spawn("loop", short())
    await asyncio.sleep(0)
    assert not supervisor.failed.is_set()

    supervisor.spawn("worker", broken())
    await asyncio.wait_for(supervisor.failed.wait(), 30.0)


async def test_stopping_cancels_and_names_what_does_not_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    supervisor, release = Supervisor(), asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    willing = supervisor.spawn("willing", asyncio.sleep(60))
    stuck = supervisor.spawn("stubborn", stubborn())
    await asyncio.sleep(0)

    await supervisor.stop(0.05)

    assert willing.cancelled()
    assert [vars(record)["task"] for record in caplog.records] == ["stubborn"]
    assert not supervisor.failed.is_set()
    release.set()
    await stuck
