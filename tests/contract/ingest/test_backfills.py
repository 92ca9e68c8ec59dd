"""Epochs that are uploaded from a sender's buffer are never the newest."""

from dataclasses import replace

from kurto_ingest.assets.model import Channel, Sensor, SensorConfig
from kurto_ingest.ports import NewStream, StreamRecord
from kurto_ingest.records.sample_times import SampleTime
from kurto_ingest.stores import Stores
from kurto_ingest.streams.encoding import Encoding

CONFIG = SensorConfig(version=0, sample_rate_hz=1000.0, channels=(Channel(name="x", unit="g"),))


async def begin(stores: Stores, boot_id: str, *, backfill: bool = False) -> StreamRecord:
    """Begin an epoch of the sensor s-1."""
    known = await stores.sensors.list_sensors("", 9, machine_id="", include_archived=True)
    sensor = known[0] if known else None
    if sensor is None:
        sensor = await stores.sensors.create_sensor(Sensor(sensor_id="s-1", config=CONFIG))
    new = NewStream(
        sensor=sensor,
        boot_id=boot_id,
        encoding=Encoding.F32LE,
        scales=(),
        anchor_us=1_700_000_000_000_000,
        clock_offset_us=None,
    )
    record = await stores.streams.begin(replace(new, backfill=backfill, recorded=backfill))
    assert record is not None
    return record


async def newest(stores: Stores) -> int | None:
    """Return the newest epoch, as both ways of asking say."""
    found = await stores.streams.find("s-1", 0)
    listed = await stores.streams.newest(["s-1"])
    assert [record.key for record in listed] == ([found.key] if found else [])
    return found.format.epoch if found else None


async def test_a_backfill_is_never_the_newest(stores: Stores) -> None:
    first = await begin(stores, "boot-0", backfill=True)
    assert (first.format.epoch, first.backfill, first.recorded) == (1, True, True)
    assert await newest(stores) is None
    live = await begin(stores, "boot-1")
    assert (live.format.epoch, live.backfill, live.recorded) == (2, False, False)
    upload = await begin(stores, "boot-2", backfill=True)
    assert upload.format.epoch == 3
    assert await newest(stores) == 2
    found = await stores.streams.find("s-1", 3)
    assert found is not None
    assert found.is_old
    assert (await begin(stores, "boot-3")).format.epoch == 4
    assert await newest(stores) == 4


async def test_a_newer_epoch_makes_old_ones_old(stores: Stores) -> None:
    await begin(stores, "boot-1")
    await begin(stores, "boot-2", backfill=True)
    alone = await stores.streams.find_boot("s-1", "boot-1")
    assert alone is not None
    assert not alone.is_old
    await begin(stores, "boot-3")
    old = await stores.streams.find_boot("s-1", "boot-1")
    assert old is not None
    assert (old.superseded, old.backfill, old.is_old) == (True, False, True)
    raised = await stores.streams.raise_fence(old.key)
    assert (raised.fence, raised.superseded, raised.backfill) == (2, True, False)
    current = await stores.streams.find("s-1", 0)
    assert current is not None
    assert not current.is_old


async def test_an_epoch_that_is_once_a_backfill_stays_one(stores: Stores) -> None:
    record = await begin(stores, "boot-1")
    raised = await stores.streams.raise_fence(record.key, backfill=True, clock_offset_us=-7)
    assert (raised.backfill, raised.clock_offset_us) == (True, -7)
    raised = await stores.streams.raise_fence(record.key)
    assert (raised.fence, raised.backfill, raised.clock_offset_us) == (3, True, -7)
    raised = await stores.streams.raise_fence(record.key, clock_offset_us=9)
    assert raised.clock_offset_us == 9
    assert await newest(stores) is None


async def test_a_record_knows_the_correction_of_its_times(stores: Stores) -> None:
    record = await begin(stores, "boot-1")
    assert record.correction_us is None
    rows = [
        SampleTime(
            sensor_id="s-1",
            epoch=epoch,
            first_index=first,
            device_us=0,
            offset_us=-first,
            rate_error_ppm=1.0,
        )
        for epoch, first in ((1, 100), (1, 900), (2, 7))
    ]
    await stores.times.add(rows)
    found = [await stores.streams.find("s-1", 1), await stores.streams.find_boot("s-1", "boot-1")]
    found.append(await stores.streams.raise_fence(record.key))
    assert [item.correction_us for item in found if item] == [-900] * 3
