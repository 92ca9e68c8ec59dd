"""Alerts has ingest keep samples around alarms, at least once, whatever is killed or away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.alerts.world import World, world

from kurto.ingest.v1 import ingest_service_pb2 as ingest_pb


@pytest.fixture
async def alerts(postgres_dsn: str, valkey_url: str, tmp_path: Path) -> AsyncIterator[World]:
    quick = {"keep_retry_s": "0.1", "keep_retry_max_s": "0.3", "keep_poll_s": "0.1"}
    async with world(postgres_dsn, valkey_url, tmp_path, **quick) as built:
        for name in ("pump-7", "pump-8", "pump-9"):
            await built.registry.put(name, machine_id="pump", around_alarms=name != "pump-7")
        await built.registry.put("fan", machine_id="fan", around_alarms=True)
        await built.create_rule()
        yield built


async def until_kept(alerts: World, *sensor_ids: str) -> list[ingest_pb.KeepSamplesRequest]:
    async def all_kept() -> bool:
        return {one.sensor_id for one in alerts.ingest.kept} >= set(sensor_ids)

    await alerts.until(all_kept)
    return list(alerts.ingest.kept)


async def test_an_alarm_keeps_the_samples_of_its_machine(alerts: World) -> None:
    await alerts.send_values([0.5, 1.5, 1.5])
    kept = await until_kept(alerts, "pump-8", "pump-9")
    (alert,) = await alerts.active()
    for request in kept:
        assert request.keep_id == f"alarm:{alert.alert_id}"
        assert request.note == alert.alert_id
        assert request.reason == ingest_pb.KEEP_REASON_ALARM
        assert request.time_range.end_time == alert.raise_time
        assert request.time_range.start_time == alerts.frame(1, 1.5).start_time
    await asyncio.sleep(0.5)
    assert sorted(one.sensor_id for one in alerts.ingest.kept) == ["pump-8", "pump-9"]


async def test_alarms_do_not_wait_for_ingest(alerts: World) -> None:
    alerts.ingest.away = True
    await alerts.send_values([1.5, 0.5, 1.5, 0.5])
    await alerts.until_kinds("RAISED", "RESOLVED", "RAISED", "RESOLVED")
    assert alerts.ingest.kept == []
    alerts.ingest.away = False
    await until_kept(alerts, "pump-8", "pump-9")

    async def both_alarms() -> bool:
        return len({one.keep_id for one in alerts.ingest.kept}) == 2

    await alerts.until(both_alarms)


async def test_killed_before_and_after_the_request(alerts: World) -> None:
    alerts.ingest.away = True
    await alerts.send_values([1.5])
    await alerts.until_kinds("RAISED")
    await alerts.process.kill()
    alerts.ingest.away = False
    alerts.ingest.answer_s = 1.0  # noted, but the answer does not arrive
    await alerts.process.start()
    await until_kept(alerts, "pump-8")
    await alerts.restart()
    kept = await until_kept(alerts, "pump-8", "pump-9")
    # The same request each time: ingest takes it as one.
    for sensor_id in ("pump-8", "pump-9"):
        same = {one.SerializeToString() for one in kept if one.sensor_id == sensor_id}
        assert len(same) == 1


async def test_what_ingest_will_never_take_is_given_up(alerts: World) -> None:
    alerts.ingest.unknown.add("pump-8")
    await alerts.send_values([1.5])
    await until_kept(alerts, "pump-9")

    async def given_up() -> bool:
        return "keep_given_up" in alerts.process.said()

    await alerts.until(given_up)
