"""What happened to streams, and how often it is worth a record."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import IntEnum

__all__ = ["EventKind", "EventQuery", "EventThrottle", "StreamEvent"]

_LONGEST_MESSAGE = 500


class EventKind(IntEnum):
    """What happened; the numbers are those of `kurto.ingest.v1.StreamEventKind`."""

    EPOCH_BEGAN = 1
    TAKEN_OVER = 2
    GAP = 3
    ABANDONED = 4
    CLOCK_STEP = 5
    RATE_DRIFT = 6
    RATE_RESTORED = 7
    TIME_IN_FUTURE = 8
    ANALYSIS_SKIPPED = 9
    QUALITY_CHANGED = 10
    SAMPLES_SHED = 11
    STORAGE_STOPPED = 12
    STORAGE_RESUMED = 13
    SAMPLES_QUARANTINED = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """Something that happened.

    Attributes
    ----------
    kind : EventKind
        What.
    time_us : int
        When, in microseconds since 1970-01-01T00:00:00Z.
    sensor_id : str
        Sensor in question; empty for all.
    epoch : int
        Epoch in question; 0 for none.
    first_index, end_index : int
        Samples concerned; equal for moments.
    value : float or None
        A number that belongs to the kind.
    message : str
        For people.
    event_id : int
        Given by the store; 0 before.
    """

    kind: EventKind
    time_us: int
    sensor_id: str = ""
    epoch: int = 0
    first_index: int = 0
    end_index: int = 0
    value: float | None = None
    message: str = ""
    event_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events are asked for; the newest come first.

    Attributes
    ----------
    sensor_id : str
        Only this sensor's; empty for all.
    start_us, end_us : int or None
        Only events with start <= time < end, in microseconds since 1970-01-01T00:00:00Z.
    kinds : collection of int
        Only these; empty for all.
    before_id : int or None
        Only events with a smaller number.
    limit : int
        At most so many.
    """

    sensor_id: str = ""
    start_us: int | None = None
    end_us: int | None = None
    kinds: Collection[int] = ()
    before_id: int | None = None
    limit: int = 100


@dataclass(slots=True)
class _Held:
    """The events of one kind on one stream since the last one that was let through."""

    until_us: int
    event: StreamEvent | None = None
    count: int = 0


class EventThrottle:
    """Lets the first event of a kind on a stream through, and sums up those that follow at once.

    Parameters
    ----------
    interval_s : float
        Time for which the events after one that was let through are gathered into one.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval_us = int(interval_s * 1e6)
        self._held: dict[tuple[str, int, EventKind], _Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def offer(self, event: StreamEvent) -> StreamEvent | None:
        """Return `event` if it is to be recorded now; else it is summed up."""
        key = (event.sensor_id, event.epoch, event.kind)
        held = self._held.get(key)
        if held is None:
            self._held[key] = _Held(event.time_us + self._interval_us)
            return event
        held.count += 1
        held.event = event if held.event is None else _united(held.event, event)
        return None

    def release(self, now_us: int | None) -> list[StreamEvent]:
        """Return the sums whose time has come, at `now_us`; all of them when that is None."""
        ready: list[StreamEvent] = []
        for key, held in tuple(self._held.items()):
            if now_us is not None and now_us < held.until_us:
                continue
            if held.event is None or now_us is None:
                del self._held[key]
            else:
                self._held[key] = _Held(now_us + self._interval_us)
            if held.event is not None:
                ready.append(_summed_up(held.event, held.count))
        return ready


def _united(first: StreamEvent, last: StreamEvent) -> StreamEvent:
    return replace(
        last,
        first_index=min(first.first_index, last.first_index),
        end_index=max(first.end_index, last.end_index),
    )


def _summed_up(event: StreamEvent, count: int) -> StreamEvent:
    prefix = f"{count} times, last: " if count > 1 else ""
    return replace(event, message=(prefix + event.message)[:_LONGEST_MESSAGE])
