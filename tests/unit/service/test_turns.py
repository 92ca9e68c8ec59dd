"""Long work lets others have their turn."""

import asyncio

from kurto_service.turns import in_turns


async def test_results_in_order() -> None:
    assert await in_turns(str, range(45), per_turn=20) == [str(number) for number in range(45)]
    assert await in_turns(str, []) == []


async def test_others_run_between() -> None:
    seen: list[str] = []

    async def other() -> None:
        for _ in range(2):
            seen.append("other")
            await asyncio.sleep(0)

    def work(number: int) -> None:
        seen.append(str(number))

    task = asyncio.create_task(other())
    await in_turns(work, range(4), per_turn=2)
    await task
    assert seen == ["0", "1", "other", "2", "3", "other"]
