"""What holds PostgreSQL's locks or connections may be gone or busy: senders do not wait for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from tests.faults.rig.proxy import Direction, FaultProxy, Link, Verdict, fault_proxy

from kurto_ingest.forwarding.analysis_book import AnalysisBook
from kurto_ingest.ports import StreamCommit
from kurto_ingest.postgres import (
    Partitions,
    PostgresSampleStore,
    PostgresSensorStore,
    PostgresStreamStore,
)
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import StreamSequence
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.clock import SystemClock
from kurto_service.postgres import Pool, create_pool

COMMIT_TIMEOUT_S = 2.0


class Cable:
    """Is pulled when the first COMMIT is on its way: not even the end of a connection arrives."""

    def __init__(self, proxy: FaultProxy) -> None:
        self.pulled = False
        self._proxy = proxy
        proxy.intercept = self._intercept

    def _intercept(self, link: Link, direction: Direction, data: bytes) -> Verdict:
        if direction is Direction.UP and b"COMMIT;" in data:
            self.pulled = True
            self._proxy.black_hole()
            return Verdict.DROP
        return Verdict.FORWARD


async def test_locks_of_a_machine_that_is_gone_are_not_waited_for_for_hours(
    sender: Sender, stores: Stores, settings: IngestSettings
) -> None:
    record = await stores.streams.find(sender.sensor_id, 1)
    assert record is not None
    commit = StreamCommit(
        format=record.format,
        fence=record.fence,
        before_index=0,
        after=StreamSequence(100, max_missing_ranges=9),
        blocks=(),
        late_windows=RangeSet(),
    )
    port = urlsplit(settings.postgres_dsn).port
    assert port is not None
    async with fault_proxy(port) as proxy:
        cable = Cable(proxy)
        pool = await create_pool(
            proxy.through(settings.postgres_dsn), max_size=1, command_timeout_s=COMMIT_TIMEOUT_S
        )
        partitions = Partitions(pool, SystemClock(), default_s=86400, ahead_s=7200)
        store = PostgresSampleStore(pool, pool, partitions, commit_timeout_s=COMMIT_TIMEOUT_S)
        hanging = asyncio.create_task(store.commit([commit], uuid4()))
        async with asyncio.timeout(60):
            while not cable.pulled:
                await asyncio.sleep(0.01)
            while True:  # another process: senders come back to it
                try:
                    raised = await stores.streams.raise_fence(record.key)
                except (TimeoutError, asyncpg.QueryCanceledError):
                    continue
                break
        assert raised.fence == record.fence + 1
        assert raised.position.next_index == 0
        with pytest.raises((TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await hanging
        pool.terminate()
        proxy.clear()
        async with asyncio.timeout(60):
            while proxy._links:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def busy(pool: Pool) -> AsyncIterator[None]:
    """Keep all connections of a pool in use."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(pool.get_max_size()):
            connection = await stack.enter_async_context(pool.acquire())
            await connection.execute("SELECT 1")
        yield


async def test_senders_open_and_store_though_all_queries_are_slow(
    running: RunningIngest, stores: Stores, settings: IngestSettings, ingest_dsn: str
) -> None:
    """Whoever keeps the connections for queries busy."""
    async with contextlib.AsyncExitStack() as stack:
        pools = []
        for purpose in ("queries", "commits", "senders"):
            pool = await create_pool(ingest_dsn, max_size=2, acquire_timeout_s=0.5)
            stack.push_async_callback(pool.close)
            pools.append((purpose, pool))
        queries, commits, senders = (pool for _, pool in pools)
        partitions = Partitions(
            queries, SystemClock(), default_s=86400, ahead_s=7200, committing=commits
        )
        apart = replace(
            stores,
            samples=PostgresSampleStore(commits, queries, partitions, commit_timeout_s=30),
            sensors=PostgresSensorStore(queries),
            streams=PostgresStreamStore(queries),
            sender_sensors=PostgresSensorStore(senders),
            sender_streams=PostgresStreamStore(senders),
        )
        sender = Sender(running.stub, running.assets)
        await sender.create()
        other = await stack.enter_async_context(run_ingest(apart, running.channel, settings))
        await stack.enter_async_context(busy(queries))
        sender.stub = other.stub
        await sender.open()
        answer = await sender.push(sender.batch(0, 500))  # needs a partition, too
        assert answer.results[0].next_index == 500
        assert other.ingest.metrics.commits.labels("failed")._value.get() == 0


async def test_notes_of_late_windows_outlive_an_error(
    running: RunningIngest, sender: Sender, stores: Stores
) -> None:
    class Away(PostgresStreamStore):
        async def note_late_done(self, key: tuple[str, int], windows: RangeSet) -> None:
            running.ingest.forwarder.note_late_done(key, RangeSet([(7, 9)]))  # meanwhile
            raise ConnectionResetError("away")

    forwarder = running.ingest.forwarder
    key = (sender.sensor_id, 1)
    forwarder.note_late_done(key, RangeSet([(1, 3)]))

    def book(streams: PostgresStreamStore) -> AnalysisBook:
        return AnalysisBook(
            forwarder=forwarder,
            streams=streams,
            sensors=stores.sensors,
            clock=SystemClock(),
            note_interval_s=60.0,
            search_interval_s=60.0,
        )

    assert isinstance(stores.streams, PostgresStreamStore)
    with pytest.raises(ConnectionResetError):
        await book(Away(stores.streams._pool)).note()
    assert forwarder.late_done[key] == RangeSet([(1, 3), (7, 9)])
