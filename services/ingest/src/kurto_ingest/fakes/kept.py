"""Kept ranges and room for samples in memory; they pass the same contract tests as PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from kurto_ingest.assets.retention import Snapshots
from kurto_ingest.exceptions import UnknownSensor
from kurto_ingest.fakes.assets import FakeRegistry
from kurto_ingest.keeping.keep_store import KeptQuery
from kurto_ingest.keeping.kept import CopyPace, KeepReason, KeptRange, SnapshotProgress, next_look
from kurto_ingest.ports import StoredSamples, StreamRecord
from kurto_ingest.space.disk_guard import Sheddable, Space
from kurto_ingest.space.exceptions import KeepIdTaken
from kurto_ingest.streams.timing import datetime_from_us, microseconds, span_us
from kurto_service.clock import Clock

if TYPE_CHECKING:
    from kurto_ingest.fakes.streams import FakeSampleStore, FakeStreamStore

__all__ = ["FakeKeepStore", "FakeSpaceStore"]

_Place = tuple[str, int, int]  # sensor_id, epoch, first_index


class FakeKeepStore:
    """`kurto_ingest.keeping.keep_store.KeepStore` in memory.

    Attributes
    ----------
    copies : dict
        Blocks that are copied out, by sensor, epoch and first index.
    """

    def __init__(
        self,
        registry: FakeRegistry,
        streams: FakeStreamStore,
        samples: FakeSampleStore,
        clock: Clock,
    ) -> None:
        self._registry = registry
        self._streams = streams
        self._samples = samples
        self._clock = clock
        self._number = 0
        self._rows: dict[tuple[str, str], KeptRange] = {}
        self._due: dict[tuple[str, str], datetime] = {}
        self._taken: dict[tuple[str, int], datetime] = {}
        self.copies: dict[_Place, StoredSamples] = {}

    async def note(self, kept: KeptRange) -> KeptRange:
        """Note a range; returns the one that there is if the same was asked for before."""
        if kept.request.sensor_id not in self._registry.sensors:
            raise UnknownSensor(kept.request.sensor_id)
        if kept.key not in self._rows:
            self._add(kept)
        found = self._rows[kept.key]
        if found.request != kept.request:
            raise KeepIdTaken(*kept.key)
        return found

    def _add(self, kept: KeptRange) -> None:
        self._number += 1
        now = self._clock.now()
        self._rows[kept.key] = replace(kept, number=self._number, create_time=now)
        self._due[kept.key] = now

    async def find(self, query: KeptQuery) -> list[KeptRange]:
        """Return ranges, those noted last first."""
        found = [
            item
            for item in self._rows.values()
            if query.sensor_id in {"", item.request.sensor_id}
            and (query.start is None or item.end > query.start)
            and (query.end is None or item.start < query.end)
            and (query.below is None or item.number < query.below)
        ]
        return sorted(found, key=lambda item: -item.number)[: query.limit]

    async def snapshot_progress(self) -> list[SnapshotProgress]:
        """Return the streams of sensors with a policy of snapshots that have moved on."""
        found = []
        for key, row in self._streams.rows.items():
            sensor = self._registry.sensors[key[0]]
            end = row.position.next_index
            durable = datetime_from_us(row.format.time_us(end))
            taken = self._taken.get(key)
            if sensor.archived or end == 0 or (taken is not None and taken >= durable):
                continue
            if isinstance(sensor.retention, Snapshots):
                found.append(
                    SnapshotProgress(
                        sensor_id=key[0],
                        epoch=key[1],
                        policy=sensor.retention,
                        anchor=datetime_from_us(row.format.anchor_us),
                        durable=durable,
                        taken=taken,
                    )
                )
        return found

    async def note_snapshots(
        self, ranges: Sequence[KeptRange], progress: Sequence[SnapshotProgress]
    ) -> None:
        """Note snapshots and how far they are taken, together."""
        for item in ranges:
            if item.key in self._rows:
                self._rows[item.key] = replace(self._rows[item.key], complete=False)
                self._due[item.key] = self._clock.now()
            else:
                self._add(item)
        for mark in progress:
            if mark.taken is not None:
                self._taken[mark.sensor_id, mark.epoch] = mark.taken

    async def due(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return the keys of incomplete ranges that are to be looked at, longest due first."""
        keys = [
            key
            for key, moment in sorted(self._due.items(), key=lambda item: item[1])
            if moment <= now and not self._rows[key].complete
        ]
        return keys[:limit]

    async def copy(self, key: tuple[str, str], now: datetime, pace: CopyPace) -> bool:
        """Copy some blocks of a range out; returns whether there are more."""
        kept = self._rows.get(key)
        if kept is None or kept.complete:
            return False
        left = pace.batch_bytes
        for place, block in self._blocks(kept):
            if place in self.copies:
                continue
            if left <= 0:
                return True
            self.copies[place] = block
            left -= len(block.data)
        self._settle(kept, now, pace)
        return False

    def _settle(self, kept: KeptRange, now: datetime, pace: CopyPace) -> None:
        look = next_look(kept, now, pace, may_grow=self._may_grow(kept))
        count = sum(block.count for place, block in self._blocks(kept) if place in self.copies)
        self._rows[kept.key] = replace(
            kept, sample_count=count, complete=look is None, attempts=kept.attempts + 1
        )
        self._due[kept.key] = look or now
        if look is None and count == 0 and kept.request.reason is KeepReason.SNAPSHOT:
            del self._rows[kept.key], self._due[kept.key]

    def _blocks(self, kept: KeptRange) -> list[tuple[_Place, StoredSamples]]:
        start_us, end_us = microseconds(kept.start), microseconds(kept.end)
        found = []
        for record in self._epochs(kept.request.sensor_id):
            sensor_id, epoch = record.key
            for block in self._samples.rows_of(record.key):
                at_us = record.format.time_us(block.first)
                last_us = at_us + span_us(block.count, record.format.sample_rate_hz)
                if at_us < end_us and last_us > start_us:
                    found.append(((sensor_id, epoch, block.first), block))
        return found

    def _epochs(self, sensor_id: str) -> list[StreamRecord]:
        return [row for key, row in self._streams.rows.items() if key[0] == sensor_id]

    def _may_grow(self, kept: KeptRange) -> bool:
        start_us, end_us = microseconds(kept.start), microseconds(kept.end)
        records = self._epochs(kept.request.sensor_id)
        spans = [
            (record.format.time_us(item.first), record.format.time_us(item.end))
            for record in records
            for item in record.position.missing
        ]
        missing = any(first < end_us and end > start_us for first, end in spans)
        passed = any(
            record.format.time_us(record.position.next_index) >= end_us for record in records
        )
        return missing or not passed

    async def expired(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return the keys of ranges whose time is over."""
        keys = [
            key
            for key, item in self._rows.items()
            if item.expire_time is not None and item.expire_time <= now
        ]
        return keys[:limit]

    async def forget(self, key: tuple[str, str], now: datetime, limit: int) -> bool:
        """Delete some blocks that only this range keeps, in the end itself."""
        kept = self._rows.get(key)
        if kept is None or kept.expire_time is None or kept.expire_time > now:
            return False
        others = self._kept_by_others(key)
        own = [
            place for place, _ in self._blocks(kept) if place in self.copies and place not in others
        ]
        for place in own[:limit]:
            del self.copies[place]
        if len(own) >= limit:
            return True
        del self._rows[key], self._due[key]
        return False

    def _kept_by_others(self, key: tuple[str, str]) -> Collection[_Place]:
        return {
            place
            for other, item in self._rows.items()
            if other != key and other[0] == key[0]
            for place, _ in self._blocks(item)
        }


class FakeSpaceStore:
    """`kurto_ingest.space.disk_guard.SpaceStore` in memory.

    Attributes
    ----------
    total_bytes, used_bytes : int
        The disk; a total of 0 means that nothing is known of it.
    partitions : list of Sheddable
        What can be dropped.
    dropped : list of str
        Names of what was.
    """

    def __init__(self) -> None:
        self.total_bytes = 0
        self.used_bytes = 0
        self.partitions: list[Sheddable] = []
        self.dropped: list[str] = []

    async def space(self) -> Space:
        """Return the room that there is."""
        if not self.total_bytes:
            return Space(database_bytes=self.used_bytes)
        return Space(
            database_bytes=self.used_bytes,
            total_bytes=self.total_bytes,
            free_ratio=1 - self.used_bytes / self.total_bytes,
        )

    async def sheddable(self) -> list[Sheddable]:
        """Return all partitions with their sizes."""
        return list(self.partitions)

    async def shed(self, partition: Sheddable) -> None:
        """Drop a partition."""
        self.partitions.remove(partition)
        self.used_bytes -= partition.size_bytes
        self.dropped.append(partition.key.name)
