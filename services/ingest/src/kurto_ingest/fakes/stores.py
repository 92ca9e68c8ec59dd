"""All stores in memory, put together."""

from __future__ import annotations

from kurto_ingest.fakes.archive import FakeSampleArchive
from kurto_ingest.fakes.assets import FakePlaceStore, FakeRegistry, FakeSensorStore
from kurto_ingest.fakes.kept import FakeKeepStore, FakeSpaceStore
from kurto_ingest.fakes.process_values import FakeProcessValueStore
from kurto_ingest.fakes.quarantine import FakeQuarantineStore
from kurto_ingest.fakes.records import FakeEventStore, FakeSampleTimeStore
from kurto_ingest.fakes.streams import FakeSampleStore, FakeStreamStore
from kurto_ingest.stores import Stores
from kurto_service.clock import Clock

__all__ = ["FakeStatusPublisher", "fake_stores"]


class FakeStatusPublisher:
    """`kurto_ingest.ports.StatusPublisher` that keeps what it gets."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def publish(self, message: bytes) -> None:
        """Publish one serialised update."""
        self.messages.append(message)


def fake_stores(clock: Clock) -> Stores:
    """Return stores in memory that belong together."""
    registry = FakeRegistry(clock.now)
    times = FakeSampleTimeStore(clock)
    streams = FakeStreamStore(registry, times)
    samples = FakeSampleStore(streams, clock)
    return Stores(
        places=FakePlaceStore(registry),
        sensors=FakeSensorStore(registry),
        streams=streams,
        samples=samples,
        archive=FakeSampleArchive(streams, samples),
        publisher=FakeStatusPublisher(),
        events=FakeEventStore(),
        times=times,
        values=FakeProcessValueStore(samples),
        keeps=FakeKeepStore(registry, streams, samples, clock),
        space=FakeSpaceStore(),
        quarantine=FakeQuarantineStore(samples),
    )
