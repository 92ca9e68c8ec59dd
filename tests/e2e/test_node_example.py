"""The Node example: real samples pushed with code generated from the protos, and nothing else."""

import asyncio
import sys
from pathlib import Path

import asyncpg
import numpy as np
from tests.conftest import REPOSITORY, RunningStack
from tests.e2e.test_replay import target

from kurto_cli.recordings import read_recording

EXAMPLE = REPOSITORY / "examples/node-push"
NODE = str(Path(sys.executable).parent / "node")
SAMPLE_RATE_HZ = 25_600


async def start_push(stack: RunningStack, file: Path, *words: str) -> asyncio.subprocess.Process:
    """Start the example."""
    return await asyncio.create_subprocess_exec(
        *(NODE, "push.ts", str(file), "--sample-rate", str(SAMPLE_RATE_HZ)),
        *("--target", target(stack), *words),
        cwd=EXAMPLE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def finish(process: asyncio.subprocess.Process) -> str:
    """Wait for the example and return what it printed."""
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, out.decode()
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
    process = await start_push(
        stack, file, "--sensor", "node-real", "--columns", "0,1", "--speed", "max"
    )
    assert f"{samples.shape[1]} samples a channel are durable" in await finish(process)
    np.testing.assert_array_equal(await stored(stack, "node-real"), samples)


async def test_a_killed_envoy_costs_no_sample(stack: RunningStack, tmp_path: Path) -> None:
    samples = np.random.default_rng(7).normal(size=(3 * SAMPLE_RATE_HZ, 2)).astype(np.float32)
    file = tmp_path / "samples.txt"
    np.savetxt(file, samples, fmt="%.9g")
    process = await start_push(stack, file, "--sensor", "node-break", "--columns", "0,1")
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
    await finish(await start_push(stack, file, "--sensor", "node-rate", "--speed", "max"))
    process = await asyncio.create_subprocess_exec(
        *(NODE, "push.ts", str(file), "--sensor", "node-rate", "--sample-rate", "1000"),
        *("--target", target(stack)),
        cwd=EXAMPLE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert b"25600" in out
    assert b"1000" in out
