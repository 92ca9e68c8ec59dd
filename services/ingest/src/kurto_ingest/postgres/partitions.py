"""Partitions of samples: made ahead, made on demand, dropped by age."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import asyncpg

from kurto_service.clock import Clock
from kurto_service.errors import is_unavailable
from kurto_service.postgres import Pool

__all__ = ["RETENTION_CLASS", "Partitions", "partition_hour", "partition_name"]

_LOG = logging.getLogger(__name__)
RETENTION_CLASS = 1
_PARENT = f"sensor_data_{RETENTION_CLASS}"
_HOUR_US = 3_600_000_000
_FORMAT = "%Y%m%d%H"
# Waiting for a lock on the table makes everybody else wait behind: give up and come again.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '500ms'"


def partition_hour(time_us: int) -> int:
    """Return the number of the hour, since 1970, that holds `time_us`."""
    return time_us // _HOUR_US


def _hour_start(hour: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)


def partition_name(hour: int) -> str:
    """Return the name, in the schema ``ingest``, of the partition of an hour."""
    return f"{_PARENT}_{_hour_start(hour).strftime(_FORMAT)}"


class Partitions:
    """Keeps the partitions of ``ingest.sensor_data``.

    Parameters
    ----------
    pool : Pool
        Connections.
    clock : Clock
        Tells which hours are next and which are old.
    retention_s, ahead_s : float
        How long samples are kept; how far ahead partitions are made.
    """

    def __init__(self, pool: Pool, clock: Clock, *, retention_s: float, ahead_s: float) -> None:
        self._pool = pool
        self._clock = clock
        self._retention = timedelta(seconds=retention_s)
        self._ahead = timedelta(seconds=ahead_s)
        self._known: set[int] = set()
        self._lock = asyncio.Lock()

    async def ensure(self, hours: set[int]) -> None:
        """Make the partitions of `hours` that do not exist."""
        if hours <= self._known:
            return
        async with self._lock:
            for hour in sorted(hours - self._known):
                await self._make(hour)
                self._known.add(hour)

    def forget(self, hours: set[int]) -> None:
        """Look again whether the partitions of `hours` exist before they are next used."""
        self._known -= hours

    async def _make(self, hour: int) -> None:
        name = partition_name(hour)
        start, end = _hour_start(hour), _hour_start(hour + 1)
        async with self._pool.acquire() as connection, connection.transaction():
            # Two processes may want the same one: the second waits and finds it.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", name)
            if await connection.fetchval("SELECT to_regclass($1)", f"ingest.{name}"):
                return
            # Attaching takes a weaker lock than CREATE TABLE ... PARTITION OF: inserts go on.
            # Both bounds come from an integer, not from a caller.
            await connection.execute(
                f"""
                {_LOCK_TIMEOUT};
                CREATE TABLE ingest.{name} (LIKE ingest.{_PARENT} INCLUDING ALL);
                ALTER TABLE ingest.{name} ADD CONSTRAINT bounds CHECK (
                    retention_class = {RETENTION_CLASS}
                    AND block_time >= '{start.isoformat()}' AND block_time < '{end.isoformat()}');
                ALTER TABLE ingest.{_PARENT} ATTACH PARTITION ingest.{name}
                    FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}');
                ALTER TABLE ingest.{name} DROP CONSTRAINT bounds;
                """
            )
        _LOG.info("Partition made", extra={"action": "partition_made", "partition": name})

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
        away = is_unavailable(error) or isinstance(
            error, (TimeoutError, asyncpg.LockNotAvailableError)
        )
        _LOG.log(
            logging.WARNING if away else logging.ERROR,
            "Partitions not kept, will be tried again",
            extra={"action": "partitions_failed", "error": str(error)},
            exc_info=None if away else error,
        )

    async def make_ahead(self) -> None:
        """Make the partitions from now to `ahead_s` from now."""
        now = self._clock.now()
        first = partition_hour(int(now.timestamp() * 1e6))
        last = partition_hour(int((now + self._ahead).timestamp() * 1e6))
        await self.ensure(set(range(first, last + 1)))

    async def drop_old(self) -> list[str]:
        """Drop partitions whose newest sample is older than `retention_s`; returns their names."""
        limit = self._clock.now() - self._retention
        dropped = []
        for name, pending in await self._attached():
            start = datetime.strptime(name.rsplit("_", 1)[1], _FORMAT).replace(tzinfo=UTC)
            if start + timedelta(hours=1) <= limit:
                await self._drop(name, pending=pending)
                self._known.discard(partition_hour(int(start.timestamp() * 1e6)))
                dropped.append(name)
        return dropped

    async def _attached(self) -> list[tuple[str, bool]]:
        rows = await self._pool.fetch(
            """
            SELECT c.relname, i.inhdetachpending
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = $1::regclass ORDER BY c.relname
            """,
            f"ingest.{_PARENT}",
        )
        return [(row["relname"], row["inhdetachpending"]) for row in rows]

    async def _drop(self, name: str, *, pending: bool) -> None:
        # Detaching first, concurrently: readers and writers of other hours never wait.
        how = "FINALIZE" if pending else "CONCURRENTLY"
        async with self._pool.acquire() as connection:
            await connection.execute("SET lock_timeout = '2s'")
            try:
                await connection.execute(
                    f"ALTER TABLE ingest.{_PARENT} DETACH PARTITION ingest.{name} {how}"
                )
                await connection.execute(f"DROP TABLE ingest.{name}")
            finally:
                await connection.execute("RESET lock_timeout")
        _LOG.info("Partition dropped", extra={"action": "partition_dropped", "partition": name})
