"""Partitions are made ahead and on demand, attached again, and dropped whole."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from kurto_ingest.assets.retention import BUFFER_CLASS, DEFAULT_CLASS, FOREVER_CLASS, RetentionClass
from kurto_ingest.postgres import Partitions
from kurto_ingest.space.partitioning import PartitionKey, hour_of, partition_of
from kurto_service.postgres import Pool, create_pool
from kurto_service.testing import FakeClock

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


@pytest.fixture
async def pool(ingest_dsn: str) -> AsyncIterator[Pool]:
    """Connections to a database with ingest's schema."""
    pool = await create_pool(ingest_dsn, max_size=6)
    yield pool
    await pool.close()


async def names(pool: Pool, number: int = 1) -> list[str]:
    rows = await pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = to_regclass($1) ORDER BY 1",
        f"ingest.sensor_data_{number}",
    )
    return [row["name"].removeprefix(f"ingest.sensor_data_{number}_") for row in rows]


def partitions(pool: Pool, clock: FakeClock) -> Partitions:
    return Partitions(pool, clock, default_s=24 * 3600, ahead_s=2 * 3600)


def key(hours_ago: float, retention: RetentionClass = DEFAULT_CLASS) -> PartitionKey:
    """Return a partition as it was when its samples were new."""
    return partition_of(retention, hour_of(NOW - timedelta(hours=hours_ago)), late_before=0)


async def add_row(pool: Pool, to: PartitionKey, stored: datetime) -> None:
    start = to.start or to.end - timedelta(hours=1)
    await pool.execute(
        "INSERT INTO ingest.sensor_data VALUES ($1, $2, 1, 1, 0, 1, 0, NULL, 'x', $3)",
        to.class_number,
        start,
        stored,
    )


async def test_two_hours_ahead(pool: Pool) -> None:
    await partitions(pool, FakeClock(NOW)).make_ahead()
    assert await names(pool) == ["2026112310", "2026112311", "2026112312"]
    assert await names(pool, 3) == []


async def test_classes_of_sensors_are_made_ahead_too(pool: Pool) -> None:
    await pool.execute(
        "INSERT INTO ingest.sensors (sensor_id, display_name, tags, config_version, revision,"
        " retention_class) VALUES ('a', '', '{}', 1, 1, 2), ('b', '', '{}', 1, 2, 3)"
    )
    await partitions(pool, FakeClock(NOW)).make_ahead()
    assert await names(pool, 3) == ["2026112310", "2026112311", "2026112312"]
    assert await names(pool, 2) == ["2026112300"]


async def test_two_processes_at_once(pool: Pool) -> None:
    clock = FakeClock(NOW)
    await asyncio.gather(*(partitions(pool, clock).make_ahead() for _ in range(4)))
    assert await names(pool) == ["2026112310", "2026112311", "2026112312"]


async def test_samples_are_kept_outside_their_row_uncompressed(pool: Pool) -> None:
    keeper = partitions(pool, FakeClock(NOW))
    await keeper.make_ahead()
    await keeper.ensure([key(0, BUFFER_CLASS)])
    for name in ("sensor_data_1_2026112310", "sensor_data_3_2026112310"):
        storage = await pool.fetchval(
            "SELECT attstorage FROM pg_attribute WHERE attname = 'samples'"
            " AND attrelid = to_regclass($1)",
            f"ingest.{name}",
        )
        assert storage == b"e"


async def test_old_ones_are_dropped_while_others_take_rows(pool: Pool) -> None:
    clock = FakeClock(NOW)
    keeper = partitions(pool, clock)
    await keeper.ensure([key(26), key(25), key(24), key(-4)])
    dropped = await keeper.drop_old()
    assert dropped == [key(26).name, key(25).name]
    assert await names(pool) == ["2026112210", "2026112314"]
    # It is made again on demand, since it is not taken for existing any more.
    await keeper.ensure([key(26)])
    assert key(26).name.rsplit("_", 1)[1] in await names(pool)


async def test_each_class_has_its_own_time(pool: Pool) -> None:
    keeper = partitions(pool, FakeClock(NOW))
    old = NOW - timedelta(hours=90)
    for item in (key(80), key(80, BUFFER_CLASS), key(3, BUFFER_CLASS), key(900, FOREVER_CLASS)):
        await keeper.ensure([item])
        await add_row(pool, item, old)
    assert sorted(await keeper.drop_old()) == sorted(
        [key(80).name, key(80, BUFFER_CLASS).name, key(3, BUFFER_CLASS).name]
    )


