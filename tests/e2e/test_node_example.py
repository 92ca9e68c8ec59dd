"""The Node example: real samples pushed with code generated from the protos, and nothing else."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import numpy as np
from tests.conftest import REPOSITORY, RunningStack
from tests.e2e.test_replay import target

from kurto_cli.recordings import read_recording

EXAMPLE = REPOSITORY / "examples/node-push"
NODE = str(Path(sys.executable).parent / "node")
SAMPLE_RATE_HZ = 25_600


@asynccontextmanager
async def pushing(
    stack: RunningStack, file: Path, *words: str, rate_hz: int = SAMPLE_RATE_HZ
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the example; what still runs when the block ends is killed."""
    process = await asyncio.create_subprocess_exec(
        *(NODE, "push.ts", str(file), "--sample-rate", str(rate_hz)),
        *("--target", target(stack), *words),
        cwd=EXAMPLE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def finish(process: asyncio.subprocess.Process, returncode: int = 0) -> str:
    """Wait for the example and return what it printed."""
    out, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == returncode, out.decode()
    return out.decode()


async def stored(stack: RunningStack, sensor_id: str) -> np.ndarray:
    """Return what PostgreSQL holds, (channels, samples); each index once."""
    connection = await asyncpg.connect(stack.ready["postgres_dsn"])
    try:
        rows = await connection.fetch(
            "SELECT first_index, sample_count, samples FROM ingest.sensor_data"
            " JOIN ingest.sensors USING (sensor_key) WHERE sensor_id = $1 ORDER BY first_index",
            sensor_id,
        )
    finally:
        await connection.close()
    blocks, next_index = [], 0
    for row in rows:
        assert row["first_index"] == next_index
        next_index += row["sample_count"]
        blocks.append(np.frombuffer(row["samples"], "<f4").reshape(-1, row["sample_count"]))
    return np.concatenate(blocks, axis=1)


async def block_count(stack: RunningStack, sensor_id: str) -> int:
    """Return how many rows PostgreSQL holds of a sensor."""
    connection = await asyncpg.connect(stack.ready["postgres_dsn"])
    try:
        count = await connection.fetchval(
            "SELECT count(*) FROM ingest.sensor_data"
            " JOIN ingest.sensors USING (sensor_key) WHERE sensor_id = $1",
            sensor_id,
        )
    finally:
        await connection.close()
    return int(count)


async def test_a_real_recording_is_stored_as_it_is(
    stack: RunningStack, shared_data: Path, tmp_path: Path
) -> None:
    samples = read_recording(shared_data / "cwru" / "105_IR007_0.mat").samples[:2, :]
    file = tmp_path / "recording.csv"
    np.savetxt(file, samples.T, fmt="%.9g", delimiter=",")
    words = ("--sensor", "node-real", "--columns", "0,1", "--speed", "max")
    async with pushing(stack, file, *words) as process:
        assert f"{samples.shape[1]} samples a channel are durable" in await finish(process)
    np.testing.assert_array_equal(await stored(stack, "node-real"), samples)


async def test_a_killed_envoy_costs_no_sample(stack: RunningStack, tmp_path: Path) -> None:
    samples = np.random.default_rng(7).normal(size=(4 * SAMPLE_RATE_HZ, 2)).astype(np.float32)
    file = tmp_path / "samples.txt"
    np.savetxt(file, samples, fmt="%.9g")
    async with pushing(stack, file, "--sensor", "node-break", "--columns", "0,1") as process:
        async with asyncio.timeout(60):
            while not await block_count(stack, "node-break"):
                await asyncio.sleep(0.05)
        old = stack.kill("envoy")
        await asyncio.to_thread(stack.wait_for_restart, "envoy", old)
        said = await finish(process)
    assert f"{len(samples)} samples a channel are durable" in said
    assert "0 reconnections" not in said
    np.testing.assert_array_equal(await stored(stack, "node-break"), samples.T)


async def test_a_wrong_rate_is_explained(stack: RunningStack, tmp_path: Path) -> None:
    file = tmp_path / "samples.txt"
    file.write_text("1 2\n3 4\n")
    async with pushing(stack, file, "--sensor", "node-rate", "--speed", "max") as process:
        await finish(process)
    async with pushing(stack, file, "--sensor", "node-rate", rate_hz=1000) as process:
        said = await finish(process, returncode=1)
    assert "25600" in said
    assert "1000" in said


async def test_an_example_that_does_not_end_is_killed(stack: RunningStack, tmp_path: Path) -> None:
    file = tmp_path / "samples.txt"
    file.write_text("1\n" * 60 * SAMPLE_RATE_HZ)
    async with pushing(stack, file, "--sensor", "node-hangs") as process:
        pass
    assert process.returncode == -9
