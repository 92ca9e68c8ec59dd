"""Streams and their samples in memory; they pass the same contract tests as PostgreSQL."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kurto_ingest.fakes.assets import FakeRegistry
from kurto_ingest.fakes.records import FakeSampleTimeStore
from kurto_ingest.ports import NewStream, StoredSamples, StreamCommit, StreamKey, StreamRecord
from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.quarantine import QuarantineCommit, QuarantinePosition, grid_line
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.streams.stream_format import StreamFormat
from kurto_ingest.value_store import StoredProcessValue
from kurto_service.clock import Clock

__all__ = ["FakeSampleStore", "FakeStreamStore"]


class FakeStreamStore:
    """`kurto_ingest.ports.StreamStore` in memory."""

    def __init__(self, registry: FakeRegistry, times: FakeSampleTimeStore | None = None) -> None:
        self._registry = registry
        self._times = times
        self.rows: dict[StreamKey, StreamRecord] = {}

    async def find(self, sensor_id: str, epoch: int) -> StreamRecord | None:
        """Return an epoch; 0 means the newest that is no backfill."""
        if epoch == 0:
            live = (row.format for row in self.rows.values() if not row.backfill)
            epoch = max((item.epoch for item in live if item.sensor_id == sensor_id), default=0)
        return self._read((sensor_id, epoch))

    def _read(self, key: StreamKey) -> StreamRecord | None:
        row = self.rows.get(key)
        if row is None:
            return None
        superseded = any(
            other.format.sensor_id == key[0] and other.format.epoch > key[1]
            for other in self.rows.values()
            if not other.backfill
        )
        return replace(
            row,
            position=row.position.copy(),
            late_windows=row.late_windows.copy(),
            quarantine=_made_way(row),
            superseded=superseded,
            correction_us=self._times.newest_offset_us(key) if self._times else None,
        )

    async def find_boot(self, sensor_id: str, boot_id: str) -> StreamRecord | None:
        """Return the epoch that `boot_id` began."""
        for key, row in self.rows.items():
            if key[0] == sensor_id and row.boot_id == boot_id:
                return self._read(key)
        return None

    async def begin(self, new: NewStream) -> StreamRecord | None:
        """Begin the next epoch, with fence 1; None when somebody else did at the same moment."""
        sensor_id, config = new.sensor.sensor_id, new.sensor.config
        if await self.find_boot(sensor_id, new.boot_id) is not None:
            return None
        epoch = max((key[1] for key in self.rows if key[0] == sensor_id), default=0) + 1
        stream_format = StreamFormat(
            sensor_id=sensor_id,
            sensor_key=new.sensor.sensor_key,
            epoch=epoch,
            channels=config.channel_names,
            sample_rate_hz=config.sample_rate_hz,
            encoding=Encoding(new.encoding),
            scales=new.scales,
            hop_samples=config.hop_samples,
            window_hops=config.window_hops,
            anchor_us=new.anchor_us,
            burst_interval_us=config.burst_interval_us,
        )
        self.rows[stream_format.key] = StreamRecord(
            format=stream_format,
            boot_id=new.boot_id,
            fence=1,
            config_version=config.version,
            position=StreamSequence(max_missing_ranges=sys.maxsize),
            commit_time=None,
            commit_token=None,
            analyzed_window=0,
            analysis_from_index=0,
            late_windows=RangeSet(),
            clock_offset_us=new.clock_offset_us,
            backfill=new.backfill,
            recorded=new.recorded,
        )
        return self._read(stream_format.key)

    async def raise_fence(
        self, key: StreamKey, *, backfill: bool = False, clock_offset_us: int | None = None
    ) -> StreamRecord:
        """Raise a fence, so that no earlier sender's samples are committed any more."""
        row = self.rows.get(key)
        if row is None:
            raise LookupError(f"no stream {key}")
        self.rows[key] = replace(
            row,
            fence=row.fence + 1,
            backfill=row.backfill or backfill,
            clock_offset_us=row.clock_offset_us if clock_offset_us is None else clock_offset_us,
        )
        found = self._read(key)
        assert found is not None
        return found

    async def newest(self, sensor_ids: Collection[str]) -> list[StreamRecord]:
        """Return the newest epoch, no backfill, of each of these sensors that has one."""
        found = [await self.find(sensor_id, 0) for sensor_id in sorted(set(sensor_ids))]
        return [record for record in found if record is not None]

    async def unfinished(self, limit: int) -> list[StreamRecord]:
        """Return streams of monitored sensors with windows that are not known to be analysed."""
        found = [
            record
            for key in sorted(self.rows, key=lambda key: (-key[1], key[0]))
            if (record := self._read(key)) is not None and self._is_unfinished(record)
        ]
        return found[:limit]

    def _is_unfinished(self, record: StreamRecord) -> bool:
        sensor = self._registry.sensors[record.format.sensor_id]
        if sensor.archived or not sensor.monitored:
            return False
        hop = record.format.hop_samples
        windows = record.position.next_index // hop - record.format.window_hops + 1
        first = -(-record.analysis_from_index // hop)
        return windows > max(record.analyzed_window, first) or bool(record.late_windows)

    async def note_analyzed(self, windows: Mapping[StreamKey, int]) -> None:
        """Remember that all windows below the given ones are analysed."""
        for key, window in windows.items():
            if key in self.rows:
                self.rows[key] = replace(self.rows[key], analyzed_window=window)

    async def note_late_done(self, key: StreamKey, windows: RangeSet) -> None:
        """Remember that late frames of these windows are stored."""
        for item in windows:
            self.rows[key].late_windows.remove(item.first, item.end)

    async def analyze_from(self, sensor_id: str, from_index: int, epoch: int) -> None:
        """Leave out windows before `from_index` of `epoch`, all earlier epochs and backfills."""
        for key, row in self.rows.items():
            if key[0] == sensor_id and (key[1] <= epoch or row.backfill):
                mark = from_index if key[1] == epoch else row.position.next_index
                self.rows[key] = replace(row, analysis_from_index=mark, late_windows=RangeSet())


def _made_way(row: StreamRecord) -> QuarantinePosition | None:
    if row.quarantine is None:
        return None
    found, next_index = row.quarantine.copy(), row.position.next_index
    if next_index > found.index:
        found.index = grid_line(next_index, row.format.hop_samples)
    return found


def _next_apart(row: StreamRecord) -> int | None:
    return None if row.quarantine is None else row.quarantine.sequence.next_index


def _stored(block: Block) -> StoredSamples:
    return StoredSamples(block.first, block.count, block.quality, block.shaft_speed_hz, block.data)


class FakeSampleStore:
    """`kurto_ingest.ports.SampleStore` in memory.

    Attributes
    ----------
    fail_before, fail_after : list of Exception
        Raised, one a commit, before anything is done, and after all is done: as when the
        connection breaks in the middle of COMMIT.
    """

    def __init__(self, streams: FakeStreamStore, clock: Clock) -> None:
        self._streams = streams
        self._clock = clock
        self._rows: dict[StreamKey, dict[int, StoredSamples]] = {}
        # By sensor_key: each with the time at which it was stored.
        self._values: dict[int, list[tuple[datetime, StoredProcessValue]]] = {}
        #: By sensor, epoch and first index: each with the time at which it was stored.
        self.quarantined: dict[tuple[str, int, int], tuple[datetime, StoredSamples]] = {}
        self.fail_before: list[Exception] = []
        self.fail_after: list[Exception] = []
        self.commit_count = 0

    async def commit(self, commits: Sequence[StreamCommit], token: UUID) -> set[StreamKey]:
        """Do all `commits` in one transaction; returns those streams whose row still matched."""
        self.commit_count += 1
        if self.fail_before:
            raise self.fail_before.pop(0)
        matching = [item for item in commits if self._matches(item)]
        for item in matching:
            rows = self._rows.setdefault(item.format.key, {})
            apart = () if item.quarantine is None else item.quarantine.blocks
            known = any((*item.format.key, block.first) in self.quarantined for block in apart)
            if known or any(block.first in rows for block in item.blocks):
                raise ValueError("a row with this first_index exists already")
        for item in matching:
            self._apply(item, token, self._clock.now())
        if self.fail_after:
            raise self.fail_after.pop(0)
        return {item.format.key for item in matching}

    def _matches(self, item: StreamCommit) -> bool:
        row = self._streams.rows.get(item.format.key)
        return (
            row is not None
            and row.fence == item.fence
            and row.position.next_index == item.before_index
            and (item.quarantine is None or item.quarantine.before_index == _next_apart(row))
        )

    def _apply(self, item: StreamCommit, token: UUID, now: datetime) -> None:
        key = item.format.key
        row = self._streams.rows[key]
        late = row.late_windows.copy()
        for span in item.late_windows:
            late.add(span.first, span.end)
        self._streams.rows[key] = replace(
            row,
            position=item.after.copy(),
            commit_token=token,
            commit_time=now,
            late_windows=late,
        )
        if item.quarantine is not None:
            self._set_apart(key, item.quarantine, now)
        for block in item.blocks:
            self._rows[key][block.first] = _stored(block)
            values = self._values.setdefault(item.format.sensor_key, [])
            for value in block.values:
                at_us = item.format.time_us(value.index)
                values.append((now, StoredProcessValue(at_us, item.format.epoch, value)))

    def _set_apart(self, key: StreamKey, part: QuarantineCommit, now: datetime) -> None:
        row = self._streams.rows[key]
        self._streams.rows[key] = replace(row, quarantine=part.after.copy())
        for block in part.blocks:
            self.quarantined[(*key, block.first)] = (now, _stored(block))

    def values_of(self, sensor_key: int) -> list[tuple[datetime, StoredProcessValue]]:
        """Return the process values of a sensor, each with the time at which it was stored."""
        return list(self._values.get(sensor_key, ()))

    def drop_values(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` process values stored before `before`; returns how many."""
        count = 0
        for sensor_key, values in self._values.items():
            old = [item for item in values if item[0] < before][: limit - count]
            self._values[sensor_key] = [item for item in values if item not in old]
            count += len(old)
        return count

    async def committed(self, keys: Collection[StreamKey], token: UUID) -> set[StreamKey]:
        """Return those of `keys` whose last commit was the one with `token`."""
        return {
            key
            for key in keys
            if key in self._streams.rows and self._streams.rows[key].commit_token == token
        }

    def rows_of(self, key: StreamKey) -> list[StoredSamples]:
        """Return all rows of a stream, ascending."""
        return [row for _, row in sorted(self._rows.get(key, {}).items())]

    async def read(self, stream_format: StreamFormat, first: int, end: int) -> list[StoredSamples]:
        """Return the rows with samples `first` <= i < `end`, ascending; uncut."""
        rows = self._rows.get(stream_format.key, {})
        return [
            row
            for _, row in sorted(rows.items())
            if row.first < end and row.first + row.count > first
        ]
