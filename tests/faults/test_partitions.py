"""Partitions go away under load, and samples come that claim to be from the future."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import asyncpg
import grpc
import pytest
from tests.conftest import RunningStack
from tests.faults.conftest import SensorCount
from tests.faults.plain_sender import PlainSender, open_channel
from tests.faults.rig.checker import check
from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.report import DrillBook, Figure, at_least, holds, none_of, shown
from tests.faults.rig.scale import Scale

from kurto.ingest.v1 import ingest_service_pb2 as pb

HOP = 200
PAST_H = 5
FUTURE_S = 3600
_PARTITION = """
SELECT DISTINCT i.inhparent::regclass::text AS parent, i.inhrelid::regclass::text AS name
FROM ingest.sensor_data AS d JOIN pg_inherits AS i ON i.inhrelid = d.tableoid
JOIN ingest.sensors AS s USING (sensor_key)
WHERE s.sensor_id = $1 AND block_time BETWEEN $2::timestamptz - interval '1 min' AND $2
"""
_USUAL = """
SELECT first_index, sample_count FROM ingest.sensor_data JOIN ingest.sensors USING (sensor_key)
WHERE sensor_id = $1 ORDER BY epoch, first_index
"""
_FUTURE = "SELECT count(*) FROM ingest.sensor_data WHERE block_time > now() + interval '30 min'"


@dataclass
class Upload:
    """A recording that is sent piece by piece, each piece acknowledged.

    Parameters
    ----------
    sender : PlainSender
        Sends it.
    sent_count : int
        Pieces that were acknowledged.
    failures : list of str
        Why others were not.
    """

    sender: PlainSender
    sent_count: int = 0
    failures: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            first = self.sent_count * HOP
            try:
                result = await self.sender.push([self.sender.batch(first, first + HOP)])
            except grpc.RpcError as error:
                self.failures.append(str(error))
                await self.sender.open()
            else:
                if result.next_index != first + HOP:
                    self.failures.append(f"{result.next_index} instead of {first + HOP}")
            self.sent_count += 1


@asynccontextmanager
async def upload(target: str, sensor_id: str, start_time: dt.datetime) -> AsyncIterator[Upload]:
    """Send a recording until the block ends."""
    async with open_channel(target) as channel:
        one = Upload(PlainSender(channel, sensor_id))
        await one.sender.create()
        await one.sender.open(start_time=start_time)
        task = asyncio.create_task(one.run())
        try:
            yield one
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def detach(
    connection: asyncpg.Connection[asyncpg.Record],
    sensor_id: str,
    moment: dt.datetime,
    *,
    drop: bool,
) -> int:
    """Detach the partitions that hold a sensor's samples of a minute; return how many."""
    found = await connection.fetch(_PARTITION, sensor_id, moment)
    for row in found:
        # Ingest may complete a detachment that is under way, to attach the partition again.
        with contextlib.suppress(asyncpg.ObjectNotInPrerequisiteStateError):
            await connection.execute(
                f"ALTER TABLE {row['parent']} DETACH PARTITION {row['name']} CONCURRENTLY"
            )
        if drop:
            await connection.execute(f"DROP TABLE {row['name']}")
    return len(found)


async def away_from_the_full_hour(margin_s: float) -> None:
    """Let the hour end that has little time left.

    A detached partition is attached again by whoever writes to it; nobody does once its hour is
    over, and what it holds would count as lost.
    """
    left_s = 3600 - time.time() % 3600
    if left_s < margin_s:
        await asyncio.sleep(left_s + 1)


