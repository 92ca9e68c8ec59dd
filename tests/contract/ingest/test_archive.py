"""Stored samples as readers page through them."""

from dataclasses import replace
from uuid import uuid4

from tests.contract.ingest.test_streams import CONFIG, advance, begin, block, found, new_stream

from kurto_ingest.assets.model import Burst, Sensor
from kurto_ingest.ports import StoredSamples
from kurto_ingest.stores import Stores


def stored(first: int, count: int = 100) -> StoredSamples:
    return StoredSamples(first, count, 0, 24.5, bytes([first % 256]) * (4 * count))


async def test_epochs_come_by_number(stores: Stores) -> None:
    assert await stores.archive.epochs("s-1", 0, 10) == []
    keys = [(await begin(stores, f"boot-{number}")).key for number in range(3)]
    await begin(stores, "other", "s-2")
    for above, limit, expected in ((0, 10, keys), (1, 10, keys[1:]), (0, 2, keys[:2]), (3, 9, [])):
        got = await stores.archive.epochs("s-1", above, limit)
        assert [record.key for record in got] == expected


async def test_a_page_holds_the_first_rows_that_overlap(stores: Stores) -> None:
    record = await begin(stores)
    await stores.samples.commit(
        [advance(record, *(block(at, 100) for at in (0, 100, 300, 400)))], uuid4()
    )
    page = stores.archive.page
    assert await page(record.format, 150, 401, 9) == [stored(100), stored(300), stored(400)]
    assert await page(record.format, 150, 401, 2) == [stored(100), stored(300)]
    assert await page(record.format, 150, 400, 9) == [stored(100), stored(300)]
    assert await page(record.format, 199, 200, 9) == [stored(100)]
    assert await page(record.format, 200, 300, 9) == []
    assert await page(record.format, 500, 10**7, 9) == []


async def test_a_page_holds_the_pieces_of_a_cell_in_order(stores: Stores) -> None:
    record = await begin(stores)
    await stores.samples.commit([advance(record, block(0, 30), block(70, 30))], uuid4())
    now = await found(stores, record)
    await stores.samples.commit([advance(now, block(30, 40))], uuid4())
    page = await stores.archive.page(record.format, 35, 100, 9)
    assert page == [stored(30, 40), stored(70, 30)]


async def test_a_page_holds_nothing_of_other_streams(stores: Stores) -> None:
    record, next_epoch = await begin(stores), await begin(stores, "boot-2")
    other = await begin(stores, "x", "s-2")
    for item in (record, other):
        await stores.samples.commit([advance(item, block(0, 100))], uuid4())
    assert await stores.archive.page(next_epoch.format, 0, 100, 9) == []
    assert await stores.archive.page(record.format, 0, 100, 9) == [stored(0)]


async def test_the_oldest_block_is_that_of_any_sensor(stores: Stores) -> None:
    assert await stores.archive.oldest_us() is None
    record, other = await begin(stores), await begin(stores, "x", "s-2")
    await stores.samples.commit([advance(other, block(700, 100))], uuid4())
    assert await stores.archive.oldest_us() == other.format.time_us(700)
    await stores.samples.commit([advance(record, block(0, 100))], uuid4())
    assert await stores.archive.oldest_us() == record.format.time_us(0)


async def test_bursts_are_found_though_hours_lie_between(stores: Stores) -> None:
    config = replace(CONFIG, burst=Burst(length_samples=100, interval_s=3600.0))
    sensor = await stores.sensors.create_sensor(Sensor(sensor_id="b", config=config))
    new = new_stream(sensor, "boot")
    record = await stores.streams.begin(replace(new, anchor_us=new.anchor_us - 20 * 3_600_000_000))
    assert record is not None
    blocks = [block(at, 100) for at in (0, 100, 300, 1200)]
    await stores.samples.commit([advance(record, *blocks)], uuid4())
    page = stores.archive.page
    assert await page(record.format, 0, 10_000, 9) == [
        stored(0), stored(100), stored(300), stored(1200),
    ]  # fmt: skip
    assert await page(record.format, 150, 301, 9) == [stored(100), stored(300)]
    assert await page(record.format, 400, 1200, 9) == []
    assert await stores.archive.oldest_us() == record.format.anchor_us
