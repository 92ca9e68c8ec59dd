"""Takes the long windows of all sensors in turn, beside the live analysis."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from kurto_analyzer.exceptions import DiagnosisTooLate, NoLongWindow, TooManyRequests
from kurto_analyzer.long_windows.analysis import (
    ChannelResult,
    analyse_channel,
    assemble,
    machine_of,
)
from kurto_analyzer.long_windows.metrics import LongWindowMetrics
from kurto_analyzer.long_windows.ports import GrowthSource, LongResultStore
from kurto_analyzer.long_windows.results import LongResult
from kurto_analyzer.long_windows.stretches import LongWindow
from kurto_analyzer.long_windows.turns import CpuBudget, Turns
from kurto_analyzer.open_sensors import OpenSensor, OpenSensors
from kurto_analyzer.transience import is_transient
from kurto_service.clock import Clock

__all__ = ["LongWindowLimits", "LongWindowWorker"]

_LOG = logging.getLogger(__name__)
_LOOK_S = 0.01  # between two looks whether the live analysis is done
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class LongWindowLimits:
    """Bounds of the worker.

    Attributes
    ----------
    share : float
        Processor time that it may take, as a part of one core.
    poll_s : float
        Seconds between two looks for long windows that are due.
    patience_s : float
        Seconds for which it waits, before each channel, that the live analysis has caught up.
    idle_s : float
        Seconds without samples after which a sensor's history is let go.
    max_requests : int
        Sensors with a diagnosis on request at a time.
    request_timeout_s : float
        Seconds that a request waits at most.
    store_timeout_s : float
        Seconds after which storing a result is given up.
    """

    share: float
    poll_s: float = 0.5
    patience_s: float = 0.2
    idle_s: float = 30.0
    max_requests: int = 16
    request_timeout_s: float = 20.0
    store_timeout_s: float = 10.0


class LongWindowWorker:
    """Computes long windows in one thread, a channel at a time, within a share of one core.

    Parameters
    ----------
    sensors : OpenSensors
        What is being analysed.
    store : LongResultStore
        Where results go.
    growth : GrowthSource
        Learned baselines.
    clock : Clock
        Paces the work.
    metrics : LongWindowMetrics
        Counts it.
    limits : LongWindowLimits
        Bounds.
    is_live_idle : callable
        Tells whether the live analysis has nothing to do.
    """

    def __init__(
        self,
        sensors: OpenSensors,
        store: LongResultStore,
        growth: GrowthSource,
        clock: Clock,
        metrics: LongWindowMetrics,
        *,
        limits: LongWindowLimits,
        is_live_idle: Callable[[], bool],
    ) -> None:
        self._sensors = sensors
        self._store = store
        self._growth = growth
        self._clock = clock
        self._metrics = metrics
        self._limits = limits
        self._is_live_idle = is_live_idle
        self._turns = Turns()
        self._budget = CpuBudget(limits.share)
        self._requests: dict[tuple[str, int], asyncio.Future[LongResult]] = {}
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="long-windows")

    async def close(self) -> None:
        """Let the thread end with what it is doing."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def hasten(self, sensor_id: str) -> None:
        """Take the newest long window of a sensor next: something has changed, a level has grown.

        Costs nothing when called often: a sensor waits once, and a window is taken once.
        """
        sensor = self._sensors.newest_epoch(sensor_id)
        if sensor is not None and sensor.track.history.has_news:
            self._turns.hasten(sensor)
            self._wake.set()

    async def request(self, sensor: OpenSensor) -> LongResult:
        """Return the result of the newest long window of a sensor, as soon as may be.

        Raises
        ------
        NoLongWindow
            When the sensor has none.
        TooManyRequests, DiagnosisTooLate
            When too many wait already, or it does not come in time.
        """
        future = self._requests.get(sensor.key)
        if future is None:
            _require_window(sensor)
            if len(self._requests) >= self._limits.max_requests:
                raise TooManyRequests(limit=self._limits.max_requests, retry_after_s=5.0)
            future = asyncio.get_running_loop().create_future()
            self._requests[sensor.key] = future
            self._turns.hasten(sensor)
            self._wake.set()
        try:
            async with asyncio.timeout(self._limits.request_timeout_s):
                return await asyncio.shield(future)
        except TimeoutError:
            raise DiagnosisTooLate(
                sensor_id=sensor.key[0],
                timeout_s=f"{self._limits.request_timeout_s:g}",
                retry_after_s=5.0,
            ) from None

    async def run(self) -> None:
        """Take long windows for ever."""
        while True:
            self._look()
            sensor = self._turns.next()
            self._metrics.waiting.set(len(self._turns))
            if sensor is None:
                await self._rest()
            else:
                await self._take(sensor)

    async def _rest(self) -> None:
        self._wake.clear()
        waking = asyncio.ensure_future(self._wake.wait())
        sleeping = asyncio.ensure_future(self._clock.sleep(self._limits.poll_s))
        try:
            await asyncio.wait({waking, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
            sleeping.cancel()

    def _look(self) -> None:
        now_s, denied = self._clock.monotonic(), 0
        for sensor in self._sensors:
            history = sensor.track.history
            denied += history.denied
            if history.is_due:
                self._turns.add(sensor)
            else:
                history.rest(now_s, self._limits.idle_s)
        self._metrics.denied.set(denied)

    async def _take(self, sensor: OpenSensor) -> None:
        if not sensor.track.history.has_news and sensor.key not in self._requests:
            return  # taken already, on request
        try:
            result = await self._result(sensor)
        except Exception as error:
            # A fault of the numerics with one sensor's samples must not end the live analysis.
            if not isinstance(error, NoLongWindow):
                self._metrics.windows.labels("failed").inc()
                extra = {"action": "long_window_failed", "sensor_id": sensor.key[0]}
                _LOG.exception("A long window could not be analysed", extra=extra)
            future = self._requests.pop(sensor.key, None)
            if future is not None:
                future.set_exception(error)
                future.exception()  # nobody may be waiting any more
        else:
            future = self._requests.pop(sensor.key, None)
            if future is not None:
                future.set_result(result)

    async def _result(self, sensor: OpenSensor) -> LongResult:
        window = sensor.track.history.window()
        if window is None:  # a gap came before its turn
            raise _no_window(sensor)
        sensor.track.history.note_done(window)
        result = await self._analysed(window)
        self._metrics.windows.labels(await self._stored(result)).inc()
        return result

    async def _analysed(self, window: LongWindow) -> LongResult:
        machine, cpu_s = machine_of(window), 0.0
        channels: list[ChannelResult] = []
        await self._give_way()
        samples, spent_s = await self._in_thread(window.samples)
        cpu_s += spent_s
        for row in range(len(window.spec.channels)):
            await self._give_way()
            work = partial(analyse_channel, window, samples, row, machine)
            channel, spent_s = await self._in_thread(work)
            self._metrics.channel_seconds.observe(spent_s)
            channels.append(channel)
            cpu_s += spent_s
        growth = self._growth.growth(window.spec.sensor_id)
        return assemble(window, machine, channels, growth=growth, cpu_s=cpu_s)

    async def _in_thread(self, work: Callable[[], ResultT]) -> tuple[ResultT, float]:
        loop = asyncio.get_running_loop()
        done: Future[ResultT] = Future()
        began_s = self._clock.monotonic()
        cpu_s = await loop.run_in_executor(self._thread, _timed, work, done)
        self._budget.spend(cpu_s, began_s)  # also of work that failed
        self._metrics.cpu_seconds.inc(cpu_s)
        return done.result(), cpu_s

    async def _give_way(self) -> None:
        await self._clock.sleep(self._budget.wait_s(self._clock.monotonic()))
        patient_until_s = self._clock.monotonic() + self._limits.patience_s
        while not self._is_live_idle() and self._clock.monotonic() < patient_until_s:
            await self._clock.sleep(_LOOK_S)

    async def _stored(self, result: LongResult) -> str:
        try:
            async with asyncio.timeout(self._limits.store_timeout_s):
                return "stored" if await self._store.save(result) else "known"
        except Exception as error:
            if not is_transient(error):
                raise
            extra = {
                "action": "long_window_unstored",
                "sensor_id": result.window.sensor_id,
                "error": str(error) or type(error).__name__,
            }
            _LOG.warning("A diagnosis could not be stored; the next one comes", extra=extra)
            return "unstored"


def _timed(work: Callable[[], ResultT], done: Future[ResultT]) -> float:
    """Do the work, and return the processor time that it took, however it ends."""
    began_s = time.thread_time()
    try:
        done.set_result(work())
    except Exception as error:
        done.set_exception(error)
    return time.thread_time() - began_s


def _require_window(sensor: OpenSensor) -> None:
    if sensor.track.history.window() is None:
        raise _no_window(sensor)


def _no_window(sensor: OpenSensor) -> NoLongWindow:
    sensor_id = sensor.track.spec.sensor_id
    return NoLongWindow(sensor_id=sensor_id, problem=sensor.track.history.shortfall)
