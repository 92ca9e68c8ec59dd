"""The live stream and the newest frames, in Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kurto_analyzer.exceptions import LiveStreamUnavailable
from kurto_service.clock import Clock
from kurto_service.valkey import ValkeyTooOld

__all__ = ["FEATURE_STREAM", "ValkeyLiveFeatures", "latest_key"]

FEATURE_STREAM = "kurto:features:0"
"""Stream of serialised `FeatureBatch` messages, one field ``b``."""


def latest_key(sensor_id: str) -> str:
    """Return the key of a sensor's newest frame."""
    return f"kurto:latest:{sensor_id}"


class ValkeyLiveFeatures:
    """`LiveFeatures` on Valkey; connects on first use, so that Valkey may start later.

    Parameters
    ----------
    connect : async callable
        Returns a client.
    clock : Clock
        Its ``now`` dates what is trimmed.
    retention_s : float
        Seconds for which the stream keeps its messages.
    latest_ttl_s : int
        Seconds for which a newest frame is kept.
    timeout_s : float
        Seconds that one call may take, connecting included.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Redis]],
        clock: Clock,
        *,
        retention_s: float,
        latest_ttl_s: int,
        timeout_s: float,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._retention_s = retention_s
        self._latest_ttl_s = latest_ttl_s
        self._timeout_s = timeout_s
        self._client: Redis | None = None
        self._connecting = asyncio.Lock()

    async def publish(self, batch: bytes, latest: Mapping[str, bytes]) -> None:
        """Append one serialised `FeatureBatch`, and replace the newest frame of some sensors."""
        async with self._bounded():
            client = await self._connected()
            pipeline = client.pipeline(transaction=False)
            oldest_ms = int((self._clock.now().timestamp() - self._retention_s) * 1000)
            pipeline.xadd(FEATURE_STREAM, {"b": batch}, minid=oldest_ms, approximate=True)
            for sensor_id, frame in latest.items():
                pipeline.set(latest_key(sensor_id), frame, ex=self._latest_ttl_s)
            await pipeline.execute()

    async def latest(self, sensor_id: str) -> bytes | None:
        """Return the newest frame of a sensor as a serialised batch of one, or None."""
        async with self._bounded():
            client = await self._connected()
            value = await client.get(latest_key(sensor_id))
        return value if isinstance(value, bytes) else None

    async def ping(self) -> None:
        """Raise unless Valkey answers."""
        await (await self._connected()).ping()

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except (RedisError, ValkeyTooOld, OSError) as error:  # OSError: TimeoutError too
            problem = str(error) or type(error).__name__
            raise LiveStreamUnavailable(problem=problem) from error

    async def _connected(self) -> Redis:
        async with self._connecting:
            if self._client is None:
                self._client = await self._connect()
            return self._client
