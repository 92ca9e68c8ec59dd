"""Streams and their fences in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kurto_ingest.ports import NewStream, StreamKey, StreamRecord
from kurto_ingest.postgres.rows import multirange_text, stream_from_row
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.timing import datetime_from_us
from kurto_service.postgres import Pool
from kurto_service.turns import in_turns

__all__ = ["PostgresStreamStore"]

_COLUMNS = """s.*, EXISTS (
    SELECT 1 FROM ingest.streams AS n
    WHERE n.sensor_id = s.sensor_id AND n.epoch > s.epoch AND NOT n.backfill) AS superseded, (
    SELECT t.offset_us FROM ingest.stream_times AS t
    WHERE t.sensor_id = s.sensor_id AND t.epoch = s.epoch
    ORDER BY t.first_index DESC LIMIT 1) AS correction_us
"""

_FIND = f"SELECT {_COLUMNS} FROM ingest.streams AS s WHERE sensor_id = $1 AND epoch = $2"

_FIND_BOOT = f"SELECT {_COLUMNS} FROM ingest.streams AS s WHERE sensor_id = $1 AND boot_id = $2"

_FIND_NEWEST = """
SELECT *, false AS superseded FROM ingest.streams
WHERE sensor_id = $1 AND NOT backfill ORDER BY epoch DESC LIMIT 1
"""

_NEWEST = """
SELECT DISTINCT ON (sensor_id) *, false AS superseded FROM ingest.streams
WHERE sensor_id = ANY($1::text[]) AND NOT backfill ORDER BY sensor_id, epoch DESC
"""

_RAISE_FENCE = f"""
UPDATE ingest.streams AS s
SET fence = fence + 1, backfill = backfill OR $3, clock_offset_us = coalesce($4, clock_offset_us)
WHERE sensor_id = $1 AND epoch = $2 RETURNING {_COLUMNS}
"""

_BEGIN = """
INSERT INTO ingest.streams (
    sensor_id, epoch, sensor_key, boot_id, config_version, sample_rate_hz, channels, encoding,
    scales, hop_samples, window_hops, anchor_time, clock_offset_us, burst_interval_us,
    backfill, recorded)
SELECT $1, coalesce(max(epoch), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
    $14, $15
FROM ingest.streams WHERE sensor_id = $1
ON CONFLICT DO NOTHING
RETURNING *, false AS superseded
"""

_UNFINISHED = f"""
SELECT {_COLUMNS} FROM ingest.streams AS s JOIN ingest.sensors USING (sensor_id)
WHERE monitored AND NOT archived
  AND (next_index / hop_samples - window_hops + 1
         > greatest(analyzed_window, (analysis_from_index + hop_samples - 1) / hop_samples)
       OR NOT isempty(late_windows))
ORDER BY epoch DESC, sensor_id LIMIT $1
"""


class PostgresStreamStore:
    """`kurto_ingest.ports.StreamStore` on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, sensor_id: str, epoch: int) -> StreamRecord | None:
        """Return an epoch; 0 means the newest that is no backfill."""
        if epoch == 0:
            row = await self._pool.fetchrow(_FIND_NEWEST, sensor_id)
        else:
            row = await self._pool.fetchrow(_FIND, sensor_id, epoch)
        return stream_from_row(row) if row else None

    async def find_boot(self, sensor_id: str, boot_id: str) -> StreamRecord | None:
        """Return the epoch that `boot_id` began."""
        row = await self._pool.fetchrow(_FIND_BOOT, sensor_id, boot_id)
        return stream_from_row(row) if row else None

    async def begin(self, new: NewStream) -> StreamRecord | None:
        """Begin the next epoch, with fence 1; None when somebody else did at the same moment."""
        config = new.sensor.config
        row = await self._pool.fetchrow(
            _BEGIN,
            new.sensor.sensor_id,
            new.sensor.sensor_key,
            new.boot_id,
            config.version,
            config.sample_rate_hz,
            list(config.channel_names),
            new.encoding,
            list(new.scales),
            config.hop_samples,
            config.window_hops,
            datetime_from_us(new.anchor_us),
            new.clock_offset_us,
            config.burst_interval_us,
            new.backfill,
            new.recorded,
        )
        return stream_from_row(row) if row else None

    async def raise_fence(
        self, key: StreamKey, *, backfill: bool = False, clock_offset_us: int | None = None
    ) -> StreamRecord:
        """Raise a fence, so that no earlier sender's samples are committed any more."""
        row = await self._pool.fetchrow(_RAISE_FENCE, *key, backfill, clock_offset_us)
        if row is None:
            raise LookupError(f"no stream {key}")
        return stream_from_row(row)

    async def newest(self, sensor_ids: Collection[str]) -> list[StreamRecord]:
        """Return the newest epoch, no backfill, of each of these sensors that has one."""
        rows = await self._pool.fetch(_NEWEST, list(sensor_ids))
        return await in_turns(stream_from_row, rows)

    async def unfinished(self, limit: int) -> list[StreamRecord]:
        """Return streams of monitored sensors with windows that are not known to be analysed."""
        return [stream_from_row(row) for row in await self._pool.fetch(_UNFINISHED, limit)]

    async def note_analyzed(self, windows: Mapping[StreamKey, int]) -> None:
        """Remember that all windows below the given ones are analysed."""
        await self._pool.execute(
            "UPDATE ingest.streams AS s SET analyzed_window = v.next_window"
            " FROM unnest($1::text[], $2::bigint[], $3::bigint[])"
            " AS v (sensor_id, epoch, next_window)"
            " WHERE s.sensor_id = v.sensor_id AND s.epoch = v.epoch",
            [sensor_id for sensor_id, _ in windows],
            [epoch for _, epoch in windows],
            list(windows.values()),
        )

    async def note_late_done(self, key: StreamKey, windows: RangeSet) -> None:
        """Remember that late frames of these windows are stored."""
        await self._pool.execute(
            "UPDATE ingest.streams SET late_windows = late_windows - $3::text::int8multirange"
            " WHERE sensor_id = $1 AND epoch = $2",
            *key,
            multirange_text(windows),
        )

    async def analyze_from(self, sensor_id: str, from_index: int, epoch: int) -> None:
        """Leave out windows before `from_index` of `epoch`, all earlier epochs and backfills."""
        await self._pool.execute(
            "UPDATE ingest.streams SET late_windows = '{}', analysis_from_index ="
            " CASE WHEN epoch = $3 THEN $2::bigint ELSE next_index END"
            " WHERE sensor_id = $1 AND (epoch <= $3 OR backfill)",
            sensor_id,
            from_index,
            epoch,
        )
