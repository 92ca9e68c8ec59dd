"""Rolls features up in the background, a few minutes of one sensor at a time."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import asyncpg

from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.ports import RollupStore
from kurto_analyzer.rollups import (
    MINUTE_US,
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

    async def run(self) -> None:
        """Roll up for ever; an absent or busy PostgreSQL only postpones it."""
        while True:
            more = False
            try:
                more = await self.run_once()
            except Exception as error:
                if not (isinstance(error, asyncpg.PostgresError) or is_transient(error)):
                    raise
                self._metrics.rollup_failures.inc()
                problem = str(error) or type(error).__name__
                extra = {"action": "rollup_failed", "error": problem}
                _LOG.warning("Features could not be rolled up; it is tried again", extra=extra)
            if not more:
                await self._clock.sleep(self._limits.interval_s)

    async def run_once(self) -> bool:
        """Take one step with every epoch; tell whether some have more to do at once."""
        began_s = self._clock.monotonic()
        due_count = await self._store.roll_up_due(self._limits.due_minutes)
        await self._give_way(began_s)
        more = due_count == self._limits.due_minutes
        behind = await self._store.behind()
        for progress in behind:
            began_s = self._clock.monotonic()
            span = await self._next_span(progress)
            if span is None:
                continue
            if not await self._store.roll_up(span):
                return False  # another process does it
            minutes = (span.end_us - span.start_us) // MINUTE_US
            more = more or minutes >= self._limits.times.batch_minutes
            self._metrics.rollup_seconds.observe(self._clock.monotonic() - began_s)
            await self._give_way(began_s)
        self._note_lag(behind)
        return more

    async def _next_span(self, progress: EpochProgress) -> RollupSpan | None:
        times, due_us = self._limits.times, minute_of(progress.first_due_us)
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
