"""The live stream of stream states in Valkey."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kurto_service.clock import Clock

__all__ = ["ValkeyStatusPublisher"]

_KEY = "kurto:streams:0"


class ValkeyStatusPublisher:
    """`kurto_ingest.ports.StatusPublisher` on a Valkey stream that is bounded by time.

    Parameters
    ----------
    connect : async callable
        Connects; called when first needed, and again after a failure.
    clock : Clock
        Tells what is old.
    retention_s : float
        Time for which messages are kept.
    timeout_s : float
        Time that a publication may take.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Redis]],
        clock: Clock,
        *,
        retention_s: float,
        timeout_s: float,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._retention_s = retention_s
        self._timeout_s = timeout_s
        self._client: Redis | None = None

    async def _connected(self) -> Redis:
        if self._client is None:
            self._client = await self._connect()
        return self._client

    async def publish(self, message: bytes) -> None:
        """Publish one serialised update."""
        oldest_ms = int((self._clock.now().timestamp() - self._retention_s) * 1000)
        async with asyncio.timeout(self._timeout_s):
            client = await self._connected()
            await client.xadd(_KEY, {"b": message}, minid=f"{oldest_ms}-0", approximate=True)

    async def ping(self) -> None:
        """Raise unless Valkey answers."""
        async with asyncio.timeout(self._timeout_s):
            client = await self._connected()
            await client.ping()

    async def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(RedisError, OSError):  # it may be away already
                await client.aclose()
