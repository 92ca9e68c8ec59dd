"""The states of all streams: for those who ask, and once a second for those who watch."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from kurto.gateway.v1 import live_service_pb2
from kurto.ingest.v1 import stream_status_pb2 as pb
from kurto_ingest.assets.model import Sensor
from kurto_ingest.assets.ports import SensorStore
from kurto_ingest.forwarding.forwarder import WindowForwarder
from kurto_ingest.metrics import IngestMetrics
from kurto_ingest.ports import StatusPublisher, StreamRecord, StreamStore
from kurto_ingest.pushing.registry import StreamRegistry
from kurto_ingest.pushing.session import Session
from kurto_ingest.records.event_log import EventLog
from kurto_ingest.records.stream_events import EventKind
from kurto_ingest.status.sensor_status import arrival_message, stale_after_s, status_message
from kurto_ingest.streams.quality import GAP
from kurto_ingest.streams.quality_flags import flag_names
from kurto_service.clock import Clock
from kurto_service.turns import in_turns

__all__ = ["StatusBoard"]

_LOG = logging.getLogger(__name__)
# However many streams fall silent one after the other, no more often than this.
_LEAST_PAUSE_S = 0.1


class StatusBoard:
    """Knows the state of every stream.

    Parameters
    ----------
    registry : StreamRegistry
        The live streams.
    forwarder : WindowForwarder
        How far they are analysed.
    sensors, streams : SensorStore, StreamStore
        What is stored of those that are not live.
    publisher : StatusPublisher
        Takes the states to those who watch.
    clock, metrics : Clock, IngestMetrics
        Time, and gauges.
    events : EventLog
        Told when the quality of samples changes.
    """

    def __init__(
        self,
        *,
        registry: StreamRegistry,
        forwarder: WindowForwarder,
        sensors: SensorStore,
        streams: StreamStore,
        publisher: StatusPublisher,
        clock: Clock,
        metrics: IngestMetrics,
        events: EventLog,
    ) -> None:
        self._registry = registry
        self._forwarder = forwarder
        self._sensors = sensors
        self._streams = streams
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self._events = events
        self._published: dict[str, pb.SensorStatus] = {}
        self._touched: dict[str, Sensor] = {}
        self._problem = ""

    def touch(self, sensor: Sensor) -> None:
        """Publish the state of `sensor` next time, live or not."""
        self._touched[sensor.sensor_id] = sensor

    async def states(self, sensors: Sequence[Sensor]) -> list[pb.SensorStatus]:
        """Return the states of `sensors`."""
        records = {
            record.format.sensor_id: record
            for record in await self._streams.newest([sensor.sensor_id for sensor in sensors])
        }
        return await in_turns(
            lambda sensor: self._state(sensor, records.get(sensor.sensor_id)), sensors
        )

    def arrivals(self, within_s: float) -> list[pb.StreamArrival]:
        """Return how far the newest epoch of each sensor has come that was fed within a time."""
        now, now_s = self._clock.now(), self._clock.monotonic()
        found = []
        for session in self._newest_sessions().values():
            received_s = session.live.counters.last_receive_s
            if received_s is not None and now_s - received_s <= within_s:
                age_s = max(0.0, now_s - received_s)
                found.append(arrival_message(session, age_s=age_s, now=now))
        return found

    def _state(self, sensor: Sensor, record: StreamRecord | None) -> pb.SensorStatus:
        sessions = self._registry.of_sensor(sensor.sensor_id)
        newest = record.format.epoch if record is not None else 0
        # Older epochs may be on their way from a buffer: they are not what the sensor does now.
        session = next((item for item in sessions if item.key[1] == newest), None)
        return self._message(sensor, session, record)

    def _message(
        self, sensor: Sensor, session: Session | None, record: StreamRecord | None
    ) -> pb.SensorStatus:
        key = session.key if session else record.key if record else None
        uploads = 0
        if session is None or self._registry.count_of(sensor.sensor_id) > 1:
            others = self._registry.of_sensor(sensor.sensor_id)
            uploads = sum(bool(item.feeders) for item in others if item is not session)
        return status_message(
            sensor,
            record=record,
            session=session,
            backfill_count=uploads,
            feed=self._forwarder.feed(key) if key else None,
            now=self._clock.now(),
            now_s=self._clock.monotonic(),
        )

    async def run(self, interval_s: float) -> None:
        """Publish for ever what changed."""
        while True:
            self._measure()
            try:
                await self.publish()
            except Exception as error:
                _LOG.warning(
                    "States of streams not published, will be tried again",
                    extra={"action": "status_failed", "error": f"{type(error).__name__}: {error}"},
                )
            await self._clock.sleep(self._pause_s(interval_s))

    def _pause_s(self, interval_s: float) -> float:
        """Return the time to the next publication: sooner when a stream goes stale before."""
        now_s = self._clock.monotonic()
        pause_s = interval_s
        for session in self._registry:
            received_s = session.live.counters.last_receive_s
            if received_s is not None:
                left_s = received_s + stale_after_s(session.sensor) - now_s
                if 0 < left_s < pause_s:
                    pause_s = left_s
        return max(_LEAST_PAUSE_S, pause_s)

    def _report(self, problem: str) -> None:
        """Say once that publishing fails, and once that it works again."""
        if problem and not self._problem:
            _LOG.warning(
                "States of streams not published, will be tried again",
                extra={"action": "status_failed", "error": problem},
            )
        elif self._problem and not problem:
            _LOG.info("States of streams published again", extra={"action": "status_healed"})
        self._problem = problem

    def _measure(self) -> None:
        now_s = self._clock.monotonic()
        metrics, registry = self._metrics, self._registry
        lag_s = 0.0
        for session in registry:
            counters = session.live.counters
            if counters.last_receive_s is not None:
                session.meter.read(counters.last_receive_s, counters.accepted_count)
            lag_s = max(lag_s, session.live.commit_lag_s(now_s))
            self._inspect(session)
        metrics.count(registry.totals)
        metrics.commit_lag.set(lag_s)
        metrics.analysis_lag.set(
            max((feed.lag_s for feed in self._forwarder.feeds if feed.newest), default=0.0)
        )
        metrics.streams.set(len(registry))
        metrics.pending_bytes.set(registry.pending_bytes)
        metrics.tail_bytes.set(registry.tail_bytes)

    def _inspect(self, session: Session) -> None:
        """Take note of the quality of the newest blocks, and record what changed."""
        seen = session.live.take_quality()
        if seen is None or seen == session.quality:
            return
        before, session.quality = session.quality, seen
        if (before ^ seen) & ~GAP:  # gaps have events of their own
            names = ", ".join(flag_names(seen & ~GAP)) or "none"
            self._events.note(
                EventKind.QUALITY_CHANGED,
                sensor_id=session.key[0],
                epoch=session.key[1],
                first_index=session.live.accepted.next_index,
                message=f"Quality flags of the samples: {names}.",
            )

    async def publish(self) -> None:
        """Publish the states that changed since the last time."""
        states = self._live_states()
        touched, self._touched = self._touched, {}
        try:
            rest = [sensor for key, sensor in touched.items() if key not in states]
            for state in await self.states(rest) if rest else ():
                states[state.sensor_id] = state
            changed = [state for key, state in states.items() if self._published.get(key) != state]
            if changed:
                update = live_service_pb2.StreamStatusUpdate(streams=changed)
                await self._publisher.publish(update.SerializeToString())
        except BaseException:
            self._touched = {**touched, **self._touched}
            raise
        self._remember(states, touched)

    def _remember(self, states: dict[str, pb.SensorStatus], touched: Collection[str]) -> None:
        live = {session.key[0] for session in self._registry}
        self._published.update(states)
        for sensor_id in set(self._published) - live - set(touched):
            del self._published[sensor_id]

    def _live_states(self) -> dict[str, pb.SensorStatus]:
        return {
            sensor_id: self._resting(session) or self._message(session.sensor, session, None)
            for sensor_id, session in self._newest_sessions().items()
        }

    def _newest_sessions(self) -> dict[str, Session]:
        newest: dict[str, Session] = {}
        for session in self._registry:
            other = newest.get(session.key[0])
            if not session.backfill and (other is None or other.key[1] < session.key[1]):
                newest[session.key[0]] = session
        return newest

    def _resting(self, session: Session) -> pb.SensorStatus | None:
        """Return the state published last, if nothing can have changed since."""
        sensor_id = session.key[0]
        state = self._published.get(sensor_id)
        if state is None or sensor_id in self._touched or session.feeders or state.client_count:
            return None
        feed = self._forwarder.feed(session.key)
        live = session.live
        same = (
            state.state == pb.STREAM_STATE_STALE
            and state.next_index == live.accepted.next_index
            and state.durable_index == live.durable.next_index
            and live.is_durable
            and live.quarantine is None
            and not state.backfill_count
            and self._registry.count_of(sensor_id) == 1
            and (feed is None or (feed.finished and not state.analysis_lag.ToMicroseconds()))
        )
        return state if same else None
