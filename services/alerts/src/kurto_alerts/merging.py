"""Puts what several sensors have stored side by side in time, page by page."""

import heapq
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Protocol, TypeVar


class Ended(Protocol):
    """What has an end in time."""

    @property
    def end_us(self) -> int:
        """Just after its last sample, microseconds since 1970."""


ItemT = TypeVar("ItemT", bound=Ended)


async def merged(
    sources: Sequence[AsyncIterator[Sequence[ItemT]]], *, chunk: int
) -> AsyncGenerator[list[ItemT], None]:
    """Yield the items of all sources by their ends, those of one source in the order they come.

    Parameters
    ----------
    sources : sequence of async iterators
        Each yields pages; one page of each is held at a time.
    chunk : int
        Items yielded at a time at most.
    """
    waiting: list[deque[ItemT]] = [deque() for _ in sources]
    heads: list[tuple[int, int]] = []

    async def put_head(at: int) -> None:
        while not waiting[at]:
            page = await anext(sources[at], None)
            if page is None:
                return
            waiting[at].extend(page)
        heapq.heappush(heads, (waiting[at][0].end_us, at))

    for at in range(len(sources)):
        await put_head(at)
    items: list[ItemT] = []
    while heads:
        _, at = heapq.heappop(heads)
        items.append(waiting[at].popleft())
        if len(items) == chunk:
            yield items
            items = []
        await put_head(at)
    if items:
        yield items
