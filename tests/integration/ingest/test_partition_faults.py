"""A partition is dropped or detached while samples are committed: no commit fails in the end."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import numpy as np
import pytest

from kurto_ingest.assets.retention import DEFAULT_CLASS
from kurto_ingest.settings import IngestSettings
from kurto_ingest.space.partitioning import hour_of, partition_of
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender

FAULTS = {
    "detach": ["ALTER TABLE ingest.{parent} DETACH PARTITION ingest.{name}"],
    "detach concurrently": [
        "ALTER TABLE ingest.{parent} DETACH PARTITION ingest.{name} CONCURRENTLY"
    ],
    "drop": ["DROP TABLE ingest.{name}"],
    "detach, then drop": [
        "ALTER TABLE ingest.{parent} DETACH PARTITION ingest.{name} CONCURRENTLY",
        "DROP TABLE ingest.{name}",
    ],
}


def partition() -> dict[str, str]:
    """Return the names of the partition that takes rows now, and of its parent."""
    key = partition_of(DEFAULT_CLASS, hour_of(datetime.now(UTC)), late_before=0)
    return {"name": key.name, "parent": "sensor_data_1"}


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_insert_fails_when_a_partition_goes_under_load(
    running: RunningIngest,
    sender: Sender,
    stores: Stores,
    settings: IngestSettings,
    fault: str,
) -> None:
    connection = await asyncpg.connect(settings.postgres_dsn)
    done = asyncio.Event()

    async def break_it() -> None:
        for _ in range(3):
            for statement in FAULTS[fault]:
                await connection.execute(statement.format(**partition()), timeout=10)
            await asyncio.sleep(0.25)
        done.set()

    breaking: asyncio.Task[None] | None = None
    end = 0
    while not done.is_set() or end < 6000:
        response = await sender.push(*[sender.batch(end + at, 100) for at in range(0, 300, 100)])
        end += 300
        assert response.results[0].next_index == end
        breaking = breaking or asyncio.create_task(break_it())
    assert breaking is not None
    await breaking
    await connection.close()

    failed = running.ingest.metrics.commits.labels("failed")._value.get()
    assert failed == 0
    record = await stores.streams.find(sender.sensor_id, 1)
    assert record is not None
    rows = await stores.samples.read(record.format, 0, end)
    for row in rows:
        np.testing.assert_array_equal(
            record.format.view(row.data), sender.samples(row.first, row.count)
        )
    there = sum(row.count for row in rows)
    if "drop" in fault:  # whoever drops a partition means to
        assert rows[-1].first + rows[-1].count == end
        assert 0 < there < end
    else:
        assert there == end


async def test_a_commit_waits_for_whoever_holds_the_table(
    running: RunningIngest, sender: Sender, settings: IngestSettings
) -> None:
    connection = await asyncpg.connect(settings.postgres_dsn)
    await sender.push(sender.batch(0, 100))
    await connection.execute(FAULTS["drop"][0].format(**partition()))
    async with connection.transaction():
        table = partition()["parent"]
        await connection.execute(f"LOCK TABLE ingest.{table} IN SHARE UPDATE EXCLUSIVE MODE")
        pushing = asyncio.create_task(sender.push(sender.batch(100, 100)))
        await asyncio.sleep(0.8)  # longer than one attempt waits
    response = await pushing
    await connection.close()

    assert response.results[0].next_index == 200
    assert running.ingest.metrics.commits.labels("failed")._value.get() == 0
