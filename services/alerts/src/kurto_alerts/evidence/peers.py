"""Samples from ingest, spectra and diagnoses from the analyzer, over gRPC."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import grpc

from kurto.analyzer.v1 import diagnoses_pb2 as diagnosis_pb
from kurto.analyzer.v1 import feature_service_pb2 as feature_pb
from kurto.analyzer.v1.feature_service_pb2_grpc import FeatureServiceStub
from kurto.ingest.v1 import ingest_service_pb2 as ingest_pb
from kurto.ingest.v1.ingest_service_pb2_grpc import IngestServiceStub
from kurto.signal.v1 import spectrum_pb2
from kurto.stored_samples import SamplesChunk, SamplesHeader
from kurto_alerts.evidence.ports import SignalRefused
from kurto_alerts.evidence.ranges import SensorRecord, gather_record, reaches

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE = 1000
# Asking again gives the same answer.
_FINAL = frozenset(
    {
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)


class GrpcSamples:
    """Implements `SampleSource` by ingest's IngestService.

    Parameters
    ----------
    channel : grpc.aio.Channel
        To ingest.
    timeout_s : float
        Seconds that reading one sensor may take.
    sample_count : int
        Samples of a channel at most.
    """

    def __init__(self, channel: grpc.aio.Channel, *, timeout_s: float, sample_count: int) -> None:
        self._stub = IngestServiceStub(channel)
        self._timeout_s = timeout_s
        self._sample_count = sample_count

    async def read(
        self, sensor_id: str, start_time: datetime, end_time: datetime, *, moment: datetime
    ) -> tuple[SensorRecord | None, bool]:
        """Return what is there, and whether it reaches the end of the range."""
        request = ingest_pb.ReadSamplesRequest(sensor_id=sensor_id)
        request.time_range.start_time.FromDatetime(start_time)
        request.time_range.end_time.FromDatetime(end_time)
        headers: list[SamplesHeader] = []
        chunks: list[SamplesChunk] = []
        call = self._stub.ReadSamples(request, timeout=self._timeout_s)
        try:
            async for message in call:
                if message.HasField("header"):
                    headers.append(SamplesHeader.from_proto(message.header))
                elif message.HasField("chunk"):
                    chunks.append(SamplesChunk.from_proto(headers[-1], message.chunk, raw=False))
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            return None, False
        finally:
            call.cancel()
        record = gather_record(
            chunks,
            moment_us=(moment - _UNIX_EPOCH) // timedelta(microseconds=1),
            limit=self._sample_count,
        )
        end_us = (end_time - _UNIX_EPOCH) // timedelta(microseconds=1)
        return record, any(reaches(header, end_us) for header in headers)


class GrpcSignals:
    """Implements `SignalSource` by the analyzer's FeatureService."""

    def __init__(self, channel: grpc.aio.Channel, *, timeout_s: float) -> None:
        self._stub = FeatureServiceStub(channel)
        self._timeout_s = timeout_s

    async def spectrum(
        self, sensor_id: str, channel: str, start_us: int, duration_us: int, lines: int
    ) -> spectrum_pb2.Spectrum:
        """Return an amplitude spectrum."""
        request = feature_pb.GetSpectrumRequest(
            sensor_id=sensor_id, channel=channel, line_count=lines
        )
        request.start_time.FromMicroseconds(start_us)
        request.duration.FromMicroseconds(duration_us)
        try:
            answer = await self._stub.GetSpectrum(request, timeout=self._timeout_s)
        except grpc.aio.AioRpcError as error:
            raise _refused(error) from error
        return answer.spectrum

    async def diagnoses(
        self, sensor_id: str, start_time: datetime, end_time: datetime
    ) -> Sequence[diagnosis_pb.Diagnosis]:
        """Return the newest diagnosis of each channel in a range."""
        request = diagnosis_pb.ListDiagnosesRequest(sensor_id=sensor_id, page_size=_PAGE)
        request.start_time.FromDatetime(start_time)
        request.end_time.FromDatetime(end_time)
        newest: dict[str, diagnosis_pb.Diagnosis] = {}
        while True:
            try:
                answer = await self._stub.ListDiagnoses(request, timeout=self._timeout_s)
            except grpc.aio.AioRpcError as error:
                raise _refused(error) from error
            newest |= {one.channel: one for one in answer.diagnoses}
            if not answer.next_page_token:
                return list(newest.values())
            request.page_token = answer.next_page_token


def _refused(error: grpc.aio.AioRpcError) -> Exception:
    return SignalRefused(error.details()) if error.code() in _FINAL else error
