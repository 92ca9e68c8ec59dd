"""Ranges that are kept, and the copies of their blocks, in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg

from kurto_ingest.assets.retention import KEPT_CLASS, Snapshots
from kurto_ingest.exceptions import UnknownSensor
from kurto_ingest.keeping.keep_store import KeptQuery
from kurto_ingest.keeping.kept import (
    CopyPace,
    KeepReason,
    KeepRequest,
    KeptRange,
    SnapshotProgress,
    next_look,
)
from kurto_ingest.postgres import kept_sql as sql
from kurto_ingest.postgres.classes import policy_from_json
from kurto_ingest.postgres.partitions import Partitions
from kurto_ingest.space.exceptions import KeepIdTaken
from kurto_ingest.space.partitioning import hour_of, partition_of
from kurto_service.postgres import Pool

if TYPE_CHECKING:
    from kurto_service.postgres import PooledConnection

__all__ = ["PostgresKeepStore"]

_MAX_BLOCKS = 1000


class PostgresKeepStore:
    """`kurto_ingest.keeping.keep_store.KeepStore` on PostgreSQL.

    Parameters
    ----------
    pool : Pool
        Connections that no commit waits for.
    partitions : Partitions
        Makes the partitions of copies.
    """

    def __init__(self, pool: Pool, partitions: Partitions) -> None:
        self._pool = pool
        self._partitions = partitions

    async def note(self, kept: KeptRange) -> KeptRange:
        """Note a range; returns the one that there is if the same was asked for before."""
        await self._pool.execute(sql.NOTE + "ON CONFLICT DO NOTHING", *_columns([kept]))
        row = await self._pool.fetchrow(
            "SELECT * FROM ingest.kept_ranges WHERE sensor_id = $1 AND keep_id = $2", *kept.key
        )
        if row is None:
            raise UnknownSensor(kept.request.sensor_id)
        found = _kept_from_row(row)
        if found.request != kept.request:
            raise KeepIdTaken(*kept.key)
        return found

    async def find(self, query: KeptQuery) -> list[KeptRange]:
        """Return ranges, those noted last first."""
        rows = await self._pool.fetch(
            sql.FIND, query.sensor_id, query.start, query.end, query.below, query.limit
        )
        return [_kept_from_row(row) for row in rows]

    async def snapshot_progress(self) -> list[SnapshotProgress]:
        """Return the streams of sensors with a policy of snapshots that have moved on."""
        found = []
        for row in await self._pool.fetch(sql.PROGRESS):
            policy = policy_from_json(row["retention"])
            if isinstance(policy, Snapshots):
                found.append(
                    SnapshotProgress(
                        sensor_id=row["sensor_id"],
                        epoch=row["epoch"],
                        policy=policy,
                        anchor=row["anchor_time"],
                        durable=row["durable_time"],
                        taken=row["taken_time"],
                    )
                )
        return found

    async def note_snapshots(
        self, ranges: Sequence[KeptRange], progress: Sequence[SnapshotProgress]
    ) -> None:
        """Note snapshots and how far they are taken, together."""
        async with self._pool.acquire() as connection, connection.transaction():
            if ranges:
                once = list({item.key: item for item in ranges}.values())
                await connection.execute(sql.NOTE + sql.LOOK_AGAIN, *_columns(once))
            await connection.execute(
                sql.MARK,
                [item.sensor_id for item in progress],
                [item.epoch for item in progress],
                [item.taken for item in progress],
            )

    async def due(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return the keys of incomplete ranges that are to be looked at, longest due first."""
        rows = await self._pool.fetch(sql.DUE, now, limit)
        return [(row["sensor_id"], row["keep_id"]) for row in rows]

    async def copy(self, key: tuple[str, str], now: datetime, pace: CopyPace) -> bool:
        """Copy some blocks of a range out, in one transaction; returns whether there are more."""
        await self._make_partitions(key)
        async with self._pool.acquire() as connection, connection.transaction():
            row = await self._locked(connection, key)
            if row is None or row["complete"]:
                return False
            kept = _kept_from_row(row)
            extent = await connection.fetchrow(sql.EXTENT, key[0])
            if extent is None or extent["hop_bytes"] is None:  # nothing was ever sent
                return await self._settle(connection, kept, now, pace, may_grow=True)
            limit = max(1, min(_MAX_BLOCKS, pace.batch_bytes // extent["hop_bytes"]))
            earliest = kept.start - timedelta(seconds=extent["hop_s"])
            copied = await connection.fetchval(
                sql.COPY, row["sensor_key"], earliest, kept.start, kept.end, limit, key[0]
            )
            if copied == limit:
                return True
            may_grow = await connection.fetchval(sql.MAY_GROW, key[0], kept.start, kept.end)
            return await self._settle(connection, kept, now, pace, may_grow=may_grow)

    async def _make_partitions(self, key: tuple[str, str]) -> None:
        row = await self._pool.fetchrow(
            "SELECT start_time, end_time FROM ingest.kept_ranges"
            " WHERE sensor_id = $1 AND keep_id = $2",
            *key,
        )
        if row is None:
            return
        # A block may begin up to a burst before the range.
        first, last = hour_of(row["start_time"] - timedelta(hours=2)), hour_of(row["end_time"])
        await self._partitions.ensure(
            {partition_of(KEPT_CLASS, hour, late_before=0) for hour in range(first, last + 1)}
        )

    @staticmethod
    async def _locked(connection: PooledConnection, key: tuple[str, str]) -> asyncpg.Record | None:
        # Copying and forgetting blocks of one sensor take turns: ranges may share blocks.
        # A machine that is gone in the middle does not hold the others up for as long as TCP does.
        await connection.execute(
            "SET LOCAL lock_timeout = '2s'; SET LOCAL idle_in_transaction_session_timeout = '30s'"
        )
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('kept ' || $1))", key[0])
        return await connection.fetchrow(
            "SELECT * FROM ingest.kept_ranges WHERE sensor_id = $1 AND keep_id = $2 FOR UPDATE",
            *key,
        )

    @staticmethod
    async def _settle(
        connection: PooledConnection,
        kept: KeptRange,
        now: datetime,
        pace: CopyPace,
        *,
        may_grow: bool,
    ) -> bool:
        look = next_look(kept, now, pace, may_grow=may_grow)
        count = await connection.fetchval(sql.SETTLE, *kept.key, look is None, look or now)
        if look is None and count == 0 and kept.request.reason is KeepReason.SNAPSHOT:
            await connection.execute(sql.REMOVE, *kept.key)
        return False

    async def expired(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return the keys of ranges whose time is over."""
        rows = await self._pool.fetch(sql.EXPIRED, now, limit)
        return [(row["sensor_id"], row["keep_id"]) for row in rows]

    async def forget(self, key: tuple[str, str], now: datetime, limit: int) -> bool:
        """Delete some blocks that only this range keeps, then the range."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await self._locked(connection, key)
            if row is None or row["expire_time"] is None or row["expire_time"] > now:
                return False
            extent = await connection.fetchrow(sql.EXTENT, key[0])
            hop_s = extent["hop_s"] if extent and extent["hop_s"] else 0.0
            earliest = row["start_time"] - timedelta(seconds=hop_s)
            deleted = await connection.fetchval(
                sql.FORGET, row["sensor_key"], *key, earliest, row["end_time"], limit
            )
            if deleted == limit:
                return True
            await connection.execute(sql.REMOVE, *key)
            return False


def _columns(ranges: Sequence[KeptRange]) -> tuple[list[object], ...]:
    return (
        [item.request.sensor_id for item in ranges],
        [item.request.keep_id for item in ranges],
        [item.start for item in ranges],
        [item.end for item in ranges],
        [_request_json(item.request) for item in ranges],
        [int(item.request.reason) for item in ranges],
        [item.request.note for item in ranges],
        [item.expire_time for item in ranges],
    )


def _request_json(request: KeepRequest) -> str:
    return json.dumps(
        {
            "start": request.start.isoformat(),
            "end": request.end.isoformat(),
            "keep_for_s": request.keep_for_s,
        }
    )


def _kept_from_row(row: asyncpg.Record) -> KeptRange:
    asked = json.loads(row["request"])
    request = KeepRequest(
        sensor_id=row["sensor_id"],
        keep_id=row["keep_id"],
        start=datetime.fromisoformat(asked["start"]),
        end=datetime.fromisoformat(asked["end"]),
        reason=KeepReason(row["reason"]),
        note=row["note"],
        keep_for_s=asked["keep_for_s"],
    )
    return KeptRange(
        request=request,
        start=row["start_time"],
        end=row["end_time"],
        expire_time=row["expire_time"],
        number=row["kept_number"],
        sample_count=row["sample_count"],
        complete=row["complete"],
        attempts=row["attempts"],
        create_time=row["create_time"],
    )
