"""The raw path, from push to committed: how many sensors, and what of the machine it takes."""

from __future__ import annotations

import time
from statistics import median

from benchmarks.figures import Figure
from benchmarks.local_stack import LocalStack, local_stack
from benchmarks.raw.idle_memory import idle_memory
from benchmarks.raw.load_process import Plan
from benchmarks.raw.messages import HOP_S
from benchmarks.raw.paced_run import PacedRun, paced_run
from benchmarks.raw.processes import bare_server, cpu_s, load
from benchmarks.raw.storage import storage

SENSORS = 100
EDGE_SENSORS = 25
IDLE_SENSORS = 200
_SEARCH_S = 15.0
_RUN_S = 20.0
_ROUND_S = 6.0
_ROUNDS = 7
_FLAT_OUT_STREAMS = 8
_FLAT_OUT_HOPS = 800
_HIGHER = (150, 200)
_LOWER = (75, 50, 25)
_STORAGE_ONLY = {"KURTO_INGEST_REALTIME_ENABLED": "false"}


def measure() -> list[Figure]:
    """Measure storage alone, the bare loop and a bare COPY beside it, the live path, and memory."""
    figures: list[Figure] = []
    with local_stack(_STORAGE_ONLY) as stack:
        figures += _beside_bare_grpc(stack)
    with local_stack(_STORAGE_ONLY) as stack:
        figures += _search(stack)
        edges = paced_run(
            stack, "edge", SENSORS, duration_s=_SEARCH_S, sensors_per_edge=EDGE_SENSORS
        )
        figures += _of_run("raw_path_edges", edges)
        ids = [f"raw-edge-{number:03d}" for number in range(SENSORS)]
        figures += storage(stack.ready()["postgres_dsn"], ids)
    with local_stack() as stack:
        live = paced_run(stack, "live", SENSORS, duration_s=_RUN_S)
        figures += _of_run("raw_path_live", live)
        lag_s = live.watch.analysis_lags_s[-1]
        figures.append(Figure("raw_path_live.analysis_lag_s", lag_s, "s", 1))
    with local_stack() as stack:
        figures += idle_memory(stack, IDLE_SENSORS)
    return figures


def _search(stack: LocalStack) -> list[Figure]:
    """Find how many sensors are sustained with a stream each: up in steps, or down."""
    first = paced_run(stack, "first", SENSORS, duration_s=_RUN_S)
    best = first if first.sustained else None
    for sensors in _HIGHER if first.sustained else _LOWER:
        run = paced_run(stack, f"s{sensors}", sensors, duration_s=_SEARCH_S)
        if run.sustained:
            best = run
        if run.sustained != first.sustained:
            break
    count = float(best.sensors) if best is not None else 0.0
    return [
        Figure("sustained_sensors_raw_path", count, "sensors", 1),
        _commit_figure("db_write_ms", first),
        *_of_run("raw_path", first),
    ]


def _of_run(prefix: str, run: PacedRun) -> list[Figure]:
    """Return what a run tells: 0 sensors when it was not sustained."""
    held = float(run.sensors) if run.sustained else 0.0
    figures = [
        Figure(f"{prefix}.sensors_held", held, "sensors", 1),
        _commit_figure(f"{prefix}.commit_ms", run),
        Figure(f"{prefix}.commit_lag_s", median(run.watch.commit_lags_s), "s", 1),
        Figure(f"{prefix}.load_late_p99_ms", run.late_p99_ms, "ms", 1),
    ]
    return figures + [
        Figure(f"{prefix}.cpu_percent.{name}", value, "% core", 1)
        for name, value in run.cpu_percent.items()
    ]


def _commit_figure(key: str, run: PacedRun) -> Figure:
    watch = run.watch
    return Figure(key, watch.commit_ms(0.5), "ms", watch.commit_count, p99=watch.commit_ms(0.99))


def _beside_bare_grpc(stack: LocalStack) -> list[Figure]:
    """Compare ingest with a server that only parses: same messages, same pace, in turn.

    The ratio is that of the CPU time for a message, the inverse of what one core can take. Flat
    out, ingest shares the cores with the database that it waits for, and the bare loop does not.
    """
    ours_us, bare_us = [], []
    with bare_server() as (target, pid):
        for number in range(_ROUNDS):
            bare_us.append(_bare_us(target, pid))
            run = paced_run(
                stack,
                f"g{number}",
                SENSORS,
                duration_s=_ROUND_S,
                through_envoy=False,
                look_interval_s=_ROUND_S * 10,
            )
            ours_us.append(run.ingest_us)
        bare_rate = _flat_out(target, "bare", opens=False)
        ours_rate = _flat_out(stack.ready()["grpc"]["ingest"], "flat", opens=True)
    ratio = median(bare / ours for bare, ours in zip(bare_us, ours_us, strict=True))
    return [
        Figure("ingest_us_per_message", median(ours_us), "us", _ROUNDS),
        Figure("bare_grpc_us_per_message", median(bare_us), "us", _ROUNDS),
        Figure(
            "ingest_over_bare_grpc", ratio, "1", _ROUNDS, ratio=ratio, ratio_to="bare grpc.aio, CPU"
        ),
        Figure("bare_grpc_flat_out", bare_rate, "msg/s", 1),
        Figure(
            "ingest_flat_out", ours_rate, "msg/s", 1,
            ratio=ours_rate / bare_rate, ratio_to="bare_grpc_flat_out",
        ),
    ]  # fmt: skip


def _bare_us(target: str, pid: int) -> float:
    """Return the CPU time of the bare server for a message, in microseconds."""
    hops = round(_ROUND_S / HOP_S)
    ids = [f"bare-{number:03d}" for number in range(SENSORS)]
    with load([Plan(target, ids, hops=hops, opens=False)]) as (process,):
        before_s = cpu_s(pid)
        process.go(time.monotonic() + 1.0)
        process.answer()
        return 1e6 * (cpu_s(pid) - before_s) / (SENSORS * hops)


def _flat_out(target: str, name: str, *, opens: bool) -> float:
    """Return messages a second until all are durable, or at least parsed."""
    ids = [f"raw-{name}-{number}" for number in range(_FLAT_OUT_STREAMS)]
    plan = Plan(target, ids, hops=_FLAT_OUT_HOPS, paced=False, opens=opens)
    with load([plan]) as (process,):
        process.go()
        wall_s: float = process.answer()["wall_s"]
    return len(ids) * plan.hops / wall_s
