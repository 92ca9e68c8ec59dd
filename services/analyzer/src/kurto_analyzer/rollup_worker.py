"""Rolls features up in the background, a few minutes of one sensor at a time."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import asyncpg

from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.ports import RollupStore
from kurto_analyzer.rollups import (
    EpochProgress,
    RollupSpan,
    RollupTimes,
    minute_of,
    plan_span,
)
from kurto_analyzer.transience import is_transient
from kurto_service.clock import Clock

__all__ = ["RollupLimits", "RollupWorker"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RollupLimits:
    """Bounds of the worker.

    Attributes
    ----------
    times : RollupTimes
        Which minutes.
    interval_s : float
        Seconds between two looks for minutes that are over.
    share : float
        Largest part of the time that rolling up takes, > 0, <= 1.
    due_minutes : int
        Minutes in which frames were replaced, in one transaction.
    """

    times: RollupTimes
    interval_s: float
    share: float
    due_minutes: int


class RollupWorker:
    """Keeps the roll-ups of all sensors up to date.

    Everything that it must remember is in the store and moves with the roll-ups themselves, so it
    may be killed anywhere. Of several processes one works at a time; which does not matter.

    Parameters
    ----------
    store : RollupStore
        Frames, roll-ups and positions.
    clock : Clock
        Paces the work.
    metrics : AnalyzerMetrics
        Counts it.
    limits : RollupLimits
        Bounds.
    """

    def __init__(
        self, store: RollupStore, clock: Clock, metrics: AnalyzerMetrics, limits: RollupLimits
    ) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._limits = limits
        self._failed: dict[tuple[str, int], int] = {}  # epoch: number of its last failure
        self._failure_count = 0

    async def run(self) -> None:
        """Roll up for ever; an absent or busy PostgreSQL only postpones it."""
        while True:
            steps = (self.roll_up_due, self.roll_up_behind)
            more = [await self._tried(step) for step in steps]
            if not any(more):
                await self._clock.sleep(self._limits.interval_s)

    async def _tried(self, step: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await step()
        except Exception as error:
            if not (isinstance(error, asyncpg.PostgresError) or is_transient(error)):
                raise
            self._metrics.rollup_failures.inc()
            extra = {"action": "rollup_failed", "error": str(error) or type(error).__name__}
            _LOG.warning("Features could not be rolled up; it is tried again", extra=extra)
            return False

    async def roll_up_due(self) -> bool:
        """Roll up some minutes in which frames were replaced; tell whether there may be more."""
        began_s = self._clock.monotonic()
        count = await self._store.roll_up_due(self._limits.due_minutes)
        await self._give_way(began_s)
        return count == self._limits.due_minutes

    async def roll_up_behind(self) -> bool:
        """Take one step with every epoch; tell whether some have more to do at once."""
        behind = await self._store.behind()
        # What has failed comes last, or one epoch could hold up all others for ever.
        behind.sort(key=lambda progress: self._failed.get(_key(progress), 0))
        more = False
        for progress in behind:
            began_s = self._clock.monotonic()
            span = await self._next_span(progress)
            if span is None:
                continue
            if not await self._rolled_up(span):
                return False  # another process does it
            more = more or span.minute_count >= self._batch_minutes(progress)
            self._failed.pop(_key(progress), None)
            self._metrics.rollup_seconds.observe(self._clock.monotonic() - began_s)
            await self._give_way(began_s)
        self._note_lag(behind)
        return more

    async def _rolled_up(self, span: RollupSpan) -> bool:
        try:
            return await self._store.roll_up(span)
        except Exception:
            self._failure_count += 1
            self._failed[span.sensor_id, span.epoch] = self._failure_count
            raise

    def _batch_minutes(self, progress: EpochProgress) -> int:
        """Return how many minutes to take: one if more were too much."""
        return 1 if _key(progress) in self._failed else self._limits.times.batch_minutes

    async def _next_span(self, progress: EpochProgress) -> RollupSpan | None:
        times = replace(self._limits.times, batch_minutes=self._batch_minutes(progress))
        due_us = minute_of(progress.first_due_us)
        if plan_span(progress, times, first_frame_us=due_us) is None:
            return None
        # Windows may have been skipped, or their frames dropped: no minute without frames is read.
        first_us = await self._store.first_frame_us(progress.sensor_id, due_us)
        end_us = progress.geometry.window_start_us(progress.next_window_index)
        return plan_span(progress, times, first_frame_us=end_us if first_us is None else first_us)

    def _note_lag(self, behind: list[EpochProgress]) -> None:
        now_s = self._clock.now().timestamp()
        first_due_us = min((progress.first_due_us for progress in behind), default=None)
        self._metrics.rollup_lag.set(0.0 if first_due_us is None else now_s - first_due_us / 1e6)

    async def _give_way(self, began_s: float) -> None:
        worked_s = self._clock.monotonic() - began_s
        await self._clock.sleep(worked_s * (1.0 / self._limits.share - 1.0))


def _key(progress: EpochProgress) -> tuple[str, int]:
    return progress.sensor_id, progress.epoch
