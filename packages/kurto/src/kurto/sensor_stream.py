"""The stream of one sensor, as a data source sees it."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Literal

import numpy.typing as npt

from kurto.encoding import SampleFormat
from kurto.exceptions import (
    BufferFullError,
    CallError,
    KurtoError,
    NotDurableError,
    StreamClosedError,
)
from kurto.send_buffer import Chunk, SendBuffer
from kurto.sender import Sender

Overflow = Literal["wait", "drop_oldest", "raise"]


class SensorStream:
    """Pushes samples of one sensor; made by :meth:`kurto.Client.open_sensor`.

    Samples stay in a bounded buffer until the service has acknowledged that they are durable. The
    connection may break at any time: the stream reconnects and resumes by sample index.

    Parameters
    ----------
    sender : Sender
        Keeps the service in step with the buffer.
    buffer : SendBuffer
        Samples that are not acknowledged yet.
    sample_format : SampleFormat
        How samples travel.
    channel_count : int > 0
        Channels of the sensor.
    epoch : int > 0
        Epoch that was opened.
    overflow : {"wait", "drop_oldest", "raise"}
        What ``push`` does when the buffer is full.
    close_timeout_s : float
        How long leaving the ``async with`` block waits for the last acknowledgment, in seconds.
    """

    def __init__(
        self,
        sender: Sender,
        buffer: SendBuffer,
        *,
        sample_format: SampleFormat,
        channel_count: int,
        epoch: int,
        overflow: Overflow,
        close_timeout_s: float,
    ) -> None:
        self._sender = sender
        self._buffer = buffer
        self._format = sample_format
        self._channel_count = channel_count
        self._overflow = overflow
        self._close_timeout_s = close_timeout_s
        self._task: asyncio.Task[None] | None = None
        self.epoch = epoch
        self.dropped_sample_count = 0

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
    def reconnect_count(self) -> int:
        """How often the connection was lost and made again."""
        return self._sender.reconnect_count

    async def push(
        self,
        samples: npt.ArrayLike,
        *,
        first_index: int | None = None,
        shaft_speed_hz: float | None = None,
    ) -> None:
        """Add samples to the stream.

        Parameters
        ----------
        samples : array_like [shape=(channels, n) or (n,) for one channel]
            Consecutive samples of all channels in the declared unit.
        first_index : int, optional
            Absolute index of the first sample, not below ``next_index``; a jump leaves a gap.
            Without it the samples follow the last ones.
        shaft_speed_hz : float, optional
            Shaft speed during these samples in Hz.

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
        self._check_alive()
        encoded = self._format.encode(samples, self._channel_count)
        count = int(encoded.shape[1])
        if count == 0:
            return
        await self._make_room(count)
        index = self.next_index if first_index is None else first_index
        self._buffer.append(Chunk(index, encoded, shaft_speed_hz))
        if self._buffer.sample_count * 2 > self._buffer.capacity_samples:
            self._sender.rotate()
        else:
            self._sender.wake()

    async def flush(self, timeout_s: float = 30.0) -> None:
        """Wait until everything pushed so far is durable.

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
                    await self._acknowledgment()
        except TimeoutError as error:
            raise self._not_durable(end_index, timeout_s) from error

    async def close(self) -> None:
        """Wait for the last acknowledgment and end the stream. Idempotent.

        Raises
        ------
        NotDurableError
            If not everything is durable within ``close_timeout_s``.
        CallError
            If the service has refused the stream for good.
        """
        task, self._task = self._task, None
        if task is None:
            return
        self._sender.finish()
        end_index = self.next_index
        done, _ = await asyncio.wait([task], timeout=self._close_timeout_s)
        if not done:
            await _cancel(task)
            raise self._not_durable(end_index, self._close_timeout_s)
        task.result()

    async def __aenter__(self) -> SensorStream:
        self._task = asyncio.create_task(self._sender.run(), name="kurto-sender")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None or not issubclass(exc_type, (asyncio.CancelledError, KurtoError)):
            await self.close()
        elif self._task is not None:
            task, self._task = self._task, None
            await _cancel(task)

    async def _make_room(self, count: int) -> None:
        if count > self._buffer.capacity_samples:
            raise BufferFullError(
                f"{count} samples at once, but the buffer holds {self._buffer.capacity_samples}; "
                "push smaller arrays or give open_sensor a larger buffer_s"
            )
        if count <= self._buffer.free_samples:
            return
        if self._overflow == "raise":
            raise BufferFullError("the buffer is full of samples that are not acknowledged")
        if self._overflow == "drop_oldest":
            self.dropped_sample_count += self._buffer.drop_oldest(count)
            return
        while count > self._buffer.free_samples:
            self._sender.rotate()
            await self._acknowledgment()

    async def _acknowledgment(self) -> None:
        self._check_alive()
        assert self._task is not None
        waiter = asyncio.ensure_future(self._sender.acknowledgment())
        try:
            await asyncio.wait([waiter, self._task], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
        self._check_alive()

    def _check_alive(self) -> None:
        if self._task is None:
            raise StreamClosedError("the stream is closed; open the sensor again")
        if self._task.done() and not self._task.cancelled():
            error = self._task.exception()
            if isinstance(error, CallError):
                raise CallError(
                    str(error), code=error.code, reason=error.reason, metadata=error.metadata
                ) from error
            raise StreamClosedError("the stream has ended") from error

    def _not_durable(self, end_index: int, timeout_s: float) -> NotDurableError:
        return NotDurableError(
            f"samples up to index {end_index} were not acknowledged within {timeout_s:g} s; "
            f"durable up to {self.durable_index}, {self._buffer.sample_count} are buffered"
        )


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task], timeout=5.0)
    if task.done() and not task.cancelled():
        task.exception()
