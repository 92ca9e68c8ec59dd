"""IngestService: taking samples, telling what is durable, reading back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc
from kurto_ingest.assets.conversion import (
    config_message,
    duration,
    duration_us,
    range_messages,
    timestamp_us,
    us_from_timestamp,
)
from kurto_ingest.assets.ports import SensorStore
from kurto_ingest.assets.validation import require_sensor_id
from kurto_ingest.exceptions import Draining, UnknownEpoch
from kurto_ingest.keeping.keep_calls import KeepCalls
from kurto_ingest.ports import StreamStore
from kurto_ingest.pushing.opening import OpenedStream, OpenOptions, StreamOpener
from kurto_ingest.pushing.push_call import EndReason, PushCall, PushParts
from kurto_ingest.pushing.sample_intake import Slot
from kurto_ingest.pushing.stream_validation import StreamDeclaration, encoding_from_number
from kurto_ingest.reading.read_calls import SampleReads
from kurto_service.identity import current_principal, requires

__all__ = ["IngestServicer"]

Context = grpc.aio.ServicerContext[Any, Any]


class IngestServicer(ingest_service_pb2_grpc.IngestServiceServicer):
    """Takes samples.

    Parameters
    ----------
    opener : StreamOpener
        Opens streams.
    sensors, streams : SensorStore, StreamStore
        Tell what is stored.
    parts : PushParts
        What all Push calls share.
    reads : SampleReads
        Reads samples back.
    keeps : KeepCalls
        Takes note of what is to be kept.
    limits : StreamLimits
        Told to senders.
    """

    def __init__(
        self,
        *,
        opener: StreamOpener,
        sensors: SensorStore,
        streams: StreamStore,
        parts: PushParts,
        reads: SampleReads,
        keeps: KeepCalls,
        limits: pb.StreamLimits,
    ) -> None:
        self._opener = opener
        self._sensors = sensors
        self._streams = streams
        self._parts = parts
        self._reads = reads
        self._keeps = keeps
        self._limits = limits
        self._calls: set[PushCall] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @requires("sensor")
    async def OpenStream(
        self, request: pb.OpenStreamRequest, context: Context
    ) -> pb.OpenStreamResponse:
        """Open or resume a stream."""
        declaration = StreamDeclaration(
            boot_id=request.boot_id,
            sample_rate_hz=request.sample_rate_hz,
            channels=tuple(request.channels),
            encoding=encoding_from_number(request.encoding),
            scales=tuple(request.scales),
        )
        opened = await self._opener.open(request.sensor_id, declaration, _open_options(request))
        return self._open_response(opened)

    def _open_response(self, opened: OpenedStream) -> pb.OpenStreamResponse:
        record, offset_us = opened.record, opened.clock_offset_us
        told = record.acknowledged
        return pb.OpenStreamResponse(
            epoch=record.format.epoch,
            fence=record.fence,
            next_index=told.next_index,
            missing_ranges=range_messages(told.missing),
            limits=self._limits,
            config=config_message(opened.config),
            anchor_time=timestamp_us(record.format.anchor_us),
            clock_offset=None if offset_us is None else duration_us(offset_us),
        )

    @requires("sensor")
    async def Push(
        self, request_iterator: AsyncIterator[pb.PushRequest], context: Context
    ) -> pb.PushResponse:
        """Take samples until the call ends, and answer what is durable."""
        if self._opener.draining:
            raise Draining(retry_after_s=1.0)
        call = PushCall(self._parts, current_principal().expire_time)
        self._calls.add(call)
        self._idle.clear()
        self._parts.metrics.clients.set(len(self._calls))
        try:
            # Reading the context costs less than iterating over requests.
            reason = await call.run(context.read, grpc.aio.EOF)
            await call.settle()
            return _push_response(call, reason)
        finally:
            self._calls.discard(call)
            self._parts.metrics.clients.set(len(self._calls))
            if not self._calls:
                self._idle.set()

    @requires("sensor", "viewer")
    async def GetStreamPosition(
        self, request: pb.GetStreamPositionRequest, context: Context
    ) -> pb.GetStreamPositionResponse:
        """Return what is durable of an epoch."""
        require_sensor_id(request.sensor_id)
        await self._sensors.get_sensor(request.sensor_id)
        record = None
        if request.epoch >= 0:
            record = await self._streams.find(request.sensor_id, request.epoch)
        if record is None:
            raise UnknownEpoch(request.sensor_id, request.epoch)
        told = record.acknowledged
        return pb.GetStreamPositionResponse(
            epoch=record.format.epoch,
            fence=record.fence,
            next_index=told.next_index,
            missing_ranges=range_messages(told.missing),
        )

    @requires("viewer")
    async def ReadSamples(  # type: ignore[override]  # it writes, each message with a time limit
        self, request: pb.ReadSamplesRequest, context: Context
    ) -> None:
        """Read stored samples back."""
        await self._reads.serve(request, context.write)

    @requires("operator")
    async def KeepSamples(
        self, request: pb.KeepSamplesRequest, context: Context
    ) -> pb.KeepSamplesResponse:
        """Keep a range of samples beyond its retention."""
        return await self._keeps.keep(request)

    @requires("viewer")
    async def ListKeptSamples(
        self, request: pb.ListKeptSamplesRequest, context: Context
    ) -> pb.ListKeptSamplesResponse:
        """List the ranges that are kept."""
        return await self._keeps.list(request)

    async def drain(self) -> None:
        """End all calls with a final acknowledgment and take no new ones."""
        self._opener.draining = True
        self._reads.drain()
        for call in tuple(self._calls):
            call.end(EndReason.DRAIN)
        await self._idle.wait()


def _push_response(call: PushCall, reason: EndReason) -> pb.PushResponse:
    response = pb.PushResponse(
        results=[_result(slot) for slot in call.slots.values()],
        end_reason=pb.StreamEndReason.Name(reason.value),
    )
    if reason is EndReason.DRAIN:
        response.retry_after.CopyFrom(duration(1.0))
    return response


def _result(slot: Slot) -> pb.SensorPushResult:
    result = pb.SensorPushResult(
        slot=slot.number,
        sensor_id=slot.sensor_id,
        epoch=slot.epoch,
        duplicate_sample_count=slot.duplicate_count,
        rejected_batches=[
            pb.RejectedBatch(
                first_index=first_index,
                reason=f"ERROR_REASON_{error.reason}",
                message=error.message,
            )
            for first_index, error in slot.rejected
        ],
    )
    if slot.session is not None:
        durable = slot.session.live.acknowledged
        result.next_index = durable.next_index
        result.missing_ranges.extend(range_messages(durable.missing))
        result.accepted_sample_count = durable.durable_count(slot.accepted)
        result.refilled_sample_count = durable.durable_count(slot.refilled)
    return result


def _open_options(request: pb.OpenStreamRequest) -> OpenOptions:
    clock_us = start_us = None
    if request.HasField("sender_time"):
        clock_us = us_from_timestamp("sender_time", request.sender_time)
    if request.HasField("start_time"):
        start_us = us_from_timestamp("start_time", request.start_time)
    return OpenOptions(
        clock_us=clock_us,
        start_us=start_us,
        takeover=request.takeover,
        backfill=request.backfill,
    )
