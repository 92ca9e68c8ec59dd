"""Partitions in PostgreSQL: made ahead and on demand, dropped after the retention."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from kurto_analyzer.partitions import PartitionedTable
from kurto_analyzer.transience import is_transient
from kurto_service.clock import Clock
from kurto_service.postgres import Pool

__all__ = ["Hold", "PartitionKeeper"]

_LOG = logging.getLogger(__name__)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"
_ADVISORY_LOCK = "SELECT pg_advisory_xact_lock(hashtext($1))"
# Also those that a process left behind which was killed between detaching and dropping.
_STATES = """
SELECT c.relname, i.inhrelid IS NOT NULL AS attached, coalesce(i.inhdetachpending, false) AS pending
FROM pg_class AS c LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
WHERE c.relnamespace = 'analyzer'::regnamespace AND c.relkind = 'r' AND starts_with(c.relname, $1)
"""
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
Hold: TypeAlias = Callable[[Connection], Awaitable[int | None]]
"""Returns the time from which on rows are still needed, microseconds since 1970, or None."""


class PartitionKeeper:
    """Makes and drops the partitions of one table.

    Parameters
    ----------
    pool : Pool
        Connections to use.
    clock : Clock
        Tells which periods are needed and which are over.
    table : PartitionedTable
        The table.
    hold : callable, optional
        Tells which rows are needed although their retention is over.
    """

    def __init__(
        self, pool: Pool, clock: Clock, table: PartitionedTable, *, hold: Hold | None = None
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._table = table
        self._hold = hold
        self._known: set[date] = set()

    async def ensure(self, times_us: Iterable[int]) -> None:
        """Make the partitions that rows of these times need and that do not exist yet."""
        await self._ensure({self._table.period_of(time_us) for time_us in times_us})

    async def _ensure(self, starts: Iterable[date]) -> None:
        missing = sorted(set(starts) - self._known)
        if not missing:
            return
        async with self._pool.acquire() as connection:
            states = await self._states(connection)
            for start in missing:
                if start in states and states[start]["pending"]:  # killed in the middle of a drop
                    await connection.execute(f"{self._detach_sql(start)} FINALIZE")
            async with connection.transaction():
                await self._lock(connection)
                states = await self._states(connection)
                for start in missing:
                    if start not in states or not states[start]["attached"]:
                        await connection.execute(self._attach_sql(start))
        self._known.update(missing)

    def forget(self) -> None:
        """Look again which partitions exist: somebody else removed one."""
        self._known.clear()

    async def drop_expired(self) -> list[date]:
        """Drop the partitions that are wholly past the retention, and return their first days."""
        async with self._pool.acquire() as connection:
            states = await self._states(connection)
            names = map(self._table.partition_name, states)
            expired = self._table.expired(names, self._clock.now())
            return [
                start for start in expired if await self._drop(connection, start, states[start])
            ]

    async def _drop(self, connection: Connection, start: date, state: asyncpg.Record) -> bool:
        """Detach a partition while readers and writers go on, then drop it if it may go."""
        if await self._is_held(connection, start):
            return False
        self._known.discard(start)
        if state["pending"]:
            await connection.execute(f"{self._detach_sql(start)} FINALIZE")
        elif state["attached"]:
            await connection.execute(f"{self._detach_sql(start)} CONCURRENTLY")
        async with connection.transaction():
            await self._lock(connection)
            now = (await self._states(connection)).get(start)
            if now is None or now["attached"]:
                return False  # somebody needed it meanwhile: the next run looks again
            # Rows may have come between the first look and the detaching; none come now.
            if await self._is_held(connection, start):
                await connection.execute(self._attach_sql(start))
                return False
            await connection.execute(f"DROP TABLE analyzer.{self._table.partition_name(start)}")
        return True

    async def _is_held(self, connection: Connection, start: date) -> bool:
        needed_us = None if self._hold is None else await self._hold(connection)
        if needed_us is None or needed_us >= _time_us(self._table.end_of(start)):
            return False
        extra = {"action": "partition_held", "partition": self._table.partition_name(start)}
        _LOG.warning("Rows past their retention are kept until they are rolled up", extra=extra)
        return True

    async def maintain_once(self) -> None:
        """Make the partitions of the next days and drop the expired ones."""
        await self._ensure(self._table.upcoming(self._clock.now()))
        for start in await self.drop_expired():
            extra = {"action": "partition_dropped", "partition": self._table.partition_name(start)}
            _LOG.info("Rows past their retention dropped", extra=extra)

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

    async def _lock(self, connection: Connection) -> None:
        await connection.execute(_LOCK_TIMEOUT)
        await connection.execute(_ADVISORY_LOCK, f"analyzer.{self._table.name}")

    async def _states(self, connection: Connection) -> dict[date, asyncpg.Record]:
        rows = await connection.fetch(_STATES, f"{self._table.name}_")
        found = ((self._table.partition_start(row["relname"]), row) for row in rows)
        return {start: row for start, row in found if start is not None}

    def _detach_sql(self, start: date) -> str:
        parent, name = self._table.name, self._table.partition_name(start)
        return f"ALTER TABLE analyzer.{parent} DETACH PARTITION analyzer.{name}"

    def _attach_sql(self, start: date) -> str:
        # ATTACH locks the parent against other changes of its shape only, not against readers and
        # writers as CREATE TABLE ... PARTITION OF would.
        parent = f"analyzer.{self._table.name}"
        name = f"analyzer.{self._table.partition_name(start)}"
        return f"""
            CREATE TABLE IF NOT EXISTS {name} (LIKE {parent} INCLUDING DEFAULTS);
            ALTER TABLE {parent} ATTACH PARTITION {name}
                FOR VALUES FROM ('{start:%Y-%m-%d} 00:00:00+00')
                TO ('{self._table.end_of(start):%Y-%m-%d} 00:00:00+00');
        """


def _time_us(day: date) -> int:
    return (datetime.combine(day, time(), UTC) - _UNIX_EPOCH) // timedelta(microseconds=1)
