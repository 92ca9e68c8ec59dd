"""Events and times of samples in memory; they pass the same contract tests as PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from kurto_ingest.ports import StreamKey
from kurto_ingest.records.sample_times import SampleTime
from kurto_ingest.records.stream_events import EventQuery, StreamEvent
from kurto_ingest.streams.timing import microseconds
from kurto_service.clock import Clock

__all__ = ["FakeEventStore", "FakeSampleTimeStore"]


class FakeEventStore:
    """`kurto_ingest.ports.EventStore` in memory.

    Attributes
    ----------
    failures : list of Exception
        Raised, one an `add`, before anything is done.
    """

    def __init__(self) -> None:
        self.events: list[StreamEvent] = []
        self.failures: list[Exception] = []
        self._last_id = 0

    async def add(self, events: Sequence[StreamEvent]) -> None:
        """Store events in this order."""
        if self.failures:
            raise self.failures.pop(0)
        for event in events:
            self._last_id += 1
            self.events.append(replace(event, event_id=self._last_id))

    async def find(self, query: EventQuery) -> list[StreamEvent]:
        """Return the events that are asked for, newest first."""
        found = [event for event in reversed(self.events) if _matches(event, query)]
        return found[: query.limit]

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` events that are older than `before`; returns how many."""
        before_us = microseconds(before)
        old = [event.event_id for event in self.events if event.time_us < before_us][:limit]
        self.events = [event for event in self.events if event.event_id not in old]
        return len(old)


def _matches(event: StreamEvent, query: EventQuery) -> bool:
    return (
        query.sensor_id in {"", event.sensor_id}
        and (query.start_us is None or event.time_us >= query.start_us)
        and (query.end_us is None or event.time_us < query.end_us)
        and (not query.kinds or event.kind in query.kinds)
        and (query.before_id is None or event.event_id < query.before_id)
    )


class FakeSampleTimeStore:
    """`kurto_ingest.ports.SampleTimeStore` in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.rows: dict[tuple[str, int, int], tuple[datetime, SampleTime]] = {}

    async def add(self, rows: Sequence[SampleTime]) -> None:
        """Store rows; one that is there already stays as it is."""
        for row in rows:
            key = (row.sensor_id, row.epoch, row.first_index)
            self.rows.setdefault(key, (self._clock.now(), row))

    async def between(self, key: StreamKey, first: int, end: int) -> list[SampleTime]:
        """Return the rows that tell the times of samples `first` <= i < `end`, ascending."""
        own = sorted(
            (row for (*stream, _), (_, row) in self.rows.items() if tuple(stream) == key),
            key=lambda row: row.first_index,
        )
        low = max((row.first_index for row in own if row.first_index <= first), default=first)
        high = min((row.first_index for row in own if row.first_index >= end), default=end)
        return [row for row in own if low <= row.first_index <= high]

    def newest_offset_us(self, key: StreamKey) -> int | None:
        """Return the offset of the newest row of an epoch."""
        own = [row for (*stream, _), (_, row) in self.rows.items() if tuple(stream) == key]
        return max(own, key=lambda row: row.first_index).offset_us if own else None

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` rows noted before `before`; returns how many."""
        old = [key for key, (noted, _) in self.rows.items() if noted < before][:limit]
        for key in old:
            del self.rows[key]
        return len(old)
