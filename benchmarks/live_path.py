"""Samples pushed through Envoy until their features reach a subscriber; diagnoses beside it."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from statistics import median

import kurto
from benchmarks import diagnosis_load
from benchmarks.figures import Figure, summary
from benchmarks.local_stack import LocalStack, local_stack
from kurto.gateway.v1 import live_service_pb2
from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal

SAMPLE_RATE_HZ = 25600.0
HOP = 2560
WINDOW_HOPS = 10
SETTLE_S = 3.0

Moments = dict[tuple[str, int], float]


CORES = 2


def measure(*, sensors: int, duration_s: float) -> list[Figure]:
    """Push two-channel sensors at their own pace and follow one of their features."""
    with local_stack() as stack:
        run = _measure(stack, sensors=sensors, duration_s=duration_s, features=["rms"])
        return asyncio.run(run)


def measure_all_features(*, sensors: int, duration_s: float) -> list[Figure]:
    """Do the same with all features, everything on two cores; keys begin with ``live_<sensors>.``.

    The senders and the subscriber share the two cores with the stack.
    """
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:CORES])
    try:
        with local_stack() as stack:
            run = _measure(stack, sensors=sensors, duration_s=duration_s, features=[])
            figures = asyncio.run(run)
    finally:
        os.sched_setaffinity(0, cores)
    return [replace(figure, key=f"live_{sensors}.{figure.key}") for figure in figures]


async def _measure(
    stack: LocalStack, *, sensors: int, duration_s: float, features: list[str]
) -> list[Figure]:
    sensor_ids = [f"bench-{k:03d}" for k in range(sensors)]
    pushed: Moments = {}
    arrived: Moments = {}
    async with kurto.connect(stack.target) as client:
        follower = asyncio.create_task(_follow(client, sensor_ids, features, arrived))
        cpu_before, start = stack.cpu_s(), time.perf_counter()
        first_s = min(diagnosis_load.FIRST_S, duration_s / 2)
        diagnosed = asyncio.create_task(diagnosis_load.read(stack, after_s=first_s))
        async with asyncio.TaskGroup() as group:
            for k, sensor_id in enumerate(sensor_ids):
                group.create_task(_push(client, sensor_id, k, duration_s, pushed))
        diagnoses = diagnosis_load.figures(
            await diagnosed, await diagnosis_load.read(stack), sensors
        )
        await asyncio.sleep(SETTLE_S)
        wall_s = time.perf_counter() - start
        follower.cancel()
        await asyncio.wait([follower])
    live = _figures(pushed, arrived, sensors, _cpu_percent(stack, cpu_before, wall_s))
    return live + diagnoses


async def _push(
    client: kurto.Client, sensor_id: str, number: int, duration_s: float, pushed: Moments
) -> None:
    model = MachineModel(fault=Fault.OUTER_RACE, seed=number)
    signal = MachineSignal(model)
    loop = asyncio.get_running_loop()
    start = loop.time() + 0.1 * (number % 10) / 10.0  # sensors do not tick together
    async with client.open_sensor(
        sensor_id,
        sample_rate_hz=SAMPLE_RATE_HZ,
        channels=["horizontal", "vertical"],
        unit="g",
        encoding="i16",
        scale=50 / 2**15,
        nominal_speed_rpm=60.0 * model.shaft_hz,
        bearing=model.bearing.designation,
    ) as stream:
        for hop in range(round(duration_s * 10)):
            samples = signal.samples(hop * HOP, HOP)
            await asyncio.sleep(max(0.0, start + hop * 0.1 - loop.time()))
            pushed[sensor_id, hop] = loop.time()
            await stream.push(samples)


async def _follow(
    client: kurto.Client, sensor_ids: list[str], features: list[str], arrived: Moments
) -> None:
    loop = asyncio.get_running_loop()
    async for event in client.subscribe(sensor_ids=sensor_ids, feature_names=features):
        _note(event, loop.time(), arrived)


def _note(event: live_service_pb2.SubscribeResponse, now: float, arrived: Moments) -> None:
    for frame in event.features.frames:
        arrived.setdefault((frame.sensor_id, frame.window_index + WINDOW_HOPS - 1), now)


def _figures(
    pushed: Moments, arrived: Moments, sensors: int, cpu_percent: dict[str, float]
) -> list[Figure]:
    delays_ms: dict[str, list[float]] = defaultdict(list)
    expected = [key for key in pushed if key[1] >= WINDOW_HOPS - 1]
    for key in expected:
        if key in arrived:
            delays_ms[key[0]].append((arrived[key] - pushed[key]) * 1e3)
    everything = [delay for delays in delays_ms.values() for delay in delays]
    received = Figure("frames_received", len(everything) / len(expected), "1", len(expected))
    figures = [
        Figure("live_sensors", float(sensors), "sensors", 1),
        summary("sample_to_subscriber_ms", everything, "ms"),
        Figure("lag_growth_ms", _growth_ms(delays_ms), "ms", len(everything)),
        received,
    ]
    figures += [
        Figure(f"cpu_percent.{name}", value, "% core", 1) for name, value in cpu_percent.items()
    ]
    return figures


def _growth_ms(delays_ms: Mapping[str, list[float]]) -> float:
    """Return by how much the median delay of the last quarter exceeds that of the second one.

    A path that keeps up stays about 0; one that falls behind grows by what it misses. The first
    quarter opens the streams.
    """
    quarters: list[list[float]] = [[], [], [], []]
    for delays in delays_ms.values():
        for place, delay in enumerate(delays):
            quarters[4 * place // len(delays)].append(delay)
    return median(quarters[3]) - median(quarters[1]) if quarters[1] and quarters[3] else math.nan


def _cpu_percent(stack: LocalStack, before: dict[str, float], wall_s: float) -> dict[str, float]:
    return {
        name: 100.0 * (after - before.get(name, 0.0)) / wall_s
        for name, after in stack.cpu_s().items()
    }
