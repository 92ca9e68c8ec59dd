"""Samples read back through the whole stack: by whom, through kills, into files and out again."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

import kurto
from kurto_ingest.testing import hashed_samples

RATE_HZ, CHANNELS, COUNT = 20_000.0, 8, 400_000  # 12.8 MB, more than the windows of HTTP/2 hold
READ, EXPORTED = "read-back", "exported"  # sensors


def target(stack: Any) -> str:
    return str(stack.ready["http"]).removeprefix("http://")


async def push(stack: Any, sensor_id: str) -> None:
    names = [f"c{number}" for number in range(CHANNELS)]
    async with (
        kurto.connect(target(stack), token="engineer") as client,
        client.open_sensor(
            sensor_id, sample_rate_hz=RATE_HZ, channels=names, unit="g", buffer_s=10.0
        ) as stream,
    ):
        for first in range(0, COUNT, 20_000):
            samples = hashed_samples(sensor_id, stream.epoch, first, 20_000, CHANNELS)
            await stream.push(samples)


async def read(client: kurto.Client, on_piece: Callable[[int], Any] | None = None) -> int:
    """Read all, compare each sample, and return how many there are."""
    at = 0
    async for piece in client.read_samples(READ):
        assert isinstance(piece, kurto.SamplesChunk)
        assert piece.first_index == at
        length = piece.end_index - at
        sent = hashed_samples(READ, 1, at, length, CHANNELS)
        np.testing.assert_array_equal(piece.samples, sent)
        at = piece.end_index
        if on_piece is not None:
            await on_piece(at)
    return at


async def test_reading_survives_kills_and_asks_for_a_role(guarded: Any) -> None:
    await push(guarded, READ)
    async with kurto.connect(target(guarded), token="sensor") as client:
        with pytest.raises(kurto.CallError) as caught:
            await read(client)
        assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED
    killed: list[int] = []

    async def kill_once(at: int) -> None:
        if at > COUNT // 4 and not killed:
            killed.append(guarded.kill("ingest"))

    async with kurto.connect(target(guarded), token="viewer") as client:
        async with asyncio.timeout(90):
            assert await read(client, kill_once) == COUNT
        assert killed
        await asyncio.to_thread(guarded.wait_for_restart, "ingest", killed[0])
        assert await read(client) == COUNT
        await stop_with_a_stalled_reader(guarded, client)


async def stop_with_a_stalled_reader(stack: Any, client: kurto.Client) -> None:
    """A reader that takes nothing does not keep ingest from stopping."""
    pieces = client.read_samples(READ)
    await anext(pieces)
    await asyncio.sleep(1.0)
    begun, pid = time.monotonic(), stack.kill("ingest", signal.SIGTERM)
    await asyncio.to_thread(stack.wait_for_restart, "ingest", pid)
    log = stack.log("ingest")
    assert "Stopped" in log, log[-2000:]
    assert time.monotonic() - begun < 60  # stopped, and up again
    count = 0
    async for piece in pieces:
        count = piece.end_index
    assert count == COUNT


async def test_an_exported_file_is_played_again(guarded: Any, tmp_path: Path) -> None:
    await push(guarded, EXPORTED)
    file = tmp_path / "out.npz"
    said = await command(guarded, "viewer", "export", "--sensor", EXPORTED, "-o", str(file))
    assert f"{COUNT} samples per channel written" in said
    said = await command(
        guarded, "engineer", "replay", str(file), "--sensor", "copy", "--speed", "max"
    )
    assert f"{COUNT} samples per channel sent, {COUNT} durable" in said
    async with kurto.connect(target(guarded), token="viewer") as client:
        [original] = await client.gather_samples(EXPORTED)
        [copy] = await client.gather_samples("copy")
    assert original.present.all()
    np.testing.assert_array_equal(copy.samples, original.samples)


async def command(stack: Any, token: str, *words: str) -> str:
    """Run `kurto` and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kurto_cli", *words, "--target", target(stack)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "KURTO_TOKEN": token},
    )
    async with asyncio.timeout(90):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()
