"""Addresses, signatures, pauses and words of notifications."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kurto_alerts.alert_state import TransitionKind
from kurto_alerts.delivery.addresses import checked_mail_address, checked_url, is_public
from kurto_alerts.delivery.contents import html_body, text_body
from kurto_alerts.delivery.failure_alarm import end_failure, raise_failure
from kurto_alerts.delivery.grouping import Draft
from kurto_alerts.delivery.mail import message_id_of, message_of
from kurto_alerts.delivery.notices import Kind, Notification, State
from kurto_alerts.delivery.pauses import pause_s
from kurto_alerts.delivery.policy import (
    Mail,
    MailSecurity,
    Policy,
    Receiver,
    Route,
    Secrets,
    Webhook,
    surviving_secrets,
)
from kurto_alerts.delivery.routing import Recipient, entries_of
from kurto_alerts.delivery.sealing import seal
from kurto_alerts.delivery.signing import signature
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.rules import Severity

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MAIL = Mail(
    host="mail.example.org",
    port=587,
    security=MailSecurity.STARTTLS,
    user_name="kurto",
    sender="kurto@example.org",
    recipients=("anna@example.org",),
)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.org",
        "file:///etc/passwd",
        "//example.org/hook",
        "https://anna:secret@example.org/hook",
        "https://",
        "https://exa mple.org",
        "https://example.org/\r\nHost: other",
        "https://example.org:0/",
        "https://example.org:70000/",
        "http://[::1",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_an_address_that_no_webhook_may_have(url: str) -> None:
    with pytest.raises(FieldInvalid) as failure:
        checked_url(url, "receiver.webhook.url")
    assert failure.value.metadata["field"] == "receiver.webhook.url"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/hook", "https://example.org/a?b=c", "http://[::1]:80/"]
)
def test_an_address_that_a_webhook_may_have(url: str) -> None:
    assert checked_url(url, "url") == url


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:192.168.0.1", False),
        ("224.0.0.1", False),
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
    ],
)
def test_which_addresses_are_private(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "address", ["", "anna", "a@b\r\nBcc: c@d", "anna@example.org, b@c", "<a@b>", "a b@c"]
)
def test_a_mail_address_that_could_begin_a_header(address: str) -> None:
    with pytest.raises(FieldInvalid):
        checked_mail_address(address, "receiver.mail.sender")


def test_the_signature_is_the_one_that_the_documentation_computes() -> None:
    # printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
    expected = "v1=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23"
    assert signature("0123456789abcdef", 1_700_000_000, b'{"a":1}') == expected
    assert signature("0123456789abcdef", 1_700_000_001, b'{"a":1}') != expected


def test_pauses_double_up_to_the_longest_and_are_spread() -> None:
    pauses = [pause_s(n, first_s=1.0, longest_s=300.0, chance=1.0) for n in range(1, 12)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert pause_s(3, first_s=1.0, longest_s=300.0, chance=0.0) == 2.0
    assert pause_s(10**9, first_s=1.0, longest_s=300.0, chance=1.0) == 300.0
    assert pause_s(1, first_s=1.0, longest_s=300.0, chance=1.0, retry_after_s=60.0) == 60.0
    assert pause_s(1, first_s=1.0, longest_s=300.0, chance=1.0, retry_after_s=9e9) == 300.0


def test_no_secret_follows_a_receiver_to_another_host() -> None:
    known = Secrets(signing_secret="s" * 16, authorization="Bearer x", password="p")
    before = Receiver(receiver_id="a", channel=Webhook(url="https://one.example/x"))
    same = replace(before, channel=Webhook(url="https://one.example/y"))
    other = replace(before, channel=Webhook(url="https://two.example/x"))
    mail = replace(before, channel=MAIL)
    assert surviving_secrets(before, known, same) == known
    assert surviving_secrets(before, known, other) == Secrets(signing_secret="s" * 16)
    assert surviving_secrets(before, known, mail) == Secrets()
    moved = replace(before, channel=replace(MAIL, host="other.example"))
    assert surviving_secrets(mail, known, moved) == Secrets()


def notification_of(name: str) -> Notification:
    raised = raise_failure("hook", attempts=10, number=7, now=NOW)
    alert = replace(raised.alert, rule_display_name=name, machine_id=name)
    raised = replace(raised, alert=alert)
    policy = Policy(routes=(Route(route_id="all", receiver_ids=("mail",)),))
    entries = entries_of([raised], policy, told={}, sites={})
    sealed = seal(
        Draft(group_keys=(entries[0].group_key,), entries=tuple(entries)),
        {alert.alert_id: alert},
        receiver_id="mail",
        time=NOW,
    )
    return Notification(
        notification_id=1,
        idempotency_key=sealed.idempotency_key,
        receiver_id="mail",
        machine_id=sealed.machine_id,
        kind=Kind.CHANGES,
        state=State.PENDING,
        severity=Severity.WARNING,
        must_deliver=False,
        summary=sealed.summary,
        content=sealed.content,
        create_time=NOW,
    )


def test_names_of_machines_can_neither_begin_headers_nor_html() -> None:
    told = notification_of("pump\r\nBcc: eve@example.org\r\n\r\n<script>x</script>\u2028y")
    message = message_of(told, MAIL)
    assert message["Bcc"] is None
    assert len(str(message["Subject"]).splitlines()) == 1
    assert "<script>" not in html_body(told.content)
    assert "pump" in text_body(told.content)
    assert message["Message-ID"] == message_id_of(told, MAIL.sender)
    assert message.as_bytes().count(b"\nBcc:") == 0


def test_the_failure_of_a_receiver_is_never_told_to_itself() -> None:
    policy = Policy(routes=(Route(route_id="all", receiver_ids=("hook", "mail")),))
    raised = raise_failure("hook", attempts=10, number=7, now=NOW)
    made = entries_of([raised], policy, told={}, sites={})
    assert [entry.receiver_id for entry in made] == ["mail"]
    assert made[0].key == f"{raised.alert.alert_id}:7:mail"
    ended = end_failure(raised.alert, number=8, now=NOW)
    told = {raised.alert.alert_id: [Recipient("mail", made[0].group_key)]}
    # The end goes to whoever was told, whatever the policy says by now.
    closing = entries_of([ended], Policy(), told=told, sites={})
    assert [(one.receiver_id, one.kind) for one in closing] == [("mail", TransitionKind.RESOLVED)]
