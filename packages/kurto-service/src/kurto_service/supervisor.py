"""Named background tasks of which a dead one ends the process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

__all__ = ["Supervisor", "TaskEnded"]

_LOG = logging.getLogger(__name__)


class TaskEnded(Exception):
    """A background task returned although it should run until shutdown."""


class Supervisor:
    """Owns background tasks and notices the first that dies."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._draining = False
        self.failed = asyncio.Event()

    def spawn(
        self, name: str, coroutine: Coroutine[Any, Any, object], *, finite: bool = False
    ) -> asyncio.Task[object]:
        """Run `coroutine` as a task; see `Runtime.spawn`."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finite_done if finite else self._done)
        return task

    def _finite_done(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._report(task, task.exception())

    def _done(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None and self._draining:
            return  # as it was asked to
        ended = "was cancelled" if task.cancelled() else "returned"
        self._report(task, error or TaskEnded(f"the task {ended}"))

    def _report(self, task: asyncio.Task[object], error: BaseException | None) -> None:
        extra = {"action": "task_died", "task": task.get_name()}
        _LOG.critical("A background task died; stopping", extra=extra, exc_info=error)
        self.failed.set()

    def drain(self) -> None:
        """Let tasks return from now on; one that raises still counts as dead."""
        self._draining = True

    async def stop(self, timeout_s: float) -> None:
        """Cancel all tasks and wait for them, at most `timeout_s` seconds."""
        self.drain()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if not tasks:
            return
        _, pending = await asyncio.wait(tasks, timeout=timeout_s)
        for task in pending:
            extra = {"action": "task_stuck", "task": task.get_name()}
            _LOG.error("A background task did not stop in time", extra=extra)
