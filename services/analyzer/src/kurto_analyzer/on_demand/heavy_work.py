"""One costly computation at a time, in a thread of low priority; few wait, the rest is refused."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from kurto_analyzer.on_demand.exceptions import AnalysisTooLong, TooManyAnalyses

__all__ = ["HeavyWork"]

_NICENESS = 10
_RETRY_AFTER_S = 1.0
ResultT = TypeVar("ResultT")


class HeavyWork:
    """Places for analyses, and the thread that computes them.

    Parameters
    ----------
    places : int
        Analyses at a time, from reading samples to the answer.
    timeout_s : float
        Seconds that an analysis may take in all.
    """

    def __init__(self, *, places: int, timeout_s: float) -> None:
        self._places = places
        self._timeout_s = timeout_s
        self._taken = 0
        self._thread = ThreadPoolExecutor(1, "analysis", initializer=_lower_priority)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Keep a place for the duration of the block, and end the block when it takes too long.

        Raises
        ------
        TooManyAnalyses
            When there is no place.
        AnalysisTooLong
            After `timeout_s`.
        """
        if self._taken >= self._places:
            raise TooManyAnalyses(limit=self._places, retry_after_s=_RETRY_AFTER_S)
        self._taken += 1
        try:
            async with asyncio.timeout(self._timeout_s) as limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise AnalysisTooLong(timeout_s=f"{self._timeout_s:g}") from None
        finally:
            self._taken -= 1

    async def compute(self, job: Callable[[], ResultT]) -> ResultT:
        """Return what `job` returns, computed after those that came before.

        A job whose caller has gone is left out if it waits; one that has begun is finished, since
        a thread cannot be stopped: the sizes of requests bound how long that takes.
        """
        return await asyncio.wrap_future(self._thread.submit(job))

    async def close(self) -> None:
        """Leave out what waits, and do not wait for what has begun."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _lower_priority() -> None:
    # The thread shares processors and the interpreter's lock with live analysis, which goes first.
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
