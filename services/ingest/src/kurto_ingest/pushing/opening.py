"""How a sender gets hold of a sensor: epochs, fences, takeovers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from weakref import WeakValueDictionary

from kurto_ingest.assets.model import Sensor, SensorConfig
from kurto_ingest.assets.ports import SensorStore
from kurto_ingest.assets.validation import require_sensor_id
from kurto_ingest.exceptions import Archived, Draining, SensorInUse, StaleFence, UnknownEpoch
from kurto_ingest.ports import NewStream, StreamRecord, StreamStore
from kurto_ingest.pushing.committer import GroupCommitter
from kurto_ingest.pushing.open_options import OpenOptions
from kurto_ingest.pushing.registry import StreamRegistry, WindowSink
from kurto_ingest.pushing.session import Session
from kurto_ingest.pushing.stream_validation import (
    StreamDeclaration,
    check_boot_id,
    check_declaration,
    check_same_stream,
    start_by_our_clock,
)
from kurto_ingest.records.event_log import EventLog
from kurto_ingest.records.stream_events import EventKind
from kurto_ingest.streams.process_values import ProcessValue
from kurto_ingest.streams.timing import microseconds
from kurto_ingest.value_store import ProcessValueStore
from kurto_service.clock import Clock

__all__ = ["OpenOptions", "OpenedStream", "StreamOpener", "fitting_config"]

_LIVE_S = 3.0  # a sender without an open call counts as live for so long after its last sample
_FLUSH_S = 1.0  # what an earlier call brought gets so long to become durable
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class OpenedStream:
    """A stream that a sender may push to."""

    record: StreamRecord
    config: SensorConfig
    clock_offset_us: int | None = None  # as measured by this call


async def fitting_config(store: SensorStore, record: StreamRecord, sensor: Sensor) -> SensorConfig:
    """Return the sensor's configuration, or the one its epoch began with if rates differ now."""
    if sensor.config.fits(record.format):
        return sensor.config
    return await store.get_config(sensor.sensor_id, record.config_version)


