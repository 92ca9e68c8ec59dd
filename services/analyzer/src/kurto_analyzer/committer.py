"""Commits frames and positions, then acknowledges; answers openings in the same order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from kurto_analyzer.engine import ComputedFrame
from kurto_analyzer.exceptions import StaleOwner
from kurto_analyzer.frames import Frame
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.open_sensors import OpenSensor
from kurto_analyzer.ports import Advance, EpochOpening, EpochState, FeatureStore
from kurto_analyzer.transience import is_transient
from kurto_service.clock import Clock

__all__ = ["CommitFollower", "CommitLimits", "Committer"]

_LOG = logging.getLogger(__name__)
ResultT = TypeVar("ResultT")
CommitFollower: TypeAlias = Callable[[OpenSensor, Sequence[Frame]], None]
_FIRST_RETRY_S = 0.05
_LOG_EVERY = 30  # failures in a row


@dataclass(frozen=True, slots=True)
class CommitLimits:
    """Bounds of the committer.

    Attributes
    ----------
    max_uncommitted_windows : int
        Frames waiting, beyond which no more are taken.
    max_commit_windows : int
        Frames in one transaction.
    interval_s : float
        Shortest time between the starts of two transactions.
    timeout_s : float
        Seconds after which a transaction is given up and repeated.
    retry_max_s : float
        Longest wait before it is repeated.
    """

    max_uncommitted_windows: int
    max_commit_windows: int
    interval_s: float
    timeout_s: float
    retry_max_s: float


@dataclass(frozen=True, slots=True)
class _Opening:
    opening: EpochOpening
    answer: Callable[[EpochState], None]


class Committer:
    """One transaction after the other, while the next tick is computed and published.

    Parameters
    ----------
    store : FeatureStore
        Where to.
    clock : Clock
        Paces transactions and repetitions.
    metrics : AnalyzerMetrics
        Counts them.
    limits : CommitLimits
        Bounds.
    """

    def __init__(
        self, store: FeatureStore, clock: Clock, metrics: AnalyzerMetrics, limits: CommitLimits
    ) -> None:
        self._followers: list[CommitFollower] = []
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._limits = limits
        self._frames: deque[ComputedFrame] = deque()
        self._openings: deque[_Opening] = deque()
        self._in_progress = 0
        self._work = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    def follow(self, follower: CommitFollower) -> None:
        """Have `follower` called with the new frames of a sensor, once they are stored."""
        self._followers.append(follower)

    def submit(self, frames: list[ComputedFrame]) -> None:
        """Queue frames; wait for `room` before computing more."""
        self._frames.extend(frames)
        self._measure()
        self._work.set()

    def open(self, opening: EpochOpening, answer: Callable[[EpochState], None]) -> None:
        """Look up a (sensor, epoch) after the transaction in progress, and call ``answer``."""
        self._openings.append(_Opening(opening, answer))
        self._work.set()

    async def room(self) -> None:
        """Wait until fewer frames wait than may."""
        await self._has_room.wait()

    @property
    def idle(self) -> bool:
        """Whether nothing waits."""
        return not (self._frames or self._openings or self._in_progress)

    async def run(self) -> None:
        """Commit for ever."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._frames or self._openings:
                started = self._clock.monotonic()
                await self._commit_next()
                await self._answer_openings()
                if self.idle:
                    break
                pause_s = self._limits.interval_s - (self._clock.monotonic() - started)
                await self._clock.sleep(pause_s)

    async def _commit_next(self) -> None:
        taken = self._take()
        self._in_progress = len(taken)
        try:
            advances, sensors = _group(taken)
            if advances:
                await self._commit(advances, sensors)
            for computed in taken:
                computed.sensor.in_flight -= 1
            for sensor in sensors.values():
                sensor.owner.acknowledge(sensor)
        finally:
            self._in_progress = 0
            self._measure()

    def _take(self) -> list[ComputedFrame]:
        count = min(len(self._frames), self._limits.max_commit_windows)
        return [self._frames.popleft() for _ in range(count)]

    async def _commit(
        self, advances: list[Advance], sensors: dict[tuple[str, int], OpenSensor]
    ) -> None:
        positions = await self._repeat(lambda: self._timed_commit(advances))
        for advance in advances:
            sensor, position = sensors[advance.key], positions[advance.key]
            if position == advance.target:
                sensor.committed = position
                for follower in self._followers:
                    follower(sensor, advance.frames)
            else:
                self._lost(sensor, advance, position)

    async def _timed_commit(self, advances: list[Advance]) -> dict[tuple[str, int], int]:
        started = self._clock.monotonic()
        positions = await self._store.commit(advances)
        self._metrics.commits.labels("ok").inc()
        self._metrics.commit_seconds.observe(self._clock.monotonic() - started)
        return positions

    def _lost(self, sensor: OpenSensor, advance: Advance, position: int) -> None:
        sensor_id, epoch = advance.key
        self._metrics.stale.inc()
        extra = {
            "action": "stale_owner", "sensor_id": sensor_id, "epoch": epoch,
            "expected": advance.expected, "stored": position,
        }  # fmt: skip
        _LOG.warning("Position was moved by another analyzer", extra=extra)
        sensor.retired = True
        sensor.owner.fail(StaleOwner(sensor_id=sensor_id, epoch=epoch))

    async def _answer_openings(self) -> None:
        if not self._openings:
            return
        openings = list(self._openings)
        self._openings.clear()
        self._in_progress = len(openings)
        try:
            keyed = {item.opening.key: item.opening for item in openings}
            wanted = list(keyed.values())
            states = await self._repeat(lambda: self._store.open_epochs(wanted))
            by_key = dict(zip(keyed, states, strict=True))
            for item in openings:
                item.answer(by_key[item.opening.key])
        finally:
            self._in_progress = 0

    async def _repeat(self, attempt: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Repeat until it succeeds: PostgreSQL may be away for a while, and nothing else helps."""
        wait_s, failures = _FIRST_RETRY_S, 0
        while True:
            try:
                async with asyncio.timeout(self._limits.timeout_s):
                    result = await attempt()
            except Exception as error:
                if not is_transient(error):
                    raise
                failures += 1
                self._failed(error, failures)
            else:
                if failures:
                    extra = {"action": "commit_recovered", "failures": failures}
                    _LOG.info("Transactions succeed again", extra=extra)
                return result
            await self._clock.sleep(wait_s)
            wait_s = min(2 * wait_s, self._limits.retry_max_s)

    def _failed(self, error: Exception, failures: int) -> None:
        self._metrics.commits.labels("failed").inc()
        if failures == 1 or failures % _LOG_EVERY == 0:
            extra = {
                "action": "commit_failed", "failures": failures,
                "error": str(error) or type(error).__name__,
            }  # fmt: skip
            _LOG.warning("Transaction failed and will be repeated", extra=extra)

    def _measure(self) -> None:
        waiting = len(self._frames) + self._in_progress
        self._metrics.uncommitted_windows.set(waiting)
        if waiting < self._limits.max_uncommitted_windows:
            self._has_room.set()
        else:
            self._has_room.clear()


def _group(
    taken: list[ComputedFrame],
) -> tuple[list[Advance], dict[tuple[str, int], OpenSensor]]:
    """Return one advance per sensor that is still the owner of its windows."""
    advances: dict[tuple[str, int], Advance] = {}
    sensors: dict[tuple[str, int], OpenSensor] = {}
    for computed in taken:
        sensor, frame = computed.sensor, computed.frame
        if sensor.retired:
            continue
        key = sensor.key
        advance = advances.get(key)
        if advance is None:
            advance = Advance(*key, expected=sensor.committed, target=sensor.committed)
            advances[key], sensors[key] = advance, sensor
        if computed.replaces:
            advance.late.append(frame)
        else:
            advance.frames.append(frame)
            advance.target = frame.window_index + 1
    return list(advances.values()), sensors
