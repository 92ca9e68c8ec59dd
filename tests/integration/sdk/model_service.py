"""A small ingest service with a memory of single samples and faults on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from kurto.assets.v1 import asset_service_pb2, asset_service_pb2_grpc, assets_pb2
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc
from kurto.signal.v1 import samples_pb2

Context = grpc.aio.ServicerContext[Any, Any]


def index_ranges(indexes: list[int]) -> list[samples_pb2.IndexRange]:
    """Compress ascending indexes to ranges."""
    ranges: list[samples_pb2.IndexRange] = []
    for index in indexes:
        if ranges and ranges[-1].end_index == index:
            ranges[-1].end_index += 1
        else:
            ranges.append(samples_pb2.IndexRange(first_index=index, end_index=index + 1))
    return ranges


@dataclass
class Faults:
    """What shall go wrong, and when."""

    break_after_messages: list[int] = field(default_factory=list)
    refuse_pushes: int = 0
    rotate_after_messages: list[int] = field(default_factory=list)
    lose_samples: bool = False
    refusal: tuple[grpc.StatusCode, str] | None = None
    stale_after_messages: int = -1


@dataclass
class ModelService(
    ingest_service_pb2_grpc.IngestServiceServicer, asset_service_pb2_grpc.AssetServiceServicer
):
    """Keeps every sample of one sensor by its index."""

    faults: Faults = field(default_factory=Faults)
    sensors: dict[str, assets_pb2.Sensor] = field(default_factory=dict)
    samples: dict[int, float] = field(default_factory=dict)
    abandoned: set[int] = field(default_factory=set)
    next_index: int = 0
    epoch: int = 0
    fence: int = 0
    boot_id: str = ""
    opens: int = 0
    calls: int = 0
    batches: int = 0
    duplicates: int = 0
    newest_epoch: int = 0
    dtype: str = "<f4"
    shaft_speeds_hz: set[float] = field(default_factory=set)
    process_values: dict[tuple[str, int], tuple[float, str, int]] = field(default_factory=dict)

    def missing(self) -> list[samples_pb2.IndexRange]:
        """Return the ranges that are neither stored nor given up."""
        known = self.samples.keys() | self.abandoned
        return index_ranges([i for i in range(self.next_index) if i not in known])

    async def GetSensor(
        self, request: asset_service_pb2.GetSensorRequest, context: Context
    ) -> asset_service_pb2.GetSensorResponse:
        if request.sensor_id not in self.sensors:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such sensor")
        return asset_service_pb2.GetSensorResponse(sensor=self.sensors[request.sensor_id])

    async def CreateSensor(
        self, request: asset_service_pb2.CreateSensorRequest, context: Context
    ) -> asset_service_pb2.CreateSensorResponse:
        if request.sensor.sensor_id in self.sensors:
            await context.abort(grpc.StatusCode.ALREADY_EXISTS, "there is one")
        self.sensors[request.sensor.sensor_id] = request.sensor
        return asset_service_pb2.CreateSensorResponse(sensor=request.sensor)

    async def OpenStream(
        self, request: pb.OpenStreamRequest, context: Context
    ) -> pb.OpenStreamResponse:
        self.opens += 1
        if self.faults.refusal and self.opens > 1:
            await abort(context, *self.faults.refusal)
        if request.boot_id != self.boot_id:
            self.boot_id, self.epoch = request.boot_id, self.epoch + 1
        self.fence += 1
        return pb.OpenStreamResponse(
            epoch=self.epoch,
            fence=self.fence,
            next_index=self.next_index,
            missing_ranges=self.missing(),
            config=self.sensors[request.sensor_id].config,
        )

    async def Push(
        self, request_iterator: AsyncIterator[pb.PushRequest], context: Context
    ) -> pb.PushResponse:
        self.calls += 1
        if self.faults.refuse_pushes > 0:
            self.faults.refuse_pushes -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        break_after = pop(self.faults.break_after_messages)
        rotate_after = pop(self.faults.rotate_after_messages)
        reason = pb.STREAM_END_REASON_HALF_CLOSED
        count = 0
        async for request in request_iterator:
            count += 1
            if count == self.faults.stale_after_messages:
                await abort(context, grpc.StatusCode.FAILED_PRECONDITION, "STALE_FENCE")
            if count == break_after:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "broken on purpose")
            self._take(request)
            if count == rotate_after:
                reason = pb.STREAM_END_REASON_ROTATE
                break
        result = pb.SensorPushResult(next_index=self.next_index, missing_ranges=self.missing())
        return pb.PushResponse(results=[result], end_reason=reason)

    async def GetStreamPosition(
        self, request: pb.GetStreamPositionRequest, context: Context
    ) -> pb.GetStreamPositionResponse:
        return pb.GetStreamPositionResponse(epoch=self.newest_epoch or self.epoch)

    def _take(self, request: pb.PushRequest) -> None:
        if request.WhichOneof("kind") == "batch":
            self.batches += 1
            batch = request.batch.batch
            values = np.frombuffer(batch.planar, self.dtype)
            assert values.size == batch.sample_count
            if batch.HasField("shaft_speed_hz"):
                self.shaft_speeds_hz.add(batch.shaft_speed_hz)
            assert len(batch.process_values) <= 64
            for one in batch.process_values:
                assert 0 <= one.sample_index - batch.first_index < batch.sample_count
                place, found = (one.name, one.sample_index), (one.value, one.unit, one.quality)
                assert self.process_values.setdefault(place, found) == found
            for offset, value in enumerate(values.tolist()):
                index = batch.first_index + offset
                self.duplicates += index in self.samples
                assert self.samples.setdefault(index, value) == value
            self.next_index = max(self.next_index, batch.first_index + batch.sample_count)
        elif request.WhichOneof("kind") == "abandon":
            lost = request.abandon.range
            assert lost.end_index <= self.next_index
            self.abandoned |= set(range(lost.first_index, lost.end_index))


def pop(plan: list[int]) -> int:
    """Return the next number of a plan, or one that is never reached."""
    return plan.pop(0) if plan else -1


async def abort(context: Context, code: grpc.StatusCode, reason: str) -> None:
    """End a call as kurto's services do: with one ErrorInfo."""
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="kurto"))
    status = status_pb2.Status(code=code.value[0], message=reason, details=[detail])
    metadata = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(code, reason, metadata)


@asynccontextmanager
async def serving(model: Any) -> AsyncIterator[str]:
    """Serve the model on a free port; yield its address."""
    server = grpc.aio.server()
    ingest_service_pb2_grpc.add_IngestServiceServicer_to_server(model, server)
    asset_service_pb2_grpc.add_AssetServiceServicer_to_server(model, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)
        await asyncio.sleep(0)
