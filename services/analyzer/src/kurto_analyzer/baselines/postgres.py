"""Baselines in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from kurto_analyzer.baselines.exceptions import AlreadyLearning
from kurto_analyzer.baselines.model import (
    BaselineState,
    LearningCause,
    NewBaseline,
    StoredBaseline,
)
from kurto_analyzer.baselines.ports import BaselineEvent, Revision
from kurto_analyzer.postgres_queries import time_of
from kurto_dsp.condition.baselines import Baseline
from kurto_service.postgres import Pool

__all__ = ["ANALYZER", "PostgresBaselines"]

ANALYZER = "kurto-analyzer"
"""Principal of what the analyzer does by itself."""

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# All changes to the baselines of one sensor stand in one line. Those of all sensors stand in one
# while they add to the audit, so that its numbers become visible in their order.
_LOCK = """
SELECT pg_advisory_xact_lock(hashtext('analyzer.baselines'), hashtext($1)),
       pg_advisory_xact_lock(hashtext('analyzer.baseline_events'))
"""
_INSERT = """
INSERT INTO analyzer.baselines
    (sensor_id, state, cause, reason, principal, begin_time, wanted_window_count)
VALUES ($1, 'learning', $2, $3, $4, $5, $6) RETURNING *
"""
_END = """
UPDATE analyzer.baselines SET state = $3, end_time = now()
WHERE sensor_id = $1 AND state = $2 RETURNING baseline_id
"""
_FREEZE = """
UPDATE analyzer.baselines SET state = 'in_force', freeze_time = now(), levels = $2
WHERE baseline_id = $1 RETURNING baseline_id
"""
_EVENT = """
INSERT INTO analyzer.baseline_events (baseline_id, sensor_id, event, principal, reason)
VALUES ($1, $2, $3, $4, $5)
"""
_STATE = "SELECT sensor_id, state FROM analyzer.baselines WHERE baseline_id = $1"
_OPEN = """
SELECT * FROM analyzer.baselines WHERE sensor_id = $1 AND state IN ('learning', 'in_force')
ORDER BY baseline_id
"""
_LIST = """
SELECT * FROM analyzer.baselines WHERE sensor_id = $1 AND ($2::bigint IS NULL OR baseline_id < $2)
ORDER BY baseline_id DESC LIMIT $3
"""
_GET = "SELECT * FROM analyzer.baselines WHERE sensor_id = $1 AND baseline_id = $2"
_EVENTS = "SELECT * FROM analyzer.baseline_events WHERE baseline_id = ANY($1) ORDER BY event_id"
_EVENTS_AFTER = (
    "SELECT * FROM analyzer.baseline_events WHERE event_id > $1 ORDER BY event_id LIMIT $2"
)
_REVISIONS = """
SELECT b.sensor_id, b.learning, (SELECT max(e.event_id) FROM analyzer.baseline_events AS e
                     WHERE e.sensor_id = b.sensor_id) AS revision
FROM (SELECT sensor_id, bool_or(state = 'learning') AS learning
      FROM analyzer.baselines GROUP BY sensor_id) AS b
