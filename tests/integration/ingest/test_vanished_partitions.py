"""A partition goes between two looks at it: the commit is done again, and no stream is given up."""

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.fakes.streams import FakeSampleStore
from kurto_ingest.postgres import Partitions, PostgresSampleStore
from kurto_ingest.settings import IngestSettings
from kurto_ingest.space.exceptions import PartitionLostError
from kurto_ingest.space.partitioning import PartitionKey
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.clock import SystemClock
from kurto_service.postgres import Pool, create_pool
from kurto_service.testing import serve

GONE = [
    asyncpg.UndefinedTableError('relation "ingest.sensor_data_1_2026112319" does not exist'),
    asyncpg.InternalServerError("cache lookup failed for relation 16480"),
]


class DroppedMeanwhile(Partitions):
    """Partitions that another session drops while they are attached again."""

    errors: list[Exception]
    tries = 0

    async def _make(self, key: PartitionKey) -> int:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return await super()._make(key)


@pytest.fixture
async def pool(ingest_dsn: str) -> AsyncIterator[Pool]:
    pool = await create_pool(ingest_dsn, max_size=3, acquire_timeout_s=30)
    yield pool
    await pool.close()


@pytest.mark.parametrize("error", GONE, ids=lambda error: type(error).__name__)
async def test_what_is_dropped_while_it_is_attached_is_made_anew(
    running: RunningIngest,
    stores: Stores,
    settings: IngestSettings,
    pool: Pool,
    error: asyncpg.PostgresError,
) -> None:
    partitions = DroppedMeanwhile(pool, SystemClock(), default_s=86400, ahead_s=7200)
    partitions.errors = [error] * 12  # more than one look at it takes
    samples = PostgresSampleStore(pool, pool, partitions, commit_timeout_s=30)
    sender = Sender(running.stub, running.assets)
    await sender.create()
    changed = replace(stores, samples=samples)
    async with run_ingest(changed, running.channel, settings) as other:
        sender.stub = other.stub
        await sender.open()
        answer = await sender.push(sender.batch(0, 500))
        assert answer.results[0].next_index == 500
        assert other.ingest.metrics.commits.labels("failed")._value.get() == 0
    assert partitions.tries > 12


async def test_a_partition_that_goes_again_and_again_costs_no_stream(
    settings: IngestSettings,
) -> None:
    stores = fake_stores(SystemClock())
    assert isinstance(stores.samples, FakeSampleStore)
    async with (
        serve(add_AnalyzerServiceServicer_to_server, FakeAnalyzer()) as channel,
        run_ingest(stores, channel, settings) as running,
    ):
        sender = Sender(running.stub, running.assets)
        await sender.create()
        await sender.open()
        stores.samples.fail_before = [PartitionLostError("detached under a commit")] * 3
        answer = await sender.push(sender.batch(0, 500))
        assert answer.results[0].next_index == 500
