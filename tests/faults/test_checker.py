"""The checker sees loss, doubling, corruption, and windows that are not as they should be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest
from tests.faults.rig.checker import Verdict, check
from tests.faults.rig.hashed_samples import Samples, hashed_samples
from tests.faults.rig.load import CHANNELS
from tests.faults.rig.pushed import Progress, Pushed

HOP, HOPS = 100, 20
SENSOR, EPOCH = "pump-7", 3
_TABLES = """
CREATE SCHEMA ingest; CREATE SCHEMA analyzer;
CREATE TABLE ingest.sensors (sensor_id text, sensor_key integer);
CREATE TABLE ingest.streams (sensor_id text, epoch bigint, gap_count bigint);
CREATE TABLE ingest.sensor_data (
    sensor_key integer, epoch bigint, first_index bigint, sample_count integer, samples bytea
);
CREATE TABLE analyzer.realtime_features (
    sensor_id text, epoch bigint, window_index bigint, empty_reason smallint, late boolean
);
INSERT INTO ingest.sensors VALUES ('pump-7', 1);
INSERT INTO ingest.streams VALUES ('pump-7', 3, 0);
INSERT INTO analyzer.realtime_features
    SELECT 'pump-7', 3, k, 0, false FROM generate_series(0, 10) AS k;
"""


@pytest.fixture
async def store(postgres_dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A database with every window of one sensor, and no samples yet."""
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(_TABLES)
    yield connection
    await connection.close()


async def verdict_on(
    store: asyncpg.Connection[asyncpg.Record], dsn: str, blocks: Sequence[tuple[int, Samples]]
) -> Verdict:
    rows = [(1, EPOCH, first, part.shape[1], part.tobytes()) for first, part in blocks]
    await store.executemany("INSERT INTO ingest.sensor_data VALUES ($1, $2, $3, $4, $5)", rows)
    pushed = Pushed(SENSOR, EPOCH, [Progress(0.0, HOP * HOPS, HOP * HOPS, 0)])
    return await check(dsn, [pushed], hop=HOP, timeout_s=0.1)


def block(first: int, count: int) -> tuple[int, Samples]:
    return first, hashed_samples(SENSOR, EPOCH, first, count, len(CHANNELS))


async def test_all_is_well(store: asyncpg.Connection[asyncpg.Record], postgres_dsn: str) -> None:
    verdict = await verdict_on(store, postgres_dsn, [block(0, 1500), block(1500, 500)])
    assert verdict == Verdict(sample_count=2000, window_count=11)
    assert all(figure.kept for figure in (*verdict.figures(), *verdict.seamless()))


async def test_holes_are_lost_samples(
    store: asyncpg.Connection[asyncpg.Record], postgres_dsn: str
) -> None:
    verdict = await verdict_on(store, postgres_dsn, [block(10, 490), block(600, 1300)])
    assert verdict.lost_count == 10 + 100 + 100
    assert not all(figure.kept for figure in verdict.figures())


async def test_overlaps_are_doubled_samples(
    store: asyncpg.Connection[asyncpg.Record], postgres_dsn: str
) -> None:
    verdict = await verdict_on(store, postgres_dsn, [block(0, 1000), block(900, 1100)])
    assert (verdict.lost_count, verdict.doubled_count) == (0, 100)


async def test_other_samples_are_corrupt(
    store: asyncpg.Connection[asyncpg.Record], postgres_dsn: str
) -> None:
    _, moved = block(1, 1000)
    _, good = block(1000, 1000)
    altered = good.copy()
    altered[1, 7] ^= 1
    verdict = await verdict_on(store, postgres_dsn, [(0, moved), (1000, altered)])
    assert verdict.corrupt_count > 990 + 1
    assert verdict.corrupt_count <= 1000 + 1


async def test_windows_missing_doubled_empty_and_late(
    store: asyncpg.Connection[asyncpg.Record], postgres_dsn: str
) -> None:
    await store.execute(
        """
        DELETE FROM analyzer.realtime_features WHERE window_index = 4;
        INSERT INTO analyzer.realtime_features VALUES ('pump-7', 3, 5, 0, false);
        UPDATE analyzer.realtime_features SET empty_reason = 1 WHERE window_index = 6;
        UPDATE analyzer.realtime_features SET late = true WHERE window_index IN (7, 8);
        UPDATE ingest.streams SET gap_count = 2;
        """
    )
    verdict = await verdict_on(store, postgres_dsn, [block(0, 2000)])
    assert verdict.missing_window_count == 1
    assert verdict.doubled_window_count == 1
    assert verdict.empty_window_count == 1
    assert (verdict.late_window_count, verdict.gap_count) == (2, 2)
    assert not any(figure.kept for figure in verdict.seamless())


def test_channels_and_epochs_differ() -> None:
    first, second = hashed_samples(SENSOR, 1, 0, 70_000, 2)
    assert (first == second).mean() < 0.01
    assert (first[65_536:] == second[: 70_000 - 65_536]).mean() < 0.01
    assert (first == hashed_samples(SENSOR, 2, 0, 70_000, 1)[0]).mean() < 0.01
