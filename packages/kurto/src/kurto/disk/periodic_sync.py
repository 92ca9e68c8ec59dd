"""Sync files now and then, so that a power loss costs little."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence

from kurto.disk.worker import Worker


class PeriodicSync:
    """Syncs files on a thread of its own, for a slow sync must not hold up appending.

    Parameters
    ----------
    worker : Worker
        The thread that owns the files.
    handles : callable
        Called on that thread: returns duplicates of the descriptors to sync.
    interval_s : float > 0
        Time between two syncs in seconds.
    on_error : callable
        Told when the disk refuses.
    """

    def __init__(
        self,
        worker: Worker,
        handles: Callable[[], Sequence[int]],
        interval_s: float,
        on_error: Callable[[OSError], None],
    ) -> None:
        self._owner = worker
        self._handles = handles
        self._interval_s = interval_s
        self._on_error = on_error
        self._worker = Worker("kurto-sync")
        self._task = asyncio.create_task(self._run(), name="kurto-sync")

    async def close(self) -> None:
        """Sync a last time and end."""
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._sync()
        self._worker.close()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            await self._sync()

    async def _sync(self) -> None:
        try:
            handles = await self._owner.run(self._handles)
            await self._worker.run(lambda: _sync_and_close(handles))
        except OSError as error:
            self._on_error(error)


def _sync_and_close(handles: Sequence[int]) -> None:
    error: OSError | None = None
    for handle in handles:
        try:
            os.fsync(handle)
        except OSError as failure:
            error = failure
        finally:
            os.close(handle)
    if error is not None:
        raise error
