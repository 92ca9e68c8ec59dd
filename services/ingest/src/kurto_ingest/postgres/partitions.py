"""Partitions of samples: made ahead, made on demand, attached again, dropped by age."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

import asyncpg

from kurto_ingest.postgres.classes import ClassTable
from kurto_ingest.postgres.partition_list import PartitionList, StoredPartition
from kurto_ingest.space.exceptions import PartitionLostError
from kurto_ingest.space.partitioning import (
    LATE_AFTER_H,
    PartitionKey,
    class_table,
    hour_of,
    partition_of,
)
from kurto_service.clock import Clock
from kurto_service.errors import is_unavailable
from kurto_service.postgres import Pool

if TYPE_CHECKING:
    from kurto_service.postgres import PooledConnection

__all__ = ["BUSY", "VANISHED", "Partitions"]

_LOG = logging.getLogger(__name__)
# Waiting for a lock on the table makes everybody else wait behind: give up and come again. And a
# machine that is gone with a lock in hand holds it no longer than this; TCP takes two hours.
_TIMEOUTS = """
SET LOCAL lock_timeout = '500ms'; SET LOCAL idle_in_transaction_session_timeout = '10s'
"""
# Whoever detaches a partition holds the same locks for a moment, twice.
_ATTEMPTS = 5
_PAUSE_S = 0.05

#: Somebody reads or changes the table: to be tried again.
BUSY = (asyncpg.LockNotAvailableError, asyncpg.ObjectNotInPrerequisiteStateError)

#: Somebody dropped the table between two looks at it: to be looked at anew. PostgreSQL has no code
#: of its own for tables that go while a statement is about to lock them ("cache lookup failed").
VANISHED = (asyncpg.UndefinedTableError, asyncpg.InternalServerError)

_STATE = """
SELECT c.oid, i.inhparent IS NOT NULL AS attached, coalesce(i.inhdetachpending, false) AS pending
FROM pg_class AS c LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
WHERE c.oid = to_regclass($1)
"""

_ATTACHED = (
    "SELECT count(*) FROM pg_inherits WHERE inhrelid = ANY($1::oid[]) AND NOT inhdetachpending"
)


class Partitions:
    """Keeps the partitions of ``ingest.sensor_data``.

    Parameters
    ----------
    pool : Pool
        Connections.
    committing : Pool, optional
        Connections on which partitions are made: commits wait for those, and must not stand in line
        with queries. Without it they are those of `pool`.
    clock : Clock
        Tells which hours are next and which are old.
    default_s, buffer_s : float
        How long samples of the default and of the short class are kept.
    ahead_s : float
        How far ahead partitions are made.
    """

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        *,
        default_s: float,
        buffer_s: float = 3600.0,
        ahead_s: float,
        committing: Pool | None = None,
    ) -> None:
        self._pool = pool
        self._committing = committing or pool
        self._clock = clock
        self._ahead_h = ahead_s / 3600
        self._known: dict[PartitionKey, int] = {}  # their oids
        self._lock = asyncio.Lock()
        self.classes = ClassTable(pool, default_s=default_s, buffer_s=buffer_s)
        self.list = PartitionList(pool, self.classes)

    def late_before(self) -> int:
        """Return the hour before which blocks are late now."""
        return hour_of(self._clock.now()) - LATE_AFTER_H

    async def ensure(self, keys: Iterable[PartitionKey]) -> None:
        """Make or attach those partitions of `keys` that are not known to be there."""
        missing = [key for key in keys if key not in self._known]
        if not missing:
            return
        async with self._lock:
            for key in sorted(missing):
                if key not in self._known:
                    self._known[key] = await self._make_among_others(key)

    def forget(self, keys: Iterable[PartitionKey]) -> None:
        """Look again whether these partitions exist before they are next used."""
        for key in tuple(keys):
            self._known.pop(key, None)

    async def require_attached(
        self, connection: PooledConnection, keys: Iterable[PartitionKey], timeout_s: float
    ) -> None:
        """Raise `PartitionLostError` unless rows just written to `keys` can be read.

        Rows that go straight into a partition are taken by a detached one, too. Called after the
        rows were written: their lock holds it in place until the transaction ends.
        """
        oids = [self._known.get(key, 0) for key in keys]
        attached = await connection.fetchval(_ATTACHED, oids, timeout=timeout_s)
        if attached != len(oids):
            raise PartitionLostError("a partition was detached or dropped under a commit")

    async def _make_among_others(self, key: PartitionKey) -> int:
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._make(key)
            except (*BUSY, *VANISHED, asyncpg.DeadlockDetectedError):
                await asyncio.sleep(_PAUSE_S)
        return await self._make(key)

    async def _make(self, key: PartitionKey) -> int:
        parent = class_table(key.class_number)
        async with self._committing.acquire() as connection:
            await self._make_class(connection, key.class_number)
            async with connection.transaction():
                await connection.execute(_TIMEOUTS)
                # Two processes may want the same one: the second waits and finds it.
                await _lock_name(connection, key.name)
                # The table before its partition, as DETACH does it: else each may hold what the
                # other one wants.
                await connection.execute(
                    f"LOCK TABLE ingest.{parent} IN SHARE UPDATE EXCLUSIVE MODE"
                )
                state = await connection.fetchrow(_STATE, f"ingest.{key.name}")
                if state is not None and state["attached"] and not state["pending"]:
                    return int(state["oid"])
                if state is None:
                    await connection.execute(
                        f"CREATE TABLE ingest.{key.name} (LIKE ingest.{parent} INCLUDING ALL)"
                    )
                elif state["pending"]:
                    await connection.execute(
                        f"ALTER TABLE ingest.{parent} DETACH PARTITION ingest.{key.name} FINALIZE"
                    )
                await connection.execute(_attach(key))
                made = await connection.fetchrow(_STATE, f"ingest.{key.name}")
        action = "partition_made" if state is None else "partition_attached"
        _LOG.info("Partition made", extra={"action": action, "partition": key.name})
        assert made is not None
        return int(made["oid"])

    @staticmethod
    async def _make_class(connection: PooledConnection, number: int) -> None:
        table = class_table(number)
        if await connection.fetchval("SELECT to_regclass($1)", f"ingest.{table}"):
            return
        async with connection.transaction():
            await connection.execute(_TIMEOUTS)
            await _lock_name(connection, table)
            if await connection.fetchval("SELECT to_regclass($1)", f"ingest.{table}"):
                return
            await connection.execute(
                f"""
                CREATE TABLE ingest.{table} (LIKE ingest.sensor_data INCLUDING ALL)
                    PARTITION BY RANGE (block_time);
                ALTER TABLE ingest.sensor_data ATTACH PARTITION ingest.{table}
                    FOR VALUES IN ({number});
                """
            )

    async def run(self, interval_s: float) -> None:
        """Make partitions ahead and drop old ones, for ever."""
        while True:
            try:
                await self.make_ahead()
                await self.drop_old()
            except Exception as error:
                self._report(error)
            await self._clock.sleep(interval_s)

    def _report(self, error: Exception) -> None:
        away = is_unavailable(error) or isinstance(error, (TimeoutError, *BUSY))
        _LOG.log(
            logging.WARNING if away else logging.ERROR,
            "Partitions not kept, will be tried again",
            extra={"action": "partitions_failed", "error": str(error)},
            exc_info=None if away else error,
        )

    async def make_ahead(self) -> None:
        """Make the partitions of all classes in use, from now to `ahead_s` from now."""
        now = hour_of(self._clock.now())
        hours = range(now, now + int(self._ahead_h) + 1)
        keys = {
            partition_of(retention, hour, late_before=self.late_before())
            for retention in await self.classes.in_use()
            for hour in hours
        }
        await self.ensure(keys)

    async def drop_old(self) -> list[str]:
        """Drop partitions whose time is over; returns their names.

        A partition goes when its newest sample is older than its class is kept, and nothing has
        come for it for as long: what is uploaded late is kept from then on.
        """
        await self.classes.load()
        expired = await self.list.expired(self._clock.now())
        dropped = []
        for partition in expired:
            try:
                await self.drop(partition)
            except BUSY as error:
                self._report(error)
            else:
                dropped.append(partition.key.name)
        return dropped

    async def drop(self, partition: StoredPartition) -> None:
        """Drop a partition; readers and writers of the others never wait."""
        key = partition.key
        async with self._pool.acquire() as connection:
            await connection.execute("SET lock_timeout = '2s'")
            # Held across two transactions, so that nobody attaches it in between.
            await connection.execute("SELECT pg_advisory_lock(hashtext($1))", key.name)
            try:
                if partition.attached:
                    await self._detach(connection, partition)
                await connection.execute(f"DROP TABLE ingest.{key.name}")
            finally:
                await connection.execute("SELECT pg_advisory_unlock(hashtext($1))", key.name)
                await connection.execute("RESET lock_timeout")
        self.forget([key])
        _LOG.info("Partition dropped", extra={"action": "partition_dropped", "partition": key.name})

    @staticmethod
    async def _detach(connection: PooledConnection, partition: StoredPartition) -> None:
        name = partition.key.name
        how = "FINALIZE" if partition.pending else "CONCURRENTLY"
        try:
            await connection.execute(
                f"ALTER TABLE ingest.{class_table(partition.key.class_number)}"
                f" DETACH PARTITION ingest.{name} {how}"
            )
        except BUSY:
            # Some long query reads other hours: the empty table may stay until it has ended. Only
            # one partition at a time may be waiting for that.
            await connection.execute(f"TRUNCATE ingest.{name}")
            raise


async def _lock_name(connection: PooledConnection, name: str) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", name)


def _attach(key: PartitionKey) -> str:
    # Attaching takes a weaker lock than CREATE TABLE ... PARTITION OF: inserts go on. The check
    # spares a look at the rows. Everything in it comes from integers, not from a caller.
    start = "MINVALUE" if key.start is None else f"'{key.start.isoformat()}'"
    lower = "" if key.start is None else f" AND block_time >= {start}"
    end = f"'{key.end.isoformat()}'"
    return f"""
        ALTER TABLE ingest.{key.name} DROP CONSTRAINT IF EXISTS bounds;
        ALTER TABLE ingest.{key.name} ADD CONSTRAINT bounds CHECK (
            retention_class = {key.class_number}{lower} AND block_time < {end});
        ALTER TABLE ingest.{class_table(key.class_number)} ATTACH PARTITION ingest.{key.name}
            FOR VALUES FROM ({start}) TO ({end});
        ALTER TABLE ingest.{key.name} DROP CONSTRAINT bounds;
    """
