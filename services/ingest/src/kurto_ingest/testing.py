"""Ingest and its surroundings inside a test: real calls, samples that tell."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from kurto.assets.v1 import asset_service_pb2, assets_pb2
from kurto.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1.ingest_service_pb2_grpc import IngestServiceStub
from kurto.ingest.v1.stream_control_service_pb2_grpc import StreamControlServiceStub
from kurto.signal.v1 import samples_pb2
from kurto_ingest.settings import IngestSettings
from kurto_ingest.stores import Stores
from kurto_ingest.wiring import Ingest
from kurto_service.clock import Clock, SystemClock
from kurto_service.identity import ANONYMOUS, Principal
from kurto_service.testing import serve

__all__ = ["RunningIngest", "Sender", "hashed_samples", "run_ingest"]


def hashed_samples(
    sensor_id: str, epoch: int, first: int, count: int, channels: int
) -> NDArray[np.float32]:
    """Return samples that depend on all that identifies them, shape (channels, count).

    Loss, doubling, reordering and corruption all show.
    """
    seed = np.uint64(zlib.crc32(f"{sensor_id} {epoch}".encode()))
    index = np.arange(first, first + count, dtype=np.uint64)
    rows = []
    for channel in range(channels):
        mixed = (index + seed * np.uint64(7919) + np.uint64(channel)) * np.uint64(2654435761)
        mixed ^= mixed >> np.uint64(13)
        rows.append((mixed & np.uint64(0xFFFFF)).astype(np.float64) / 2**19 - 1.0)
    return np.asarray(rows, dtype="<f4")


@dataclass(slots=True)
class RunningIngest:
    """Ingest in this process, with stubs that reach it over gRPC."""

    ingest: Ingest
    channel: grpc.aio.Channel
    stub: IngestServiceStub
    assets: AssetServiceStub
    control: StreamControlServiceStub


@asynccontextmanager
async def run_ingest(
    stores: Stores,
    analyzer: grpc.aio.Channel,
    settings: IngestSettings,
    clock: Clock | None = None,
    principal: Principal = ANONYMOUS,
) -> AsyncIterator[RunningIngest]:
    """Run ingest until the block ends; a background task that dies fails the test."""
    used = clock or SystemClock()
    ingest = Ingest(stores, analyzer, settings, used, CollectorRegistry())
    await ingest.follower.start()
    tasks = [asyncio.create_task(task, name=name) for name, task in ingest.tasks().items()]
    first, *rest = ingest.servicers()
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(
            serve(
                first[0],
                first[1],
                *[(add, servicer) for add, servicer, _ in rest],
                max_message_bytes=settings.max_message_bytes,
                principal=principal,
            )
        )
        try:
            yield RunningIngest(
                ingest,
                channel,
                IngestServiceStub(channel),
                AssetServiceStub(channel),
                StreamControlServiceStub(channel),
            )
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await ingest.drain()
            await _end(tasks)


async def _end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel `tasks` until they have ended; raises what one of them died of.

    Once may not be enough: a cancellation that meets a time-out of the task's own is lost.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


class Sender:
    """A sender for tests: plain, so that it can misbehave.

    Parameters
    ----------
    stub, assets : IngestServiceStub, AssetServiceStub
        Lead to ingest.
    sensor_id : str
        Sensor to send as.
    channels : int
        Number of channels.
    rate : float
        Sample rate in Hz.
    """

    def __init__(
        self,
        stub: IngestServiceStub,
        assets: AssetServiceStub,
        sensor_id: str = "pump-7",
        *,
        channels: int = 2,
        rate: float = 1000.0,
    ) -> None:
        self.stub, self.assets = stub, assets
        self.sensor_id = sensor_id
        self.channels = [f"c{number}" for number in range(channels)]
        self.rate = rate
        self.boot_id = "boot-1"
        self.opened = pb.OpenStreamResponse()
        self.call_count = 0

    async def create(self, **config: Any) -> assets_pb2.Sensor:
        """Register the sensor."""
        response = await self.assets.CreateSensor(
            asset_service_pb2.CreateSensorRequest(
                sensor=assets_pb2.Sensor(
                    sensor_id=self.sensor_id,
                    config=assets_pb2.SensorConfig(
                        sample_rate_hz=self.rate,
                        channels=[
                            assets_pb2.Channel(name=name, unit="g") for name in self.channels
                        ],
                        **config,
                    ),
                )
            )
        )
        return response.sensor

    def open_request(self, **changes: Any) -> pb.OpenStreamRequest:
        """Return a good request, with `changes`."""
        fields: dict[str, Any] = {
            "sensor_id": self.sensor_id,
            "boot_id": self.boot_id,
            "sample_rate_hz": self.rate,
            "channels": self.channels,
            "encoding": samples_pb2.SAMPLE_ENCODING_F32LE,
        }
        return pb.OpenStreamRequest(**{**fields, **changes})

    async def open(self, **changes: Any) -> pb.OpenStreamResponse:
        """Open or resume the stream."""
        self.opened = await self.stub.OpenStream(self.open_request(**changes))
        self.call_count = 0
        return self.opened

    def start(self, slot: int = 0, **changes: Any) -> pb.PushRequest:
        """Return the start of the next call."""
        self.call_count += 1
        fields: dict[str, Any] = {
            "slot": slot,
            "sensor_id": self.sensor_id,
            "epoch": self.opened.epoch,
            "fence": self.opened.fence,
            "stream_number": self.call_count,
        }
        return pb.PushRequest(start=pb.StreamStart(**{**fields, **changes}))

    def samples(self, first: int, count: int) -> NDArray[np.float32]:
        """Return the samples that belong to these indexes."""
        return hashed_samples(self.sensor_id, self.opened.epoch, first, count, len(self.channels))

    def batch(self, first: int, count: int, slot: int = 0, **changes: Any) -> pb.PushRequest:
        """Return a good batch."""
        fields: dict[str, Any] = {"first_index": first}
        if "floats" not in changes and "planar" not in changes:
            fields["planar"] = self.samples(first, count).tobytes()
        return pb.PushRequest(
            batch=pb.StreamBatch(slot=slot, batch=samples_pb2.SampleBatch(**{**fields, **changes}))
        )

    @staticmethod
    def abandon(first: int, end: int, slot: int = 0) -> pb.PushRequest:
        """Return an abandonment."""
        given = samples_pb2.IndexRange(first_index=first, end_index=end)
        return pb.PushRequest(abandon=pb.StreamAbandon(slot=slot, range=given))

    async def push(self, *requests: pb.PushRequest) -> pb.PushResponse:
        """Send the messages in one call, after a start, and return the answer."""
        return await self.stub.Push(iter([self.start(), *requests]))
