"""Hands what is new to every client that asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kurto.alerts.v1 import alerts_pb2
from kurto.ingest.v1 import stream_status_pb2
from kurto.signal.v1 import features_pb2
from kurto_gateway.exceptions import TooManySubscribers
from kurto_gateway.live.cursors import EntryId, Position
from kurto_gateway.live.feature_log import FeatureLog
from kurto_gateway.live.frames import LiveFrame
from kurto_gateway.live.outbox import Outbox
from kurto_gateway.live.stream_board import StreamBoard
from kurto_gateway.live.transition_log import LiveTransition, TransitionLog

__all__ = ["Fanout", "Subscriber"]


@dataclass(eq=False, kw_only=True)
class Subscriber:
    """One client.

    Attributes
    ----------
    sensor_ids : frozenset of str
        Sensors whose frames it gets.
    include_alerts, include_stream_status : bool
        What else it gets.
    outbox : Outbox
        What waits for it.
    notify : callable
        Called, without waiting, when something was put into the outbox.
    features_live, alerts_live : bool
        True once it has caught up, so that what is new goes straight into the outbox.
    """

    sensor_ids: frozenset[str]
    include_alerts: bool
    include_stream_status: bool
    outbox: Outbox
    notify: Callable[[], None]
    features_live: bool = False
    alerts_live: bool = False


@dataclass
class Fanout:
    """All clients, and what they are told about.

    Attributes
    ----------
    features, transitions, streams
        What is known now.
    max_subscribers : int
        Clients beyond which no more are taken.
    subscribers : set of Subscriber
        The clients.
    draining : bool
        True once every stream has to end.
    """

    features: FeatureLog
    transitions: TransitionLog
    streams: StreamBoard
    max_subscribers: int
    subscribers: set[Subscriber] = field(default_factory=set)
    draining: bool = False
    _by_sensor: dict[str, set[Subscriber]] = field(default_factory=dict)

    def add(self, subscriber: Subscriber) -> None:
        """Take a client; it gets the state of streams at once, the rest once attached.

        Raises
        ------
        TooManySubscribers
            If there are too many.
        """
        if len(self.subscribers) >= self.max_subscribers:
            raise TooManySubscribers(limit=self.max_subscribers, retry_after_s=5.0)
        self.subscribers.add(subscriber)
        if subscriber.include_stream_status:
            subscriber.outbox.add_states(self.streams.all())

    def discard(self, subscriber: Subscriber) -> None:
        """Let a client go."""
        self.subscribers.discard(subscriber)
        for sensor_id in subscriber.sensor_ids:
            interested = self._by_sensor.get(sensor_id)
            if interested is not None:
                interested.discard(subscriber)
                if not interested:
                    del self._by_sensor[sensor_id]

    def drain(self) -> None:
        """Have every stream end."""
        self.draining = True
        _notify(self.subscribers)

    def missed_frames(self, subscriber: Subscriber, position: Position) -> list[LiveFrame] | None:
        """Return a client's frames after `position`, or None when they are not all in memory."""
        missed = self.features.after(position)
        if missed is None:
            return None
        return [frame for frame in missed if frame.sensor_id in subscriber.sensor_ids]

    def begin_features(self, subscriber: Subscriber) -> bool:
        """Queue the newest frame of each of a client's sensors, then what comes.

        Returns
        -------
        bool
            False when the live stream was never reached: then nothing happened.
        """
        head = self.features.head
        if head is None:
            return False
        for frame in self.features.latest(subscriber.sensor_ids):
            subscriber.outbox.add_frame(frame, head)
        self.follow_features(subscriber)
        return True

    def follow_features(self, subscriber: Subscriber) -> None:
        """Let new frames go to a client, which has or waits for all before."""
        if self.features.head is not None:
            subscriber.outbox.stand_at(self.features.head)
        subscriber.features_live = True
        for sensor_id in subscriber.sensor_ids:
            self._by_sensor.setdefault(sensor_id, set()).add(subscriber)

    def begin_alerts(self, subscriber: Subscriber) -> bool:
        """Queue a snapshot of the open alerts, then what comes.

        Returns
        -------
        bool
            False when the alerts are not known yet: then nothing happened.
        """
        newest = self.transitions.number
        if newest is None:
            return False
        subscriber.outbox.replace_alerts(self.transitions.snapshot(), newest)
        subscriber.alerts_live = True
        return True

    def publish_features(self, entry: EntryId, batch: features_pb2.FeatureBatch) -> int:
        """Hand the frames of a new entry on; return how many were new."""
        arrival = self.features.append(entry, batch)
        touched: set[Subscriber] = set()
        for sensor_id, count in arrival.holes.items():
            why = f"{count} windows of {sensor_id} were never published"
            for subscriber in self._by_sensor.get(sensor_id, ()):
                subscriber.outbox.lose_features(why)
        for frame in arrival.frames:
            interested = self._by_sensor.get(frame.sensor_id)
            if interested:
                for subscriber in interested:
                    subscriber.outbox.add_frame(frame)
                touched |= interested
        _notify(touched)
        return len(arrival.frames)

    def publish_transitions(self, transitions: Iterable[alerts_pb2.AlertTransition]) -> int:
        """Hand new transitions on; return how many were new."""
        added = self.transitions.append(transitions)
        if added:
            self._hand_on(added)
        return len(added)

    def _hand_on(self, added: list[LiveTransition]) -> None:
        followers = [one for one in self.subscribers if one.alerts_live]
        for subscriber in followers:
            subscriber.outbox.add_transitions(added)
        _notify(followers)

    def load_alerts(self, alerts: Iterable[alerts_pb2.Alert], number: int) -> None:
        """Begin with these open alerts; clients that follow already drop theirs."""
        self.transitions.load(alerts, number)
        snapshot = self.transitions.snapshot()
        for subscriber in self.subscribers:
            if subscriber.alerts_live:
                subscriber.outbox.lose_alerts("the alerts were numbered anew")
                subscriber.outbox.replace_alerts(snapshot, number)
        _notify(one for one in self.subscribers if one.include_alerts)

    def publish_states(self, states: Iterable[stream_status_pb2.SensorStatus]) -> None:
        """Hand new states of streams on."""
        self._hand_states_on(replace=False, states=states)

    def replace_states(self, states: Iterable[stream_status_pb2.SensorStatus]) -> None:
        """Take the states of all streams, as their owner lists them, and hand them on."""
        self._hand_states_on(replace=True, states=states)

    def _hand_states_on(
        self, *, replace: bool, states: Iterable[stream_status_pb2.SensorStatus]
    ) -> None:
        news = self.streams.replace(states) if replace else self.streams.update(states)
        if not news:
            return
        followers = [one for one in self.subscribers if one.include_stream_status]
        for subscriber in followers:
            subscriber.outbox.add_states(news)
        _notify(followers)


def _notify(subscribers: Iterable[Subscriber]) -> None:
    for subscriber in subscribers:
        subscriber.notify()
