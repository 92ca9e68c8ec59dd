"""Background tasks that keep the fan-out up to date, whatever is away for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError

from kurto.alerts.v1 import alerts_pb2
from kurto.gateway.v1 import live_service_pb2
from kurto.signal.v1 import features_pb2
from kurto_gateway.followers import AlertFollower, StateFollower
from kurto_gateway.live.cursors import EntryId
from kurto_gateway.live.fanout import Fanout
from kurto_gateway.metrics import GatewayMetrics
from kurto_gateway.ports import (
    FEATURES,
    STREAMS,
    TRANSITIONS,
    AlertSource,
    Away,
    Entry,
    LiveStreams,
    StateSource,
)
from kurto_service.clock import Clock

__all__ = ["Feed", "ReadIntervals", "StreamReader"]

_LOG = logging.getLogger(__name__)
_READ_WAIT_S = 1.0
_RETRY_S = 0.25
Handle = Callable[[Entry], None]


@dataclass(frozen=True, kw_only=True)
class ReadIntervals:
    """How often what should come by itself is asked for, in seconds.

    Attributes
    ----------
    alerts, states : float
        While the live streams can be read.
    degraded : float
        While they cannot: alerts and states stay live that way.
    """

    alerts: float
    states: float
    degraded: float


class StreamReader:
    """Reads one live stream for all clients, by ids, from the newest entry on.

    Parameters
    ----------
    streams : LiveStreams
        Where it is.
    key, name : str
        The stream, and what metrics call it.
    begin : callable
        Told the id after which reading begins, once.
    handle : callable
        Given each entry.
    metrics : GatewayMetrics
        Shows whether it can be read.
    clock : Clock
        Paces retries.
    """

    def __init__(
        self,
        streams: LiveStreams,
        *,
        key: str,
        name: str,
        begin: Callable[[EntryId], None],
        handle: Handle,
        metrics: GatewayMetrics,
        clock: Clock,
    ) -> None:
        self._streams = streams
        self._key = key
        self._name = name
        self._begin = begin
        self._handle = handle
        self._clock = clock
        self._messages = metrics.messages.labels(name)
        self._up_gauge = metrics.stream_up.labels(name)
        self._after: EntryId | None = None
        self._up: bool | None = None

    @property
    def is_up(self) -> bool:
        """True while the stream can be read."""
        return self._up is True

    async def run(self) -> None:
        """Read for ever."""
        while True:
            try:
                await self._read_once()
                self._note(up=True)
            except Away as error:
                self._note(up=False, problem=str(error))
                await self._clock.sleep(_RETRY_S)

    async def _read_once(self) -> None:
        if self._after is None:
            self._after = await self._streams.newest(self._key)
            self._begin(self._after)
            return
        for entry in await self._streams.read(self._key, self._after, wait_s=_READ_WAIT_S):
            self._after = entry.entry_id
            self._messages.inc()
            try:
                self._handle(entry)
            except DecodeError:
                extra = {"action": "message_unreadable", "stream": self._key}
                _LOG.exception("Message of a live stream is unreadable", extra=extra)

    def _note(self, *, up: bool, problem: str = "") -> None:
        if up == self._up:
            return
        self._up = up
        self._up_gauge.set(int(up))
        if up:
            extra = {"action": "stream_up", "stream": self._name}
            _LOG.info("Live stream can be read", extra=extra)
        else:
            extra = {"action": "stream_lost", "stream": self._name, "problem": problem}
            _LOG.warning("Live stream cannot be read", extra=extra)


class Feed:
    """All tasks that bring live data to the fan-out.

    Parameters
    ----------
    fanout : Fanout
        Gets the data.
    streams, alerts, states
        Where they come from.
    intervals : ReadIntervals
        How often owners are asked.
    metrics : GatewayMetrics
        Shows what comes.
    clock : Clock
        The time.
    """

    def __init__(
        self,
        *,
        fanout: Fanout,
        streams: LiveStreams,
        alerts: AlertSource,
        states: StateSource,
        intervals: ReadIntervals,
        metrics: GatewayMetrics,
        clock: Clock,
    ) -> None:
        self._fanout = fanout
        self._intervals = intervals
        self._metrics = metrics
        self._clock = clock
        self._alerts = AlertFollower(alerts, fanout, clock)
        self._states = StateFollower(states, fanout, clock)

        def reader(
            key: str, name: str, handle: Handle, begin: Callable[[EntryId], None] = _ignore
        ) -> StreamReader:
            return StreamReader(
                streams, key=key, name=name, begin=begin, handle=handle, metrics=metrics,
                clock=clock,
            )  # fmt: skip

        self._features = reader(FEATURES, "features", self._on_features, fanout.features.begin)
        self._transitions = reader(TRANSITIONS, "transitions", self._on_transitions)
        self._stream_states = reader(STREAMS, "streams", self._on_states)

    def tasks(self) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
        """Return what has to run in the background, by name."""
        return {
            "features reader": self._features.run,
            "transitions reader": self._transitions.run,
            "states reader": self._stream_states.run,
            "alerts follower": lambda: self._alerts.follow(
                self._alerts.ask, self._interval_of(self._transitions, self._intervals.alerts)
            ),
            "states follower": lambda: self._states.follow(
                self._states.ask, self._interval_of(self._stream_states, self._intervals.states)
            ),
        }

    def _interval_of(self, reader: StreamReader, usual_s: float) -> Callable[[], float]:
        return lambda: usual_s if reader.is_up else self._intervals.degraded

    def _on_features(self, entry: Entry) -> None:
        batch = features_pb2.FeatureBatch.FromString(entry.payload)
        self._fanout.publish_features(entry.entry_id, batch)
        published_s = entry.entry_id.milliseconds / 1000
        lag_s = self._clock.now().timestamp() - published_s
        self._metrics.feature_lag.observe(max(0.0, lag_s))

    def _on_transitions(self, entry: Entry) -> None:
        batch = alerts_pb2.AlertTransitionBatch.FromString(entry.payload)
        self._fanout.publish_transitions(batch.transitions)
        if self._fanout.transitions.has_hole:
            self._alerts.ask_soon()

    def _on_states(self, entry: Entry) -> None:
        update = live_service_pb2.StreamStatusUpdate.FromString(entry.payload)
        self._fanout.publish_states(update.streams)


def _ignore(_: EntryId) -> None:
    """Alerts and states have their own beginning: the owner's list."""
