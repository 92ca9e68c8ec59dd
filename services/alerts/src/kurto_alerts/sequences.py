"""Puts the frames of a sensor in sequence: each window once, in order, without holes.

Window indexes are dense within an epoch. A frame that comes twice is dropped, one that comes too
early shows a hole: the sensor is then filled from the analyzer's history, while a bounded number
of its live frames wait. Older epochs and late frames are never evaluated.
"""

import enum
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from kurto_alerts.frames import Frame


class Offer(enum.Enum):
    """What became of a live frame."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    OLD_EPOCH = "old_epoch"
    LATE = "late"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of a sensor's history.

    Attributes
    ----------
    after_window_index : int
        The position that was asked for.
    frames : sequence of Frame
        Committed frames of the epoch above that position, in order.
    next_window_index : int
        Every window below it is committed; one without a frame was skipped for good.
    complete : bool
        False when the history holds more frames than fitted the page.
    """

    sensor_id: str
    epoch: int
    after_window_index: int
    frames: Sequence[Frame]
    next_window_index: int
    complete: bool


@dataclass
class SensorSequence:
    """The position of one sensor: the last window that was handed out.

    Attributes
    ----------
    waiting : deque of Frame
        Live frames above a hole, in order; the oldest go when there are too many, for the history
        has them too.
    filling : bool
        True while windows are missing.
    """

    sensor_id: str
    epoch: int
    window_index: int
    capacity: int
    filling: bool = False
    skipped_count: int = 0
    waiting: deque[Frame] = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = deque(maxlen=self.capacity)

    def offer(self, frame: Frame) -> tuple[Offer, list[Frame]]:
        """Take a live frame and return the frames that may now be evaluated."""
        if frame.late:
            return Offer.LATE, []
        if frame.epoch < self.epoch:
            return Offer.OLD_EPOCH, []
        if frame.epoch == self.epoch:
            if frame.window_index <= self.window_index:
                return Offer.DUPLICATE, []
            if not self.filling and frame.window_index == self.window_index + 1:
                self.window_index = frame.window_index
                return Offer.TAKEN, [frame]
        self.filling = True
        identity = (frame.epoch, frame.window_index)
        if self.waiting and identity <= (self.waiting[-1].epoch, self.waiting[-1].window_index):
            return Offer.DUPLICATE, []
        self.waiting.append(frame)
        return Offer.WAITING, []

    def fill(self, page: HistoryPage) -> list[Frame]:
        """Take a page of history and return the frames that may now be evaluated.

        The page of an epoch that has ended meanwhile moves the sensor on to the next epoch once
        the history of the old one is exhausted.
        """
        if page.epoch != self.epoch:
            return []
        ready = self._take_page(page)
        if page.complete:
            self._skip_below(page)
        ready += self._take_waiting()
        # Frames of this epoch that still wait show a hole; it is filled before the epoch is left.
        # Should it never be, the frames of the next epoch push them out in the end.
        if page.complete and self.waiting and self.waiting[0].epoch > self.epoch:
            self.epoch, self.window_index = self.waiting[0].epoch, -1
            ready += self._take_waiting()
        return ready

    def _take_page(self, page: HistoryPage) -> list[Frame]:
        ready = []
        for frame in page.frames:
            if frame.window_index <= self.window_index:
                continue
            missing = frame.window_index - self.window_index - 1
            if missing and frame.window_index >= page.next_window_index:
                break  # what lies between may still come
            self.skipped_count += missing
            self.window_index = frame.window_index
            ready.append(frame)
        return ready

    def _skip_below(self, page: HistoryPage) -> None:
        """Pass over windows that were skipped at the end of the committed history."""
        missing = page.next_window_index - 1 - self.window_index
        if missing > 0 and page.after_window_index <= self.window_index:
            self.skipped_count += missing
            self.window_index += missing

    def _take_waiting(self) -> list[Frame]:
        """Hand out the waiting frames that now follow the position."""
        ready = []
        while self.waiting:
            frame = self.waiting[0]
            identity = (frame.epoch, frame.window_index)
            if identity > (self.epoch, self.window_index + 1):
                break
            self.waiting.popleft()
            if identity == (self.epoch, self.window_index + 1):
                self.window_index += 1
                ready.append(frame)
        self.filling = bool(self.waiting)
        return ready

    def move_to_epoch(self, epoch: int) -> None:
        """Begin a later epoch, of which no live frame has come yet."""
        if epoch > self.epoch:
            self.epoch, self.window_index = epoch, -1
            self.filling = True
