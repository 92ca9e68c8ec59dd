"""Uploads what earlier runs of a sender left on disk, beside the live stream."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from kurto.credentials import Credentials
from kurto.disk.buffer import DiskBuffer
from kurto.disk.epoch import EpochRecord
from kurto.disk.epoch_samples import EpochSamples
from kurto.epoch_clock import wall_clock_us
from kurto.exceptions import CallError
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc as pb_grpc
from kurto.opener import BackfillOpener
from kurto.sender import Sender
from kurto.sender_options import SenderOptions
from kurto.signal.v1 import samples_pb2

_LIVE_BEHIND_S = 0.2
_logger = logging.getLogger("kurto.backfill")


class SharePace:
    """Holds an upload to a share of the data rate, and lets live samples go first.

    Parameters
    ----------
    bytes_per_s : float > 0
        Rate in bytes per second.
    may_go : callable
        Whether live samples are sent as they come.
    monotonic_s : callable
        The clock.
    """

    def __init__(
        self,
        bytes_per_s: float,
        may_go: Callable[[], bool],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bytes_per_s = bytes_per_s
        self._may_go = may_go
        self._monotonic_s = monotonic_s
        self._credit_at_s = monotonic_s()
        self._seen_bytes = 0

    def delay_s(self, written_bytes: int) -> float:
        """Return how long the next message must wait, given all bytes written so far."""
        if not self._may_go():
            return _LIVE_BEHIND_S
        now_s = self._monotonic_s()
        # Time not used is lost: no burst after a pause.
        cost_s = (written_bytes - self._seen_bytes) / self._bytes_per_s
        self._seen_bytes = written_bytes
        self._credit_at_s = max(self._credit_at_s + cost_s, now_s if not cost_s else 0.0)
        return max(0.0, self._credit_at_s - now_s)


class Backfill:
    """Uploads older epochs one after the other, the oldest first.

    Parameters
    ----------
    stub : IngestServiceStub
        Where to send.
    buffer : DiskBuffer
        Holds the epochs.
    credentials : Credentials
        Who calls.
    options : SenderOptions
        Limits.
    live : callable
        Whether live samples are sent as they come.
    """

    def __init__(
        self,
        stub: pb_grpc.IngestServiceStub,
        buffer: DiskBuffer,
        *,
        credentials: Credentials,
        options: SenderOptions,
        live: Callable[[], bool],
    ) -> None:
        self._stub = stub
        self._buffer = buffer
        self._credentials = credentials
        self._options = options
        self._live = live
        self.last_error: CallError | None = None

    async def run(self) -> None:
        """Upload all there is, once live samples are sent as they come."""
        while not self._live():  # noqa: ASYNC110 (a look now and then is enough)
            await asyncio.sleep(_LIVE_BEHIND_S)
        for samples in await self._buffer.older():
            await self._upload(samples)

    async def _upload(self, samples: EpochSamples) -> None:
        record = samples.epoch.record
        facts = {"sensor_id": record.sensor_id, "boot_id": record.boot_id}
        sender = Sender(
            self._stub,
            BackfillOpener(self._stub, open_request(record), self._credentials),
            samples,
            row_bytes=record.row_bytes,
            credentials=self._credentials,
            options=self._options,
            pace=SharePace(self._bytes_per_s(record), self._live),
        )
        sender.finish()
        try:
            await sender.run()
        except CallError as error:
            # Refused for good, such as after a change of the sensor's rate: it stays on disk until
            # it is refused no more or must make room.
            self.last_error = error
            _logger.error("buffered epoch refused", extra={**facts, "error": str(error)})
            return
        await self._buffer.remove(samples)
        _logger.info("buffered epoch uploaded", extra={**facts, "epoch": sender.epoch})

    def _bytes_per_s(self, record: EpochRecord) -> float:
        return self._options.backfill_rate * record.sample_rate_hz * record.row_bytes


def open_request(record: EpochRecord) -> pb.OpenStreamRequest:
    """Return the request that opens or resumes an epoch of an earlier run."""
    request = pb.OpenStreamRequest(
        sensor_id=record.sensor_id,
        boot_id=record.boot_id,
        sample_rate_hz=record.sample_rate_hz,
        channels=record.channels,
        encoding=samples_pb2.SampleEncoding.Name(record.encoding),
        scales=record.scales,
        backfill=True,
    )
    if record.start_time_us is not None:
        request.start_time.FromMicroseconds(min(record.start_time_us, wall_clock_us()))
    return request
