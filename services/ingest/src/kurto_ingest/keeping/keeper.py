"""Copies out what is to be kept, takes snapshots, and forgets what has had its time."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from kurto_ingest.keeping.keep_store import KeepStore
from kurto_ingest.keeping.kept import CopyPace, KeptRange, SnapshotProgress, take_snapshots
from kurto_service.clock import Clock
from kurto_service.errors import is_unavailable

__all__ = ["KeeperPace", "SampleKeeper"]

_LOG = logging.getLogger(__name__)
_RANGES = 50  # that are looked at in one round
_SNAPSHOTS = 200  # of one stream that are noted in one round
_NOTED = 1000  # snapshots of all streams that are noted in one transaction
_FORGOTTEN = 500  # blocks that are deleted in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperPace:
    """How often the keeper works, and how much at once.

    Attributes
    ----------
    interval_s : float
        Time between two rounds.
    snapshot_interval_s : float
        Time between two looks for snapshots that became due.
    pause_s : float
        Time between two transactions, so that commits go first.
    copying : CopyPace
        How blocks are copied.
    """

    interval_s: float
    snapshot_interval_s: float = 5.0
    pause_s: float = 0.02
    copying: CopyPace = field(default_factory=CopyPace)


class SampleKeeper:
    """Works in the background; what it has done lies in the store, so it may be killed any time.

    Parameters
    ----------
    store : KeepStore
        Holds the ranges.
    clock : Clock
        Tells what is due.
    pace : KeeperPace
        How often it works.
    """

    def __init__(self, store: KeepStore, clock: Clock, pace: KeeperPace) -> None:
        self._store = store
        self._clock = clock
        self._pace = pace
        self._next_snapshots_s = 0.0

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self.work()
            await self._clock.sleep(self._pace.interval_s)

    async def work(self) -> None:
        """Do what is due now."""
        now_s = self._clock.monotonic()
        if now_s >= self._next_snapshots_s:
            self._next_snapshots_s = now_s + self._pace.snapshot_interval_s
            await self._try(self.snapshots)
        await self._try(self.copies)
        await self._try(self.expiry)

    async def _try(self, job: Callable[[], Awaitable[None]]) -> None:
        try:
            await job()
        except Exception as error:
            away = is_unavailable(error) or isinstance(error, TimeoutError)
            _LOG.log(
                logging.WARNING if away else logging.ERROR,
                "Samples not copied out, will be tried again",
                extra={"action": "keep_failed", "error": f"{type(error).__name__}: {error}"},
                exc_info=None if away else error,
            )

    async def snapshots(self) -> None:
        """Note the snapshots that became due."""
        ranges: list[KeptRange] = []
        marks: list[SnapshotProgress] = []
        for progress in await self._store.snapshot_progress():
            found, after = take_snapshots(progress, _SNAPSHOTS)
            if found:  # the others are found again next time, at no cost
                ranges += found
                marks.append(after)
            if len(ranges) >= _NOTED:
                await self._store.note_snapshots(ranges, marks)
                ranges, marks = [], []
        if ranges:
            await self._store.note_snapshots(ranges, marks)

    async def copies(self) -> None:
        """Copy what is due to be copied."""
        for key in await self._store.due(self._clock.now(), _RANGES):
            await self._try(lambda key=key: self._copy(key))  # type: ignore[misc]

    async def _copy(self, key: tuple[str, str]) -> None:
        while await self._store.copy(key, self._clock.now(), self._pace.copying):
            await self._clock.sleep(self._pace.pause_s)

    async def expiry(self) -> None:
        """Forget ranges whose time is over."""
        for key in await self._store.expired(self._clock.now(), _RANGES):
            while await self._store.forget(key, self._clock.now(), _FORGOTTEN):
                await self._clock.sleep(self._pace.pause_s)
