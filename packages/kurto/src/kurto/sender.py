"""Sends a buffer: opens, writes, rotates, takes acknowledgments, reconnects, resumes."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Protocol

import grpc

from kurto.batch_writer import BatchWriter
from kurto.credentials import Credentials
from kurto.exceptions import CallError
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc as pb_grpc
from kurto.messages import ranges
from kurto.opener import Opener
from kurto.patience import Patience
from kurto.process_values import declared_units
from kurto.push_call import Calls, PushCall
from kurto.sample_buffer import SampleSource
from kurto.send_buffer import Range
from kurto.sender_options import SenderOptions

_SLOT = 0
_logger = logging.getLogger("kurto.sender")


class Pace(Protocol):
    """Holds a sender back."""

    def delay_s(self, written_bytes: int) -> float:
        """Return how long the next message must wait, given all bytes written so far."""


class Sender:
    """Keeps the service in step with a buffer.

    Parameters
    ----------
    stub : IngestServiceStub
        Where to send.
    opener : Opener
        Gets the sender in, on every reconnection.
    source : SampleSource
        The samples.
    row_bytes : int > 0
        Bytes of one sample of all channels.
    credentials : Credentials
        Who calls.
    options : SenderOptions
        Limits.
    opened : OpenStreamResponse, optional
        What an OpenStream has answered already.
    pace : Pace, optional
        Holds the sender back.
    """

    def __init__(
        self,
        stub: pb_grpc.IngestServiceStub,
        opener: Opener,
        source: SampleSource,
        *,
        row_bytes: int,
        credentials: Credentials,
        options: SenderOptions,
        opened: pb.OpenStreamResponse | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._stub = stub
        self._opener = opener
        self._opened = opened
        self._source = source
        self._credentials = credentials
        self._options = options
        self._pace = pace
        self._patience = Patience(
            give_up_after_s=options.give_up_after_s,
            longest_wait_s=options.longest_wait_s,
            fresh_tokens=credentials.refreshable,
        )
        self._stream_number = 0
        self._wake = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._rotate_now = False
        self._finishing = False
        self.writer = BatchWriter(source, row_bytes=row_bytes, batch_bytes=options.batch_bytes)
        self.finished = False
        self.connected = False
        self.epoch = opened.epoch if opened else 0
        self.durable_index = opened.next_index if opened else 0
        self.missing: list[Range] = ranges(opened.missing_ranges) if opened else []
        self.reconnect_count = 0
        self.last_error: CallError | None = None
        #: What broke the last call, until one is answered: being connected does not mend it.
        self.unmended: CallError | None = None

    @property
    def throttle_count(self) -> int:
        """How often the service has asked to wait because it was full or busy."""
        return self._patience.throttle_count

    def wake(self) -> None:
        """Tell the sender that the buffer has more, or that a rotation is wanted."""
        self._wake.set()

    def rotate(self) -> None:
        """Ask for an acknowledgment of everything sent, now."""
        self._rotate_now = True
        self._wake.set()

    def finish(self) -> None:
        """Ask ``run`` to return once everything in the buffer is durable."""
        self._finishing = True
        self._wake.set()

    async def acknowledgment(self) -> None:
        """Wait for the next acknowledgment."""
        self._acknowledged.clear()
        await self._acknowledged.wait()

    def is_durable(self, end_index: int) -> bool:
        """Whether everything below an index is durable or given up."""
        return self.durable_index >= end_index and not any(
            gap.first_index < end_index for gap in self.missing
        )

    async def run(self) -> None:
        """Send until cancelled, or until all is durable after ``finish``.

        Raises
        ------
        CallError
            If the service refuses the stream for good, or nothing has worked for
            ``give_up_after_s``.
        """
        loop = asyncio.get_running_loop()
        while not self.finished:
            try:
                session = await self._open()
                self._patience.opened(loop.time())
                await self._send(session)
            except CallError as error:
                self.last_error = self.unmended = error
                self.connected = False
                await self._pause(error, self._patience.wait_s(error, loop.time()))
                if error.reason == "STALE_FENCE":
                    await self._opener.require_right(self.epoch)

    async def _pause(self, error: CallError, wait_s: float) -> None:
        _logger.info(
            "reconnecting",
            extra={"sensor_id": self._opener.sensor_id, "error": str(error), "wait_s": wait_s},
        )
        self.reconnect_count += 1
        await asyncio.sleep(wait_s)

    async def _open(self) -> pb.OpenStreamResponse:
        opened, self._opened = self._opened, None
        if opened is None:
            opened = await self._opener.open()
        self._stream_number, self.epoch = 0, opened.epoch
        self.writer.declared = declared_units(opened.config.process_values)
        self.writer.begin_at(opened.next_index, opened.limits.max_batch_samples)
        await self._acknowledge(opened.next_index, ranges(opened.missing_ranges))
        return opened

    async def _send(self, session: pb.OpenStreamResponse) -> None:
        if self.finished:
            return
        calls = Calls(await self._start_call(session), self._rotate_at(session))
        self.connected = True
        try:
            while not self.finished:
                await self._turn(session, calls)
        finally:
            for call in calls.open_calls():
                await call.cancel()

    async def _turn(self, session: pb.OpenStreamResponse, calls: Calls) -> None:
        """Do the next thing: take an acknowledgment, rotate, write, or wait."""
        self._wake.clear()
        now = asyncio.get_running_loop().time()
        if calls.previous is not None and (calls.previous.ended or now >= calls.previous_deadline):
            ended_early = await self._settle(calls.previous)
            calls.previous = None
            if ended_early:
                # What it had not read is lost; unless later samples follow, nobody reports a gap.
                self.writer.cursor = min(self.writer.cursor, self.durable_index)
        elif calls.current.ended:
            await self._settle(calls.current)
            # What the service had not read when it answered is lost: begin where it stands.
            self.writer.cursor = self.durable_index
            calls.current = await self._start_call(session)
        elif calls.previous is None and now >= calls.rotate_at:
            await self._rotate(session, calls)
        elif delay_s := self._pace.delay_s(self.writer.written_bytes) if self._pace else 0.0:
            await _wait(self._wake, min(delay_s, calls.next_deadline() - now))
        elif not await self.writer.write_next(calls.current):
            if calls.previous is None and (self._rotate_now or self._finishing):
                await self._rotate(session, calls)
            else:
                await _wait(self._wake, calls.next_deadline() - now)

    async def _rotate(self, session: pb.OpenStreamResponse, calls: Calls) -> None:
        self._rotate_now = False
        calls.previous = calls.current
        deadline = asyncio.get_running_loop().time() + self._options.response_timeout_s
        calls.previous_deadline, calls.rotate_at = deadline, self._rotate_at(session)
        calls.current = await self._start_call(session)
        await calls.previous.half_close()

    def _rotate_at(self, session: pb.OpenStreamResponse) -> float:
        interval_s = self._options.rotate_interval_s
        wanted_s = session.limits.rotate_interval.ToTimedelta().total_seconds()
        if wanted_s > 0:
            interval_s = min(interval_s, wanted_s)
        return asyncio.get_running_loop().time() + interval_s * random.uniform(0.8, 1.2)

    async def _settle(self, call: PushCall) -> bool:
        """Take the answer of a call; tell whether the service ended it before we did."""
        response = call.result()
        self._patience.acknowledged()
        self.unmended = None
        for result in response.results:
            await self._acknowledge(result.next_index, ranges(result.missing_ranges))
            if result.rejected_batches:
                rejected = result.rejected_batches[0]
                _logger.error("batch rejected", extra={"error": rejected.message})
        if response.end_reason in (
            pb.STREAM_END_REASON_DRAIN,
            pb.STREAM_END_REASON_OWNER_CHANGED,
            pb.STREAM_END_REASON_AUTH_EXPIRED,
        ):
            raise CallError(
                f"The service ended the stream: {pb.StreamEndReason.Name(response.end_reason)}.",
                code=grpc.StatusCode.UNAVAILABLE,
                retry_after_s=response.retry_after.ToTimedelta().total_seconds() or None,
            )
        return response.end_reason != pb.STREAM_END_REASON_HALF_CLOSED

    async def _acknowledge(self, next_index: int, missing: list[Range]) -> None:
        self.durable_index, self.missing = next_index, missing
        await self._source.acknowledge(next_index, missing)
        self.writer.refill(missing)
        self._acknowledged.set()
        nothing_left = not self.writer.has_todo and self._source.sample_count == 0
        self.finished = self._finishing and nothing_left

    async def _start_call(self, session: pb.OpenStreamResponse) -> PushCall:
        self._stream_number += 1
        start = pb.StreamStart(
            slot=_SLOT,
            sensor_id=self._opener.sensor_id,
            epoch=session.epoch,
            fence=session.fence,
            stream_number=self._stream_number,
        )
        call = PushCall(
            self._stub,
            start,
            metadata=self._credentials.metadata(),
            write_timeout_s=self._options.write_timeout_s,
            on_end=self._wake.set,
        )
        try:
            await call.open()
        except BaseException:
            await call.cancel()
            raise
        return call


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
