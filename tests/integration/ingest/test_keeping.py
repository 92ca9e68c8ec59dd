"""Retention policies and kept ranges, over real calls on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from kurto.assets.v1 import asset_service_pb2 as assets
from kurto.assets.v1 import assets_pb2
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_ingest.settings import IngestSettings
from kurto_ingest.testing import RunningIngest, Sender
from kurto_service.errors import error_info


def seconds(value: float) -> Duration:
    message = Duration()
    message.FromNanoseconds(round(value * 1e9))
    return message


def moment(value: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(value)
    return message


def policy(**kind: Any) -> assets_pb2.RetentionPolicy:
    return assets_pb2.RetentionPolicy(**kind)


def sensor(retention: assets_pb2.RetentionPolicy, sensor_id: str = "s-1") -> assets_pb2.Sensor:
    config = assets_pb2.SensorConfig(
        sample_rate_hz=1000, channels=[assets_pb2.Channel(name="x", unit="g")]
    )
    return assets_pb2.Sensor(sensor_id=sensor_id, config=config, retention=retention)


async def refused(call: Any, code: grpc.StatusCode, reason: str, field: str | None = None) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    info = error_info(caught.value)
    assert info is not None
    assert (caught.value.code(), info.reason) == (code, reason), caught.value.details()
    if field is not None:
        assert info.metadata["field"] == field


@pytest.fixture
async def database(settings: IngestSettings) -> AsyncIterator[Any]:
    """A connection for looking at rows."""
    connection = await asyncpg.connect(settings.postgres_dsn)
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    "given",
    [
        {"all": assets_pb2.KeepAll()},
        {"time": {"duration": seconds(7200)}},
        {"snapshots": {"interval": seconds(600), "length": seconds(2.5)}},
        {"snapshots": {"interval": seconds(60), "length": seconds(30), "keep_for": seconds(3600)}},
        {"around_alarms": {"before": seconds(30), "after": seconds(0)}},
        {"around_alarms": {"before": seconds(0), "after": seconds(1), "keep_for": seconds(1e7)}},
    ],
)
async def test_policies_are_given_back_and_can_be_changed(
    running: RunningIngest, given: dict[str, Any]
) -> None:
    wanted = sensor(policy(**given))
    stub = running.assets
    made = (await stub.CreateSensor(assets.CreateSensorRequest(sensor=wanted))).sensor
    assert made.retention == wanted.retention
    made.ClearField("retention")
    changed = (await stub.UpdateSensor(assets.UpdateSensorRequest(sensor=made))).sensor
    assert not changed.HasField("retention")
    changed.retention.CopyFrom(wanted.retention)
    await stub.UpdateSensor(assets.UpdateSensorRequest(sensor=changed))
    got = (await stub.GetSensor(assets.GetSensorRequest(sensor_id="s-1"))).sensor
    assert got.retention == wanted.retention
    assert got.config.version == 1


async def test_hours_are_rounded_up(running: RunningIngest) -> None:
    wanted = sensor(policy(time={"duration": seconds(3601)}))
    made = await running.assets.CreateSensor(assets.CreateSensorRequest(sensor=wanted))
    assert made.sensor.retention.time.duration.seconds == 7200


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"time": {}}, "time.duration"),
        ({"time": {"duration": seconds(3599)}}, "time.duration"),
        ({"time": {"duration": seconds(-3600)}}, "time.duration"),
        ({"time": {"duration": seconds(11 * 366 * 86400)}}, "time.duration"),
        ({"snapshots": {"interval": seconds(59), "length": seconds(1)}}, "snapshots.interval"),
        ({"snapshots": {"interval": seconds(60), "length": seconds(31)}}, "snapshots.length"),
        ({"snapshots": {"interval": seconds(60), "length": seconds(0.5)}}, "snapshots.length"),
        (
            {"snapshots": {"interval": seconds(60), "length": seconds(1), "keep_for": seconds(1)}},
            "snapshots.keep_for",
        ),
        ({"around_alarms": {}}, "around_alarms"),
        ({"around_alarms": {"before": seconds(1801)}}, "around_alarms.before"),
        ({"around_alarms": {"after": seconds(601)}}, "around_alarms.after"),
        ({"around_alarms": {"after": seconds(-1)}}, "around_alarms.after"),
    ],
)
async def test_bad_policies(running: RunningIngest, given: dict[str, Any], field: str) -> None:
    wanted = sensor(policy(**given))
    for call in (
        running.assets.CreateSensor(assets.CreateSensorRequest(sensor=wanted)),
        running.assets.UpdateSensor(assets.UpdateSensorRequest(sensor=wanted)),
    ):
        await refused(
            call, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", f"sensor.retention.{field}"
        )


async def test_changed_policy_takes_effect_on_a_stream_that_runs(
    running: RunningIngest, sender: Sender, database: Any
) -> None:
    await sender.push(sender.batch(0, 500))
    got = await running.assets.GetSensor(assets.GetSensorRequest(sensor_id=sender.sensor_id))
    got.sensor.retention.CopyFrom(policy(all=assets_pb2.KeepAll()))
    await running.assets.UpdateSensor(assets.UpdateSensorRequest(sensor=got.sensor))
    async with asyncio.timeout(60):
        end = 500
        while await database.fetchval("SELECT max(retention_class) FROM ingest.sensor_data") != 2:
            await sender.push(sender.batch(end, 100))
            end += 100


def keep_request(start: datetime, end: datetime, **changes: Any) -> pb.KeepSamplesRequest:
    fields: dict[str, Any] = {
        "keep_id": "k-1",
        "sensor_id": "pump-7",
        "time_range": pb.TimeRange(start_time=moment(start), end_time=moment(end)),
        "reason": pb.KEEP_REASON_REQUEST,
    }
    return pb.KeepSamplesRequest(**{**fields, **changes})


async def until_kept(stub: Any, count: int, *, complete: bool) -> pb.KeptSamples:
    async with asyncio.timeout(60):
        while True:
            listed = await stub.ListKeptSamples(pb.ListKeptSamplesRequest(sensor_id="pump-7"))
            kept: pb.KeptSamples = listed.kept[0]
            if kept.sample_count >= count and kept.complete == complete:
                return kept
            await asyncio.sleep(0.05)


async def test_range_is_kept_when_its_raw_blocks_are_gone(
    running: RunningIngest, sender: Sender, database: Any
) -> None:
    start = datetime.now(UTC) - timedelta(seconds=60)
    sender.boot_id = "recording"
    await sender.open(start_time=moment(start), takeover=True)
    await sender.push(*[sender.batch(at, 1000) for at in range(0, 20_000, 1000)])
    request = keep_request(start + timedelta(seconds=5), start + timedelta(seconds=8), note="why")
    kept = (await sender.stub.KeepSamples(request)).kept
    assert (kept.note, kept.complete, kept.HasField("expire_time")) == ("why", False, False)
    assert (await sender.stub.KeepSamples(request)).kept.create_time == kept.create_time
    done = await until_kept(sender.stub, 3000, complete=True)
    assert done.sample_count == 3000
    for name in await database.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = 'ingest.sensor_data_1'::regclass"
    ):
        await database.execute(f"DROP TABLE {name['name']}")
    record = await running.ingest.follower._store.get_sensor("pump-7")
    assert record.sensor_id == "pump-7"
    rows = await database.fetch(
        "SELECT first_index, sample_count, samples FROM ingest.sensor_data ORDER BY first_index"
    )
    assert [row["first_index"] for row in rows] == list(range(5000, 8000, 100))
    for row in rows:
        expected = sender.samples(row["first_index"], row["sample_count"])
        assert row["samples"] == expected.tobytes()


async def test_alarm_of_a_sensor_with_such_a_policy_is_widened(
    running: RunningIngest, sender: Sender
) -> None:
    got = await running.assets.GetSensor(assets.GetSensorRequest(sensor_id=sender.sensor_id))
    around = {"before": seconds(30), "after": seconds(10), "keep_for": seconds(7200)}
    got.sensor.retention.CopyFrom(policy(around_alarms=around))
    await running.assets.UpdateSensor(assets.UpdateSensorRequest(sensor=got.sensor))
    at = datetime.now(UTC)
    request = keep_request(at, at + timedelta(seconds=1), reason=pb.KEEP_REASON_ALARM)
    kept = (await sender.stub.KeepSamples(request)).kept
    assert kept.time_range.start_time == moment(at - timedelta(seconds=30))
    assert kept.time_range.end_time == moment(at + timedelta(seconds=11))
    lasts = kept.expire_time.ToDatetime() - kept.create_time.ToDatetime()
    assert 7100 < lasts.total_seconds() < 7300


async def test_bad_requests(sender: Sender) -> None:
    now = datetime.now(UTC)
    good = (now - timedelta(seconds=9), now)
    keep, invalid = sender.stub.KeepSamples, grpc.StatusCode.INVALID_ARGUMENT
    for request, field in (
        (keep_request(*good, keep_id=""), "keep_id"),
        (keep_request(*good, keep_id="a b"), "keep_id"),
        (keep_request(*good, note="x" * 501), "note"),
        (keep_request(*good, reason=pb.KEEP_REASON_SNAPSHOT), "reason"),
        (keep_request(*good, keep_for=seconds(0)), "keep_for"),
        (keep_request(*good, time_range=pb.TimeRange()), "time_range"),
        (keep_request(now, now), "time_range.end_time"),
        (keep_request(now, now - timedelta(seconds=1)), "time_range.end_time"),
        (keep_request(now - timedelta(hours=1.01), now), "time_range.end_time"),
        (keep_request(now, now + timedelta(minutes=10.1)), "time_range.end_time"),
    ):
        await refused(keep(request), invalid, "INVALID_FIELD", field)
    unknown = keep_request(*good, sensor_id="nobody")
    await refused(keep(unknown), grpc.StatusCode.NOT_FOUND, "UNKNOWN_SENSOR")
    await keep(keep_request(*good))
    other = keep_request(*good, note="other")
    await refused(keep(other), grpc.StatusCode.ALREADY_EXISTS, "KEEP_ID_TAKEN")
    listing = sender.stub.ListKeptSamples
    for token in ("%%", "MTotNQ==", "MTo=x"):
        asked = pb.ListKeptSamplesRequest(page_token=token)
        await refused(listing(asked), invalid, "INVALID_CURSOR")


async def test_pages_newest_first(sender: Sender) -> None:
    now = datetime.now(UTC)
    for number in range(5):
        start = now - timedelta(seconds=100 - number)
        await sender.stub.KeepSamples(keep_request(start, now, keep_id=f"k-{number}"))
    found: list[str] = []
    token = ""
    while True:
        request = pb.ListKeptSamplesRequest(page_size=2, page_token=token)
        page = await sender.stub.ListKeptSamples(request)
        found += [item.keep_id for item in page.kept]
        token = page.next_page_token
        if not token:
            break
    assert found == ["k-4", "k-3", "k-2", "k-1", "k-0"]
    late = pb.TimeRange(end_time=moment(now - timedelta(seconds=98.5)))
    touching = await sender.stub.ListKeptSamples(pb.ListKeptSamplesRequest(time_range=late))
    assert [item.keep_id for item in touching.kept] == ["k-1", "k-0"]


async def test_snapshots_are_taken_by_themselves(running: RunningIngest, sender: Sender) -> None:
    got = await running.assets.GetSensor(assets.GetSensorRequest(sensor_id=sender.sensor_id))
    taken = {"interval": seconds(60), "length": seconds(2)}
    got.sensor.retention.CopyFrom(policy(snapshots=taken))
    await running.assets.UpdateSensor(assets.UpdateSensorRequest(sensor=got.sensor))
    start = datetime.now(UTC).replace(second=50, microsecond=0) - timedelta(minutes=10)
    sender.boot_id = "recording"
    await sender.open(start_time=moment(start), takeover=True)
    await sender.push(*[sender.batch(at, 5000) for at in range(0, 200_000, 5000)])
    async with asyncio.timeout(60):
        while True:
            listed = await sender.stub.ListKeptSamples(pb.ListKeptSamplesRequest())
            if len(listed.kept) == 4 and all(item.complete for item in listed.kept):
                break
            await asyncio.sleep(0.1)
    for item in listed.kept:
        assert item.reason == pb.KEEP_REASON_SNAPSHOT
        assert item.time_range.start_time.seconds % 60 == 0
        assert item.sample_count == 2000
