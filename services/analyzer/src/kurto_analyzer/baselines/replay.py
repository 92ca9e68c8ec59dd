"""Gives a track many stored windows without keeping the event loop from all others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from kurto_analyzer.frames import Frame

__all__ = ["replay"]

_WINDOWS_A_TURN = 20  # about five milliseconds of two channels


async def replay(frames: Iterable[Frame], take: Callable[[Frame], None]) -> None:
    """Call `take` with each frame; windows are analysed meanwhile."""
    for number, frame in enumerate(frames, 1):
        take(frame)
        if number % _WINDOWS_A_TURN == 0:
            await asyncio.sleep(0)
