"""One sending device: one sensor, or several multiplexed on one call at a time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc

from benchmarks.raw.messages import HOP, HOP_S, SensorMessages
from kurto.ingest.v1 import ingest_service_pb2 as pb

Call: TypeAlias = "grpc.aio.StreamUnaryCall[Any, Any]"
_ANSWER_TIMEOUT_S = 60.0
_ASK_AGAIN_S = 0.05


@dataclass
class Opened:
    """One sensor of a device, as the service opened it.

    Parameters
    ----------
    messages : SensorMessages
        Makes its messages.
    epoch, fence : int
        As returned by OpenStream.
    acknowledged_index : int
        Every sample below it was acknowledged as durable.
    """

    messages: SensorMessages
    epoch: int
    fence: int
    acknowledged_index: int = 0


@dataclass
class Edge:
    """Pushes hops of its sensors.

    Parameters
    ----------
    begin : callable
        Begins a Push call that takes serialised messages.
    sensors : list of Opened
        Its sensors.
    rotate_s : float
        How often a call is half-closed for its acknowledgment.
    late_s : list of float
        By how much each hop was sent after its time.
    """

    begin: Callable[[], Call]
    sensors: list[Opened]
    rotate_s: float = 10.0
    late_s: list[float] = field(default_factory=list)
    _number: int = 0
    _hop: int = 0
    _answers: list[asyncio.Task[None]] = field(default_factory=list)

    async def connect(self) -> Call:
        """Begin the next call and name the sensors."""
        self._number += 1
        call = self.begin()
        for one in self.sensors:
            await call.write(one.messages.start(one.epoch, one.fence, self._number))
        return call

    async def push(self, call: Call) -> None:
        """Send the next hop of every sensor."""
        for one in self.sensors:
            await call.write(one.messages.batch(self._hop))
        self._hop += 1

    async def paced(self, start_s: float, hops: int) -> None:
        """Push `hops` hops at their own pace and wait until they are acknowledged.

        Parameters
        ----------
        start_s : float
            Time of the event loop at which the first hop is complete.
        hops : int
            How many.
        """
        loop = asyncio.get_running_loop()
        call = await self.connect()
        until_s = start_s + self.rotate_s * random.uniform(0.1, 1.2)  # not all at once
        for hop in range(hops):
            due_s = start_s + hop * HOP_S
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            self.late_s.append(loop.time() - due_s)
            await self.push(call)
            if loop.time() > until_s:
                until_s = loop.time() + self.rotate_s * random.uniform(0.8, 1.2)
                call = await self._rotate(call)
        await self.finish(call)

    async def fast(self, hops: int) -> None:
        """Push as fast as the service reads, and wait until all of it is durable."""
        call = await self.connect()
        for _ in range(hops):
            await self.push(call)
        await self.finish(call)
        while not self.complete:  # an answer waits two seconds, not for a long backlog
            await asyncio.sleep(_ASK_AGAIN_S)
            await self.finish(await self.connect())

    async def _rotate(self, old: Call) -> Call:
        call = await self.connect()
        self._answers = [task for task in self._answers if not task.done()]
        self._answers.append(asyncio.create_task(self._close(old)))
        return call

    async def finish(self, call: Call) -> None:
        """Half-close and wait for all answers."""
        await asyncio.gather(*self._answers, self._close(call))

    async def _close(self, call: Call) -> None:
        await call.done_writing()
        response: pb.PushResponse = await asyncio.wait_for(call, _ANSWER_TIMEOUT_S)
        for result in response.results:
            one = self.sensors[result.slot]
            one.acknowledged_index = max(one.acknowledged_index, result.next_index)

    @property
    def complete(self) -> bool:
        """Whether everything that was pushed is acknowledged."""
        return all(one.acknowledged_index == self._hop * HOP for one in self.sensors)
