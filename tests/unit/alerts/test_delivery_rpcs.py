"""What receivers and policies are refused, and what senders refuse."""

import datetime as dt
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from tests.integration.alerts.delivery_receivers import Hook, webhook
from tests.unit.alerts.deliveries import certificate, delivery_to

from kurto.alerts.v1 import notifications_pb2 as pb
from kurto_alerts.delivery.policy import Policy, Receiver, Secrets, Webhook
from kurto_alerts.delivery.policy_conversion import policy_from_proto, policy_to_proto
from kurto_alerts.delivery.receiver_conversion import (
    receiver_from_proto,
    receiver_to_proto,
    secrets_from_proto,
)
from kurto_alerts.delivery.webhook import REFUSED, WebhookSender
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.rules import Severity
from kurto_service.clock import SystemClock

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
STEP: dict[str, Any] = {"receiver_ids": ["a"]}


def hook_message(**parts: Any) -> pb.Receiver:
    return pb.Receiver(
        receiver_id="hook", webhook=pb.Webhook(**{"url": "https://example.org/", **parts})
    )


def mail_message(**parts: Any) -> pb.Receiver:
    values = {"host": "mail.example.org", "sender": "a@b.example", "recipients": ["c@d.example"]}
    return pb.Receiver(receiver_id="mail", mail=pb.Mail(**{**values, **parts}))


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (pb.Receiver(receiver_id="a"), "receiver.webhook"),
        (
            pb.Receiver(receiver_id="a/b", webhook=pb.Webhook(url="http://a/")),
            "receiver.receiver_id",
        ),
        (hook_message(url="gopher://a"), "receiver.webhook.url"),
        (hook_message(signing_secret="short"), "receiver.webhook.signing_secret"),
        (hook_message(authorization="a\r\nX: y"), "receiver.webhook.authorization"),
        (mail_message(host="a b"), "receiver.mail.host"),
        (mail_message(port=70000), "receiver.mail.port"),
        (mail_message(security=9), "receiver.mail.security"),
        (mail_message(sender="a\nb@c"), "receiver.mail.sender"),
        (mail_message(recipients=[]), "receiver.mail.recipients"),
        (mail_message(recipients=["a@b.example, c@d.example"]), "receiver.mail.recipients[0]"),
        (
            mail_message(security=pb.MAIL_SECURITY_PLAIN, user_name="kurto"),
            "receiver.mail.user_name",
        ),
    ],
)
def test_a_receiver_that_is_refused_names_the_field(message: pb.Receiver, field: str) -> None:
    with pytest.raises(FieldInvalid) as failure:
        receiver_from_proto(message)
        secrets_from_proto(message)
    assert failure.value.metadata["field"] == field


def test_secrets_are_written_and_never_read() -> None:
    message = hook_message(signing_secret="s" * 16, authorization="Bearer t")
    changes = secrets_from_proto(message)
    shown = receiver_to_proto(receiver_from_proto(message), changes.applied_to(Secrets()))
    assert shown.webhook.has_signing_secret
    assert not shown.webhook.HasField("signing_secret")
    assert not shown.webhook.HasField("authorization")
    assert "Bearer" not in repr(changes)
    untouched = secrets_from_proto(hook_message())
    assert untouched.applied_to(Secrets(authorization="x")) == Secrets(authorization="x")
    removed = secrets_from_proto(hook_message(authorization=""))
    assert removed.applied_to(Secrets(authorization="x")) == Secrets()


