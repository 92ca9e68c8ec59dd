"""One live client from its request to its last event."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from kurto.gateway.v1 import live_service_pb2 as pb
from kurto_gateway.catching_up import AlertLane, FeatureLane
from kurto_gateway.exceptions import Draining, InvalidField
from kurto_gateway.live.cursors import Cursor
from kurto_gateway.live.encoding import Event
from kurto_gateway.live.fanout import Fanout, Subscriber
from kurto_gateway.live.frames import feature_filter
from kurto_gateway.live.outbox import Outbox, OutboxLimits
from kurto_gateway.ports import AlertSource, Away, LiveStreams
from kurto_service.clock import Clock

__all__ = ["Subscription", "SubscriptionFactory"]

_MAX_SENSORS = 1000
_MAX_FEATURES = 1000
_MAX_NAME_LENGTH = 200
_RETRY_S = 0.25


@dataclass(frozen=True, kw_only=True)
class SubscriptionFactory:
    """Makes subscriptions from requests.

    Attributes
    ----------
    fanout, streams, alerts
        Where live data and missed data come from.
    clock : Clock
        The time.
    limits : OutboxLimits
        How much may wait for one client.
    heartbeat_interval_s : float
        Seconds between two heartbeats.
    max_missed_transitions : int
        Missed transitions beyond which a client gets a snapshot.
    replays : asyncio.Semaphore
        Bounds how many clients read missed frames at a time.
    on_conflated : callable
        Called for each frame that gives way to a newer one.
    on_overflow : callable
        Called for each stream that has to end since transitions piled up.
    """

    fanout: Fanout
    streams: LiveStreams
    alerts: AlertSource
    clock: Clock
    limits: OutboxLimits
    heartbeat_interval_s: float
    max_missed_transitions: int
    replays: asyncio.Semaphore
    on_conflated: Callable[[], object]
    on_overflow: Callable[[], object]

    def open(self, request: pb.SubscribeRequest, authorise: Callable[[], object]) -> Subscription:
        """Return the subscription that `request` asks for; it begins with `events`.

        Parameters
        ----------
        request : SubscribeRequest
            What the client wants.
        authorise : callable
            Called at each heartbeat: raises once the client's token has expired.

        Raises
        ------
        InvalidField, InvalidCursor
            If the request is wrong.
        """
        _check(request)
        return Subscription(self, request, Cursor.decode(request.cursor), authorise)


class Subscription:
    """Streams events to one client; see `SubscriptionFactory.open`."""

    def __init__(
        self,
        parts: SubscriptionFactory,
        request: pb.SubscribeRequest,
        cursor: Cursor,
        authorise: Callable[[], object],
    ) -> None:
        self._parts = parts
        self._authorise = authorise
        self._news = asyncio.Event()
        self._step_at = 0.0
        wanted = feature_filter(list(request.feature_names))
        self._outbox = Outbox(
            wanted=wanted, limits=parts.limits, cursor=cursor,
            on_conflated=parts.on_conflated, on_overflow=parts.on_overflow,
        )  # fmt: skip
        self._subscriber = Subscriber(
            sensor_ids=frozenset(request.sensor_ids),
            include_alerts=request.include_alerts,
            include_stream_status=request.include_stream_status,
            outbox=self._outbox,
            notify=self._news.set,
        )
        self._features = FeatureLane(
            fanout=parts.fanout,
            streams=parts.streams,
            subscriber=self._subscriber,
            replays=parts.replays,
            max_page_bytes=parts.limits.feature_bytes // 2,
        )
        self._alerts = AlertLane(
            fanout=parts.fanout,
            source=parts.alerts,
            subscriber=self._subscriber,
            max_missed=parts.max_missed_transitions,
            max_page_bytes=parts.limits.transition_bytes // 2,
        )

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield events for ever: what is known at once, then a heartbeat, then what comes.

        Raises
        ------
        TooManySubscribers
            Before the first event.
        Draining
            When the gateway stops.
        """
        clock, fanout = self._parts.clock, self._parts.fanout
        fanout.add(self._subscriber)
        try:
            self._attach()
            beat_at: float | None = None
            while not fanout.draining:
                event = self._outbox.take()
                if event is not None:
                    yield event
                    if event.last:
                        return
                if event is None if beat_at is None else clock.monotonic() >= beat_at:
                    self._authorise()
                    yield self._heartbeat()
                    beat_at = clock.monotonic() + self._parts.heartbeat_interval_s
                elif not self._is_live and clock.monotonic() >= self._step_at:
                    await self._catch_up()
                elif event is None and beat_at is not None:
                    await self._wait(beat_at - clock.monotonic())
            raise Draining
        finally:
            fanout.discard(self._subscriber)

    def _attach(self) -> None:
        for lane in (self._alerts, self._features):
            if not lane.is_live:
                lane.attach()

    @property
    def _is_live(self) -> bool:
        return self._alerts.is_live and self._features.is_live

    async def _catch_up(self) -> None:
        """Work towards being live; with nothing to do, not again for a moment."""
        behind = [lane for lane in (self._alerts, self._features) if not lane.is_live]
        moved = any(lane.is_waiting for lane in behind)
        for lane in behind:
            if not lane.is_waiting:
                with contextlib.suppress(Away):  # heartbeats go on, and it is tried again
                    moved = await lane.step() or moved
        if not moved:
            self._step_at = self._parts.clock.monotonic() + _RETRY_S

    def _heartbeat(self) -> Event:
        head = self._parts.fanout.features.head
        if self._subscriber.features_live and head is not None:
            # Nothing of the client's lies before it: the cursor needn't grow old.
            self._outbox.stand_at(head)
        return self._outbox.heartbeat()

    async def _wait(self, seconds: float) -> None:
        limit = seconds if self._is_live else min(seconds, _RETRY_S)
        try:
            async with asyncio.timeout(max(0.0, limit)):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()


def _check(request: pb.SubscribeRequest) -> None:
    _check_list("sensor_ids", request.sensor_ids, _MAX_SENSORS)
    _check_list("feature_names", request.feature_names, _MAX_FEATURES)


def _check_list(field: str, names: Sequence[str], limit: int) -> None:
    if len(names) > limit:
        raise InvalidField(
            f"{field} names {len(names)}: name at most {limit}, or open several streams.",
            field=field,
        )
    for name in names:
        if not 0 < len(name) <= _MAX_NAME_LENGTH:
            raise InvalidField(
                f"{field} has a name of {len(name)} characters: names have 1 to "
                f"{_MAX_NAME_LENGTH}.",
                field=field,
            )
