"""Sends a buffer: opens, writes, rotates, takes acknowledgments, reconnects, resumes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque

import grpc

from kurto.backoff import Backoff
from kurto.calls import answer
from kurto.exceptions import CallError
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc as pb_grpc
from kurto.messages import open_stream, push_abandon, push_batch, ranges, sample_bytes
from kurto.push_call import Calls, PushCall
from kurto.send_buffer import Range, SendBuffer
from kurto.sender_options import SenderOptions

_SLOT = 0
_logger = logging.getLogger("kurto.sender")


class Sender:
    """Keeps the service in step with a buffer.

    Parameters
    ----------
    stub : IngestServiceStub
        Where to send.
    request : OpenStreamRequest
        The sensor; sent again, without ``takeover``, on every reconnection.
    opened : OpenStreamResponse
        What the first OpenStream answered.
    buffer : SendBuffer
        The samples.
    metadata : tuple of pairs
        Metadata of every call.
    options : SenderOptions
        Limits.
    """

    def __init__(
        self,
        stub: pb_grpc.IngestServiceStub,
        request: pb.OpenStreamRequest,
        opened: pb.OpenStreamResponse,
        buffer: SendBuffer,
        *,
        metadata: tuple[tuple[str, str], ...],
        options: SenderOptions,
    ) -> None:
        self._stub = stub
        self._request = request
        self._opened: pb.OpenStreamResponse | None = opened
        self._buffer = buffer
        self._metadata = metadata
        self._options = options
        self._cursor = opened.next_index
        self._todo: deque[Range] = deque()
        self._stream_number = 0
        self._wake = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._rotate_now = False
        self._finishing = False
        self._backoff = Backoff()
        self.finished = False
        self.durable_index = opened.next_index
        self.missing: list[Range] = ranges(opened.missing_ranges)
        self.reconnect_count = 0
        self.abandoned_sample_count = 0

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
        worked_at = loop.time()
        epoch = 0
        while not self.finished:
            try:
                session = await self._open()
                worked_at, epoch = loop.time(), session.epoch
                await self._send(session)
            except CallError as error:
                limit = self._options.give_up_after_s
                late = limit is not None and loop.time() - worked_at > limit
                if late or not error.retryable:
                    raise
                await self._pause(error)
                if error.reason == "STALE_FENCE":
                    await self._require_newest(epoch)

    async def _pause(self, error: CallError) -> None:
        wait_s = self._backoff.next_s(error.retry_after_s)
        _logger.info(
            "reconnecting",
            extra={"sensor_id": self._request.sensor_id, "error": str(error), "wait_s": wait_s},
        )
        self.reconnect_count += 1
        await asyncio.sleep(wait_s)

    async def _require_newest(self, epoch: int) -> None:
        """Give way to a sender that has taken the sensor over and begun another epoch."""
        request = pb.GetStreamPositionRequest(sensor_id=self._request.sensor_id)
        call = self._stub.GetStreamPosition(request, metadata=self._metadata, timeout=10.0)
        try:
            newest = (await answer(call)).epoch
        except CallError as error:
            if error.retryable:
                return  # the next attempt to open says what is wrong
            raise
        if newest > epoch:
            raise CallError(
                "Another sender has taken the sensor over.",
                code=grpc.StatusCode.FAILED_PRECONDITION,
                reason="SENSOR_IN_USE",
                metadata={"sensor_id": self._request.sensor_id},
            )

    async def _open(self) -> pb.OpenStreamResponse:
        opened, self._opened = self._opened, None
        if opened is None:
            self._request.takeover = False
            opened = await open_stream(self._stub, self._request, self._metadata)
        self._stream_number = 0
        self._cursor = opened.next_index
        self._todo.clear()
        self._acknowledge(opened.next_index, ranges(opened.missing_ranges))
        return opened

    async def _send(self, session: pb.OpenStreamResponse) -> None:
        calls = Calls(await self._start_call(session), self._rotate_at())
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
            ended_early = self._settle(calls.previous)
            calls.previous = None
            if ended_early:
                # What it had not read is lost; unless later samples follow, nobody reports a gap.
                self._cursor = min(self._cursor, self.durable_index)
        elif calls.current.ended:
            self._settle(calls.current)
            # What the service had not read when it answered is lost: begin where it stands.
            self._cursor = self.durable_index
            calls.current = await self._start_call(session)
        elif calls.previous is None and now >= calls.rotate_at:
            await self._rotate(session, calls)
        elif not await self._write_next(calls.current):
            if calls.previous is None and (self._rotate_now or self._finishing):
                await self._rotate(session, calls)
            else:
                await _wait(self._wake, calls.next_deadline() - now)

    async def _rotate(self, session: pb.OpenStreamResponse, calls: Calls) -> None:
        self._rotate_now = False
        calls.previous = calls.current
        deadline = asyncio.get_running_loop().time() + self._options.response_timeout_s
        calls.previous_deadline, calls.rotate_at = deadline, self._rotate_at()
        calls.current = await self._start_call(session)
        await calls.previous.half_close()

    def _rotate_at(self) -> float:
        interval_s = self._options.rotate_interval_s * random.uniform(0.8, 1.2)
        return asyncio.get_running_loop().time() + interval_s

    def _settle(self, call: PushCall) -> bool:
        """Take the answer of a call; tell whether the service ended it before we did."""
        response = call.result()
        self._backoff.reset()
        for result in response.results:
            self._acknowledge(result.next_index, ranges(result.missing_ranges))
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

    def _acknowledge(self, next_index: int, missing: list[Range]) -> None:
        self.durable_index, self.missing = next_index, missing
        self._buffer.acknowledge(next_index, missing)
        self._todo.extend(missing)
        self._acknowledged.set()
        nothing_left = self.is_durable(self._buffer.end_index) and not self._todo
        self.finished = self._finishing and nothing_left

    async def _start_call(self, session: pb.OpenStreamResponse) -> PushCall:
        self._stream_number += 1
        start = pb.StreamStart(
            slot=_SLOT,
            sensor_id=self._request.sensor_id,
            epoch=session.epoch,
            fence=session.fence,
            stream_number=self._stream_number,
        )
        call = PushCall(
            self._stub,
            start,
            metadata=self._metadata,
            write_timeout_s=self._options.write_timeout_s,
            on_end=self._wake.set,
        )
        try:
            await call.open()
        except BaseException:
            await call.cancel()
            raise
        return call

    async def _write_next(self, call: PushCall) -> bool:
        """Write one message, if there is something to say."""
        if self._todo:
            await self._write_missing(call, self._todo.popleft())
            return True
        chunk = self._buffer.first_from(self._cursor, self._batch_samples())
        if chunk is None:
            return False
        if chunk.first_index > self._cursor:
            # What lies between is no longer here; once the service sees the jump it is a gap,
            # and a gap can be given up.
            self._todo.append(Range(self._cursor, chunk.first_index))
        await call.write(push_batch(chunk, _SLOT))
        self._cursor = chunk.end_index
        return True

    async def _write_missing(self, call: PushCall, gap: Range) -> None:
        for part in list(self._buffer.held(gap)):
            position = part.first_index
            while position < part.end_index:
                size = min(self._batch_samples(), part.end_index - position)
                chunk = self._buffer.first_from(position, size)
                if chunk is None:
                    break
                await call.write(push_batch(chunk, _SLOT))
                position = chunk.end_index
        for lost in list(self._buffer.not_held(gap)):
            self.abandoned_sample_count += len(lost)
            await call.write(push_abandon(lost, _SLOT))

    def _batch_samples(self) -> int:
        row_bytes = len(self._request.channels) * sample_bytes(self._request.encoding)
        return max(1, self._options.batch_bytes // row_bytes)


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
