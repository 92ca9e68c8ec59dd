"""The release before runs on the new schema, also while that is migrated under load."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
from tests.migrations.conftest import migrate_all
from tests.migrations.push import CHANNELS, samples
from tests.migrations.releases import Plant, Release, running
from tests.migrations.sending import HOP, create_rule, push_once

SETTLE_S = 60.0


async def push(plant: Plant, sensor_id: str, duration_s: float) -> dict[str, Any]:
    """Push with the SDK of the release before."""
    report = await push_once(plant, sensor_id, duration_s)
    assert plant.release.root is not None
    assert Path(report["sdk"]).is_relative_to(plant.release.root), "that was another SDK"
    return report


async def check_stored(plant: Plant, sensor_id: str, report: dict[str, Any]) -> None:
    """Every sample is there once, every window, and the alarm."""
    connection = await asyncpg.connect(plant.dsn)
    try:
        blocks = await connection.fetch(
            "SELECT first_index, sample_count, samples FROM ingest.sensor_data "
            "JOIN ingest.sensors USING (sensor_key) WHERE sensor_id = $1 AND epoch = $2 "
            "ORDER BY first_index",
            *(sensor_id, report["epoch"]),
        )
        stored = [
            np.frombuffer(block["samples"], "<i2").reshape(len(CHANNELS), -1) for block in blocks
        ]
        assert np.array_equal(np.hstack(stored), samples(0, report["sent"]))
        windows = list(range(report["sent"] // HOP - 9))
        await until(connection, plant, _WINDOWS, sensor_id, windows)
        await until(connection, plant, _ALERTS, sensor_id, list(CHANNELS))
    finally:
        await connection.close()


async def flowing(dsn: str, sensor_count: int) -> None:
    """Wait until samples of all sensors are stored."""
    connection = await asyncpg.connect(dsn)
    try:
        query = "SELECT count(*) FROM ingest.streams WHERE next_index > 0"
        while await connection.fetchval(query) < sensor_count:
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


_WINDOWS = """
SELECT coalesce(array_agg(window_index ORDER BY window_index), '{}')
FROM analyzer.realtime_features WHERE sensor_id = $1 AND empty_reason = 0
"""
_ALERTS = """
SELECT coalesce(array_agg(a.channel ORDER BY a.channel), '{}')
FROM alerts.alerts AS a JOIN alerts.alert_transitions AS t USING (alert_id)
WHERE a.sensor_id = $1 AND t.kind = 1
"""


async def until(
    connection: Any, plant: Plant, query: str, sensor_id: str, wanted: list[Any]
) -> None:
    found: list[Any] = []
    for _ in range(round(SETTLE_S / 0.1)):
        found = await connection.fetchval(query, sensor_id)
        if found == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{found} is not {wanted}\n{plant.said()}")


async def test_the_previous_release_runs_on_the_new_schema(
    previous: Release, dsn_after: str, valkey_url: str, tmp_path: Path
) -> None:
    async with running(previous, dsn_after, valkey_url, tmp_path) as plant:
        await create_rule(plant)
        report = await push(plant, "pump-7", 3.0)
        await check_stored(plant, "pump-7", report)
        assert plant.died == [], plant.said()


async def test_the_previous_release_is_migrated_under_load(
    previous: Release, dsn_before: str, valkey_url: str, tmp_path: Path
) -> None:
    async with running(previous, dsn_before, valkey_url, tmp_path) as plant:
        await create_rule(plant)
        names = ("pump-7", "pump-8")
        pushing = [asyncio.create_task(push(plant, name, 8.0)) for name in names]
        await flowing(dsn_before, len(names))
        assert not any(task.done() for task in pushing)
        await asyncio.to_thread(migrate_all, dsn_before)
        assert not any(task.done() for task in pushing)
        for name, report in zip(names, await asyncio.gather(*pushing), strict=True):
            await check_stored(plant, name, report)
        assert plant.died == [], plant.said()
