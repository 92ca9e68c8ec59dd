"""How a stream fares, for the program that pushes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal

from kurto.sample_buffer import DiskUsage

StreamState = Literal["connecting", "live", "catching_up", "offline", "ended"]
_logger = logging.getLogger("kurto.progress")


@dataclass(frozen=True)
class Progress:
    """How a stream fares.

    Parameters
    ----------
    state : {"connecting", "live", "catching_up", "offline", "ended"}
        ``connecting`` before the first attempt has ended, ``offline`` while a connection is
        lost, ``catching_up`` while the newest samples are more than two seconds from being sent.
    epoch : int
        Epoch of the sample index; 0 before the service has answered once.
    next_index : int
        Index that the next pushed sample gets.
    durable_index : int
        Every sample below it is durable on the service, missing ranges apart.
    buffered_sample_count : int
        Samples per channel that are not acknowledged yet, in memory or on disk.
    buffered_s : float
        The same in seconds.
    dropped_sample_count : int
        Samples per channel that the full buffer had to give up since the stream was opened.
    reconnect_count : int
        How often the connection was lost or refused.
    throttle_count : int
        How often the service asked to wait, because it is busy or its disk is full.
    last_error : str
        What went wrong last; empty if nothing has.
    disk : DiskUsage or None
        How the disk buffer fares; None without one.
    """

    state: StreamState
    epoch: int
    next_index: int
    durable_index: int
    buffered_sample_count: int
    buffered_s: float
    dropped_sample_count: int
    reconnect_count: int
    throttle_count: int
    last_error: str
    disk: DiskUsage | None


async def follow(
    snapshot: Callable[[], Progress], interval_s: float, *, poll_s: float = 0.05
) -> AsyncIterator[Progress]:
    """Yield how a stream fares, soon when its state or the disk's changes, and regularly."""
    interval_s = max(interval_s, poll_s)
    while True:
        progress = snapshot()
        yield progress
        if progress.state == "ended":
            return
        waited_s = 0.0
        while waited_s < interval_s and _facts(snapshot()) == _facts(progress):
            await asyncio.sleep(min(poll_s, interval_s))
            waited_s += poll_s


def _facts(progress: Progress) -> tuple[str, str]:
    return progress.state, progress.disk.error if progress.disk else ""


async def report(changes: AsyncIterator[Progress], tell: Callable[[Progress], None]) -> None:
    """Call a function with every progress; its errors are logged and do no harm."""
    async for progress in changes:
        try:
            tell(progress)
        except Exception:
            _logger.exception("on_progress failed")