def route(**parts: Any) -> pb.Route:
    return pb.Route(**{"route_id": "r", "receiver_ids": ["a"], **parts})


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (pb.NotificationPolicy(routes=[route(), route()]), "policy.routes"),
        (pb.NotificationPolicy(routes=[route(route_id="")]), "policy.routes[0].route_id"),
        (pb.NotificationPolicy(routes=[route(receiver_ids=[])]), "policy.routes[0].receiver_ids"),
        (
            pb.NotificationPolicy(routes=[route(group_wait_duration=Duration(seconds=-1))]),
            "policy.routes[0].group_wait_duration",
        ),
        (
            pb.NotificationPolicy(routes=[route(escalation_steps=[pb.EscalationStep(**STEP)])]),
            "policy.routes[0].escalation_steps[0].unacknowledged_duration",
        ),
        (
            pb.NotificationPolicy(
                routes=[
                    route(
                        escalation_steps=[
                            pb.EscalationStep(unacknowledged_duration=Duration(seconds=600), **STEP)
                        ]
                        * 2
                    )
                ]
            ),
            "policy.routes[0].escalation_steps[1].unacknowledged_duration",
        ),
        (pb.NotificationPolicy(inhibitions=[pb.Inhibition()]), "policy.inhibitions[0].equal"),
        (
            pb.NotificationPolicy(inhibitions=[pb.Inhibition(equal=["colour"])]),
            "policy.inhibitions[0].equal",
        ),
        (pb.NotificationPolicy(flood_machine_count=-1), "policy.flood_machine_count"),
        (
            pb.NotificationPolicy(
                routes=[route(matcher=pb.AlertMatcher(minimum_severity=9))]  # type: ignore[arg-type]
            ),
            "policy.routes[0].matcher",
        ),
    ],
)
def test_a_policy_that_is_refused_names_the_field(
    message: pb.NotificationPolicy, field: str
) -> None:
    with pytest.raises(FieldInvalid) as failure:
        policy_from_proto(message)
    assert failure.value.metadata["field"] == field


def test_a_policy_comes_back_with_its_defaults() -> None:
    asked = pb.NotificationPolicy(routes=[route()], inhibitions=[pb.Inhibition(equal=["machine"])])
    policy = policy_from_proto(asked)
    assert policy_from_proto(policy_to_proto(policy)) == policy
    assert policy.inhibitions[0].source.minimum_severity is Severity.CRITICAL
    assert policy_from_proto(policy_to_proto(Policy())) == Policy()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_private_addresses_are_refused_where_the_setting_says_so(host: str) -> None:
    async with webhook() as hook:
        url = hook.url.replace("127.0.0.1", host)
        receiver = Receiver(receiver_id="r", channel=Webhook(url=url))
        closed = await sent(receiver, hook, private_addresses=False)
        assert not closed.delivered
        assert REFUSED in closed.error
        assert hook.posted == []
        assert (await sent(receiver, hook, private_addresses=True)).delivered


async def sent(
    receiver: Receiver,
    hook: Hook,
    *,
    private_addresses: bool,
    tls: ssl.SSLContext | None = None,
) -> Any:
    sender = WebhookSender(
        SystemClock(),
        timeout_s=20.0,
        private_addresses=private_addresses,
        tls=tls or ssl.create_default_context(),
    )
    try:
        return await sender.send(delivery_to(receiver))
    finally:
        await sender.close()


async def test_failures_of_webhooks_say_what_to_change() -> None:
    async with webhook() as hook:
        secret = Webhook(url=hook.url + "?token=abc")
        hook.plan.append("reset")
        cut = await sent(Receiver(receiver_id="r", channel=secret), hook, private_addresses=True)
        assert cut.error.endswith("closed the connection without an answer")
        assert "token" not in cut.error
        encrypted = replace(secret, url=secret.url.replace("http:", "https:"))
        wrong = await sent(
            Receiver(receiver_id="r", channel=encrypted), hook, private_addresses=True
        )
        assert wrong.error.startswith("cannot reach https://127.0.0.1:")
        assert "token" not in wrong.error
    gone = await sent(Receiver(receiver_id="r", channel=secret), hook, private_addresses=True)
    assert gone.error.startswith("cannot reach http://127.0.0.1:")
    assert gone.error.endswith("check the receiver's url")
    assert "token" not in gone.error


async def test_servers_nobody_vouches_for_are_posted_nothing(tmp_path: Path) -> None:
    public, private = certificate(tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(public, private)
    async with webhook(served) as hook:
        receiver = Receiver(receiver_id="r", channel=Webhook(url=hook.url))
        refused = await sent(receiver, hook, private_addresses=True)
        assert "is not trusted (self-signed certificate)" in refused.error
        assert hook.posted == []
        trusting = ssl.create_default_context(cafile=str(public))
        assert (await sent(receiver, hook, private_addresses=True, tls=trusting)).delivered
