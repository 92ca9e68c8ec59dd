"""Receivers and the policy are set up on the page: tried, corrected, used and taken down again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from google.protobuf.duration_pb2 import Duration
from playwright.sync_api import Page, expect
from tests.conftest import RunningStack
from tests.e2e.conftest import MachineMaker, WindowMaker
from tests.e2e.machine import WAIT_S, Bench, Machine

import kurto
from kurto.alerts.v1 import alerts_pb2, notification_service_pb2, rule_service_pb2

# Of the service, where a stack asks for tokens at all.
AUTHORIZATION = (("authorization", "Bearer of-the-services"),)
SECRET = "sixteen or more characters"


@dataclass
class Hook:
    """A web server that answers `status`, and what was posted to it."""

    url: str = ""
    status: int = 200
    posted: list[tuple[Message, bytes]] = field(default_factory=list)


@contextmanager
def webhook() -> Iterator[Hook]:
    """Serve a webhook on a free port."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.posted.append((self.headers, body))
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hook.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()


class Mailbox:
    """Takes every mail."""

    def __init__(self) -> None:
        self.recipients: list[list[str]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.recipients.append(envelope.rcpt_tos)
        return "250 taken"


def open_tab(page: Page, name: str) -> None:
    page.get_by_test_id(f"notification-tab-{name}").click()


def notifications(stack: RunningStack, open_window: WindowMaker) -> Page:
    page = open_window(f"{stack.ready['https']}/?page=notifications").page
    open_tab(page, "receivers")
    return page


def create_webhook(page: Page, receiver_id: str, url: str) -> None:
    """Fill in a new receiver that signs, and store it."""
    page.get_by_test_id("receiver-new").click()
    page.get_by_test_id("receiver-id").fill(receiver_id)
    page.get_by_test_id("receiver-url").fill(url)
    page.get_by_test_id("receiver-signing-secret").fill(SECRET)
    page.get_by_test_id("receiver-save").click()


def delete(page: Page) -> None:
    page.get_by_test_id("receiver-delete").click()
    page.get_by_test_id("receiver-delete-confirm").click()


def test_a_webhook_is_corrected_tried_and_switched_off(
    stack: RunningStack, open_window: WindowMaker
) -> None:
    page = notifications(stack, open_window)
    answers: list[bytes] = []
    page.on("response", lambda one: answers.append(one.body()) if "Receiver" in one.url else None)
    with webhook() as hook:
        create_webhook(page, "e2e-hook", "ftp://example.org")
        wrong = page.locator('[data-wrong="receiver.webhook.url"]')
        expect(wrong).to_have_text("must begin with http:// or https://")
        page.get_by_test_id("receiver-url").fill(hook.url)
        page.get_by_test_id("receiver-save").click()
        row = page.locator('[data-receiver="e2e-hook"]')
        expect(row).to_be_visible()
        # What was typed is gone, and comes back from nowhere.
        secret = page.get_by_test_id("receiver-signing-secret")
        expect(secret).to_have_value("")
        expect(secret).to_have_attribute("placeholder", "stored; leave empty to keep it")

        page.get_by_test_id("receiver-test").click()
        expect(page.get_by_test_id("receiver-tested")).to_contain_text("took the test message")
        headers, body = hook.posted[0]
        signed = headers["Kurto-Timestamp"].encode() + b"." + body
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["Kurto-Signature"] == f"v1={digest}"

        hook.status = 503
        page.get_by_test_id("receiver-test").click()
        expect(page.get_by_test_id("receiver-tested")).to_contain_text("did not take")
        expect(page.get_by_test_id("receiver-tested")).to_contain_text("503")

        # A change of the name leaves the secret; the box takes it away.
        hook.status = 200
        page.get_by_test_id("receiver-name").fill("On call")
        page.get_by_test_id("receiver-save").click()
        expect(row).to_contain_text("On call")
        page.get_by_test_id("receiver-signing-secret-remove").check()
        page.get_by_test_id("receiver-disabled").check()
        page.get_by_test_id("receiver-save").click()
        expect(row).to_contain_text("Switched off")
        expect(secret).to_have_attribute("placeholder", "none")
        delete(page)
        expect(row).to_have_count(0)
    assert len(answers) > 4
    assert not any(SECRET.encode() in one for one in answers)


def test_mail_is_sent_to_all_recipients(
    stack: RunningStack, open_window: WindowMaker, bench: Bench
) -> None:
    mailbox = Mailbox()

    async def serve() -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: SMTP(mailbox), "127.0.0.1", 0)

    server = bench.start(serve()).result(WAIT_S)
    try:
        port = server.sockets[0].getsockname()[1]
        page = notifications(stack, open_window)
        page.get_by_test_id("receiver-new").click()
        page.get_by_test_id("receiver-id").fill("e2e-mail")
        page.get_by_test_id("receiver-kind").select_option("mail")
        page.get_by_test_id("receiver-host").fill("127.0.0.1")
        page.get_by_test_id("receiver-port").fill(str(port))
        page.get_by_test_id("receiver-security").select_option(label="None")
        page.get_by_test_id("receiver-sender").fill("kurto@example.org")
        page.get_by_test_id("receiver-recipients").fill("a@example.org, not an address")
        page.get_by_test_id("receiver-save").click()
        wrong = page.locator('[data-wrong="receiver.mail.recipients"]')
        expect(wrong).to_contain_text("must be an address such as")
        page.get_by_test_id("receiver-recipients").fill("a@example.org, b@example.org")
        page.get_by_test_id("receiver-save").click()
        expect(page.locator('[data-receiver="e2e-mail"]')).to_contain_text("b@example.org")
        page.get_by_test_id("receiver-test").click()
        expect(page.get_by_test_id("receiver-tested")).to_contain_text("took the test message")
        delete(page)
        expect(page.locator('[data-receiver="e2e-mail"]')).to_have_count(0)
    finally:
        bench.start(stop(server)).result(WAIT_S)
    assert mailbox.recipients == [["a@example.org", "b@example.org"]]


