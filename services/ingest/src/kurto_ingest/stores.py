"""What ingest stands on, all of it."""

from __future__ import annotations

from dataclasses import dataclass

from kurto_ingest.assets.ports import PlaceStore, SensorStore
from kurto_ingest.keeping.keep_store import KeepStore
from kurto_ingest.ports import (
    EventStore,
    SampleStore,
    SampleTimeStore,
    StatusPublisher,
    StreamStore,
)
from kurto_ingest.quarantine.quarantine_store import QuarantineStore
from kurto_ingest.reading.sample_archive import SampleArchive
from kurto_ingest.space.disk_guard import SpaceStore
from kurto_ingest.value_store import ProcessValueStore

__all__ = ["Stores"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What ingest stands on.

    `sender_sensors` and `sender_streams` are `sensors` and `streams` once more, for senders only,
    who then do not wait behind what others ask for; None where nobody else asks for much.
    """

    places: PlaceStore
    sensors: SensorStore
    streams: StreamStore
    samples: SampleStore
    archive: SampleArchive
    publisher: StatusPublisher
    events: EventStore
    times: SampleTimeStore
    values: ProcessValueStore
    keeps: KeepStore
    space: SpaceStore
    quarantine: QuarantineStore
    sender_sensors: SensorStore | None = None
    sender_streams: StreamStore | None = None
