"""Valkey (or Redis) with every wait bounded."""

from __future__ import annotations

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import TimeoutError as ValkeyTimeoutError

from kurto_service.dependencies import DependencyRefused

__all__ = ["ValkeyTooOld", "connect", "ping"]

_MINIMUM_VERSION = (7, 2)
_RETRY_COUNT = 2
_FIRST_RETRY_S = 0.02
_LAST_RETRY_S = 0.2


class ValkeyTooOld(DependencyRefused):
    """The server is older than kurto supports."""


async def connect(
    url: str, *, client_name: str = "kurto", timeout_s: float = 2.0, max_connections: int = 32
) -> Redis:
    """Connect to Valkey and check its version.

    A command fails after at most three attempts of `timeout_s` each; close with ``aclose()``.

    Parameters
    ----------
    url : str
        Such as ``redis://127.0.0.1:6379/0``.
    client_name : str
        Shown by ``CLIENT LIST``.
    timeout_s : float
        Seconds for a connection, a reply, and for a free connection of the pool. A blocking
        command must block for less.
    max_connections : int
        Connections open at most.

    Raises
    ------
    ValkeyTooOld
        When the server is older than 7.2.
    redis.exceptions.ConnectionError, redis.exceptions.TimeoutError
        When it does not answer.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        socket_keepalive=True,
        health_check_interval=15,
        client_name=client_name,
        retry=Retry(ExponentialBackoff(cap=_LAST_RETRY_S, base=_FIRST_RETRY_S), _RETRY_COUNT),
        retry_on_error=[ValkeyConnectionError, ValkeyTimeoutError],
    )
    client = Redis.from_pool(pool)
    try:
        await _check_version(client)
    except BaseException:
        await client.aclose()
        raise
    return client


async def _check_version(client: Redis) -> None:
    facts = await client.info("server")
    text = str(facts.get("valkey_version") or facts["redis_version"])
    version = tuple(int(part) for part in text.split(".")[:2])
    if version < _MINIMUM_VERSION:
        raise ValkeyTooOld(f"Valkey {text} is too old: point KURTO_VALKEY_URL to 7.2 or newer")


async def ping(client: Redis) -> None:
    """Raise unless Valkey answers."""
    await client.ping()
