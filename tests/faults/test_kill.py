"""Processes die under load; what was acknowledged is there, once: promises 1, 2, 4, 5."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.conftest import RunningStack
from tests.faults.conftest import SensorCount
from tests.faults.rig.alarms import alarming, check_story, create_rule, delete_rule
from tests.faults.rig.checker import check
from tests.faults.rig.features import compare_features
from tests.faults.rig.live_view import live_view
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.report import DrillBook, at_least, at_most, none_of, percentile, shown
from tests.faults.rig.scale import Scale
from tests.faults.rig.stack import rig_stack
from tests.faults.rig.storing import storing

import kurto
from kurto_cli.stack.probes import grpc_serving

SETTLE_S = 1.5
LOOK_S = 0.02
COMPARED_SENSORS = 6


def target_of(stack: RunningStack) -> str:
    return str(urlsplit(stack.ready["http"]).netloc)


def reconnections(load: Load) -> int:
    return sum(one.reconnect_count for one in load.pushed)


def longest_lag_s(load: Load) -> float:
    return max(one.longest_lag_s for one in load.pushed)


async def kill_and_wait(stack: RunningStack, name: str) -> float:
    """Kill a member, wait until all serves again, and return when it was killed."""
    at_s = time.monotonic()
    old_pid = stack.kill(name)
    await asyncio.to_thread(stack.wait_for_restart, name, old_pid)
    return at_s


async def kill_ingest(stack: RunningStack) -> tuple[float, float]:
    """Kill ingest; return when, and when it served again itself: others notice later."""
    serving = grpc_serving(stack.ready["grpc"]["ingest"])
    at_s = time.monotonic()
    old_pid = stack.kill("ingest")
    while not await serving():
        await asyncio.sleep(LOOK_S)
    serving_s = time.monotonic()
    await asyncio.to_thread(stack.wait_for_restart, "ingest", old_pid)
    return at_s, serving_s


async def test_nothing_dies(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    load = Load(target_of(stack), sensor_names("calm", sensor_count()), scale.seconds(6, 20))
    await load.run()
    verdict = await check(stack.ready["postgres_dsn"], load.pushed, hop=load.hop)
    book.add(
        "0",
        "without a fault: every sample and every window once",
        load=load,
        fault="none",
        figures=[
            *verdict.figures(),
            *verdict.seamless(),
            none_of("reconnections", reconnections(load)),
            # Rotation every 2 s, commit within 0.2 s: nothing waits longer for its acknowledgment.
            at_most("longest lag", longest_lag_s(load), scale.limit(5.0), "s"),
        ],
    )


@contextmanager
def stack_for_kills(scale: Scale, stack: RunningStack, directory: Path) -> Iterator[RunningStack]:
    """Yield a stack that starts members again at once, also after many kills.

    The launcher of `kurto up` waits longer from one to the next.
    """
    if not scale.full:
        yield stack
        return
    with rig_stack(directory) as own:
        yield own


@pytest.mark.timeout(900)
async def test_ingest_is_killed(
    stack: RunningStack,
    tmp_path: Path,
    book: DrillBook,
    scale: Scale,
    sensor_count: SensorCount,
) -> None:
    kills = scale.count(1, 20)
    names = sensor_names("p1", sensor_count())
    back_s: list[float] = []
    resumed_s: list[float] = []
    down_s: list[float] = []
    with stack_for_kills(scale, stack, tmp_path) as used:
        load = Load(target_of(used), names, scale.seconds(8, 600))
        dsn = used.ready["postgres_dsn"]
        async with load.running(), storing(dsn, load.pushed) as seen:
            started_s = time.monotonic()
            for _ in range(kills):
                await asyncio.sleep(SETTLE_S)
                killed_s, serving_s = await kill_ingest(used)
                await asyncio.sleep(2 * SETTLE_S)
                times = seen.times_back(load.pushed, killed_s)
                back_s += times
                down_s.append(serving_s - killed_s)
                resumed_s += [max(0.0, one - down_s[-1]) for one in times]
            load.stop()
            load.duration_s = round(time.monotonic() - started_s)
        verdict = await check(dsn, load.pushed, hop=load.hop)
    book.add(
        *("1", "kill -9 ingest: 0 lost, 0 doubled, resume p99 < 2 s"),
        load=load,
        fault=f"kill -9 ingest, times: {kills}",
        figures=[
            *verdict.figures(),
            *verdict.seamless(),
            none_of("acknowledgments before the commit", seen.early_ack_count),
            at_most(
                "resume p99",
                percentile(resumed_s, 99),
                scale.limit(2.0),
                "s after ingest serves again",
            ),
            shown("down p99", percentile(down_s, 99), "s"),
            shown("storing again p99", percentile(back_s, 99), "s after the kill"),
            at_least("reconnections", reconnections(load), kills * len(load.pushed)),
        ],
    )


@pytest.mark.timeout(600)
async def test_the_analyzer_is_killed(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    kills = scale.count(1, 3)
    load = Load(target_of(stack), sensor_names("p2", sensor_count()), scale.seconds(8, 40))
    async with load.running():
        for _ in range(kills):
            await asyncio.sleep(load.duration_s / (kills + 1))
            await kill_and_wait(stack, "analyzer")
    dsn = stack.ready["postgres_dsn"]
    verdict = await check(dsn, load.pushed, hop=load.hop)
    comparison = await compare_features(dsn, load, load.pushed[:COMPARED_SENSORS])
    book.add(
        *("2", "kill -9 analyzer: 0 lost, 0 windows doubled, features equal to a fault-free run"),
        load=load,
        fault=f"kill -9 analyzer, times: {kills}",
        figures=[
            *verdict.figures(),
            *verdict.seamless(),
            *comparison.figures(),
            none_of("reconnections of senders", reconnections(load)),
        ],
    )


@pytest.mark.timeout(600)
async def test_valkey_is_killed(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    target, dsn = target_of(stack), stack.ready["postgres_dsn"]
    names = sensor_names("p4", sensor_count())
    load = Load(target, names, scale.seconds(9, 40), signal=alarming)
    kills = scale.count(1, 3)
    healed_s: list[float] = []
    async with kurto.connect(target) as client:
        await create_rule(client, "p4", names)
        async with live_view(target, names) as view, load.running():
            for _ in range(kills):
                await asyncio.sleep(load.duration_s / (kills + 1))
                killed_s = await kill_and_wait(stack, "valkey")
                await asyncio.sleep(2 * SETTLE_S)
                healed_s += [view.healed_after(name, killed_s) for name in names]
        verdict = await check(dsn, load.pushed, hop=load.hop, signal=load.signal)
        story = await check_story(dsn, load)
        await delete_rule(client, "p4")
    book.add(
        *("4", "kill -9 Valkey: 0 features or alarms lost, live view heals < 3 s, gap marked"),
        load=load,
        fault=f"kill -9 valkey, times: {kills}",
        figures=[
            *verdict.figures(),
            *verdict.seamless(),
            *story.figures(),
            at_most(
                "live view healed p99",
                percentile(healed_s, 99),
                scale.limit(3.0),
                "s after the kill",
            ),
            shown("live windows missed", sum(len(view.missing(name)) for name in names)),
            none_of("holes in the live view without a mark", view.unmarked_holes(names)),
            none_of("transitions missing in the live view", len(view.missing_transitions())),
        ],
    )


@pytest.mark.timeout(600)
async def test_envoy_is_killed(
    stack: RunningStack,
    tmp_path: Path,
    book: DrillBook,
    scale: Scale,
    sensor_count: SensorCount,
) -> None:
    kills = scale.count(1, 5)
    names = sensor_names("p5", sensor_count())
    back_s: list[float] = []
    with stack_for_kills(scale, stack, tmp_path) as used:
        load = Load(target_of(used), names, scale.seconds(9, 60))
        dsn = used.ready["postgres_dsn"]
        async with load.running(), storing(dsn, load.pushed) as seen:
            for _ in range(kills):
                await asyncio.sleep(SETTLE_S)
                killed_s = await kill_and_wait(used, "envoy")
                await asyncio.sleep(max(0.0, killed_s + 4 * SETTLE_S - time.monotonic()))
                back_s += seen.times_back(load.pushed, killed_s)
        verdict = await check(dsn, load.pushed, hop=load.hop)
    book.add(
        *("5", "kill -9 Envoy: 0 lost, all sensors back p99 < 3 s"),
        load=load,
        fault=f"kill -9 envoy, times: {kills}",
        figures=[
            *verdict.figures(),
            *verdict.seamless(),
            at_most(
                "storing again p99", percentile(back_s, 99), scale.limit(3.0), "s after the kill"
            ),
            at_least("reconnections", reconnections(load), kills * len(load.pushed)),
        ],
    )
