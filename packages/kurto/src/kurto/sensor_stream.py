"""The stream of one sensor, as a data source sees it."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Literal

import numpy.typing as npt

from kurto.backfill import Backfill
from kurto.encoding import SampleFormat
from kurto.epoch_clock import EpochClock
from kurto.monitor import StreamMonitor
from kurto.process_values import ValueQuality, WaitingValues
from kurto.progress import Progress, follow, report
from kurto.sample_buffer import SampleBuffer
from kurto.send_buffer import Chunk
from kurto.sender import Sender
from kurto.sender_task import SenderTask
from kurto.tasks import Companions, uninterrupted

Overflow = Literal["wait", "drop_oldest", "raise"]
_OFFLINE_S = 4.0  # longer than the pause between two attempts; what is on disk need not wait
_logger = logging.getLogger("kurto.stream")


class SensorStream:
    """Pushes samples of one sensor; made by :meth:`kurto.Client.open_sensor`.

    Samples stay in a bounded buffer until the service has acknowledged that they are durable. The
    connection may break at any time: the stream reconnects and resumes by sample index.

    Parameters
    ----------
    sender : Sender
        Keeps the service in step with the buffer.
    buffer : SampleBuffer
        Samples that are not acknowledged yet.
    clock : EpochClock
        Tells when samples were taken.
    values : WaitingValues
        Process values that go with the next samples.
    sample_format : SampleFormat
        How samples travel.
    channel_count : int > 0
        Channels of the sensor.
    sample_rate_hz : float > 0
        Nominal sample rate in Hz.
    overflow : {"wait", "drop_oldest", "raise"}
        What ``push`` does when the buffer is full.
    close_timeout_s : float
        How long leaving the ``async with`` block waits for the last acknowledgment, in seconds.
    backfill : Backfill, optional
        Uploads what earlier runs left.
    on_progress : callable, optional
        Called with :class:`Progress` now and then.
    progress_interval_s : float
        How often, in seconds.
    """

    def __init__(
        self,
        sender: Sender,
        buffer: SampleBuffer,
        *,
        clock: EpochClock,
        values: WaitingValues,
        sample_format: SampleFormat,
        channel_count: int,
        sample_rate_hz: float,
        overflow: Overflow,
        close_timeout_s: float,
        backfill: Backfill | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        progress_interval_s: float = 1.0,
    ) -> None:
        self._sender = sender
        self._buffer = buffer
        self._monitor = StreamMonitor(sender, buffer, backfill, sample_rate_hz)
        self._clock = clock
        self._values = values
        self._format = sample_format
        self._channel_count = channel_count
        self._overflow = overflow
        self._close_timeout_s = close_timeout_s
        self._backfill = backfill
        self._on_progress = on_progress
        self._progress_interval_s = progress_interval_s
        self._one_push = asyncio.Lock()
        self._task = SenderTask(sender)
        self._companions = Companions()

    @property
    def epoch(self) -> int:
        """Epoch of the sample index; 0 until the service has answered once."""
        return self._sender.epoch

    @property
    def next_index(self) -> int:
        """Index that the next pushed sample gets."""
        return self._buffer.end_index

    @property
    def durable_index(self) -> int:
        """Every sample below it is durable on the service, missing ranges apart."""
        return self._sender.durable_index

    @property
    def buffered_sample_count(self) -> int:
        """Samples per channel that are not acknowledged yet."""
        return self._buffer.sample_count

    @property
    def dropped_sample_count(self) -> int:
        """Samples per channel that the full buffer had to give up."""
        return self._buffer.dropped_sample_count

    @property
    def reconnect_count(self) -> int:
        """How often the connection was lost and made again."""
        return self._sender.reconnect_count

    def progress(self) -> Progress:
        """Return how the stream fares now; cheap."""
        return self._monitor.progress(running=self._task.running)

    def follow_progress(self, interval_s: float = 1.0) -> AsyncIterator[Progress]:
        """Yield how the stream fares until it ends: when its state changes, and regularly."""
        return follow(self.progress, interval_s)

    async def push(
        self,
        samples: npt.ArrayLike,
        *,
        first_index: int | None = None,
        shaft_speed_hz: float | None = None,
        device_time: datetime | None = None,
    ) -> None:
        """Add samples to the stream.

        With a disk buffer they are on disk when it returns, and survive a crash of this program.

        Parameters
        ----------
        samples : array_like [shape=(channels, n) or (n,) for one channel]
            Consecutive samples of all channels in the declared unit.
        first_index : int, optional
            Absolute index of the first sample, not below ``next_index``; a jump leaves a gap.
            Without it the samples follow the last ones.
        shaft_speed_hz : float, optional
            Shaft speed during these samples in Hz.
        device_time : datetime with a zone, optional
            When the first sample was taken, by a clock that is better than this program's, such
            as one of the converter. Without it this program's clock is sent about once a second.

        Raises
        ------
        ValueError
            If shape, values or index are wrong.
        BufferFullError
            If the buffer is full and ``overflow="raise"``, or the samples are more than the buffer
            can ever hold.
        CallError
            If the service has refused the stream for good.
        """
        self._task.require_alive()
        encoded = self._format.encode(samples, self._channel_count)
        if encoded.shape[1] == 0:
            return
        async with self._one_push:
            index = self.next_index if first_index is None else first_index
            if index < self.next_index:
                raise ValueError(f"first_index is {index}, but {self.next_index} is next")
            self._buffer.numbered |= first_index is not None
            time_us = self._clock.pushed(index, encoded.shape[1])
            if device_time is not None:
                time_us = round(device_time.timestamp() * 1e6)
            await self._make_room(Chunk(index, encoded))
            values = self._values.take(index, encoded.shape[1])
            chunk = Chunk(index, encoded, shaft_speed_hz, time_us, values)
            await uninterrupted(self._buffer.append(chunk))
        if self._buffer.pressing:
            self._sender.rotate()
        else:
            self._sender.wake()

    async def push_values(
        self, values: Mapping[str, float], *, quality: ValueQuality = "good"
    ) -> None:
        """Note slow values, such as a temperature or the load, taken with the next sample.

        They are durable with it. A newer value replaces one that has not gone yet; of each name
        one goes in a hop (0.1 s, or a burst).

        Parameters
        ----------
        values : mapping from str to float
            By name, in the units that ``open_sensor(process_values=...)`` declares.
        quality : {"good", "uncertain", "bad"}
            How far they can be trusted; after a bad one the value is not known.

        Raises ValueError if a name is not declared or a value is not finite.
        """
        self._task.require_alive()
        self._values.note(values, quality)

    async def flush(self, timeout_s: float = 30.0) -> None:
        """Wait until everything pushed so far is durable on the service.

        Raises
        ------
        NotDurableError
            If it is not within ``timeout_s`` seconds; the samples stay in the buffer.
        CallError
            If the service has refused the stream for good.
        """
        end_index = self.next_index
        try:
            async with asyncio.timeout(timeout_s):
                while not self._sender.is_durable(end_index):
                    self._sender.rotate()
                    await self._task.acknowledgment()
        except TimeoutError as error:
            raise self._monitor.not_durable(end_index, timeout_s, lost=False) from error

    async def close(self) -> None:
        """Wait for the last acknowledgment and end the stream. Idempotent.

        With a disk buffer, what is not acknowledged in time stays there for the next run, and a
        service that cannot be reached is not waited for longer than a few seconds.

        Raises
        ------
        NotDurableError
            If not everything is durable within ``close_timeout_s``, without a disk buffer.
        CallError
            If the service has refused the stream for good.
        """
        if not self._task.open:
            return
        end_index = self.next_index
        try:
            done = await self._task.finish(
                self._close_timeout_s,
                unless_offline_s=_OFFLINE_S if self._buffer.keeps_after_close else math.inf,
            )
        finally:
            await self._end()
        if not done and not self._buffer.keeps_after_close:
            raise self._monitor.not_durable(end_index, self._close_timeout_s, lost=True)
        if not done:
            kept = {"sample_count": self._buffer.sample_count}
            _logger.warning("samples stay in the disk buffer for the next run", extra=kept)

    async def __aenter__(self) -> SensorStream:
        self._task.start()
        if self._backfill is not None:
            self._companions.start("kurto-backfill", self._backfill.run())
        if self._on_progress is not None:
            changes = self.follow_progress(self._progress_interval_s)
            self._companions.start("kurto-progress", report(changes, self._on_progress))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None or self._delivers_after(exc_type):
            await self.close()
        elif self._task.open:
            await self._end()

    def _delivers_after(self, exc_type: type[BaseException]) -> bool:
        # It may be the error of something else; but who is cancelled is to end at once.
        return self._task.running and not issubclass(exc_type, asyncio.CancelledError)

    async def _end(self) -> None:
        await self._companions.end()
        await self._task.end()
        await self._buffer.close()
        if self._on_progress is not None:
            await report(follow(self.progress, 0.0), self._on_progress)

    async def _make_room(self, chunk: Chunk) -> None:
        self._buffer.require_possible(chunk)
        if self._overflow == "drop_oldest":
            return
        while not self._buffer.fits(chunk):
            if self._overflow == "raise":
                raise self._monitor.buffer_full()
            self._sender.rotate()
            await self._task.acknowledgment()
