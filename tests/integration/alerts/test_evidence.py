"""From samples to an alarm to samples that are kept: ingest, analyzer and alerts as they are."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.migrations.push import CHANNELS
from tests.migrations.releases import Plant, Release, running
from tests.migrations.sending import RATE_HZ, create_rule, push_once

from kurto.alerts.v1 import alert_service_pb2, alert_service_pb2_grpc, alerts_pb2
from kurto.assets.v1 import asset_service_pb2, asset_service_pb2_grpc, assets_pb2
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc
from kurto_service.channels import open_channel

LOUD, KEEPS = "pump-7", "pump-8"


async def create_machine(plant: Plant) -> None:
    """Two sensors on one machine, of which one keeps samples around alarms."""
    channels = [assets_pb2.Channel(name=name, unit="g") for name in CHANNELS]
    async with open_channel(plant.target()) as channel:
        stub = asset_service_pb2_grpc.AssetServiceStub(channel)
        site = assets_pb2.Site(site_id="works", display_name="Works")
        await stub.CreateSite(asset_service_pb2.CreateSiteRequest(site=site))
        machine = assets_pb2.Machine(machine_id="pump", site_id="works", display_name="Pump")
        await stub.CreateMachine(asset_service_pb2.CreateMachineRequest(machine=machine))
        for sensor_id in (LOUD, KEEPS):
            sensor = assets_pb2.Sensor(sensor_id=sensor_id, machine_id="pump", display_name="P")
            sensor.config.sample_rate_hz = RATE_HZ
            sensor.config.channels.extend(channels)
            if sensor_id == KEEPS:
                sensor.retention.around_alarms.before.seconds = 1
                sensor.retention.around_alarms.after.seconds = 1
            await stub.CreateSensor(asset_service_pb2.CreateSensorRequest(sensor=sensor))


async def kept_ranges(plant: Plant, sensor_id: str) -> list[pb.KeptSamples]:
    async with open_channel(plant.target()) as channel:
        stub = ingest_service_pb2_grpc.IngestServiceStub(channel)
        answer = await stub.ListKeptSamples(pb.ListKeptSamplesRequest(sensor_id=sensor_id))
        return list(answer.kept)


async def raised_alerts(plant: Plant) -> dict[str, alerts_pb2.Alert]:
    async with open_channel(plant.target("alerts")) as channel:
        stub = alert_service_pb2_grpc.AlertServiceStub(channel)
        answer = await stub.ListActiveAlerts(alert_service_pb2.ListActiveAlertsRequest())
        return {alert.alert_id: alert for alert in answer.alerts}


async def test_an_alarm_keeps_samples_of_its_machine(
    postgres_dsn: str, valkey_url: str, tmp_path: Path
) -> None:
    async with running(Release(None), postgres_dsn, valkey_url, tmp_path) as plant:
        await create_machine(plant)
        await create_rule(plant)
        await asyncio.gather(*(push_once(plant, name, 4.0) for name in (LOUD, KEEPS)))
        async with asyncio.timeout(60):
            while True:
                kept = await kept_ranges(plant, KEEPS)
                if len(kept) == 4 and all(one.complete and one.sample_count for one in kept):
                    break
                await asyncio.sleep(0.2)
        raised = await raised_alerts(plant)
        assert {alert.sensor_id for alert in raised.values()} == {LOUD, KEEPS}
        assert {one.note for one in kept} == set(raised)  # two channels of two sensors
        for one in kept:
            assert one.keep_id == f"alarm:{one.note}"
            assert one.reason == pb.KEEP_REASON_ALARM
            moment_us = raised[one.note].raise_time.ToMicroseconds()
            # The deciding window, and a second before and after it as the policy says.
            assert one.time_range.start_time.ToMicroseconds() == moment_us - 2_000_000
            assert one.time_range.end_time.ToMicroseconds() == moment_us + 1_000_000
        assert await kept_ranges(plant, LOUD) == []
        assert plant.died == []
