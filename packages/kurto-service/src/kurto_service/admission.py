"""Which calls are in progress: how many may be, when none is left, and how to end the rest."""

from __future__ import annotations

import asyncio
from typing import Any

from kurto_service.exceptions import ResourceExhausted

__all__ = ["CallsInProgress", "TooManyCalls"]

_RETRY_AFTER_S = 1.0


class TooManyCalls(ResourceExhausted):
    """{limit} calls are in progress already: retry in a moment, or share one stream."""


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
