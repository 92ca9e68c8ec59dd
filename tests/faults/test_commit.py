"""Services die, fail or lose their connection around a commit: promise 7."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from tests.conftest import RunningStack
from tests.faults.conftest import SensorCount
from tests.faults.rig.alarms import alarming, check_story, create_rule
from tests.faults.rig.checker import check
from tests.faults.rig.commit_cut import CommitCutter, Cut
from tests.faults.rig.fail_points import VARIABLE, FailPoints
from tests.faults.rig.features import compare_features
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.metrics import metric
from tests.faults.rig.proxy import fault_proxy
from tests.faults.rig.report import DrillBook, at_least, holds, none_of
from tests.faults.rig.scale import Scale
from tests.faults.rig.stack import own_postgres, rig_stack_behind
from tests.faults.rig.storing import Storing, storing

import kurto

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]
BACK_S = 60.0
HOLD_S = 1.0
COMPARED_SENSORS = 4


@dataclass
class Room:
    """A stack with fail points, and ingest behind a proxy."""

    stack: RunningStack
    points: FailPoints
    cutter: CommitCutter
    dsn: str

    @property
    def target(self) -> str:
        return str(urlsplit(self.stack.ready["http"]).netloc)

    async def resolved(self) -> float:
        url = self.stack.ready["metrics"]["ingest"]
        return await metric(url, "kurto_ingest_commits_total", outcome="resolved")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    tmp_path = tmp_path_factory.mktemp("commit")
    with own_postgres(tmp_path / "postgres") as database:
        async with fault_proxy(database.port) as proxy:
            points = FailPoints(tmp_path / "points")
            own = {"ingest": {"KURTO_POSTGRES_DSN": proxy.through(database.dsn)}}
            environment = {"KURTO_POSTGRES_DSN": database.dsn, VARIABLE: str(points.directory)}
            stack_directory = tmp_path / "stack"
            stack_directory.mkdir()
            async with rig_stack_behind(
                stack_directory,
                failing=("ingest", "analyzer", "alerts"),
                environment=environment,
                member_environment=own,
            ) as stack:
                yield Room(stack, points, CommitCutter(proxy), database.dsn)


@asynccontextmanager
async def back_afterwards(load: Load, seen: Storing) -> AsyncIterator[None]:
    """After the block, wait until all sensors are stored further than before it ended."""
    yield
    loop = asyncio.get_running_loop()
    at_s = loop.time()
    async with asyncio.timeout(BACK_S):
        while float("inf") in seen.times_back(load.pushed, at_s):
            await asyncio.sleep(0.05)


async def test_connection_lost_at_commit(
    room: Room, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    rounds = scale.count(1, 5)
    load = Load(room.target, sensor_names("p7", sensor_count(busy=0.25, short=3)), 300)
    async with load.running(), storing(room.dsn, load.pushed) as seen:
        for _ in range(rounds):
            for cut in Cut:
                async with back_afterwards(load, seen):
                    room.cutter.arm(cut)
                    await room.cutter.fired()
            for point in ("ingest.before_commit", "ingest.after_commit"):
                async with back_afterwards(load, seen):
                    room.points.arm(point, "error")
                    await room.points.fired(point)
        resolved = await room.resolved()
        held = [await hold(room, load, seen, point) for point in HOLDS for _ in range(rounds)]
        load.stop()
    verdict = await check(room.dsn, load.pushed, hop=load.hop)
    load.duration_s = round(load.pushed[0].pushed_index / load.sample_rate_hz)
    book.add(
        *("7", "connection lost at commit: no early ack, unknown outcomes resolved right"),
        load=load,
        fault=f"{rounds} times: connection lost before COMMIT, in it, before its reply; the store "
        "fails before and after the commit; the commit hangs",
        figures=[
            *verdict.figures(),
            *verdict.seamless(),
            none_of(
                f"acknowledgments before the commit in {seen.look_count} looks",
                seen.early_ack_count,
            ),
            # The transaction was committed and ingest was not told: in, before the reply, after.
            at_least("commits found to be done", resolved, 3 * rounds),
            holds("no acknowledgment while a commit hangs", all(held)),
            none_of("reconnections", sum(one.reconnect_count for one in load.pushed)),
        ],
    )


HOLDS = ("ingest.before_commit", "ingest.after_commit")
_NEWEST_COMMIT = """
SELECT sensor_id, next_index FROM ingest.streams
WHERE commit_token = (SELECT commit_token FROM ingest.streams ORDER BY commit_time DESC LIMIT 1)
"""


async def hold(room: Room, load: Load, seen: Storing, point: str) -> bool:
    """Let a commit hang longer than a rotation takes; tell whether it stays unacknowledged."""
    room.points.arm(point, "hold")
    await room.points.fired(point)
    await asyncio.sleep(load.rotate_interval_s + HOLD_S)
    acknowledged = {one.sensor_id: one.acknowledged_index for one in load.pushed}
    connection = await asyncpg.connect(room.dsn)
    try:
        newest = await connection.fetch(_NEWEST_COMMIT)
    finally:
        await connection.close()
    async with back_afterwards(load, seen):
        room.points.release(point)
    if point == "ingest.before_commit":  # the newest is the one before: all may know it
        return all(acknowledged[row["sensor_id"]] <= row["next_index"] for row in newest)
    return bool(newest) and all(
        acknowledged[row["sensor_id"]] < row["next_index"] for row in newest
    )


async def test_killed_around_the_commit(
    room: Room, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    rounds = scale.count(1, 3)
    names = sensor_names("p7b", sensor_count(busy=0.25, short=3))
    load = Load(room.target, names, 600, signal=alarming)

    def at_point(point: str) -> Callable[[], Awaitable[None]]:
        async def kill() -> None:
            room.points.arm(point, "kill")
            await room.points.fired(point)

        return kill

    async def in_commit() -> None:
        room.cutter.arm(Cut.BEFORE_COMMIT, lambda: void(room.stack.kill("ingest")))
        await room.cutter.fired()

    kills = [at_point(f"ingest.{moment}_commit") for moment in ("before", "after")]
    kills.insert(1, in_commit)
    kills += [
        at_point(f"{service}.{moment}_commit")
        for service in ("analyzer", "alerts")
        for moment in (("before", "after") if scale.full else ("before",))
    ]
    async with kurto.connect(room.target) as client:
        await create_rule(client, "p7b", names)
    async with load.running(), storing(room.dsn, load.pushed) as seen:
        for kill in kills * rounds:
            async with back_afterwards(load, seen):
                await kill()
            await asyncio.to_thread(room.stack.wait_until_ready)
        await asyncio.sleep(2.0)
        load.stop()
    load.duration_s = round(load.pushed[0].pushed_index / load.sample_rate_hz)
    verdict = await check(room.dsn, load.pushed, hop=load.hop, signal=load.signal)
    comparison = await compare_features(room.dsn, load, load.pushed[:COMPARED_SENSORS])
    story = await check_story(room.dsn, load)
    book.add(
        *("7b", "fail-points before, in and after commit: nothing lost, nothing acked early"),
        load=load,
        fault=f"{rounds} times: ingest, analyzer (before: published, not committed) and alerts "
        f"killed before, in (ingest) and after their commit, {len(kills)} places",
        figures=[
            *verdict.figures(),
            *verdict.seamless(),
            *comparison.figures(),
            *story.figures(),
            none_of(
                f"acknowledgments before the commit in {seen.look_count} looks",
                seen.early_ack_count,
            ),
        ],
    )


def void(_: object) -> None:
    """Forget a result."""
