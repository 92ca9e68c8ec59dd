"""Serves readers of samples: how many at a time, epoch after epoch, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto_ingest.assets.ports import SensorStore
from kurto_ingest.exceptions import Draining, NoSamples, Overloaded
from kurto_ingest.ports import SampleTimeStore, StreamRecord, StreamStore
from kurto_ingest.quarantine.quarantine_store import QuarantineStore
from kurto_ingest.reading.read_ranges import ReadRequest, channel_numbers, wanted
from kurto_ingest.reading.read_request import header_message, piece_message, read_request
from kurto_ingest.reading.sample_archive import SampleArchive
from kurto_ingest.reading.sample_reader import ReadSizes, SampleReader
from kurto_ingest.records.sample_times import SampleTime
from kurto_ingest.streams.ranges import IndexRange

__all__ = ["ReadLimits", "SampleReads"]

_EPOCHS_PAGE = 50
_TIMES_AHEAD = 6000  # blocks for which measured times are read at once: ten minutes
_RETRY_AFTER_S = 1.0

Write = Callable[[pb.ReadSamplesResponse], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What readers may take.

    Attributes
    ----------
    max_reads : int
        Readers at a time.
    stall_s : float
        Seconds after which a reader that takes nothing is sent away.
    sizes : ReadSizes
        Memory of one reader.
    max_stalled : int
        Readers at a time that were sent away and have not taken notice.
    """

    max_reads: int
    stall_s: float
    sizes: ReadSizes
    max_stalled: int = 32


class SampleReads:
    """Answers calls of ReadSamples.

    Parameters
    ----------
    sensors, streams : SensorStore, StreamStore
        Tell what there is.
    archive : SampleArchive
        Holds the samples.
    quarantine : QuarantineStore
        Holds those that lay too far in the future.
    times : SampleTimeStore
        Holds what was measured of senders' clocks.
    limits : ReadLimits
        What readers may take.
    """

    def __init__(
        self,
        *,
        sensors: SensorStore,
        streams: StreamStore,
        archive: SampleArchive,
        quarantine: QuarantineStore,
        times: SampleTimeStore,
        limits: ReadLimits,
    ) -> None:
        self._sensors = sensors
        self._streams = streams
        self._archive = archive
        self._times = times
        self._limits = limits
        self._reader = SampleReader(archive, quarantine, limits.sizes)
        self._draining = False
        #: Readers at the moment, and those that were sent away but have not taken notice.
        self.count = self.stalled_count = 0

    def drain(self) -> None:
        """Send all readers away: they go on elsewhere, or later."""
        self._draining = True

    async def serve(self, message: pb.ReadSamplesRequest, write: Write) -> None:
        """Read what `message` asks for and write it.

        Raises
        ------
        Overloaded
            If too many read at the same time, or the reader takes nothing.
        NoSamples
            If there is nothing in the range.
        InvalidField, UnknownSensor
            If the request cannot be.
        """
        request = read_request(message)
        try:
            await self._serve_all(request, write)
        except _Stalled as stalled:
            # Its place is free by now. It is told once it reads again: the status of a call cannot
            # overtake the message that waits for room.
            await self._until_gone(stalled)
            raise Overloaded(
                f"The reader took nothing for {self._limits.stall_s:g} s: read faster,"
                " or ask again with resume for what is left.",
                retry_after_s=0.0,
            ) from None

    async def _until_gone(self, stalled: _Stalled) -> None:
        self.stalled_count += 1
        try:
            await stalled.writing
        finally:
            self.stalled_count -= 1

    async def _serve_all(self, request: ReadRequest, write: Write) -> None:
        with self._slot():
            await self._sensors.get_sensor(request.sensor_id)
            found = False
            async with aclosing(self._epochs(request)) as records:
                async for record in records:
                    asked = wanted(request, record)
                    if asked is not None:
                        await self._serve_epoch(request, record, asked, write)
                        found = True
            if not found and not request.resume[0]:
                raise NoSamples(request.sensor_id)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if self.count >= self._limits.max_reads:
            raise Overloaded(
                f"{self.count} readers of samples are at work already: retry in a moment.",
                retry_after_s=_RETRY_AFTER_S,
            )
        if self.stalled_count >= self._limits.max_stalled:
            # Each holds a message; nobody but they and their connections can end them.
            raise Overloaded(
                f"{self.stalled_count} readers have stopped taking samples and stay connected: end"
                " those programs, or the connections of those that are gone.",
                retry_after_s=self._limits.stall_s,
            )
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1

    async def _epochs(self, request: ReadRequest) -> AsyncGenerator[StreamRecord, None]:
        if request.epoch:
            record = await self._streams.find(request.sensor_id, request.epoch)
            if record is not None:
                yield record
            return
        above = max(0, request.resume[0] - 1)
        while True:
            page = await self._archive.epochs(request.sensor_id, above, _EPOCHS_PAGE)
            for record in page:
                yield record
            if len(page) < _EPOCHS_PAGE:
                return
            above = page[-1].format.epoch

    async def _serve_epoch(
        self, request: ReadRequest, record: StreamRecord, asked: IndexRange, write: Write
    ) -> None:
        channels = channel_numbers(record.format, request.channels)
        config = await self._sensors.get_config(request.sensor_id, record.config_version)
        await self._write(write, header_message(record, config, channels, asked))
        times = _MeasuredTimes(self._times, record, asked.end)
        reading = self._reader.pieces(
            record, asked, channels, include_quarantined=request.include_quarantined
        )
        async with aclosing(reading) as pieces:
            async for piece in pieces:
                known = await times.around(piece.first)
                await self._write(write, piece_message(record.format, piece, known))

    async def _write(self, write: Write, message: pb.ReadSamplesResponse) -> None:
        if self._draining:
            raise Draining(retry_after_s=_RETRY_AFTER_S)
        writing = asyncio.ensure_future(write(message))
        try:
            done, _ = await asyncio.wait([writing], timeout=self._limits.stall_s)
        except asyncio.CancelledError:
            writing.cancel()
            raise
        if not done:
            raise _Stalled(writing)
        writing.result()


class _Stalled(Exception):
    """The reader takes nothing: a message has been waiting for too long."""

    def __init__(self, writing: asyncio.Future[None]) -> None:
        super().__init__()
        self.writing = writing


class _MeasuredTimes:
    """What was measured of the sender's clock, read for some minutes at a time."""

    def __init__(self, store: SampleTimeStore, record: StreamRecord, end: int) -> None:
        self._store = store
        self._format = record.format
        self._end = end
        self._known_to = -1
        self._rows: Sequence[SampleTime] = ()

    async def around(self, index: int) -> Sequence[SampleTime]:
        """Return the rows that tell the time of a sample; `index` never decreases."""
        if index >= self._known_to:
            self._known_to = min(self._end, index + _TIMES_AHEAD * self._format.hop_samples)
            self._rows = await self._store.between(self._format.key, index, self._known_to)
        return self._rows
