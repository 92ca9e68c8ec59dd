"""Partitions are made ahead and on demand, and dropped whole."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from kurto_ingest.postgres import Partitions
from kurto_ingest.postgres.partitions import partition_hour, partition_name
from kurto_service.postgres import Pool, create_pool
from kurto_service.testing import FakeClock

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


@pytest.fixture
async def pool(ingest_dsn: str) -> AsyncIterator[Pool]:
    """Connections to a database with ingest's schema."""
    pool = await create_pool(ingest_dsn, max_size=6)
    yield pool
    await pool.close()


async def names(pool: Pool) -> list[str]:
    rows = await pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = 'ingest.sensor_data_1'::regclass ORDER BY 1"
    )
    return [row["name"].removeprefix("ingest.sensor_data_1_") for row in rows]


def partitions(pool: Pool, clock: FakeClock) -> Partitions:
    return Partitions(pool, clock, retention_s=24 * 3600, ahead_s=2 * 3600)


async def test_two_hours_ahead(pool: Pool) -> None:
    await partitions(pool, FakeClock(NOW)).make_ahead()
    assert await names(pool) == ["2026112310", "2026112311", "2026112312"]


async def test_two_processes_at_once(pool: Pool) -> None:
    clock = FakeClock(NOW)
    await asyncio.gather(*(partitions(pool, clock).make_ahead() for _ in range(4)))
    assert await names(pool) == ["2026112310", "2026112311", "2026112312"]


async def test_samples_are_kept_outside_their_row_uncompressed(pool: Pool) -> None:
    await partitions(pool, FakeClock(NOW)).make_ahead()
    storage = await pool.fetchval(
        "SELECT attstorage FROM pg_attribute WHERE attname = 'samples'"
        " AND attrelid = 'ingest.sensor_data_1_2026112310'::regclass"
    )
    assert storage == b"e"


async def test_old_ones_are_dropped_while_others_take_rows(pool: Pool) -> None:
    clock = FakeClock(NOW)
    keeper = partitions(pool, clock)
    old = partition_hour(int((NOW - timedelta(hours=26)).timestamp() * 1e6))
    await keeper.ensure({old, old + 1, old + 2, old + 30})
    dropped = await keeper.drop_old()
    assert dropped == [partition_name(old), partition_name(old + 1)]
    assert await names(pool) == ["2026112210", "2026112314"]
    # It is made again on demand, since it is not taken for existing any more.
    await keeper.ensure({old})
    assert partition_name(old).rsplit("_", 1)[1] in await names(pool)


async def test_drop_that_was_interrupted_is_finished(pool: Pool) -> None:
    keeper = partitions(pool, FakeClock(NOW))
    old = partition_hour(int((NOW - timedelta(hours=40)).timestamp() * 1e6))
    await keeper.ensure({old, old + 40})
    # What DETACH CONCURRENTLY leaves when its session dies between its two transactions.
    await pool.execute(
        "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = $1::regclass",
        f"ingest.{partition_name(old)}",
    )
    assert await keeper.drop_old() == [partition_name(old)]


async def test_lock_on_the_table_is_not_waited_for(pool: Pool) -> None:
    import asyncpg  # noqa: PLC0415

    keeper = partitions(pool, FakeClock(NOW))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE ingest.sensor_data_1 IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await keeper.make_ahead()
    await keeper.make_ahead()
    assert len(await names(pool)) == 3
