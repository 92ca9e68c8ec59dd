"""A process that pushes: started by the benchmark with a plan, prints what came of it as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import grpc
import numpy as np
import uvloop

from benchmarks.raw.edge import Call, Edge, Opened
from benchmarks.raw.messages import CHANNELS, HOP_S, SAMPLE_RATE_HZ, SensorMessages
from kurto.assets.v1 import asset_service_pb2, asset_service_pb2_grpc, assets_pb2
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc
from kurto.signal.v1 import samples_pb2

PushCallable: TypeAlias = "grpc.aio.StreamUnaryMultiCallable[Any, Any]"  # generic in stubs only
_PUSH = "/kurto.ingest.v1.IngestService/Push"
_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),  # a connection of its own for each device
    ("grpc.enable_retries", 0),
    ("grpc.max_send_message_length", 16 * 2**20),
)


@dataclass(frozen=True)
class Plan:
    """What a load process shall do.

    Parameters
    ----------
    target : str
        ``host:port``.
    sensor_ids : sequence of str
        Sensors of this process.
    sensors_per_edge : int
        Sensors on one call.
    hops : int
        Hops of each sensor.
    paced : bool
        Whether to push hops at their own pace; otherwise as fast as the service reads.
    spread_s : float
        Devices begin at different times within so long.
    opens : bool
        False against a server that knows no sensors.
    holds : bool
        Whether to stop at each step until told: connected, pushed as fast as it goes, done.
    """

    target: str
    sensor_ids: Sequence[str]
    sensors_per_edge: int = 1
    hops: int = 0
    paced: bool = True
    spread_s: float = HOP_S
    opens: bool = True
    holds: bool = False


def main() -> None:
    """Do what the plan on the command line says."""
    plan = Plan(**json.loads(sys.argv[1]))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(plan))


async def _run(plan: Plan) -> None:
    async with AsyncExitStack() as stack:
        edges = [
            await stack.enter_async_context(_edge(plan, plan.sensor_ids[at : at + step]))
            for step in [plan.sensors_per_edge]
            for at in range(0, len(plan.sensor_ids), step)
        ]
        _say({"ready": len(edges)})
        start_s = await _told()
        started_s, cpu_s = time.perf_counter(), time.process_time()
        if plan.holds:
            await _hold(plan, edges)
        else:
            await asyncio.gather(*_pushes(plan, edges, start_s))
        _say(_report(edges, time.perf_counter() - started_s, time.process_time() - cpu_s))


async def _told() -> float:
    """Wait until the benchmark says when to begin: at a monotonic time, in seconds."""
    return float(await asyncio.to_thread(sys.stdin.readline))


def _pushes(plan: Plan, edges: Sequence[Edge], start_s: float) -> list[Any]:
    if not plan.paced:
        return [edge.fast(plan.hops) for edge in edges]
    loop = asyncio.get_running_loop()
    start_s += loop.time() - time.monotonic()
    apart_s = plan.spread_s / len(edges)
    return [edge.paced(start_s + k * apart_s, plan.hops) for k, edge in enumerate(edges)]


async def _hold(plan: Plan, edges: Sequence[Edge]) -> None:
    """Connect; when told, push the hops one after another and leave the calls open."""
    calls = [await edge.connect() for edge in edges]
    _say({"connected": len(calls)})
    await _told()
    for _ in range(plan.hops):
        for edge, call in zip(edges, calls, strict=True):
            await edge.push(call)
    _say({"pushed": plan.hops})
    await _told()
    for edge, call in zip(edges, calls, strict=True):
        await edge.finish(call)


@asynccontextmanager
async def _edge(plan: Plan, sensor_ids: Sequence[str]) -> AsyncIterator[Edge]:
    async with grpc.aio.insecure_channel(plan.target, options=_OPTIONS) as channel:
        push: PushCallable = channel.stream_unary(
            _PUSH, request_serializer=None, response_deserializer=pb.PushResponse.FromString
        )
        metadata = (("kurto-sensor-id", sensor_ids[0]),)

        def begin() -> Call:
            return push(metadata=metadata)

        sensors = [await _opened(plan, channel, k, one) for k, one in enumerate(sensor_ids)]
        yield Edge(begin, sensors)


async def _opened(plan: Plan, channel: grpc.aio.Channel, slot: int, sensor_id: str) -> Opened:
    messages = SensorMessages(sensor_id, slot)
    if not plan.opens:
        return Opened(messages, 1, 1)
    await _create(channel, sensor_id)
    request = pb.OpenStreamRequest(
        sensor_id=sensor_id,
        boot_id=uuid.uuid4().hex,
        sample_rate_hz=SAMPLE_RATE_HZ,
        channels=CHANNELS,
        encoding=samples_pb2.SAMPLE_ENCODING_I16LE,
        scales=[50 / 2**15],
    )
    answer = await ingest_service_pb2_grpc.IngestServiceStub(channel).OpenStream(request)
    return Opened(messages, answer.epoch, answer.fence)


async def _create(channel: grpc.aio.Channel, sensor_id: str) -> None:
    config = assets_pb2.SensorConfig(
        sample_rate_hz=SAMPLE_RATE_HZ,
        channels=[assets_pb2.Channel(name=name, unit="g", full_scale=50.0) for name in CHANNELS],
    )
    request = asset_service_pb2.CreateSensorRequest(
        sensor=assets_pb2.Sensor(sensor_id=sensor_id, config=config)
    )
    try:
        await asset_service_pb2_grpc.AssetServiceStub(channel).CreateSensor(request)
    except grpc.aio.AioRpcError as error:
        if error.code() != grpc.StatusCode.ALREADY_EXISTS:
            raise


def _report(edges: Sequence[Edge], wall_s: float, cpu_s: float) -> dict[str, Any]:
    late_s = [late for edge in edges for late in edge.late_s] or [0.0]
    return {
        "pid": os.getpid(),
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "late_p99_ms": float(np.percentile(late_s, 99)) * 1e3,
        "complete": all(edge.complete for edge in edges),
        "epochs": {one.messages.sensor_id: one.epoch for edge in edges for one in edge.sensors},
    }


def _say(report: dict[str, Any]) -> None:
    print(json.dumps(report), flush=True)


def as_argument(plan: Plan) -> str:
    """Return the plan as the process takes it."""
    return json.dumps(asdict(plan))


if __name__ == "__main__":
    main()