"""


class PostgresBaselines:
    """`BaselineStore` on PostgreSQL.

    Parameters
    ----------
    write_pool, query_pool : Pool
        Kept apart, so that slow reads never hold up a change.
    """

    def __init__(self, write_pool: Pool, query_pool: Pool) -> None:
        self._write_pool = write_pool
        self._query_pool = query_pool

    async def request(self, new: NewBaseline) -> StoredBaseline:
        """Store a baseline that is to be learned; retire or abandon what it replaces at once."""
        async with self._write_pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, new.sensor_id)
            if new.restart:
                await _end(connection, new.sensor_id, "abandoned", new.principal, new.reason)
            if new.cause is LearningCause.BEARING_REPLACED:
                await _end(connection, new.sensor_id, "retired", new.principal, new.reason)
            try:
                row = await connection.fetchrow(
                    _INSERT, new.sensor_id, new.cause, new.reason, new.principal,
                    time_of(new.begin_us), new.wanted_windows,
                )  # fmt: skip
            except asyncpg.UniqueViolationError:
                raise AlreadyLearning(sensor_id=new.sensor_id) from None
            stored = _stored(row)
            await connection.execute(
                _EVENT, stored.baseline_id, new.sensor_id, "requested", new.principal, new.reason
            )
        return stored

    async def freeze(self, baseline_id: int, baseline: Baseline) -> bool:
        """Put a learned baseline in force and retire the one before."""
        async with self._write_pool.acquire() as connection, connection.transaction():
            sensor_id = await connection.fetchval(
                "SELECT sensor_id FROM analyzer.baselines WHERE baseline_id = $1", baseline_id
            )
            await connection.execute(_LOCK, sensor_id)
            row = await connection.fetchrow(_STATE, baseline_id)
            if row is None or row["state"] != BaselineState.LEARNING:
                return False
            reason = f"{baseline.window_count} windows learned"
            replaced = f"replaced by baseline {baseline_id}"
            await _end(connection, sensor_id, "retired", ANALYZER, replaced)
            await connection.execute(_FREEZE, baseline_id, json.dumps(baseline.state()))
            await connection.execute(_EVENT, baseline_id, sensor_id, "frozen", ANALYZER, reason)
        return True

    async def open_baselines(self, sensor_id: str) -> list[StoredBaseline]:
        """Return the baselines of a sensor in force and being learned, at most one of each."""
        return [_stored(row) for row in await self._query_pool.fetch(_OPEN, sensor_id)]

    async def list_baselines(
        self, sensor_id: str, *, before_id: int | None, limit: int
    ) -> list[StoredBaseline]:
        """Return baselines of a sensor with lower numbers, the newest first."""
        rows = await self._query_pool.fetch(_LIST, sensor_id, before_id, limit)
        return [_stored(row) for row in rows]

    async def get(self, sensor_id: str, baseline_id: int) -> StoredBaseline | None:
        """Return one baseline of a sensor."""
        row = await self._query_pool.fetchrow(_GET, sensor_id, baseline_id)
        return None if row is None else _stored(row)

    async def events(self, baseline_ids: Sequence[int]) -> list[BaselineEvent]:
        """Return the audit of some baselines, oldest first."""
        return [_event(row) for row in await self._query_pool.fetch(_EVENTS, list(baseline_ids))]

    async def events_after(self, number: int, *, limit: int) -> list[BaselineEvent]:
        """Return what happened to the baselines of all sensors behind an event, oldest first."""
        rows = await self._query_pool.fetch(_EVENTS_AFTER, number, limit)
        return [_event(row) for row in rows]

    async def revisions(self) -> Mapping[str, Revision]:
        """Return the revision of every sensor that has baselines."""
        rows = await self._query_pool.fetch(_REVISIONS)
        return {row["sensor_id"]: Revision(row["revision"], row["learning"]) for row in rows}


_ENDS = {"abandoned": BaselineState.LEARNING, "retired": BaselineState.IN_FORCE}


async def _end(
    connection: Connection, sensor_id: str, end: str, principal: str, reason: str
) -> None:
    ended = await connection.fetchval(_END, sensor_id, _ENDS[end], end)
    if ended is not None:
        await connection.execute(_EVENT, ended, sensor_id, end, principal, reason)


def _event(row: Any) -> BaselineEvent:
    return BaselineEvent(
        row["event_id"], row["baseline_id"], row["sensor_id"], _microseconds(row["event_time"]),
        row["event"], row["principal"], row["reason"],
    )  # fmt: skip


def _stored(row: Any) -> StoredBaseline:
    levels = row["levels"]
    return StoredBaseline(
        baseline_id=row["baseline_id"],
        sensor_id=row["sensor_id"],
        state=BaselineState(row["state"]),
        cause=LearningCause(row["cause"]),
        reason=row["reason"],
        principal=row["principal"],
        begin_us=_microseconds(row["begin_time"]),
        wanted_windows=row["wanted_window_count"],
        create_us=_microseconds(row["create_time"]),
        freeze_us=_optional(row["freeze_time"]),
        end_us=_optional(row["end_time"]),
        baseline=None if levels is None else Baseline.from_state(json.loads(levels)),
    )


def _optional(time: datetime | None) -> int | None:
    return None if time is None else _microseconds(time)


def _microseconds(time: datetime) -> int:
    return (time - _UNIX_EPOCH) // timedelta(microseconds=1)
