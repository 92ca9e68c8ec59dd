"""Keeps the records beside the samples: what happened to streams, and when samples were taken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kurto_ingest.ports import EventStore, SampleTimeStore
from kurto_ingest.records.event_log import EventLog
from kurto_ingest.records.sample_times import SampleTime
from kurto_ingest.records.write_behind import WriteBehind
from kurto_ingest.value_store import ProcessValueStore
from kurto_service.clock import Clock

__all__ = ["RecordKeeper", "RecordPace", "Records"]

_LOG = logging.getLogger(__name__)
_EXPIRE_INTERVAL_S = 600.0
_EXPIRE_ROWS = 5000
_FINISH_S = 1.0  # a process that ends does not wait for PostgreSQL to come back


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPace:
    """How records are written and how long they are kept.

    Attributes
    ----------
    write_interval_s : float
        Time between two writes.
    summary_interval_s : float
        Time in which the events of one kind on one stream are summed up.
    max_queued : int
        Records of each kind that may wait.
    event_retention_s, time_retention_s, value_retention_s : float
        How long events, measured times of samples, and process values are kept.
    """

    write_interval_s: float
    summary_interval_s: float
    max_queued: int
    event_retention_s: float
    time_retention_s: float
    value_retention_s: float


class RecordKeeper:
    """Writes records every now and then, and deletes old ones.

    Parameters
    ----------
    events : EventLog
        Holds events that wait.
    times : WriteBehind of SampleTime
        Holds measured times that wait.
    event_store, time_store : EventStore, SampleTimeStore
        Keep them.
    value_store : ProcessValueStore
        Keeps process values, which are written with their samples.
    clock, pace : Clock, RecordPace
        When.
    """

    def __init__(
        self,
        *,
        events: EventLog,
        times: WriteBehind[SampleTime],
        event_store: EventStore,
        time_store: SampleTimeStore,
        value_store: ProcessValueStore,
        clock: Clock,
        pace: RecordPace,
    ) -> None:
        self._events = events
        self._times = times
        self._expiring: tuple[tuple[Callable[[datetime, int], Awaitable[int]], float], ...] = (
            (event_store.expire, pace.event_retention_s),
            (time_store.expire, pace.time_retention_s),
            (value_store.expire, pace.value_retention_s),
        )
        self._clock = clock
        self._pace = pace
        self._expired_s: float | None = None
        self._problem = ""
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self._clock.sleep(self._pace.write_interval_s)
            try:
                await self._work()
            except Exception as error:
                self._report(f"{type(error).__name__}: {error}")
            else:
                self._report("")

    async def _work(self) -> None:
        await self._write(final=False)
        now_s = self._clock.monotonic()
        due = self._expired_s is None or now_s - self._expired_s >= _EXPIRE_INTERVAL_S
        if due and await self.expire():
            self._expired_s = now_s

    async def _write(self, *, final: bool) -> None:
        async with self._lock:  # the last write may meet one in progress
            await self._events.write(final=final)
            await self._times.write()

    async def expire(self) -> bool:
        """Delete some old records; returns whether these were all."""
        done = True
        for expire, retention_s in self._expiring:
            before = self._clock.now() - timedelta(seconds=retention_s)
            done &= await expire(before, _EXPIRE_ROWS) < _EXPIRE_ROWS
        return done

    async def finish(self) -> None:
        """Write what there is, since the process ends; what cannot be written soon is lost."""
        try:
            async with asyncio.timeout(_FINISH_S):
                await self._write(final=True)
        except Exception as error:
            self._report(f"{type(error).__name__}: {error}")

    def _report(self, problem: str) -> None:
        if problem and not self._problem:
            _LOG.warning(
                "Events and times not stored, will be tried again",
                extra={"action": "records_failed", "error": problem},
            )
        elif self._problem and not problem:
            _LOG.info("Events and times stored again", extra={"action": "records_healed"})
        self._problem = problem


class Records:
    """What is recorded beside the samples, put together.

    Parameters
    ----------
    event_store, time_store, value_store : EventStore, SampleTimeStore, ProcessValueStore
        Keep the records.
    clock, pace : Clock, RecordPace
        When they are written.
    dropped : callable
        Told how many records did not fit.

    Attributes
    ----------
    events : EventLog
        Takes events.
    times : WriteBehind of SampleTime
        Takes measured times of samples.
    keeper : RecordKeeper
        Writes them.
    """

    def __init__(
        self,
        *,
        event_store: EventStore,
        time_store: SampleTimeStore,
        value_store: ProcessValueStore,
        clock: Clock,
        pace: RecordPace,
        dropped: Callable[[int], None],
    ) -> None:
        self.events = EventLog(
            event_store,
            clock,
            max_queued=pace.max_queued,
            interval_s=pace.summary_interval_s,
            dropped=dropped,
        )
        self.times = WriteBehind[SampleTime](
            time_store.add, max_queued=pace.max_queued, dropped=dropped
        )
        self.keeper = RecordKeeper(
            events=self.events,
            times=self.times,
            event_store=event_store,
            time_store=time_store,
            value_store=value_store,
            clock=clock,
            pace=pace,
        )
