"""Many senders with a connection each, in processes of their own.

``python -m tests.faults.crowd host:port prefix first count``: opens sensors, pushes a little of
each every half second through whatever happens, tells on standard output once all are open, and
when its input ends waits until all is durable and prints what was acknowledged as JSON. The samples
are stored and not analysed: five thousand windows a second would be another drill.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc
from tests.faults.rig.hashed_samples import hashed_samples
from tests.faults.rig.pushed import Progress, Pushed

import kurto
from kurto.ingest.v1 import stream_control_service_pb2 as control_pb

__all__ = ["Crowd", "crowd"]

RATE_HZ = 100.0
CHANNELS = ("horizontal", "vertical")
OPEN = "open"
_PUSH_S = 0.5
_SCALE = 50 / 2**15
_AT_A_TIME = 3  # sensors created side by side: the crowd is to come later
_END_S = 120.0
_OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),  # a connection each
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
)
_REPOSITORY = Path(__file__).resolve().parents[2]


class Crowd:
    """Processes that each hold many senders; made by `crowd`."""

    def __init__(self, processes: list[asyncio.subprocess.Process], sensor_ids: list[str]) -> None:
        self._processes = processes
        self.sensor_ids = sensor_ids

    async def opened(self) -> None:
        """Wait until all sensors push."""
        for process in self._processes:
            assert process.stdout is not None
            async with asyncio.timeout(_END_S):
                line = (await process.stdout.readline()).decode().strip()
            assert line == OPEN, f"a process of the crowd ended: {line}"

    async def finish(self) -> list[Pushed]:
        """Let all sensors end, once everything is durable; return what was acknowledged."""
        told = await asyncio.gather(*(process.communicate(b"") for process in self._processes))
        pushed = []
        for output, _ in told:
            for entry in json.loads(output):
                one = Pushed(entry["sensor_id"], epoch=entry["epoch"])
                one.note(
                    Progress(0, entry["pushed"], entry["acknowledged"], entry["reconnections"])
                )
                pushed.append(one)
        return pushed


@asynccontextmanager
async def crowd(target: str, prefix: str, *, count: int, processes: int) -> AsyncIterator[Crowd]:
    """Run `count` senders in some processes until the block ends."""
    share = count // processes
    running = []
    try:
        for number in range(processes):
            words = [sys.executable, "-m", "tests.faults.crowd", target, prefix]
            words += [str(number * share), str(share)]
            running.append(
                await asyncio.create_subprocess_exec(
                    *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_REPOSITORY
                )
            )
        yield Crowd(running, [name_of(prefix, k) for k in range(share * processes)])
    finally:
        for process in running:
            if process.returncode is None:
                process.kill()
            await process.wait()


def name_of(prefix: str, number: int) -> str:
    """Return the id of a sensor of the crowd."""
    return f"{prefix}-{number:04d}"


class Members:
    """The sensors of one process.

    Parameters
    ----------
    target : str
        ``host:port`` of the gateway.
    sensor_ids : list of str
        Their ids.
    """

    def __init__(self, target: str, sensor_ids: list[str]) -> None:
        self._target = target
        self._sensor_ids = sensor_ids
        self._gate = asyncio.Semaphore(_AT_A_TIME)
        self._stop = asyncio.Event()
        self._open_count = 0

    async def run(self) -> list[dict[str, object]]:
        """Push until the input ends; return what was acknowledged."""
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._on_input)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._sensor(one)) for one in self._sensor_ids]
        return [task.result() for task in tasks]

    def _on_input(self) -> None:
        if not os.read(sys.stdin.fileno(), 64):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._stop.set()

    async def _sensor(self, sensor_id: str) -> dict[str, object]:
        async with grpc.aio.insecure_channel(self._target, options=_OPTIONS) as channel:
            client = kurto.Client(channel)
            async with AsyncExitStack() as closing:
                async with self._gate:
                    stream = await closing.enter_async_context(self._open(client, sensor_id))
                    request = control_pb.StopStreamRequest(sensor_id=sensor_id)
                    await client.stream_control.StopStream(request, timeout=30)
                self._opened()
                await self._push(stream, sensor_id)
        return {
            "sensor_id": sensor_id,
            "epoch": stream.epoch,
            "pushed": stream.next_index,
            "acknowledged": stream.durable_index,
            "reconnections": stream.reconnect_count,
        }

    def _open(
        self, client: kurto.Client, sensor_id: str
    ) -> AbstractAsyncContextManager[kurto.SensorStream]:
        return client.open_sensor(
            sensor_id,
            sample_rate_hz=RATE_HZ,
            channels=CHANNELS,
            unit="g",
            encoding="i16",
            scale=_SCALE,
            close_timeout_s=_END_S,
        )

    def _opened(self) -> None:
        self._open_count += 1
        if self._open_count == len(self._sensor_ids):
            sys.stdout.write(f"{OPEN}\n")
            sys.stdout.flush()

    async def _push(self, stream: kurto.SensorStream, sensor_id: str) -> None:
        count = round(RATE_HZ * _PUSH_S)
        while not self._stop.is_set():
            first = stream.next_index
            await stream.push(hashed_samples(sensor_id, stream.epoch, first, count, len(CHANNELS)))
            await asyncio.sleep(_PUSH_S)


def main() -> None:
    """Run the sensors named on the command line."""
    target, prefix, first, count = sys.argv[1:]
    names = [name_of(prefix, int(first) + k) for k in range(int(count))]
    sys.stdout.write(json.dumps(asyncio.run(Members(target, names).run())))


if __name__ == "__main__":
    main()
