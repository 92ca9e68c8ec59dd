"""Writes a subscription's events to its client, whatever the transport."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kurto.gateway.v1 import live_service_pb2 as pb
from kurto_gateway.exceptions import ClientTooSlow
from kurto_gateway.live.encoding import Event
from kurto_gateway.live.fanout import Fanout
from kurto_gateway.metrics import GatewayMetrics
from kurto_gateway.subscription import SubscriptionFactory
from kurto_service.clock import Clock

__all__ = ["Delivery", "observe_queues"]

Transport = Literal["grpc", "sse"]
Encode = Callable[[Event, datetime], bytes]
Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Delivers live streams.

    Attributes
    ----------
    subscriptions : SubscriptionFactory
        Makes the streams.
    metrics : GatewayMetrics
        Counts what is sent.
    clock : Clock
        Stamps events.
    write_timeout_s : float
        Seconds without reading after which a client is let go.
    """

    subscriptions: SubscriptionFactory
    metrics: GatewayMetrics
    clock: Clock
    write_timeout_s: float

    async def run(
        self,
        request: pb.SubscribeRequest,
        *,
        transport: Transport,
        authorise: Callable[[], object],
        encode: Encode,
        write: Write,
    ) -> None:
        """Stream until the client leaves or the stream ends by itself.

        One event at a time is handed to `write`, which returns when the transport has room: what
        a client does not read waits in its outbox, which is bounded, and not in buffers.

        Raises
        ------
        ClientTooSlow
            When one event takes too long.
        """
        subscription = self.subscriptions.open(request, authorise)
        sent_bytes = self.metrics.event_bytes.labels(transport)
        with self.metrics.subscribers.labels(transport).track_inprogress():
            async with aclosing(subscription.events()) as events:
                async for event in events:
                    payload = encode(event, self.clock.now())
                    await self._write(payload, write)
                    sent_bytes.inc(len(payload))
                    self.metrics.events.labels(transport, event.kind).inc()

    async def _write(self, payload: bytes, write: Write) -> None:
        try:
            async with asyncio.timeout(self.write_timeout_s):
                await write(payload)
        except TimeoutError:
            raise ClientTooSlow(retry_after_s=1.0) from None


async def observe_queues(
    fanout: Fanout, metrics: GatewayMetrics, clock: Clock, interval_s: float = 1.0
) -> None:
    """Show for ever how much waits for clients."""
    while True:
        sizes = [subscriber.outbox.byte_count for subscriber in fanout.subscribers]
        metrics.queue_bytes.set(sum(sizes))
        metrics.longest_queue_bytes.set(max(sizes, default=0))
        metrics.open_alerts.set(fanout.transitions.open_count)
        await clock.sleep(interval_s)
