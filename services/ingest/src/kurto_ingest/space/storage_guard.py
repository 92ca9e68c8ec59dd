"""Keeps PostgreSQL from running full: sheds the oldest samples, and takes none when that fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.records.event_log import EventLog
from kurto_ingest.records.stream_events import EventKind
from kurto_ingest.space.disk_guard import (
    DiskLimits,
    GuardState,
    Sheddable,
    Space,
    SpaceStore,
    bytes_to_free,
    next_state,
    plan_shedding,
)
from kurto_ingest.space.exceptions import StorageFull
from kurto_ingest.space.storage_state import DiskReport
from kurto_service.clock import Clock
from kurto_service.exceptions import KurtoError

__all__ = ["StorageGuard"]

_LOG = logging.getLogger(__name__)


class Quarantine(Protocol):
    """Samples that lie too far in the future, kept apart."""

    def close(self, *, closed: bool) -> None:
        """Take nothing more, or take it again."""
        ...

    async def clear(self) -> int:
        """Delete everything; returns its bytes."""
        ...


class StorageGuard:
    """Looks at the disk every few seconds.

    Parameters
    ----------
    store : SpaceStore
        Knows the room.
    clock : Clock
        Paces the looks.
    limits : DiskLimits
        When to act.
    events : EventLog
        Told of what was done.
    metrics : IngestMetrics
        Shown to operators.
    quarantine : Quarantine
        Closed while the disk is nearly full, and emptied before anything else.
    refuse : callable
        Told the error that senders get from now on, and None when samples are taken again.
    interval_s : float
        Time between two looks.
    """

    def __init__(
        self,
        store: SpaceStore,
        clock: Clock,
        *,
        limits: DiskLimits,
        events: EventLog,
        metrics: IngestMetrics,
        quarantine: Quarantine,
        refuse: Callable[[KurtoError | None], None],
        interval_s: float,
    ) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits
        self._events = events
        self._metrics = metrics
        self._quarantine = quarantine
        self._refuse = refuse
        self._interval_s = interval_s
        self._state = GuardState.OK
        self._space = Space(database_bytes=0)

    @property
    def report(self) -> DiskReport:
        """What was found last."""
        return DiskReport(
            database_bytes=self._space.database_bytes,
            free_ratio=self._space.free_ratio,
            shedding=self._state is GuardState.SHEDDING,
            stopped=self._state is GuardState.STOPPED,
        )

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:
                _LOG.warning(
                    "Room for samples not found out, will be tried again",
                    extra={"action": "disk_unknown", "error": f"{type(error).__name__}: {error}"},
                )
            await self._clock.sleep(self._interval_s)

    async def look(self) -> GuardState:
        """Look once and do what is needed; returns the state."""
        await self._measure()
        if self._state is not GuardState.OK and await self._shed():
            await self._measure()
        return self._state

    async def _measure(self) -> None:
        self._space = await self._store.space()
        before, self._state = (
            self._state,
            next_state(self._state, self._space.free_ratio, self._limits),
        )
        self._metrics.database_bytes.set(self._space.database_bytes)
        if self._space.free_ratio is not None:
            self._metrics.storage_free_ratio.set(self._space.free_ratio)
        self._metrics.storage_stopped.set(self._state is GuardState.STOPPED)
        self._metrics.storage_shedding.set(self._state is not GuardState.OK)
        self._quarantine.close(closed=self._state is not GuardState.OK)
        if before is not self._state:
            self._changed(before)

    def _changed(self, before: GuardState) -> None:
        free = self._space.free_ratio or 0.0
        extra = {"action": "disk_state", "state": self._state.value, "free_ratio": round(free, 4)}
        level = logging.INFO if self._state is GuardState.OK else logging.WARNING
        _LOG.log(level, "Room for samples has changed", extra=extra)
        if self._state is GuardState.STOPPED:
            self._refuse(StorageFull(max(5.0, 2 * self._interval_s)))
            self._events.note(
                EventKind.STORAGE_STOPPED,
                value=free,
                message=f"Only {free:.1%} of the disk is free: no samples are taken. Free space,"
                " or keep samples for less long.",
            )
        elif before is GuardState.STOPPED:
            self._refuse(None)
            self._events.note(
                EventKind.STORAGE_RESUMED,
                value=free,
                message=f"{free:.1%} of the disk is free: samples are taken again.",
            )

    async def _shed(self) -> bool:
        if await self._clear_quarantine():
            return True
        need = bytes_to_free(self._space, self._limits)
        plan = plan_shedding(await self._store.sheddable(), need, self._clock.now())
        dropped: list[Sheddable] = []
        try:
            for partition in plan:
                await self._store.shed(partition)
                dropped.append(partition)
        finally:
            if dropped:
                self._note_shed(dropped)
        if need and not plan:
            _LOG.error(
                "The disk is nearly full and nothing is left to delete: free space",
                extra={"action": "nothing_to_shed", "need_bytes": need},
            )
        return bool(dropped)

    async def _clear_quarantine(self) -> bool:
        size = await self._quarantine.clear()
        if size:
            self._metrics.shed_bytes.inc(size)
            _LOG.warning(
                "Samples in quarantine deleted before their time",
                extra={"action": "quarantine_shed", "bytes": size},
            )
            self._events.note(
                EventKind.SAMPLES_SHED,
                value=float(size),
                message=f"The disk was nearly full: {size / 1e6:.1f} MB of samples in quarantine"
                " were deleted. Free space, or keep samples for less long.",
            )
        return bool(size)

    def _note_shed(self, dropped: Sequence[Sheddable]) -> None:
        size = sum(item.size_bytes for item in dropped)
        names = ", ".join(item.key.name for item in dropped[:5])
        more = f" and {len(dropped) - 5} more" if len(dropped) > 5 else ""
        self._metrics.shed_bytes.inc(size)
        _LOG.warning(
            "Samples deleted before their time",
            extra={"action": "samples_shed", "bytes": size, "partitions": names + more},
        )
        self._events.note(
            EventKind.SAMPLES_SHED,
            value=float(size),
            message=f"The disk was nearly full: {size / 1e6:.0f} MB of the oldest samples were"
            f" deleted ({names}{more}). Free space, or keep samples for less long.",
        )
