"""Runs the tiny service of `room.py` as a process."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

ROOM = Path(__file__).with_name("room.py")


class RoomProcess:
    """A running service: its log, its ports, its end."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.records: list[dict[str, Any]] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            try:
                self.records.append(json.loads(line))
            except ValueError:
                self.records.append({"plain": line.decode().rstrip()})

    async def record(self, action: str, timeout_s: float = 60.0) -> dict[str, Any]:
        """Wait for the log record of `action`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            for record in self.records:
                if record.get("action") == action:
                    return record
            await asyncio.sleep(0.02)
        raise AssertionError(f"no {action!r} in {self.records}")

    async def exit_code(self, timeout_s: float = 60.0) -> int:
        """Wait for the end of the process."""
        async with asyncio.timeout(timeout_s):
            code = await self._process.wait()
            await self._reader
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    @property
    def notes(self) -> list[str]:
        """What the service noted about its life."""
        path = self._folder / "notes"
        return path.read_text().split("\n")[:-1] if path.exists() else []

    async def end(self) -> None:
        """Kill the process if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[grpc.aio.Channel]:
        """Connect to the service."""
        port = (await self.record("listen"))["grpc_port"]
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel

    async def serving(self, service: str = "") -> bool:
        """Ask for health."""
        async with self.channel() as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=30)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def busy(self) -> None:
        """Wait until a call of Echo is in progress."""
        port = (await self.record("listen"))["metrics_port"]
        line = 'kurto_rpc_calls_in_progress{method="/kurto.room.v1.RoomService/Echo"} 1.0'

        def scrape() -> str:
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
                return str(answer.read().decode())

        async with asyncio.timeout(60):
            while line not in await asyncio.to_thread(scrape):
                await asyncio.sleep(0.05)

    async def becomes(self, expected: bool, timeout_s: float = 60.0) -> None:
        """Wait until health says `expected`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if await self.serving() == expected:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"serving never became {expected}")


@pytest.fixture
async def start_room(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Start the service with settings given as keyword arguments."""
    rooms: list[RoomProcess] = []
    (tmp_path / "dependency").write_text("up")

    async def start(**variables: object) -> RoomProcess:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("KURTO_")},
            "KURTO_ROOM_DEPENDENCY": str(tmp_path / "dependency"),
            "KURTO_ROOM_NOTES": str(tmp_path / "notes"),
            "KURTO_PROBE_INTERVAL_S": "0.1",
            "KURTO_PROBE_TIMEOUT_S": "0.3",
            **{f"KURTO_{key.upper()}": str(value) for key, value in variables.items()},
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOM), env=environment, stderr=asyncio.subprocess.PIPE
        )
        rooms.append(RoomProcess(process, tmp_path))
        return rooms[-1]

    yield start
    for room in rooms:
        await room.end()
