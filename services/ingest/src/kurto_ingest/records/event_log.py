"""The record of what happened to streams: written beside the samples, never before them."""

from __future__ import annotations

from collections.abc import Callable

from kurto_ingest.ports import EventStore
from kurto_ingest.records.stream_events import EventKind, EventThrottle, StreamEvent
from kurto_ingest.records.write_behind import WriteBehind
from kurto_ingest.streams.timing import microseconds
from kurto_service.clock import Clock

__all__ = ["EventLog"]

_MAX_KEYS = 20_000  # streams times kinds, whose events are being summed up


class EventLog:
    """Takes events and stores them a moment later.

    `note` neither waits nor fails. What does not fit the queue, because PostgreSQL has been away
    for long, is dropped and counted.

    Parameters
    ----------
    store : EventStore
        Keeps them.
    clock : Clock
        Tells when they happened.
    max_queued : int
        Events that may wait.
    interval_s : float
        Time in which the events of one kind on one stream are summed up.
    dropped : callable
        Told how many events were dropped.
    """

    def __init__(
        self,
        store: EventStore,
        clock: Clock,
        *,
        max_queued: int,
        interval_s: float,
        dropped: Callable[[int], None],
    ) -> None:
        self._clock = clock
        self._dropped = dropped
        self._throttle = EventThrottle(interval_s)
        self._rows = WriteBehind[StreamEvent](store.add, max_queued=max_queued, dropped=dropped)

    def note(
        self,
        kind: EventKind,
        *,
        sensor_id: str = "",
        epoch: int = 0,
        first_index: int = 0,
        end_index: int | None = None,
        value: float | None = None,
        message: str = "",
    ) -> None:
        """Record that something happened now.

        Parameters
        ----------
        kind : EventKind
            What.
        sensor_id : str
            Sensor in question; empty for all.
        epoch : int
            Epoch in question; 0 for none.
        first_index, end_index : int
            Samples concerned; without an end it is a moment.
        value : float, optional
            A number that belongs to the kind.
        message : str
            What happened and what to do, for people.
        """
        event = StreamEvent(
            kind=kind,
            time_us=microseconds(self._clock.now()),
            sensor_id=sensor_id,
            epoch=epoch,
            first_index=first_index,
            end_index=first_index if end_index is None else end_index,
            value=value,
            message=message,
        )
        if len(self._throttle) >= _MAX_KEYS:
            self._dropped(1)
            return
        now = self._throttle.offer(event)
        if now is not None:
            self._rows.push(now)

    async def write(self, *, final: bool = False) -> int:
        """Store what waits; returns how many events that were.

        Parameters
        ----------
        final : bool
            Also those that are being summed up, since the process ends.
        """
        now_us = None if final else microseconds(self._clock.now())
        for event in self._throttle.release(now_us):
            self._rows.push(event)
        return await self._rows.write()
