"""What alerts asks of other services, and what it does while they are away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from prometheus_client import CollectorRegistry

from kurto.analyzer.v1 import feature_service_pb2 as feature_pb
from kurto.analyzer.v1 import feature_service_pb2_grpc as feature_grpc
from kurto.assets.v1 import assets_pb2
from kurto.signal.v1 import features_pb2
from kurto_alerts.alert_state import Transition
from kurto_alerts.exceptions import CatalogueUnavailable, FieldInvalid
from kurto_alerts.fakes import MemoryDatabase, MemoryProfiles, MemoryPublication
from kurto_alerts.feature_decoding import FrameDecoder
from kurto_alerts.frames import SensorProfile
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.peers import GrpcFeatureCatalogue, GrpcFeatureHistory, profile_from_proto
from kurto_alerts.publisher import Publisher
from kurto_alerts.registry import RegistryFollower
from kurto_service.exceptions import Unavailable
from kurto_service.identity import requires
from kurto_service.testing import FakeClock, serve


class Features(feature_grpc.FeatureServiceServicer):
    def __init__(self) -> None:
        self.names = ["rms"]
        self.asked: list[list[str]] = []
        self.away = False

    @requires("viewer")
    async def ListFeatureDefinitions(
        self, request: feature_pb.ListFeatureDefinitionsRequest, context: Any
    ) -> feature_pb.ListFeatureDefinitionsResponse:
        if self.away:
            raise Unavailable
        self.asked.append([])
        return feature_pb.ListFeatureDefinitionsResponse(
            features=[features_pb2.FeatureDefinition(name=name, unit="g") for name in self.names]
        )

    @requires("viewer")
    async def ListFeatures(
        self, request: feature_pb.ListFeaturesRequest, context: Any
    ) -> feature_pb.ListFeaturesResponse:
        self.asked.append(list(request.feature_names))
        if "gone" in request.feature_names:
            raise FieldInvalid(field="feature_names")
        return feature_pb.ListFeaturesResponse(next_window_index=7, next_page_token="more")


@requires("viewer")
async def not_asked(_self: Features, _request: object, _context: object) -> None:
    raise NotImplementedError


# Every method must declare its role, also those that alerts never calls.
for _name in vars(feature_grpc.FeatureServiceServicer).keys() - vars(Features).keys():
    if not _name.startswith("_"):
        setattr(Features, _name, not_asked)


@pytest.fixture
async def served() -> AsyncIterator[tuple[Features, grpc.aio.Channel]]:
    features = Features()
    async with serve(feature_grpc.add_FeatureServiceServicer_to_server, features) as channel:
        yield features, channel


async def test_catalogue_is_remembered(served: tuple[Features, grpc.aio.Channel]) -> None:
    features, channel = served
    clock = FakeClock()
    catalogue = GrpcFeatureCatalogue(channel, clock, lifetime_s=60.0, timeout_s=30.0)
    assert dict(await catalogue.units(needed="rms")) == {"rms": "g"}
    features.names = ["rms", "peak"]
    assert "peak" not in await catalogue.units(needed="peak")  # asked a moment ago
    await clock.advance(2.0)
    assert "peak" in await catalogue.units(needed="peak")
    for _ in range(10):
        await catalogue.units(needed="peak")
    assert len(features.asked) == 2
    await clock.advance(61.0)
    await catalogue.units(needed="peak")
    assert len(features.asked) == 3


async def test_catalogue_outlives_the_analyzer(
    served: tuple[Features, grpc.aio.Channel],
) -> None:
    features, channel = served
    clock = FakeClock()
    catalogue = GrpcFeatureCatalogue(channel, clock, lifetime_s=60.0, timeout_s=30.0)
    features.away = True
    with pytest.raises(CatalogueUnavailable) as refused:
        await catalogue.units(needed="rms")
    assert refused.value.retry_after_s
    features.away = False
    await catalogue.units(needed="rms")
    features.away = True
    await clock.advance(100.0)
    assert "rms" in await catalogue.units(needed="rms")


async def test_history_without_a_feature_that_is_gone(
    served: tuple[Features, grpc.aio.Channel],
) -> None:
    features, channel = served
    history = GrpcFeatureHistory(channel, FrameDecoder(), page_size=10, timeout_s=30.0)
    page = await history.page("pump-7", epoch=1, after_window_index=3, features=["gone", "rms"])
    assert (page.next_window_index, page.complete) == (7, False)
    assert features.asked == [["gone", "rms"], []]


def test_profile_of_a_sensor() -> None:
    sensor = assets_pb2.Sensor(sensor_id="pump-7", tags=["a", "b"], archived=True)
    profile = profile_from_proto(sensor)
    assert profile == SensorProfile("pump-7", frozenset({"a", "b"}), None, archived=True)
    sensor.config.acquisition.burst.interval.CopyFrom(Duration(seconds=10, nanos=500_000))
    assert profile_from_proto(sensor).burst_interval_us == 10_000_500
    sensor.config.acquisition.burst.interval.Clear()
    assert profile_from_proto(sensor).burst_interval_us is None


class ScriptedRegistry:
    """Plays one scene per call: responses, then an error or the end of the stream."""

    def __init__(self, *scenes: Sequence[tuple[list[SensorProfile], str] | Exception]) -> None:
        self.scenes = list(scenes)
        self.cursors: list[str] = []

    async def watch(self, cursor: str) -> AsyncIterator[tuple[list[SensorProfile], str]]:
        self.cursors.append(cursor)
        if not self.scenes:
            await asyncio.Event().wait()
        for item in self.scenes.pop(0):
            if isinstance(item, Exception):
                raise item
            yield item


async def follow(
    registry: ScriptedRegistry, store: MemoryProfiles, scene_count: int
) -> list[SensorProfile]:
    """Follow until the registry has been asked for each scene and once more."""
    told: list[SensorProfile] = []
    clock = FakeClock()
    follower = RegistryFollower(
        registry,
        store,
        told.extend,
        clock=clock,
        metrics=AlertsMetrics(CollectorRegistry()),
        longest_pause_s=5.0,
    )
    task = asyncio.create_task(follower.run())
    for _ in range(200):
        await asyncio.sleep(0)
        await clock.advance(1.0)
        if len(registry.cursors) > scene_count:
            break
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return told


async def test_registry_is_followed_from_the_last_cursor() -> None:
    database = MemoryDatabase(registry_cursor="5")
    a, b = SensorProfile("a"), SensorProfile("b")
    registry = ScriptedRegistry([([a], "6"), ([], "6")], [([b], "7")])
    told = await follow(registry, MemoryProfiles(database), 2)
    assert told == [a, b]
    assert registry.cursors == ["5", "6", "7"]
    assert database.profiles == {"a": a, "b": b}
    assert database.registry_cursor == "7"


async def test_registry_that_is_silent_is_asked_again() -> None:
    database = MemoryDatabase()
    registry = ScriptedRegistry([([SensorProfile("a")], "1"), TimeoutError()], [([], "1")])
    await follow(registry, MemoryProfiles(database), 2)
    assert registry.cursors == ["", "1", "1"]


async def test_what_could_not_be_stored_is_asked_again() -> None:
    class Failing(MemoryProfiles):
        failures = 1

        async def save_profiles(self, profiles: Sequence[SensorProfile], cursor: str) -> None:
            if self.failures:
                self.failures -= 1
                raise ConnectionError
            await super().save_profiles(profiles, cursor)

    database = MemoryDatabase(registry_cursor="3")
    a = SensorProfile("a")
    registry = ScriptedRegistry([([a], "4")], [([a], "4")])
    told = await follow(registry, Failing(database), 2)
    assert registry.cursors == ["3", "3", "4"]
    assert told == [a]


async def test_publisher_tries_again() -> None:
    class Stream:
        failures = 2
        count = 0

        async def publish(self, transitions: Sequence[Transition]) -> None:
            if self.failures:
                self.failures -= 1
                raise ConnectionError
            self.count += len(transitions)

    database, stream, clock = MemoryDatabase(), Stream(), FakeClock()
    database.transitions = [object()] * 7  # type: ignore[list-item]
    publisher = Publisher(
        MemoryPublication(database),
        stream,
        clock=clock,
        metrics=AlertsMetrics(CollectorRegistry()),
        batch_size=3,
        poll_s=1.0,
    )
    task = asyncio.create_task(publisher.run())
    for _ in range(10):
        await asyncio.sleep(0)
        await clock.advance(1.0)
    assert (stream.count, database.published) == (7, 7)
    database.transitions += [object()]  # type: ignore[list-item]
    publisher.wake()
    for _ in range(5):
        await asyncio.sleep(0)
    assert stream.count == 8
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