async def stop(server: asyncio.Server) -> None:
    server.close()


async def loud(client: kurto.Client) -> None:
    """Have RMS above 1 g of the sensor e2e-told be critical at once."""
    level = alerts_pb2.Level(
        severity=alerts_pb2.SEVERITY_CRITICAL, limit=1.0, pending_duration=Duration()
    )
    rule = alerts_pb2.Rule(
        rule_id="e2e-told",
        display_name="Told",
        feature="rms",
        unit="g",
        selector=alerts_pb2.ChannelSelector(sensor_ids=["e2e-told"], channels=["vertical"]),
        operator=alerts_pb2.OPERATOR_ABOVE,
        levels=[level],
        labels={"team": "e2e"},
    )
    request = rule_service_pb2.CreateRuleRequest(rule=rule)
    await client.rules.CreateRule(request, metadata=AUTHORIZATION)


def test_a_route_is_made_used_and_removed(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    machine = run_machine("e2e-told")
    machine.amplitude = 0.1
    machine.call(loud)
    page = notifications(stack, open_window)
    with webhook() as hook:
        create_webhook(page, "e2e-told", hook.url)
        expect(page.locator('[data-receiver="e2e-told"]')).to_be_visible()
        open_tab(page, "policy")
        page.get_by_test_id("route-add").click()
        route = page.get_by_test_id("route").last
        route.get_by_test_id("route-id").fill("e2e-told")
        page.get_by_test_id("policy-save").click()
        wrong = route.locator("[data-wrong$=receiver_ids]")
        expect(wrong).to_have_text("must be 1-20 ids")
        route.get_by_test_id("route-receiver-e2e-told").check()
        route.get_by_test_id("route-matcher").locator("summary").click()
        route.get_by_test_id("route-matcher-labels").fill("team")
        page.get_by_test_id("policy-save").click()
        # The browser itself holds back what is no label.
        expect(page.get_by_test_id("policy-saved")).to_have_count(0)
        route.get_by_test_id("route-matcher-labels").fill("team=e2e")
        route.get_by_test_id("step-add").click()
        route.get_by_test_id("step-receiver-e2e-told").check()
        page.get_by_test_id("policy-save").click()
        expect(page.get_by_test_id("policy-saved")).to_be_visible()

        machine.amplitude = 3.0
        open_tab(page, "log")
        told = page.get_by_test_id("notification-row").filter(has_text="e2e-told")
        for _ in range(60):
            page.get_by_test_id("notification-reload").click()
            if told.filter(has_text="Delivered").count():
                break
            page.wait_for_timeout(1_000)
        expect(told.filter(has_text="Delivered").first).to_be_visible()
        assert "Told" in json.dumps(json.loads(hook.posted[0][1]))

        open_tab(page, "receivers")
        page.locator('[data-receiver="e2e-told"]').click()
        delete(page)
        expect(page.get_by_test_id("receiver-failure")).to_contain_text("take it out of the policy")
        open_tab(page, "policy")
        route = page.locator('[data-route="e2e-told"]')
        route.get_by_test_id("route-remove").click()
        page.get_by_test_id("policy-save").click()
        expect(page.get_by_test_id("policy-saved")).to_be_visible()
        open_tab(page, "receivers")
        page.locator('[data-receiver="e2e-told"]').click()
        delete(page)
        expect(page.locator('[data-receiver="e2e-told"]')).to_have_count(0)
    machine.call(unwatch)


async def unwatch(client: kurto.Client) -> None:
    await client.rules.DeleteRule(rule_service_pb2.DeleteRuleRequest(rule_id="e2e-told"))


def test_a_policy_that_changed_meanwhile_is_not_overwritten(
    stack: RunningStack, open_window: WindowMaker, run_machine: MachineMaker
) -> None:
    page = notifications(stack, open_window)
    open_tab(page, "policy")
    hours = page.get_by_test_id("policy-repeatHours")
    hours.fill("7")

    async def change(client: kurto.Client) -> None:
        read = notification_service_pb2.GetNotificationPolicyRequest()
        policy = (await client.notifications.GetNotificationPolicy(read)).policy
        policy.flood_machine_count = 33
        request = notification_service_pb2.UpdateNotificationPolicyRequest(policy=policy)
        await client.notifications.UpdateNotificationPolicy(request)

    run_machine("e2e-policy").call(change)
    page.get_by_test_id("policy-save").click()
    expect(page.get_by_test_id("policy-failure")).to_be_visible()
    page.get_by_test_id("policy-reload").click()
    expect(page.get_by_test_id("policy-floodMachines")).to_have_value("33")
    expect(hours).to_have_value("4")
    page.get_by_test_id("policy-floodMachines").fill("20")
    page.get_by_test_id("policy-save").click()
    expect(page.get_by_test_id("policy-saved")).to_be_visible()


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_roles_decide_what_can_be_done(
    role: str,
    tmp_path: Path,
    own_stack: Callable[..., AbstractContextManager[RunningStack]],
    open_window: WindowMaker,
    bench: Bench,
) -> None:
    lines = [
        f'[[tokens]]\nsha256 = "{hashlib.sha256(token.encode()).hexdigest()}"\n'
        f'principal = "{name}"\nroles = ["{name}"]\n'
        for token, name in (("of-the-services", "admin"), (f"of-the-{role}", role))
    ]
    tokens = tmp_path / "tokens.toml"
    tokens.write_text("\n".join(lines), encoding="utf-8")
    environment = {"KURTO_TOKENS_FILE": str(tokens), "KURTO_SERVICE_TOKEN": "of-the-services"}
    with own_stack(environment=environment) as stack:
        target = str(stack.ready["http"]).removeprefix("http://")
        with Machine(bench, target, "e2e-told", token="of-the-services") as machine:
            machine.call(loud)
            machine.amplitude = 3.0
            page = open_window(f"{stack.ready['https']}/?page=alarms").page
            page.get_by_test_id("token-input").fill(f"of-the-{role}")
            page.get_by_test_id("token-submit").click()
            row = page.get_by_test_id("alarm-row").filter(has_text="Told")
            row.get_by_test_id("mark").check()
            may = role == "operator"
            for control in ("acknowledge-marked", "shelve-marked", "comment-marked"):
                expect(page.get_by_test_id(control)).to_be_enabled(enabled=may)
            page.get_by_test_id("tab-aside").click()
            expect(page.get_by_test_id("aside-shelve")).to_be_enabled(enabled=may)
            expect(page.get_by_test_id("aside-take-out")).to_be_enabled(enabled=may)
            page.get_by_test_id("page-rules").click()
            expect(page.get_by_test_id("rule-new")).to_be_disabled()
            page.get_by_test_id("page-notifications").click()
            expect(page.get_by_test_id("no-notifications")).to_be_visible()
            for tab in ("receivers", "policy"):
                open_tab(page, tab)
                expect(page.get_by_test_id("engineer-needed")).to_be_visible()
            expect(page.get_by_test_id("receiver-new")).to_have_count(0)
            expect(page.get_by_test_id("policy-save")).to_have_count(0)
