"""An alarm comes in time, is told in time, and is acknowledged once: promises 21 and 23."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import grpc
import numpy as np
from aiohttp import web
from google.protobuf.duration_pb2 import Duration
from tests.conftest import RunningStack
from tests.faults.conftest import SensorCount
from tests.faults.live_watch import LiveWatch, live_watch
from tests.faults.plain_sender import open_channel
from tests.faults.rig.hashed_samples import Samples
from tests.faults.rig.load import CHANNELS, Load, hashed, sensor_names
from tests.faults.rig.report import DrillBook, at_least, at_most, holds, none_of, percentile, shown
from tests.faults.rig.scale import Scale
from tests.faults.rules import delete_rule

import kurto
from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import (
    alerts_pb2,
    notification_service_pb2,
    notification_service_pb2_grpc,
    notifications_pb2,
    operator_actions_pb2,
    rule_service_pb2,
)

QUIET_HOPS = 30
LIMIT_G = 5.0
PENDING_S = 1.0
WINDOW_S = 1.0
HOP_S = 0.1
NEVER_S = 1e9


def stepping(sensor_id: str, epoch: int, first_index: int, count: int) -> Samples:
    """Return hashed samples that are quiet for three seconds, then loud for good."""
    samples = hashed(sensor_id, epoch, first_index, count)
    hop = np.arange(first_index, first_index + count) // 2560
    return np.where(hop < QUIET_HOPS, samples >> 6, samples)


async def create_step_rule(client: kurto.Client, rule_id: str, sensor_ids: Sequence[str]) -> None:
    """Watch the first channel: critical above 5 g after one second."""
    level = alerts_pb2.Level(
        severity=alerts_pb2.SEVERITY_CRITICAL,
        limit=LIMIT_G,
        pending_duration=Duration(seconds=round(PENDING_S)),
        latch=False,
    )
    rule = alerts_pb2.Rule(
        rule_id=rule_id,
        display_name="Step",
        feature="rms",
        unit="g",
        selector=alerts_pb2.ChannelSelector(sensor_ids=sensor_ids, channels=CHANNELS[:1]),
        operator=alerts_pb2.OPERATOR_ABOVE,
        levels=[level],
    )
    await client.rules.CreateRule(rule_service_pb2.CreateRuleRequest(rule=rule), timeout=60.0)


class Hooks:
    """A webhook that notes when it was first told of each alert."""

    def __init__(self) -> None:
        self.told_s: dict[str, float] = {}
        self.url = ""

    async def _take(self, request: web.Request) -> web.Response:
        now_s = time.monotonic()
        for alert_id in _alert_ids(json.loads(await request.text())):
            self.told_s.setdefault(alert_id, now_s)
        return web.Response()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve on a free port."""
        application = web.Application()
        application.router.add_post("/hook", self._take)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
            yield
        finally:
            await runner.cleanup()


def _alert_ids(document: object) -> list[str]:
    """Return every alert id in a notification, wherever it stands."""
    if isinstance(document, dict):
        own = [value for key, value in document.items() if key == "alert_id"]
        return own + [one for value in document.values() for one in _alert_ids(value)]
    if isinstance(document, list):
        return [one for value in document for one in _alert_ids(value)]
    return []


@asynccontextmanager
async def told(channel: grpc.aio.Channel, name: str, rule_id: str) -> AsyncIterator[Hooks]:
    """Have the alerts of a rule posted to a webhook."""
    hooks = Hooks()
    stub = notification_service_pb2_grpc.NotificationServiceStub(channel)
    async with hooks.serving():
        receiver = notifications_pb2.Receiver(
            receiver_id=name, webhook=notifications_pb2.Webhook(url=hooks.url)
        )
        await stub.CreateReceiver(
            notification_service_pb2.CreateReceiverRequest(receiver=receiver), timeout=30.0
        )
        route = notifications_pb2.Route(
            route_id=name,
            matcher=notifications_pb2.AlertMatcher(rule_ids=[rule_id]),
            receiver_ids=[name],
        )
        await _set_routes(stub, [route])
        try:
            yield hooks
        finally:
            await _set_routes(stub, [])
            await stub.DeleteReceiver(
                notification_service_pb2.DeleteReceiverRequest(receiver_id=name), timeout=30.0
            )


async def _set_routes(
    stub: notification_service_pb2_grpc.NotificationServiceStub,
    routes: Sequence[notifications_pb2.Route],
) -> None:
    policy = notifications_pb2.NotificationPolicy(routes=routes, flood_machine_count=10_000)
    await stub.UpdateNotificationPolicy(
        notification_service_pb2.UpdateNotificationPolicyRequest(policy=policy), timeout=30.0
    )


def step_pushed_s(load: Load) -> dict[str, float]:
    """Return when the first loud hop of each sensor had been pushed, on the monotonic clock."""
    loud = (QUIET_HOPS + 1) * load.hop
    return {
        one.sensor_id: next(step.at_s for step in one.history if step.pushed_index >= loud)
        for one in load.pushed
    }


def raised_s(watch: LiveWatch, times: dict[int, float]) -> dict[str, tuple[str, float]]:
    """Return alert id and moment of the first raising of each sensor."""
    found: dict[str, tuple[str, float]] = {}
    for one in watch.transitions:
        if one.kind == alerts_pb2.TRANSITION_KIND_RAISED and one.transition_number in times:
            found.setdefault(
                one.alert.sensor_id, (one.alert.alert_id, times[one.transition_number])
            )
    return found


