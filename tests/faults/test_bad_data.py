"""Samples that no transducer should send: values or nulls with a reason, never a crash."""

from __future__ import annotations

import asyncio
import math
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from tests.conftest import RunningStack
from tests.faults.rig.report import DrillBook, Figure, holds, none_of

import kurto

RATE_HZ = 25_600.0
FULL_SCALE_G = 50.0
COUNT = 2 * 25_600
WINDOWS = 11
EXPECTED_FLAG = {
    "zero": "FLAT",
    "constant": "FLAT",
    "clipped": "CLIPPED",
    "infinite": "NON_FINITE",
    "nan": "NON_FINITE",
    "one-nan": "NON_FINITE",
}


def bad_signals() -> dict[str, npt.NDArray[np.float32]]:
    """Return what is pushed, by name; one channel."""
    time_s = np.arange(COUNT) / RATE_HZ
    sine = np.sin(2 * np.pi * 50 * time_s)
    one_nan = sine.copy()
    one_nan[COUNT // 2] = np.nan
    huge = np.where(np.arange(COUNT) % 2, 3e38, -3e38)
    signals = {
        "zero": np.zeros(COUNT),
        "constant": np.full(COUNT, 1.25),
        "clipped": np.clip(100 * sine, -FULL_SCALE_G, FULL_SCALE_G),
        "infinite": np.full(COUNT, np.inf),
        "nan": np.full(COUNT, np.nan),
        "one-nan": one_nan,
        "huge": huge,
        "tiny": 1e-42 * sine,
        "one-sample": sine[1:2],
    }
    return {name: values.astype(np.float32) for name, values in signals.items()}


async def push(client: kurto.Client, name: str, samples: npt.NDArray[np.float32]) -> None:
    """Push one signal as one sensor and wait until it is durable."""
    async with client.open_sensor(
        f"bad-{name}",
        sample_rate_hz=RATE_HZ,
        channels=["axial"],
        unit="g",
        full_scale=FULL_SCALE_G,
    ) as stream:
        for at in range(0, samples.size, 2560):
            await stream.push(samples[np.newaxis, at : at + 2560])


async def frames_of(client: kurto.Client, name: str, count: int) -> list[kurto.Frame]:
    """Return the stored frames, once there are `count` or a minute and a half is over."""
    deadline = asyncio.get_running_loop().time() + 90.0
    while True:
        frames = [frame async for frame in client.list_features(f"bad-{name}")]
        if len(frames) >= count or asyncio.get_running_loop().time() > deadline:
            return frames
        await asyncio.sleep(0.2)


def judge(name: str, frames: list[kurto.Frame]) -> list[Figure]:
    """Judge the frames of one signal."""
    values = [
        value
        for frame in frames
        for channel in frame.channels.values()
        for value in channel.values.values()
    ]
    figures = [none_of(f"values of {name} not finite", sum(not math.isfinite(v) for v in values))]
    if flag := EXPECTED_FLAG.get(name):
        flagged = [flag in frame.channels["axial"].quality_flags for frame in frames]
        figures.append(holds(f"{name} is called {flag}", any(flagged)))
    if name in {"infinite", "nan"}:
        figures.append(none_of(f"values of {name}", len(values)))
    return figures


async def test_bad_samples_give_values_or_nulls_with_a_reason(
    stack: RunningStack, book: DrillBook
) -> None:
    signals = bad_signals()
    pids = stack.ready["pids"]
    figures: list[Figure] = []
    async with kurto.connect(urlsplit(stack.ready["http"]).netloc) as client:
        await asyncio.gather(*(push(client, name, one) for name, one in signals.items()))
        for name in signals:
            wanted = 0 if name == "one-sample" else WINDOWS
            frames = await frames_of(client, name, wanted)
            figures.append(none_of(f"windows of {name} missing", wanted - len(frames)))
            figures += judge(name, frames)
    figures.append(holds("no process ended", stack.ready["pids"] == pids))
    book.add(
        *("26", "zero, constant, clipped, infinite, NaN, one sample: values or nulls, no crash"),
        load=f"{len(signals)} sensors of 1 channel at 25.6 kHz, 2 s each",
        fault=", ".join(signals),
        figures=figures,
    )
