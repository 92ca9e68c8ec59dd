"""Samples in quarantine: committed with their stream, read by index, deleted by age."""

import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.contract.ingest.test_streams import advance, begin, block, found

from kurto_ingest.ports import StoredSamples, StreamCommit, StreamRecord
from kurto_ingest.stores import Stores
from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.pending import ENTRY_BYTES
from kurto_ingest.streams.process_values import ProcessValue
from kurto_ingest.streams.quarantine import QuarantineCommit, QuarantinePosition
from kurto_ingest.streams.ranges import IndexRange
from kurto_ingest.streams.sequence import StreamSequence
from kurto_service.clock import SystemClock

BEGIN = 10_000


def apart(record: StreamRecord, *blocks: Block, usual: tuple[Block, ...] = ()) -> StreamCommit:
    """Return a commit of `blocks` into quarantine, and of the `usual` ones beside it."""
    before = record.quarantine
    after = QuarantinePosition(BEGIN, StreamSequence(BEGIN, max_missing_ranges=sys.maxsize))
    if before is not None:
        after = before.copy()
        after.sequence.max_missing_ranges = sys.maxsize
    for item in blocks:
        after.sequence.offer(item.first, item.count)
    before_index = None if before is None else before.sequence.next_index
    part = QuarantineCommit(before_index, after, blocks)
    return advance(record, *usual)._replace(quarantine=part)


def stored(item: Block) -> StoredSamples:
    return StoredSamples(item.first, item.count, item.quality, item.shaft_speed_hz, item.data)


async def test_it_has_an_order_of_its_own(stores: Stores) -> None:
    record = await begin(stores)
    first, second = block(10_200, 100), block(10_500, 50)
    token = uuid4()
    commit = apart(record, first, second, usual=(block(0, 100),))
    assert await stores.samples.commit([commit], token) == {record.key}
    now = await found(stores, record)
    assert (now.position.next_index, list(now.position.missing)) == (100, [])
    assert now.commit_token == token
    assert now.quarantine is not None
    assert (now.quarantine.index, now.quarantine.sample_count) == (BEGIN, 150)
    told = now.acknowledged
    assert told.next_index == 10_550
    assert list(told.missing) == [IndexRange(100, 10_200), IndexRange(10_300, 10_500)]
    assert [row.first for row in await stores.samples.read(record.format, 0, 20_000)] == [0]
    page = stores.quarantine.page
    assert await page(record.format, 0, 20_000, 9) == [stored(first), stored(second)]
    assert await page(record.format, 0, 20_000, 1) == [stored(first)]
    assert await page(record.format, 10_299, 10_500, 9) == [stored(first)]
    assert await page(record.format, 10_300, 10_500, 9) == []


async def test_found_by_whatever_way(stores: Stores) -> None:
    record = await begin(stores)
    await stores.samples.commit([apart(record, block(10_200, 100))], uuid4())
    again = await stores.streams.find_boot("s-1", "boot-1")
    (newest,) = await stores.streams.newest(["s-1"])
    raised = await stores.streams.raise_fence(record.key)
    (epoch,) = await stores.archive.epochs("s-1", 0, 9)
    for one in (again, newest, raised, epoch):
        assert one is not None
        assert one.quarantine is not None
        assert one.acknowledged.next_index == 10_300


async def test_what_builds_on_an_older_state_is_not_taken(stores: Stores) -> None:
    """The next index may stay: that of the quarantine tells who was first."""
    record = await begin(stores)
    await stores.samples.commit([apart(record, block(10_200, 100))], uuid4())
    late = apart(record, block(10_200, 50))
    assert await stores.samples.commit([late], uuid4()) == set()
    now = await found(stores, record)
    stale = apart(now, block(10_300, 100))._replace(fence=record.fence - 1)
    assert await stores.samples.commit([stale], uuid4()) == set()
    assert await stores.samples.commit([apart(now, block(10_300, 100))], uuid4()) == {record.key}
    rows = await stores.quarantine.page(record.format, 0, 20_000, 9)
    assert [row.first for row in rows] == [10_200, 10_300]


async def test_a_commit_that_fails_leaves_nothing_of_it(stores: Stores) -> None:
    record, other = await begin(stores), await begin(stores, "boot-2")
    await stores.samples.commit([apart(record, block(10_200, 100))], uuid4())
    now = await found(stores, record)
    twice = apart(now, block(10_200, 100))
    with pytest.raises(Exception, match=r"exist|duplicate"):
        await stores.samples.commit([twice, advance(other, block(0, 100))], uuid4())
    assert (await found(stores, record)).acknowledged.next_index == 10_300
    assert (await found(stores, other)).position.next_index == 0


async def test_the_usual_commits_leave_it_alone(stores: Stores) -> None:
    record = await begin(stores)
    await stores.samples.commit([apart(record, block(10_200, 100))], uuid4())
    for blocks, in_order in (((block(0, 100),), True), ((block(300, 100),), False)):
        now = await found(stores, record)
        commit = advance(now, *blocks)._replace(in_order=in_order)
        assert await stores.samples.commit([commit], uuid4()) == {record.key}
    now = await found(stores, record)
    assert now.quarantine is not None
    assert now.quarantine.sample_count == 100
    assert list(now.acknowledged.missing) == [IndexRange(100, 300), IndexRange(400, 10_200)]


async def test_it_makes_way_for_what_is_stored_at_the_usual_place(stores: Stores) -> None:
    """Also for what a release before it has taken there."""
    record = await begin(stores)
    await stores.samples.commit([apart(record, block(10_800, 100))], uuid4())
    now = await found(stores, record)
    await stores.samples.commit([advance(now, block(10_000, 350))], uuid4())
    now = await found(stores, record)
    assert now.quarantine is not None
    assert now.quarantine.index == 10_400
    assert list(now.acknowledged.missing) == [IndexRange(0, 10_000), IndexRange(10_350, 10_800)]
    await stores.samples.commit([advance(now, block(10_350, 1000))], uuid4())
    told = (await found(stores, record)).acknowledged
    assert (told.next_index, list(told.missing)) == (11_350, [IndexRange(0, 10_000)])


async def test_bytes_age_and_clearing(stores: Stores) -> None:
    record = await begin(stores)
    assert await stores.quarantine.stored_bytes() == 0
    assert await stores.quarantine.clear() == 0
    rich = block(10_200, 100)
    rich.values = (ProcessValue(10_210, "load", "kW", 5.0, 1),)
    await stores.samples.commit([apart(record, rich, block(10_300, 50))], uuid4())
    size = 150 * 4 + 2 * ENTRY_BYTES
    assert await stores.quarantine.stored_bytes() == size
    now = SystemClock().now()
    assert await stores.quarantine.expire(now - timedelta(hours=1), 9) == 0
    assert await stores.quarantine.expire(now + timedelta(hours=1), 1) == 1
    assert await stores.quarantine.clear() == 50 * 4 + ENTRY_BYTES
    assert await stores.quarantine.page(record.format, 0, 20_000, 9) == []
    # What is gone stays acknowledged.
    assert (await found(stores, record)).acknowledged.next_index == 10_350