class StreamOpener:
    """Opens streams, and finds those that were opened.

    Parameters
    ----------
    sensors : SensorStore
        Knows the sensors.
    streams : StreamStore
        Keeps epochs and fences.
    registry : StreamRegistry
        Holds the live streams.
    committer : GroupCommitter
        Makes durable what an earlier call brought.
    sink : WindowSink
        Follows the streams.
    clock : Clock
        Anchors new epochs.
    events : EventLog
        Told of new epochs and takeovers.
    values : ProcessValueStore
        Tells the load that a stream goes on with.
    """

    def __init__(
        self,
        *,
        sensors: SensorStore,
        streams: StreamStore,
        registry: StreamRegistry,
        committer: GroupCommitter,
        sink: WindowSink,
        clock: Clock,
        events: EventLog,
        values: ProcessValueStore,
    ) -> None:
        self._sensors = sensors
        self._streams = streams
        self._registry = registry
        self._committer = committer
        self._sink = sink
        self._clock = clock
        self._events = events
        self._values = values
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.draining = False

    @asynccontextmanager
    async def _alone(self, sensor_id: str) -> AsyncIterator[None]:
        lock = self._locks.get(sensor_id)
        if lock is None:
            lock = self._locks[sensor_id] = asyncio.Lock()
        async with lock:
            yield

    async def open(
        self, sensor_id: str, declaration: StreamDeclaration, options: OpenOptions
    ) -> OpenedStream:
        """Open or resume a stream and raise its fence.

        Raises
        ------
        UnknownSensor, Archived, InvalidField, StreamMismatch, SensorInUse, Overloaded, Draining
        """
        self._require_running()
        require_sensor_id(sensor_id)
        check_boot_id(declaration.boot_id)
        now_us = microseconds(self._clock.now())
        start_us = start_by_our_clock(
            options.start_us, clock_us=options.clock_us, now_us=now_us, backfill=options.backfill
        )
        options = replace(options, start_us=start_us)
        offset_us = None if options.clock_us is None else now_us - options.clock_us
        sensor = await self._sensors.get_sensor(sensor_id)
        if sensor.archived:
            raise Archived("sensor", sensor_id)
        async with self._alone(sensor_id):
            for _ in range(_ATTEMPTS):
                record = await self._open(sensor, declaration, options, offset_us)
                if record is not None:
                    return await self._begin_session(sensor, record, offset_us)
        raise SensorInUse(sensor_id, _LIVE_S)

    def _require_running(self) -> None:
        if self.draining:
            raise Draining(retry_after_s=1.0)
        self._registry.require_room()

    async def _open(
        self,
        sensor: Sensor,
        declaration: StreamDeclaration,
        options: OpenOptions,
        offset_us: int | None,
    ) -> StreamRecord | None:
        own = await self._streams.find_boot(sensor.sensor_id, declaration.boot_id)
        if own is not None:
            config = await fitting_config(self._sensors, own, sensor)
            check_declaration(declaration, config)
            check_same_stream(declaration, own.format)
            await self._release(own)
            return await self._streams.raise_fence(
                own.key, backfill=options.backfill, clock_offset_us=offset_us
            )
        check_declaration(declaration, sensor.config)
        if not options.backfill:
            newest = await self._streams.find(sensor.sensor_id, 0)
            if newest is not None:
                await self._replace(newest, takeover=options.takeover)
        return await self._begin(sensor, declaration, options, offset_us)

    async def _begin(
        self,
        sensor: Sensor,
        declaration: StreamDeclaration,
        options: OpenOptions,
        offset_us: int | None,
    ) -> StreamRecord | None:
        start_us = options.start_us
        record = await self._streams.begin(
            NewStream(
                sensor=sensor,
                boot_id=declaration.boot_id,
                encoding=declaration.encoding,
                scales=declaration.scales,
                anchor_us=microseconds(self._clock.now()) if start_us is None else start_us,
                clock_offset_us=offset_us,
                backfill=options.backfill,
                recorded=start_us is not None,
            )
        )
        if record is not None:
            kind = "An upload from a buffer" if options.backfill else "A new epoch"
            self._events.note(
                EventKind.EPOCH_BEGAN,
                sensor_id=sensor.sensor_id,
                epoch=record.format.epoch,
                message=f"{kind} began, boot_id {declaration.boot_id!r}.",
            )
        return record

    async def _replace(self, other: StreamRecord, *, takeover: bool) -> None:
        """Make way for a new epoch: `other` is the newest one, of another sender."""
        if not self._is_live(other):
            return
        if not takeover:
            raise SensorInUse(other.format.sensor_id, _LIVE_S)
        await self._release(other)
        await self._streams.raise_fence(other.key)
        self._events.note(
            EventKind.TAKEN_OVER,
            sensor_id=other.format.sensor_id,
            epoch=other.format.epoch,
            first_index=other.position.next_index,
            message=f"Another sender took over from boot_id {other.boot_id!r}.",
        )

    def _is_live(self, record: StreamRecord) -> bool:
        session = self._registry.get(record.key)
        if session is not None:
            last_s = session.live.counters.last_receive_s
            recent = last_s is not None and self._clock.monotonic() - last_s < _LIVE_S
            return bool(session.feeders) or recent
        if record.commit_time is None:
            return False
        return self._clock.now() - record.commit_time < timedelta(seconds=_LIVE_S)

    async def _release(self, record: StreamRecord) -> None:
        """End the calls of a stream, after what they brought is durable if that is quick."""
        session = self._registry.get(record.key)
        if session is None:
            return
        for feeder in tuple(session.feeders):
            feeder.lose(session, StaleFence(record.format.sensor_id, session.live.fence))
        await self._committer.flush(session, _FLUSH_S)
        self._close(session)

    def _close(self, session: Session) -> None:
        self._sink.detach(session)
        self._registry.remove(session, StaleFence(session.key[0], session.live.fence))

    async def _begin_session(
        self, sensor: Sensor, record: StreamRecord, offset_us: int | None
    ) -> OpenedStream:
        session, config = await self._enliven(sensor, record)
        session.clock.opened(offset_us)
        return OpenedStream(record, config, offset_us)

    async def _enliven(self, sensor: Sensor, record: StreamRecord) -> tuple[Session, SensorConfig]:
        config = await fitting_config(self._sensors, record, sensor)
        load, next_index = config.load, record.position.next_index
        known: list[ProcessValue] = []
        if load is not None:
            known = await self._values.holding(record.format, load, next_index, next_index)
        session = self._registry.add(record, sensor)
        session.live.values.follow_load(load, known)
        self._sink.attach(session, record, config)
        return session, config

    async def session(self, sensor_id: str, epoch: int, fence: int) -> Session:
        """Return the live stream that a Push names.

        Raises
        ------
        UnknownSensor, UnknownEpoch, StaleFence, Archived, Overloaded, Draining
        """
        self._require_running()
        require_sensor_id(sensor_id)
        session = self._registry.get((sensor_id, epoch))
        if session is None:
            async with self._alone(sensor_id):
                session = self._registry.get((sensor_id, epoch))
                if session is None:
                    session = await self._revive(sensor_id, epoch, fence)
        if session.closed is not None:
            raise session.closed
        if session.live.fence != fence:
            raise StaleFence(sensor_id, fence)
        return session

    async def _revive(self, sensor_id: str, epoch: int, fence: int) -> Session:
        """Make a stream live again that was opened in another life of this service."""
        sensor = await self._sensors.get_sensor(sensor_id)
        if sensor.archived:
            raise Archived("sensor", sensor_id)
        record = await self._streams.find(sensor_id, epoch) if epoch > 0 else None
        if record is None:
            raise UnknownEpoch(sensor_id, epoch)
        if record.fence != fence:
            raise StaleFence(sensor_id, fence)
        session, _ = await self._enliven(sensor, record)
        return session
