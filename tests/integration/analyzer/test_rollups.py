"""Roll-ups on a real PostgreSQL: whatever happens, they are the sums over the frames."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import numpy as np
import pytest
from tests.contract.analyzer.test_feature_store import GAP, GEOMETRY, LAYOUT, advance, frame
from tests.integration.analyzer.rolling import Rolling, rolling

from kurto_analyzer.frames import Frame, FrameLayout
from kurto_analyzer.ports import EpochOpening
from kurto_analyzer.rollups import MINUTE_US, RollupInterval, RollupQuery, minute_of
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_service.clock import SystemClock
from kurto_service.postgres import Pool, create_pool
from kurto_service.testing import FakeClock

ANCHOR_US = minute_of(int(time.time() * 1e6) - 3_600_000_000) + 17_300_000
CLOCKED = replace(GEOMETRY, anchor_us=ANCHOR_US)
PUMP = "pump-7"
WIDE = FrameLayout(LAYOUT.feature_names, ("h", "v", "axial"), ("g", "m/s2", "g"))

TUPLES_READ = """
SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes
WHERE indexrelname LIKE 'feature\\_rollups\\_1m\\_%'
"""


@pytest.fixture
async def pool(analyzer_dsn: str) -> AsyncIterator[Pool]:
    pool = await create_pool(analyzer_dsn, max_size=5)
    yield pool
    await pool.close()


@pytest.fixture
def room(pool: Pool) -> Rolling:
    return rolling(pool, SystemClock())


def noisy(
    window_index: int,
    chance: np.random.Generator,
    *,
    epoch: int = 1,
    late: bool = False,
    empty: bool = False,
    layout: FrameLayout = LAYOUT,
    geometry: StreamGeometry = CLOCKED,
) -> Frame:
    """Return a frame of random values, some of them null, with random flags."""
    shape = (len(layout.channels), len(layout.feature_names))
    values = chance.normal(size=shape).astype(np.float32)
    values[chance.random(shape) < 0.05] = np.nan
    made = frame(
        window_index, epoch=epoch, late=late, layout=layout, geometry=geometry,
        empty_reason=GAP if empty else 0,
    )  # fmt: skip
    if empty:
        return made
    masks = tuple(int(mask) for mask in 1 << chance.integers(0, 5, shape[0]))
    return replace(made, values=values, quality=masks)


async def opened(room: Rolling, *epochs: int, geometry: StreamGeometry = CLOCKED) -> None:
    await room.open(*(EpochOpening(PUMP, epoch, geometry) for epoch in epochs))


async def test_sums_are_those_of_the_frames(room: Rolling) -> None:
    chance = np.random.default_rng(1)
    await opened(room, 1, 2)
    frames = [noisy(k, chance, empty=chance.random() < 0.1) for k in range(1500)]
    await room.commit(advance(*frames[:700], expected=0))
    await room.roll()
    await room.check([PUMP])
    await room.commit(advance(*frames[700:], expected=700))
    # Another epoch over the same time, of other channels: rows of their own.
    other = [noisy(k, chance, epoch=2, layout=WIDE) for k in range(300)]
    await room.commit(advance(*other, expected=0))
    await room.roll()
    await room.check([PUMP])


async def test_an_unfinished_minute_waits_until_it_is_over_or_idle(pool: Pool) -> None:
    busy = rolling(pool, SystemClock(), idle_s=3600.0)
    await opened(busy, 1)
    chance = np.random.default_rng(2)
    await busy.commit(advance(*[noisy(k, chance) for k in range(1000)], expected=0))
    await busy.roll()
    query = RollupQuery(PUMP, RollupInterval.MINUTE, 100)
    found = await busy.history.list_rollups(query)
    assert [one.window_count for one in found] == [427]
    idle = replace(busy, worker=rolling(pool, SystemClock(), idle_s=0.0).worker)
    await idle.roll()
    await idle.check([PUMP])
    assert len(await idle.history.list_rollups(query)) == 2


async def test_late_frames_are_rolled_up_again(room: Rolling) -> None:
    chance = np.random.default_rng(3)
    await opened(room, 1)
    frames = [noisy(k, chance, empty=100 <= k < 400) for k in range(1300)]
    await room.commit(advance(*frames, expected=0))
    await room.roll()
    late = tuple(noisy(k, chance, late=True) for k in range(100, 400))
    await room.commit(advance(expected=1300, late=late))
    await room.roll()
    await room.check([PUMP])
    seconds = await room.history.list_rollups(RollupQuery(PUMP, RollupInterval.SECOND, 1000))
    assert sum(one.empty_window_count for one in seconds) == 0


async def test_late_frame_of_a_minute_that_is_just_being_rolled_up(
    room: Rolling, pool: Pool
) -> None:
    """A commit that renews the note of a minute holds it: it is rolled up after the commit."""
    chance = np.random.default_rng(4)
    await opened(room, 1)
    frames = [noisy(k, chance, empty=True) for k in range(10)]
    await room.commit(advance(*frames, expected=0))
    await room.commit(advance(expected=10, late=(noisy(0, chance, late=True),)))
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO analyzer.rollups_due SELECT sensor_id, minute FROM analyzer.rollups_due "
            "ON CONFLICT (sensor_id, minute) DO UPDATE SET note_time = now()"
        )
        assert await room.rollups.roll_up_due(10) == 0
        await transaction.commit()
    assert await room.rollups.roll_up_due(10) == 1
    await room.roll()
    await room.check([PUMP])


async def test_position_set_back_has_roll_ups_made_again(room: Rolling, pool: Pool) -> None:
    chance = np.random.default_rng(5)
    await opened(room, 1)
    await room.commit(advance(*[noisy(k, chance) for k in range(700)], expected=0))
    await room.roll()
    await pool.execute("UPDATE analyzer.positions SET next_window_index = 0")
    room.model.move(PUMP, 1, 0)
    await room.commit(advance(*[noisy(k, chance) for k in range(500)], expected=0))
    await room.roll()
    await room.check([PUMP])


async def test_skipped_windows_and_old_times_are_stepped_over(room: Rolling) -> None:
    chance = np.random.default_rng(6)
    month = replace(CLOCKED, anchor_us=CLOCKED.anchor_us - 40 * 24 * 60 * MINUTE_US)
    await opened(room, 1, geometry=month)
    await room.commit(advance(*[noisy(k, chance, geometry=month) for k in range(30)], expected=0))
    jump = noisy(20_000_000, chance, empty=True, geometry=month)
    await room.commit(advance(jump, expected=30))
    await asyncio.wait_for(room.roll(), 60)
    await room.check([PUMP])


async def test_killed_anywhere_nothing_is_doubled(room: Rolling, pool: Pool) -> None:
    chance = np.random.default_rng(7)
    await opened(room, 1)
    await room.commit(advance(*[noisy(k, chance) for k in range(3000)], expected=0))
    working = asyncio.create_task(room.worker.run())
    for delay_s in np.linspace(0.0, 0.1, 12):
        await asyncio.sleep(float(delay_s))
        await pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await room.roll()
    await room.check([PUMP])


async def test_two_processes_roll_up_side_by_side(pool: Pool) -> None:
    chance = np.random.default_rng(8)
    room = rolling(pool, SystemClock())
    other = replace(room, worker=rolling(pool, SystemClock()).worker)
    await opened(room, 1)
    for first in range(0, 2000, 500):
        frames = [noisy(k, chance, empty=k % 9 == 0) for k in range(first, first + 500)]
        late = tuple(noisy(k, chance, late=True) for k in range(max(0, first - 500), first, 9))
        committed = room.commit(advance(*frames, expected=first, late=late))
        await asyncio.gather(committed, room.roll(), other.roll())
    await room.roll()
    await room.check([PUMP])


async def test_an_epoch_that_fails_holds_up_no_other(room: Rolling, pool: Pool) -> None:
    chance = np.random.default_rng(13)
    other = "pump-8"  # after pump-7 in every order
    openings = [EpochOpening(sensor_id, 1, CLOCKED) for sensor_id in (PUMP, other)]
    await room.open(*openings)
    frames = [noisy(k, chance) for k in range(700)]
    others = [replace(one, sensor_id=other) for one in frames]
    await room.commit(advance(*frames[:9], expected=0), advance(*others[:9], expected=0))
    await room.roll()
    await pool.execute(
        "ALTER TABLE analyzer.feature_rollups_1s "
        "ADD CONSTRAINT poison CHECK (sensor_id <> 'pump-7') NOT VALID"
    )
    await room.commit(advance(*frames[9:], expected=9), advance(*others[9:], expected=9))
    with pytest.raises(asyncpg.CheckViolationError):
        await room.roll()
    with pytest.raises(asyncpg.CheckViolationError):
        await room.roll()
    await room.check([other])
    await pool.execute("ALTER TABLE analyzer.feature_rollups_1s DROP CONSTRAINT poison")
    await room.roll()
    await room.check([PUMP, other])


async def test_frames_are_kept_until_they_are_rolled_up(analyzer_dsn: str) -> None:
    """Also when they come, or are replaced, while their partition is being dropped."""
    clock = FakeClock(datetime.now(UTC))
    pool = await create_pool(analyzer_dsn, max_size=5)
    try:
        room = rolling(pool, clock)
        chance = np.random.default_rng(9)
        await opened(room, 1)
        await room.commit(advance(*[noisy(k, chance, empty=k < 9) for k in range(700)], expected=0))
        await clock.advance(9 * 86_400)
        assert await room.frames.drop_expired() == []
        await room.roll()
        await room.commit(advance(expected=700, late=(noisy(3, chance, late=True),)))
        assert await room.frames.drop_expired() == []
        await room.roll()
        assert len(await room.frames.drop_expired()) >= 1
        assert await pool.fetchval("SELECT count(*) FROM analyzer.realtime_features") == 0
        await room.check([PUMP])
        # What comes after all that is past its retention; it never spoils what is summed up.
        await room.store.commit([advance(expected=700, late=(noisy(3, chance, late=True),))])
        await room.roll()
        await room.check([PUMP])
    finally:
        await pool.close()


async def test_leftover_of_a_drop_is_put_back_when_its_roll_ups_are_due(
    room: Rolling, pool: Pool
) -> None:
    chance = np.random.default_rng(10)
    week = replace(CLOCKED, anchor_us=CLOCKED.anchor_us - 9 * 24 * 60 * MINUTE_US)
    await opened(room, 1, geometry=week)
    await room.commit(advance(*[noisy(k, chance, geometry=week) for k in range(99)], expected=0))
    names = await pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits "
        "WHERE inhparent = 'analyzer.realtime_features'::regclass"
    )
    for row in names:
        await pool.execute(
            f"ALTER TABLE analyzer.realtime_features DETACH PARTITION {row['name']} CONCURRENTLY"
        )
    assert await room.frames.drop_expired() == []
    await pool.execute("UPDATE analyzer.positions SET next_window_index = 0")  # nothing is due
    await pool.execute("DELETE FROM analyzer.rollup_positions")
    assert len(await room.frames.drop_expired()) == len(names)


async def test_pages_hold_whole_intervals(room: Rolling) -> None:
    chance = np.random.default_rng(11)
    await opened(room, 1, 2)
    await room.commit(
        advance(*[noisy(k, chance) for k in range(300)], expected=0),
        advance(*[noisy(k, chance, epoch=2, layout=WIDE) for k in range(300)], expected=0),
    )
    await room.roll()
    query = RollupQuery(PUMP, RollupInterval.SECOND, 7)
    page = await room.history.list_rollups(query)
    assert len(page) == 14
    assert len({one.start_us for one in page}) == 7
    start_us = page[-1].start_us
    rest = await room.history.list_rollups(replace(query, start_us=start_us, end_us=start_us + 1))
    assert [one.start_us for one in rest] == [start_us] * 2


async def test_a_page_of_a_long_range_reads_no_more_than_the_page(
    room: Rolling, pool: Pool
) -> None:
    chance = np.random.default_rng(12)
    await opened(room, 1)
    await room.commit(advance(*[noisy(k, chance) for k in range(700)], expected=0))
    await room.roll()
    await pool.execute(
        "INSERT INTO analyzer.feature_rollups_1m (start_time, layout_id, window_count, "
        "empty_window_count, sensor_id) SELECT date_trunc('month', $1::timestamptz) "
        "+ k * interval '1 min', 1, 600, 600, 'fan-' || s "
        "FROM generate_series(0, 19999) k, generate_series(1, 9) s",
        datetime.fromtimestamp(ANCHOR_US / 1e6, UTC),  # of which there is a partition
    )
    await pool.execute("VACUUM ANALYZE analyzer.feature_rollups_1m")
    query = RollupQuery("fan-3", RollupInterval.MINUTE, 600)
    async with pool.acquire() as connection:
        # How many index entries are read, by the server's own count.
        before = await connection.fetchval(TUPLES_READ)
    assert len(await room.history.list_rollups(query)) == 600
    for _ in range(600):
        async with pool.acquire() as connection:
            read = await connection.fetchval(TUPLES_READ) - before
        if read:
            break
        await asyncio.sleep(0.1)
    assert 600 <= read < 3000
