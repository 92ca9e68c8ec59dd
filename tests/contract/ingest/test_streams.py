"""Streams, fences and samples."""

import sys
from uuid import uuid4

import pytest

from kurto_ingest.assets.model import Channel, Sensor, SensorConfig
from kurto_ingest.ports import NewStream, StoredSamples, StreamCommit, StreamRecord
from kurto_ingest.stores import Stores
from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.ranges import IndexRange, RangeSet
from kurto_ingest.streams.timing import microseconds
from kurto_service.clock import SystemClock

RATE = 1000.0
CONFIG = SensorConfig(
    version=0,
    sample_rate_hz=RATE,
    channels=(Channel(name="x", unit="g"), Channel(name="y", unit="g")),
)


async def begin(stores: Stores, boot_id: str = "boot-1", sensor_id: str = "s-1") -> StreamRecord:
    known = await stores.sensors.list_sensors("", 99, machine_id="", include_archived=True)
    sensor = next((item for item in known if item.sensor_id == sensor_id), None)
    if sensor is None:
        sensor = await stores.sensors.create_sensor(Sensor(sensor_id=sensor_id, config=CONFIG))
    record = await stores.streams.begin(new_stream(sensor, boot_id))
    assert record is not None
    return record


def new_stream(sensor: Sensor, boot_id: str) -> NewStream:
    return NewStream(
        sensor=sensor,
        boot_id=boot_id,
        encoding=Encoding.I16LE,
        scales=(0.5, 0.25),
        anchor_us=microseconds(SystemClock().now()),
        clock_offset_us=None,
    )


def block(first: int, count: int, *, quality: int = 0) -> Block:
    return Block(first, count, bytes([first % 256]) * (4 * count), quality, 24.5)


def advance(record: StreamRecord, *blocks: Block, late: RangeSet | None = None) -> StreamCommit:
    after = record.position.copy()
    after.max_missing_ranges = sys.maxsize
    for item in blocks:
        after.offer(item.first, item.count)
    return StreamCommit(
        format=record.format,
        fence=record.fence,
        before_index=record.position.next_index,
        after=after,
        blocks=blocks,
        late_windows=late or RangeSet(),
    )


async def found(stores: Stores, record: StreamRecord) -> StreamRecord:
    result = await stores.streams.find(*record.key)
    assert result is not None
    return result


async def test_epochs_are_dense_and_found_by_number_and_boot(stores: Stores) -> None:
    first = await begin(stores)
    assert (first.format.epoch, first.fence, first.position.next_index) == (1, 1, 0)
    assert (first.format.hop_samples, first.format.window_hops) == (100, 10)
    assert (first.format.encoding, first.format.scales) == (Encoding.I16LE, (0.5, 0.25))
    second = await begin(stores, "boot-2")
    assert second.format.epoch == 2
    for record, by in ((second, 0), (first, 1), (second, 2)):
        assert (await stores.streams.find("s-1", by) or first).key == record.key
    assert await stores.streams.find("s-1", 3) is None
    assert await stores.streams.find("nobody", 0) is None
    boot = await stores.streams.find_boot("s-1", "boot-1")
    assert boot is not None
    assert boot.key == first.key
    assert await stores.streams.find_boot("s-1", "boot-3") is None


async def test_one_boot_begins_one_epoch(stores: Stores) -> None:
    await begin(stores)
    sensor = await stores.sensors.get_sensor("s-1")
    assert await stores.streams.begin(new_stream(sensor, "boot-1")) is None


async def test_commit_moves_the_row_and_stores_the_blocks(stores: Stores) -> None:
    record = await begin(stores)
    token = uuid4()
    late = RangeSet([(3, 5)])
    commit = advance(record, block(0, 100), block(250, 50, quality=3), late=late)
    assert await stores.samples.commit([commit], token) == {record.key}
    now = await found(stores, record)
    assert now.position.next_index == 300
    assert list(now.position.missing) == [IndexRange(100, 250)]
    assert now.position.gap_count == 1
    assert now.commit_token == token
    assert now.commit_time is not None
    assert list(now.late_windows) == [IndexRange(3, 5)]
    assert await stores.samples.read(record.format, 0, 300) == [
        StoredSamples(0, 100, 0, 24.5, bytes([0]) * 400),
        StoredSamples(250, 50, 3, 24.5, bytes([250]) * 200),
    ]


