"""Hundreds of channels of one machine cross a limit at once: one notification, a usable page."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.duration_pb2 import Duration
from playwright.sync_api import expect
from tests.conftest import RunningStack
from tests.e2e.conftest import MachineMaker, WindowMaker
from tests.e2e.machine import Machine

import kurto
from kurto.alerts.v1 import (
    alerts_pb2,
    notification_service_pb2,
    notifications_pb2,
    rule_service_pb2,
)
from kurto.assets.v1 import asset_service_pb2, assets_pb2

SENSORS, CHANNELS = 8, 32
RULE = "e2e-flood"


@contextmanager
def webhook() -> Iterator[tuple[str, list[object]]]:
    """Serve a webhook on a free port; yield its address and what was posted to it."""
    posted: list[object] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", posted
    finally:
        server.shutdown()
        server.server_close()


async def mount(client: kurto.Client, sensor_ids: list[str]) -> None:
    """Put sensors on one machine."""
    machine = assets_pb2.Machine(machine_id="e2e-flood-machine", site_id="e2e-flood-site")
    site = assets_pb2.Site(site_id="e2e-flood-site")
    await client.assets.CreateSite(asset_service_pb2.CreateSiteRequest(site=site))
    await client.assets.CreateMachine(asset_service_pb2.CreateMachineRequest(machine=machine))
    for sensor_id in sensor_ids:
        request = asset_service_pb2.GetSensorRequest(sensor_id=sensor_id)
        sensor = (await client.assets.GetSensor(request)).sensor
        sensor.machine_id = machine.machine_id
        await client.assets.UpdateSensor(asset_service_pb2.UpdateSensorRequest(sensor=sensor))


async def watch(client: kurto.Client, sensor_ids: list[str], url: str) -> None:
    """Have RMS above 1 g of any channel be a warning after a second, and told to a webhook."""
    level = alerts_pb2.Level(
        severity=alerts_pb2.SEVERITY_WARNING, limit=1.0, pending_duration=Duration(seconds=1)
    )
    rule = alerts_pb2.Rule(
        rule_id=RULE,
        display_name="Flood",
        feature="rms",
        unit="g",
        selector=alerts_pb2.ChannelSelector(sensor_ids=sensor_ids),
        operator=alerts_pb2.OPERATOR_ABOVE,
        levels=[level],
    )
    await client.rules.CreateRule(rule_service_pb2.CreateRuleRequest(rule=rule))
    receiver = notifications_pb2.Receiver(
        receiver_id=RULE, webhook=notifications_pb2.Webhook(url=url)
    )
    await client.notifications.CreateReceiver(
        notification_service_pb2.CreateReceiverRequest(receiver=receiver)
    )
    route = notifications_pb2.Route(
        route_id=RULE,
        matcher=notifications_pb2.AlertMatcher(rule_ids=[RULE]),
        receiver_ids=[RULE],
        group_wait_duration=Duration(seconds=10),
    )
    policy = notifications_pb2.NotificationPolicy(routes=[route])
    await client.notifications.UpdateNotificationPolicy(
        notification_service_pb2.UpdateNotificationPolicyRequest(policy=policy)
    )


async def log(client: kurto.Client) -> list[notifications_pb2.Notification]:
    """Return what the webhook was told, by the service's own log."""
    request = notification_service_pb2.ListNotificationsRequest(receiver_id=RULE)
    return list((await client.notifications.ListNotifications(request)).notifications)


async def unwatch(client: kurto.Client) -> None:
    """Delete what `watch` made."""
    await client.notifications.UpdateNotificationPolicy(
        notification_service_pb2.UpdateNotificationPolicyRequest(
            policy=notifications_pb2.NotificationPolicy()
        )
    )
    await client.notifications.DeleteReceiver(
        notification_service_pb2.DeleteReceiverRequest(receiver_id=RULE)
    )
    await client.rules.DeleteRule(rule_service_pb2.DeleteRuleRequest(rule_id=RULE))


def test_a_flood_of_one_machine_is_one_notification_and_the_page_still_works(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    names = tuple(f"ch{number:02d}" for number in range(CHANNELS))
    machines: list[Machine] = [
        run_machine(f"e2e-flood-{number}", channels=names) for number in range(SENSORS)
    ]
    sensor_ids = [machine.sensor_id for machine in machines]
    first = machines[0]
    first.call(lambda client: mount(client, sensor_ids))
    with webhook() as (url, posted):
        first.call(lambda client: watch(client, sensor_ids, url))
        page = open_window(f"{stack.ready['https']}/?page=alarms&sensor=e2e-flood-0").page
        for machine in machines:
            machine.amplitude = 3.0
        page.get_by_test_id("filter-text").fill("flood-machine")
        rows = page.get_by_test_id("alarm-row").filter(has_text="Flood")
        expect(rows).to_have_count(SENSORS * CHANNELS, timeout=90_000)

        # What a person does next must not wait for the flood.
        page.get_by_test_id("filter-text").fill("flood-machine ch07")
        expect(rows).to_have_count(SENSORS, timeout=5_000)
        rows.first.get_by_role("button").click()
        expect(page.get_by_test_id("alarm-timeline")).to_contain_text("Raised", timeout=5_000)

        page.get_by_test_id("page-notifications").click()
        row = page.get_by_test_id("notification-row").filter(has_text=RULE)
        for _ in range(60):
            page.get_by_test_id("notification-reload").click()
            if row.filter(has_text="Delivered").count():
                break
            page.wait_for_timeout(1_000)
        expect(row).to_have_count(1)
        told = first.call(log)
        first.call(unwatch)
    assert len(posted) == 1
    assert [len(one.transitions) for one in told] == [SENSORS * CHANNELS]
