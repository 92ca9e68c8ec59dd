"""Process values over real calls and PostgreSQL: durable, once, and the load with each hop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import grpc
import pytest

from kurto.analyzer.v1.analyzer_service_pb2_grpc import add_AnalyzerServiceServicer_to_server
from kurto.assets.v1 import asset_service_pb2, assets_pb2
from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.signal.v1 import process_values_pb2 as pb
from kurto_ingest.fakes.analyzer import FakeAnalyzer
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.testing import RunningIngest, Sender, run_ingest
from kurto_service.testing import serve

LOAD = assets_pb2.ProcessValueDefinition(
    name="load", unit="%", role="PROCESS_VALUE_ROLE_LOAD", bin_width=10.0
)
LOAD.valid_for.FromSeconds(2)
HEAT = assets_pb2.ProcessValueDefinition(name="heat", unit="degC")


def value(name: str, index: int, number: float, **changes: Any) -> pb.ProcessValue:
    return pb.ProcessValue(name=name, sample_index=index, value=number, **changes)


async def opened(running: RunningIngest, sensor_id: str = "pump-7") -> Sender:
    sender = Sender(running.stub, running.assets, sensor_id)
    await sender.create(process_values=[LOAD, HEAT])
    await sender.open()
    return sender


async def listed(
    running: RunningIngest, sensor_id: str = "pump-7", **fields: Any
) -> list[tuple[str, int, float]]:
    request = control_pb.ListProcessValuesRequest(sensor_id=sensor_id, **fields)
    response = await running.control.ListProcessValues(request)
    return [(one.name, one.sample_index, one.value) for one in response.values]


async def until_hops(analyzer: FakeAnalyzer, key: tuple[str, int], count: int) -> None:
    async with asyncio.timeout(60):
        while analyzer.next_hop(key) < count:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def ingest_with(
    stores: Stores, settings: IngestSettings, analyzer: FakeAnalyzer
) -> AsyncIterator[RunningIngest]:
    async with (
        serve(add_AnalyzerServiceServicer_to_server, analyzer) as channel,
        run_ingest(stores, channel, settings) as running,
    ):
        yield running


async def test_acknowledged_values_can_be_read_back(running: RunningIngest) -> None:
    sender = await opened(running)
    response = await sender.push(
        sender.batch(0, 100, process_values=[value("load", 40, 71.5), value("heat", 99, -3.0)]),
        sender.batch(100, 100, process_values=[value("load", 100, 72.0, quality=3)]),
    )
    assert response.results[0].next_index == 200
    stored = await running.control.ListProcessValues(
        control_pb.ListProcessValuesRequest(sensor_id="pump-7")
    )
    assert [(one.name, one.value, one.unit) for one in stored.values] == [
        ("heat", -3.0, "degC"),
        ("load", 71.5, "%"),
        ("load", 72.0, "%"),
    ]
    last = stored.values[-1]
    assert (last.epoch, last.sample_index) == (1, 100)
    assert last.quality == pb.PROCESS_VALUE_QUALITY_BAD
    anchor = sender.opened.anchor_time.ToDatetime()
    assert last.value_time.ToDatetime() - anchor == timedelta(milliseconds=100)


async def test_trend_is_read_by_pages_and_time(running: RunningIngest) -> None:
    sender = await opened(running)
    await sender.push(
        *[
            sender.batch(at, 100, process_values=[value("load", at, float(at))])
            for at in range(0, 1000, 100)
        ]
    )
    found: list[int] = []
    token = ""
    while True:
        request = control_pb.ListProcessValuesRequest(
            sensor_id="pump-7", names=["load"], page_size=3, page_token=token
        )
        page = await running.control.ListProcessValues(request)
        found += [one.sample_index for one in page.values]
        token = page.next_page_token
        if not token:
            break
    assert found == list(range(0, 1000, 100))
    start = sender.opened.anchor_time.ToDatetime() + timedelta(milliseconds=300)
    window = control_pb.ListProcessValuesRequest(sensor_id="pump-7")
    window.start_time.FromDatetime(start)
    window.end_time.FromDatetime(start + timedelta(milliseconds=200))
    inside = await running.control.ListProcessValues(window)
    assert [one.sample_index for one in inside.values] == [300, 400]
    with pytest.raises(grpc.aio.AioRpcError, match="nobody"):
        await listed(running, "nobody")


async def test_values_that_come_again_are_stored_once(running: RunningIngest) -> None:
    sender = await opened(running)
    batches = [
        sender.batch(at, 150, process_values=[value("load", at + 20, 1.0 + at)])
        for at in range(0, 600, 150)
    ]
    await sender.push(*batches, *batches[1:])
    await sender.open()  # after a reconnection all of it comes again, cut in another way
    response = await sender.push(
        batches[0],
        sender.batch(
            100, 500, process_values=[value("load", at + 20, 1.0 + at) for at in (150, 300, 450)]
        ),
        sender.batch(600, 100, process_values=[value("load", 650, 2.0)]),
    )
    assert response.results[0].duplicate_sample_count == 650
    assert await listed(running) == [
        *[("load", at + 20, 1.0 + at) for at in range(0, 600, 150)],
        ("load", 650, 2.0),
    ]


async def test_values_of_a_gap_come_with_its_refill(running: RunningIngest) -> None:
    sender = await opened(running)
    await sender.push(
        sender.batch(0, 100),
        sender.batch(300, 100, process_values=[value("load", 310, 3.0)]),
        sender.batch(100, 300, process_values=[value("load", 150, 1.0), value("load", 310, 9.0)]),
    )
    assert await listed(running) == [("load", 150, 1.0), ("load", 310, 3.0)]


async def test_values_are_as_durable_as_their_samples(
    stores: Stores, settings: IngestSettings
) -> None:
    analyzer = FakeAnalyzer()
    async with ingest_with(stores, settings, analyzer) as running:
        sender = await opened(running)
        response = await sender.push(
            sender.batch(0, 250, process_values=[value("load", 20, 1.0), value("load", 210, 2.0)])
        )
        assert response.results[0].next_index == 250
    async with ingest_with(stores, settings, analyzer) as running:
        again = Sender(running.stub, running.assets)
        assert (await again.open()).next_index == 250
        await again.push(again.batch(200, 100, process_values=[value("load", 210, 2.0)]))
        assert await listed(running) == [("load", 20, 1.0), ("load", 210, 2.0)]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (value("pressure", 0, 1.0), "UpdateSensor"),
        (value("load", 0, 1.0, unit="kW"), "'%'"),
        (value("load", 0, float("nan")), "finite"),
        (value("load", 100, 1.0), "samples 0 to 99"),
    ],
)
async def test_wrong_value_is_refused_with_its_samples(
    running: RunningIngest, wrong: pb.ProcessValue, says: str
) -> None:
    sender = await opened(running)
    with pytest.raises(grpc.aio.AioRpcError, match=says) as caught:
        await sender.push(sender.batch(0, 100, process_values=[wrong]))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    await sender.push(sender.batch(0, 100, process_values=[value("load", 0, 1.0)]))
    assert await listed(running) == [("load", 0, 1.0)]


async def test_declaration_that_cannot_be_is_refused(running: RunningIngest) -> None:
    sender = Sender(running.stub, running.assets)
    without_width = assets_pb2.ProcessValueDefinition(
        name="load", unit="%", role="PROCESS_VALUE_ROLE_LOAD"
    )
    with pytest.raises(grpc.aio.AioRpcError, match="bin_width must be given"):
        await sender.create(process_values=[without_width])
    made = await sender.create(process_values=[LOAD, HEAT])
    assert list(made.config.process_values) == [LOAD, HEAT]


async def test_load_goes_with_each_hop_as_long_as_it_holds(
    running: RunningIngest, analyzer: FakeAnalyzer
) -> None:
    sender = await opened(running)
    given = {150: 40.0, 420: 60.0, 1010: 80.0}
    for at in range(0, 4000, 250):
        values = [value("load", i, v) for i, v in given.items() if at <= i < at + 250]
        await sender.push(sender.batch(at, 250, process_values=values))
    await until_hops(analyzer, ("pump-7", 1), 40)
    expected = dict.fromkeys(range(1, 4), 40.0) | dict.fromkeys(range(4, 10), 60.0)
    expected |= dict.fromkeys(range(10, 30), 80.0)  # 2 s, and no longer
    assert analyzer.loads["pump-7", 1] == expected
    assert analyzer.problems == []


async def test_load_after_a_restart_is_that_of_before(
    stores: Stores, settings: IngestSettings
) -> None:
    """From memory, after a restart, and read from the store: the same hops have the same load."""
    live, replayed = FakeAnalyzer(), FakeAnalyzer()
    async with ingest_with(stores, settings, live) as running:
        sender = await opened(running)
        for at in range(0, 1000, 100):
            values = [value("load", at + 30, float(at))] if at in {200, 700} else []
            await sender.push(sender.batch(at, 100, process_values=values))
        await until_hops(live, ("pump-7", 1), 10)
    async with ingest_with(stores, settings, live) as running:
        again = Sender(running.stub, running.assets)
        await again.open()
        for at in range(1000, 2000, 100):
            values = [value("load", at, 5.0)] if at == 1500 else []
            await again.push(again.batch(at, 100, process_values=values))
        await until_hops(live, ("pump-7", 1), 20)
    expected = dict.fromkeys(range(2, 7), 200.0) | dict.fromkeys(range(7, 15), 700.0)
    expected |= dict.fromkeys(range(15, 20), 5.0)
    assert live.loads["pump-7", 1] == expected
    await forget_analysis(settings)
    async with ingest_with(stores, settings, replayed):
        await until_hops(replayed, ("pump-7", 1), 20)
    assert replayed.loads == live.loads
    assert replayed.problems + live.problems == []


async def forget_analysis(settings: IngestSettings) -> None:
    connection = await asyncpg.connect(settings.postgres_dsn)
    try:
        await connection.execute("UPDATE ingest.streams SET analyzed_window = 0")
    finally:
        await connection.close()


async def test_load_may_be_declared_while_samples_come(
    running: RunningIngest, analyzer: FakeAnalyzer
) -> None:
    sender = Sender(running.stub, running.assets)
    await sender.create()
    await sender.open()
    await sender.push(sender.batch(0, 1000))
    request = asset_service_pb2.GetSensorRequest(sensor_id="pump-7")
    sensor = (await running.assets.GetSensor(request)).sensor
    sensor.config.process_values.append(LOAD)
    await running.assets.UpdateSensor(asset_service_pb2.UpdateSensorRequest(sensor=sensor))
    async with asyncio.timeout(60):
        while analyzer.opens[-1].config.version != 2:
            await asyncio.sleep(0.02)
    await sender.push(sender.batch(1000, 500, process_values=[value("load", 1200, 33.0)]))
    await until_hops(analyzer, ("pump-7", 1), 15)
    assert analyzer.loads["pump-7", 1] == dict.fromkeys(range(12, 15), 33.0)


async def test_sql_users_see_values(running: RunningIngest, settings: IngestSettings) -> None:
    sender = await opened(running)
    await sender.push(
        sender.batch(0, 100, process_values=[value("load", 50, 7.0, quality=2)]),
    )
    connection = await asyncpg.connect(settings.postgres_dsn)
    try:
        row = await connection.fetchrow("SELECT * FROM reporting.v_process_values")
    finally:
        await connection.close()
    assert row is not None
    known = {key: item for key, item in row.items() if key != "value_time"}
    assert known == {
        "sensor_id": "pump-7",
        "name": "load",
        "value": 7.0,
        "unit": "%",
        "quality": "uncertain",
        "epoch": 1,
        "sample_index": 50,
    }
    since_anchor = row["value_time"].replace(tzinfo=None) - sender.opened.anchor_time.ToDatetime()
    assert since_anchor == timedelta(milliseconds=50)
