"""Tasks end although a cancellation is lost."""

import asyncio

from kurto_service.cancellation import end_tasks


async def test_a_task_that_swallows_a_cancellation_ends_all_the_same() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            swallowed += 1
        await asyncio.sleep(60)

    async def failing() -> None:
        raise ValueError("nobody waits for it")

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(failing())]
    await asyncio.sleep(0.01)
    async with asyncio.timeout(60):
        await end_tasks(tasks)
    assert swallowed == 1
    assert all(task.done() for task in tasks)


async def test_no_tasks_are_ended_at_once() -> None:
    await end_tasks([])
