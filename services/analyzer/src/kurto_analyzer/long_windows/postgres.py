"""Results of long windows in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import numpy as np

from kurto_analyzer.frames import FrameLayout
from kurto_analyzer.long_windows.json_columns import diagnosis_of, evidence_json
from kurto_analyzer.long_windows.results import (
    ChannelDiagnosis,
    DiagnosisQuery,
    LongFeatureQuery,
    LongFeatures,
    LongResult,
    WindowIdentity,
)
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.postgres_queries import LayoutCatalogue, time_of
from kurto_dsp.diagnosis import ShaftSpeed, SpeedSource
from kurto_service.postgres import Pool

__all__ = ["PostgresLongResults"]

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = -(1 << 62), 1 << 62

_WINDOW_COLUMNS = """end_time, start_time, epoch, window_index, first_index, sample_count,
    config_version, shaft_speed_hz, shaft_speed_source, sensor_id"""
_INSERT_FEATURES = f"""
INSERT INTO analyzer.long_features ({_WINDOW_COLUMNS}, layout_id, quality, features)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT DO NOTHING RETURNING true
"""
_INSERT_DIAGNOSIS = f"""
INSERT INTO analyzer.diagnoses ({_WINDOW_COLUMNS}, channel, channel_number, fault, score, growth,
    bearing, reason, scores, lines, hints)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
    $18::text::jsonb, $19::text::jsonb, $20::text::jsonb)
ON CONFLICT DO NOTHING
"""
_DIAGNOSIS_COLUMNS = (
    f"{_WINDOW_COLUMNS}, channel, fault, score, growth, bearing, reason, scores, lines, hints"
)
_NEWEST = f"""
SELECT {_DIAGNOSIS_COLUMNS} FROM analyzer.diagnoses
WHERE sensor_id = $1 AND (end_time, epoch, window_index) = (
    SELECT end_time, epoch, window_index FROM analyzer.diagnoses WHERE sensor_id = $1
    ORDER BY end_time DESC, epoch DESC, window_index DESC LIMIT 1)
ORDER BY channel_number
"""
_LIST_DIAGNOSES = f"""
SELECT {_DIAGNOSIS_COLUMNS} FROM analyzer.diagnoses
WHERE sensor_id = $1 AND end_time > $2 AND end_time <= $3
  AND (end_time, epoch, window_index, channel) > ($4, $5, $6, $7) AND end_time >= $4
  AND (cardinality($8::text[]) = 0 OR channel = ANY($8::text[]))
  AND (cardinality($9::text[]) = 0 OR fault = ANY($9::text[]))
ORDER BY end_time, epoch, window_index, channel LIMIT $10
"""
_LIST_FEATURES = f"""
SELECT {_WINDOW_COLUMNS}, layout_id, quality, features FROM analyzer.long_features
WHERE sensor_id = $1 AND end_time > $2 AND end_time <= $3
  AND (end_time, epoch, window_index) > ($4, $5, $6) AND end_time >= $4
