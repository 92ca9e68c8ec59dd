"""The retention classes that storage knows, and how long each is kept."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import asyncpg

from kurto_ingest.assets.retention import (
    BUFFER_CLASS,
    DEFAULT_CLASS,
    FOREVER_CLASS,
    MAX_TIME_CLASSES,
    AroundAlarms,
    ClassKind,
    KeepAll,
    KeepFor,
    RetentionClass,
    RetentionPolicy,
    Snapshots,
    span_for,
)
from kurto_ingest.space.exceptions import TooManyRetentionTimes
from kurto_service.postgres import Pool

if TYPE_CHECKING:
    from kurto_service.postgres import PooledConnection

__all__ = ["ClassTable", "class_for", "class_from_row", "policy_from_json", "policy_json"]

_FIRST_TIME_CLASS = 10

#: Every class that any block may lie in, for ``retention_class = ANY(...)``.
ALL_CLASSES = "ARRAY(SELECT retention_class FROM ingest.retention_classes)"

_IN_USE = """
SELECT * FROM ingest.retention_classes
WHERE retention_class = 1
   OR retention_class IN (SELECT retention_class FROM ingest.sensors WHERE NOT archived)
"""

_ADD = """
INSERT INTO ingest.retention_classes (retention_class, kind, keep_hours, span_hours)
SELECT n, 'time', $1, span FROM (
    SELECT coalesce(max(retention_class) + 1, $2) AS number
    FROM ingest.retention_classes WHERE kind = 'time' AND retention_class < 1000) AS free,
    LATERAL (VALUES (number, $3::integer), (number + 1000, $4::integer)) AS v (n, span)
"""

# A class that no sensor has and no block lies in: nothing has come for it as long as it keeps.
_UNUSED = """
SELECT min(retention_class) FROM ingest.retention_classes AS c
WHERE kind = 'time' AND retention_class < 1000
  AND NOT EXISTS (SELECT FROM ingest.sensors AS s WHERE s.retention_class = c.retention_class)
  AND NOT EXISTS (
      SELECT FROM pg_inherits WHERE inhparent IN (
          to_regclass('ingest.sensor_data_' || retention_class),
          to_regclass('ingest.sensor_data_' || retention_class + 1000)))
"""

_REUSE = """
UPDATE ingest.retention_classes SET keep_hours = $1,
    span_hours = CASE WHEN retention_class < 1000 THEN $2::integer ELSE $3::integer END
WHERE retention_class IN ($4::smallint, $4::smallint + 1000)
"""


def class_from_row(row: asyncpg.Record) -> RetentionClass:
    """Return the class of a row of ``ingest.retention_classes``."""
    return RetentionClass(
        row["retention_class"], ClassKind(row["kind"]), row["keep_hours"], row["span_hours"]
    )


class ClassTable:
    """The classes.

    Parameters
    ----------
    pool : Pool
        Connections.
    default_s, buffer_s : float
        How long the default and the short class are kept.
    """

    def __init__(self, pool: Pool, *, default_s: float, buffer_s: float) -> None:
        self._pool = pool
        self._default = timedelta(seconds=default_s)
        self._buffer = timedelta(seconds=buffer_s)
        self.known: dict[int, RetentionClass] = {}

    async def load(self) -> dict[int, RetentionClass]:
        """Read and return all classes by number."""
        rows = await self._pool.fetch("SELECT * FROM ingest.retention_classes")
        self.known = {row["retention_class"]: class_from_row(row) for row in rows}
        return self.known

    async def in_use(self) -> list[RetentionClass]:
        """Return the classes that blocks may come for any moment."""
        return [class_from_row(row) for row in await self._pool.fetch(_IN_USE)]

    def keep_time(self, retention: RetentionClass) -> timedelta | None:
        """Return how long blocks of a class are kept; None for as long as there is room."""
        match retention.kind:
            case ClassKind.DEFAULT:
                return self._default
            case ClassKind.BUFFER:
                return self._buffer
            case ClassKind.TIME:
                return timedelta(hours=retention.keep_hours or 0)
            case _:
                return None


async def class_for(connection: PooledConnection, policy: RetentionPolicy | None) -> RetentionClass:
    """Return the class of sensors with a policy; makes it if need be.

    Raises
    ------
    TooManyRetentionTimes
        If it would be one more than `MAX_TIME_CLASSES`.
    """
    match policy:
        case None:
            return DEFAULT_CLASS
        case KeepAll():
            return FOREVER_CLASS
        case Snapshots() | AroundAlarms():
            return BUFFER_CLASS
        case KeepFor(hours):
            return await _time_class(connection, hours)


async def _time_class(connection: PooledConnection, hours: int) -> RetentionClass:
    await connection.execute("LOCK TABLE ingest.retention_classes IN SHARE ROW EXCLUSIVE MODE")
    find = "SELECT * FROM ingest.retention_classes WHERE kind = 'time' AND retention_class < 1000"
    times = {row["keep_hours"]: row for row in await connection.fetch(find)}
    if hours not in times:
        span_h = span_for(hours)
        late_h = RetentionClass(1, ClassKind.TIME, hours, span_h).late().span_h
        if len(times) < MAX_TIME_CLASSES:
            await connection.execute(_ADD, hours, _FIRST_TIME_CLASS, span_h, late_h)
        elif (number := await connection.fetchval(_UNUSED)) is not None:
            await connection.execute(_REUSE, hours, span_h, late_h, number)
        else:
            raise TooManyRetentionTimes(hours, sorted(times))
        times = {row["keep_hours"]: row for row in await connection.fetch(find)}
    return class_from_row(times[hours])


def policy_json(policy: RetentionPolicy | None) -> str | None:
    """Return a policy as the column holds it."""
    match policy:
        case None:
            return None
        case KeepAll():
            return json.dumps({"kind": "all"})
        case KeepFor(hours):
            return json.dumps({"kind": "time", "hours": hours})
        case Snapshots():
            fields = ("interval_s", "length_s", "keep_for_s")
            kind = "snapshots"
        case AroundAlarms():
            fields = ("before_s", "after_s", "keep_for_s")
            kind = "around_alarms"
    return json.dumps({"kind": kind} | {name: getattr(policy, name) for name in fields})


def policy_from_json(text: str | None) -> RetentionPolicy | None:
    """Return the policy that a column holds."""
    if text is None:
        return None
    values = json.loads(text)
    kind = values.pop("kind")
    match kind:
        case "all":
            return KeepAll()
        case "time":
            return KeepFor(values["hours"])
        case "snapshots":
            return Snapshots(**values)
        case _:
            return AroundAlarms(**values)
