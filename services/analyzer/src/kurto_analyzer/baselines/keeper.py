"""Follows all sensors of this process against their baselines, and learns new ones."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from kurto_analyzer.baselines.model import BaselineState, StoredBaseline
from kurto_analyzer.baselines.ports import BaselineStore, CountedWindows, Revision
from kurto_analyzer.baselines.replay import replay
from kurto_analyzer.baselines.tracks import (
    REPLAY_WINDOWS,
    Compared,
    ConditionTrack,
    LearningTrack,
    counts,
)
from kurto_analyzer.frames import Frame
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.open_sensors import OpenSensor
from kurto_analyzer.transience import is_transient
from kurto_dsp.condition.growth import GrowthGrade
from kurto_service.clock import Clock

__all__ = ["ConditionKeeper", "GrowthListener", "KeeperLimits", "SensorCondition"]

_LOG = logging.getLogger(__name__)
_SLICE_US = 3_600_000_000
"""Stored windows are read by the hour, so that no query takes long."""

GrowthListener: TypeAlias = Callable[[str, Compared], None]


@dataclass(frozen=True, slots=True)
class KeeperLimits:
    """Bounds of the keeper.

    Attributes
    ----------
    max_queued_windows : int
        Windows waiting to be compared; beyond it sensors are rebuilt from the store instead.
    max_sensors : int
        Sensors followed; beyond it the one followed longest is let go.
    watch_interval_s : float
        Seconds between two looks for what other analyzers changed.
    retry_s : float
        Wait after PostgreSQL failed.
    """

    max_queued_windows: int
    max_sensors: int
    watch_interval_s: float
    retry_s: float = 1.0


@dataclass(frozen=True, slots=True)
class _Look:
    """The baselines of a sensor have changed: perhaps there is one to freeze."""

    sensor_id: str


@dataclass(frozen=True, slots=True)
class _Reopened:
    """A sensor came (back) to this process: what is remembered of it may have a hole."""

    sensor_id: str


@dataclass(eq=False, slots=True)
class SensorCondition:
    """What is known of one sensor.

    Attributes
    ----------
    track : ConditionTrack
        Operating state and growth.
    learning : LearningTrack or None
        The baseline that is being learned.
    """

    track: ConditionTrack
    learning: LearningTrack | None

    def update(self, frame: Frame) -> None:
        """Take a counted frame."""
        if self.learning is not None:
            self.learning.update(frame)
        self.track.update(frame)


class ConditionKeeper:
    """Takes the committed windows of all sensors, one after the other.

    Nothing here must survive: all of it follows from stored frames and stored baselines, and is
    rebuilt from them when a sensor's first window comes, when its baselines changed, and when
    anything went wrong. A baseline rests on committed windows only.

    Parameters
    ----------
    baselines : BaselineStore
        Baselines.
    windows : CountedWindows
        Stored frames.
    clock : Clock
        Paces the work.
    metrics : AnalyzerMetrics
        Counts it.
    limits : KeeperLimits
        Bounds.
    """

    def __init__(
        self,
        baselines: BaselineStore,
        windows: CountedWindows,
        clock: Clock,
        metrics: AnalyzerMetrics,
        limits: KeeperLimits,
    ) -> None:
        self._baselines = baselines
        self._windows = windows
        self._clock = clock
        self._metrics = metrics
        self._limits = limits
        self._sensors: dict[str, SensorCondition] = {}
        self._queue: deque[Frame | _Look | _Reopened] = deque()
        self._wake = asyncio.Event()
        self._revisions: Mapping[str, Revision] = {}
        self._listeners: list[GrowthListener] = []

    def listen(self, listener: GrowthListener) -> None:
        """Have `listener` called when the lasting growth of a sensor reaches a higher grade.

        Also when a sensor turns out to have grown as its state is rebuilt: it may be told twice.
        """
        self._listeners.append(listener)

    def committed(self, sensor: OpenSensor, frames: Iterable[Frame]) -> None:
        """Take note of frames that are stored now; most do not count and cost nothing."""
        if not sensor.followed:
            # Another analyzer may have had the sensor since the last window that was seen here.
            sensor.followed = True
            self._put(_Reopened(sensor.key[0]))
        for frame in frames:
            if counts(frame):
                if len(self._queue) >= self._limits.max_queued_windows:
                    self.forget(frame.sensor_id)  # the store has it
                else:
                    self._put(frame)

    def look(self, sensor_id: str) -> None:
        """Rebuild a sensor from the store soon: its baselines have changed."""
        self._put(_Look(sensor_id))

    def _put(self, item: Frame | _Look | _Reopened) -> None:
        self._queue.append(item)
        self._wake.set()

    def forget(self, sensor_id: str) -> None:
        """Let go of a sensor: its next window has it rebuilt."""
        self._sensors.pop(sensor_id, None)

    def growth(self, sensor_id: str) -> Compared | None:
        """Return how the newest window of a running machine compares, if it is followed here."""
        sensor = self._sensors.get(sensor_id)
        return None if sensor is None else sensor.track.compared

    async def condition(self, sensor_id: str, *, here: bool) -> SensorCondition:
        """Return what is known of a sensor.

        Parameters
        ----------
        sensor_id : str
            Sensor in question.
        here : bool
            Whether it is being analysed here; else another analyzer may have it, and what is
            remembered may be old: all is read.
        """
        followed = self._sensors.get(sensor_id) if here else None
        return followed or await self._rebuilt(sensor_id)

    async def run(self) -> None:
        """Compare and learn for ever; an absent PostgreSQL only postpones it."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                item = self._queue.popleft()
                if not await self._tried(item):
                    await self._clock.sleep(self._limits.retry_s)
                await asyncio.sleep(0)  # windows are analysed meanwhile

    async def watch(self) -> None:
        """Look for ever for baselines that others requested or froze."""
        while True:
            try:
                self._compare_revisions(await self._baselines.revisions())
            except Exception as error:
                self._failed("", error)
            await self._clock.sleep(self._limits.watch_interval_s)

    def _compare_revisions(self, revisions: Mapping[str, Revision]) -> None:
        for sensor_id, revision in revisions.items():
            if self._revisions.get(sensor_id) != revision and (
                revision.learning or sensor_id in self._sensors
            ):
                self.look(sensor_id)
        self._revisions = revisions

    async def _tried(self, item: Frame | _Look | _Reopened) -> bool:
        try:
            if isinstance(item, Frame):
                await self._take(item)
            else:
                self.forget(item.sensor_id)
                if isinstance(item, _Look):
                    await self._look(item.sensor_id)
        except Exception as error:
            self.forget(item.sensor_id)
            return not self._failed(item.sensor_id, error)
        return True

    def _failed(self, sensor_id: str, error: Exception) -> bool:
        """Log and count a failure; return whether it may pass, and waiting helps."""
        self._metrics.condition_failures.inc()
        extra = {"action": "condition_failed", "sensor_id": sensor_id}
        if not (isinstance(error, asyncpg.PostgresError) or is_transient(error)):
            # A fault of the numerics with one sensor's windows must not end the live analysis.
            _LOG.error("Windows could not be compared", exc_info=error, extra=extra)
            return False
        extra["error"] = str(error) or type(error).__name__
        _LOG.warning("Baselines could not be read or stored; it is tried again", extra=extra)
        return True

    async def _look(self, sensor_id: str) -> None:
        await self._freeze_if_learned(sensor_id, await self._rebuilt(sensor_id))

    async def _take(self, frame: Frame) -> None:
        sensor, before = self._sensors.get(frame.sensor_id), GrowthGrade.NONE
        if sensor is not None:
            before = _grade(sensor.track.compared)
        else:
            while len(self._sensors) >= self._limits.max_sensors:
                self.forget(next(iter(self._sensors)))
            sensor = self._sensors[frame.sensor_id] = await self._rebuilt(frame.sensor_id)
        began_s = self._clock.monotonic()
        sensor.update(frame)
        self._metrics.condition_seconds.inc(self._clock.monotonic() - began_s)
        self._metrics.condition_windows.inc()
        compared = sensor.track.compared
        if compared is not None and compared.growth.grade.rank > before.rank:
            for listener in self._listeners:
                listener(frame.sensor_id, compared)
        await self._freeze_if_learned(frame.sensor_id, sensor)

    async def _freeze_if_learned(self, sensor_id: str, sensor: SensorCondition) -> None:
        baseline = None if sensor.learning is None else sensor.learning.learned()
        if sensor.learning is None or baseline is None:
            return
        stored = sensor.learning.stored
        if await self._baselines.freeze(stored.baseline_id, baseline):
            extra = {
                "action": "baseline_frozen", "sensor_id": sensor_id,
                "baseline_id": stored.baseline_id, "windows": baseline.window_count,
            }  # fmt: skip
            _LOG.info("Baseline learned", extra=extra)
        self.forget(sensor_id)

    async def _rebuilt(self, sensor_id: str) -> SensorCondition:
        """Return a sensor as its stored baselines and frames make it."""
        stored = {one.state: one for one in await self._baselines.open_baselines(sensor_id)}
        track = ConditionTrack(stored.get(BaselineState.IN_FORCE))
        await replay(await self._windows.newest(sensor_id, REPLAY_WINDOWS), track.update)
        learning = None
        if BaselineState.LEARNING in stored:
            learning = await self._relearned(stored[BaselineState.LEARNING], track.newest)
        return SensorCondition(track, learning)

    async def _relearned(self, stored: StoredBaseline, newest: Frame | None) -> LearningTrack:
        track = LearningTrack(stored)
        start_us = stored.begin_us
        while newest is not None and start_us <= newest.start_us and track.missing > 0:
            end_us = start_us + _SLICE_US
            frames = await self._windows.between(stored.sensor_id, start_us, end_us)
            await replay(frames, track.update)
            start_us = end_us
        return track


def _grade(compared: Compared | None) -> GrowthGrade:
    return GrowthGrade.NONE if compared is None else compared.growth.grade
