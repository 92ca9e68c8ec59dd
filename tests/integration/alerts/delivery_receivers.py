"""A web server and a mail server that take notifications, or do not, as a test tells them."""

import asyncio
import contextlib
import json
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Posted:
    """One request of a webhook."""

    headers: dict[str, str]
    body: bytes
    content: dict[str, Any]
    arrival: float
    taken: bool


@dataclass
class Hook:
    """What a web server was posted; `plan` holds what it does with the next requests.

    A number is answered as a status; "reset" closes the connection, "hang" never answers,
    "slow" answers 200 after a while, "redirect" sends the caller away.
    """

    url: str = ""
    posted: list[Posted] = field(default_factory=list)
    plan: deque[int | str] = field(default_factory=deque)
    otherwise: int | str = 200
    elsewhere: int = 0

    @property
    def taken(self) -> list[Posted]:
        return [one for one in self.posted if one.taken]

    def keys(self) -> list[str]:
        """Return the keys of all transitions in all requests that were taken."""
        return [
            transition["idempotency_key"]
            for one in self.taken
            for transition in one.content["transitions"]
        ]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        action = self.plan.popleft() if self.plan else self.otherwise
        taken = action in ("slow", "hang-after") or (isinstance(action, int) and action < 300)
        self.posted.append(
            Posted(dict(request.headers), body, json.loads(body), time.monotonic(), taken)
        )
        if action == "reset":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if action == "hang":
            await asyncio.sleep(3600)
        if action == "slow":
            await asyncio.sleep(0.5)
        if action == "redirect":
            return web.Response(status=302, headers={"Location": "/elsewhere"})
        return web.Response(status=action if isinstance(action, int) else 200, text="as told")

    async def other(self, request: web.Request) -> web.StreamResponse:
        self.elsewhere += 1
        return web.Response()


@contextlib.asynccontextmanager
async def webhook(tls: ssl.SSLContext | None = None) -> AsyncIterator[Hook]:
    """Run a web server on loopback."""
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.answer)
    app.router.add_route("*", "/elsewhere", hook.other)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    scheme = "https" if tls else "http"
    hook.url = f"{scheme}://127.0.0.1:{port}/hook"
    try:
        yield hook
    finally:
        await runner.cleanup()


@dataclass
class Mailbox:
    """What a mail server was sent; `plan` holds its replies to the next messages.

    "451 later" and the like are sent as they stand; "drop" closes the connection.
    """

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    tries: int = 0
    plan: deque[str] = field(default_factory=deque)
    at_recipient: deque[str] = field(default_factory=deque)

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if self.at_recipient and (reply := self.at_recipient.popleft()):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.tries += 1
        reply = self.plan.popleft() if self.plan else ""
        if reply == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "451 gone"
        if reply:
            return reply
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 taken"


@contextlib.asynccontextmanager
async def mail_server(
    *, implicit_tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Mailbox]:
    """Run a mail server on loopback, encrypted from the first byte with `implicit_tls`.

    `options` are those of aiosmtpd's SMTP.
    """
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, hostname="mail.example.org", loop=loop, **options),
        "127.0.0.1",
        0,
        ssl=implicit_tls,
    )
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()


async def until(
    condition: Callable[[], bool], said: Callable[[], str], timeout_s: float = 60.0
) -> None:
    """Wait for something that a test sees."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain; alerts said:\n{said()}")
        await asyncio.sleep(0.02)
