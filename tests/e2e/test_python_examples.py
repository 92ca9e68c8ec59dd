"""The Python examples, run as a user would, against a real stack."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from tests.conftest import REPOSITORY, RunningStack
from tests.e2e.test_replay import target
from tests.faults.rig.processes import stopped

import kurto

FILE_TAIL = REPOSITORY / "examples/file_tail.py"
DAQ_LOOP = REPOSITORY / "examples/daq_loop.py"


@asynccontextmanager
async def started(*words: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run an example; it is killed if it outlives the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *map(str, words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def finish(process: asyncio.subprocess.Process) -> str:
    """Wait for the end of an example; return what it said."""
    said, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, said.decode()
    return said.decode()


async def stored(address: str, sensor_id: str, epoch: int) -> tuple[int, np.ndarray]:
    """Return the first index and the raw samples of an epoch, which must have no hole."""
    async with kurto.connect(address) as client:
        (found,) = await client.gather_samples(sensor_id, epoch=epoch, raw=True)
    assert found.present.all()
    return found.first_index, found.samples


async def wait_for_samples(address: str, sensor_id: str, epoch: int, count: int) -> None:
    """Wait until so many samples of an epoch are durable."""
    async with kurto.connect(address) as client, asyncio.timeout(120):
        while True:
            try:
                found = await client.gather_samples(sensor_id, epoch=epoch, raw=True)
            except kurto.CallError:
                found = []
            if found and found[0].samples.shape[1] >= count:
                return
            await asyncio.sleep(0.2)


def start_times(directory: Path) -> list[int]:
    """Return when the epochs of which samples are on disk began, in microseconds, ascending."""
    records = [json.loads(path.read_text()) for path in directory.rglob("epoch.json")]
    return sorted(r["start_time_us"] for r in records if r["start_time_us"] is not None)


async def wait_for_new_epoch(directory: Path, known_us: list[int]) -> None:
    """Wait until samples of an epoch are on disk that began at none of the known times."""
    async with asyncio.timeout(90):
        while set(start_times(directory)) <= set(known_us):
            await asyncio.sleep(0.1)


async def wait_for_buffered_epochs(directory: Path, count: int) -> None:
    """Wait until samples of so many epochs are on disk."""
    async with asyncio.timeout(90):
        while len(start_times(directory)) != count:
            await asyncio.sleep(0.1)


async def test_a_growing_binary_file_is_followed_through_a_kill(
    stack: RunningStack, tmp_path: Path
) -> None:
    rows = np.random.default_rng(7).standard_normal((60_000, 2)).astype("<f4")
    data, file = rows.tobytes(), tmp_path / "tail-binary.f32"
    words = (FILE_TAIL, target(stack), file, "--rate", 5000, "--channels", "axial,radial")
    file.write_bytes(data[:200_003])
    async with started(*words):
        await wait_for_samples(target(stack), "tail-binary", 1, 25_000)
        with file.open("ab") as growing:
            growing.write(data[200_003:300_001])
        await asyncio.sleep(1.0)
    with file.open("ab") as growing:
        growing.write(data[300_001:])
    async with started(*words, "--idle", 1) as tail:
        said = await finish(tail)
    assert "60000 rows are stored" in said
    first, samples = await stored(target(stack), "tail-binary", 1)
    assert first == 0
    np.testing.assert_array_equal(samples, rows.T)


async def test_a_growing_csv_file_goes_on_where_it_was_stored(
    stack: RunningStack, tmp_path: Path
) -> None:
    rows = np.round(np.random.default_rng(8).standard_normal((5000, 2)), 4)
    lines = ["time and place\n", "axial,radial\n", *(f"{a},{b}\n" for a, b in rows)]
    text, file = "".join(lines), tmp_path / "tail-text.csv"
    words = (FILE_TAIL, target(stack), file, "--rate", 1000, "--channels", "axial,radial")
    for end, row in ((30_001, 0), (60_007, 2), (len(text), 3)):
        begin = file.stat().st_size if file.exists() else 0
        with file.open("a") as growing:
            growing.write(text[begin:end])
        async with started(*words, "--idle", 0.5) as tail:
            said = await finish(tail)
        assert ("going on with row 0" in said) == (row == 0)
    _, samples = await stored(target(stack), "tail-text", 1)
    np.testing.assert_array_equal(samples, rows.T.astype(np.float32))


def device_samples(count: int) -> np.ndarray:
    """Return what the example's device gives: each sample depends on its index only."""
    indexes = np.arange(count)
    shaft = np.sin(2 * np.pi * 24.5 * indexes / 25_600)
    blades = np.sin(2 * np.pi * 171.5 * indexes / 25_600)
    values = np.array([1.5 * shaft + 0.4 * blades, 1.1 * shaft - 0.3 * blades])
    return np.rint(values / (50 / 2**15)).astype(np.int16)


async def test_a_killed_daq_loop_uploads_what_it_left_beside_the_live_samples(
    stack: RunningStack, tmp_path: Path
) -> None:
    address = target(stack)
    words = (DAQ_LOOP, address, "--sensor", "daq", "--buffer-directory", tmp_path / "buffer")
    async with started(*words):  # epoch 1: killed while it sends
        await wait_for_samples(address, "daq", 1, 25_600)
        await asyncio.sleep(1.0)
    with stopped(stack.pid("envoy")):
        async with started(*words):  # epoch 2: begun offline, killed offline
            await wait_for_buffered_epochs(tmp_path, 2)
            await asyncio.sleep(1.0)
    starts_us = start_times(tmp_path)
    assert len(starts_us) == 2
    async with started(*words) as loop:  # epoch 3: live, beside what the others left
        await wait_for_new_epoch(tmp_path, starts_us)
        await wait_for_buffered_epochs(tmp_path, 1)
        loop.send_signal(signal.SIGINT)
        said = await finish(loop)
    assert "live: " in said
    assert "stopped" in said
    async with kurto.connect(address) as client:
        epochs = await client.gather_samples("daq", raw=True)
    assert len(epochs) == 3
    for found in epochs:
        assert found.first_index == 0
        assert found.present.all()
        np.testing.assert_array_equal(found.samples, device_samples(found.samples.shape[1]))
    counts = {found.header.epoch: found.samples.shape[1] for found in epochs}
    # The epoch that was begun offline bears the time of its first sample.
    assert starts_us[1] in {found.header.anchor_us for found in epochs}
    assert counts[1] >= 25_600
    assert all(count % 2560 == 0 for count in counts.values())
