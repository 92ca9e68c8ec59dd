"""Real recordings replayed through the whole stack: stored features equal the library's."""

import asyncio
import itertools
import sys
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from tests.conftest import RunningStack

import kurto
from kurto_cli.recordings import Recording, read_recording
from kurto_dsp import WindowGeometry, record_features

WINDOWS_TIMEOUT_S = 120.0


async def replay(stack: RunningStack, *words: str) -> str:
    """Run `kurto replay` and return what it printed."""
    command = [sys.executable, "-m", "kurto_cli", "replay", *words, "--target", target(stack)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


def target(stack: RunningStack) -> str:
    """Return ``host:port`` of the gateway."""
    return str(urlsplit(stack.ready["http"]).netloc)


async def stored(stack: RunningStack, sensor_id: str, count: int) -> list[kurto.Frame]:
    """Return all stored frames of a sensor once there are so many."""
    async with kurto.connect(target(stack)) as client:
        async with asyncio.timeout(WINDOWS_TIMEOUT_S):
            while True:
                frames = [frame async for frame in client.list_features(sensor_id)]
                if len(frames) >= count:
                    return frames
                await asyncio.sleep(0.5)


def assert_equal(frames: list[kurto.Frame], recording: Recording, geometry: WindowGeometry) -> None:
    """Every window is there once, with exactly the values of the library."""
    rate_hz = 12000.0 if recording.sample_rate_hz is None else recording.sample_rate_hz
    expected = record_features(recording.samples[:, :], sample_rate_hz=rate_hz, geometry=geometry)
    assert [frame.window_index for frame in frames] == list(range(len(expected.start_sample)))
    for frame, values in zip(frames, expected.values, strict=True):
        assert tuple(frame.channels) == recording.channels
        for channel, row in zip(frame.channels.values(), values, strict=True):
            got = [channel.values.get(name, np.nan) for name in expected.names]
            np.testing.assert_array_equal(np.array(got, np.float32), row)


async def test_a_cwru_record_gives_the_features_of_the_library(
    stack: RunningStack, shared_data: Path
) -> None:
    path = shared_data / "cwru" / "105_IR007_0.mat"
    said = await replay(
        stack, str(path), "--sensor", "105", "--sample-rate", "12000", "--speed", "max"
    )
    assert "121265 durable" in said
    recording = read_recording(path)
    geometry = WindowGeometry.continuous(12000.0)
    frames = await stored(stack, "105", geometry.window_count(121265))
    assert_equal(frames, recording, geometry)


async def test_pronostia_bursts_give_the_features_of_the_library(
    stack: RunningStack, shared_data: Path
) -> None:
    path = shared_data / "pronostia" / "test_truncated" / "Bearing2_7.npz"
    said = await replay(stack, str(path), "--sensor", "bearing-2-7", "--speed", "max")
    assert "172 bursts of 2560" in said
    frames = await stored(stack, "bearing-2-7", 172)
    assert_equal(frames, read_recording(path), WindowGeometry.burst(2560))
    # Bursts keep their own clock: ten seconds from one to the next.
    starts = [frame.start_time for frame in frames]
    intervals = {(b - a).total_seconds() for a, b in itertools.pairwise(starts)}
    assert intervals == {10.0}