async def test_what_came_late_is_kept_from_its_arrival(pool: Pool) -> None:
    clock = FakeClock(NOW)
    keeper = partitions(pool, clock)
    upload = partition_of(
        DEFAULT_CLASS, hour_of(NOW - timedelta(days=900)), late_before=keeper.late_before()
    )
    await keeper.ensure([upload, key(30)])
    await add_row(pool, upload, NOW - timedelta(hours=1))
    await add_row(pool, key(30), NOW - timedelta(hours=23))  # a refill
    assert await keeper.drop_old() == []
    await clock.advance(1.5 * 3600)
    assert await keeper.drop_old() == [key(30).name]
    await clock.advance(22 * 3600)
    assert await keeper.drop_old() == [upload.name]


async def test_range_that_is_to_be_kept_is_waited_for(pool: Pool) -> None:
    keeper = partitions(pool, FakeClock(NOW))
    await keeper.ensure([key(30), key(29)])
    await pool.execute(
        "INSERT INTO ingest.sensors (sensor_id, display_name, tags, config_version, revision)"
        " VALUES ('a', '', '{}', 1, 1)"
    )
    await pool.execute(
        "INSERT INTO ingest.kept_ranges (sensor_id, keep_id, sensor_key, start_time, end_time,"
        " request, reason, note) VALUES ('a', 'k', 1, $1, $2, '{}', 3, '')",
        key(30).start,
        key(30).end,
    )
    assert await keeper.drop_old() == [key(29).name]
    await pool.execute("UPDATE ingest.kept_ranges SET attempts = 1")
    assert await keeper.drop_old() == [key(30).name]


async def test_drop_that_was_interrupted_is_finished(pool: Pool) -> None:
    keeper = partitions(pool, FakeClock(NOW))
    await keeper.ensure([key(40), key(39), key(0)])
    # What DETACH CONCURRENTLY leaves when its session dies between its two transactions.
    await pool.execute(
        "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = $1::regclass",
        f"ingest.{key(40).name}",
    )
    # What is left when it dies between DETACH and DROP.
    await pool.execute(f"ALTER TABLE ingest.sensor_data_1 DETACH PARTITION ingest.{key(39).name}")
    assert await keeper.drop_old() == [key(40).name, key(39).name]
    assert await pool.fetchval("SELECT to_regclass($1)", f"ingest.{key(39).name}") is None


async def test_long_query_on_other_hours_does_not_keep_the_disk_full(pool: Pool) -> None:
    """Detaching waits for all that read the table; what the rows take is freed all the same."""
    keeper = partitions(pool, FakeClock(NOW))
    for item in (key(40), key(39), key(0)):
        await keeper.ensure([item])
        await add_row(pool, item, NOW - timedelta(hours=38))
    async with pool.acquire() as connection, connection.transaction():
        query = "SELECT count(*) FROM ingest.sensor_data WHERE retention_class = 1"
        recent = f"{query} AND block_time >= '{key(0).start}'"
        assert await connection.fetchval(recent) == 1
        assert await keeper.drop_old() == []
        assert await keeper.drop_old() == []
        await keeper.ensure([key(-3)])  # others are made all the while
        for item in (key(40), key(39)):
            assert await pool.fetchval(f"SELECT count(*) FROM ingest.{item.name}") == 0
    assert set(await keeper.drop_old()) == {key(40).name, key(39).name}
    assert await names(pool) == ["2026112310", "2026112313"]


async def test_detached_partition_is_attached_again_with_its_rows(pool: Pool) -> None:
    keeper = partitions(pool, FakeClock(NOW))
    for item, how in ((key(0), ""), (key(1), "CONCURRENTLY"), (key(0, FOREVER_CLASS), "")):
        await keeper.ensure([item])
        await add_row(pool, item, NOW)
        parent = item.name.rsplit("_", 1)[0]
        await pool.execute(f"ALTER TABLE ingest.{parent} DETACH PARTITION ingest.{item.name} {how}")
        keeper.forget([item])
        await keeper.ensure([item])
    assert await pool.fetchval("SELECT count(*) FROM ingest.sensor_data") == 3


async def test_partition_that_is_being_detached_is_attached_again(pool: Pool) -> None:
    keeper = partitions(pool, FakeClock(NOW))
    await keeper.ensure([key(0)])
    await add_row(pool, key(0), NOW)
    await pool.execute(
        "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = $1::regclass",
        f"ingest.{key(0).name}",
    )
    keeper.forget([key(0)])
    await keeper.ensure([key(0)])
    assert await pool.fetchval("SELECT count(*) FROM ingest.sensor_data") == 1


async def test_lock_on_the_table_is_not_waited_for(pool: Pool) -> None:
    keeper = partitions(pool, FakeClock(NOW))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE ingest.sensor_data_1 IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await keeper.make_ahead()
    await keeper.make_ahead()
    assert len(await names(pool)) == 3
