"""Processes die under load; what was acknowledged is there, once."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.conftest import RunningStack
from tests.faults.checker import check
from tests.faults.conftest import Report
from tests.faults.load import Load

# Short here, for every run of all tests; `make faults` sets more sensors, longer and more kills.
SENSORS = int(os.environ.get("KURTO_FAULTS_SENSORS", "4"))
DURATION_S = float(os.environ.get("KURTO_FAULTS_DURATION_S", "8"))
KILLS = int(os.environ.get("KURTO_FAULTS_KILLS", "1"))
STACK_TIMEOUT_S = 60.0

OwnStack = Callable[..., contextlib.AbstractContextManager[RunningStack]]


async def drill(stack: RunningStack, name: str, *, killed: str, kills: int) -> Load:
    """Run the load and kill a process several times meanwhile."""
    target = urlsplit(stack.ready["http"]).netloc
    load = Load(target, [f"{name}-{k:03d}" for k in range(SENSORS)], DURATION_S)
    running = asyncio.create_task(load.run())
    for _ in range(kills):
        await asyncio.sleep(DURATION_S / (kills + 1))
        old_pid = await asyncio.to_thread(stack.kill, killed)
        await asyncio.to_thread(stack.wait_for_restart, killed, old_pid)
    await running
    return load


async def test_nothing_dies(stack: RunningStack, report: Report) -> None:
    load = await drill(stack, "calm", killed="ingest", kills=0)
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    report(
        *("0", "without a fault: every sample and every window once"),
        load=load,
        fault="none",
        verdict=verdict,
        pushed=load.pushed,
    )
    assert all(one.reconnect_count == 0 for one in load.pushed)
    # Rotation every 2 s, commit within 0.2 s: nothing waits longer for its acknowledgment.
    assert max(one.longest_lag_s for one in load.pushed) < 5.0


async def test_ingest_is_killed(stack: RunningStack, report: Report) -> None:
    load = await drill(stack, "ingest", killed="ingest", kills=KILLS)
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    report(
        *("1", "0 lost, 0 doubled"),
        load=load,
        fault=f"kill -9 ingest, times: {KILLS}",
        verdict=verdict,
        pushed=load.pushed,
    )
    assert all(one.reconnect_count >= 1 for one in load.pushed)


async def test_the_analyzer_is_killed(stack: RunningStack, report: Report) -> None:
    load = await drill(stack, "analyzer", killed="analyzer", kills=KILLS)
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    report(
        *("2", "0 lost, no window doubled, the feature gap heals"),
        load=load,
        fault=f"kill -9 analyzer, times: {KILLS}",
        verdict=verdict,
        pushed=load.pushed,
    )


async def test_postgres_is_killed(stack: RunningStack, report: Report) -> None:
    load = await drill(stack, "postgres", killed="postgres", kills=1)
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    report(
        *("6", "what was acknowledged survives a crash of the database"),
        load=load,
        fault="kill -9 postgres, once",
        verdict=verdict,
        pushed=load.pushed,
    )


async def test_valkey_is_killed(stack: RunningStack, report: Report) -> None:
    load = await drill(stack, "valkey", killed="valkey", kills=1)
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    report(
        *("4", "losing Valkey loses nothing"),
        load=load,
        fault="kill -9 valkey, once",
        verdict=verdict,
        pushed=load.pushed,
    )


async def test_envoy_is_killed(stack: RunningStack, report: Report) -> None:
    load = await drill(stack, "envoy", killed="envoy", kills=1)
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    report(
        *("5", "0 lost, all sensors come back"),
        load=load,
        fault="kill -9 envoy, once",
        verdict=verdict,
        pushed=load.pushed,
    )
