"""The loop that turns pending hops into frames, tick by tick."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from kurto_analyzer.frames import Frame
from kurto_analyzer.hop_runs import CompletedWindow
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.open_sensors import OpenSensor
from kurto_analyzer.quality import odd_means, wire_mask
from kurto_analyzer.sensor_spec import SensorSpec
from kurto_dsp import WindowBatch, WindowFeatures
from kurto_service.clock import Clock

__all__ = ["ComputedFrame", "Engine", "FrameSink"]

_STEPS_PER_SLICE = 256  # hops that complete no window, and empty windows, are cheap


@dataclass(frozen=True, slots=True)
class ComputedFrame:
    """A frame and the sensor that it belongs to.

    Attributes
    ----------
    replaces : bool
        True for a frame that takes the place of an earlier, empty one. Others are the next in
        order, even those that are late since their samples are.
    """

    sensor: OpenSensor
    frame: Frame
    replaces: bool


class FrameSink(Protocol):
    """Where the frames of a tick go."""

    async def room(self) -> None:
        """Wait until more frames may be computed."""
        ...

    async def take(self, frames: list[ComputedFrame]) -> None:
        """Take the frames of one tick."""
        ...


class Engine:
    """Computes what is pending of all sensors, a hop of each in turn.

    The work runs in the event loop, in slices of a few windows: a thread would share the same two
    cores and made nothing faster, while between slices calls are answered.

    Parameters
    ----------
    sink : FrameSink
        Takes each tick's frames; a tick waits until it has room.
    clock : Clock
        Paces the ticks.
    metrics : AnalyzerMetrics
        Counts windows and time.
    interval_s : float
        Shortest time between the starts of two ticks.
    max_tick_windows, slice_windows : int
        Windows after which a tick ends, and after which others get a turn.
    """

    def __init__(
        self,
        sink: FrameSink,
        clock: Clock,
        metrics: AnalyzerMetrics,
        *,
        interval_s: float,
        max_tick_windows: int,
        slice_windows: int,
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._metrics = metrics
        self._interval_s = interval_s
        self._max_tick_windows = max_tick_windows
        self._slice_windows = slice_windows
        self._ready: deque[OpenSensor] = deque()
        self._wake = asyncio.Event()
        self._busy = False

    def submit(self, sensor: OpenSensor) -> None:
        """Take note that a sensor has something pending."""
        if not sensor.queued and sensor.track.has_pending:
            sensor.queued = True
            self._ready.append(sensor)
            self._wake.set()

    @property
    def idle(self) -> bool:
        """Whether everything that was submitted has been handed to the sink."""
        return not self._ready and not self._busy

    async def run(self) -> None:
        """Compute for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._ready:
                await self._tick()

    async def _tick(self) -> None:
        await self._sink.room()
        started = self._clock.monotonic()
        self._busy = True
        try:
            frames: list[ComputedFrame] = []
            seconds = 0.0
            while self._ready and len(frames) < self._max_tick_windows:
                began = self._clock.monotonic()
                frames += self._slice(self._slice_windows)
                seconds += self._clock.monotonic() - began
                await asyncio.sleep(0)
            self._metrics.tick_seconds.observe(seconds)
            await self._sink.take(frames)
        finally:
            self._busy = False
        await self._clock.sleep(self._interval_s - (self._clock.monotonic() - started))

    def _slice(self, window_count: int) -> list[ComputedFrame]:
        """Step sensors in turn until some windows are complete, and compute them together."""
        completed: list[tuple[OpenSensor, CompletedWindow]] = []
        valued = 0
        for _ in range(_STEPS_PER_SLICE):
            if not self._ready or valued >= window_count:
                break
            sensor = self._ready.popleft()
            window = self._step(sensor)
            if window is not None:
                completed.append((sensor, window))
                valued += not window.empty_reason
        return self._frames(completed)

    def _step(self, sensor: OpenSensor) -> CompletedWindow | None:
        sensor.queued = False
        if sensor.retired:
            sensor.owner.release(sensor.track.discard())
            return None
        window, released = sensor.track.step(sensor.batch)
        sensor.in_flight += window is not None
        if released:
            sensor.owner.release(released)
        if sensor.track.has_pending:
            sensor.queued = True
            self._ready.append(sensor)
        elif sensor.settled:
            sensor.owner.acknowledge(sensor)
        return window

    def _frames(self, completed: list[tuple[OpenSensor, CompletedWindow]]) -> list[ComputedFrame]:
        results: dict[WindowBatch, deque[WindowFeatures]] = {}
        frames: list[ComputedFrame] = []
        for sensor, window in completed:
            features = None
            if not window.empty_reason:
                if sensor.batch not in results:
                    results[sensor.batch] = deque(sensor.batch.compute())
                features = results[sensor.batch].popleft()
            frame = _frame(sensor, window, features)
            if not window.late:
                sensor.newest = frame
            kind = "empty" if features is None else "late" if window.late else "computed"
            self._metrics.window[kind].inc()
            frames.append(ComputedFrame(sensor, frame, window.late))
        return frames


def _frame(sensor: OpenSensor, window: CompletedWindow, features: WindowFeatures | None) -> Frame:
    spec = window.spec
    known = spec.load_step is not None and not math.isnan(window.load)
    return Frame.of_window(
        spec.sensor_id,
        spec.epoch,
        window.window_index,
        geometry=spec.geometry,
        config_version=spec.config_version,
        layout=sensor.layout,
        late=window.late or spec.backfill,
        empty_reason=window.empty_reason,
        values=None if features is None else features.values,
        quality=() if features is None else _quality(sensor, spec, features),
        shaft_speed_hz=window.shaft_speed_hz,
        load=window.load if known else math.nan,
        load_step=spec.load_step if known and spec.load_step is not None else math.nan,
    )


def _quality(sensor: OpenSensor, spec: SensorSpec, features: WindowFeatures) -> tuple[int, ...]:
    """Return the mask of each channel; the declared range of the mean is not known to the DSP."""
    masks = tuple(map(wire_mask, features.quality.tolist()))
    if not spec.bias_ranges:
        return masks
    means = features.values[:, sensor.layout.feature_names.index("mean")].tolist()
    return odd_means(masks, means, spec.bias_ranges)
