"""The newest part of the live feature stream, in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kurto.signal.v1 import features_pb2
from kurto_gateway.live.cursors import EntryId, Position
from kurto_gateway.live.frames import LiveFrame, frames_of

__all__ = ["Arrival", "FeatureLog"]

_FRESH_ENTRIES = 20  # entries whose encoded frames are kept: about a second


@dataclass(frozen=True, slots=True)
class Arrival:
    """What an entry brought.

    Attributes
    ----------
    frames : list of LiveFrame
        Frames that are new; windows that were published twice are left out.
    holes : mapping of str to int
        Windows that were jumped over, by sensor: they were never published.
    """

    frames: list[LiveFrame]
    holes: Mapping[str, int]


class FeatureLog:
    """Recent frames by position, and the newest one of each sensor.

    Parameters
    ----------
    max_bytes : int
        Weight of the recent frames kept, in bytes.
    max_sensors : int
        Sensors remembered; the one silent for longest goes first.
    """

    def __init__(self, *, max_bytes: int, max_sensors: int) -> None:
        self._max_bytes = max_bytes
        self._max_sensors = max_sensors
        self._entries: deque[list[LiveFrame]] = deque()
        self._bytes = 0
        self._fresh: deque[list[LiveFrame]] = deque()
        self._latest: OrderedDict[str, LiveFrame] = OrderedDict()
        self._newest_window: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._head: Position | None = None
        self._floor: Position | None = None

    @property
    def head(self) -> Position | None:
        """Just after the newest entry; None until the stream was reached."""
        return self._head

    @property
    def byte_count(self) -> int:
        """Weight of the recent frames."""
        return self._bytes

    def begin(self, entry: EntryId) -> None:
        """Say that reading begins after `entry`: what is older is only in Valkey."""
        self._head = self._floor = Position.after_all_of(entry)
        self._entries.clear()
        self._bytes = 0

    def append(self, entry: EntryId, batch: features_pb2.FeatureBatch) -> Arrival:
        """Add the next entry of the stream."""
        frames: list[LiveFrame] = []
        holes: dict[str, int] = {}
        for frame in frames_of(entry, batch):
            jumped = self._note(frame)
            if jumped is None:
                continue
            frames.append(frame)
            if jumped:
                holes[frame.sensor_id] = holes.get(frame.sensor_id, 0) + jumped
        self._head = Position.after_all_of(entry)
        self._keep(frames)
        return Arrival(frames, holes)

    def _note(self, frame: LiveFrame) -> int | None:
        """Return how many windows the frame jumps over, or None if it was there before."""
        if frame.late:
            return 0
        epoch, window_index = frame.order
        key = (frame.sensor_id, epoch)
        newest = self._newest_window.get(key)
        if newest is not None and window_index <= newest:
            return None
        self._newest_window[key] = window_index
        self._newest_window.move_to_end(key)
        if len(self._newest_window) > 2 * self._max_sensors:
            self._newest_window.popitem(last=False)
        self._set_latest(frame)
        return 0 if newest is None else window_index - newest - 1

    def _set_latest(self, frame: LiveFrame) -> None:
        known = self._latest.get(frame.sensor_id)
        if known is not None and known.order >= frame.order:
            return
        self._latest[frame.sensor_id] = frame
        self._latest.move_to_end(frame.sensor_id)
        if len(self._latest) > self._max_sensors:
            self._latest.popitem(last=False)

    def _keep(self, frames: list[LiveFrame]) -> None:
        if not frames:
            return
        self._entries.append(frames)
        self._bytes += sum(frame.size for frame in frames)
        while self._bytes > self._max_bytes and self._entries:
            self._evict()
        self._fresh.append(frames)
        if len(self._fresh) > _FRESH_ENTRIES:
            for frame in self._fresh.popleft():
                frame.shrink()

    def _evict(self) -> None:
        oldest = self._entries.popleft()
        for frame in oldest:
            self._bytes -= frame.size
            # The newest frame of a silent sensor must not hold the whole batch in memory.
            if self._latest.get(frame.sensor_id) is frame:
                frame.shrink()
        self._floor = Position.after_all_of(oldest[-1].position.entry)

    def after(self, position: Position) -> list[LiveFrame] | None:
        """Return all frames after `position`, or None when some of them are no longer here."""
        if self._floor is None or position < self._floor:
            return None
        first = bisect_right(self._entries, position, key=lambda frames: frames[-1].position)
        return [
            frame
            for index in range(first, len(self._entries))
            for frame in self._entries[index]
            if frame.position > position
        ]

    def latest(self, sensor_ids: Iterable[str]) -> list[LiveFrame]:
        """Return the newest frame of each of these sensors that has one."""
        return [self._latest[sensor] for sensor in sensor_ids if sensor in self._latest]

    def unknown(self, sensor_ids: Iterable[str]) -> list[str]:
        """Return those sensors of which no frame has come yet."""
        return [sensor for sensor in sensor_ids if sensor not in self._latest]

    def seed(self, batches: Iterable[features_pb2.FeatureBatch]) -> None:
        """Take newest frames that were cached before reading began."""
        before = Position(EntryId(0, 0), 0)
        for batch in batches:
            for packed in batch.frames:
                self._set_latest(LiveFrame(packed, tuple(batch.feature_names), before))
