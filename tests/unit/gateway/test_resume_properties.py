"""Whatever is lost, killed or read slowly: no transition is missed, frames resume exactly."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.gateway.messages import RAISED, RESOLVED, alert, batch, packed

from kurto.alerts.v1 import alerts_pb2
from kurto.gateway.v1 import live_service_pb2 as pb
from kurto.signal.v1 import features_pb2
from kurto_gateway.fakes import FakeAlerts, FakeLiveStreams
from kurto_gateway.followers import AlertFollower
from kurto_gateway.live.encoding import Event
from kurto_gateway.live.fanout import Fanout
from kurto_gateway.live.feature_log import FeatureLog
from kurto_gateway.live.outbox import OutboxLimits
from kurto_gateway.live.stream_board import StreamBoard
from kurto_gateway.live.transition_log import TransitionLog
from kurto_gateway.ports import FEATURES
from kurto_gateway.subscription import SubscriptionFactory
from kurto_service.clock import SystemClock

SENSORS = ("a", "b", "c")
NEVER_S = 3600.0
PATIENCE_S = 30.0
WIDE = OutboxLimits(feature_bytes=1 << 30, transition_bytes=1 << 30, event_bytes=1 << 20)
NARROW = OutboxLimits(feature_bytes=2000, transition_bytes=2000, event_bytes=700)


@dataclass
class Client:
    """A client that remembers what it got and comes back with its last cursor."""

    cursor: str = ""
    events: AsyncGenerator[Event, None] | None = None
    pending: asyncio.Task[Event] | None = None
    numbers: list[int] = field(default_factory=list)
    windows: dict[str, list[int]] = field(default_factory=dict)
    ends: int = 0
    lost: bool = False

    async def read(self, factory: SubscriptionFactory, count: int) -> None:
        """Take up to `count` events; fewer when no more come."""
        for _ in range(count):
            if self.events is None:
                request = pb.SubscribeRequest(
                    sensor_ids=["a", "b"], include_alerts=True, cursor=self.cursor
                )
                self.events = factory.open(request, lambda: None).events()
            if self.pending is None:
                self.pending = asyncio.ensure_future(anext(self.events))
            for _ in range(40):
                await asyncio.sleep(0)
            if not self.pending.done():
                return
            event, self.pending = self.pending.result(), None
            self.take(event)
            if event.last:
                self.ends += 1
                await self.leave()

    def take(self, event: Event) -> None:
        """Note one event."""
        self.cursor = event.cursor.encode()
        if event.kind == "alert_snapshot":
            assert event.cursor.transition is not None
            assert not self.numbers  # a snapshot comes only at the beginning
            self.numbers.append(event.cursor.transition)
        if isinstance(event.body, pb.Resync):
            assert not event.body.alerts_lost
            self.lost = self.lost or event.body.features_lost
        for part in event.parts:
            if isinstance(part.message, alerts_pb2.AlertTransition):
                self.numbers.append(part.message.transition_number)
            if isinstance(part.message, features_pb2.FeatureFrame):
                frame = part.message
                self.windows.setdefault(frame.sensor_id, []).append(frame.window_index)

    def is_up_to_date(self, world: "World") -> bool:
        """Tell whether the newest transition and frames were seen."""
        newest = {sensor: self.windows.get(sensor, [0])[-1] for sensor in ("a", "b")}
        return self.numbers[-1:] == [len(world.alerts.transitions)] and all(
            world.windows[sensor] == window for sensor, window in newest.items()
        )

    async def leave(self) -> None:
        """Disconnect; what was on its way is lost."""
        if self.pending is not None:
            self.pending.cancel()
            await asyncio.gather(self.pending, return_exceptions=True)
        if self.events is not None:
            await self.events.aclose()
        self.pending = self.events = None


class World:
    """A gateway with everything around it in memory."""

    def __init__(self, limits: OutboxLimits) -> None:
        self.streams = FakeLiveStreams()
        self.alerts = FakeAlerts()
        self.limits = limits
        self.windows = dict.fromkeys(SENSORS, 0)
        self.clock = SystemClock()
        self.start_gateway()
        self.publish_frames(["c"])

    def start_gateway(self) -> None:
        """Begin again with empty memory, as after a crash."""
        self.fanout = Fanout(
            features=FeatureLog(max_bytes=3000, max_sensors=10),
            transitions=TransitionLog(max_bytes=1500, max_snapshot_alerts=100),
            streams=StreamBoard(max_sensors=10),
            max_subscribers=10,
        )
        self.follower = AlertFollower(self.alerts, self.fanout, self.clock)
        self.factory = SubscriptionFactory(
            fanout=self.fanout,
            streams=self.streams,
            alerts=self.alerts,
            clock=self.clock,
            limits=self.limits,
            heartbeat_interval_s=NEVER_S,
            max_missed_transitions=10_000,
            replays=asyncio.Semaphore(1),
            on_conflated=lambda: None,
            on_overflow=lambda: None,
        )

    async def begin(self) -> None:
        """Let the readers find their beginning."""
        self.fanout.features.begin(await self.streams.newest(FEATURES))
        await self.follower.ask()

    def publish_frames(self, sensors: Sequence[str]) -> None:
        """Let one window of each of these sensors come."""
        frames = []
        for sensor in sensors:
            self.windows[sensor] += 1
            frames.append(packed(sensor, self.windows[sensor]))
            self.streams.cache(batch(frames[-1]))
        entry = self.streams.append(FEATURES, batch(*frames).SerializeToString())
        self.fanout.publish_features(entry, batch(*frames))

    async def commit_transitions(self, count: int, *, published: bool) -> None:
        """Let alerts change; the live stream may lose it."""
        new = []
        for _ in range(count):
            is_open = len(self.alerts.transitions) % 2 == 0
            changed = alert("x", is_open=is_open)
            new.append(self.alerts.commit(changed, RAISED if is_open else RESOLVED))
        if published:
            self.fanout.publish_transitions(new)
            if self.fanout.transitions.has_hole:
                await self.follower.ask()


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("frames"), st.lists(st.sampled_from(SENSORS), min_size=1, unique=True)),
        st.tuples(st.just("transitions"), st.integers(1, 5)),
        st.tuples(st.just("lost transitions"), st.integers(1, 5)),
        st.tuples(st.just("read"), st.integers(1, 6)),
        st.tuples(st.just("leave"), st.none()),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=60,
)


async def play(operations: list[tuple[str, object]], limits: OutboxLimits) -> tuple[World, Client]:
    world, client = World(limits), Client()
    await world.begin()
    await client.read(world.factory, 5)
    for name, argument in operations:
        if name == "frames":
            assert isinstance(argument, list)
            world.publish_frames(argument)
        elif name in ("transitions", "lost transitions"):
            assert isinstance(argument, int)
            await world.commit_transitions(argument, published=name == "transitions")
        elif name == "read":
            assert isinstance(argument, int)
            await client.read(world.factory, argument)
        else:
            await client.leave()
            if name == "restart":
                world.start_gateway()
                await world.begin()
    await world.follower.ask()
    # What the gateway has not heard of yet comes a moment later.
    deadline = time.monotonic() + PATIENCE_S
    while not client.is_up_to_date(world) and time.monotonic() < deadline:
        await client.read(world.factory, 1000)
        await asyncio.sleep(0.01)
    await client.read(world.factory, 1000)  # nothing comes twice
    await client.leave()
    return world, client


@given(OPERATIONS)
@settings(max_examples=150, deadline=None)
def test_a_reader_gets_every_transition_and_every_frame_once(
    operations: list[tuple[str, object]],
) -> None:
    world, client = asyncio.run(play(operations, WIDE))
    assert client.numbers == list(range(len(world.alerts.transitions) + 1))
    for sensor in ("a", "b"):
        assert client.windows.get(sensor, []) == list(range(1, world.windows[sensor] + 1))
    assert "c" not in client.windows
    assert not client.lost


@given(OPERATIONS)
@settings(max_examples=150, deadline=None)
def test_a_narrow_queue_costs_frames_but_no_transition_and_ends_with_the_newest(
    operations: list[tuple[str, object]],
) -> None:
    world, client = asyncio.run(play(operations, NARROW))
    assert client.numbers == list(range(len(world.alerts.transitions) + 1))
    for sensor in ("a", "b"):
        windows = client.windows.get(sensor, [])
        assert windows == sorted(set(windows))
        assert windows[-1:] == ([world.windows[sensor]] if world.windows[sensor] else [])
