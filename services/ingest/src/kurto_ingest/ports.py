"""What the rest of ingest needs from its surroundings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from kurto_ingest.assets.model import Sensor
from kurto_ingest.assets.retention import DEFAULT_CLASS, RetentionClass
from kurto_ingest.records.sample_times import SampleTime
from kurto_ingest.records.stream_events import EventQuery, StreamEvent
from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.quarantine import (
    QuarantineCommit,
    QuarantinePosition,
    acknowledged,
)
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = [
    "EventStore",
    "NewStream",
    "SampleStore",
    "SampleTimeStore",
    "StatusPublisher",
    "StoredSamples",
    "StreamCommit",
    "StreamKey",
    "StreamRecord",
    "StreamStore",
]

#: (sensor_id, epoch)
StreamKey = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStream:
    """An epoch to begin; its number is the store's to give.

    Attributes
    ----------
    sensor : Sensor
        Sensor in question, with its present configuration.
    boot_id : str
        The sender's run.
    encoding : int
        Number of the encoding.
    scales : tuple of float
        Unit per integer step.
    anchor_us : int
        Time of sample 0, microseconds since 1970-01-01T00:00:00Z.
    clock_offset_us : int or None
        The service's clock minus the sender's.
    backfill : bool
        True if its samples come from a sender's buffer.
    recorded : bool
        True if the sender named the anchor.
    """

    sensor: Sensor
    boot_id: str
    encoding: int
    scales: tuple[float, ...]
    anchor_us: int
    clock_offset_us: int | None
    backfill: bool = False
    recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRecord:
    """A stored stream."""

    format: StreamFormat
    boot_id: str
    fence: int
    config_version: int
    position: StreamSequence
    commit_time: datetime | None
    commit_token: UUID | None
    analyzed_window: int
    analysis_from_index: int
    late_windows: RangeSet
    clock_offset_us: int | None = None
    backfill: bool = False
    recorded: bool = False
    superseded: bool = False  # a newer epoch exists that is no backfill
    correction_us: int | None = None  # corrected minus nominal time, as measured last
    quarantine: QuarantinePosition | None = None

    @property
    def acknowledged(self) -> StreamSequence:
        """What is durable, in quarantine or not: what the sender is told."""
        return acknowledged(self.position, self.quarantine)

    @property
    def is_old(self) -> bool:
        """True for an epoch that is not the newest of its sensor: its frames are late."""
        return self.backfill or self.superseded

    @property
    def key(self) -> StreamKey:
        """Identity: (sensor_id, epoch)."""
        return self.format.key


class StreamCommit(NamedTuple):
    """What one commit does to one stream.

    Attributes
    ----------
    format : StreamFormat
        The stream.
    fence, before_index : int
        The stored row must still have them, else nothing is done.
    after : StreamSequence
        State of the row from then on.
    blocks : sequence of Block
        Rows to add.
    late_windows : RangeSet
        Windows that the commit completes after they were gaps.
    retention : RetentionClass
        Class that the rows get.
    in_order : bool
        True when nothing of the row changes but `next_index`.
    quarantine : QuarantineCommit or None
        What goes into quarantine; its `before_index` must still be stored.
    """

    format: StreamFormat
    fence: int
    before_index: int
    after: StreamSequence
    blocks: Sequence[Block]
    late_windows: RangeSet
    retention: RetentionClass = DEFAULT_CLASS
    in_order: bool = False
    quarantine: QuarantineCommit | None = None


@dataclass(frozen=True, slots=True)
class StoredSamples:
    """One stored row."""

    first: int
    count: int
    quality: int
    shaft_speed_hz: float | None
    data: bytes


class StreamStore(Protocol):
    """Streams and their fences."""

    async def find(self, sensor_id: str, epoch: int) -> StreamRecord | None:
        """Return an epoch; 0 means the newest that is no backfill."""
        ...

    async def find_boot(self, sensor_id: str, boot_id: str) -> StreamRecord | None:
        """Return the epoch that `boot_id` began."""
        ...

    async def begin(self, new: NewStream) -> StreamRecord | None:
        """Begin the next epoch, with fence 1; None when somebody else did at the same moment."""
        ...

    async def raise_fence(
        self, key: StreamKey, *, backfill: bool = False, clock_offset_us: int | None = None
    ) -> StreamRecord:
        """Raise a fence, so that no earlier sender's samples are committed any more.

        With `backfill` the epoch is one from then on; a measured clock offset replaces the earlier.
        """
        ...

    async def newest(self, sensor_ids: Collection[str]) -> list[StreamRecord]:
        """Return the newest epoch, no backfill, of each of these sensors that has one."""
        ...

    async def unfinished(self, limit: int) -> list[StreamRecord]:
        """Return streams of monitored sensors with windows that are not known to be analysed."""
        ...

    async def note_analyzed(self, windows: Mapping[StreamKey, int]) -> None:
        """Remember that all windows below the given ones are analysed."""
        ...

    async def note_late_done(self, key: StreamKey, windows: RangeSet) -> None:
        """Remember that late frames of these windows are stored."""
        ...

    async def analyze_from(self, sensor_id: str, from_index: int, epoch: int) -> None:
        """Leave out windows before `from_index` of `epoch`, all earlier epochs and backfills."""
        ...


class SampleStore(Protocol):
    """Samples and their order, made durable together."""

    async def commit(self, commits: Sequence[StreamCommit], token: UUID) -> set[StreamKey]:
        """Do all `commits` in one transaction; returns those streams whose row still matched.

        When it raises, the outcome may be unknown: see `committed`.
        """
        ...

    async def committed(self, keys: Collection[StreamKey], token: UUID) -> set[StreamKey]:
        """Return those of `keys` whose last commit was the one with `token`.

        Waits for a commit that is still running.
        """
        ...

    async def read(self, stream_format: StreamFormat, first: int, end: int) -> list[StoredSamples]:
        """Return the rows with samples `first` <= i < `end`, ascending; uncut."""
        ...


class EventStore(Protocol):
    """What happened to streams."""

    async def add(self, events: Sequence[StreamEvent]) -> None:
        """Store events in this order."""
        ...

    async def find(self, query: EventQuery) -> list[StreamEvent]:
        """Return the events that are asked for, newest first."""
        ...

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` events that are older than `before`; returns how many."""
        ...


class SampleTimeStore(Protocol):
    """What was measured of the times of samples; see `kurto_ingest.records.sample_times`."""

    async def add(self, rows: Sequence[SampleTime]) -> None:
        """Store rows; one that is there already stays as it is."""
        ...

    async def between(self, key: StreamKey, first: int, end: int) -> list[SampleTime]:
        """Return the rows that tell the times of samples `first` <= i < `end`, ascending.

        These are the rows between, the last one before, and the first one after them.
        """
        ...

    async def expire(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` rows noted before `before`; returns how many."""
        ...


class StatusPublisher(Protocol):
    """Carries stream states to those who watch."""

    async def publish(self, message: bytes) -> None:
        """Publish one serialised update."""
        ...
