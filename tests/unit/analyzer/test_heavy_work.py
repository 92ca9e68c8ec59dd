"""Costly computations: one at a time, few wait, none for ever."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kurto_analyzer.on_demand.exceptions import AnalysisTooLong, TooManyAnalyses
from kurto_analyzer.on_demand.heavy_work import HeavyWork


async def test_jobs_run_one_after_the_other_beside_the_event_loop() -> None:
    work = HeavyWork(places=5, timeout_s=60.0)
    running: list[int] = []
    most = 0

    def job(number: int) -> tuple[int, str]:
        nonlocal most
        running.append(number)
        most = max(most, len(running))
        threading.Event().wait(0.01)
        running.remove(number)
        return number, threading.current_thread().name

    async def one(number: int) -> tuple[int, str]:
        async with work.place():
            return await work.compute(lambda: job(number))

    answers = await asyncio.gather(*(one(number) for number in range(5)))
    assert [number for number, _ in answers] == list(range(5))
    assert most == 1
    assert {name for _, name in answers} == {"analysis_0"}
    await work.close()


async def test_beyond_the_places_it_is_refused_and_a_place_comes_back() -> None:
    work = HeavyWork(places=2, timeout_s=60.0)
    async with work.place(), work.place():
        with pytest.raises(TooManyAnalyses) as caught:
            async with work.place():
                pytest.fail("there was no place")
    assert caught.value.status == "RESOURCE_EXHAUSTED"
    assert caught.value.retry_after_s
    async with work.place():
        assert await work.compute(lambda: 7) == 7
    await work.close()


async def test_what_takes_too_long_is_given_up_and_what_waits_behind_it_is_left_out() -> None:
    work = HeavyWork(places=3, timeout_s=1.0)
    release, begun, ran = threading.Event(), threading.Event(), threading.Event()

    def stuck() -> None:
        begun.set()
        release.wait(60.0)

    async def one(job: object) -> None:
        async with work.place():
            await work.compute(job)  # type: ignore[arg-type]

    first = asyncio.create_task(one(stuck))
    await asyncio.to_thread(begun.wait, 60.0)
    second = asyncio.create_task(one(ran.set))
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert all(isinstance(result, AnalysisTooLong) for result in results)
    assert "shorter duration" in str(results[0])
    release.set()
    async with work.place():
        assert await work.compute(lambda: "free again") == "free again"
    assert not ran.is_set()
    await work.close()


async def test_errors_of_a_job_and_time_outs_of_others_pass_through() -> None:
    work = HeavyWork(places=1, timeout_s=60.0)

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with work.place():
            await work.compute(fail)
    with pytest.raises(TimeoutError):
        async with work.place():
            raise TimeoutError
    async with work.place():
        pass
    await work.close()
