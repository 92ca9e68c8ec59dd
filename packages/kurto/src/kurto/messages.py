"""Messages of the ingest contract, made from and into this package's own types."""

from __future__ import annotations

from collections.abc import Iterable

from kurto.calls import answer
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc as pb_grpc
from kurto.send_buffer import Chunk, Range
from kurto.signal.v1 import samples_pb2

_SAMPLE_BYTES = {
    samples_pb2.SAMPLE_ENCODING_UNSPECIFIED: 4,
    samples_pb2.SAMPLE_ENCODING_F32LE: 4,
    samples_pb2.SAMPLE_ENCODING_I16LE: 2,
    samples_pb2.SAMPLE_ENCODING_I24LE: 3,
}


async def open_stream(
    stub: pb_grpc.IngestServiceStub,
    request: pb.OpenStreamRequest,
    metadata: tuple[tuple[str, str], ...],
    timeout_s: float = 10.0,
) -> pb.OpenStreamResponse:
    """Call OpenStream with the sender's clock.

    Raises
    ------
    CallError
        If the service refuses or does not answer within ``timeout_s`` seconds.
    """
    request.sender_time.GetCurrentTime()
    return await answer(stub.OpenStream(request, metadata=metadata, timeout=timeout_s))


def ranges(protos: Iterable[samples_pb2.IndexRange]) -> list[Range]:
    """Translate the contract's ranges."""
    return [Range(p.first_index, p.end_index) for p in protos]


def push_batch(chunk: Chunk, slot: int) -> pb.PushRequest:
    """Return the message that carries a chunk."""
    batch = samples_pb2.SampleBatch(
        first_index=chunk.first_index,
        sample_count=chunk.end_index - chunk.first_index,
        planar=chunk.samples.tobytes(),
        shaft_speed_hz=chunk.shaft_speed_hz,
        process_values=[value.to_proto() for value in chunk.values],
    )
    if chunk.device_time_us is not None:
        batch.device_time.FromMicroseconds(chunk.device_time_us)
    return pb.PushRequest(batch=pb.StreamBatch(slot=slot, batch=batch))


def push_abandon(lost: Range, slot: int) -> pb.PushRequest:
    """Return the message that gives samples up."""
    index_range = samples_pb2.IndexRange(first_index=lost.first_index, end_index=lost.end_index)
    return pb.PushRequest(abandon=pb.StreamAbandon(slot=slot, range=index_range))


def sample_bytes(encoding: samples_pb2.SampleEncoding) -> int:
    """Return the size of one sample of one channel in bytes."""
    return _SAMPLE_BYTES[encoding]
