"""Real analyzers that die, or are passed over, at the worst moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from redis.asyncio import Redis
from tests.integration.analyzer.recordings import Recording, noise
from tests.integration.analyzer.sender import Sender, sender
from tests.integration.analyzer.test_process import (
    analyzer_process,
    assert_equal_to_offline,
    replay,
    stored,
)

from kurto.analyzer.v1 import analyzer_service_pb2_grpc
from kurto.signal.v1.features_pb2 import FeatureBatch
from kurto_cli.stack import ports
from kurto_service.channels import open_channel
from kurto_service.errors import error_info

RECORDING = Recording(samples=noise(seconds=12), sample_rate_hz=2560.0)
STREAM = "kurto:features:0"


@contextlib.asynccontextmanager
async def no_commits(dsn: str) -> AsyncIterator[None]:
    """Have every commit of features wait, as on a database that is very slow."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE analyzer.positions IN SHARE MODE")
            yield
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def ingest_of(port: int) -> AsyncIterator[Sender]:
    async with (
        open_channel(f"127.0.0.1:{port}") as channel,
        sender(analyzer_service_pb2_grpc.AnalyzerServiceStub(channel)) as ingest,
    ):
        yield ingest


async def published(url: str) -> list[tuple[int, bytes]]:
    """Return window and values of every frame on the live stream, repetitions included."""
    client = Redis.from_url(url)
    try:
        entries: Any = await client.xrange(STREAM)
    finally:
        await client.aclose()
    batches = [FeatureBatch.FromString(fields[b"b"]) for _, fields in entries]
    return [(one.window_index, one.values_f32le) for batch in batches for one in batch.frames]


async def until_published(url: str, window: int) -> None:
    async with asyncio.timeout(60):
        while max((k for k, _ in await published(url)), default=-1) < window:
            await asyncio.sleep(0.05)


async def test_killed_between_publishing_and_committing(
    postgres_dsn: str, valkey_url: str, free_port: int, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    async with (
        analyzer_process(postgres_dsn, valkey_url, free_port, log) as process,
        ingest_of(free_port) as ingest,
    ):
        await ingest.open(RECORDING)
        await ingest.send(RECORDING.run(0, 30))
        await ingest.committed(21)
        async with no_commits(postgres_dsn):
            await ingest.send(RECORDING.run(30, 40))
            await until_published(valkey_url, 60)
            with pytest.raises(TimeoutError):  # published is not committed: no acknowledgment
                await asyncio.wait_for(ingest.call.read(), 0.5)
            process.kill()
            await process.wait()
    assert len(await stored(postgres_dsn)) == 21
    async with analyzer_process(postgres_dsn, valkey_url, free_port, log):
        await replay(free_port, [RECORDING])
    assert_equal_to_offline(await stored(postgres_dsn), RECORDING)
    # What readers see twice is the same both times, so that dropping either is right.
    seen = await published(valkey_url)
    assert len(seen) == RECORDING.window_count + 40
    assert len(set(seen)) == RECORDING.window_count


async def test_the_stale_one_of_two_analyzers_commits_nothing(
    postgres_dsn: str, valkey_url: str, tmp_path: Path
) -> None:
    first, second = ports.free_ports("127.0.0.1", 2)
    async with (
        analyzer_process(postgres_dsn, valkey_url, first, tmp_path / "first"),
        analyzer_process(postgres_dsn, valkey_url, second, tmp_path / "second"),
        ingest_of(first) as old,
        ingest_of(second) as new,
    ):
        await old.open(RECORDING)
        await old.send(RECORDING.run(0, 30))
        await old.committed(21)
        # Ingest is sent elsewhere; what it sent before is still on its way here.
        assert await new.open(RECORDING) == 21
        await new.send(RECORDING.run(21, 30))
        await new.committed(42)
        await old.send(RECORDING.run(30, 40))
        error = await old.error()
        assert error.code() is grpc.StatusCode.ABORTED
        info = error_info(error)
        assert info is not None
        assert info.reason == "CONCURRENT_CHANGE"
        assert old.positions[1] == 21
        await new.send(RECORDING.run(51, RECORDING.hop_count - 51))
        await new.committed(RECORDING.window_count)
    assert_equal_to_offline(await stored(postgres_dsn), RECORDING)


async def test_two_analyzers_that_commit_the_same_windows_at_once(
    postgres_dsn: str, valkey_url: str, tmp_path: Path
) -> None:
    first, second = ports.free_ports("127.0.0.1", 2)
    async with (
        analyzer_process(postgres_dsn, valkey_url, first, tmp_path / "first"),
        analyzer_process(postgres_dsn, valkey_url, second, tmp_path / "second"),
        ingest_of(first) as one,
        ingest_of(second) as other,
    ):
        await one.open(RECORDING)
        await other.open(RECORDING)
        async with no_commits(postgres_dsn):
            for sending in (one, other):
                await sending.send(RECORDING.run(0, 40))
            await until_published(valkey_url, 30)
            await asyncio.sleep(0.5)  # both wait for the same row now
        outcomes = await asyncio.gather(
            *(sending.committed(31) for sending in (one, other)), return_exceptions=True
        )
        assert sum(outcome is None for outcome in outcomes) >= 1
        for outcome in outcomes:
            if outcome is not None:
                assert isinstance(outcome, grpc.aio.AioRpcError)
                assert outcome.code() is grpc.StatusCode.ABORTED
    rows = await stored(postgres_dsn)
    assert [row["window_index"] for row in rows] == list(range(31))
