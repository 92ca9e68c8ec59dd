"""The live streams in Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from kurto.signal.v1 import features_pb2
from kurto_gateway.live.cursors import EntryId
from kurto_gateway.ports import Away, Entry
from kurto_service import valkey

__all__ = ["ValkeyStreams"]

_FIELD = b"b"
_READ_COUNT = 100
_LATEST = "kurto:latest:"
_OUTER_TIMEOUT_S = 5.0  # beyond the driver's own attempts, so that nothing can hang
ValueT = TypeVar("ValueT")


class ValkeyStreams:
    """Reads live streams; connects when first needed and whenever it has to.

    Parameters
    ----------
    url : str
        Address of the server.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Redis | None = None
        self._connecting = asyncio.Lock()

    async def newest(self, stream: str) -> EntryId:
        """Return the id of the newest entry that there ever was; 0-0 when there was none."""
        facts = await self._facts(stream)
        return _entry_id(facts["last-generated-id"]) if facts else EntryId(0, 0)

    async def oldest(self, stream: str) -> EntryId | None:
        """Return the id of the oldest entry that is still there."""
        facts = await self._facts(stream)
        first = facts["first-entry"] if facts else None
        return _entry_id(first[0]) if first else None

    async def _facts(self, stream: str) -> dict[str, Any] | None:
        client = await self._connected()
        try:
            facts: dict[str, Any] = await self._bounded(client.xinfo_stream(stream))
        except ResponseError:  # there is no such stream yet
            return None
        return facts

    async def read(self, stream: str, after: EntryId, *, wait_s: float) -> Sequence[Entry]:
        """Return entries after `after`, waiting at most `wait_s` seconds for the first."""
        client = await self._connected()
        wait_ms = max(1, round(wait_s * 1000))
        reply: Any = await self._bounded(
            client.xread({stream: str(after)}, count=_READ_COUNT, block=wait_ms)
        )
        return [_entry(item) for _, items in reply or () for item in items]

    async def read_from(self, stream: str, first: EntryId, *, count: int) -> Sequence[Entry]:
        """Return at most `count` entries from `first` on, inclusive."""
        client = await self._connected()
        items: Any = await self._bounded(client.xrange(stream, min=str(first), count=count))
        return [_entry(item) for item in items]

    async def latest(self, sensor_ids: Sequence[str]) -> Sequence[features_pb2.FeatureBatch]:
        """Return the cached newest frame of each of these sensors that has one."""
        if not sensor_ids:
            return []
        client = await self._connected()
        keys = [f"{_LATEST}{sensor}" for sensor in sensor_ids]
        found: Any = await self._bounded(client.mget(keys))
        return [features_pb2.FeatureBatch.FromString(value) for value in found if value]

    async def ping(self) -> None:
        """Return if the server answers."""
        await self._bounded(valkey.ping(await self._connected()))

    async def aclose(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _connected(self) -> Redis:
        async with self._connecting:
            if self._client is None:
                attempt = valkey.connect(self._url, client_name="kurto-gateway")
                self._client = await self._bounded(attempt)
            return self._client

    @staticmethod
    async def _bounded(work: Awaitable[ValueT]) -> ValueT:
        try:
            async with asyncio.timeout(_OUTER_TIMEOUT_S):
                return await work
        except ResponseError as error:
            # While it loads its file after a restart Valkey answers, but only with this error.
            if str(error).startswith(("LOADING", "MASTERDOWN")):
                raise Away(str(error)) from error
            raise
        except (RedisError, OSError, TimeoutError, valkey.ValkeyTooOld) as error:
            raise Away(f"Valkey: {error or type(error).__name__}") from error


def _entry(item: tuple[bytes, dict[bytes, bytes]]) -> Entry:
    entry_id, fields = item
    return Entry(_entry_id(entry_id), fields.get(_FIELD, b""))


def _entry_id(raw: bytes) -> EntryId:
    return EntryId.parse(raw.decode("ascii"))
