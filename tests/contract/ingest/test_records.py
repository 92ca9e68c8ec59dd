"""Events and measured times of samples."""

from datetime import timedelta

from kurto_ingest.records.sample_times import SampleTime
from kurto_ingest.records.stream_events import EventKind, EventQuery, StreamEvent
from kurto_ingest.stores import Stores
from kurto_ingest.streams.timing import datetime_from_us
from kurto_service.clock import SystemClock

T0 = 1_700_000_000_000_000


def event(number: int, sensor_id: str = "s-1", kind: EventKind = EventKind.GAP) -> StreamEvent:
    """Return an event."""
    return StreamEvent(
        kind=kind,
        time_us=T0 + number * 1_000_000,
        sensor_id=sensor_id,
        epoch=3,
        first_index=number,
        end_index=number + 5,
        value=None if number % 2 else number / 4,
        message=f"event {number}: ümlaut",
    )


async def numbers(stores: Stores, **query: object) -> list[int]:
    """Return the first indexes of the events that a query finds."""
    found = await stores.events.find(EventQuery(**query))  # type: ignore[arg-type]
    return [item.first_index for item in found]


async def test_events_come_back_as_they_were_newest_first(stores: Stores) -> None:
    await stores.events.add([event(1), event(2)])
    await stores.events.add([event(3)])
    found = await stores.events.find(EventQuery())
    ids = [item.event_id for item in found]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 3
    assert [
        (item.time_us, item.value, item.message, item.epoch, item.end_index) for item in found
    ] == [
        (item.time_us, item.value, item.message, item.epoch, item.end_index)
        for item in (event(3), event(2), event(1))
    ]


async def test_events_are_chosen_by_sensor_time_kind_and_page(stores: Stores) -> None:
    await stores.events.add([event(number) for number in range(6)])
    await stores.events.add([event(6, "s-2", EventKind.CLOCK_STEP), event(7, "")])
    assert await numbers(stores, sensor_id="s-2") == [6]
    assert await numbers(stores, kinds={EventKind.CLOCK_STEP, EventKind.TAKEN_OVER}) == [6]
    assert await numbers(stores, start_us=T0 + 2_000_000, end_us=T0 + 5_000_000) == [4, 3, 2]
    page = await stores.events.find(EventQuery(limit=3))
    assert [item.first_index for item in page] == [7, 6, 5]
    assert await numbers(stores, before_id=page[-1].event_id, limit=2) == [4, 3]


async def test_old_events_go_in_small_steps(stores: Stores) -> None:
    await stores.events.add([event(number) for number in range(6)])
    before = datetime_from_us(T0 + 4_000_000)
    assert await stores.events.expire(before, 3) == 3
    assert await stores.events.expire(before, 3) == 1
    assert await stores.events.expire(before, 3) == 0
    assert await numbers(stores) == [5, 4]


def measured(first: int, offset_us: int = 0, epoch: int = 1) -> SampleTime:
    """Return a measured time."""
    return SampleTime(
        sensor_id="s-1",
        epoch=epoch,
        first_index=first,
        device_us=T0 - 3_600_000_000,
        offset_us=offset_us,
        rate_error_ppm=-12.5,
        jump=first == 300,
    )


async def test_times_around_a_range(stores: Stores) -> None:
    rows = [measured(first, -first) for first in (100, 200, 300, 400, 500)]
    await stores.times.add([*rows, measured(250, epoch=2)])

    async def firsts(first: int, end: int) -> list[int]:
        return [row.first_index for row in await stores.times.between(("s-1", 1), first, end)]

    assert await stores.times.between(("s-1", 1), 0, 1000) == rows
    assert await firsts(250, 310) == [200, 300, 400]
    assert await firsts(200, 300) == [200, 300]
    assert await firsts(0, 50) == [100]
    assert await firsts(600, 700) == [500]
    assert await stores.times.between(("s-1", 9), 0, 50) == []


async def test_a_time_that_is_known_stays_as_it_is(stores: Stores) -> None:
    await stores.times.add([measured(100, 1)])
    await stores.times.add([measured(100, 2), measured(200, 3)])
    found = await stores.times.between(("s-1", 1), 0, 1000)
    assert [row.offset_us for row in found] == [1, 3]


async def test_old_times_go(stores: Stores) -> None:
    await stores.times.add([measured(first) for first in (100, 200, 300)])
    now = SystemClock().now()
    assert await stores.times.expire(now - timedelta(hours=1), 10) == 0
    assert await stores.times.expire(now + timedelta(hours=1), 2) == 2
    assert len(await stores.times.between(("s-1", 1), 0, 1000)) == 1
