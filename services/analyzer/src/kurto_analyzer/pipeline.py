"""Where a tick's frames go: the live stream first, then the transaction."""

from __future__ import annotations

from kurto_analyzer.committer import Committer
from kurto_analyzer.engine import ComputedFrame
from kurto_analyzer.publisher import Publisher

__all__ = ["PublishThenCommit"]


class PublishThenCommit:
    """`FrameSink` that publishes a tick and queues it for the next transaction.

    Parameters
    ----------
    publisher : Publisher
        Live stream.
    committer : Committer
        Durable store.
    """

    def __init__(self, publisher: Publisher, committer: Committer) -> None:
        self._publisher = publisher
        self._committer = committer

    async def room(self) -> None:
        """Wait until the store has caught up far enough."""
        await self._committer.room()

    async def take(self, frames: list[ComputedFrame]) -> None:
        """Publish, then queue; sensors that other streams have taken over are left out."""
        await self._publisher.publish([c.frame for c in frames if not c.sensor.retired])
        if frames:
            self._committer.submit(frames)
