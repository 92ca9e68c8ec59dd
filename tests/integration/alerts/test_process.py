"""Alerts as a process, on real PostgreSQL and Valkey, with a scripted analyzer and registry."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from tests.conftest import ask_valkey
from tests.integration.alerts.world import World, packed, simple_rule, world

from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alerts_pb2 as pb
from kurto.alerts.v1 import rule_service_pb2 as rule_pb
from kurto_service.errors import error_info

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def dsn(databases: Any) -> Iterator[str]:
    name = databases.create()
    yield databases.server.dsn(name)
    databases.drop(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    dsn: str, valkey_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """One process for all tests of this module: starting takes longer than most of them."""
    folder = tmp_path_factory.mktemp("alerts")
    ask_valkey(valkey_server, b"FLUSHALL")  # other tests leave their features there
    async with world(dsn, valkey_server.url, folder, profile_patience_s="0", poll_s="1") as built:
        yield built


@pytest_asyncio.fixture(loop_scope="module")
async def alerts(running: World) -> World:
    if not running.process.is_alive:
        await running.restart()
    await running.begin_chapter()
    return running


async def test_raise_acknowledge_resolve(alerts: World) -> None:
    await alerts.registry.put(alerts.sensor_id)
    await alerts.create_rule()
    await alerts.send_values([0.5, 1.5])
    await alerts.until_kinds("RAISED")
    (alert,) = await alerts.active()
    assert (alert.sensor_id, alert.channel, alert.rule_id) == (
        alerts.sensor_id,
        "horizontal",
        "rms-high",
    )
    assert alert.severity == pb.SEVERITY_WARNING
    assert alert.state == pb.CONDITION_STATE_ACTIVE
    assert (alert.value, alert.limit, alert.unit, alert.window_index) == (1.5, 1.0, "g", 1)
    assert alert.raise_time == alerts.frame(1, 1.5).end_time
    request = alert_pb.AcknowledgeAlertRequest(
        alert_id=alert.alert_id, user="Anna", comment="on my way", revision=alert.revision
    )
    acknowledged = (await alerts.alerts.AcknowledgeAlert(request)).alert
    assert acknowledged.acknowledged
    assert acknowledged.acknowledgment.user == "Anna"
    assert acknowledged.acknowledgment.principal == "anonymous"
    await alerts.send_values([0.5], first=2)
    await alerts.until_kinds("RAISED", "ACKNOWLEDGED", "RESOLVED")
    assert await alerts.active() == []
    asked = alert_pb.ListAlertHistoryRequest(sensor_id=alerts.sensor_id)
    history = await alerts.alerts.ListAlertHistory(asked)
    (ended,) = history.alerts
    assert ended.resolve_time == alerts.frame(2, 0.5).end_time
    assert ended.acknowledged
    shown = await alerts.alerts.GetAlert(alert_pb.GetAlertRequest(alert_id=alert.alert_id))
    assert shown.alert == ended
    assert list(shown.transitions) == await alerts.transitions()

    async def all_published() -> bool:
        return await alerts.published() == [1, 2, 3]

    await alerts.until(all_published)


async def test_two_operators_acknowledge_at_once(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.send_values([1.5])
    await alerts.until_kinds("RAISED")
    (alert,) = await alerts.active()
    answers = await asyncio.gather(
        *(
            alerts.alerts.AcknowledgeAlert(
                alert_pb.AcknowledgeAlertRequest(alert_id=alert.alert_id, user=user)
            )
            for user in ("Anna", "Ben")
        ),
        return_exceptions=True,
    )
    (refused,) = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    (accepted,) = [
        answer for answer in answers if isinstance(answer, alert_pb.AcknowledgeAlertResponse)
    ]
    assert refused.code() is grpc.StatusCode.ABORTED
    info = error_info(refused)
    assert info is not None
    assert info.reason == "ALREADY_ACKNOWLEDGED"
    assert info.metadata["acknowledged_by"] == accepted.alert.acknowledgment.user
    assert await alerts.kinds() == ["RAISED", "ACKNOWLEDGED"]


async def test_state_survives_a_kill(alerts: World) -> None:
    await alerts.create_rule(pending_s=0.5)
    await alerts.create_rule("lower", limit=0.2, pending_s=0.1)
    await alerts.send_values([1.5] * 3)
    await alerts.until_kinds("RAISED")  # "lower", and "rms-high" is pending
    before = await alerts.active()
    await alerts.restart()
    assert await alerts.active() == before
    await alerts.send_values([1.5] * 2, first=3)
    await alerts.until_kinds("RAISED", "RAISED")
    raised = (await alerts.transitions())[-1]
    assert (raised.alert.rule_id, raised.window_index) == ("rms-high", 4)


async def test_hole_is_filled_from_history(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.send_values([0.5, 0.5])
    await alerts.send_values([1.5, 0.5, 1.5], first=2, live=False)
    await alerts.send_values([1.5], first=5)
    await alerts.until_kinds("RAISED", "RESOLVED", "RAISED")


async def test_hole_is_filled_although_nothing_more_comes(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.send_values([0.5])
    await alerts.send_values([1.5], first=1, live=False)
    await alerts.until_kinds("RAISED")


async def test_new_epoch_is_found_although_nothing_comes_live(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.send_values([0.5])
    await alerts.send_values([0.5, 1.5], epoch=2, live=False)
    await alerts.until_kinds("RAISED")


async def test_unseen_sensor_is_found_although_nothing_comes_live(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.registry.put(alerts.sensor_id)
    await alerts.send_values([0.5, 1.5], live=False)
    await alerts.until_kinds("RAISED")


async def test_skipped_windows_do_not_hold_a_sensor_up(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.send_values([0.5])
    await alerts.send_values([1.5], first=100)
    await alerts.until_kinds("RAISED")
    assert (await alerts.transitions())[0].window_index == 100


async def test_uncommitted_windows_are_waited_for(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.send_values([0.5])
    await alerts.send_values([0.5], first=2, stored=False)
    await asyncio.sleep(0.3)
    await alerts.send_values([1.5], first=1, live=False)
    await alerts.until_kinds("RAISED", "RESOLVED")


async def test_duplicates_late_frames_and_older_epochs_change_nothing(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.send_values([0.5, None, 0.5], epoch=2)
    await alerts.send([alerts.frame(1, 9.0, epoch=2, late=True), alerts.frame(0, 9.0, epoch=2)])
    await alerts.send([alerts.frame(0, 9.0, epoch=1)])
    await alerts.send_values([1.5], first=3, epoch=2)
    await alerts.until_kinds("RAISED")
    assert (await alerts.transitions())[0].window_index == 3


async def test_uploads_from_a_buffer_change_nothing_whatever_their_epoch(alerts: World) -> None:
    """Their epochs may have any number: the sensor stands where its live frames are."""
    await alerts.create_rule()
    await alerts.send([alerts.frame(k, 9.0, epoch=5, late=True) for k in range(3)])
    await alerts.send_values([0.5, 0.5], epoch=2)
    await alerts.send([alerts.frame(k, 9.0, epoch=3, late=True) for k in range(5)])
    await alerts.send([alerts.frame(k, 9.0, epoch=5, late=True) for k in range(3, 6)])
    await alerts.send_values([1.5], first=2, epoch=2)
    await alerts.until_kinds("RAISED")
    # The next live epoch is found beyond them.
    await alerts.send_values([0.5], epoch=6)
    await alerts.until_kinds("RAISED", "RESOLVED")
    raised, resolved = await alerts.transitions()
    assert raised.window_index == 2
    assert resolved.window_index == 0


async def test_flushed_valkey_loses_nothing(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.send_values([0.5, 1.5])
    await alerts.until_kinds("RAISED")
    await alerts.send_values([0.5, 1.5, 0.5], first=2, live=False)
    await alerts.valkey.flushall()
    await alerts.send_values([1.5], first=5)
    await alerts.until_kinds("RAISED", "RESOLVED", "RAISED", "RESOLVED", "RAISED")


async def test_a_valkey_that_counts_from_below_is_noticed(alerts: World) -> None:
    """A new Valkey whose message ids begin below ours would otherwise never be heard."""
    await alerts.create_rule()
    await alerts.send_values([0.5])
    await asyncio.sleep(0.3)
    await alerts.valkey.flushall()
    message = packed([alerts.frame(1, 1.5)]).SerializeToString()
    await alerts.valkey.xadd("kurto:features:0", {"b": message}, id="5-1")
    await alerts.until_kinds("RAISED")


async def test_garbage_on_the_live_stream_is_passed_over(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.valkey.xadd("kurto:features:0", {"b": b"\xff\xff\xff"})
    await alerts.valkey.xadd("kurto:features:0", {"x": b""})
    await alerts.send_values([1.5])
    await alerts.until_kinds("RAISED")


async def test_tags_select_sensors(alerts: World) -> None:
    fan = f"fan-of-{alerts.sensor_id}"
    await alerts.registry.put(fan, tags=["fan"])
    await alerts.registry.put(alerts.sensor_id, tags=["pump"])
    rule = simple_rule("fans")
    rule.selector.tags.append("fan")
    await alerts.rules.CreateRule(rule_pb.CreateRuleRequest(rule=rule))
    for index in range(1000):  # tags and frames travel on different ways
        await alerts.send_values([1.5], first=index)
        await alerts.send_values([1.5], first=index, sensor_id=fan)
        if await alerts.kinds():
            break
        await asyncio.sleep(0.05)
    await alerts.until_kinds("RAISED")
    assert [alert.sensor_id for alert in await alerts.active()] == [fan]
    await alerts.registry.put(fan, tags=["pump"])
    await alerts.until_kinds("RAISED", "WITHDRAWN")


async def test_disable_delete_and_change_of_a_rule(alerts: World) -> None:
    rule = await alerts.create_rule()
    await alerts.send_values([1.5])
    await alerts.until_kinds("RAISED")
    rule.levels[0].limit = 2.0
    updated = (await alerts.rules.UpdateRule(rule_pb.UpdateRuleRequest(rule=rule))).rule
    assert updated.version == rule.version + 1
    await alerts.send_values([1.5], first=1)
    await alerts.until_kinds("RAISED", "RESOLVED")
    updated.levels[0].limit = 1.0
    await alerts.rules.UpdateRule(rule_pb.UpdateRuleRequest(rule=updated))
    await alerts.send_values([1.5], first=2)
    await alerts.until_kinds("RAISED", "RESOLVED", "RAISED")
    await alerts.rules.DeleteRule(rule_pb.DeleteRuleRequest(rule_id=rule.rule_id))
    await alerts.until_kinds("RAISED", "RESOLVED", "RAISED", "WITHDRAWN")
    await alerts.send_values([1.5], first=3)
    await asyncio.sleep(0.3)
    assert await alerts.active() == []


async def test_ends_cleanly(alerts: World) -> None:
    await alerts.create_rule()
    await alerts.send_values([1.5])
    await alerts.until_kinds("RAISED")
    assert await alerts.process.terminate() == 0
