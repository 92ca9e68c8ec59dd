"""Process values, stored with their samples, in memory and in PostgreSQL alike."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from kurto_ingest.assets.machine_data import MachineData
from kurto_ingest.assets.model import Channel, Sensor, SensorConfig
from kurto_ingest.assets.process_values import ProcessValueDefinition, ProcessValueRole
from kurto_ingest.ports import NewStream, StreamCommit, StreamRecord
from kurto_ingest.stores import Stores
from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.process_values import ProcessValue
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.timing import microseconds
from kurto_ingest.value_store import ProcessValueQuery, StoredProcessValue
from kurto_service.clock import SystemClock

LOAD = ProcessValueDefinition(
    name="load", unit="%", role=ProcessValueRole.LOAD, bin_width=10.0, valid_for_s=1.0
)
HEAT = ProcessValueDefinition(name="Heat", unit="degC", valid_for_s=2.5)
CONFIG = SensorConfig(
    version=0,
    sample_rate_hz=1000.0,
    channels=(Channel(name="x", unit="g"),),
    machine=MachineData(process_values=(LOAD, HEAT)),
)


async def begin(stores: Stores, boot_id: str = "boot", sensor_id: str = "s-1") -> StreamRecord:
    known = await stores.sensors.list_sensors("", 99, machine_id="", include_archived=True)
    sensor = next((item for item in known if item.sensor_id == sensor_id), None)
    if sensor is None:
        sensor = await stores.sensors.create_sensor(Sensor(sensor_id=sensor_id, config=CONFIG))
    record = await stores.streams.begin(
        NewStream(
            sensor=sensor,
            boot_id=boot_id,
            encoding=Encoding.I16LE,
            scales=(1.0,),
            anchor_us=microseconds(SystemClock().now()),
            clock_offset_us=None,
        )
    )
    assert record is not None
    return record


def block(first: int, *values: ProcessValue) -> Block:
    made = Block(first, 100, bytes(200), 0, None)
    made.values = values
    return made


async def commit(stores: Stores, record: StreamRecord, *blocks: Block) -> StreamRecord:
    after = record.position.copy()
    after.max_missing_ranges = sys.maxsize
    for item in blocks:
        after.offer(item.first, item.count)
    done = StreamCommit(
        format=record.format,
        fence=record.fence,
        before_index=record.position.next_index,
        after=after,
        blocks=blocks,
        late_windows=RangeSet(),
    )
    await stores.samples.commit([done], uuid4())
    return replace(record, position=after)


def load(index: int, value: float = 1.0, quality: int = 0) -> ProcessValue:
    return ProcessValue(index, "load", "%", value, quality)


def heat(index: int) -> ProcessValue:
    return ProcessValue(index, "Heat", "degC", -0.5, 2)


async def found(stores: Stores, record: StreamRecord, **query: Any) -> Sequence[ProcessValue]:
    return [stored.value for stored in await all_stored(stores, record, **query)]


async def all_stored(
    stores: Stores, record: StreamRecord, **query: Any
) -> Sequence[StoredProcessValue]:
    fields = {"sensor_key": record.format.sensor_key, "limit": 100, **query}
    return await stores.values.find(ProcessValueQuery(**fields))


async def test_declarations_come_back(stores: Stores) -> None:
    await begin(stores)
    sensor = await stores.sensors.get_sensor("s-1")
    assert sensor.config.machine.process_values == (LOAD, HEAT)
    assert sensor.config.load == LOAD


async def test_values_are_stored_with_their_samples(stores: Stores) -> None:
    record = await begin(stores)
    await commit(stores, record, block(0, load(7, 0.1 + 0.2), heat(7)), block(100, load(150)))
    stored = await all_stored(stores, record)
    assert [item.value for item in stored] == [heat(7), load(7, 0.1 + 0.2), load(150)]
    assert stored[-1].time_us == record.format.anchor_us + 150_000
    assert stored[-1].epoch == record.format.epoch


async def test_values_of_a_commit_that_is_refused_are_not_stored(stores: Stores) -> None:
    record = await begin(stores)
    await stores.streams.raise_fence(record.key)
    await commit(stores, record, block(0, load(7)))
    assert await found(stores, record) == []


async def test_load_that_holds_is_found_with_those_after_it(stores: Stores) -> None:
    record = await begin(stores)
    record = await commit(stores, record, *(block(at, load(at + 5)) for at in (0, 200, 400)))
    await commit(stores, record, *(block(at) for at in range(500, 2000, 100)))
    holding = stores.values.holding
    assert await holding(record.format, LOAD, 300, 300) == [load(205)]
    assert await holding(record.format, LOAD, 200, 406) == [load(5), load(205), load(405)]
    assert await holding(record.format, LOAD, 5, 205) == [load(5)]
    assert await holding(record.format, LOAD, 0, 5) == []
    assert await holding(record.format, LOAD, 1405, 1500) == [load(405)]  # exactly its time
    assert await holding(record.format, LOAD, 1406, 1500) == []
    assert await holding(record.format, replace(LOAD, unit="kW"), 300, 500) == []
    other = await begin(stores, "another boot")
    assert await holding(other.format, LOAD, 300, 500) == []


async def test_values_are_found_by_name_and_time_and_page(stores: Stores) -> None:
    record = await begin(stores)
    other = await begin(stores, sensor_id="s-2")
    await commit(stores, other, block(0, load(0)))
    await commit(stores, record, *(block(at, load(at), heat(at + 1)) for at in range(0, 500, 100)))
    heats = [heat(at + 1) for at in range(0, 500, 100)]
    loads = [load(at) for at in range(0, 500, 100)]
    assert await found(stores, record) == heats + loads
    assert await found(stores, record, names=("load",)) == loads
    assert await found(stores, record, names=("load", "Heat", "other")) == heats + loads
    assert await found(stores, record, names=("other",)) == []
    anchor_us = record.format.anchor_us
    window = {"start_us": anchor_us + 100_000, "end_us": anchor_us + 300_000}
    assert await found(stores, record, **window) == [*heats[1:3], *loads[1:3]]
    after, paged = None, []
    while page := await all_stored(stores, record, limit=3, after=after):
        paged += [stored.value for stored in page]
        after = page[-1].place
    assert paged == heats + loads
    last_heat = (await all_stored(stores, record, names=("Heat",)))[-1].place
    assert await found(stores, record, names=("load",), after=last_heat) == loads
    last_load = (await all_stored(stores, record, names=("load",)))[-1].place
    assert await found(stores, record, names=("Heat",), after=last_load) == []


async def test_old_values_expire_some_at_a_time(stores: Stores) -> None:
    record = await begin(stores)
    await commit(stores, record, *(block(at, load(at)) for at in range(0, 500, 100)))
    now = SystemClock().now()
    assert await stores.values.expire(now - timedelta(hours=1), 100) == 0
    assert await stores.values.expire(now + timedelta(hours=1), 3) == 3
    assert len(await found(stores, record)) == 2
    assert await stores.values.expire(now + timedelta(hours=1), 100) == 2
    assert await found(stores, record) == []
