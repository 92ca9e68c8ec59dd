"""Puts a sensor's stream together."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import get_args

from kurto.assets.v1 import asset_service_pb2_grpc
from kurto.backfill import Backfill
from kurto.credentials import Credentials
from kurto.disk.buffer import DiskBuffer
from kurto.disk.directory import SensorDirectory, StoredEpoch
from kurto.disk.epoch import EpochRecord
from kurto.disk.worker import Worker
from kurto.encoding import SampleFormat
from kurto.epoch_clock import EpochClock, wall_clock_us
from kurto.exceptions import BufferDirectoryError, CallError
from kurto.first_answer import FirstAnswer
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc
from kurto.messages import sample_bytes
from kurto.monitor import live_state
from kurto.opener import LiveOpener
from kurto.process_values import WaitingValues
from kurto.progress import Progress
from kurto.sample_buffer import MemoryBuffer, SampleBuffer
from kurto.sender import Sender
from kurto.sender_options import SenderOptions
from kurto.sensor_stream import Overflow, SensorStream
from kurto.sensors import DeclarationCheck, SensorDeclaration, create_if_missing

Accept = Callable[[pb.OpenStreamResponse], Awaitable[str | None]]
_HOP_S = 0.1
_logger = logging.getLogger("kurto.opening")


@dataclass(frozen=True)
class StreamSettings:
    """What a data source says about its stream; see :meth:`kurto.Client.open_sensor`."""

    start_time: datetime | None = None
    boot_id: str | None = None
    takeover: bool = False
    buffer_s: float = 60.0
    buffer_directory: Path | None = None
    overflow: Overflow | None = None
    close_timeout_s: float = 30.0
    on_progress: Callable[[Progress], None] | None = None
    options: SenderOptions = field(default_factory=SenderOptions)


class StreamBuilder:
    """Builds the stream of one sensor.

    Parameters
    ----------
    assets : AssetServiceStub
        Where sensors are made.
    ingest : IngestServiceStub
        Where samples are sent.
    credentials : Credentials
        Who calls.
    declaration : SensorDeclaration
        The sensor.
    sample_format : SampleFormat
        How samples travel.
    settings : StreamSettings
        The stream.
    """

    def __init__(
        self,
        assets: asset_service_pb2_grpc.AssetServiceStub,
        ingest: ingest_service_pb2_grpc.IngestServiceStub,
        *,
        credentials: Credentials,
        declaration: SensorDeclaration,
        sample_format: SampleFormat,
        settings: StreamSettings,
    ) -> None:
        self._assets = assets
        self._ingest = ingest
        self._credentials = credentials
        self._declaration = declaration
        self._format = sample_format
        self._settings = settings
        if settings.overflow not in (None, *get_args(Overflow)):
            raise ValueError(
                f"overflow is {settings.overflow!r}; use one of {', '.join(get_args(Overflow))}"
            )
        self._boot_id = settings.boot_id or uuid.uuid4().hex
        self._row_bytes = len(declaration.channels) * sample_bytes(sample_format.proto)
        self._capacity_samples = max(1, round(settings.buffer_s * declaration.sample_rate_hz))
        self._clock = self._epoch_clock(None)

    async def build(self) -> SensorStream:
        """Open the stream.

        Raises
        ------
        CallError
            If the service refuses; or, without a disk buffer, if it does not answer.
        ConfigurationMismatchError
            If the sensor exists with another configuration.
        BufferDirectoryError
            If the disk buffer cannot be used.
        """
        if self._settings.buffer_directory is not None:
            return await self._on_disk(self._settings.buffer_directory)
        opener = self._opener(FirstAnswer(DeclarationCheck(self._declaration)))
        opened = await opener.open()
        buffer = MemoryBuffer(
            first_index=opened.next_index, capacity_samples=self._capacity_samples
        )
        return self._stream(self._sender(opener, buffer, opened), buffer, None)

    async def _on_disk(self, root: Path) -> SensorStream:
        worker = Worker("kurto-disk")
        try:
            directory, live = await worker.run(lambda: self._open_directory(root))
            try:
                return await self._with_directory(directory, live, worker)
            except BaseException:
                await worker.run(directory.close)
                raise
        except BaseException:
            worker.close()
            raise

    async def _with_directory(
        self, directory: SensorDirectory, live: StoredEpoch, worker: Worker
    ) -> SensorStream:
        self._clock = self._epoch_clock(live.record.start_time_us)
        first_answer = FirstAnswer(DeclarationCheck(self._declaration))
        opener = self._opener(first_answer)
        opened = await open_unless_offline(opener, self._settings.options.offline_after_s)
        buffer = DiskBuffer(
            directory,
            live,
            worker,
            first_index=max(live.log.end_index, opened.next_index if opened else 0),
            capacity_samples=self._capacity_samples,
            sync_interval_s=self._settings.options.sync_interval_s,
            start_time_us=self._clock.start_time_us,
        )
        if opened is None:
            first_answer.wait_with(buffer)
        sender = self._sender(opener, buffer, opened)
        rate_hz = self._declaration.sample_rate_hz
        backfill = Backfill(
            self._ingest,
            buffer,
            credentials=self._credentials,
            options=self._settings.options,
            live=lambda: live_state(sender, buffer, rate_hz) == "live",
        )
        return self._stream(sender, buffer, backfill)

    def _open_directory(self, root: Path) -> tuple[SensorDirectory, StoredEpoch]:
        sensor_id = self._declaration.sensor_id
        max_bytes = self._settings.options.max_buffer_bytes
        directory = SensorDirectory(root, sensor_id, max_bytes=max_bytes)
        start = self._settings.start_time
        record = EpochRecord(
            sensor_id=sensor_id,
            boot_id=self._boot_id,
            sample_rate_hz=self._declaration.sample_rate_hz,
            channels=tuple(self._declaration.channels),
            encoding=self._format.proto,
            scales=tuple(self._format.scales),
            row_bytes=self._row_bytes,
            create_time_us=wall_clock_us(),
            start_time_us=None if start is None else round(start.timestamp() * 1e6),
        )
        try:
            return directory, directory.begin(record)
        except OSError as error:
            directory.close()
            raise BufferDirectoryError(f"cannot begin an epoch in {root}: {error}") from error
        except BaseException:
            directory.close()
            raise

    def _epoch_clock(self, start_time_us: int | None) -> EpochClock:
        burst, start = self._declaration.burst, self._settings.start_time
        return EpochClock(
            self._declaration.sample_rate_hz,
            burst=None if burst is None else (burst.length_samples, burst.interval_s),
            start_time_us=start_time_us,
            recorded=start is not None,
        )

    def _opener(self, accept: Accept) -> LiveOpener:
        request = pb.OpenStreamRequest(
            sensor_id=self._declaration.sensor_id,
            boot_id=self._boot_id,
            sample_rate_hz=self._declaration.sample_rate_hz,
            channels=self._declaration.channels,
            encoding=self._format.proto,
            scales=self._format.scales,
            takeover=self._settings.takeover,
        )
        if self._settings.start_time is not None:
            request.start_time.FromDatetime(self._settings.start_time)
        return LiveOpener(
            self._ingest,
            request,
            self._credentials,
            prepare=lambda: create_if_missing(
                self._assets, self._declaration, self._credentials.metadata()
            ),
            accept=accept,
            start_time_us=self._clock.start_time_us,
        )

    def _sender(
        self, opener: LiveOpener, buffer: SampleBuffer, opened: pb.OpenStreamResponse | None
    ) -> Sender:
        return Sender(
            self._ingest,
            opener,
            buffer,
            row_bytes=self._row_bytes,
            credentials=self._credentials,
            options=self._settings.options,
            opened=opened,
        )

    def _stream(
        self, sender: Sender, buffer: SampleBuffer, backfill: Backfill | None
    ) -> SensorStream:
        settings = self._settings
        default: Overflow = "drop_oldest" if buffer.keeps_after_close else "wait"
        return SensorStream(
            sender,
            buffer,
            clock=self._clock,
            values=self._waiting_values(buffer.end_index),
            sample_format=self._format,
            channel_count=len(self._declaration.channels),
            sample_rate_hz=self._declaration.sample_rate_hz,
            overflow=settings.overflow or default,
            close_timeout_s=settings.close_timeout_s,
            backfill=backfill,
            on_progress=settings.on_progress,
            progress_interval_s=settings.options.progress_interval_s,
        )

    def _waiting_values(self, first_index: int) -> WaitingValues:
        declaration = self._declaration
        burst, rate_hz = declaration.burst, declaration.sample_rate_hz
        return WaitingValues(
            declaration.machine.process_values,
            hop_samples=burst.length_samples if burst else max(1, round(_HOP_S * rate_hz)),
            first_index=first_index,
        )


async def open_unless_offline(opener: LiveOpener, timeout_s: float) -> pb.OpenStreamResponse | None:
    """Open the stream, or return None if the service cannot be reached soon."""
    try:
        async with asyncio.timeout(timeout_s):
            return await opener.open()
    except TimeoutError:
        _logger.warning("begins offline", extra={"error": f"no answer in {timeout_s:g} s"})
    except CallError as error:
        if not error.retryable:
            raise
        _logger.warning("begins offline", extra={"error": str(error)})
    return None
