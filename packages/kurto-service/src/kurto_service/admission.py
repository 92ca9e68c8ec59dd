"""Which calls are in progress: how many may be, when none is left, and how to end the rest.

Queries are a kind of their own: each may cost much, and a crowd of them at work at the same time
would hold up what must not wait. So a few are answered at a time, and the others stand in line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

from kurto_service.exceptions import ResourceExhausted

__all__ = [
    "CallsInProgress",
    "QueryLine",
    "TooManyCalls",
    "TooManyQueries",
    "has_own_line",
    "own_line",
]

_RETRY_AFTER_S = 1.0
_LONGEST_HOLD_S = 0.25
_ATTRIBUTE = "__kurto_own_line__"
MethodT = TypeVar("MethodT", bound=Callable[..., Any])


def own_line(method: MethodT) -> MethodT:
    """Declare that a servicer method bounds itself how many of its calls are answered at a time.

    It then takes no place in the line of queries, where slow answers would hold up quick ones.
    """
    setattr(method, _ATTRIBUTE, True)
    return method


def has_own_line(method: object) -> bool:
    """Tell whether `own_line` was declared on `method`."""
    return bool(getattr(method, _ATTRIBUTE, False))


class TooManyCalls(ResourceExhausted):
    """{limit} calls are in progress already: retry in a moment, or share one stream."""


class TooManyQueries(ResourceExhausted):
    """Other queries kept this one waiting for {patience_s} s: retry in a moment."""


class QueryLine:
    """Lets a few queries in at a time, in the order in which they came.

    Parameters
    ----------
    limit : int
        Queries answered at a time.
    patience_s : float
        Seconds after which a query that waits is refused.
    """

    def __init__(self, limit: int, patience_s: float) -> None:
        self._places = asyncio.Semaphore(limit)
        self._patience_s = patience_s
        self._holders = 0
        self._free = asyncio.Event()
        self._free.set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place and keep it for the duration of the block.

        Raises
        ------
        TooManyQueries
            When there is none for `patience_s`.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                await self._places.acquire()
        except TimeoutError:
            raise TooManyQueries(
                patience_s=f"{self._patience_s:g}", retry_after_s=_RETRY_AFTER_S
            ) from None
        try:
            if self._holders:
                await self._until_free()
            yield
        finally:
            self._places.release()

    async def _until_free(self) -> None:
        # What goes first may be stuck: queries that would tell so must not be stuck behind it.
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_HOLD_S):
                await self._free.wait()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no query begin in the block, or for a quarter of a second: something goes first."""
        self._holders += 1
        self._free.clear()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._free.set()


class CallsInProgress:
    """The calls of a server, each one a task.

    Parameters
    ----------
    limit : int
        Calls at a time.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tasks: set[asyncio.Task[Any]] = set()
        self._none_left = asyncio.Event()
        self._none_left.set()
        self.are_cut = False

    def enter(self) -> asyncio.Task[Any]:
        """Count the current task in.

        Raises
        ------
        TooManyCalls
            At the limit.
        """
        if len(self._tasks) >= self._limit:
            raise TooManyCalls(limit=self._limit, retry_after_s=_RETRY_AFTER_S)
        task = asyncio.current_task()
        assert task is not None  # grpc.aio runs each call as a task
        self._tasks.add(task)
        self._none_left.clear()
        return task

    def leave(self, task: asyncio.Task[Any]) -> None:
        """Count `task` out."""
        self._tasks.discard(task)
        if not self._tasks:
            self._none_left.set()

    async def idle(self) -> None:
        """Wait until no call is in progress."""
        await self._none_left.wait()

    def cut(self) -> None:
        """Cancel all calls in progress."""
        self.are_cut = True
        for task in self._tasks:
            task.cancel()
