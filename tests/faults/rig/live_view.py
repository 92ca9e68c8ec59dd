"""A live view as a browser has it: what came when, which windows are missing, was it told so."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import kurto
from kurto.gateway.v1 import live_service_pb2

Window = tuple[str, int]
"""Sensor and window index."""


@dataclass
class LiveView:
    """Everything that came.

    Parameters
    ----------
    windows : dict of Window to float
        When each window was first seen, on the monotonic clock.
    resyncs : list of (float, Resync)
        When the stream said that something was missed.
    transitions : dict of int to (str, int)
        Alert id and kind, by transition number.
    """

    windows: dict[Window, float] = field(default_factory=dict)
    resyncs: list[tuple[float, live_service_pb2.Resync]] = field(default_factory=list)
    transitions: dict[int, tuple[str, int]] = field(default_factory=dict)

    def take(self, event: live_service_pb2.SubscribeResponse) -> None:
        """Note one event."""
        now_s = time.monotonic()
        for frame in event.features.frames:
            self.windows.setdefault((frame.sensor_id, frame.window_index), now_s)
        for one in event.alerts.transitions:
            self.transitions[one.transition_number] = (one.alert.alert_id, one.kind)
        if event.HasField("resync"):
            self.resyncs.append((now_s, event.resync))

    def of(self, sensor_id: str) -> dict[int, float]:
        """Return when each window of a sensor was seen, by window index, ascending."""
        found = {index: at_s for (name, index), at_s in self.windows.items() if name == sensor_id}
        return dict(sorted(found.items()))

    def healed_after(self, sensor_id: str, at_s: float) -> float:
        """Return the seconds after a fault until new windows came; infinite if none came.

        What had been on its way at the fault doesn't count: a window counts if it was complete
        after the fault, as told by those seen before.
        """
        seen = self.of(sensor_id)
        newest = max((index for index, when in seen.items() if when <= at_s), default=-1)
        times = [when - at_s for index, when in seen.items() if when > at_s and index > newest + 2]
        return min(times, default=float("inf"))

    def missing(self, sensor_id: str) -> list[int]:
        """Return the windows between the first and the last seen that never came."""
        seen = self.of(sensor_id)
        return [index for index in range(min(seen), max(seen)) if index not in seen] if seen else []

    def missing_transitions(self) -> list[int]:
        """Return the numbers between the first and the last alarm transition that never came."""
        numbers = set(self.transitions)
        return sorted(set(range(min(numbers), max(numbers))) - numbers) if numbers else []

    def unmarked_holes(self, sensor_ids: Sequence[str]) -> int:
        """Return the number of holes in the windows that no resync announced."""
        marks = [at_s for at_s, resync in self.resyncs if resync.features_lost]
        count = 0
        for sensor_id in sensor_ids:
            seen = list(self.of(sensor_id).items())
            for (index, at_s), (after, then_s) in pairwise(seen):
                marked = any(at_s <= mark_s <= then_s for mark_s in marks)
                count += after > index + 1 and not marked
        return count


@asynccontextmanager
async def live_view(target: str, sensor_ids: Sequence[str]) -> AsyncIterator[LiveView]:
    """Follow the live stream of some sensors, and all alerts, until the block ends."""
    view = LiveView()

    async def follow() -> None:
        async with kurto.connect(target) as client:
            async for event in client.subscribe(sensor_ids=sensor_ids, feature_names=["rms"]):
                view.take(event)

    task = asyncio.create_task(follow(), name="live view")
    try:
        yield view
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
