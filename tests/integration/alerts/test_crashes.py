"""Alerts dies between reading and storing, or is away for longer than the live stream reaches."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.integration.alerts.world import World, world

# More windows than one page of history, and than ten minutes hold.
LONG = 6500


@pytest.fixture
async def alerts(postgres_dsn: str, valkey_url: str, tmp_path: Path) -> AsyncIterator[World]:
    quick = {"profile_patience_s": "0", "poll_s": "1", "checkpoint_interval_s": "0.2"}
    async with world(postgres_dsn, valkey_url, tmp_path, **quick) as built:
        yield built


@contextlib.asynccontextmanager
async def no_transitions(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Have every transaction with transitions wait."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE alerts.counters IN SHARE MODE")
            yield connection
    finally:
        await connection.close()


async def evaluator_waits(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kurto-alerts-evaluation' "
        "AND wait_event_type = 'Lock' AND datname = current_database()"
    )
    return bool(await connection.fetchval(query))


async def test_killed_between_reading_and_storing(alerts: World, postgres_dsn: str) -> None:
    await alerts.create_rule(pending_s=0.5)
    await alerts.send_values([0.5, 1.5, 1.5, 1.5])
    await until_checkpoint(postgres_dsn, 3)  # in the middle of the pending time
    async with no_transitions(postgres_dsn) as watcher:
        await alerts.send_values([1.5] * 4 + [0.5] * 3, first=4)
        async with asyncio.timeout(60):
            while not await evaluator_waits(watcher):
                await asyncio.sleep(0.02)
        await alerts.process.kill()
    assert await alerts_stored(postgres_dsn) == 0
    await alerts.process.start()
    await alerts.serving()
    await alerts.until_kinds("RAISED", "RESOLVED")
    raised, resolved = await alerts.transitions()
    assert (raised.window_index, resolved.window_index) == (5, 8)


async def test_postgres_holds_everything_up_and_nothing_is_lost(
    alerts: World, postgres_dsn: str
) -> None:
    """Longer than a statement may take: the evaluator begins again from its checkpoint."""
    await alerts.create_rule()
    await alerts.send_values([0.5])
    async with no_transitions(postgres_dsn):
        await alerts.send_values([1.5, 0.5] * 20, first=1)
        await asyncio.sleep(6.0)
    await alerts.until_kinds(*["RAISED", "RESOLVED"] * 20)


async def test_away_for_longer_than_the_live_stream_reaches(
    alerts: World, postgres_dsn: str
) -> None:
    """The live stream holds ten minutes; what is behind them comes from the history."""
    await alerts.create_rule(pending_s=0.5)
    await alerts.send_values([0.5, 1.5, 1.5])
    await until_checkpoint(postgres_dsn, 2)
    await alerts.process.kill()
    values = [1.5] * 3 + [0.5] * (LONG // 2) + [1.5] * 5 + [0.5] * (LONG // 2) + [1.5] * 5
    frames = [alerts.frame(3 + k, value) for k, value in enumerate(values)]
    await alerts.send(frames[:-300], live=False)
    await alerts.send(frames[-300:])
    await alerts.valkey.xtrim("kurto:features:0", maxlen=200, approximate=False)
    await alerts.process.start()
    await alerts.serving()
    await alerts.until_kinds("RAISED", "RESOLVED", "RAISED", "RESOLVED", "RAISED")
    first, second = 6 + LONG // 2, 11 + LONG // 2 * 2
    windows = [one.window_index for one in await alerts.transitions()]
    assert windows == [5, 6, first + 4, first + 5, second + 4]


async def until_checkpoint(dsn: str, window: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        query = "SELECT max(window_index) FROM alerts.sensor_checkpoints"
        async with asyncio.timeout(60):
            while await connection.fetchval(query) != window:
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def alerts_stored(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM alerts.alerts"))
    finally:
        await connection.close()
