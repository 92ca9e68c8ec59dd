"""Makes samples durable: one transaction for all streams, a few times a second."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID, uuid4

from kurto_ingest.exceptions import OwnerChanged, StreamFailedError
from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.ports import SampleStore, StreamCommit
from kurto_ingest.pushing.commit_errors import is_transient
from kurto_ingest.pushing.commit_pace import CommitPace
from kurto_ingest.pushing.registry import StreamRegistry, WindowSink
from kurto_ingest.pushing.session import Session
from kurto_ingest.streams.inspection import inspect_together
from kurto_ingest.streams.late import completed_windows
from kurto_ingest.streams.pending import Commit
from kurto_service.clock import Clock
from kurto_service.exceptions import KurtoError

__all__ = ["GroupCommitter"]

_LOG = logging.getLogger(__name__)


class _Plan(NamedTuple):
    session: Session
    commit: Commit
    request: StreamCommit


class GroupCommitter:
    """Commits what sessions hold.

    Parameters
    ----------
    store : SampleStore
        Takes the commits.
    registry : StreamRegistry
        Loses the sessions whose fence was raised.
    sink : WindowSink
        Told of windows that refills completed.
    clock : Clock
        Paces the commits.
    metrics : IngestMetrics
        Counts them.
    pace : CommitPace
        When and how much is committed.
    """

    def __init__(
        self,
        *,
        store: SampleStore,
        registry: StreamRegistry,
        sink: WindowSink,
        clock: Clock,
        metrics: IngestMetrics,
        pace: CommitPace,
    ) -> None:
        self._store = store
        self._registry = registry
        self._sink = sink
        self._clock = clock
        self._metrics = metrics
        self._pace = pace
        self._dirty: dict[Session, None] = {}
        self._work = asyncio.Event()
        self._urgent = asyncio.Event()
        self._doubtful: tuple[UUID, list[_Plan]] | None = None
        self._retry_s = 0.0
        self._gathered_s = 0.0  # when the commit before began

    @property
    def failing(self) -> bool:
        """True since a commit failed, until PostgreSQL answers again."""
        return self._doubtful is not None

    def note(self, session: Session) -> None:
        """Take note that `session` holds something that is not durable."""
        if session not in self._dirty:
            self._dirty[session] = None
            self._work.set()

    def hurry(self, session: Session) -> None:
        """Commit what `session` holds as soon as possible, complete blocks or not."""
        session.flush_wanted = True
        self.note(session)
        self._urgent.set()

    async def flush(self, session: Session, timeout_s: float) -> bool:
        """Commit all that `session` holds; returns whether that succeeded in time."""
        if session.live.is_durable:
            return True
        self.hurry(session)
        try:
            async with asyncio.timeout(timeout_s):
                await session.flushed()
        except TimeoutError:
            return False
        return session.closed is None or session.live.is_durable

    async def run(self) -> None:
        """Commit for ever."""
        while True:
            await self._work.wait()
            await self._gather()
            if await self.commit_once():
                self._retry_s = 0.0
            else:
                await self._clock.sleep(self._next_retry_s())

    async def _gather(self) -> None:
        """Let samples gather for an interval, or since the commit before when somebody waits.

        Among many senders somebody always waits, for each rotates its calls. Commits that follow
        close upon each other cost each sender more than the wait.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._pace.interval_s):
                await self._urgent.wait()
            await asyncio.sleep(self._gathered_s + self._pace.interval_s - loop.time())
        except TimeoutError:
            pass
        self._gathered_s = loop.time()
        self._urgent.clear()

    def _next_retry_s(self) -> float:
        longest = self._pace.retry_last_s
        self._retry_s = min(longest, max(self._pace.retry_first_s, 2 * self._retry_s))
        return self._retry_s * random.uniform(0.5, 1.0)

    async def commit_once(self) -> bool:
        """Commit what waits; returns False when the store is away, to be tried again."""
        if self._doubtful is not None and not await self._resolve(*self._doubtful):
            return False
        plans = self._plans()
        if not plans:
            return True
        started_s = self._clock.monotonic()
        token = uuid4()
        try:
            taken = await self._store.commit([plan.request for plan in plans], token)
        except Exception as error:
            self._metrics.commits.labels("failed").inc()
            return await self._failed(error, token, plans)
        self._metrics.commit_seconds.observe(self._clock.monotonic() - started_s)
        self._metrics.commits.labels("ok").inc()
        for plan in plans:
            self._settle(plan, ok=plan.session.key in taken)
        self._metrics.blocks.inc(sum(len(plan.commit.blocks) for plan in plans))
        return True

    def _plans(self) -> list[_Plan]:
        plans: list[_Plan] = []
        left = self._pace.max_bytes
        older_than_s = self._clock.monotonic() - self._pace.linger_s
        for session in tuple(self._dirty):
            if left <= 0:
                break
            if session.closed is not None and session.live.is_durable:
                del self._dirty[session]
                continue
            plan = self._plan(session, left, older_than_s)
            if plan is not None:
                plans.append(plan)
                left -= plan.commit.size_bytes
        for plan in plans:  # whoever was served stands behind the others next time
            self._dirty[plan.session] = self._dirty.pop(plan.session)
        if not self._dirty:
            self._work.clear()
        inspect_together(block for plan in plans for block in plan.commit.blocks)
        return plans

    def _plan(self, session: Session, max_bytes: int, older_than_s: float) -> _Plan | None:
        live = session.live
        live.close_block(None if session.flush_wanted else older_than_s)
        session.flush_wanted = False
        commit = live.plan(max_bytes)
        if commit is None:
            if live.is_durable:
                del self._dirty[session]
            return None
        stream_format = live.format
        late = commit.refilled
        if late:  # seldom
            late = completed_windows(
                late,
                commit.after,
                hop_samples=stream_format.hop_samples,
                window_hops=stream_format.window_hops,
            )
        request = StreamCommit(
            format=stream_format,
            fence=live.fence,
            before_index=commit.before.next_index,
            after=commit.after,
            blocks=commit.blocks,
            late_windows=late,
            retention=session.sensor.retention_class,
            in_order=commit.in_order,
            quarantine=commit.quarantine,
        )
        return _Plan(session, commit, request)

    def _settle(self, plan: _Plan, *, ok: bool) -> None:
        session = plan.session
        if not ok:
            _LOG.info(
                "Fence was raised elsewhere",
                extra={"action": "fence_lost", "sensor_id": session.key[0]},
            )
            self._lose(session, OwnerChanged(session.key[0], session.live.fence))
            return
        session.live.finish(plan.commit)
        session.notify()
        self._sink.committed(session)
        if plan.request.late_windows:
            self._sink.refilled(session, plan.request.late_windows)
        if session.live.is_durable:
            self._dirty.pop(session, None)

    async def _failed(self, error: Exception, token: UUID, plans: list[_Plan]) -> bool:
        """Deal with a commit that raised; returns False when it shall be tried again."""
        self._doubtful = (token, plans)
        if is_transient(error):
            _LOG.warning(
                "Samples not committed, will be tried again",
                extra={"action": "commit_failed", "error": f"{type(error).__name__}: {error}"},
            )
            return False
        _LOG.error(
            "Samples cannot be committed",
            extra={"action": "commit_refused", "streams": len(plans)},
            exc_info=error,
        )
        if not await self._resolve(token, plans):
            return False
        await self._one_by_one(
            plan for plan in plans if plan.session.live.durable is plan.commit.before
        )
        return True

    async def _one_by_one(self, plans: Iterable[_Plan]) -> None:
        """Find the streams that cannot be stored and give them up; the others go on."""
        for plan in plans:
            token = uuid4()
            try:
                taken = await self._store.commit([plan.request], token)
            except Exception as error:
                self._doubtful = (token, [plan])
                if is_transient(error):
                    return
                if not await self._resolve(token, [plan]):
                    return
                if plan.session.live.durable is plan.commit.before:
                    self._give_up(plan.session, error)
            else:
                self._settle(plan, ok=plan.session.key in taken)

    def _give_up(self, session: Session, error: Exception) -> None:
        _LOG.error(
            "Stream given up: its samples cannot be stored",
            extra={"action": "stream_failed", "sensor_id": session.key[0]},
            exc_info=error,
        )
        self._lose(session, StreamFailedError())

    def _lose(self, session: Session, error: KurtoError) -> None:
        self._dirty.pop(session, None)
        self._sink.detach(session)
        self._registry.remove(session, error)

    async def _resolve(self, token: UUID, plans: list[_Plan]) -> bool:
        """Find out which of `plans` were committed; returns False when the store is away."""
        try:
            done = await self._store.committed([plan.session.key for plan in plans], token)
        except Exception as error:
            _LOG.warning(
                "Outcome of a commit is still unknown",
                extra={"action": "commit_unknown", "error": f"{type(error).__name__}: {error}"},
            )
            return False
        self._doubtful = None
        for plan in plans:
            if plan.session.key in done and plan.session.live.durable is plan.commit.before:
                self._metrics.commits.labels("resolved").inc()
                self._settle(plan, ok=True)
        return True
