"""Deliver one sensor's samples: send until the end or a stop, then wait until all is durable."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import kurto

FLUSH_TIMEOUT_S = 30.0
# Together below the limit that a command gives itself once it is told to stop.
STOP_FLUSH_TIMEOUT_S = 3.5
# What is flushed is durable already; closing only takes leave.
CLOSE_TIMEOUT_S = 0.5

Send = Callable[[kurto.SensorStream], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Delivery:
    """What became of one sensor's samples.

    Parameters
    ----------
    sensor_id : str
        The sensor.
    sample_count, durable_count : int
        Samples per channel that were sent, and those of them that are durable.
    reconnect_count : int
        How often the connection was lost and made again.
    """

    sensor_id: str
    sample_count: int
    durable_count: int
    reconnect_count: int

    @property
    def summary(self) -> str:
        """The counts in words."""
        return (
            f"{self.sample_count} samples per channel sent, {self.durable_count} durable, "
            f"{self.reconnect_count} reconnections"
        )


async def deliver(
    sensor_id: str,
    opening: AbstractAsyncContextManager[kurto.SensorStream],
    send: Send,
    *,
    stop: asyncio.Event,
) -> Delivery:
    """Open a sensor, send, and wait for the last acknowledgment.

    Parameters
    ----------
    sensor_id : str
        The sensor.
    opening : async context manager of SensorStream
        From :meth:`kurto.Client.open_sensor`; samples that find no room must wait.
    send : coroutine function of SensorStream
        Pushes the samples.
    stop : asyncio.Event
        Ends the sending; the acknowledgment of what was sent is still waited for.

    Returns
    -------
    Delivery
        Fewer durable samples than sent ones mean that the acknowledgment did not come in time.

    Raises
    ------
    kurto.KurtoError
        If the service refuses the sensor.
    """
    with contextlib.suppress(kurto.NotDurableError):  # the counts tell
        async with opening as stream:
            first_index = stream.next_index
            await run_until(stop, _send_and_flush(stream, send))
            if stop.is_set():
                await stream.flush(STOP_FLUSH_TIMEOUT_S)
    sample_count = stream.next_index - first_index
    durable_count = sample_count - stream.buffered_sample_count
    return Delivery(sensor_id, sample_count, durable_count, stream.reconnect_count)


async def _send_and_flush(stream: kurto.SensorStream, send: Send) -> None:
    await send(stream)
    await stream.flush(FLUSH_TIMEOUT_S)


async def run_until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run until done; cancel it as soon as ``stop`` is set."""
    task = asyncio.ensure_future(work)
    waiter = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([task, waiter], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def require_durable(deliveries: Sequence[Delivery]) -> None:
    """Raise unless everything that was sent is durable.

    Raises
    ------
    kurto.NotDurableError
        With the number of samples whose acknowledgment is missing.
    """
    lacking = sum(done.sample_count - done.durable_count for done in deliveries)
    if lacking:
        raise kurto.NotDurableError(
            f"{lacking} samples per channel were not acknowledged in time and may be lost; "
            "see whether kurto is up and keeps pace"
        )
