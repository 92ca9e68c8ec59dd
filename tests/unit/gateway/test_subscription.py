"""A client's stream: snapshot, heartbeats, resumption, what is away, the end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tests.unit.gateway.messages import RAISED, alert, alerts_batch, batch, packed, status

from kurto.gateway.v1 import live_service_pb2 as pb
from kurto.signal.v1 import features_pb2
from kurto_gateway.exceptions import Draining, InvalidCursor, InvalidField, TooManySubscribers
from kurto_gateway.fakes import FakeAlerts, FakeLiveStreams, FakeStates
from kurto_gateway.live.cursors import EntryId, Position
from kurto_gateway.live.encoding import Event
from kurto_gateway.live.fanout import Fanout
from kurto_gateway.live.feature_log import FeatureLog
from kurto_gateway.live.outbox import OutboxLimits
from kurto_gateway.live.stream_board import StreamBoard
from kurto_gateway.live.transition_log import TransitionLog
from kurto_gateway.metrics import GatewayMetrics
from kurto_gateway.ports import FEATURES, STREAMS, TRANSITIONS
from kurto_gateway.readers import Feed, ReadIntervals
from kurto_gateway.subscription import SubscriptionFactory
from kurto_service.clock import SystemClock
from kurto_service.exceptions import Unauthenticated

LIMITS = OutboxLimits(feature_bytes=100_000, transition_bytes=3000, event_bytes=10_000)
Events = AsyncGenerator[Event, None]


class Gateway:
    """The live fan-out with its readers, all sources in memory."""

    def __init__(self, *, heartbeat_s: float = 60.0, max_subscribers: int = 10) -> None:
        self.streams, self.alerts = FakeLiveStreams(), FakeAlerts()
        self.states = FakeStates([status("pump", 1)])
        self.fanout = Fanout(
            features=FeatureLog(max_bytes=2000, max_sensors=100),
            transitions=TransitionLog(max_bytes=1000, max_snapshot_alerts=100),
            streams=StreamBoard(max_sensors=100),
            max_subscribers=max_subscribers,
        )
        self.factory = SubscriptionFactory(
            fanout=self.fanout, streams=self.streams, alerts=self.alerts, clock=SystemClock(),
            limits=LIMITS, heartbeat_interval_s=heartbeat_s, max_missed_transitions=50,
            replays=asyncio.Semaphore(2), on_conflated=lambda: None, on_overflow=lambda: None,
        )  # fmt: skip
        self.feed = Feed(
            fanout=self.fanout, streams=self.streams, alerts=self.alerts, states=self.states,
            intervals=ReadIntervals(alerts=0.2, states=0.2, degraded=0.05),
            metrics=GatewayMetrics(CollectorRegistry()), clock=SystemClock(),
        )  # fmt: skip

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Gateway"]:
        tasks = [asyncio.create_task(run()) for run in self.feed.tasks().values()]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def open(self, authorise: Callable[[], object] = lambda: None, **fields: Any) -> Events:
        request = pb.SubscribeRequest(**fields)
        return self.factory.open(request, authorise).events()

    def frame(self, sensor: str, k: int) -> EntryId:
        return self.streams.append(FEATURES, batch(packed(sensor, k)).SerializeToString())

    def raise_alert(self, name: str, *, published: bool = True) -> None:
        transition = self.alerts.commit(alert(name), RAISED)
        if published:
            self.streams.append(TRANSITIONS, alerts_batch(transition).SerializeToString())

    async def ready(self) -> None:
        await eventually(
            lambda: (
                self.fanout.transitions.number is not None and self.fanout.features.head is not None
            )
        )

    async def heard(self, entry: EntryId) -> None:
        """Wait until the gateway has read an entry of the features."""
        await eventually(lambda: self.fanout.features.head == Position.after_all_of(entry))


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


async def until(events: Events, kind: str) -> Event:
    async with asyncio.timeout(30):
        async for event in events:
            if event.kind == kind:
                return event
    raise AssertionError(f"the stream ended without {kind}")


def window(event: Event) -> list[int]:
    found = []
    for part in event.parts:
        assert isinstance(part.message, features_pb2.FeatureFrame)
        found.append(part.message.window_index)
    return found


async def test_it_begins_with_what_is_known_then_a_heartbeat_then_what_comes() -> None:
    async with Gateway().running() as gateway:
        await gateway.ready()
        gateway.raise_alert("hot")
        await eventually(lambda: gateway.fanout.transitions.number == 1)
        await gateway.heard(gateway.frame("pump", 7))
        wanted: dict[str, Any] = {
            "sensor_ids": ["pump"],
            "include_alerts": True,
            "include_stream_status": True,
        }
        async with aclosing(gateway.open(**wanted)) as events:
            kinds = [(await anext(events)).kind for _ in range(4)]
            assert kinds == ["alert_snapshot", "stream_status", "features", "heartbeat"]
            gateway.frame("pump", 8)
            assert window(await until(events, "features")) == [8]
            gateway.raise_alert("hotter")
            assert (await until(events, "alerts")).cursor.transition == 2
            gateway.streams.append(
                STREAMS, pb.StreamStatusUpdate(streams=[status("fan", 3)]).SerializeToString()
            )
            event = await until(events, "stream_status")
            assert status("fan", 3) in [part.message for part in event.parts] or (
                await until(events, "stream_status")
            )


async def test_a_client_of_nothing_hears_heartbeats() -> None:
    async with (
        Gateway(heartbeat_s=0.05).running() as gateway,
        asyncio.timeout(30),
        aclosing(gateway.open()) as events,
    ):
        for _ in range(3):
            assert (await anext(events)).kind == "heartbeat"


async def test_heartbeats_move_the_cursor_of_a_silent_sensor() -> None:
    async with Gateway(heartbeat_s=0.05).running() as gateway:
        await gateway.ready()
        async with aclosing(gateway.open(sensor_ids=["silent"])) as events:
            await until(events, "heartbeat")
            first = await until(events, "heartbeat")
            entry = gateway.frame("pump", 1)
            await gateway.heard(entry)
            await until(events, "heartbeat")
            later = await until(events, "heartbeat")
        assert first.cursor.features is not None
        assert later.cursor.features is not None
        assert first.cursor.features.entry < later.cursor.features.entry == entry


async def test_frames_that_only_valkey_has_come_back() -> None:
    async with Gateway().running() as gateway:
        await gateway.ready()
        async with aclosing(gateway.open(sensor_ids=["pump"])) as events:
            gateway.frame("pump", 1)
            cursor = (await until(events, "features")).cursor.encode()
        for k in range(2, 60):  # far more than memory keeps
            last = gateway.frame("pump", k)
        await gateway.heard(last)
        found: list[int] = []
        async with aclosing(gateway.open(sensor_ids=["pump"], cursor=cursor)) as events:
            while len(found) < 58:
                found += window(await until(events, "features"))
        assert found == list(range(2, 60))


async def test_frames_that_nobody_has_any_more_cost_a_resync_and_a_snapshot() -> None:
    async with Gateway().running() as gateway:
        await gateway.ready()
        async with aclosing(gateway.open(sensor_ids=["pump"])) as events:
            gateway.frame("pump", 1)
            cursor = (await until(events, "features")).cursor.encode()
        for k in range(2, 60):
            last = gateway.frame("pump", k)
        await gateway.heard(last)
        gateway.streams.trim(FEATURES, last)
        async with aclosing(gateway.open(sensor_ids=["pump"], cursor=cursor)) as events:
            resync = await until(events, "resync")
            assert isinstance(resync.body, pb.Resync)
            assert resync.body.features_lost
            assert window(await until(events, "features")) == [59]


async def test_transitions_that_the_live_stream_lost_come_all_the_same() -> None:
    async with Gateway().running() as gateway:
        await gateway.ready()
        async with aclosing(gateway.open(include_alerts=True)) as events:
            await until(events, "alert_snapshot")
            gateway.raise_alert("lost", published=False)
            gateway.raise_alert("seen")
            numbers: list[int] = []
            while len(numbers) < 2:
                event = await until(events, "alerts")
                assert event.cursor.transition is not None
                numbers.append(event.cursor.transition)
                if len(event.parts) == 2:
                    break
            assert numbers[-1] == 2
            gateway.raise_alert("unheard of", published=False)  # the next check finds it
            assert (await until(events, "alerts")).cursor.transition == 3


async def test_too_many_missed_transitions_cost_a_snapshot() -> None:
    async with Gateway().running() as gateway:
        for k in range(60):
            gateway.raise_alert(f"a{k}", published=False)
        await gateway.ready()
        async with aclosing(gateway.open(include_alerts=True, cursor="1~-~3")) as events:
            resync = await until(events, "resync")
            assert isinstance(resync.body, pb.Resync)
            assert resync.body.alerts_lost
            assert (await until(events, "alert_snapshot")).cursor.transition == 60


async def test_a_cursor_beyond_what_exists_costs_a_snapshot() -> None:
    async with Gateway().running() as gateway:
        await gateway.ready()
        async with aclosing(gateway.open(include_alerts=True, cursor="1~-~77")) as events:
            assert isinstance((await until(events, "resync")).body, pb.Resync)
            assert (await until(events, "alert_snapshot")).cursor.transition == 0


async def test_alerts_that_are_numbered_anew_reach_clients() -> None:
    async with Gateway().running() as gateway:
        gateway.raise_alert("a", published=False)
        gateway.raise_alert("b", published=False)
        await gateway.ready()
        async with aclosing(gateway.open(include_alerts=True)) as events:
            await until(events, "alert_snapshot")
            del gateway.alerts.transitions[1:]
            resync = await until(events, "resync")
            assert isinstance(resync.body, pb.Resync)
            assert resync.body.alerts_lost
            assert (await until(events, "alert_snapshot")).cursor.transition == 1


async def test_everything_away_leaves_heartbeats_and_heals() -> None:
    gateway = Gateway(heartbeat_s=0.05)
    gateway.streams.away = gateway.alerts.away = gateway.states.away = True
    async with (
        gateway.running(),
        aclosing(gateway.open(sensor_ids=["pump"], include_alerts=True)) as events,
    ):
        for _ in range(3):
            assert (await anext(events)).kind == "heartbeat"
        gateway.alerts.away = False
        await until(events, "alert_snapshot")  # alerts need no Valkey
        gateway.raise_alert("hot", published=False)
        await until(events, "alerts")
        gateway.streams.away = False
        await eventually(lambda: gateway.fanout.features.head is not None)
        await asyncio.sleep(0.3)
        gateway.frame("pump", 4)
        assert window(await until(events, "features")) == [4]


async def test_a_hole_in_the_windows_is_told() -> None:
    async with Gateway().running() as gateway:
        await gateway.ready()
        async with aclosing(gateway.open(sensor_ids=["pump"])) as events:
            gateway.frame("pump", 1)
            await until(events, "features")
            gateway.frame("pump", 9)
            resync = await until(events, "resync")
            assert isinstance(resync.body, pb.Resync)
            assert resync.body.features_lost
            assert "7 windows of pump" in resync.body.message
            assert window(await until(events, "features")) == [9]


async def test_cached_frames_are_part_of_the_snapshot() -> None:
    gateway = Gateway()
    gateway.streams.cache(batch(packed("pump", 5)))
    async with gateway.running():
        await gateway.ready()
        async with aclosing(gateway.open(sensor_ids=["pump", "fan"])) as events:
            assert window(await until(events, "features")) == [5]


async def test_a_reader_that_stops_gets_a_resync_and_then_every_transition() -> None:
    async with Gateway().running() as gateway:
        await gateway.ready()
        async with aclosing(gateway.open(include_alerts=True)) as events:
            await until(events, "alert_snapshot")
            for k in range(40):
                gateway.raise_alert(f"a{k}")
            await eventually(lambda: gateway.fanout.transitions.number == 40)
            ended = [event async for event in events][-1]
        assert ended.last
        assert isinstance(ended.body, pb.Resync)
        start = ended.cursor.transition
        assert start is not None
        numbers: list[int] = []
        again = gateway.open(include_alerts=True, cursor=ended.cursor.encode())
        async with aclosing(again) as events:
            while len(numbers) < 40 - start:
                event = await until(events, "alerts")
                numbers += [part.message.transition_number for part in event.parts]  # type: ignore[attr-defined]
        assert numbers == list(range(start + 1, 41))


async def test_draining_ends_streams() -> None:
    async with Gateway().running() as gateway:
        async with aclosing(gateway.open()) as events:
            await until(events, "heartbeat")
            gateway.fanout.drain()
            with pytest.raises(Draining):
                await anext(events)
        assert not gateway.fanout.subscribers


async def test_an_expired_token_ends_the_stream() -> None:
    allowed = [True, False]

    def authorise() -> None:
        if not allowed.pop(0):
            raise Unauthenticated("The token expired.")

    async with (
        Gateway(heartbeat_s=0.02).running() as gateway,
        aclosing(gateway.open(authorise)) as events,
    ):
        assert (await anext(events)).kind == "heartbeat"
        with pytest.raises(Unauthenticated):
            await anext(events)


async def test_clients_are_counted_and_leave_nothing_behind() -> None:
    gateway = Gateway(max_subscribers=1)
    async with aclosing(gateway.open(sensor_ids=["pump"])) as first:
        await anext(first)
        with pytest.raises(TooManySubscribers) as caught:
            await anext(gateway.open())
        assert caught.value.retry_after_s
    assert not gateway.fanout.subscribers
    async with aclosing(gateway.open()) as second:
        await anext(second)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"cursor": "yesterday"}, InvalidCursor),
        ({"sensor_ids": ["x"] * 1001}, InvalidField),
        ({"sensor_ids": [""]}, InvalidField),
        ({"feature_names": ["x" * 201]}, InvalidField),
    ],
)
async def test_wrong_requests_are_refused(fields: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Gateway().open(**fields)
