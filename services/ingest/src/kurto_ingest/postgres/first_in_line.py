"""Commits go first: while one runs no query begins."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from uuid import UUID

from kurto_ingest.ports import SampleStore, StoredSamples, StreamCommit, StreamKey
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["FirstInLine"]


class FirstInLine:
    """A `SampleStore` whose commits hold queries back.

    A commit waits for PostgreSQL several times. Between, a crowd of queries would take their turns
    in the event loop, and each turn is time in which nothing is acknowledged.

    Parameters
    ----------
    store : SampleStore
        Does the work.
    held : callable
        Returns a context in which no query begins.
    """

    def __init__(
        self, store: SampleStore, held: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._store = store
        self._held = held

    async def commit(self, commits: Sequence[StreamCommit], token: UUID) -> set[StreamKey]:
        """Do all `commits` in one transaction; returns those streams whose row still matched."""
        with self._held():
            return await self._store.commit(commits, token)

    async def committed(self, keys: Collection[StreamKey], token: UUID) -> set[StreamKey]:
        """Return those of `keys` whose last commit was the one with `token`."""
        return await self._store.committed(keys, token)

    async def read(self, stream_format: StreamFormat, first: int, end: int) -> list[StoredSamples]:
        """Return the rows with samples `first` <= i < `end`, ascending; uncut."""
        return await self._store.read(stream_format, first, end)
