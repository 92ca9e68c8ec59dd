"""The ports in memory, for tests; they pass the same contract suite as the real adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kurto_analyzer.exceptions import LiveStreamUnavailable
from kurto_analyzer.frames import Frame, FrameLayout
from kurto_analyzer.ports import Advance, EpochOpening, EpochState, FrameQuery
from kurto_analyzer.rollups import Rollup, RollupQuery
from kurto_dsp.arrays import Float32Array

__all__ = ["FakeFeatureStore", "FakeLiveFeatures", "FakeRollupHistory"]

_Key = tuple[str, int]


class FakeFeatureStore:
    """`FeatureStore` in memory.

    Attributes
    ----------
    failures : list of Exception
        Raised by the next commits or openings, one each, before anything is stored.
    lost_answers : list of Exception
        Raised by the next commits, one each, after everything is stored.
    """

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.lost_answers: list[Exception] = []
        self._epochs: dict[_Key, EpochState] = {}
        self._frames: dict[_Key, dict[int, Frame]] = {}

    async def open_epochs(self, openings: Sequence[EpochOpening]) -> list[EpochState]:
        """Return the state of each, creating those that are new at window 0."""
        self._fail()
        for opening in openings:
            self._epochs.setdefault(opening.key, EpochState(0, opening.geometry))
            self._frames.setdefault(opening.key, {})
        return [self._epochs[opening.key] for opening in openings]

    async def commit(self, advances: Sequence[Advance]) -> dict[_Key, int]:
        """Store all advances at once and return the positions that are then stored."""
        self._fail()
        for advance in advances:
            state = self._epochs.get(advance.key)
            if state is None or state.next_window_index != advance.expected:
                continue
            frames = self._frames[advance.key]
            for frame in (*advance.frames, *advance.late):
                old = frames.get(frame.window_index)
                recomputed = not (frame.empty_reason or frame.late)
                if old is None or old.empty_reason or recomputed:
                    frames[frame.window_index] = frame
            self._epochs[advance.key] = EpochState(advance.target, state.geometry)
        if self.lost_answers:
            raise self.lost_answers.pop(0)
        return {
            advance.key: self._epochs[advance.key].next_window_index
            if advance.key in self._epochs
            else 0
            for advance in advances
        }

    async def list_frames(self, query: FrameQuery) -> list[Frame]:
        """Return frames by start time, epoch and window index."""
        found = [
            frame
            for (sensor_id, _), frames in self._frames.items()
            if sensor_id == query.sensor_id
            for frame in frames.values()
            if _matches(frame, query)
        ]
        return sorted(found, key=_row_key)[: query.limit]

    async def newest_frame(self, sensor_id: str) -> Frame | None:
        """Return the frame with the latest start time, a late one only if there is no other."""
        frames = await self.list_frames(FrameQuery(sensor_id, limit=1 << 60))
        return max(frames, key=lambda frame: (not frame.late, _row_key(frame)), default=None)

    async def next_window_index(self, sensor_id: str, epoch: int) -> int:
        """Return the position of an epoch; 0 for one that is unknown."""
        state = self._epochs.get((sensor_id, epoch))
        return state.next_window_index if state else 0

    def knows(self, sensor_id: str) -> bool:
        """Tell whether an epoch of the sensor was ever opened."""
        return any(key[0] == sensor_id for key in self._epochs)

    def move(self, sensor_id: str, epoch: int, next_window_index: int) -> None:
        """Set a position as another analyzer would."""
        state = self._epochs[sensor_id, epoch]
        self._epochs[sensor_id, epoch] = EpochState(next_window_index, state.geometry)

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


class FakeRollupHistory:
    """`RollupHistory` in memory: sums up the frames of a `FakeFeatureStore` when it is asked."""

    def __init__(self, store: FakeFeatureStore) -> None:
        self._store = store

    async def list_rollups(self, query: RollupQuery) -> list[Rollup]:
        """Return the roll-ups of up to `limit` intervals, by start; each interval is whole."""
        frames = await self._store.list_frames(FrameQuery(query.sensor_id, limit=1 << 60))
        groups: dict[int, dict[FrameLayout, list[Frame]]] = {}
        for frame in frames:
            start_us = frame.start_us - frame.start_us % query.interval.length_us
            if start_us >= (query.start_us or 0) and start_us < (query.end_us or 1 << 62):
                groups.setdefault(start_us, {}).setdefault(frame.layout, []).append(frame)
        return [
            _rolled_up(start_us, layout, group)
            for start_us in sorted(groups)[: query.limit]
            for layout, group in groups[start_us].items()
        ]


class FakeLiveFeatures:
    """`LiveFeatures` in memory.

    Attributes
    ----------
    batches : list of bytes
        What was published.
    away : bool
        Whether every call fails.
    """

    def __init__(self) -> None:
        self.batches: list[bytes] = []
        self.away = False
        self._latest: dict[str, bytes] = {}

    async def publish(self, batch: bytes, latest: Mapping[str, bytes]) -> None:
        """Append one serialised `FeatureBatch`, and replace the newest frame of some sensors."""
        self._fail()
        self.batches.append(batch)
        self._latest.update(latest)

    async def latest(self, sensor_id: str) -> bytes | None:
        """Return the newest frame of a sensor as a serialised batch of one, or None."""
        self._fail()
        return self._latest.get(sensor_id)

    def _fail(self) -> None:
        if self.away:
            raise LiveStreamUnavailable(problem="away")


def _rolled_up(start_us: int, layout: FrameLayout, frames: list[Frame]) -> Rollup:
    valued = [frame for frame in frames if frame.values is not None]
    masks = [frame.quality for frame in valued]
    values = np.ma.masked_invalid([np.float64(frame.values) for frame in valued])

    def filled(array: Any) -> Float32Array:
        return np.asarray(array.filled(np.nan), np.float32)

    return Rollup(
        start_us=start_us,
        layout=layout,
        window_count=len(frames),
        empty_window_count=len(frames) - len(valued),
        minimum=filled(values.min(axis=0)) if valued else None,
        mean=filled(values.mean(axis=0)) if valued else None,
        maximum=filled(values.max(axis=0)) if valued else None,
        value_counts=values.count(axis=0) if valued else None,
        quality=tuple(np.bitwise_or.reduce(masks).tolist()) if valued else (),
    )


def _row_key(frame: Frame) -> tuple[int, int, int]:
    return frame.start_us, frame.epoch, frame.window_index


def _matches(frame: Frame, query: FrameQuery) -> bool:
    return (
        (query.start_us is None or frame.start_us >= query.start_us)
        and (query.end_us is None or frame.start_us < query.end_us)
        and query.epoch in (0, frame.epoch)
        and (query.after_window_index is None or frame.window_index > query.after_window_index)
        and (query.after is None or _row_key(frame) > query.after)
    )
