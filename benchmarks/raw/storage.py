"""What commits cost beside a bare binary COPY of the same bytes into the same database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import asyncpg

from benchmarks.figures import Figure, summary
from benchmarks.raw.messages import HOP, VARIANTS, payloads
from kurto_ingest.ports import StreamCommit, StreamRecord
from kurto_ingest.postgres import Partitions, PostgresSampleStore, PostgresStreamStore
from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.ranges import RangeSet
from kurto_service.clock import SystemClock
from kurto_service.postgres import create_pool

_BLOCKS = 2  # of each stream: what a commit every 200 ms brings
_ROUNDS = 30
_BARE_TABLE = """
CREATE TABLE IF NOT EXISTS public.bare_copy (number bigint, samples bytea STORAGE EXTERNAL)
"""


def storage(dsn: str, sensor_ids: Sequence[str]) -> list[Figure]:
    """Commit and copy in turn.

    Parameters
    ----------
    dsn : str
        The database.
    sensor_ids : sequence of str
        Sensors with streams, to which nobody pushes any more.
    """
    commits_ms, copies_ms = asyncio.run(_measure(dsn, sensor_ids))
    ours, bare = summary("storage_commit_ms", commits_ms, "ms"), summary("_", copies_ms, "ms")
    bare = replace(bare, key="bare_copy_ms")
    ratio = bare.value / ours.value
    return [
        ours,
        bare,
        Figure("storage_over_bare_copy", ratio, "1", _ROUNDS, ratio=ratio, ratio_to="bare COPY"),
    ]


async def _measure(dsn: str, sensor_ids: Sequence[str]) -> tuple[list[float], list[float]]:
    async with (
        await create_pool(dsn, max_size=3) as writing,
        await create_pool(dsn, max_size=3) as reading,
    ):
        clock = SystemClock()
        partitions = Partitions(reading, clock, default_s=86400.0, ahead_s=7200.0)
        store = PostgresSampleStore(writing, reading, partitions, commit_timeout_s=30.0)
        streams = PostgresStreamStore(reading)
        records = [await streams.find(sensor_id, 0) for sensor_id in sensor_ids]
        series = [_Series(record) for record in records if record is not None]
        await reading.execute(_BARE_TABLE)
        commits_ms, copies_ms = [], []
        for _ in range(_ROUNDS + 1):
            requests = [one.next_commit() for one in series]
            start_s = time.perf_counter()
            taken = await store.commit(requests, uuid4())
            middle_s = time.perf_counter()
            if len(taken) != len(requests):
                raise RuntimeError("somebody else pushes to the streams of this measurement")
            await _bare_copy(writing, requests)
            commits_ms.append(1e3 * (middle_s - start_s))
            copies_ms.append(1e3 * (time.perf_counter() - middle_s))
    return commits_ms[1:], copies_ms[1:]  # the first ones prepare statements


class _Series:
    """One commit after another of one stream."""

    def __init__(self, record: StreamRecord) -> None:
        self._record = record
        self._position = record.position
        self._payloads = payloads(record.format.sensor_id)

    def next_commit(self) -> StreamCommit:
        """Return the next blocks of the stream."""
        before = self._position
        first = before.next_index
        self._position = before.copy()
        self._position.offer(first, _BLOCKS * HOP)
        blocks = [
            Block(first + k * HOP, HOP, self._payloads[(first // HOP + k) % VARIANTS], 0, None)
            for k in range(_BLOCKS)
        ]
        return StreamCommit(
            format=self._record.format,
            fence=self._record.fence,
            before_index=first,
            after=self._position,
            blocks=blocks,
            late_windows=RangeSet(),
        )


async def _bare_copy(pool: asyncpg.Pool[asyncpg.Record], requests: Sequence[StreamCommit]) -> None:
    rows = [(block.first, block.data) for one in requests for block in one.blocks]
    async with pool.acquire() as connection:
        await connection.copy_records_to_table(
            "bare_copy", schema_name="public", columns=("number", "samples"), records=rows
        )
