"""The end of tasks that now and then swallow a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

__all__ = ["end_tasks"]

_AGAIN_S = 0.5


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, again and again until they have ended; what they raised is dropped.

    Once is not always enough: a cancellation that meets an answer or a time-out inside a client
    library is lost, and whoever waited for the end of the task would wait for ever.
    """
    pending = set(tasks)
    ending = tuple(pending)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
    for task in ending:
        if not task.cancelled():
            task.exception()  # seen: nobody waits for it any more
