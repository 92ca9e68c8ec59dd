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
    capacity : int
        Live frames that may wait above a hole.
    longest_hole : int
        Windows that are filled at most; what lies further back is given up, so that a sensor's
        present isn't put off for hours by its past.
    newest_epoch : int
        The newest epoch that anybody has told of; epochs are dense like windows.
    filling : bool
        True while windows are missing.
    skipped_count : int
        Windows passed over: skipped by the analyzer, or given up.
    waiting : deque of Frame
        Live frames above a hole, in order; the oldest go when there are too many, for the history
        has them too.
    """

    sensor_id: str
    epoch: int
    window_index: int
    capacity: int
    longest_hole: int
    newest_epoch: int = -1
    filling: bool = False
    skipped_count: int = 0
    waiting: deque[Frame] = field(init=False)

    def __post_init__(self) -> None:
        self.newest_epoch = max(self.newest_epoch, self.epoch)
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
            self._skip_to(frame.window_index - 1 - self.longest_hole)
        if self.waiting and _identity(frame) <= _identity(self.waiting[-1]):
            return Offer.DUPLICATE, []
        self.waiting.append(frame)
        self.expect(frame.epoch)
        return Offer.WAITING, []

    def expect(self, epoch: int) -> None:
        """Learn that windows are missing, up to some of `epoch`."""
        self.newest_epoch = max(self.newest_epoch, epoch)
        self.filling = True

    def fill(self, page: HistoryPage) -> list[Frame]:
        """Take a page of history and return the frames that may now be evaluated.

        Once the history of an epoch that has ended is exhausted, the sensor moves on to the next
        epoch, whose history is to be asked for then.
        """
        if page.epoch != self.epoch:
            return []
        ready = self._take_page(page)
        if page.complete:
            self._skip_to(page.next_window_index - 1)
        ready += self._take_waiting()
        # Frames of this epoch that still wait show a hole; it is filled before the epoch is left.
        # Should it never be, the frames of the next epoch push them out in the end.
        same = bool(self.waiting) and self.waiting[0].epoch == self.epoch
        ended = page.complete and not same and self.epoch < self.newest_epoch
        if ended:
            self.epoch, self.window_index = self.epoch + 1, -1
            taken = self._take_waiting()
            ready += taken
            ended = not taken
        self.filling = ended or bool(self.waiting) or not page.complete
        return ready

    def _take_page(self, page: HistoryPage) -> list[Frame]:
        ready = []
        for frame in page.frames:
            if frame.window_index <= self.window_index:
                continue
            if frame.window_index > self.window_index + 1:
                if frame.window_index >= page.next_window_index:
                    break  # what lies between may still come
                self._skip_to(frame.window_index - 1)
            self.window_index = frame.window_index
            ready.append(frame)
        return ready

    def _skip_to(self, window_index: int) -> None:
        """Pass over windows up to one of this epoch, if it lies ahead."""
        if window_index > self.window_index:
            self.skipped_count += window_index - self.window_index
            self.window_index = window_index

    def _take_waiting(self) -> list[Frame]:
        """Hand out the waiting frames that now follow the position."""
        ready = []
        while self.waiting and _identity(self.waiting[0]) <= (self.epoch, self.window_index + 1):
            frame = self.waiting.popleft()
            if _identity(frame) == (self.epoch, self.window_index + 1):
                self.window_index += 1
                ready.append(frame)
        return ready


def _identity(frame: Frame) -> tuple[int, int]:
    return frame.epoch, frame.window_index