ORDER BY end_time, epoch, window_index LIMIT $7
"""


class PostgresLongResults:
    """`LongResultStore` on PostgreSQL.

    Parameters
    ----------
    write_pool, query_pool : Pool
        For results, and for reads.
    partitions : sequence of PartitionKeeper
        Of both tables.
    layouts : LayoutCatalogue
        Names of rows and columns.
    """

    def __init__(
        self,
        write_pool: Pool,
        query_pool: Pool,
        partitions: Sequence[PartitionKeeper],
        layouts: LayoutCatalogue,
    ) -> None:
        self._write_pool = write_pool
        self._query_pool = query_pool
        self._partitions = tuple(partitions)
        self._layouts = layouts

    async def save(self, result: LongResult) -> bool:
        """Store features and diagnoses of a window together; False if they are there already."""
        try:
            return await self._save(result)
        except asyncpg.CheckViolationError:
            for keeper in self._partitions:  # somebody removed a partition that was there
                keeper.forget()
            return await self._save(result)

    async def _save(self, result: LongResult) -> bool:
        for keeper in self._partitions:
            await keeper.ensure([result.window.end_us])
        features, window = result.features, _window_values(result.window)
        rows = [[None if np.isnan(v) else v for v in row] for row in features.values.tolist()]
        async with self._write_pool.acquire() as connection:
            layout_ids = await self._layouts.ids(connection, [features.layout])
            async with connection.transaction():
                layout_id = layout_ids[features.layout]
                is_new = await connection.fetchval(
                    _INSERT_FEATURES, *window, layout_id, features.quality, rows
                )
                if is_new:
                    values = [
                        (*window, *_diagnosis_values(number, one))
                        for number, one in enumerate(result.diagnoses)
                    ]
                    await connection.executemany(_INSERT_DIAGNOSIS, values)
        return bool(is_new)

    async def newest_diagnoses(self, sensor_id: str) -> list[ChannelDiagnosis]:
        """Return the diagnoses of the newest window that has any, in the order of channels."""
        async with self._query_pool.acquire() as connection:
            return [_diagnosis(row) for row in await connection.fetch(_NEWEST, sensor_id)]

    async def list_diagnoses(self, query: DiagnosisQuery) -> list[ChannelDiagnosis]:
        """Return diagnoses by end time, epoch, window index and channel."""
        after_us, *after = query.after or (_EARLIEST, 0, 0, "")
        async with self._query_pool.acquire() as connection:
            rows = await connection.fetch(
                _LIST_DIAGNOSES,
                query.sensor_id,
                time_of(_EARLIEST if query.after_us is None else query.after_us),
                time_of(_LATEST if query.until_us is None else query.until_us),
                time_of(after_us),
                *after,
                list(query.channels),
                [fault.value for fault in query.faults],
                query.limit,
            )
        return [_diagnosis(row) for row in rows]

    async def list_features(self, query: LongFeatureQuery) -> list[LongFeatures]:
        """Return features by end time, epoch and window index."""
        after_us, *after = query.after or (_EARLIEST, 0, 0)
        async with self._query_pool.acquire() as connection:
            rows = await connection.fetch(
                _LIST_FEATURES,
                query.sensor_id,
                time_of(_EARLIEST if query.after_us is None else query.after_us),
                time_of(_LATEST if query.until_us is None else query.until_us),
                time_of(after_us),
                *after,
                query.limit,
            )
            layouts = await self._layouts.layouts(connection, {row["layout_id"] for row in rows})
        return [_features(row, layouts[row["layout_id"]]) for row in rows]


def _window_values(window: WindowIdentity) -> tuple[Any, ...]:
    speed = window.speed
    return (
        time_of(window.end_us),
        time_of(window.start_us),
        window.epoch,
        window.window_index,
        window.first_index,
        window.sample_count,
        window.config_version,
        None if speed is None else speed.hz,
        None if speed is None else speed.source.value,
        window.sensor_id,
    )


def _diagnosis_values(number: int, one: ChannelDiagnosis) -> tuple[Any, ...]:
    diagnosis = one.diagnosis
    return (
        one.channel,
        number,
        diagnosis.fault.value,
        None if np.isnan(diagnosis.score) else diagnosis.score,
        one.growth,
        one.bearing,
        diagnosis.reason,
        *evidence_json(diagnosis),
    )


def _window(row: asyncpg.Record) -> WindowIdentity:
    source = row["shaft_speed_source"]
    return WindowIdentity(
        sensor_id=row["sensor_id"],
        epoch=row["epoch"],
        window_index=row["window_index"],
        start_us=_time_us(row["start_time"]),
        end_us=_time_us(row["end_time"]),
        first_index=row["first_index"],
        sample_count=row["sample_count"],
        config_version=row["config_version"],
        speed=ShaftSpeed(row["shaft_speed_hz"], SpeedSource(source)) if source else None,
    )


def _features(row: asyncpg.Record, layout: FrameLayout) -> LongFeatures:
    values = np.array(row["features"], np.float32)
    return LongFeatures(_window(row), layout, values, tuple(row["quality"]))


def _diagnosis(row: asyncpg.Record) -> ChannelDiagnosis:
    evidence = {name: json.loads(row[name]) for name in ("scores", "lines", "hints")}
    return ChannelDiagnosis(
        window=_window(row),
        channel=row["channel"],
        diagnosis=diagnosis_of(row["fault"], row["score"], reason=row["reason"], **evidence),
        bearing=row["bearing"],
        growth=row["growth"],
    )


def _time_us(time: datetime) -> int:
    return (time - _UNIX_EPOCH) // timedelta(microseconds=1)