async def test_commit_in_order_leaves_all_but_the_index_alone(stores: Stores) -> None:
    gappy, other = await begin(stores), await begin(stores, "boot-2")
    first = advance(gappy, block(0, 100), block(250, 50), late=RangeSet([(3, 5)]))
    first.after.abandon(100, 150)
    await stores.samples.commit([first], uuid4())
    before, token = await found(stores, gappy), uuid4()
    both = [advance(before, block(300, 100))._replace(in_order=True), advance(other, block(9, 91))]
    assert await stores.samples.commit(both, token) == {gappy.key, other.key}
    now = await found(stores, gappy)
    assert now.position.next_index == 400
    assert list(now.position.missing) == [IndexRange(150, 250)]
    assert list(now.position.abandoned) == [IndexRange(100, 150)]
    assert now.position.gap_count == before.position.gap_count == 1
    assert list(now.late_windows) == [IndexRange(3, 5)]
    assert now.commit_token == token
    assert await stores.samples.committed([gappy.key, other.key], token) == {gappy.key, other.key}
    assert [row.first for row in await stores.samples.read(gappy.format, 300, 400)] == [300]
    assert list((await found(stores, other)).position.missing) == [IndexRange(0, 9)]
    for late in (both[0], both[0]._replace(before_index=400, fence=gappy.fence - 1)):
        assert await stores.samples.commit([late], uuid4()) == set()


async def test_abandoned_ranges_come_back(stores: Stores) -> None:
    record = await begin(stores)
    commit = advance(record, block(300, 100))
    commit.after.abandon(0, 120)
    await stores.samples.commit([commit], uuid4())
    position = (await found(stores, record)).position
    assert list(position.missing) == [IndexRange(120, 300)]
    assert list(position.abandoned) == [IndexRange(0, 120)]
    assert position.absent == [IndexRange(0, 300)]


async def test_read_returns_rows_that_overlap_the_range(stores: Stores) -> None:
    record = await begin(stores)
    await stores.samples.commit(
        [advance(record, *(block(at, 100) for at in range(0, 500, 100)))], uuid4()
    )
    assert [row.first for row in await stores.samples.read(record.format, 150, 301)] == [
        100,
        200,
        300,
    ]
    assert await stores.samples.read(record.format, 500, 900) == []


async def test_raised_fence_keeps_out_the_earlier_sender_only(stores: Stores) -> None:
    stale, other = await begin(stores), await begin(stores, "x", "s-2")
    raised = await stores.streams.raise_fence(stale.key)
    assert raised.fence == 2
    taken = await stores.samples.commit(
        [advance(stale, block(0, 100)), advance(other, block(0, 100))], uuid4()
    )
    assert taken == {other.key}
    assert (await found(stores, stale)).position.next_index == 0
    assert await stores.samples.read(stale.format, 0, 100) == []
    assert len(await stores.samples.read(other.format, 0, 100)) == 1


async def test_fence_in_flight(stores: Stores) -> None:
    """A commit that was prepared before the fence rose stores nothing after it."""
    record = await begin(stores)
    prepared = advance(record, block(0, 100))
    await stores.streams.raise_fence(record.key)
    assert await stores.samples.commit([prepared], uuid4()) == set()
    raised = await found(stores, record)
    assert await stores.samples.commit([advance(raised, block(0, 100))], uuid4()) == {record.key}


async def test_commit_on_another_position_is_not_taken(stores: Stores) -> None:
    record = await begin(stores)
    assert await stores.samples.commit([advance(record, block(0, 100))], uuid4())
    again = advance(record, block(0, 100))
    assert await stores.samples.commit([again], uuid4()) == set()
    assert len(await stores.samples.read(record.format, 0, 100)) == 1


