"""`kurto up` whole: all services, PostgreSQL, Valkey and Envoy as real processes."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from grpc_health.v1 import health_pb2

from kurto_cli.stack.postgres import Postgres

SERVICES = ("ingest", "analyzer", "alerts", "gateway")
MEMBERS = {*SERVICES, "postgres", "valkey", "envoy"}
TIMEOUT_S = 60.0
OwnStack = Callable[..., AbstractContextManager[Any]]


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pids: dict[str, int]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while left := {name: pid for name, pid in pids.items() if alive(pid)}:
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.02)


def listening(address: str) -> bool:
    host, _, port = address.rpartition("//")[2].rpartition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 30.0):
        return True
    return False


async def health(address: str) -> int:
    request = health_pb2.HealthCheckRequest().SerializeToString()
    async with grpc.aio.insecure_channel(address) as channel:
        check: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/grpc.health.v1.Health/Check"
        )
        return health_pb2.HealthCheckResponse.FromString(await check(request, timeout=30)).status


def test_the_ready_file_tells_everything(stack: Any) -> None:
    ready = stack.ready
    assert ready["http"].startswith("http://127.0.0.1:")
    assert ready["https"].startswith("https://127.0.0.1:")
    assert set(ready["grpc"]) == set(SERVICES)
    assert set(ready["pids"]) == MEMBERS
    assert all(alive(pid) for pid in ready["pids"].values())


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_is_serving(stack: Any, service: str) -> None:
    serving = health_pb2.HealthCheckResponse.SERVING
    assert await health(stack.ready["grpc"][service]) == serving


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_a_metrics_page(stack: Any, service: str) -> None:
    with urllib.request.urlopen(stack.ready["metrics"][service], timeout=30) as page:
        assert b"# TYPE" in page.read()


def test_the_dashboard_is_served(stack: Any) -> None:
    with urllib.request.urlopen(stack.ready["http"] + "/", timeout=30) as page:
        assert b"<html" in page.read().lower()


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_a_killed_member_is_started_again(stack: Any, name: str) -> None:
    others = {key: pid for key, pid in stack.ready["pids"].items() if key != name}
    old = stack.kill(name)
    assert stack.wait_for_restart(name, old) != old
    assert others == {key: pid for key, pid in stack.ready["pids"].items() if key != name}


async def test_kill_leaves_nothing_and_the_next_one_keeps_the_data_and_stops_cleanly(
    own_stack: OwnStack,
) -> None:
    with own_stack("--demo") as first:
        pids = first.ready["pids"]
        assert set(pids) == MEMBERS | {"demo"}
        await execute(first, "CREATE TABLE kept AS SELECT 42 AS answer")
        first.launcher.kill()
        first.launcher.wait(TIMEOUT_S)
        wait_until_gone(pids)
    with own_stack() as second:
        pids = second.ready["pids"]
        assert await execute(second, "SELECT answer FROM kept") == 42
        second.launcher.send_signal(signal.SIGTERM)
        assert second.launcher.wait(TIMEOUT_S) == 0
        assert not [name for name, pid in pids.items() if alive(pid)]
        assert not second.ready_file.exists()
        assert "killed" not in second.said().partition("---")[0]


async def execute(stack: Any, statement: str) -> object:
    connection = await asyncpg.connect(stack.ready["postgres_dsn"])
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def test_servers_of_the_users_own_are_used_and_left_alone(
    own_stack: OwnStack, postgres_dsn: str, valkey_url: str
) -> None:
    environment = {"KURTO_POSTGRES_DSN": postgres_dsn, "KURTO_VALKEY_URL": valkey_url}
    with own_stack(environment=environment) as stack:
        ready = stack.ready
        assert ready["postgres_dsn"] == postgres_dsn
        assert ready["valkey_url"] == valkey_url
        assert ready["pids"]["postgres"] is None
        assert ready["pids"]["valkey"] is None
        assert not (stack.directory / "data" / "postgres").exists()
    assert listening(postgres_dsn.rpartition("@")[2].partition("/")[0])


def test_an_ordinary_user_runs_it(tmp_path: Path, stack: Any) -> None:
    """Root poses as an ordinary user; an ordinary user's `stack` shows it by itself."""
    if os.geteuid() != 0:
        assert Path(f"/proc/{stack.pid('postgres')}").stat().st_uid == os.geteuid()
        return
    ready = tmp_path / "ready.json"
    words = ["unshare", "--user", "--map-user=1000", "--map-group=1000", sys.executable]
    words += ["-m", "kurto_cli", "up", "--http-port", "0", "--tls-port", "0"]
    words += ["--data-dir", str(tmp_path / "data"), "--ready-file", str(ready)]
    with (tmp_path / "log").open("wb") as log:
        launcher = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 90
        while not ready.exists():
            assert launcher.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        pids = json.loads(ready.read_text())["pids"]
    finally:
        launcher.terminate()
        assert launcher.wait(TIMEOUT_S) == 0
    wait_until_gone(pids)


def test_the_data_hold_no_password_for_others(stack: Any) -> None:
    data = stack.directory / "data"
    secrets = ["postgres.password", "valkey.password", "valkey/valkey.conf", "tls/server.key"]
    assert {(data / name).stat().st_mode & 0o077 for name in secrets} == {0}
    server = Postgres(data / "postgres", 1, (data / "postgres.password").read_text())
    command_lines = [
        Path(f"/proc/{pid}/cmdline").read_text() for pid in stack.ready["pids"].values()
    ]
    assert not [line for line in command_lines if server.password in line]
