"""The samples of one epoch on disk, for a sender."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from kurto.disk.directory import StoredEpoch
from kurto.disk.worker import Worker
from kurto.send_buffer import Chunk, Range

T = TypeVar("T")


class EpochSamples:
    """Reads and forgets samples of one epoch; never blocks the event loop.

    Parameters
    ----------
    worker : Worker
        The only thread that touches the directory.
    epoch : StoredEpoch
        The epoch.
    """

    def __init__(self, worker: Worker, epoch: StoredEpoch) -> None:
        self._worker = worker
        self.epoch = epoch
        self.end_index = epoch.log.end_index
        self.sample_count = epoch.log.unacknowledged_sample_count

    async def first_from(self, index: int, max_samples: int) -> Chunk | None:
        """Return the next samples at or after an index, at most ``max_samples``, or None."""
        return await self.run(lambda: self.epoch.log.first_from(index, max_samples))

    async def held(self, wanted: Range) -> list[Range]:
        """Return the parts of a range that are on disk, ascending."""
        return await self.run(lambda: self.epoch.log.held(wanted))

    async def acknowledge(self, next_index: int, missing: Sequence[Range]) -> None:
        """Delete the files of what is durable."""
        await self.run(lambda: self.epoch.log.acknowledge(next_index, missing))

    async def run(self, function: Callable[[], T]) -> T:
        """Call a function on the worker and note what has become of the samples."""
        result, self.end_index, self.sample_count = await self._worker.run(
            lambda: (
                function(),
                self.epoch.log.end_index,
                self.epoch.log.unacknowledged_sample_count,
            )
        )
        return result
