"""Cuts the connection between ingest and PostgreSQL exactly at a commit of samples."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from tests.faults.rig.proxy import Direction, FaultProxy, Link, Verdict

_COMMIT = b"COMMIT;\x00"
_COPIED, _COMMITTING = "samples copied", "commit asked for"


class Cut(Enum):
    """Where the connection ends."""

    BEFORE_COMMIT = "COMMIT never arrives: the transaction is rolled back"
    IN_COMMIT = "COMMIT arrives, the connection ends at once"
    BEFORE_REPLY = "the transaction is committed, its reply never arrives"


def _nothing() -> None:
    pass


@dataclass
class CommitCutter:
    """Watches a proxy for the transactions that store samples.

    Parameters
    ----------
    proxy : FaultProxy
        Between ingest and PostgreSQL; its interceptor is replaced.
    """

    proxy: FaultProxy
    _armed: Cut | None = None
    _first: Callable[[], None] = _nothing
    _fired: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Begin to watch."""
        self.proxy.intercept = self._intercept

    def arm(self, cut: Cut, first: Callable[[], None] = _nothing) -> None:
        """Cut the next commit of samples.

        Parameters
        ----------
        cut : Cut
            Where.
        first : callable
            Done at that very moment, before the connection ends, such as killing the client.
        """
        self._fired.clear()
        self._armed, self._first = cut, first

    async def fired(self, timeout_s: float = 60.0) -> None:
        """Wait until a commit was cut."""
        async with asyncio.timeout(timeout_s):
            await self._fired.wait()

    def _intercept(self, link: Link, direction: Direction, data: bytes) -> Verdict:
        if direction is Direction.DOWN:
            return self._reply(link)
        if b"COPY " in data:  # samples go by COPY only; other commits are let pass
            link.note = _COPIED
        elif link.note == _COPIED and data.endswith(_COMMIT):
            return self._commit(link)
        return Verdict.FORWARD

    def _commit(self, link: Link) -> Verdict:
        link.note = _COMMITTING if self._armed is Cut.BEFORE_REPLY else ""
        if self._armed is Cut.BEFORE_COMMIT:
            return self._fire(Verdict.CUT)
        if self._armed is Cut.IN_COMMIT:
            return self._fire(Verdict.FORWARD_AND_CUT)
        return Verdict.FORWARD

    def _reply(self, link: Link) -> Verdict:
        if link.note != _COMMITTING:
            return Verdict.FORWARD
        link.note = ""
        return self._fire(Verdict.CUT) if self._armed is Cut.BEFORE_REPLY else Verdict.FORWARD

    def _fire(self, verdict: Verdict) -> Verdict:
        self._first()
        self._armed, self._first = None, _nothing
        self._fired.set()
        return verdict
