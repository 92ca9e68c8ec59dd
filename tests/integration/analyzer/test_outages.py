"""PostgreSQL or Valkey goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from tests.faults.rig.proxy import FaultProxy, fault_proxy
from tests.integration.analyzer.conftest import Room
from tests.integration.analyzer.recordings import Recording, noise
from tests.integration.analyzer.sender import sender

from kurto_analyzer.fakes import FakeFeatureStore, FakeLiveFeatures
from kurto_analyzer.partitions import feature_table
from kurto_analyzer.ports import FeatureStore, FrameQuery
from kurto_analyzer.postgres import PostgresFeatureStore
from kurto_analyzer.postgres_partitions import PartitionKeeper
from kurto_analyzer.settings import AnalyzerSettings
from kurto_analyzer.valkey import ValkeyLiveFeatures
from kurto_service import valkey
from kurto_service.clock import SystemClock
from kurto_service.postgres import create_pool
from kurto_service.settings import load_settings

RECORDING = Recording(samples=noise(seconds=20, sample_rate_hz=200.0), sample_rate_hz=200.0)
QUICK = load_settings(
    AnalyzerSettings,
    commit_interval_s=0.0,
    commit_retry_max_s=0.1,
    publish_retry_s=0.05,
    max_uncommitted_windows=60,
)


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def windows(store: FeatureStore) -> list[int]:
    frames = await store.list_frames(FrameQuery(RECORDING.sensor_id, limit=10_000))
    return [frame.window_index for frame in frames]


@dataclass
class Severed:
    """A room whose server can be cut off."""

    room: Room
    link: FaultProxy


@pytest.fixture
async def without_postgres(
    analyzer_dsn: str, fake_live: FakeLiveFeatures
) -> AsyncIterator[Severed]:
    async with fault_proxy(urlsplit(analyzer_dsn).port or 5432) as link:
        dsn = link.through(analyzer_dsn)
        pool = await create_pool(dsn, max_size=2, acquire_timeout_s=0.5)
        keeper = PartitionKeeper(pool, SystemClock(), feature_table(7))
        room = Room(PostgresFeatureStore(pool, pool, keeper), fake_live, QUICK)
        async with room.open():
            yield Severed(room, link)
        link.mend()
        await pool.close()


async def test_postgres_away_live_goes_on_and_nothing_is_lost(
    without_postgres: Severed, fake_live: FakeLiveFeatures
) -> None:
    room, link = without_postgres.room, without_postgres.link
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        await ingest.send(RECORDING.run(0, 20))
        await ingest.committed(11)
        link.cut()
        published = room.value("kurto_analyzer_frames_total", outcome="published")
        await ingest.send(RECORDING.run(20, 10))
        await eventually(
            lambda: room.value("kurto_analyzer_frames_total", outcome="published") == published + 10
        )
        assert ingest.positions[1] == 11
        for hop in range(30, RECORDING.hop_count, 10):
            await ingest.send(RECORDING.run(hop, 10))
        # What may wait is bounded: the rest stays unread in the samples' queue.
        await eventually(lambda: room.value("kurto_analyzer_uncommitted_windows") >= 60)
        await asyncio.sleep(0.2)
        assert room.value("kurto_analyzer_uncommitted_windows") <= 60 + QUICK.max_tick_windows
        await eventually(lambda: room.value("kurto_analyzer_commits_total", outcome="failed") > 0)
        link.mend()
        await ingest.committed(RECORDING.window_count)
    assert await windows(room.store) == list(range(RECORDING.window_count))


async def test_opening_waits_for_postgres(without_postgres: Severed) -> None:
    room, link = without_postgres.room, without_postgres.link
    link.cut()
    async with sender(room.windows) as ingest:
        opening = asyncio.create_task(ingest.open(RECORDING))
        await eventually(lambda: room.value("kurto_analyzer_commits_total", outcome="failed") > 1)
        assert not opening.done()
        link.mend()
        assert await opening == 0


@pytest.fixture
async def without_valkey(valkey_url: str, fake_store: FakeFeatureStore) -> AsyncIterator[Severed]:
    async with fault_proxy(urlsplit(valkey_url).port or 6379) as link:
        live = ValkeyLiveFeatures(
            lambda: valkey.connect(link.through(valkey_url)),
            SystemClock(),
            retention_s=600,
            latest_ttl_s=60,
            timeout_s=5.0,
        )
        room = Room(fake_store, live, QUICK)
        async with room.open():
            yield Severed(room, link)
        await live.close()


async def test_valkey_away_frames_are_committed_and_acknowledged(
    without_valkey: Severed, valkey_url: str
) -> None:
    room, link = without_valkey.room, without_valkey.link
    async with sender(room.windows) as ingest:
        await ingest.open(RECORDING)
        await ingest.send(RECORDING.run(0, 20))
        await ingest.committed(11)
        link.cut()
        await ingest.send(RECORDING.run(20, 20))
        await ingest.committed(31)
        assert room.analyzer.publisher.degraded
        assert room.value("kurto_analyzer_frames_total", outcome="unpublished") == 20
        link.mend()
        hop = 40
        while room.analyzer.publisher.degraded:
            await ingest.send(RECORDING.run(hop, 1))
            hop += 1
            await ingest.committed(hop - 9)
            await asyncio.sleep(0.06)
        await ingest.send(RECORDING.run(hop, RECORDING.hop_count - hop))
        await ingest.committed(RECORDING.window_count)
    assert await windows(room.store) == list(range(RECORDING.window_count))
    client = await valkey.connect(valkey_url)
    assert await client.xlen("kurto:features:0") >= 2
    await client.aclose()


async def test_valkey_away_from_the_start(without_valkey: Severed) -> None:
    room, link = without_valkey.room, without_valkey.link
    link.cut()
    async with sender(room.windows) as ingest:
        await ingest.send_all(RECORDING)
    assert await windows(room.store) == list(range(RECORDING.window_count))


async def test_valkey_that_refuses_writes_is_as_good_as_away(
    without_valkey: Severed, valkey_url: str
) -> None:
    room = without_valkey.room
    client = await valkey.connect(valkey_url)
    await client.set("kurto:features:0", "not a stream")
    async with sender(room.windows) as ingest:
        await ingest.send_all(RECORDING)
    assert room.analyzer.publisher.degraded
    await client.aclose()
    assert await windows(room.store) == list(range(RECORDING.window_count))


async def test_samples_beyond_the_limit_stay_unread(
    fake_store: FakeFeatureStore, fake_live: FakeLiveFeatures
) -> None:
    """With the store stuck, memory is bounded: the sender's writes stop."""
    recording = Recording(samples=noise(seconds=10, sample_rate_hz=25_600.0), sample_rate_hz=25_600)
    limits = load_settings(
    AnalyzerSettings,
        commit_interval_s=0.0, max_uncommitted_windows=1, max_tick_windows=1,
        max_pending_bytes=100_000, commit_retry_max_s=0.2,
    )  # fmt: skip
    room = Room(fake_store, fake_live, limits)
    async with room.open(), sender(room.windows) as ingest:
        await ingest.open(recording)
        fake_store.failures += [ConnectionError()] * 10_000
        sent = 0

        async def push() -> None:
            nonlocal sent
            for run in recording.runs(0, 1):
                await ingest.send(run)
                sent += 1

        pushing = asyncio.create_task(push())
        await eventually(
            lambda: room.value("kurto_analyzer_pending_bytes") > limits.max_pending_bytes
        )
        await asyncio.sleep(0.2)
        assert (
            room.value("kurto_analyzer_pending_bytes") < limits.max_pending_bytes + 2 * 20_480 + 600
        )
        fake_store.failures.clear()
        await pushing
        await ingest.committed(recording.window_count)
    frames = await fake_store.list_frames(FrameQuery(recording.sensor_id, limit=1000))
    assert [frame.window_index for frame in frames] == list(range(recording.window_count))
