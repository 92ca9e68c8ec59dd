"""The fake clock and the check for leaked tasks."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from kurto_service.clock import SystemClock
from kurto_service.testing import FakeClock, no_leaked_tasks


async def test_sleepers_wake_in_order_of_time() -> None:
    clock, woken = FakeClock(), list[tuple[str, float]]()

    async def sleeper(name: str, seconds: float, times: int = 1) -> None:
        for _ in range(times):
            await clock.sleep(seconds)
            woken.append((name, clock.monotonic()))

    tasks = [
        asyncio.create_task(sleeper("late", 3.0)),
        asyncio.create_task(sleeper("tick", 1.0, 3)),
    ]
    await clock.advance(2.5)
    assert woken == [("tick", 1.0), ("tick", 2.0)]
    await clock.advance(0.5)
    assert woken[2:] == [("late", 3.0), ("tick", 3.0)]
    assert clock.now() == datetime(2026, 1, 1, 0, 0, 3, tzinfo=UTC)
    await asyncio.gather(*tasks)


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = FakeClock()
    task = asyncio.create_task(clock.sleep(1.0))
    await asyncio.sleep(0)
    assert clock.sleeper_count == 1

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert clock.sleeper_count == 0
    await clock.advance(2.0)
    assert clock.monotonic() == 2.0


async def test_sleeping_no_time_only_yields() -> None:
    clock = FakeClock()
    await clock.sleep(0)
    await clock.sleep(-1)
    await SystemClock().sleep(-1)


async def test_the_system_clock_is_utc_and_steady() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - before >= 0.009
    assert clock.now().utcoffset() == timedelta(0)


async def test_a_leaked_task_fails_the_block() -> None:
    with pytest.raises(AssertionError, match="tasks still running: forgotten"):
        async with no_leaked_tasks():
            asyncio.create_task(asyncio.sleep(60), name="forgotten")  # noqa: RUF006


async def test_a_task_that_ends_in_time_does_not() -> None:
    async with no_leaked_tasks():
        task = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        task.cancel()
