"""Transitions reach a real web server and a real mail server, whatever these do."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from tests.faults.rig.fail_points import FailPoints
from tests.integration.alerts.delivery_receivers import (
    Hook,
    Mailbox,
    mail_server,
    until,
    webhook,
)
from tests.integration.alerts.failing_delivery import POINTS
from tests.integration.alerts.world import World, world

from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alerts_pb2
from kurto.alerts.v1 import notification_service_pb2 as service_pb
from kurto.alerts.v1 import notifications_pb2 as pb
from kurto.alerts.v1.notification_service_pb2_grpc import NotificationServiceStub

SECRET = "a-key-that-nobody-sees"
QUICK = {
    "profile_patience_s": "0",
    "poll_s": "1",
    "delivery_retry_s": "0.05",
    "delivery_retry_max_s": "0.2",
    "delivery_timeout_s": "2",
    "delivery_poll_s": "0.2",
}


class Delivery:
    """Alerts with its delivery, a web server and a mail server."""

    def __init__(self, built: World, hook: Hook, box: Mailbox, channel: grpc.aio.Channel) -> None:
        self.world = built
        self.hook = hook
        self.box = box
        self.rpc: Any = NotificationServiceStub(channel)

    async def add_hook(self, receiver_id: str = "hook") -> pb.Receiver:
        receiver = pb.Receiver(
            receiver_id=receiver_id,
            webhook=pb.Webhook(url=self.hook.url, signing_secret=SECRET, authorization="Bearer x1"),
        )
        request = service_pb.CreateReceiverRequest(receiver=receiver)
        created: pb.Receiver = (await self.rpc.CreateReceiver(request)).receiver
        return created

    async def add_mail(self, receiver_id: str = "mail", **parts: Any) -> pb.Receiver:
        mail = pb.Mail(
            host="127.0.0.1",
            port=self.box.port,
            security=pb.MAIL_SECURITY_PLAIN,
            sender="kurto@example.org",
            recipients=["anna@example.org", "bert@example.org"],
        )
        for name, value in parts.items():
            setattr(mail, name, value)
        request = service_pb.CreateReceiverRequest(
            receiver=pb.Receiver(receiver_id=receiver_id, mail=mail)
        )
        created: pb.Receiver = (await self.rpc.CreateReceiver(request)).receiver
        return created

    async def route_to(self, *receiver_ids: str, **parts: Any) -> pb.NotificationPolicy:
        policy = pb.NotificationPolicy(
            routes=[
                pb.Route(
                    route_id="all",
                    receiver_ids=receiver_ids,
                    group_wait_duration=Duration(seconds=0),
                )
            ],
            group_interval_duration=Duration(seconds=0),
            **parts,
        )
        request = service_pb.UpdateNotificationPolicyRequest(policy=policy)
        stored = (await self.rpc.UpdateNotificationPolicy(request)).policy
        assert isinstance(stored, pb.NotificationPolicy)
        return stored

    async def log(self, **parts: Any) -> list[pb.Notification]:
        request = service_pb.ListNotificationsRequest(page_size=1000, **parts)
        return list((await self.rpc.ListNotifications(request)).notifications)

    async def until_taken(self, count: int) -> None:
        await until(lambda: len(self.hook.keys()) >= count, self.world.process.said)

    async def expected_keys(self, receiver_id: str = "hook") -> list[str]:
        return [
            f"{one.alert.alert_id}:{one.transition_number}:{receiver_id}"
            for one in await self.world.transitions()
            if alerts_pb2.TransitionKind.Name(one.kind).endswith(("RAISED", "RESOLVED"))
        ]


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mail_server() as box:
        yield box


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with webhook() as hook:
        yield hook


@pytest.fixture
async def delivery(
    postgres_dsn: str, valkey_url: str, tmp_path: Path, hook: Hook, box: Mailbox
) -> AsyncIterator[Delivery]:
    async with world(postgres_dsn, valkey_url, tmp_path, **QUICK) as built:
        address = f"127.0.0.1:{built.process.port}"
        async with grpc.aio.insecure_channel(address) as channel:
            yield Delivery(built, hook, box, channel)


async def test_raised_and_resolved_reach_a_webhook_signed_and_under_their_keys(
    delivery: Delivery,
) -> None:
    await delivery.add_hook()
    await delivery.route_to("hook")
    await delivery.world.create_rule()
    await delivery.world.send_values([0.5, 1.5, 1.5])
    await delivery.until_taken(1)
    await delivery.world.send_values([0.5, 0.5], first=3)
    await delivery.until_taken(2)
    assert delivery.hook.keys() == await delivery.expected_keys()
    raised, resolved = delivery.hook.taken
    assert (raised.content["status"], resolved.content["status"]) == ("open", "ended")
    assert raised.headers["Idempotency-Key"] == delivery.hook.keys()[0]
    assert raised.headers["Authorization"] == "Bearer x1"
    signed = raised.headers["Kurto-Timestamp"].encode() + b"." + raised.body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert raised.headers["Kurto-Signature"] == f"v1={expected}"
    alert = raised.content["alerts"][0]
    assert (alert["severity"], alert["worst_value"], alert["limit"]) == ("WARNING", 1.5, 1.0)
    states = [one.state for one in await delivery.log()]
    assert states == [pb.NOTIFICATION_STATE_DELIVERED] * 2


@pytest.mark.parametrize("fault", [500, 429, 404, "reset", "hang", "redirect"])
async def test_what_is_not_taken_comes_again_under_the_same_key(
    delivery: Delivery, fault: int | str
) -> None:
    delivery.hook.plan.extend([fault, fault])
    await delivery.add_hook()
    await delivery.route_to("hook")
    await delivery.world.create_rule()
    await delivery.world.send_values([0.5, 1.5, 1.5])
    await until(lambda: len(delivery.hook.posted) > 0, delivery.world.process.said)
    await delivery.world.send_values([0.5, 0.5], first=3)
    await delivery.until_taken(2)
    assert delivery.hook.keys() == await delivery.expected_keys()
    first = delivery.hook.posted[:3]
    assert len({one.headers["Idempotency-Key"] for one in first}) == 1
    assert len({one.body for one in first}) == 1
    assert delivery.hook.elsewhere == 0
    newest = (await delivery.log())[-1]
    assert [one.delivered for one in newest.attempts] == [False, False, True]
    if isinstance(fault, int):
        assert [one.status_code for one in newest.attempts] == [fault, fault, 200]
    assert all(one.error for one in newest.attempts[:2])


async def test_mail_comes_as_text_and_html_and_again_when_refused(delivery: Delivery) -> None:
    delivery.box.plan.extend(["451 later", "drop", "554 no"])
    await delivery.add_mail()
    await delivery.route_to("mail")
    await delivery.world.create_rule()
    await delivery.world.send_values([0.5, 1.5, 1.5])
    await until(lambda: len(delivery.box.messages) == 1, delivery.world.process.said)
    message = delivery.box.messages[0]
    assert delivery.box.tries == 4
    assert message["To"] == "anna@example.org, bert@example.org"
    assert message["Subject"].startswith("[WARNING] ")
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert delivery.world.sensor_id in text.get_content()
    assert delivery.world.sensor_id in html.get_content()
    log = await delivery.log(receiver_id="mail")
    assert [one.status_code for one in log[0].attempts[:3]] in ([451, 0, 554], [451, 451, 554])


async def test_secrets_are_shown_nowhere(delivery: Delivery, postgres_dsn: str) -> None:
    created = await delivery.add_hook()
    assert created.webhook.has_signing_secret
    assert created.webhook.has_authorization
    renamed = pb.Receiver(
        receiver_id="hook", display_name="renamed", webhook=pb.Webhook(url=delivery.hook.url)
    )
    updated = await delivery.rpc.UpdateReceiver(service_pb.UpdateReceiverRequest(receiver=renamed))
    assert updated.receiver.webhook.has_signing_secret  # it stays
    listed = await delivery.rpc.ListReceivers(service_pb.ListReceiversRequest())
    changes = await delivery.rpc.ListDeliveryChanges(service_pb.ListDeliveryChangesRequest())
    tested = await delivery.rpc.TestReceiver(service_pb.TestReceiverRequest(receiver_id="hook"))
    assert tested.notification.attempts[0].delivered
    assert [one.secrets_changed for one in changes.changes] == [False, True]
    everything = f"{created}{updated}{listed}{changes}{tested}{delivery.world.process.said()}"
    assert SECRET not in everything
    assert "Bearer x1" not in everything
    connection = await asyncpg.connect(postgres_dsn)
    try:
        rows = await connection.fetch("SELECT * FROM alerts.receivers")
        audit = await connection.fetch("SELECT * FROM alerts.delivery_changes")
    finally:
        await connection.close()
    assert SECRET not in f"{rows}{audit}"


async def test_a_receiver_that_fails_for_long_is_an_alarm_told_to_others_until_it_works(
    delivery: Delivery,
) -> None:
    delivery.hook.otherwise = 503
    await delivery.add_hook()
    await delivery.add_mail()
    await delivery.route_to("hook", "mail")
    await delivery.world.create_rule()
    await delivery.world.send_values([0.5, 1.5, 1.5])

    async def failing() -> bool:
        return len(await delivery.world.active()) == 2

    await delivery.world.until(failing)
    request = alert_pb.ListActiveAlertsRequest()
    active = (await delivery.world.alerts.ListActiveAlerts(request)).alerts
    own = [one for one in active if one.kind == alerts_pb2.ALERT_KIND_SYSTEM]
    assert [one.labels["receiver"] for one in own] == ["hook"]
    await until(lambda: len(delivery.box.messages) == 2, delivery.world.process.said)
    delivery.hook.otherwise = 200

    async def over() -> bool:
        return len(await delivery.world.active()) == 1

    await delivery.world.until(over)
    await until(lambda: len(delivery.box.messages) == 3, delivery.world.process.said)
    told = {one["alert_id"] for post in delivery.hook.posted for one in post.content["transitions"]}
    assert own[0].alert_id not in told


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_point_of_the_outbox_each_transition_still_comes_under_its_key(
    postgres_dsn: str,
    valkey_url: str,
    tmp_path: Path,
    hook: Hook,
    box: Mailbox,
    *,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    points = FailPoints(tmp_path / "points")
    monkeypatch.setenv("FAIL_POINTS_DIRECTORY", str(points.directory))
    settings = {**QUICK, "delivery_timeout_s": "0.5", "query_timeout_s": "2"}
    async with world(postgres_dsn, valkey_url, tmp_path, **settings) as built:
        address = f"127.0.0.1:{built.process.port}"
        options = [("grpc.max_reconnect_backoff_ms", 100)]
        async with grpc.aio.insecure_channel(address, options=options) as channel:
            delivery = Delivery(built, hook, box, channel)
            await delivery.add_hook()
            await delivery.route_to("hook")
            await built.create_rule()
            await built.process.kill()
            built.process.module = "tests.integration.alerts.failing_delivery"
            for values, first, count in (([0.5, 1.5, 1.5], 0, 1), ([0.5, 0.5], 3, 2)):
                points.arm(point, "kill")
                await built.process.start()
                await built.serving()
                await built.send_values(values, first=first)
                await points.fired(point)
                await built.process.kill()
                await built.process.start()
                await built.serving()
                await until(lambda: len(set(hook.keys())) == count, built.process.said)  # noqa: B023
            assert sorted(set(hook.keys())) == sorted(await delivery.expected_keys())

            async def finished() -> bool:
                states = {one.state for one in await delivery.log()}
                return states == {pb.NOTIFICATION_STATE_DELIVERED}

            await built.until(finished)
