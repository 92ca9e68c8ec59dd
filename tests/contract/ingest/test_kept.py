"""Retention of sensors, and ranges that are kept beyond it."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from kurto_ingest.assets.model import Channel, Sensor, SensorConfig
from kurto_ingest.assets.retention import (
    BUFFER_CLASS,
    DEFAULT_CLASS,
    FOREVER_CLASS,
    MAX_TIME_CLASSES,
    AroundAlarms,
    ClassKind,
    KeepAll,
    KeepFor,
    RetentionPolicy,
    Snapshots,
)
from kurto_ingest.exceptions import UnknownSensor
from kurto_ingest.keeping.keep_store import KeptQuery
from kurto_ingest.keeping.kept import (
    CopyPace,
    KeepReason,
    KeepRequest,
    KeptRange,
    noted_range,
    take_snapshots,
)
from kurto_ingest.ports import NewStream, StreamCommit, StreamRecord
from kurto_ingest.space.exceptions import KeepIdTaken, TooManyRetentionTimes
from kurto_ingest.stores import Stores
from kurto_ingest.streams.blocks import Block
from kurto_ingest.streams.encoding import Encoding
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.timing import microseconds

RATE = 1000.0
CONFIG = SensorConfig(version=0, sample_rate_hz=RATE, channels=(Channel(name="x", unit="g"),))
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
ANCHOR = NOW - timedelta(seconds=600)
PACE = CopyPace(batch_bytes=4000)  # ten blocks of 100 samples
SNAPSHOTS = Snapshots(interval_s=60, length_s=5, keep_for_s=86400)


async def create(
    stores: Stores, sensor_id: str = "s-1", retention: RetentionPolicy | None = None
) -> Sensor:
    return await stores.sensors.create_sensor(
        Sensor(sensor_id=sensor_id, config=CONFIG, retention=retention)
    )


async def begin(stores: Stores, sensor: Sensor, *, anchor: datetime = ANCHOR) -> StreamRecord:
    record = await stores.streams.begin(
        NewStream(
            sensor=sensor,
            boot_id=str(uuid4()),
            encoding=Encoding.F32LE,
            scales=(),
            anchor_us=microseconds(anchor),
            clock_offset_us=None,
        )
    )
    assert record is not None
    return record


async def store(
    stores: Stores, record: StreamRecord, sensor: Sensor, first: int, end: int
) -> StreamRecord:
    """Commit samples `first` <= i < `end` in blocks of 100."""
    after = record.position.copy()
    after.max_missing_ranges = sys.maxsize
    blocks = [
        Block(at, 100, bytes([at // 100 % 256]) * 400, 0, None) for at in range(first, end, 100)
    ]
    for block in blocks:
        after.offer(block.first, block.count)
    commit = StreamCommit(
        format=record.format,
        fence=record.fence,
        before_index=record.position.next_index,
        after=after,
        blocks=blocks,
        late_windows=RangeSet(),
        retention=sensor.retention_class,
    )
    assert await stores.samples.commit([commit], uuid4()) == {record.key}
    found = await stores.streams.find(*record.key)
    assert found is not None
    return found


def asked(
    keep_id: str = "k-1", first_s: float = 10, end_s: float = 12, **changes: object
) -> KeptRange:
    request = KeepRequest(
        sensor_id="s-1",
        keep_id=keep_id,
        start=ANCHOR + timedelta(seconds=first_s),
        end=ANCHOR + timedelta(seconds=end_s),
        reason=KeepReason.REQUEST,
    )
    return noted_range(replace(request, **changes), None, NOW)  # type: ignore[arg-type]


async def copy_all(stores: Stores, key: tuple[str, str], now: datetime = NOW) -> int:
    """Copy until there is no more; returns the number of transactions."""
    count = 1
    while await stores.keeps.copy(key, now, PACE):
        count += 1
    return count


async def get(stores: Stores, keep_id: str = "k-1") -> KeptRange:
    found = await stores.keeps.find(KeptQuery(sensor_id="s-1"))
    return next(item for item in found if item.request.keep_id == keep_id)


@pytest.mark.parametrize(
    ("policy", "number", "span_h"),
    [
        (None, DEFAULT_CLASS.number, 1),
        (KeepAll(), FOREVER_CLASS.number, 24),
        (KeepFor(48), 10, 1),
        (KeepFor(24 * 90), 10, 24),
        (SNAPSHOTS, BUFFER_CLASS.number, 1),
        (Snapshots(interval_s=600, length_s=1), BUFFER_CLASS.number, 1),
        (AroundAlarms(before_s=30, after_s=0, keep_for_s=None), BUFFER_CLASS.number, 1),
    ],
)
async def test_policy_comes_back_with_its_class(
    stores: Stores, policy: RetentionPolicy | None, number: int, span_h: int
) -> None:
    made = await create(stores, retention=policy)
    assert made.retention == policy
    assert (made.retention_class.number, made.retention_class.span_h) == (number, span_h)
    for found in (
        await stores.sensors.get_sensor("s-1"),
        (await stores.sensors.list_sensors("", 9, machine_id="", include_archived=False))[0],
        (await stores.sensors.changes(0, 9))[0],
    ):
        assert (found.retention, found.retention_class) == (policy, made.retention_class)


async def test_changed_policy_is_no_new_configuration_but_a_change(stores: Stores) -> None:
    made = await create(stores)
    changed = await stores.sensors.update_sensor(replace(made, retention=KeepFor(5)))
    assert changed.config.version == 1
    assert changed.revision > made.revision
    assert changed.retention_class.kind is ClassKind.TIME
    back = await stores.sensors.update_sensor(replace(changed, retention=None))
    assert (back.retention, back.retention_class) == (None, DEFAULT_CLASS)


async def test_different_times_are_bounded_and_the_error_names_them(stores: Stores) -> None:
    for hours in range(1, MAX_TIME_CLASSES + 1):
        await create(stores, f"s-{hours}", KeepFor(hours))
    same = await create(stores, "again", KeepFor(7))
    assert same.retention_class == (await stores.sensors.get_sensor("s-7")).retention_class
    with pytest.raises(TooManyRetentionTimes, match=r"instead of 99 hours: 1, 2, 3, .*, 32\."):
        await create(stores, "one-more", KeepFor(99))
    await create(stores, "one-more")
    # A time that no sensor has any more, and no sample, gives its place to another.
    free = await stores.sensors.get_sensor("s-3")
    await stores.sensors.update_sensor(replace(free, retention=KeepFor(9)))
    made = await create(stores, "at-last", KeepFor(400))
    assert made.retention_class.number == free.retention_class.number
    assert made.retention_class.span_h == 24
    with pytest.raises(TooManyRetentionTimes):
        await create(stores, "again-one-more", KeepFor(3))


async def test_blocks_are_read_from_whatever_class_they_lie_in(stores: Stores) -> None:
    sensor = await create(stores)
    record = await begin(stores, sensor)
    policies = [None, KeepAll(), KeepFor(3), SNAPSHOTS]
    for number, policy in enumerate(policies):
        sensor = await stores.sensors.update_sensor(replace(sensor, retention=policy))
        record = await store(stores, record, sensor, number * 1000, number * 1000 + 1000)
    rows = await stores.samples.read(record.format, 0, 4000)
    assert [row.first for row in rows] == list(range(0, 4000, 100))


async def test_ancient_and_sparse_samples_are_taken(stores: Stores) -> None:
    sensor = await create(stores, retention=KeepFor(1))
    for year in (1, 1931, 1999, 2004, 2020):
        record = await begin(stores, sensor, anchor=datetime(year, 3, 1, tzinfo=UTC))
        record = await store(stores, record, sensor, 0, 300)
        assert len(await stores.samples.read(record.format, 0, 300)) == 3


async def test_same_request_twice_is_one_range_and_another_is_refused(stores: Stores) -> None:
    await create(stores)
    first = await stores.keeps.note(asked())
    assert first.number > 0
    assert first.create_time is not None
    assert not first.complete
    again = await stores.keeps.note(asked())
    assert again == first
    for change in ({"note": "other"}, {"keep_for_s": 60.0}, {"reason": KeepReason.ALARM}):
        with pytest.raises(KeepIdTaken):
            await stores.keeps.note(asked(**change))
    with pytest.raises(KeepIdTaken):
        await stores.keeps.note(asked(end_s=13))
    with pytest.raises(UnknownSensor):
        await stores.keeps.note(asked(sensor_id="nobody"))


async def test_alarms_are_widened_by_the_policy(stores: Stores) -> None:
    policy = AroundAlarms(before_s=30, after_s=10, keep_for_s=3600)
    await create(stores, retention=policy)
    request = asked(reason=KeepReason.ALARM).request
    noted = await stores.keeps.note(noted_range(request, policy, NOW))
    assert noted.start == request.start - timedelta(seconds=30)
    assert noted.end == request.end + timedelta(seconds=10)
    assert noted.expire_time == NOW + timedelta(seconds=3600)
    assert await stores.keeps.note(noted_range(request, None, NOW)) == noted


async def test_ranges_are_found_by_sensor_and_time_newest_first(stores: Stores) -> None:
    await create(stores)
    await create(stores, "s-2")
    for number in range(5):
        await stores.keeps.note(asked(f"k-{number}", number * 10, number * 10 + 5))
    await stores.keeps.note(asked("other", sensor_id="s-2"))
    find = stores.keeps.find

    def ids(found: list[KeptRange]) -> list[str]:
        return [item.request.keep_id for item in found]

    assert ids(await find(KeptQuery())) == ["other", "k-4", "k-3", "k-2", "k-1", "k-0"]
    page = await find(KeptQuery(sensor_id="s-1", limit=2))
    assert ids(page) == ["k-4", "k-3"]
    rest = await find(KeptQuery(sensor_id="s-1", below=page[-1].number))
    assert ids(rest) == ["k-2", "k-1", "k-0"]
    touching = KeptQuery(
        sensor_id="s-1",
        start=ANCHOR + timedelta(seconds=15),
        end=ANCHOR + timedelta(seconds=30),
    )
    assert ids(await find(touching)) == ["k-2"]


async def test_whole_blocks_are_copied_once_in_bounded_transactions(stores: Stores) -> None:
    sensor = await create(stores)
    record = await store(stores, await begin(stores, sensor), sensor, 0, 60_000)
    before = await stores.samples.read(record.format, 0, 60_000)
    await stores.keeps.note(asked("k-1", 10.05, 12.05))
    soon = datetime.now(UTC) + timedelta(seconds=120)
    assert await stores.keeps.due(soon, 9) == [("s-1", "k-1")]
    assert await copy_all(stores, ("s-1", "k-1")) == 3  # ten, ten and one block
    kept = await get(stores)
    assert (kept.sample_count, kept.complete) == (2100, True)
    assert await stores.keeps.due(NOW + timedelta(days=9), 9) == []
    assert not await stores.keeps.copy(("s-1", "k-1"), NOW, PACE)
    assert await stores.samples.read(record.format, 0, 60_000) == before


async def test_future_end_and_late_refills_are_waited_for(stores: Stores) -> None:
    sensor = await create(stores)
    record = await store(stores, await begin(stores, sensor), sensor, 0, 10_500)
    await stores.keeps.note(asked())
    soon, later = NOW + timedelta(seconds=1), NOW + timedelta(seconds=2)
    await copy_all(stores, ("s-1", "k-1"), soon)
    kept = await get(stores)
    assert (kept.sample_count, kept.complete) == (500, False)  # no sample has passed the end
    record = await store(stores, record, sensor, 11_000, 13_000)
    await copy_all(stores, ("s-1", "k-1"), later)
    kept = await get(stores)
    assert (kept.sample_count, kept.complete) == (1500, False)  # some are missing
    assert await stores.keeps.due(later, 9) == []
    await store(stores, record, sensor, 10_500, 11_000)
    due = later + timedelta(minutes=5)
    assert await stores.keeps.due(due, 9) == [("s-1", "k-1")]
    await copy_all(stores, ("s-1", "k-1"), due)
    kept = await get(stores)
    assert (kept.sample_count, kept.complete) == (2000, True)


async def test_patience_ends(stores: Stores) -> None:
    await create(stores)
    await stores.keeps.note(asked())
    await copy_all(stores, ("s-1", "k-1"))
    assert not (await get(stores)).complete
    await copy_all(stores, ("s-1", "k-1"), NOW + timedelta(days=2))
    kept = await get(stores)
    assert (kept.sample_count, kept.complete) == (0, True)


async def test_expiry_spares_what_another_range_keeps(stores: Stores) -> None:
    sensor = await create(stores)
    await store(stores, await begin(stores, sensor), sensor, 0, 60_000)
    await stores.keeps.note(asked("short", 10, 20, keep_for_s=60.0))
    await stores.keeps.note(asked("long", 15, 25))
    for keep_id in ("short", "long"):
        await copy_all(stores, ("s-1", keep_id))
    later = NOW + timedelta(seconds=61)
    assert await stores.keeps.expired(NOW, 9) == []
    assert await stores.keeps.expired(later, 9) == [("s-1", "short")]
    assert not await stores.keeps.forget(("s-1", "short"), NOW, 20)
    rounds = 1
    while await stores.keeps.forget(("s-1", "short"), later, 20):
        rounds += 1
    assert rounds == 3  # twenty, twenty, ten of a hundred blocks
    assert [item.request.keep_id for item in await stores.keeps.find(KeptQuery())] == ["long"]
    await stores.keeps.note(asked("check", 10, 25))
    assert (await get(stores, "long")).sample_count == 10_000


async def test_snapshots_follow_the_samples(stores: Stores) -> None:
    sensor = await create(stores, retention=SNAPSHOTS)
    assert await stores.keeps.snapshot_progress() == []
    record = await store(stores, await begin(stores, sensor), sensor, 0, 200_000)
    (progress,) = await stores.keeps.snapshot_progress()
    assert (progress.anchor, progress.taken) == (ANCHOR, None)
    assert progress.durable == ANCHOR + timedelta(seconds=200)
    ranges, after = take_snapshots(progress, 99)
    assert len(ranges) == 4
    await stores.keeps.note_snapshots(ranges, [after])
    assert await stores.keeps.snapshot_progress() == []
    for item in ranges:
        assert item.start.timestamp() % 60 == 0
        await copy_all(stores, item.key)
    found = await stores.keeps.find(KeptQuery())
    assert [item.sample_count for item in found[1:]] == [5000] * (len(ranges) - 1)
    await store(stores, record, sensor, 200_000, 300_000)
    (progress,) = await stores.keeps.snapshot_progress()
    assert progress.taken == after.taken
    await stores.sensors.update_sensor(replace(sensor, retention=None))
    assert await stores.keeps.snapshot_progress() == []


async def test_snapshot_without_samples_is_forgotten(stores: Stores) -> None:
    sensor = await create(stores, retention=SNAPSHOTS)
    record = await begin(stores, sensor)
    await store(stores, record, sensor, 100_000, 100_100)
    (progress,) = await stores.keeps.snapshot_progress()
    ranges, after = take_snapshots(progress, 99)
    await stores.keeps.note_snapshots(ranges, [after])
    for item in ranges:
        await copy_all(stores, item.key, NOW + timedelta(days=2))
    assert await stores.keeps.find(KeptQuery()) == []


async def test_snapshot_of_which_an_older_epoch_has_a_part_is_looked_at_again(
    stores: Stores,
) -> None:
    sensor = await create(stores, retention=SNAPSHOTS)
    old, new = await begin(stores, sensor), await begin(stores, sensor)
    await store(stores, new, sensor, 60_000, 200_000)
    (progress,) = await stores.keeps.snapshot_progress()
    ranges, after = take_snapshots(progress, 99)
    # Two epochs may have the same snapshot, at the same time, too.
    await stores.keeps.note_snapshots([*ranges, *ranges], [after])
    later = NOW + timedelta(days=2)
    for item in ranges:
        await copy_all(stores, item.key, later)
    before = {item.request.keep_id: item for item in await stores.keeps.find(KeptQuery())}
    await store(stores, old, sensor, 0, 200_000)
    (progress,) = await stores.keeps.snapshot_progress()
    assert progress.epoch == 1
    again, after = take_snapshots(progress, 99)
    await stores.keeps.note_snapshots(again, [after])
    for key in await stores.keeps.due(later + timedelta(days=1), 99):
        await copy_all(stores, key, later)
    found = await stores.keeps.find(KeptQuery())
    assert len(found) == len(again)
    for item in found:
        earlier = before.get(item.request.keep_id)
        assert item.sample_count > (0 if earlier is None else earlier.sample_count)
