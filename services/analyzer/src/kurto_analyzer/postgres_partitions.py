"""Partitions of realtime_features: made ahead and on demand, dropped after the retention."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, timedelta

import asyncpg

from kurto_analyzer.partitions import expired_days, partition_name, upcoming_days
from kurto_analyzer.transience import is_transient
from kurto_service.clock import Clock
from kurto_service.postgres import Pool

__all__ = ["PartitionKeeper"]

_LOG = logging.getLogger(__name__)
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"
_ADVISORY_LOCK = "SELECT pg_advisory_xact_lock(hashtext('analyzer.realtime_features'))"
_ATTACHED = """
SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'analyzer.realtime_features'::regclass AND NOT i.inhdetachpending
"""
# Also those that a process left behind which was killed between detaching and dropping.
_ALL = """
SELECT c.relname, i.inhrelid IS NOT NULL AS attached, coalesce(i.inhdetachpending, false) AS pending
FROM pg_class AS c LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
WHERE c.relnamespace = 'analyzer'::regnamespace AND c.relkind = 'r'
  AND c.relname LIKE 'realtime\\_features\\_%'
"""


class PartitionKeeper:
    """Makes and drops the daily partitions.

    Parameters
    ----------
    pool : Pool
        Connections to use.
    clock : Clock
        Tells which days are needed and which are over.
    retention_days : int
        Days for which rows are kept.
    """

    def __init__(self, pool: Pool, clock: Clock, *, retention_days: int) -> None:
        self._pool = pool
        self._clock = clock
        self._retention_days = retention_days
        self._known: set[date] = set()

    async def ensure(self, days: Iterable[date]) -> None:
        """Make the partitions of `days` that do not exist yet."""
        missing = sorted(set(days) - self._known)
        if not missing:
            return
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK_TIMEOUT)
            await connection.execute(_ADVISORY_LOCK)
            present = {row["relname"] for row in await connection.fetch(_ATTACHED)}
            for day in missing:
                if partition_name(day) not in present:
                    await connection.execute(_attach_sql(day))
        self._known.update(missing)

    def forget(self) -> None:
        """Look again which partitions exist: somebody else removed one."""
        self._known.clear()

    async def drop_expired(self) -> list[date]:
        """Drop the partitions that are wholly older than the retention, and return their days."""
        async with self._pool.acquire() as connection:
            found = {row["relname"]: row for row in await connection.fetch(_ALL)}
            days = expired_days(found, now=self._clock.now(), retention_days=self._retention_days)
            for day in days:
                self._known.discard(day)
                name = partition_name(day)
                for statement in _drop_sql(name, found[name]):
                    await connection.execute(statement)
        return days

    async def maintain_once(self) -> None:
        """Make the partitions of the next days and drop the expired ones."""
        await self.ensure(upcoming_days(self._clock.now()))
        for day in await self.drop_expired():
            extra = {"action": "partition_dropped", "day": day.isoformat()}
            _LOG.info("Features past their retention dropped", extra=extra)

    async def run(self, interval_s: float) -> None:
        """Maintain for ever; an absent or busy PostgreSQL only postpones it."""
        while True:
            try:
                await self.maintain_once()
            except Exception as error:
                if not (isinstance(error, asyncpg.PostgresError) or is_transient(error)):
                    raise
                extra = {"action": "partition_maintenance_failed", "error": str(error)}
                _LOG.warning("Partitions could not be maintained", extra=extra)
            await self._clock.sleep(interval_s)


def _attach_sql(day: date) -> str:
    # ATTACH locks the parent against other changes of its shape only, not against readers and
    # writers as CREATE TABLE ... PARTITION OF would.
    name = f"analyzer.{partition_name(day)}"
    return f"""
        CREATE TABLE IF NOT EXISTS {name} (LIKE analyzer.realtime_features INCLUDING DEFAULTS);
        ALTER TABLE analyzer.realtime_features ATTACH PARTITION {name}
            FOR VALUES FROM ('{day:%Y-%m-%d} 00:00:00+00')
            TO ('{day + timedelta(days=1):%Y-%m-%d} 00:00:00+00');
    """


def _drop_sql(name: str, state: asyncpg.Record) -> Iterable[str]:
    """Yield statements that run outside of a transaction: readers and writers go on meanwhile."""
    parent = "ALTER TABLE analyzer.realtime_features DETACH PARTITION"
    if state["pending"]:
        yield f"{parent} analyzer.{name} FINALIZE"
    elif state["attached"]:
        yield f"{parent} analyzer.{name} CONCURRENTLY"
    yield f"DROP TABLE IF EXISTS analyzer.{name}"
