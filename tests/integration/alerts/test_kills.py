"""Whatever is killed, no transition is lost or doubled."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.exceptions import RedisError
from tests.integration.alerts.world import World, packed, world

from kurto.signal.v1 import features_pb2
from kurto_alerts.engine import Engine
from kurto_alerts.feature_decoding import FrameDecoder
from kurto_alerts.rules import Severity
from kurto_alerts.testing import make_rule
from kurto_cli.stack import ports, postgres
from kurto_cli.stack.postgres import Postgres
from kurto_cli.stack.valkey import Valkey

SENSORS = [f"machine-{number}" for number in range(6)]
WINDOWS = 400
TICK_S = 0.02
RULES = {"quick": (1.5, 0.0, 0.0), "slow": (1.0, 0.3, 0.5)}


class Server:
    """A server that can be killed and started again."""

    def __init__(self, command: list[str], environment: dict[str, str] | None) -> None:
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=self._environment,
        )

    def kill(self) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    settings = (("fsync", "off"), ("full_page_writes", "off"))
    port = ports.free_ports("127.0.0.1", 1)[0]
    cluster = Postgres(tmp_path / "postgres", port, "test", settings)
    cluster.initialise(durable=False)
    server = Server(cluster.command(), postgres.environment())
    server.start()
    yield server, cluster.dsn()
    server.kill()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    port = ports.free_ports("127.0.0.1", 1)[0]
    valkey = Valkey(tmp_path / "valkey", port, "test", append_only=False)
    valkey.initialise()
    server = Server(valkey.command(), None)
    server.start()
    yield server, valkey.url
    server.kill()


@pytest.fixture
async def alerts(
    own_postgres: tuple[Server, str], own_valkey: tuple[Server, str], tmp_path: Path
) -> AsyncIterator[World]:
    async with world(
        own_postgres[1], own_valkey[1], tmp_path, profile_patience_s="0", poll_s="1"
    ) as built:
        yield built


def measured(built: World, chance: random.Random) -> dict[str, list[features_pb2.FeatureFrame]]:
    """Return every sensor's windows: a walk around the limits, with gaps."""
    series = {}
    for sensor_id in SENSORS:
        level, frames = 0.8, []
        for index in range(WINDOWS):
            level = min(max(level + chance.uniform(-0.25, 0.25), 0.3), 2.2)
            value = None if chance.random() < 0.05 else level
            frames.append(built.frame(index, value, sensor_id=sensor_id))
        series[sensor_id] = frames
    return series


def expected_story(
    series: dict[str, list[features_pb2.FeatureFrame]],
) -> list[tuple[str, str, int]]:
    rules = [
        make_rule(rule_id, levels={Severity.WARNING: limit}, pending_s=pending, recovery_s=recovery)
        for rule_id, (limit, pending, recovery) in RULES.items()
    ]
    engine, decoder = Engine(rules, {}), FrameDecoder()
    changes = [
        change
        for frames in series.values()
        for change in engine.evaluate([decoder.decode_frame(frame, ["rms"]) for frame in frames])
    ]
    return sorted(
        (change.key.sensor_id, change.kind.name, change.window_index) for change in changes
    )


async def feed(built: World, series: dict[str, list[features_pb2.FeatureFrame]]) -> None:
    """Publish a window of every sensor each tick and commit it a little later."""
    for index in range(WINDOWS):
        frames = [frames[index] for frames in series.values()]
        with contextlib.suppress(RedisError, OSError):
            message = packed(frames).SerializeToString()
            async with asyncio.timeout(0.5):
                await built.valkey.xadd("kurto:features:0", {"b": message})
        for earlier in series.values():
            if index >= 3:
                built.analyzer.commit(earlier[index - 3])
        await asyncio.sleep(TICK_S)
    for frames in series.values():
        for frame in frames[-3:]:
            built.analyzer.commit(frame)


async def until_told(built: World, expected: list[tuple[str, str, int]]) -> None:
    story: list[tuple[str, str, int]] = []
    for _ in range(240):
        story = await built.story()
        if story == expected:
            return
        await asyncio.sleep(0.25)
    lost = [event for event in expected if event not in story]
    extra = [event for event in story if event not in expected]
    raise AssertionError(f"lost {lost}, extra {extra}\n{built.process.said()}")


async def test_no_transition_is_lost_or_doubled_whatever_is_killed(
    alerts: World,
    own_postgres: tuple[Server, str],
    own_valkey: tuple[Server, str],
) -> None:
    for rule_id, (limit, pending_s, recovery_s) in RULES.items():
        await alerts.create_rule(rule_id, limit=limit, pending_s=pending_s, recovery_s=recovery_s)
    series = measured(alerts, random.Random(7))
    expected = expected_story(series)
    assert len(expected) > 100
    await alerts.send([frames[0] for frames in series.values()])
    feeding = asyncio.create_task(feed(alerts, series))
    for _ in range(2):
        await asyncio.sleep(0.8)
        await alerts.restart()
        await asyncio.sleep(0.4)
        own_postgres[0].kill()
        await asyncio.sleep(0.3)
        own_postgres[0].start()
        await asyncio.sleep(0.8)
        own_valkey[0].kill()
        await asyncio.sleep(0.2)
        own_valkey[0].start()
    await alerts.process.kill()
    own_postgres[0].kill()
    own_valkey[0].kill()
    await feeding
    own_valkey[0].start()
    own_postgres[0].start()
    await alerts.process.start()
    await alerts.serving()
    await until_told(alerts, expected)
    await alerts.valkey.connection_pool.disconnect()  # they lead to a server that is dead

    async def newest_published() -> bool:
        published = await alerts.published()
        return not published or max(published) == len(expected)

    await alerts.until(newest_published)


async def test_killed_again_and_again(alerts: World) -> None:
    for rule_id, (limit, pending_s, recovery_s) in RULES.items():
        await alerts.create_rule(rule_id, limit=limit, pending_s=pending_s, recovery_s=recovery_s)
    series = measured(alerts, random.Random(11))
    expected = expected_story(series)
    await alerts.send([frames[0] for frames in series.values()])
    feeding = asyncio.create_task(feed(alerts, series))
    chance = random.Random(3)
    while not feeding.done():
        await alerts.process.kill()
        await alerts.process.start()
        await asyncio.sleep(2.0 + chance.random())
    await alerts.serving()
    await until_told(alerts, expected)

    async def all_published() -> bool:
        return set(await alerts.published()) == set(range(1, len(expected) + 1))

    await alerts.until(all_published)
