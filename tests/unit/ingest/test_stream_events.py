"""Which events are recorded, how they are summed up, and what happens while nobody takes them."""

from datetime import timedelta

import pytest

from kurto_ingest.exceptions import InvalidCursor, InvalidField
from kurto_ingest.fakes.records import FakeEventStore, FakeSampleTimeStore
from kurto_ingest.fakes.stores import fake_stores
from kurto_ingest.records.event_log import EventLog
from kurto_ingest.records.event_messages import event_query
from kurto_ingest.records.recorder import RecordPace, Records
from kurto_ingest.records.sample_times import SampleTime
from kurto_ingest.records.stream_events import EventKind
from kurto_service.testing import FakeClock

from kurto.ingest.v1 import stream_control_service_pb2 as pb  # isort: skip


def event_log(store: FakeEventStore, clock: FakeClock, dropped: list[int]) -> EventLog:
    """Return a small log."""
    return EventLog(store, clock, max_queued=3, interval_s=10, dropped=dropped.append)


async def test_the_first_event_is_recorded_and_what_follows_is_summed_up() -> None:
    store, clock = FakeEventStore(), FakeClock()
    log = event_log(store, clock, [])
    for number in range(5):
        log.note(EventKind.GAP, sensor_id="a", epoch=1, first_index=100 * number,
                 end_index=100 * number + 10, message=f"gap {number}")  # fmt: skip
    log.note(EventKind.GAP, sensor_id="b", epoch=1, first_index=7)
    assert await log.write() == 2
    await clock.advance(9)
    assert await log.write() == 0
    await clock.advance(2)
    assert await log.write() == 1
    first, other, summed = store.events
    assert (first.message, first.first_index, first.end_index) == ("gap 0", 0, 10)
    assert (other.sensor_id, other.first_index, other.end_index) == ("b", 7, 7)
    assert (summed.first_index, summed.end_index) == (100, 410)
    assert summed.message == "4 times, last: gap 4"
    await clock.advance(30)
    assert await log.write() == 0
    log.note(EventKind.GAP, sensor_id="a", epoch=1)
    assert await log.write() == 1


async def test_a_store_that_is_away_loses_nothing_that_fits_and_what_does_not_is_counted() -> None:
    store, clock, dropped = FakeEventStore(), FakeClock(), list[int]()
    log = event_log(store, clock, dropped)
    store.failures = [ConnectionError("away"), ConnectionError("away")]
    for sensor in "abcde":
        log.note(EventKind.EPOCH_BEGAN, sensor_id=sensor, epoch=1)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await log.write()
    assert sum(dropped) == 2
    assert await log.write() == 3
    assert [event.sensor_id for event in store.events] == ["a", "b", "c"]


async def test_records_are_written_kept_for_their_time_and_written_at_the_end() -> None:
    clock = FakeClock()
    events, times = FakeEventStore(), FakeSampleTimeStore(clock)
    pace = RecordPace(
        write_interval_s=1,
        summary_interval_s=10,
        max_queued=100,
        event_retention_s=86400,
        time_retention_s=2 * 86400,
        value_retention_s=3 * 86400,
    )
    records = Records(
        event_store=events,
        time_store=times,
        value_store=fake_stores(clock).values,
        clock=clock,
        pace=pace,
        dropped=lambda count: None,
    )
    records.events.note(EventKind.EPOCH_BEGAN, sensor_id="a", epoch=1)
    records.times.push(
        SampleTime(
            sensor_id="a", epoch=1, first_index=0, device_us=0, offset_us=0, rate_error_ppm=0.0
        )
    )
    await records.keeper.finish()
    assert (len(events.events), len(times.rows)) == (1, 1)
    await clock.advance(timedelta(days=1, seconds=1).total_seconds())
    assert await records.keeper.expire()
    assert (len(events.events), len(times.rows)) == (0, 1)
    await clock.advance(timedelta(days=1, seconds=1).total_seconds())
    assert await records.keeper.expire()
    assert len(times.rows) == 0
    # Also what is still being summed up is written when the process ends.
    for _ in range(3):
        records.events.note(EventKind.GAP, sensor_id="a", epoch=1)
    await records.keeper.finish()
    assert [event.message for event in events.events] == ["", "2 times, last: "]


def test_requests_for_events_are_checked() -> None:
    query = event_query(
        pb.ListStreamEventsRequest(
            sensor_id="a", kinds=["STREAM_EVENT_KIND_GAP", "STREAM_EVENT_KIND_CLOCK_STEP"]
        )
    )
    assert (query.sensor_id, set(query.kinds), query.limit) == ("a", {3, 5}, 100)
    assert query.before_id is None
    for wrong in (
        pb.ListStreamEventsRequest(sensor_id="no sensor"),
        pb.ListStreamEventsRequest(page_size=1001),
    ):
        with pytest.raises(InvalidField):
            event_query(wrong)
    unknown = pb.ListStreamEventsRequest.FromString(b"\x22\x01\x63")  # kinds: 99
    with pytest.raises(InvalidField):
        event_query(unknown)
    with pytest.raises(InvalidCursor):
        event_query(pb.ListStreamEventsRequest(page_token="MTphYmM="))
