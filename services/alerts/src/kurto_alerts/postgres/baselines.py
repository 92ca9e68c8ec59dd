"""Frozen baselines, copied from the analyzer, on PostgreSQL."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from asyncpg import Record

from kurto_alerts.references.baselines import BaselineVersion
from kurto_dsp.condition import Baseline
from kurto_service.postgres import Pool

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Those that a sensor had long ago hold for no window that will ever be evaluated.
_SELECT = """
SELECT baseline_id, sensor_id, freeze_time, end_time, levels FROM (
    SELECT *, row_number() OVER (PARTITION BY sensor_id ORDER BY baseline_id DESC) AS age
    FROM alerts.baselines) AS numbered
WHERE age <= 16 ORDER BY baseline_id
"""
_UPSERT = """
INSERT INTO alerts.baselines (baseline_id, sensor_id, freeze_time, end_time, levels)
VALUES ($1, $2, $3, $4, $5::jsonb)
ON CONFLICT (baseline_id) DO UPDATE SET end_time = excluded.end_time
"""
_ADVANCE = "UPDATE alerts.baseline_cursor SET event_number = $1 WHERE event_number < $1"


class PostgresBaselines:
    """Implements `BaselineVersionStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load_baselines(self) -> tuple[list[BaselineVersion], int]:
        """Return all that are kept and the number of the newest event that is taken up."""
        async with (
            self._pool.acquire() as session,
            session.transaction(isolation="repeatable_read", readonly=True),
        ):
            rows = await session.fetch(_SELECT)
            number = await session.fetchval("SELECT event_number FROM alerts.baseline_cursor")
        return [_version(row) for row in rows], int(number)

    async def save_baselines(self, versions: Sequence[BaselineVersion], event_number: int) -> None:
        """Keep new baselines and ends of known ones, up to an event."""
        rows = [
            (
                version.baseline_id,
                version.sensor_id,
                _time(version.freeze_us),
                None if version.end_us is None else _time(version.end_us),
                json.dumps(version.baseline.state(), allow_nan=False),
            )
            for version in versions
        ]
        async with self._pool.acquire() as session, session.transaction():
            if await session.execute(_ADVANCE, event_number) == "UPDATE 1":
                await session.executemany(_UPSERT, rows)


def _version(row: Record) -> BaselineVersion:
    end_time = row["end_time"]
    return BaselineVersion(
        row["baseline_id"],
        row["sensor_id"],
        _microseconds(row["freeze_time"]),
        None if end_time is None else _microseconds(end_time),
        Baseline.from_state(json.loads(row["levels"])),
    )


def _time(time_us: int) -> datetime:
    return _UNIX_EPOCH + timedelta(microseconds=time_us)


def _microseconds(time: datetime) -> int:
    return (time - _UNIX_EPOCH) // timedelta(microseconds=1)
