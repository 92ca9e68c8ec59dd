"""Send at the pace of the original."""

from __future__ import annotations

import asyncio


class Pacer:
    """Waits for the moments at which chunks are due.

    Lateness does not add up: each moment counts from the beginning.

    Parameters
    ----------
    interval_s : float
        Time between two chunks of the original, in seconds.
    speed : float
        1 for the original pace, 2 for twice as fast; infinite for no waiting at all.
    """

    def __init__(self, *, interval_s: float, speed: float = 1.0) -> None:
        self._interval_s = interval_s / speed
        self._start_s: float | None = None
        self._count = 0

    async def wait(self) -> None:
        """Wait until the next chunk is complete: one interval after the one before."""
        loop = asyncio.get_running_loop()
        if self._start_s is None:
            self._start_s = loop.time()
        self._count += 1
        late_s = loop.time() - (self._start_s + self._count * self._interval_s)
        # Also when late the other tasks get their turn.
        await asyncio.sleep(max(0.0, -late_s))
