"""Rows that are stored a moment after they came up, and never hold anything up."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["WriteBehind"]

RowT = TypeVar("RowT")
_BATCH = 500


class WriteBehind(Generic[RowT]):
    """A bounded queue before a store; what does not fit is dropped and counted.

    Parameters
    ----------
    add : async callable
        Stores rows in order.
    max_queued : int
        Rows that may wait.
    dropped : callable
        Told how many were dropped.
    """

    def __init__(
        self,
        add: Callable[[Sequence[RowT]], Awaitable[None]],
        *,
        max_queued: int,
        dropped: Callable[[int], None],
    ) -> None:
        self._add = add
        self._max_queued = max_queued
        self._dropped = dropped
        self._queue: deque[RowT] = deque()

    def __len__(self) -> int:
        return len(self._queue)

    def push(self, row: RowT) -> None:
        """Let `row` be stored."""
        if len(self._queue) >= self._max_queued:
            self._dropped(1)
        else:
            self._queue.append(row)

    async def write(self) -> int:
        """Store what waits; returns how many rows that were."""
        written = 0
        while self._queue:
            batch = [self._queue[at] for at in range(min(_BATCH, len(self._queue)))]
            await self._add(batch)
            for _ in batch:  # only now: what could not be stored stays in the queue
                self._queue.popleft()
            written += len(batch)
        return written
