"""What SQL users are promised, on a database that real services have filled."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from tests.conftest import Databases, ask_valkey
from tests.migrations.releases import Release, running
from tests.migrations.sending import create_rule, push_once

from kurto_cli.stack.valkey import Valkey

ROLLED = """
SELECT coalesce(sum(window_count), 0) FROM reporting.v_feature_rollups_1s
WHERE feature = 'rms' AND channel = 'vertical'
"""
SCAN = re.compile(r"(\w[\w ]*Scan)[^\n]* on realtime_features_\d+[^\n]*rows=([\d.]+) loops")
BLOCK = re.compile(r"```sql (setup|query)\n(.*?)```", re.DOTALL)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def dsn(databases: Databases) -> Iterator[str]:
    name = databases.create()
    yield databases.server.dsn(name)
    databases.drop(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(
    dsn: str, valkey_server: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A database with a sensor that was live, alerts and roll-ups."""
    quick = {"KURTO_ANALYZER_ROLLUP_IDLE_S": "0.5", "KURTO_ANALYZER_ROLLUP_INTERVAL_S": "0.2"}
    folder = tmp_path_factory.mktemp("plant")
    ask_valkey(valkey_server, b"FLUSHALL")  # other tests leave their features there
    async with running(Release(None), dsn, valkey_server.url, folder, **quick) as plant:
        await create_rule(plant)
        await push_once(plant, "pump-7", 2.5)
        connection = await asyncpg.connect(dsn)
        try:
            await until(connection, "SELECT count(*) FROM reporting.v_active_alerts", 2)
            await until(connection, ROLLED, 16)
            yield connection
        finally:
            await connection.close()


async def until(connection: Any, query: str, wanted: int) -> None:
    found = None
    for _ in range(600):
        found = await connection.fetchval(query)
        if found == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{found} is not {wanted}: {query}")


async def test_documented_queries_run_as_a_reader(
    filled: asyncpg.Connection[asyncpg.Record], repository: Path
) -> None:
    text = (repository / "docs" / "reference" / "reporting.md").read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    setup = [sql for kind, sql in blocks if kind == "setup"]
    queries = [sql for kind, sql in blocks if kind == "query"]
    assert setup
    assert len(queries) >= 5
    role = f"reader_{uuid.uuid4().hex[:8]}"  # roles belong to the server, not to the database
    for sql in setup:
        await filled.execute(sql.replace("kurto_reader", role))
    try:
        await filled.execute(f"SET ROLE {role}")
        answered = [len(await filled.fetch(sql)) for sql in queries]
        assert answered[0] >= 0
        assert answered[1:3] == [2, 2]  # two channels, two alerts
        assert answered[3] in (2, 4)  # two channels in one hour, or around the full one
        for table in ("analyzer.positions", "alerts.alerts", "ingest.streams"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await filled.fetch(f"SELECT * FROM {table}")
    finally:
        await filled.execute("RESET ROLE")
        await filled.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_views_say_what_the_services_say(
    filled: asyncpg.Connection[asyncpg.Record],
) -> None:
    (status,) = await filled.fetch("SELECT * FROM reporting.v_sensor_status")
    assert status["sensor_id"] == "pump-7"
    assert status["next_sample_index"] == 5000
    assert (status["gap_count"], status["missing_sample_count"]) == (0, 0)
    latest = await filled.fetch("SELECT * FROM reporting.v_latest_features ORDER BY channel")
    assert [row["channel"] for row in latest] == ["horizontal", "vertical"]
    assert {row["window_index"] for row in latest} == {15}
    frames = await filled.fetch(
        "SELECT channel, min(rms) AS low, avg(rms) AS mean, max(rms) AS high, count(rms) AS count "
        "FROM analyzer.channel_features GROUP BY channel ORDER BY channel"
    )
    minutes = await filled.fetch(
        "SELECT channel, min(minimum) AS low, sum(mean * value_count) / sum(value_count) AS mean, "
        "max(maximum) AS high, sum(value_count) AS count FROM reporting.v_feature_rollups_1m "
        "WHERE feature = 'rms' GROUP BY channel ORDER BY channel"
    )
    for frame, minute in zip(frames, minutes, strict=True):
        for name in ("channel", "low", "high", "count"):
            assert frame[name] == minute[name]
        assert minute["mean"] == pytest.approx(frame["mean"], rel=1e-6)
    alerts = await filled.fetch("SELECT * FROM reporting.v_active_alerts")
    assert {row["channel"] for row in alerts} == {"horizontal", "vertical"}
    assert {(row["severity"], row["state"]) for row in alerts} == {("warning", "active")}


async def test_everything_is_commented(filled: asyncpg.Connection[asyncpg.Record]) -> None:
    bare = await filled.fetch(
        "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'reporting'::regnamespace "
        "AND obj_description(c.oid, 'pg_class') IS NULL"
    )
    assert bare == []


async def test_the_latest_features_do_not_read_history(
    filled: asyncpg.Connection[asyncpg.Record],
) -> None:
    """As fast with much history as with little: one probe a sensor and partition."""
    await filled.execute(
        "INSERT INTO analyzer.realtime_features (start_time, epoch, window_index, config_version, "
        "layout_id, empty_reason, late, sensor_id) "
        "SELECT date_trunc('day', now()) + k * interval '100 ms', 0, k, 1, 1, 1, false, 'pump-7' "
        "FROM generate_series(0, 99999) AS k WHERE "
        "date_trunc('day', now()) + k * interval '100 ms' < now() - interval '1 min'"
    )
    await filled.execute("ANALYZE analyzer.realtime_features")
    plan = await filled.fetch(
        "EXPLAIN (ANALYZE, FORMAT TEXT) SELECT * FROM reporting.v_latest_features"
    )
    text = "\n".join(row[0] for row in plan)
    scans = re.findall(
        r"(\w[\w ]*Scan)[^\n]* on realtime_features_\d+[^\n]*rows=([\d.]+) loops", text
    )
    assert scans, text
    assert all(kind.startswith("Index") and float(rows) <= 1 for kind, rows in scans), text
    assert len(await filled.fetch("SELECT * FROM reporting.v_latest_features")) == 2