async def note_times(watch: LiveWatch, rule_id: str, times: dict[int, float]) -> None:
    """Note when each transition of a rule came, for ever."""
    seen = 0
    while True:
        for one in watch.transitions[seen:]:
            if one.alert.rule_id == rule_id:
                times[one.transition_number] = time.monotonic()
        seen = len(watch.transitions)
        await asyncio.sleep(0.005)


async def test_a_step_is_an_alarm_and_a_notification_in_time(
    stack: RunningStack, book: DrillBook, scale: Scale, sensor_count: SensorCount
) -> None:
    target = urlsplit(stack.ready["http"]).netloc
    load = Load(
        target,
        sensor_names("step", sensor_count(busy=0.5, short=3)),
        QUIET_HOPS * HOP_S + WINDOW_S + PENDING_S + scale.seconds(3, 10),
        signal=stepping,
    )
    times: dict[int, float] = {}
    async with (
        kurto.connect(target) as client,
        open_channel(target) as channel,
        live_watch(target) as watch,
        told(channel, "step-hook", "step") as hooks,
    ):
        await create_step_rule(client, "step", load.sensor_ids)
        noting = asyncio.create_task(note_times(watch, "step", times))
        async with load.running():
            pass
        async with asyncio.timeout(60):
            while len(hooks.told_s) < len(load.sensor_ids):
                await asyncio.sleep(0.02)
        noting.cancel()
        await delete_rule(channel, "step")
    pushed, raised = step_pushed_s(load), raised_s(watch, times)
    delays = [raised[one][1] - pushed[one] if one in raised else NEVER_S for one in pushed]
    hooked = [hooks.told_s.get(alert_id, NEVER_S) - at_s for alert_id, at_s in raised.values()]
    allowed_s = WINDOW_S + PENDING_S + scale.limit(0.3)
    book.add(
        *("21", "a step is ACTIVE ≤ window + for + 300 ms p99; webhook < 1 s later"),
        load=load,
        fault="the amplitude of every sensor rises 64-fold at one moment",
        figures=[
            at_most("active after, p99", percentile(delays, 99), allowed_s, "s"),
            shown("active after, median", percentile(delays, 50), "s"),
            at_most(
                "told by webhook, p99 after that", percentile(hooked, 99), scale.limit(1.0), "s"
            ),
            none_of("alarms before the step", sum(one < 0 for one in delays)),
            at_least("alarms told", len(hooks.told_s) / len(load.sensor_ids), 1.0),
        ],
    )


async def acknowledge(client: kurto.Client, alert: alerts_pb2.Alert, user: str) -> str:
    """Acknowledge what was seen; return "" or the name of the refusal."""
    request = alert_pb.AcknowledgeAlertRequest(
        alert_id=alert.alert_id, revision=alert.revision, user=user, comment=f"seen by {user}"
    )
    try:
        await client.alerts.AcknowledgeAlert(request, timeout=30.0)
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return ""


async def test_two_operators_acknowledge_and_one_event_comes_of_it(
    stack: RunningStack, book: DrillBook, scale: Scale
) -> None:
    target = urlsplit(stack.ready["http"]).netloc
    count = scale.count(4, 40)
    load = Load(target, sensor_names("ack", count), 6.0, signal=hashed)
    async with (
        kurto.connect(target) as ann,
        kurto.connect(target) as bob,
        open_channel(target) as channel,
    ):
        await create_step_rule(ann, "ack", load.sensor_ids)
        async with load.running():
            alerts = await open_alerts(ann, "ack", count)
            refusals = [
                await asyncio.gather(acknowledge(ann, one, "Ann"), acknowledge(bob, one, "Bob"))
                for one in alerts
            ]
            audit = [await audit_of(ann, one.alert_id) for one in alerts]
        await delete_rule(channel, "ack")
    outcomes = Counter(tuple(sorted(pair)) for pair in refusals)
    book.add(
        *("23", "two operators acknowledge: one event; audit complete"),
        load=load,
        fault=f"two clients acknowledge each of {count} alarms at the same moment",
        figures=[
            at_least(
                "alarms with one acknowledgment and one ABORTED", outcomes["", "ABORTED"], count
            ),
            none_of("other outcomes", count - outcomes["", "ABORTED"]),
            holds("one line of audit each", [len(one) for one in audit] == [1] * count),
            holds(
                "it names who, when and what was said",
                all(
                    line.user in ("Ann", "Bob")
                    and line.reason == f"seen by {line.user}"
                    and line.HasField("action_time")
                    and line.principal
                    for lines in audit
                    for line in lines
                ),
            ),
        ],
    )


async def open_alerts(client: kurto.Client, rule_id: str, count: int) -> list[alerts_pb2.Alert]:
    """Wait until a rule has so many open alerts, and return them."""
    async with asyncio.timeout(90):
        while True:
            request = alert_pb.ListActiveAlertsRequest(rule_id=rule_id, page_size=1000)
            alerts = list((await client.alerts.ListActiveAlerts(request, timeout=30.0)).alerts)
            if len(alerts) >= count:
                return alerts
            await asyncio.sleep(0.1)


async def audit_of(
    client: kurto.Client, alert_id: str
) -> list[operator_actions_pb2.OperatorAction]:
    """Return what people did about an alert."""
    request = operator_actions_pb2.ListOperatorActionsRequest(alert_id=alert_id)
    return list((await client.alerts.ListOperatorActions(request, timeout=30.0)).actions)
