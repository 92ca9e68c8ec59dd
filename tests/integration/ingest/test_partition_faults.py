"""A partition is dropped or detached while samples are committed: no commit fails in the end."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import numpy as np
import pytest

from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender

FAULTS = {
    "detach": ["ALTER TABLE ingest.sensor_data_1 DETACH PARTITION {name}"],
    "detach concurrently": [
        "ALTER TABLE ingest.sensor_data_1 DETACH PARTITION {name} CONCURRENTLY"
    ],
    "drop": ["DROP TABLE {name}"],
    "detach, then drop": [
        "ALTER TABLE ingest.sensor_data_1 DETACH PARTITION {name} CONCURRENTLY",
        "DROP TABLE {name}",
    ],
}
NEWEST = "SELECT tableoid::regclass::text FROM ingest.sensor_data ORDER BY block_time DESC LIMIT 1"


@pytest.fixture
async def sender(running: RunningIngest) -> Sender:
    """A sensor whose samples lie in the middle of an hour, so that none belongs to the next."""
    sender = Sender(running.stub, running.assets)
    await sender.create()
    now = datetime.now(UTC)
    await sender.open(start_time=now.replace(minute=30) - timedelta(hours=1))
    return sender


async def partition(connection: Any) -> str:
    """Wait until a partition has rows, and return the name of the one that takes rows now."""
    async with asyncio.timeout(60):
        while (name := await connection.fetchval(NEWEST)) is None:
            await asyncio.sleep(0.01)
    return str(name)


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_insert_fails_when_a_partition_goes_under_load(
    running: RunningIngest,
    sender: Sender,
    stores: Stores,
    *,
    settings: IngestSettings,
    fault: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection = await asyncpg.connect(settings.postgres_dsn)
    end = 0

    async def break_it() -> None:
        for _ in range(3):
            name = await partition(connection)
            for statement in FAULTS[fault]:
                # Ingest may complete a detachment that is under way, to attach it again.
                with contextlib.suppress(asyncpg.ObjectNotInPrerequisiteStateError):
                    await connection.execute(statement.format(name=name), timeout=60)
            await asyncio.sleep(0.25)

    async def push() -> None:
        nonlocal end
        response = await sender.push(*[sender.batch(end + at, 100) for at in range(0, 300, 100)])
        end += 300
        assert response.results[0].next_index == end

    await push()
    breaking = asyncio.create_task(break_it())
    while not breaking.done() or end < 6000:
        await push()
    await breaking
    await push()  # after the last fault
    await connection.close()

    failed = running.ingest.metrics.commits.labels("failed")._value.get()
    assert failed == 0, [getattr(record, "error", record.exc_text) for record in caplog.records]
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
    await connection.execute(FAULTS["drop"][0].format(name=await partition(connection)))
    async with connection.transaction():
        await connection.execute("LOCK TABLE ingest.sensor_data_1 IN SHARE UPDATE EXCLUSIVE MODE")
        pushing = asyncio.create_task(sender.push(sender.batch(100, 100)))
        await asyncio.sleep(0.8)  # longer than one attempt waits
    response = await pushing
    await connection.close()

    assert response.results[0].next_index == 200
    assert running.ingest.metrics.commits.labels("failed")._value.get() == 0
