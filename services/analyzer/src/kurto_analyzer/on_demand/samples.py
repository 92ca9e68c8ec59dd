"""Reads stored samples from ingest, over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NoReturn

import grpc

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1.ingest_service_pb2_grpc import IngestServiceStub
from kurto.signal.v1.samples_pb2 import IndexRange
from kurto_analyzer.frames import timestamp
from kurto_analyzer.on_demand.exceptions import (
    NoSamples,
    ReadersBusy,
    SamplesUnavailable,
    UnknownSensor,
)
from kurto_analyzer.on_demand.records import (
    ChannelRecord,
    EpochFormat,
    RecordBuilder,
    StoredRange,
    choose_range,
)
from kurto_analyzer.on_demand.selections import SampleSelection
from kurto_service.errors import error_info

__all__ = ["IngestSamples"]

_MICROSECONDS = 1_000_000
_RETRY_AFTER_S = 1.0


class IngestSamples:
    """Implements `ports.StoredSamples`.

    Parameters
    ----------
    channel : grpc.aio.Channel
        To ingest, with the service's token, which needs the role viewer.
    timeout_s : float
        Seconds that a call may take.
    longest_s : float
        Longest record that anybody may ask for, in seconds.
    max_samples : int
        Most samples of a channel that are read.
    """

    def __init__(
        self, channel: grpc.aio.Channel, *, timeout_s: float, longest_s: float, max_samples: int
    ) -> None:
        self._stub = IngestServiceStub(channel)
        self._timeout_s = timeout_s
        self._longest_s = longest_s
        self._max_samples = max_samples

    async def read(self, selection: SampleSelection) -> ChannelRecord:
        """Return the samples that a selection means.

        Raises
        ------
        UnknownSensor, UnknownChannel, NoSamples
            When there are none.
        AnalysisImpossible
            When they would be too many.
        SamplesUnavailable, ReadersBusy
            When ingest is away, slow or busy.
        """
        with_errors = _Translated(selection.sensor_id)
        async with with_errors.context():
            stored = await self._find(selection)
            asked = choose_range(selection, stored, max_samples=self._max_samples)
            names = [stored.channel(selection.channel)]
            if selection.tacho_channel:
                names.append(stored.channel(selection.tacho_channel))
            record = await self._read(selection.sensor_id, asked, list(dict.fromkeys(names)))
            if selection.tacho_channel and record.tacho is None:
                return replace(record, tacho=record.samples)  # both are the same channel
            return record

    async def _find(self, selection: SampleSelection) -> EpochFormat:
        request = pb.ReadSamplesRequest(sensor_id=selection.sensor_id)
        if selection.start_us is None:
            position = await self._stub.GetStreamPosition(
                pb.GetStreamPositionRequest(sensor_id=selection.sensor_id),
                timeout=self._timeout_s,
            )
            if not position.next_index:
                raise NoSamples(sensor_id=selection.sensor_id)
            newest = position.next_index
            _set_range(request, StoredRange(position.epoch, newest - 1, newest))
        else:
            longest_us = round(self._longest_s * _MICROSECONDS)
            request.time_range.start_time.CopyFrom(timestamp(selection.start_us))
            request.time_range.end_time.CopyFrom(timestamp(selection.start_us + longest_us))
        call = self._stub.ReadSamples(request, timeout=self._timeout_s)
        try:
            async for message in call:
                if message.HasField("header"):
                    return EpochFormat.of(message.header)
        finally:
            call.cancel()
        raise NoSamples(sensor_id=selection.sensor_id)

    async def _read(self, sensor_id: str, asked: StoredRange, channels: list[str]) -> ChannelRecord:
        request = pb.ReadSamplesRequest(sensor_id=sensor_id, channels=channels)
        _set_range(request, asked)
        builder: RecordBuilder | None = None
        async for message in self._stub.ReadSamples(request, timeout=self._timeout_s):
            if message.HasField("header"):
                builder = RecordBuilder(message.header, asked)
            elif message.HasField("chunk") and builder is not None:
                builder.add(message.chunk)
        if builder is None:
            raise NoSamples(sensor_id=sensor_id)
        return builder.record()


def _set_range(request: pb.ReadSamplesRequest, asked: StoredRange) -> None:
    request.epoch_range.epoch = asked.epoch
    request.epoch_range.indexes.CopyFrom(IndexRange(first_index=asked.first, end_index=asked.end))


class _Translated:
    """Says in the analyzer's words what ingest refused."""

    def __init__(self, sensor_id: str) -> None:
        self._sensor_id = sensor_id

    @asynccontextmanager
    async def context(self) -> AsyncIterator[None]:
        try:
            yield
        except grpc.aio.AioRpcError as error:
            self._raise(error)

    def _raise(self, error: grpc.aio.AioRpcError) -> NoReturn:
        info = error_info(error)
        reason = info.reason if info else ""
        if reason == UnknownSensor.reason:
            raise UnknownSensor(sensor_id=self._sensor_id) from error
        if error.code() is grpc.StatusCode.NOT_FOUND:
            raise NoSamples(sensor_id=self._sensor_id) from error
        if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
            raise ReadersBusy(retry_after_s=_RETRY_AFTER_S) from error
        raise SamplesUnavailable(
            problem=_problem(error.code()), retry_after_s=_RETRY_AFTER_S
        ) from error


def _problem(code: grpc.StatusCode) -> str:
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "ingest took too long, ask for a shorter duration"
    if code in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}:
        return "ingest refuses the analyzer's service token, give it the role viewer"
    return "ingest is away, see whether it is up and KURTO_INGEST_ADDRESS is right"
