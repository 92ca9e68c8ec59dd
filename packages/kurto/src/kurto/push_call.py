"""One Push call: write, half-close, wait for the acknowledgment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc

from kurto.exceptions import CallError, from_rpc_error
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc as pb_grpc

SENSOR_KEY = "kurto-sensor-id"
"""Metadata key on which proxies can route."""

_Answer = TypeVar("_Answer")


class PushCall:
    """A Push call with the odd errors of grpc.aio ironed out.

    Parameters
    ----------
    stub : IngestServiceStub
        Where to call.
    start : StreamStart
        The sensor, as opened.
    metadata : tuple of pairs
        Metadata of the call.
    write_timeout_s : float
        How long one write may block, in seconds.
    on_end : callable
        Called once when the call has ended, for whatever reason.
    """

    def __init__(
        self,
        stub: pb_grpc.IngestServiceStub,
        start: pb.StreamStart,
        *,
        metadata: tuple[tuple[str, str], ...],
        write_timeout_s: float,
        on_end: Callable[[], None],
    ) -> None:
        self.number = start.stream_number
        self._start = start
        self._write_timeout_s = write_timeout_s
        self._call = stub.Push(metadata=(*metadata, (SENSOR_KEY, start.sensor_id)))
        self._refusal: grpc.aio.AioRpcError | None = None
        self._call.add_done_callback(self._note_refusal)
        self._response = asyncio.ensure_future(self._receive())
        self._response.add_done_callback(lambda _: on_end())

    @property
    def ended(self) -> bool:
        """Whether the service has answered or the connection is gone."""
        return self._response.done()

    async def open(self) -> None:
        """Name the sensor."""
        await self.write(pb.PushRequest(start=self._start))

    async def write(self, request: pb.PushRequest) -> None:
        """Send one message.

        Raises
        ------
        CallError
            If the call has broken, or the service does not read for ``write_timeout_s``.
        """
        await self._bounded(self._call.write(request))

    async def _bounded(self, operation: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._write_timeout_s):
                await operation
        except (grpc.RpcError, asyncio.InvalidStateError) as error:
            raise await self._reason(error) from error
        except TimeoutError as error:
            message = f"The service read nothing for {self._write_timeout_s:g} s."
            raise CallError(message, code=grpc.StatusCode.UNAVAILABLE) from error

    async def half_close(self) -> None:
        """Say that no more messages come; raises as `write` does."""
        await self._bounded(self._call.done_writing())

    def result(self) -> pb.PushResponse:
        """Return the acknowledgment of a call that has ended.

        Raises
        ------
        CallError
            If the call failed, or has not ended: then the service is late.
        """
        if not self._response.done():
            message = "The service did not acknowledge in time."
            raise CallError(message, code=grpc.StatusCode.UNAVAILABLE)
        return self._response.result()

    async def cancel(self) -> None:
        """Give the call up."""
        self._call.cancel()
        await asyncio.wait([self._response], timeout=1.0)
        if self._response.done() and not self._response.cancelled():
            self._response.exception()  # seen: nobody waits for it any more

    async def _receive(self) -> pb.PushResponse:
        try:
            return await self._call
        except (grpc.RpcError, asyncio.InvalidStateError) as error:
            raise from_rpc_error(self._refusal or error) from error
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            message = "The call was cancelled."
            raise CallError(message, code=grpc.StatusCode.CANCELLED) from error

    def _note_refusal(self, call: grpc.aio.Call) -> None:
        # grpc.aio puts INTERNAL, "Internal error from Core", in the place of a status when a write
        # fails after it (its issue 36066); of a write that fails first the status replaces it.
        code = _now(call.code())
        if code not in (grpc.StatusCode.OK, grpc.StatusCode.INTERNAL):
            self._refusal = grpc.aio.AioRpcError(
                code,
                _now(call.initial_metadata()),
                _now(call.trailing_metadata()),
                _now(call.details()),
            )

    async def _reason(self, error: Exception) -> CallError:
        # A write only says that the stream broke; why, stands in the call's status, which may come
        # a moment later.
        await asyncio.wait([self._response], timeout=1.0)
        if self._response.done() and not self._response.cancelled():
            failure = self._response.exception()
            if isinstance(failure, CallError):
                return failure
        if isinstance(error, (grpc.RpcError, asyncio.InvalidStateError)):
            return from_rpc_error(error)
        raise TypeError(f"unexpected {error!r}")


def _now(answer: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Return what a coroutine gives that has nothing to wait for, as those of an ended call."""
    try:
        answer.send(None)
    except StopIteration as end:
        value: _Answer = end.value
        return value
    answer.close()
    raise RuntimeError("the call has not ended")


@dataclass
class Calls:
    """The call that is written to, and the one before while its acknowledgment is awaited."""

    current: PushCall
    rotate_at: float
    previous: PushCall | None = None
    previous_deadline: float = 0.0

    def open_calls(self) -> list[PushCall]:
        """Return the calls that must be ended, in that order.

        The newer one first: once the older one has ended, the service reads it.
        """
        return [self.current] if self.previous is None else [self.current, self.previous]

    def next_deadline(self) -> float:
        """Return when something is due, on the loop's clock."""
        return self.rotate_at if self.previous is None else self.previous_deadline