async def test_failed_transaction_leaves_nothing(stores: Stores) -> None:
    good, bad = await begin(stores), await begin(stores, "x", "s-2")
    twice = advance(bad, block(0, 100))._replace(blocks=(block(0, 100), block(0, 100)))
    await stores.samples.commit([advance(bad, block(0, 100))], uuid4())
    moved = await found(stores, bad)
    refused = twice._replace(before_index=moved.position.next_index)
    with pytest.raises(Exception, match=r"exists"):
        await stores.samples.commit([advance(good, block(0, 100)), refused], uuid4())
    assert (await found(stores, good)).position.next_index == 0
    assert await stores.samples.read(good.format, 0, 100) == []


async def test_outcome_is_told_by_the_token(stores: Stores) -> None:
    one, other = await begin(stores), await begin(stores, "x", "s-2")
    token = uuid4()
    await stores.samples.commit([advance(one, block(0, 100))], token)
    assert await stores.samples.committed([one.key, other.key], token) == {one.key}
    assert await stores.samples.committed([one.key, other.key], uuid4()) == set()


async def test_unfinished_streams(stores: Stores) -> None:
    one, short = await begin(stores), await begin(stores, "x", "s-2")
    blocks = [block(at, 100) for at in range(0, 1200, 100)]
    await stores.samples.commit([advance(one, *blocks), advance(short, *blocks[:9])], uuid4())
    assert [item.key for item in await stores.streams.unfinished(9)] == [one.key]
    await stores.streams.note_analyzed({one.key: 2})
    assert [item.key for item in await stores.streams.unfinished(9)] == [one.key]
    await stores.streams.note_analyzed({one.key: 3})
    assert await stores.streams.unfinished(9) == []
    assert (await found(stores, one)).analyzed_window == 3


async def test_late_windows_make_a_stream_unfinished_until_done(stores: Stores) -> None:
    record = await begin(stores)
    await stores.samples.commit([advance(record, block(0, 100), late=RangeSet([(0, 4)]))], uuid4())
    assert len(await stores.streams.unfinished(9)) == 1
    await stores.streams.note_late_done(record.key, RangeSet([(0, 3)]))
    assert list((await found(stores, record)).late_windows) == [IndexRange(3, 4)]
    await stores.streams.note_late_done(record.key, RangeSet([(3, 9)]))
    assert await stores.streams.unfinished(9) == []


async def test_sensors_that_are_stopped_or_archived_have_nothing_unfinished(
    stores: Stores,
) -> None:
    record = await begin(stores)
    blocks = [block(at, 100) for at in range(0, 1200, 100)]
    await stores.samples.commit([advance(record, *blocks)], uuid4())
    await stores.sensors.set_monitored("s-1", monitored=False)
    assert await stores.streams.unfinished(9) == []
    await stores.sensors.set_monitored("s-1", monitored=True)
    await stores.streams.analyze_from("s-1", 1150, 1)
    assert await stores.streams.unfinished(9) == []
    await stores.streams.analyze_from("s-1", 150, 1)
    assert len(await stores.streams.unfinished(9)) == 1
    await stores.sensors.archive_sensor("s-1")
    assert await stores.streams.unfinished(9) == []


async def test_analysis_from_here_leaves_out_earlier_epochs(stores: Stores) -> None:
    old = await begin(stores)
    await stores.samples.commit([advance(old, block(0, 70))], uuid4())
    new = await begin(stores, "boot-2")
    await stores.streams.analyze_from("s-1", 40, new.format.epoch)
    assert (await found(stores, old)).analysis_from_index == 70
    assert (await found(stores, new)).analysis_from_index == 40


async def test_newest_epochs_of_some_sensors(stores: Stores) -> None:
    await begin(stores)
    second = await begin(stores, "boot-2")
    other = await begin(stores, "x", "s-2")
    newest = await stores.streams.newest(["s-1", "s-2", "nobody"])
    assert {item.key for item in newest} == {second.key, other.key}
    assert await stores.streams.newest([]) == []
