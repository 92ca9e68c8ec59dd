"""An ingest service that keeps every sample of every epoch, and can be away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np
from tests.integration.sdk.model_service import abort, index_ranges

from kurto.assets.v1 import asset_service_pb2, asset_service_pb2_grpc, assets_pb2
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc
from kurto.signal.v1 import samples_pb2

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass
class Epoch:
    """One epoch of one sensor."""

    number: int
    request: pb.OpenStreamRequest
    fence: int = 0
    next_index: int = 0
    samples: dict[int, float] = field(default_factory=dict)
    abandoned: set[int] = field(default_factory=set)
    duplicates: int = 0
    device_times_us: dict[int, int] = field(default_factory=dict)
    shaft_speeds_hz: dict[int, float] = field(default_factory=dict)

    def missing(self) -> list[samples_pb2.IndexRange]:
        """Return the ranges that are neither stored nor given up."""
        known = self.samples.keys() | self.abandoned
        return index_ranges([i for i in range(self.next_index) if i not in known])

    def take(self, request: pb.PushRequest) -> None:
        """Store a batch or give a range up; a sample never changes its value."""
        if request.WhichOneof("kind") == "batch":
            batch = request.batch.batch
            values = np.frombuffer(batch.planar, "<f4")
            assert values.size == batch.sample_count
            for index, value in enumerate(values.tolist(), batch.first_index):
                self.duplicates += index in self.samples
                assert self.samples.setdefault(index, value) == value
            self.next_index = max(self.next_index, batch.first_index + batch.sample_count)
            if batch.HasField("device_time"):
                self.device_times_us[batch.first_index] = batch.device_time.ToMicroseconds()
            if batch.HasField("shaft_speed_hz"):
                self.shaft_speeds_hz[batch.first_index] = batch.shaft_speed_hz
        elif request.WhichOneof("kind") == "abandon":
            lost = request.abandon.range
            assert lost.end_index <= self.next_index
            self.abandoned |= set(range(lost.first_index, lost.end_index))


@dataclass
class EpochService(
    ingest_service_pb2_grpc.IngestServiceServicer, asset_service_pb2_grpc.AssetServiceServicer
):
    """Keeps every sample of one-channel sensors by boot id."""

    away: bool = False
    refusals: list[tuple[grpc.StatusCode, str]] = field(default_factory=list)
    refused_boot_ids: set[str] = field(default_factory=set)
    end_reasons: list[pb.StreamEndReason] = field(default_factory=list)
    sensor: assets_pb2.Sensor | None = None
    epochs: dict[str, Epoch] = field(default_factory=dict)
    opens: list[pb.OpenStreamRequest] = field(default_factory=list)
    arrivals: list[tuple[str, int]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    async def _require_present(self, context: Context) -> None:
        metadata = dict(context.invocation_metadata() or ())
        self.tokens.append(str(metadata.get("authorization", "")))
        if self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        if self.refusals:
            await abort(context, *self.refusals.pop(0))

    async def CreateSensor(
        self, request: asset_service_pb2.CreateSensorRequest, context: Context
    ) -> asset_service_pb2.CreateSensorResponse:
        await self._require_present(context)
        if self.sensor is not None:
            await context.abort(grpc.StatusCode.ALREADY_EXISTS, "there is one")
        self.sensor = request.sensor
        return asset_service_pb2.CreateSensorResponse(sensor=request.sensor)

    async def GetSensor(
        self, request: asset_service_pb2.GetSensorRequest, context: Context
    ) -> asset_service_pb2.GetSensorResponse:
        await self._require_present(context)
        return asset_service_pb2.GetSensorResponse(sensor=self.sensor)

    async def OpenStream(
        self, request: pb.OpenStreamRequest, context: Context
    ) -> pb.OpenStreamResponse:
        await self._require_present(context)
        if request.boot_id in self.refused_boot_ids:
            await abort(context, grpc.StatusCode.FAILED_PRECONDITION, "STREAM_MISMATCH")
        self.opens.append(request)
        epoch = self.epochs.setdefault(request.boot_id, Epoch(len(self.epochs) + 1, request))
        epoch.fence += 1
        assert self.sensor is not None
        return pb.OpenStreamResponse(
            epoch=epoch.number,
            fence=epoch.fence,
            next_index=epoch.next_index,
            missing_ranges=epoch.missing(),
            config=self.sensor.config,
        )

    async def Push(
        self, request_iterator: AsyncIterator[pb.PushRequest], context: Context
    ) -> pb.PushResponse:
        await self._require_present(context)
        epoch: Epoch | None = None
        reason = pb.STREAM_END_REASON_HALF_CLOSED
        async for request in request_iterator:
            if self.away:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
            if request.WhichOneof("kind") == "start":
                epoch = next(e for e in self.epochs.values() if e.number == request.start.epoch)
                continue
            assert epoch is not None
            if self.end_reasons:
                reason = self.end_reasons.pop(0)
                break
            epoch.take(request)
            self.arrivals.append((epoch.request.boot_id, epoch.next_index))
        assert epoch is not None
        result = pb.SensorPushResult(next_index=epoch.next_index, missing_ranges=epoch.missing())
        return pb.PushResponse(results=[result], end_reason=reason)

    async def GetStreamPosition(
        self, request: pb.GetStreamPositionRequest, context: Context
    ) -> pb.GetStreamPositionResponse:
        live = [e.number for e in self.epochs.values() if not e.request.backfill]
        return pb.GetStreamPositionResponse(epoch=max(live, default=0))


async def until(condition: Any, timeout_s: float = 60.0) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)
