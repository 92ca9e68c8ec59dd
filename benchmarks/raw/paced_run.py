"""Sensors that push at their own pace for a while: whether ingest keeps up, and what it costs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.local_stack import LocalStack
from benchmarks.raw.load_process import Plan
from benchmarks.raw.messages import HOP_S
from benchmarks.raw.processes import load
from benchmarks.raw.stored import flawless
from benchmarks.raw.watch import Watch

_AHEAD_S = 1.0
_LATE_MS = 1000.0


@dataclass(frozen=True)
class PacedRun:
    """What came of a run.

    Parameters
    ----------
    sensors : int
        How many.
    watch : Watch
        What ingest said of itself.
    stored : bool
        Whether every sample was acknowledged and stands in PostgreSQL once, as it was sent.
    late_p99_ms : float
        99th percentile of how late the load was sent: the machine was full if it is large.
    cpu_percent : dict of str to float
        CPU of each process of the stack, and of the load, in percent of a core.
    ingest_us : float
        CPU time of ingest for each message, in microseconds.
    """

    sensors: int
    watch: Watch
    stored: bool
    late_p99_ms: float
    cpu_percent: dict[str, float]
    ingest_us: float

    @property
    def sustained(self) -> bool:
        """Whether nothing was lost and lag did not grow."""
        return self.stored and not self.watch.lag_grew and self.late_p99_ms < _LATE_MS


def paced_run(
    stack: LocalStack,
    name: str,
    sensors: int,
    *,
    duration_s: float,
    sensors_per_edge: int = 1,
    through_envoy: bool = True,
    look_interval_s: float = 1.0,
) -> PacedRun:
    """Push two-channel sensors of 25.6 kHz, hop by hop.

    Parameters
    ----------
    stack : LocalStack
        Where to.
    name : str
        Part of the sensors' names; not used before.
    sensors, sensors_per_edge : int
        How many, and how many of them on one call.
    duration_s : float
        How long.
    through_envoy : bool
        False: to ingest's own port.
    look_interval_s : float
        How often ingest's metrics are read meanwhile, which costs it some milliseconds.
    """
    ready = stack.ready()
    ids = [f"raw-{name}-{number:03d}" for number in range(sensors)]
    hops = round(duration_s / HOP_S)
    target = stack.target if through_envoy else ready["grpc"]["ingest"]
    plan = Plan(target, ids, sensors_per_edge=sensors_per_edge, hops=hops)
    with (
        load([plan]) as (process,),
        Watch(ready["metrics"]["ingest"], look_interval_s) as watch,
    ):
        before, started_s = stack.cpu_s(), time.perf_counter()
        process.go(time.monotonic() + _AHEAD_S)
        report = process.answer()
        wall_s, after = time.perf_counter() - started_s, stack.cpu_s()
    cpu_s = {key: after[key] - before[key] for key in after}
    ingest_us = 1e6 * cpu_s["ingest"] / (sensors * hops)
    cpu_s["load"] = report["cpu_s"]
    return PacedRun(
        sensors,
        watch,
        report["complete"] and flawless(ready["postgres_dsn"], ids, hops),
        report["late_p99_ms"],
        {key: 100.0 * value / wall_s for key, value in cpu_s.items()},
        ingest_us,
    )
