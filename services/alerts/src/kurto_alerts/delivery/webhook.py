"""Posts notifications by HTTP."""

import asyncio
import errno
import json
import socket
import ssl

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from kurto_alerts.delivery.addresses import is_address, is_public, origin_of
from kurto_alerts.delivery.notices import Outcome
from kurto_alerts.delivery.policy import Webhook
from kurto_alerts.delivery.ports import Delivery
from kurto_alerts.delivery.signing import signature
from kurto_service.clock import Clock

LONGEST_ANSWER = 300
REFUSED = "it resolves to a private address, and KURTO_ALERTS_WEBHOOK_PRIVATE_ADDRESSES is false"


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only: what is checked is what is connected to."""

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name, if all of them are public."""
        found = await self._resolver.resolve(host, port, family)
        if any(not is_public(one["host"]) for one in found):
            raise OSError(errno.EACCES, REFUSED)
        return found

    async def close(self) -> None:
        """Close the resolver behind."""
        await self._resolver.close()


class WebhookSender:
    """Implements `ports.Sender` for webhooks.

    Parameters
    ----------
    clock : Clock
        Gives the time that is signed.
    timeout_s : float
        Seconds that one attempt may take.
    private_addresses : bool
        Whether addresses of the own network may be posted to.
    tls : ssl.SSLContext
        Which certificates are trusted.
    """

    def __init__(
        self, clock: Clock, *, timeout_s: float, private_addresses: bool, tls: ssl.SSLContext
    ) -> None:
        self._clock = clock
        self._timeout_s = timeout_s
        self._private_addresses = private_addresses
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver: AbstractResolver = ThreadedResolver()
            if not self._private_addresses:
                resolver = PublicResolver(resolver)
            # No connection is kept: the next notification may be hours away.
            connector = aiohttp.TCPConnector(
                ssl=self._tls, resolver=resolver, force_close=True, limit=0
            )
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        return self._session

    async def send(self, delivery: Delivery) -> Outcome:
        """Try once; whatever goes wrong is in the outcome."""
        channel = delivery.receiver.channel
        assert isinstance(channel, Webhook)
        host = origin_of(channel.url)[1]
        if not self._private_addresses and is_address(host) and not is_public(host):
            return Outcome(delivered=False, error=REFUSED)
        body = json.dumps(delivery.notification.content, allow_nan=False).encode()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(channel.url, body, self._headers(delivery, body))
        except TimeoutError:
            return Outcome(delivered=False, error=f"no answer within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(delivered=False, error=_without_answer(error, channel.url))

    def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "kurto",
            "Idempotency-Key": delivery.notification.idempotency_key,
            "Kurto-Timestamp": str(timestamp),
        }
        secrets = delivery.secrets
        if secrets.signing_secret:
            headers["Kurto-Signature"] = signature(secrets.signing_secret, timestamp, body)
        if secrets.authorization:
            headers["Authorization"] = secrets.authorization
        return headers

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        session = self._opened()
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            code = answer.status
            if 200 <= code < 300:
                return Outcome(delivered=True, status_code=code)
            said = await answer.content.read(LONGEST_ANSWER)
            retry_after_s = _seconds(answer.headers.get("Retry-After", ""))
        text = " ".join(said.decode(errors="replace").split())
        error = f"HTTP {code}: {text}" if text else f"HTTP {code}"
        if 300 <= code < 400:
            error = f"HTTP {code}: redirects are not followed; give the final address"
        return Outcome(delivered=False, status_code=code, error=error, retry_after_s=retry_after_s)


def _without_answer(error: Exception, url: str) -> str:
    """Return what went wrong, and what to change; never the whole address, which may be secret."""
    scheme, host, port = origin_of(url)
    place = f"{scheme}://{host}:{port}"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", "") or "it has another name"
        return (
            f"the certificate of {place} is not trusted ({why}); name its authority in"
            " KURTO_ALERTS_DELIVERY_CA_FILE, or correct the receiver's url"
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        why = error.os_error.strerror or str(error.os_error)
        if REFUSED in why:
            return REFUSED
        return f"cannot reach {place} ({why}); check the receiver's url"
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionResetError):
        return f"{place} closed the connection without an answer"
    return f"{type(error).__name__}: {error}".replace(url, "the address")


def _seconds(text: str) -> float:
    """Return the seconds of Retry-After; 0 for a date, which the ordinary pause stands for."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0.0
