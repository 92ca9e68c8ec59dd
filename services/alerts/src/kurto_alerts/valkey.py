"""The live streams, in Valkey."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from redis.asyncio import Redis

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto_alerts.alert_state import Transition
from kurto_alerts.conversion import transition_to_proto
from kurto_alerts.feature_decoding import FrameDecoder
from kurto_alerts.ports import LiveMessage
from kurto_service.clock import Clock

TRANSITION_STREAM = "kurto:transitions:0"
FIELD = b"b"


class ValkeyConnection:
    """One client, made on first use, so that Valkey may start later than we do.

    Parameters
    ----------
    connect : callable
        Makes a client.
    """

    def __init__(self, connect: Callable[[], Awaitable[Redis]]) -> None:
        self._connect = connect
        self._client: Redis | None = None
        self._connecting = asyncio.Lock()

    async def client(self) -> Redis:
        """Return the client."""
        async with self._connecting:
            if self._client is None:
                self._client = await self._connect()
            return self._client

    async def ping(self) -> None:
        """Raise unless Valkey answers."""
        await (await self.client()).ping()

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()


class ValkeyLiveFeatures:
    """Implements `ports.LiveFeatures`.

    Parameters
    ----------
    connection : ValkeyConnection
        Where the streams are.
    decoder : FrameDecoder
        Decodes the messages.
    block_ms : int
        Milliseconds to wait for a message; less than the connection's time-out.
    message_count : int
        Messages of a stream that one call returns at most.
    timeout_s : float
        Seconds that one call may take in all.
    """

    def __init__(
        self,
        connection: ValkeyConnection,
        decoder: FrameDecoder,
        *,
        block_ms: int,
        message_count: int,
        timeout_s: float,
    ) -> None:
        self._connection = connection
        self._decoder = decoder
        self._block_ms = block_ms
        self._message_count = message_count
        self._timeout_s = timeout_s

    async def read(self, after: Mapping[str, str]) -> Sequence[LiveMessage]:
        """Wait a bounded time for messages behind the given ids, by stream, and return them."""
        async with asyncio.timeout(self._timeout_s):
            client = await self._connection.client()
            answer: Any = await client.xread(
                cast("Any", dict(after)), count=self._message_count, block=self._block_ms
            )
        return [
            LiveMessage(
                stream.decode(), message_id.decode(), self._decoder.decode_batch(fields[FIELD])
            )
            for stream, entries in _streams(answer)
            for message_id, fields in entries
            if FIELD in fields
        ]

    async def newest(self, stream: str) -> str:
        """Return the id of a stream's newest message, "0-0" if it holds none."""
        async with asyncio.timeout(self._timeout_s):
            client = await self._connection.client()
            entries: Any = await client.xrevrange(stream, count=1)
        return entries[0][0].decode() if entries else "0-0"


def _streams(answer: Any) -> list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]:
    """Return what XREAD answered, by stream, in either version of the protocol."""
    if isinstance(answer, dict):
        return [(stream, batches[0]) for stream, batches in answer.items()]
    return list(answer or ())


class ValkeyTransitionStream:
    """Implements `ports.TransitionStream`.

    Parameters
    ----------
    connection : ValkeyConnection
        Where the stream is.
    clock : Clock
        Dates what is trimmed.
    retention_s : float
        Seconds for which the stream keeps its messages.
    timeout_s : float
        Seconds that one call may take in all.
    """

    def __init__(
        self, connection: ValkeyConnection, clock: Clock, *, retention_s: float, timeout_s: float
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._retention_s = retention_s
        self._timeout_s = timeout_s

    async def publish(self, transitions: Sequence[Transition]) -> None:
        """Append transitions as one `AlertTransitionBatch`."""
        batch = pb.AlertTransitionBatch(
            transitions=[transition_to_proto(transition) for transition in transitions]
        )
        oldest_ms = int((self._clock.now().timestamp() - self._retention_s) * 1000)
        async with asyncio.timeout(self._timeout_s):
            client = await self._connection.client()
            await client.xadd(
                TRANSITION_STREAM,
                {FIELD: batch.SerializeToString()},
                minid=oldest_ms,
                approximate=True,
            )
