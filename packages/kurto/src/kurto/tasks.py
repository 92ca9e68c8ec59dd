"""Tasks that accompany something, and work that must not be torn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_CANCEL_S = 5.0
_logger = logging.getLogger("kurto.tasks")


class Companions:
    """Tasks that run as long as what they accompany; a failure is logged and does no harm."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin a task."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_log_failure)
        self._tasks.append(task)

    async def end(self) -> None:
        """Cancel all."""
        for task in self._tasks:
            await cancel(task)
        self._tasks.clear()


async def uninterrupted(work: Coroutine[Any, Any, None]) -> None:
    """Await work that is finished even if the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def cancel(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    await asyncio.wait([task], timeout=_CANCEL_S)
    if task.done() and not task.cancelled():
        task.exception()  # seen: nobody waits for it any more


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _logger.error("%s failed", task.get_name(), exc_info=error)
