"""AssetService, StreamControlService and the states in Valkey, over real calls."""

import asyncio
from typing import Any

import grpc
import pytest

from kurto.assets.v1 import asset_service_pb2 as assets
from kurto.assets.v1 import assets_pb2
from kurto.gateway.v1 import live_service_pb2
from kurto.ingest.v1 import stream_control_service_pb2 as control
from kurto.ingest.v1 import stream_status_pb2 as states
from kurto_ingest.settings import IngestSettings
from kurto_ingest.testing import RunningIngest, Sender
from kurto_service import valkey
from kurto_service.errors import error_info
from kurto_service.testing import FakeClock


def sensor(sensor_id: str = "s-1", **changes: Any) -> assets_pb2.Sensor:
    config = assets_pb2.SensorConfig(
        sample_rate_hz=25600,
        channels=[assets_pb2.Channel(name="x", unit="g", full_scale=50, coupling="COUPLING_AC")],
    )
    return assets_pb2.Sensor(**{"sensor_id": sensor_id, "config": config, **changes})


async def refused(call: Any, code: grpc.StatusCode, reason: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    info = error_info(caught.value)
    assert info is not None
    assert (caught.value.code(), info.reason) == (code, reason), caught.value.details()


async def test_registry_round_trip(running: RunningIngest) -> None:
    stub = running.assets
    site = (await stub.CreateSite(assets.CreateSiteRequest(site={"site_id": "north"}))).site
    assert site.HasField("create_time")
    machine = assets_pb2.Machine(machine_id="m", site_id="north", nominal_speed_rpm=1480)
    await stub.CreateMachine(assets.CreateMachineRequest(machine=machine))
    made = (
        await stub.CreateSensor(
            assets.CreateSensorRequest(sensor=sensor(machine_id="m", tags=["a"], display_name="P"))
        )
    ).sensor
    assert (made.config.version, made.monitored, list(made.tags)) == (1, True, ["a"])
    assert made.config.acquisition.WhichOneof("kind") == "continuous"
    assert made.config.channels[0].HasField("full_scale")
    assert not made.config.channels[0].HasField("sensitivity_mv_per_unit")
    got = await stub.GetSensor(assets.GetSensorRequest(sensor_id="s-1"))
    assert got.sensor == made
    listed = await stub.ListSensors(assets.ListSensorsRequest(machine_id="m"))
    assert list(listed.sensors) == [made]

    for call in (
        stub.ArchiveSite(assets.ArchiveSiteRequest(site_id="north")),
        stub.ArchiveMachine(assets.ArchiveMachineRequest(machine_id="m")),
    ):
        await refused(call, grpc.StatusCode.FAILED_PRECONDITION, "INVALID_FIELD")
    await stub.ArchiveSensor(assets.ArchiveSensorRequest(sensor_id="s-1"))
    await stub.ArchiveMachine(assets.ArchiveMachineRequest(machine_id="m"))
    await stub.ArchiveSite(assets.ArchiveSiteRequest(site_id="north"))
    assert not (await stub.ListSites(assets.ListSitesRequest())).sites
    assert (await stub.ListSites(assets.ListSitesRequest(include_archived=True))).sites
    assert not (await stub.ListMachines(assets.ListMachinesRequest(site_id="north"))).machines


@pytest.mark.parametrize(
    "config",
    [
        {"sample_rate_hz": 0},
        {"sample_rate_hz": 99},
        {"sample_rate_hz": 102401},
        {"sample_rate_hz": float("nan")},
        {"sample_rate_hz": float("inf")},
        {"channels": []},
        {"channels": [{"name": f"c{n}", "unit": "g"} for n in range(33)]},
        {"channels": [{"name": "x", "unit": "g"}, {"name": "x", "unit": "g"}]},
        {"channels": [{"name": "", "unit": "g"}]},
        {"channels": [{"name": "x", "unit": "mm"}]},
        {"channels": [{"name": "x", "unit": "g", "full_scale": 0}]},
        {"channels": [{"name": "x", "unit": "g", "full_scale": float("inf")}]},
        {"channels": [{"name": "x", "unit": "g", "coupling": 9}]},
        {"channels": [{"name": "x", "unit": "g", "bias_range": {"upper": 1}}]},
        {"channels": [{"name": "x", "unit": "g", "coupling": 1, "bias_range": {"upper": 1}}]},
        {"channels": [{"name": "x", "unit": "g", "coupling": 2, "bias_range": {}}]},
        {"channels": [{"name": "x", "unit": "g", "coupling": 2, "bias_range": {"lower": 1}}]},
        {
            "channels": [
                {"name": "x", "unit": "g", "coupling": 2, "bias_range": {"upper": float("inf")}}
            ]
        },
        {"acquisition": {"burst": {"length_samples": 0, "interval": {"seconds": 10}}}},
        {"acquisition": {"burst": {"length_samples": 600_000, "interval": {"seconds": 100}}}},
        {"acquisition": {"burst": {"length_samples": 2560}}},
        {"acquisition": {"burst": {"length_samples": 25600, "interval": {"nanos": 5000}}}},
        {"nominal_speed_rpm": 0},
        {"bearing": {}},
        {"bearing": {"designation": ""}},
        {"bearing": {"geometry": {"element_count": 9}}},
        {"machine_class": {"industrial": {"group": 1}}},
        {"machine_class": {"general": 7}},
        {"gears": [{"driving_teeth": 20}]},
        {"line_frequency_hz": 0},
        {"demodulation_band": {"low_hz": 2000, "high_hz": 12000}},
    ],
)
async def test_bad_configurations(running: RunningIngest, config: dict[str, Any]) -> None:
    good = {"sample_rate_hz": 25600, "channels": [{"name": "x", "unit": "g"}]}
    bad = assets_pb2.Sensor(sensor_id="s", config=assets_pb2.SensorConfig(**{**good, **config}))
    for call in (
        running.assets.CreateSensor(assets.CreateSensorRequest(sensor=bad)),
        running.assets.UpdateSensor(assets.UpdateSensorRequest(sensor=bad)),
    ):
        await refused(call, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")


@pytest.mark.parametrize("bad_id", ["", "a b", "ü", "x" * 129, "a\x00", "a/b"])
async def test_bad_ids(running: RunningIngest, bad_id: str) -> None:
    stub, invalid = running.assets, grpc.StatusCode.INVALID_ARGUMENT
    calls = [
        stub.CreateSite(assets.CreateSiteRequest(site={"site_id": bad_id})),
        stub.GetSite(assets.GetSiteRequest(site_id=bad_id)),
        stub.GetMachine(assets.GetMachineRequest(machine_id=bad_id)),
        stub.GetSensor(assets.GetSensorRequest(sensor_id=bad_id)),
        stub.CreateSensor(assets.CreateSensorRequest(sensor=sensor(bad_id))),
        running.control.StartStream(control.StartStreamRequest(sensor_id=bad_id)),
        running.control.GetSensorStatus(control.GetSensorStatusRequest(sensor_id=bad_id)),
    ]
    for call in calls:
        await refused(call, invalid, "INVALID_FIELD")


async def test_unknown_and_taken_ids(running: RunningIngest) -> None:
    stub, missing = running.assets, grpc.StatusCode.NOT_FOUND
    await refused(stub.GetSite(assets.GetSiteRequest(site_id="x")), missing, "UNKNOWN_SITE")
    await refused(
        stub.GetMachine(assets.GetMachineRequest(machine_id="x")), missing, "UNKNOWN_MACHINE"
    )
    await refused(
        stub.CreateSensor(assets.CreateSensorRequest(sensor=sensor(machine_id="x"))),
        missing,
        "UNKNOWN_MACHINE",
    )
    await refused(
        running.control.StopStream(control.StopStreamRequest(sensor_id="x")),
        missing,
        "UNKNOWN_SENSOR",
    )
    await stub.CreateSensor(assets.CreateSensorRequest(sensor=sensor()))
    await refused(
        stub.CreateSensor(assets.CreateSensorRequest(sensor=sensor())),
        grpc.StatusCode.ALREADY_EXISTS,
        "ALREADY_EXISTS",
    )
    changed = sensor()
    changed.config.version = 3
    await refused(
        stub.UpdateSensor(assets.UpdateSensorRequest(sensor=changed)),
        grpc.StatusCode.ABORTED,
        "CONCURRENT_CHANGE",
    )


async def test_pages_hold_everything_once(running: RunningIngest) -> None:
    names = [f"s-{number:02}" for number in range(7)]
    for name in reversed(names):
        await running.assets.CreateSensor(assets.CreateSensorRequest(sensor=sensor(name)))
    lists: Any = (
        (running.assets.ListSensors, assets.ListSensorsRequest, "sensors"),
        (running.control.ListStreams, control.ListStreamsRequest, "streams"),
    )
    for stub, request, field in lists:
        seen, token = [], ""
        while True:
            page: Any = await stub(request(page_size=3, page_token=token))
            seen += [item.sensor_id for item in getattr(page, field)]
            assert len(getattr(page, field)) <= 3
            token = page.next_page_token
            if not token:
                break
        assert seen == names
    bad = assets.ListSensorsRequest(page_token="nonsense")
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    await refused(running.assets.ListSensors(bad), invalid, "INVALID_CURSOR")
    for size in (-1, 1001):
        large = assets.ListSensorsRequest(page_size=size)
        await refused(running.assets.ListSensors(large), invalid, "INVALID_FIELD")


async def test_watch_tells_what_is_and_what_changes(running: RunningIngest) -> None:
    for name in ("a", "b"):
        await running.assets.CreateSensor(assets.CreateSensorRequest(sensor=sensor(name)))
    watch: Any = running.assets.WatchConfigs(assets.WatchConfigsRequest())
    first = await watch.read()
    assert [item.sensor_id for item in first.sensors] == ["a", "b"]

    await running.control.StopStream(control.StopStreamRequest(sensor_id="a"))
    async with asyncio.timeout(60):
        while not (second := await watch.read()).sensors:  # it may say that nothing has changed
            pass
    assert [(item.sensor_id, item.monitored) for item in second.sensors] == [("a", False)]
    watch.cancel()

    resumed: Any = running.assets.WatchConfigs(assets.WatchConfigsRequest(cursor=first.cursor))
    assert [item.sensor_id for item in (await resumed.read()).sensors] == ["a"]
    resumed.cancel()
    current: Any = running.assets.WatchConfigs(assets.WatchConfigsRequest(cursor=second.cursor))
    assert list((await current.read()).sensors) == []
    current.cancel()


@pytest.mark.parametrize("cursor", ["x", "r1-", "r1-99", "r2-1", "r1--1", "r1-" + "9" * 30])
async def test_watch_with_a_cursor_that_was_never_given(
    running: RunningIngest, cursor: str
) -> None:
    watch: Any = running.assets.WatchConfigs(assets.WatchConfigsRequest(cursor=cursor))
    await refused(watch.read(), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_CURSOR")


async def test_watch_beats(running: RunningIngest) -> None:
    running.ingest.assets._heartbeat_s = 0.1
    watch: Any = running.assets.WatchConfigs(assets.WatchConfigsRequest())
    async with asyncio.timeout(60):
        beats = [await watch.read() for _ in range(4)]
    assert all(not beat.sensors and beat.cursor == "r1-0" for beat in beats)
    watch.cancel()


async def status_of(running: RunningIngest, sensor_id: str) -> states.SensorStatus:
    request = control.GetSensorStatusRequest(sensor_id=sensor_id)
    return (await running.control.GetSensorStatus(request)).status


async def test_status_of_a_sensor_that_never_sent(running: RunningIngest) -> None:
    await running.assets.CreateSensor(assets.CreateSensorRequest(sensor=sensor()))
    status = await status_of(running, "s-1")
    assert status.state == states.STREAM_STATE_IDLE
    assert (status.epoch, status.next_index, status.sample_rate_hz) == (0, 0, 25600)
    assert not status.HasField("last_sample_time")


async def test_status_of_a_live_stream(running: RunningIngest, sender: Sender) -> None:
    call = sender.stub.Push()
    await call.write(sender.start())
    await call.write(sender.batch(0, 1000))
    await call.write(sender.batch(1100, 900))
    await call.write(sender.batch(900, 100))
    async with asyncio.timeout(60):
        while (status := await status_of(running, sender.sensor_id)).durable_index < 2000:
            await asyncio.sleep(0.02)
    assert status.state == states.STREAM_STATE_LIVE
    assert (status.epoch, status.next_index, status.client_count) == (1, 2000, 1)
    assert (status.gap_count, status.missing_sample_count) == (1, 100)
    assert status.duplicate_sample_count == 100
    age = status.last_sample_time.ToNanoseconds() - sender.opened.anchor_time.ToNanoseconds()
    assert age == 1_999_000_000
    assert status.HasField("last_receive_time")
    await call.done_writing()
    await call
    assert (await status_of(running, sender.sensor_id)).client_count == 0


async def test_stream_is_stale_before_three_seconds(
    running: RunningIngest, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sender.push(sender.batch(0, 100))
    session = running.ingest.registry.get((sender.sensor_id, 1))
    assert session is not None
    last_s = session.live.counters.last_receive_s
    assert last_s is not None
    clock = FakeClock()
    monkeypatch.setattr(running.ingest.board, "_clock", clock)
    session.live.counters.last_receive_s = clock.monotonic() - 2.3
    assert (await status_of(running, sender.sensor_id)).state == states.STREAM_STATE_LIVE
    session.live.counters.last_receive_s = clock.monotonic() - 2.5
    assert (await status_of(running, sender.sensor_id)).state == states.STREAM_STATE_STALE


async def test_a_stale_stream_is_published_at_once(
    running: RunningIngest, sender: Sender, settings: IngestSettings
) -> None:
    client: Any = await valkey.connect(settings.valkey_url)
    try:
        # A machine that does much else may be late now and then, but not each time.
        lateness_s = []
        for turn in range(4):
            lateness_s.append(await silence_until_stale(client, sender, turn))
            if lateness_s[-1] < 3.0:
                break
    finally:
        await client.aclose()
    assert min(lateness_s) < 3.0


async def silence_until_stale(client: Any, sender: Sender, turn: int) -> float:
    """Push, fall silent, and return after how many seconds the stream was published as stale."""
    await client.flushall()
    await sender.push(sender.batch(100 * turn, 100))
    silent_since = asyncio.get_running_loop().time()
    async with asyncio.timeout(60):
        while (await published(client)).get(sender.sensor_id) != states.STREAM_STATE_STALE:
            await asyncio.sleep(0.02)
    return asyncio.get_running_loop().time() - silent_since


async def published(client: Any) -> dict[str, int]:
    """Return the newest published state of each sensor's stream."""
    seen: dict[str, int] = {}
    for _, fields in await client.xrange("kurto:streams:0"):
        update = live_service_pb2.StreamStatusUpdate.FromString(fields[b"b"])
        seen.update({item.sensor_id: item.state for item in update.streams})
    return seen


async def test_states_are_published_when_they_change(
    running: RunningIngest, sender: Sender, settings: IngestSettings
) -> None:
    await sender.push(sender.batch(0, 1000))
    client: Any = await valkey.connect(settings.valkey_url)
    try:
        async with asyncio.timeout(60):
            while True:
                seen: dict[str, states.SensorStatus] = {}
                for _, fields in await client.xrange("kurto:streams:0"):
                    update = live_service_pb2.StreamStatusUpdate.FromString(fields[b"b"])
                    seen.update({item.sensor_id: item for item in update.streams})
                status = seen.get(sender.sensor_id)
                if status is not None and status.durable_index == 1000:
                    break
                await asyncio.sleep(0.05)
    finally:
        await client.aclose()
    assert status.monitored


async def test_idle_stream_is_forgotten_and_comes_back(
    running: RunningIngest, sender: Sender
) -> None:
    from kurto_ingest.housekeeping import forget_idle  # noqa: PLC0415

    await sender.push(sender.batch(0, 100))
    ingest = running.ingest
    now_s = asyncio.get_running_loop().time() + 1e6
    assert forget_idle(ingest.registry, ingest.forwarder, now_s=now_s, idle_s=1e9) == 0
    assert forget_idle(ingest.registry, ingest.forwarder, now_s=now_s, idle_s=10) == 1
    assert len(ingest.registry) == 0
    assert (await status_of(running, sender.sensor_id)).next_index == 100
    response = await sender.push(sender.batch(100, 100))
    assert response.results[0].next_index == 200