@pytest.mark.timeout(400)
async def test_partitions_go_away_under_load(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    target, dsn = urlsplit(stack.ready["http"]).netloc, stack.ready["postgres_dsn"]
    load = Load(target, sensor_names("part", sensor_count(busy=0.5, short=4)), 300)
    await away_from_the_full_hour(scale.seconds(60, 150))
    start_time = dt.datetime.now(dt.UTC) - dt.timedelta(hours=PAST_H)
    detached = dropped = 0
    connection = await asyncpg.connect(dsn)
    async with (
        load.running(),
        upload(target, "part-past", start_time) as past,
    ):
        for _ in range(scale.count(3, 15)):
            await asyncio.sleep(scale.seconds(0.5, 2))
            now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
            detached += await detach(connection, load.sensor_ids[0], now, drop=False)
            minute = start_time + dt.timedelta(minutes=1)
            dropped += await detach(connection, "part-past", minute, drop=True)
        await asyncio.sleep(1)
        load.stop()
    apart = await future_figures(target, dsn)
    future_rows = await connection.fetchval(_FUTURE)
    apart_rows = await connection.fetchval("SELECT count(*) FROM ingest.quarantined_samples")
    await connection.close()
    verdict = await check(dsn, load.pushed, hop=load.hop)
    book.add(
        *("25", "a partition goes under load: 0 failed inserts; future rows quarantined"),
        load=f"{load}, and a recording of {PAST_H} h ago sent meanwhile",
        fault=f"the partition of now detached {detached} times, the recording's dropped "
        f"{dropped} times; samples of an hour ahead",
        figures=[
            at_least("partitions detached", detached, 2),
            at_least("dropped", dropped, 2),
            *verdict.figures(),
            none_of("live streams interrupted", sum(one.reconnect_count for one in load.pushed)),
            none_of("failed inserts of the recording", len(past.failures)),
            shown("inserts of it", past.sent_count),
            *apart,
            at_least("rows in quarantine", apart_rows, 2),
            none_of("rows from the future among the others", future_rows),
        ],
    )


async def future_figures(target: str, dsn: str) -> list[Figure]:
    """Send samples of an hour ahead, alone and beside a good sensor's."""
    async with open_channel(target) as channel:
        early, good = (PlainSender(channel, name) for name in ("part-early", "part-good"))
        for sender in (early, good):
            await sender.create()
            await sender.open()
        ahead = round(FUTURE_S * early.sample_rate_hz)
        alone = await early.push([early.batch(ahead, ahead + HOP)])
        early.slot, good.slot = 0, 1
        await early.open()
        call = early.stub.Push()
        for message in (
            early.start(),
            good.start(),
            early.batch(ahead + HOP, ahead + 2 * HOP),
            good.batch(0, HOP),
            early.batch(0, HOP),
        ):
            await call.write(message)
        await call.done_writing()
        results = {one.sensor_id: one for one in (await call).results}
        stored = await read_future(early)
    usual = await stored_indexes(dsn, early.sensor_id)
    missing = [(one.first_index, one.end_index) for one in results["part-early"].missing_ranges]
    return [
        holds("samples of an hour ahead acknowledged", alone.next_index == ahead + HOP),
        holds(
            "also beside others, and what is missing before them told",
            (results["part-early"].next_index, missing) == (ahead + 2 * HOP, [(HOP, ahead)]),
        ),
        holds("read back from quarantine as they were sent", stored == [(ahead, ahead + 2 * HOP)]),
        holds(
            "those in time of the same sensor, and the good one's, at their usual place",
            usual == [(0, HOP)] and results["part-good"].next_index == HOP,
        ),
    ]


async def read_future(sender: PlainSender) -> list[tuple[int, int]]:
    """Read what is in quarantine of an epoch, and compare it with what was sent."""
    request = pb.ReadSamplesRequest(sensor_id=sender.sensor_id, include_quarantined=True)
    found: list[tuple[int, int]] = []
    async for message in sender.stub.ReadSamples(request):
        chunk = message.chunk
        if not message.HasField("chunk") or not chunk.quarantined:
            continue
        first, end = chunk.first_index, chunk.first_index + chunk.sample_count
        if chunk.planar != sender.batch(first, end).batch.batch.planar:
            return []
        found.append((first, end))
    return found


async def stored_indexes(dsn: str, sensor_id: str) -> list[tuple[int, int]]:
    """Return what is stored of a sensor at the usual place."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(_USUAL, sensor_id)
    finally:
        await connection.close()
    return [(row["first_index"], row["first_index"] + row["sample_count"]) for row in rows]
