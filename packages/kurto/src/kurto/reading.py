"""Read stored samples back, through broken connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import grpc

from kurto.backoff import Backoff
from kurto.exceptions import CallError, from_rpc_error
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc as pb_grpc
from kurto.sample_arrays import DEFAULT_MAX_BYTES, SampleArray, gather_samples
from kurto.stored_samples import SamplesChunk, SamplesHeader, SamplesHole, SamplesPiece

_SILENCE_S = 30.0
_PATIENCE_S = 90.0

Metadata = tuple[tuple[str, str], ...]


class SampleReading:
    """The part of a client that reads stored samples back."""

    ingest: pb_grpc.IngestServiceStub

    @property
    def metadata(self) -> Metadata:
        """Metadata of the calls."""
        raise NotImplementedError

    def read_samples(
        self,
        sensor_id: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        epoch: int | None = None,
        first_index: int = 0,
        end_index: int | None = None,
        channels: Sequence[str] = (),
        raw: bool = False,
        include_quarantined: bool = False,
    ) -> AsyncGenerator[SamplesPiece, None]:
        """Yield stored samples exactly as they were sent, and holes where there are none.

        Pieces of an epoch come in ascending order of index, epochs by number; nothing comes twice
        and no index is left out. What is durable when reading begins is read. Broken connections
        are made again.

        Parameters
        ----------
        sensor_id : str
            Sensor in question.
        start, end : datetime with a zone, optional
            Nominal times, over all epochs; `end` is exclusive. Without them all is read.
        epoch : int, optional
            Read this epoch instead, by index.
        first_index, end_index : int, optional
            Indexes of the epoch; `end_index` is exclusive.
        channels : sequence of str
            Only these, in this order; empty: all.
        raw : bool
            Whether integers stay steps of the converter instead of being scaled to the unit.
        include_quarantined : bool
            Whether to read samples, too, that lay too far in the future when they came.

        Yields
        ------
        SamplesChunk or SamplesHole
            The next piece.

        Raises
        ------
        CallError
            ``NOT_FOUND`` with reason ``UNKNOWN_SENSOR`` or ``NO_SAMPLES``, or when the service
            stays away.
        ValueError
            If times and an epoch are mixed, indexes have no epoch, or a time has no zone.
        """
        request = read_request(
            sensor_id,
            start=start,
            end=end,
            epoch=epoch,
            first_index=first_index,
            end_index=end_index,
            channels=channels,
            include_quarantined=include_quarantined,
        )
        return read_samples(self.ingest, request, lambda: self.metadata, raw=raw)

    async def gather_samples(
        self,
        sensor_id: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        epoch: int | None = None,
        first_index: int = 0,
        end_index: int | None = None,
        channels: Sequence[str] = (),
        raw: bool = False,
        include_quarantined: bool = False,
        max_bytes: int = DEFAULT_MAX_BYTES,
    ) -> list[SampleArray]:
        """Return stored samples as one array for each epoch; arguments as for `read_samples`.

        Parameters
        ----------
        max_bytes : int
            Largest size of all arrays together.

        Raises
        ------
        CallError, ValueError
            As `read_samples`; also if the arrays would be larger than `max_bytes`.
        """
        pieces = self.read_samples(
            sensor_id,
            start=start,
            end=end,
            epoch=epoch,
            first_index=first_index,
            end_index=end_index,
            channels=channels,
            raw=raw,
            include_quarantined=include_quarantined,
        )
        return await gather_samples(pieces, max_bytes=max_bytes)


def read_request(
    sensor_id: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    epoch: int | None = None,
    first_index: int = 0,
    end_index: int | None = None,
    channels: Sequence[str] = (),
    include_quarantined: bool = False,
) -> pb.ReadSamplesRequest:
    """Return the request for a range of samples.

    Raises
    ------
    ValueError
        If times and an epoch are mixed, indexes have no epoch, or a time has no zone.
    """
    request = pb.ReadSamplesRequest(
        sensor_id=sensor_id, channels=channels, include_quarantined=include_quarantined
    )
    if epoch is None:
        if first_index or end_index is not None:
            raise ValueError("indexes belong to an epoch: give epoch too")
        for name, moment in (("start", start), ("end", end)):
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"{name} has no time zone: give it one, such as UTC")
        if start is not None:
            request.time_range.start_time.FromDatetime(start)
        if end is not None:
            request.time_range.end_time.FromDatetime(end)
        return request
    if start is not None or end is not None:
        raise ValueError("give either an epoch or times, not both")
    request.epoch_range.epoch = epoch
    if first_index or end_index is not None:
        last = 2**63 - 1 if end_index is None else end_index
        request.epoch_range.indexes.first_index = first_index
        request.epoch_range.indexes.end_index = last
    return request


async def read_samples(
    stub: pb_grpc.IngestServiceStub,
    request: pb.ReadSamplesRequest,
    metadata: Callable[[], Metadata],
    *,
    raw: bool = False,
    patience_s: float = _PATIENCE_S,
    silence_s: float = _SILENCE_S,
) -> AsyncGenerator[SamplesPiece, None]:
    """Yield chunks and holes; after a break go on from the first index that is lacking.

    Parameters
    ----------
    stub : IngestServiceStub
        Leads to ingest.
    request : ReadSamplesRequest
        What to read; `resume` is changed.
    metadata : callable
        Returns what is sent with a call: tokens may change while one reads.
    raw : bool
        Whether to leave integers as they are.
    patience_s : float
        Seconds without anything new after which a failed call is not made again.
    silence_s : float
        Seconds without a message after which a connection counts as dead.

    Raises
    ------
    CallError
        If the service refuses for good, or nothing comes for `patience_s` seconds.
    """
    progress, backoff = _Progress(raw), Backoff()
    loop = asyncio.get_running_loop()
    last_s = loop.time()
    while True:
        call = stub.ReadSamples(request, metadata=metadata())
        try:
            while True:
                async with asyncio.timeout(silence_s):
                    message = await call.read()
                if not isinstance(message, pb.ReadSamplesResponse):
                    return  # all is read
                backoff.reset()
                piece = progress.take(message)
                if piece is not None:
                    yield piece
                last_s = loop.time()
        except (grpc.RpcError, asyncio.InvalidStateError) as error:
            failure = from_rpc_error(error)
        except TimeoutError:
            failure = _silent(silence_s)
        finally:
            call.cancel()
        if not failure.retryable or loop.time() - last_s >= patience_s:
            raise failure
        progress.resume(request)
        await asyncio.sleep(backoff.next_s(failure.retry_after_s))


def _silent(silence_s: float) -> CallError:
    return CallError(
        f"Nothing came for {silence_s:g} s: see whether the service is up.",
        code=grpc.StatusCode.DEADLINE_EXCEEDED,
    )


@dataclass
class _Progress:
    """What came so far."""

    raw: bool
    header: SamplesHeader | None = None
    at: int = 0

    def take(self, message: pb.ReadSamplesResponse) -> SamplesPiece | None:
        """Return the piece of a message; None for a header and for what is not wanted any more."""
        if message.HasField("header"):
            header = SamplesHeader.from_proto(message.header)
            # After a break the same epoch may have grown: the first header says what is wanted.
            if self.header is None or header.epoch != self.header.epoch:
                self.header, self.at = header, header.first_index
            return None
        assert self.header is not None
        piece = _piece(self.header, message, raw=self.raw)
        if piece.first_index >= self.header.end_index:
            return None
        self.at = min(piece.end_index, self.header.end_index)
        return piece if piece.end_index == self.at else _cut(piece, self.at)

    def resume(self, request: pb.ReadSamplesRequest) -> None:
        """Ask for the rest from now on."""
        if self.header is not None:
            request.resume.epoch, request.resume.index = self.header.epoch, self.at


def _piece(header: SamplesHeader, message: pb.ReadSamplesResponse, *, raw: bool) -> SamplesPiece:
    if message.HasField("hole"):
        return SamplesHole.from_proto(header, message.hole)
    return SamplesChunk.from_proto(header, message.chunk, raw=raw)


def _cut(piece: SamplesPiece, end: int) -> SamplesPiece:
    if isinstance(piece, SamplesHole):
        return replace(piece, end_index=end)
    return replace(piece, samples=piece.samples[:, : end - piece.first_index])
