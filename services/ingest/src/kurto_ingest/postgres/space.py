"""Room for samples: of the database, and of the disk that it lies on."""

from __future__ import annotations

import asyncio
import shutil

from kurto_ingest.assets.retention import ClassKind
from kurto_ingest.postgres.partition_list import StoredPartition
from kurto_ingest.postgres.partitions import BUSY, Partitions
from kurto_ingest.space.disk_guard import Sheddable, Space, space_left
from kurto_service.postgres import Pool

__all__ = ["PostgresSpaceStore"]

# Of copies that are gone nothing is kept, and nothing more will come.
_EMPTY_KEPT = """
UPDATE ingest.kept_ranges SET sample_count = 0, complete = true
WHERE end_time > coalesce($1, '-infinity'::timestamptz) AND start_time < $2
"""


class PostgresSpaceStore:
    """`kurto_ingest.space.disk_guard.SpaceStore` on PostgreSQL.

    Parameters
    ----------
    pool : Pool
        Connections that no commit waits for.
    partitions : Partitions
        Drops them.
    disk_path : str
        A directory of the file system that PostgreSQL lies on; empty if it is not to be seen
        from here.
    max_database_bytes : int
        What the database may grow to; 0 for no bound.
    """

    def __init__(
        self, pool: Pool, partitions: Partitions, *, disk_path: str, max_database_bytes: int
    ) -> None:
        self._pool = pool
        self._partitions = partitions
        self._disk_path = disk_path
        self._max_bytes = max_database_bytes
        self._found: dict[str, StoredPartition] = {}

    async def space(self) -> Space:
        """Return the room that there is."""
        size = int(await self._pool.fetchval("SELECT pg_database_size(current_database())"))
        disk = None
        if self._disk_path:
            usage = await asyncio.to_thread(shutil.disk_usage, self._disk_path)
            disk = (usage.used + usage.free, usage.free)  # without what only root may use
        return space_left(size, max_database_bytes=self._max_bytes, disk=disk)

    async def sheddable(self) -> list[Sheddable]:
        """Return all partitions with their sizes."""
        await self._partitions.classes.load()
        found = await self._partitions.list.all()
        self._found = {item.key.name: item for item in found}
        sizes = await self._pool.fetch(
            "SELECT oid, pg_total_relation_size(oid) AS size FROM pg_class WHERE oid = ANY($1)",
            [item.oid for item in found],
        )
        size_of = {row["oid"]: row["size"] for row in sizes}
        result = []
        for item in found:
            late = item.retention.is_late
            result.append(
                Sheddable(
                    key=item.key,
                    retention=item.retention,
                    size_bytes=size_of.get(item.oid) or 0,
                    last_write=await self._partitions.list.last_write(item) if late else None,
                )
            )
        return result

    async def shed(self, partition: Sheddable) -> None:
        """Drop a partition."""
        found = self._found[partition.key.name]
        try:
            await self._partitions.drop(found)
        except BUSY:
            left = await self._pool.fetchval("SELECT pg_relation_size($1::oid)", found.oid)
            if left:  # else it is empty, and dropped later
                raise
        if partition.retention.kind is ClassKind.KEPT:
            await self._pool.execute(_EMPTY_KEPT, partition.key.start, partition.key.end)
