"""Valkey is killed and comes back: streams live on, frames come again, holes are told."""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ValkeyConnectionError
from tests.integration.gateway.conftest import running_edge
from tests.integration.gateway.publishing import publish_frames
from tests.integration.gateway.test_live import commit_transition, subscribe, until, windows

from kurto_cli.stack import ports
from kurto_cli.stack.valkey import Valkey

Start = Callable[[], "subprocess.Popen[bytes]"]


@contextmanager
def killable_valkey(directory: Path) -> Iterator[tuple[Valkey, Start]]:
    """Make a Valkey server that the test starts and kills."""
    server = Valkey(directory, ports.free_ports("127.0.0.1", 1)[0], "test", append_only=True)
    server.initialise()
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL, env=os.environ)
        started.append(process)
        return process

    try:
        yield server, start
    finally:
        for process in started:
            process.kill()
            process.wait()


async def answering(client: Redis) -> None:
    """Wait until Valkey answers."""
    async with asyncio.timeout(60):
        while True:
            try:
                await client.ping()
            except (ValkeyConnectionError, OSError):
                await asyncio.sleep(0.02)
            else:
                return


async def test_valkey_that_is_killed_costs_a_told_hole_and_no_alert(tmp_path: Path) -> None:
    with killable_valkey(tmp_path / "valkey") as (server, start):
        process = start()
        async with Redis.from_url(server.url) as client:
            await answering(client)
            (tmp_path / "edge").mkdir()
            with running_edge(tmp_path / "edge", server) as edge:
                async with grpc.aio.insecure_channel(edge.target) as channel:
                    call = subscribe(channel, sensor_ids=["v-1"], include_alerts=True)
                    await until(call, "heartbeat")
                    await asyncio.sleep(0.5)
                    await publish_frames(client, 1, "v-1")
                    assert windows(await until(call, "features")) == [("v-1", 1)]
                    process.kill()
                    process.wait()
                    for _ in range(2):
                        await until(call, "heartbeat")
                    await commit_transition(channel)
                    await until(call, "alerts")  # alerts need no Valkey
                    start()
                    await answering(client)
                    started = time.monotonic()
                    await publish_frames(client, 8, "v-1")  # windows 2 to 7 were lost
                    resync = await until(call, "resync")
                    assert resync.resync.features_lost
                    assert not resync.resync.alerts_lost
                    assert windows(await until(call, "features")) == [("v-1", 8)]
                    # Three seconds are promised; a machine that does much else gets twice that.
                    assert time.monotonic() - started < 6.0
                    call.cancel()
