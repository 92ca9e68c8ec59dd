"""Which partitions there are, how large they are, and which have had their time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from kurto_ingest.assets.retention import RetentionClass
from kurto_ingest.postgres.classes import ClassTable
from kurto_ingest.space.partitioning import PartitionKey, parse_name
from kurto_service.postgres import Pool

__all__ = ["PartitionList", "StoredPartition"]

# Also those that are detached: what a process left when it was killed while it dropped them.
_LIST = r"""
SELECT c.oid, c.relname, i.inhparent IS NOT NULL AS attached,
       coalesce(i.inhdetachpending, false) AS pending,
       pg_relation_size(c.oid) / current_setting('block_size')::bigint AS pages
FROM pg_class AS c LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind = 'r'
  AND c.relname ~ '^sensor_data_\d+_(\d{10}|past)$'
ORDER BY c.relname
"""

# Blocks of a range that is to be kept, and that nobody has looked at yet.
_WANTED = """
SELECT EXISTS (SELECT FROM ingest.kept_ranges
WHERE NOT complete AND attempts = 0 AND end_time > $1 AND start_time < $2)
"""

_TAIL_PAGES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPartition:
    """A partition as it is.

    Attributes
    ----------
    key : PartitionKey
        Identity.
    retention : RetentionClass
        Its class.
    oid : int
        PostgreSQL's number.
    attached, pending : bool
        Whether it is part of the table, and whether it is being detached.
    pages : int
        Pages of its rows, without the samples.
    """

    key: PartitionKey
    retention: RetentionClass
    oid: int
    attached: bool
    pending: bool
    pages: int


class PartitionList:
    """Looks at the partitions.

    Parameters
    ----------
    pool : Pool
        Connections.
    classes : ClassTable
        Tells how long they are kept.
    """

    def __init__(self, pool: Pool, classes: ClassTable) -> None:
        self._pool = pool
        self._classes = classes

    async def all(self) -> list[StoredPartition]:
        """Return all partitions of known classes, by name."""
        known = self._classes.known or await self._classes.load()
        spans_h = {number: item.span_h for number, item in known.items()}
        found = []
        for row in await self._pool.fetch(_LIST):
            key = parse_name(row["relname"], spans_h)
            if key is not None:
                found.append(
                    StoredPartition(
                        key=key,
                        retention=known[key.class_number],
                        oid=row["oid"],
                        attached=row["attached"],
                        pending=row["pending"],
                        pages=row["pages"],
                    )
                )
        return found

    async def expired(self, now: datetime) -> list[StoredPartition]:
        """Return the partitions whose time is over, oldest first."""
        found = []
        for partition in await self.all():
            keep = self._classes.keep_time(partition.retention)
            if keep is None or partition.key.end > now - keep:
                continue
            written = await self.last_write(partition)
            if written is not None and written > now - keep:
                continue
            if not await self._wanted(partition):
                found.append(partition)
        return sorted(found, key=lambda item: item.key.end_hour)

    async def last_write(self, partition: StoredPartition) -> datetime | None:
        """Return when the newest row came; None when there is none.

        Rows are appended and never changed: the newest ones lie in the last pages.
        """
        first = max(0, partition.pages - _TAIL_PAGES)
        try:
            found = await self._pool.fetchval(
                f"SELECT max(stored_time) FROM ingest.{partition.key.name}"
                f" WHERE ctid >= '({first},0)'"
            )
        except asyncpg.UndefinedTableError:  # another process dropped it meanwhile
            return None
        return found if isinstance(found, datetime) else None

    async def _wanted(self, partition: StoredPartition) -> bool:
        start = partition.key.start or datetime.min.replace(tzinfo=partition.key.end.tzinfo)
        return bool(await self._pool.fetchval(_WANTED, start, partition.key.end))
