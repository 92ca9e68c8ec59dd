"""What a sensor costs in memory that is connected and sends nothing."""

from __future__ import annotations

import time

import psutil

from benchmarks.figures import Figure
from benchmarks.local_stack import LocalStack
from benchmarks.raw.load_process import Plan
from benchmarks.raw.processes import load

_MIB = 2**20
_HOPS = 10
_SETTLE_S = 4.0
_SERVICES = ("ingest", "analyzer")


def idle_memory(stack: LocalStack, sensors: int) -> list[Figure]:
    """Connect sensors, then send a second of samples of each; a stack that has had none before.

    Returns
    -------
    list of Figure
        Growth of ingest and analyzer together, for each sensor.
    """
    ready = stack.ready()
    ids = [f"idle-{number:04d}" for number in range(sensors)]
    before = _resident_mib(ready["pids"])
    plan = Plan(ready["grpc"]["ingest"], ids, holds=True, hops=_HOPS)
    with load([plan]) as (process,):
        process.go()
        process.answer()
        time.sleep(_SETTLE_S)
        connected = _resident_mib(ready["pids"])
        process.go()
        process.answer()
        time.sleep(_SETTLE_S)
        pushed = _resident_mib(ready["pids"])
        process.go()
        process.answer()
    return [
        Figure("idle_sensor_mib", (pushed - before) / sensors, "MiB", sensors),
        Figure("idle_sensor_never_pushed_mib", (connected - before) / sensors, "MiB", sensors),
    ]


def _resident_mib(pids: dict[str, int]) -> float:
    return sum(psutil.Process(pids[name]).memory_info().rss for name in _SERVICES) / _MIB
