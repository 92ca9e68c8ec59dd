"""Has moments frozen, a few at a time, each until it is stored or too old."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

import grpc

from kurto_alerts.evidence.freezing import Freezer, SamplesOutstanding
from kurto_alerts.evidence.ports import EvidenceStore, FreezeJob, SignalRefused
from kurto_alerts.failures import is_passing
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)
SWEEP_SIZE = 100


@dataclass(frozen=True, kw_only=True)
class WorkerLimits:
    """Bounds and times.

    Attributes
    ----------
    concurrency : int
        Moments frozen at a time.
    poll_s : float
        Seconds between two looks.
    settle_s : float
        Seconds from the alert to the first attempt.
    patience_s : float
        Age in seconds up to which samples behind the moment are waited for.
    wait_s : float
        Seconds between two looks for samples behind the moment.
    first_pause_s, longest_pause_s : float
        Wait before an attempt that failed is repeated: a quarter of the age, within these.
    lease_s : float
        Seconds after which a moment whose process was killed is another's.
    sweep_s : float
        Seconds between two looks for what is too old or too much.
    give_up_s : float
        Age in seconds at which a moment is given up.
    keep_s : float
        Seconds for which evidence is kept.
    total_bytes : int
        Size of all evidence together; the oldest makes room.
    """

    concurrency: int
    poll_s: float
    settle_s: float
    patience_s: float
    wait_s: float
    first_pause_s: float
    longest_pause_s: float
    lease_s: float
    sweep_s: float
    give_up_s: float
    keep_s: float
    total_bytes: int


class EvidenceWorker:
    """Freezes what evaluation noted together with the transition; any process may run one.

    Whoever takes a moment has it until its next attempt: a process that is killed loses nothing,
    and what is stored twice is stored once.
    """

    def __init__(
        self, store: EvidenceStore, freezer: Freezer, limits: WorkerLimits, clock: Clock
    ) -> None:
        self._store = store
        self._freezer = freezer
        self._limits = limits
        self._clock = clock
        self._swept_s = float("-inf")

    async def run(self) -> None:
        """Freeze for ever; what becomes due while PostgreSQL is away is done afterwards."""
        while True:
            try:
                while await self.run_once():
                    pass
            except Exception as error:
                if not is_passing(error):
                    raise
                extra = {"action": "evidence_postponed", "problem": repr(error)}
                _LOG.warning("Cannot read or store evidence of alarms", extra=extra)
            await self._clock.sleep(self._limits.poll_s)

    async def run_once(self) -> bool:
        """Freeze what is due and forget what is old; tell whether there may be more at once."""
        limits, now = self._limits, self._clock.now()
        expired = await self._sweep()
        jobs = await self._store.take_due(
            now=now,
            settle_s=limits.settle_s,
            limit=limits.concurrency,
            lease_s=limits.lease_s,
        )
        # Each is over before a failure of one is told.
        ends = await asyncio.gather(*(self._freeze(job) for job in jobs), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end
        return len(jobs) == limits.concurrency or expired == SWEEP_SIZE

    async def _sweep(self) -> int:
        """Forget what is old now and then; return how many moments."""
        limits, now_s = self._limits, self._clock.monotonic()
        if now_s - self._swept_s < limits.sweep_s:
            return 0
        expired = await self._store.expire(
            before=self._clock.now() - timedelta(seconds=limits.keep_s),
            total_bytes=limits.total_bytes,
            limit=SWEEP_SIZE,
        )
        if expired < SWEEP_SIZE:
            self._swept_s = now_s
        return expired

    async def _freeze(self, job: FreezeJob) -> None:
        age_s = (self._clock.now() - job.create_time).total_seconds()
        try:
            frozen = await self._freezer.freeze(job, patient=age_s < self._limits.patience_s)
        except SamplesOutstanding:
            await self._postpone(job, self._limits.wait_s)
            return
        except (
            grpc.aio.AioRpcError,
            asyncio.InvalidStateError,
            TimeoutError,
            OSError,
            SignalRefused,
        ) as error:
            if age_s < self._limits.give_up_s:
                self._log("evidence_retried", "Evidence of an alarm is not read yet", job, error)
                pause_s = max(self._limits.first_pause_s, age_s / 4)
                await self._postpone(job, min(pause_s, self._limits.longest_pause_s))
                return
            problem = f"{getattr(error, 'details', lambda: None)() or error!r}"
            await self._store.fail(job, f"not read for {age_s:.0f} s: {problem}")
            self._log("evidence_given_up", "There is no evidence of an alarm", job, error)
            return
        if not frozen.parts:
            await self._store.fail(job, " ".join(frozen.summary.remarks) or "no samples")
            return
        await self._store.store(job, frozen, now=self._clock.now())

    async def _postpone(self, job: FreezeJob, pause_s: float) -> None:
        await self._store.postpone(job, self._clock.now() + timedelta(seconds=pause_s))

    def _log(self, action: str, text: str, job: FreezeJob, error: Exception) -> None:
        extra = {"action": action, "place": job.moment.place, "problem": repr(error)}
        _LOG.warning(text, extra=extra)
