"""What the analyzer needs from the outside: a durable store, and a live stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kurto_analyzer.cursors import RowKey
from kurto_analyzer.frames import Frame
from kurto_analyzer.rollups import EpochProgress, Rollup, RollupQuery, RollupSpan
from kurto_analyzer.sample_clock import StreamGeometry

__all__ = [
    "Advance",
    "EpochOpening",
    "EpochState",
    "FeatureStore",
    "FrameQuery",
    "LiveFeatures",
    "RollupHistory",
    "RollupStore",
]


@dataclass(frozen=True, slots=True)
class EpochOpening:
    """A (sensor, epoch) that begins to be analysed here.

    Attributes
    ----------
    sensor_id, epoch
        Identity.
    geometry : StreamGeometry
        As announced.
    """

    sensor_id: str
    epoch: int
    geometry: StreamGeometry

    @property
    def key(self) -> tuple[str, int]:
        """Identity."""
        return self.sensor_id, self.epoch


@dataclass(frozen=True, slots=True)
class EpochState:
    """What is stored of a (sensor, epoch).

    Attributes
    ----------
    next_window_index : int
        Every window below it is committed or skipped.
    geometry : StreamGeometry
        As when the epoch began.
    """

    next_window_index: int
    geometry: StreamGeometry


@dataclass(slots=True)
class Advance:
    """Windows of one (sensor, epoch) to be committed together.

    Attributes
    ----------
    sensor_id, epoch
        Identity.
    expected : int
        The position that must be stored before.
    target : int
        The position afterwards; equal to `expected` when there are late frames only.
    frames : list of Frame
        New frames, ascending.
    late : list of Frame
        Frames that replace empty ones.
    """

    sensor_id: str
    epoch: int
    expected: int
    target: int
    frames: list[Frame] = field(default_factory=list)
    late: list[Frame] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, int]:
        """Identity."""
        return self.sensor_id, self.epoch


@dataclass(frozen=True, slots=True)
class FrameQuery:
    """Which stored frames of a sensor are asked for.

    Attributes
    ----------
    sensor_id : str
        Sensor in question.
    start_us, end_us : int or None
        Range of start times, half open, microseconds since 1970.
    epoch : int
        Only this epoch; 0 for all.
    after_window_index : int or None
        Only windows above it; needs `epoch`.
    after : RowKey or None
        Only rows after this one.
    limit : int
        Largest number of frames.
    """

    sensor_id: str
    limit: int
    start_us: int | None = None
    end_us: int | None = None
    epoch: int = 0
    after_window_index: int | None = None
    after: RowKey | None = None


class FeatureStore(Protocol):
    """Positions and frames, durable."""

    async def open_epochs(self, openings: Sequence[EpochOpening]) -> list[EpochState]:
        """Return the state of each, creating those that are new at window 0."""
        ...

    async def commit(self, advances: Sequence[Advance]) -> dict[tuple[str, int], int]:
        """Store all advances in one transaction and return the positions that are then stored.

        An advance whose position differs from `expected` is left out, without its late frames; the
        caller sees from the returned position whether an earlier attempt had succeeded.
        """
        ...

    async def list_frames(self, query: FrameQuery) -> list[Frame]:
        """Return frames by start time, epoch and window index."""
        ...

    async def newest_frame(self, sensor_id: str) -> Frame | None:
        """Return the frame with the latest start time, a late one only if there is no other."""
        ...

    async def next_window_index(self, sensor_id: str, epoch: int) -> int:
        """Return the position of an epoch; 0 for one that is unknown."""
        ...


class RollupHistory(Protocol):
    """Roll-ups, to be read."""

    async def list_rollups(self, query: RollupQuery) -> list[Rollup]:
        """Return the roll-ups of up to `limit` intervals, by start; each interval is whole."""
        ...


class RollupStore(Protocol):
    """Frames, and how far they are rolled up."""

    async def first_frame_us(self, sensor_id: str, from_us: int) -> int | None:
        """Return the start of a sensor's first frame from a time on, or None."""
        ...

    async def behind(self) -> list[EpochProgress]:
        """Return the epochs that are not rolled up as far as they are analysed."""
        ...

    async def roll_up(self, span: RollupSpan) -> bool:
        """Roll up some minutes and move the epoch's position; False if another process does."""
        ...

    async def roll_up_due(self, limit: int) -> int:
        """Roll up again up to `limit` minutes in which frames were replaced; return how many."""
        ...


class LiveFeatures(Protocol):
    """What is live: a stream of batches and the newest frame of each sensor."""

    async def publish(self, batch: bytes, latest: Mapping[str, bytes]) -> None:
        """Append one serialised `FeatureBatch`, and replace the newest frame of some sensors.

        Raises
        ------
        LiveStreamUnavailable
            When nothing, or perhaps nothing, was published.
        """
        ...

    async def latest(self, sensor_id: str) -> bytes | None:
        """Return the newest frame of a sensor as a serialised batch of one, or None.

        Raises
        ------
        LiveStreamUnavailable
            When it cannot be told.
        """
        ...
