"""Partitions of realtime_features on a real PostgreSQL, and what SQL users see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.analyzer.test_feature_store import GAP, GEOMETRY, advance, frame, opened

from kurto_analyzer.partitions import feature_table
from kurto_analyzer.ports import FrameQuery
from kurto_analyzer.postgres import PostgresFeatureStore
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_dsp import feature_names
from kurto_service.postgres import Pool, create_pool
from kurto_service.testing import FakeClock

PRESENT = "SELECT relname FROM pg_class WHERE relname LIKE 'realtime_features_2%' AND relkind = 'r'"
VIEW = "SELECT * FROM analyzer.channel_features ORDER BY window_index, channel"


@pytest.fixture
async def pool(analyzer_dsn: str) -> AsyncIterator[Pool]:
    pool = await create_pool(analyzer_dsn, max_size=3)
    yield pool
    await pool.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime.now(UTC))


@pytest.fixture
def keeper(pool: Pool, clock: FakeClock) -> PartitionKeeper:
    return PartitionKeeper(pool, clock, feature_table(7))


@pytest.fixture
def store(pool: Pool, keeper: PartitionKeeper) -> PostgresFeatureStore:
    return PostgresFeatureStore(pool, pool, keeper)


async def present(pool: Pool) -> list[str]:
    return sorted(
        row["relname"]
        for row in await pool.fetch(PRESENT)
        if len(row["relname"]) == len("realtime_features_20260101")
    )


def names(clock: FakeClock, *offsets: int) -> list[str]:
    today = clock.now().date()
    table = feature_table(7)
    return [table.partition_name(today + timedelta(days=offset)) for offset in offsets]


async def test_partitions_are_made_ahead(
    pool: Pool, keeper: PartitionKeeper, clock: FakeClock
) -> None:
    await keeper.maintain_once()
    assert await present(pool) == names(clock, 0, 1, 2)
    await keeper.maintain_once()
    assert await present(pool) == names(clock, 0, 1, 2)


async def test_old_partitions_are_dropped(
    pool: Pool, keeper: PartitionKeeper, clock: FakeClock
) -> None:
    await keeper.maintain_once()
    await clock.advance(8 * 86_400)
    await keeper.maintain_once()
    assert await present(pool) == names(clock, -7, -6, 0, 1, 2)


async def test_leftover_of_an_interrupted_drop_is_dropped(
    pool: Pool, keeper: PartitionKeeper, clock: FakeClock
) -> None:
    [name] = names(clock, -30)
    await pool.execute(f"CREATE TABLE analyzer.{name} (LIKE analyzer.realtime_features)")
    await keeper.maintain_once()
    assert name not in await present(pool)


async def test_commit_makes_the_partition_that_it_needs(store: PostgresFeatureStore) -> None:
    await opened(store, 1)
    assert await store.commit([advance(frame(0), expected=0)]) == {("pump-7", 1): 1}


@pytest.mark.parametrize("statement", ["DROP TABLE {0}", "ALTER TABLE {1} DETACH PARTITION {0}"])
async def test_commit_survives_the_loss_of_a_partition(
    pool: Pool, store: PostgresFeatureStore, statement: str
) -> None:
    await opened(store, 1)
    await store.commit([advance(frame(0), expected=0)])
    for name in await present(pool):
        table = f"analyzer.{name}"
        await pool.execute(statement.format(table, "analyzer.realtime_features"))
    await store.commit([advance(frame(1), expected=1)])
    found = await store.list_frames(FrameQuery("pump-7", limit=10))
    assert found[-1].window_index == 1


async def test_position_set_back_has_windows_stored_again(
    pool: Pool, store: PostgresFeatureStore
) -> None:
    await opened(store, 1)
    frames = [frame(0), frame(1, empty_reason=GAP), frame(2)]
    await store.commit([advance(*frames, expected=0)])
    await pool.execute("UPDATE analyzer.positions SET next_window_index = 0")
    again = [frame(0, offset=1.0), frame(1), frame(2, empty_reason=GAP)]
    assert await store.commit([advance(*again, expected=0)]) == {("pump-7", 1): 3}
    found = await store.list_frames(FrameQuery("pump-7", limit=10))
    assert [one.empty_reason for one in found] == [0, 0, 0]
    for one, wanted in zip(found, [again[0], again[1], frames[2]], strict=True):
        assert one.values is not None
        assert wanted.values is not None
        assert one.values.tobytes() == wanted.values.tobytes()


async def test_view_shows_features_by_name_and_channel(
    pool: Pool, store: PostgresFeatureStore
) -> None:
    await opened(store, 1)
    wanted = frame(0)
    await store.commit([advance(wanted, frame(1, empty_reason=GAP), expected=0)])
    rows = await pool.fetch(VIEW)
    assert [(r["window_index"], r["channel"], r["unit"]) for r in rows] == [
        (0, "h", "g"), (0, "v", "m/s2"), (1, "h", "g"), (1, "v", "m/s2"),
    ]  # fmt: skip
    assert wanted.values is not None
    assert [r["rms"] for r in rows] == [*wanted.values[:, 0].tolist(), None, None]
    assert rows[1]["velocity_rms"] is None  # NaN is NULL: comparisons and means stay right
    assert rows[0]["mean"] is None  # not in this layout


async def test_views_have_a_column_for_each_feature_of_the_catalogue(pool: Pool) -> None:
    wanted = [name.replace(".", "_") for name in feature_names()]
    for view in ("analyzer.channel_features", "reporting.v_latest_features"):
        columns = await pool.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0",
            view,
        )
        assert set(wanted) <= {row["attname"] for row in columns}


async def test_reads_by_time_and_by_window_use_the_key(
    pool: Pool, store: PostgresFeatureStore
) -> None:
    await opened(store, 1)
    await store.commit([advance(*[frame(k) for k in range(500)], expected=0)])
    await pool.execute("ANALYZE analyzer.realtime_features")
    start = datetime.fromtimestamp(GEOMETRY.window_start_us(490) / 1e6, UTC)
    plan = await pool.fetch(
        "EXPLAIN SELECT * FROM analyzer.realtime_features WHERE sensor_id = 'pump-7' "
        f"AND start_time >= '{start.isoformat()}' ORDER BY start_time, epoch, window_index LIMIT 5"
    )
    text = "\n".join(row[0] for row in plan)
    assert "Index Scan" in text
    assert "Sort" not in text.replace("Sort Key", "")
