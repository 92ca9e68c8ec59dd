"""Opens a stream, again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

import grpc

from kurto.calls import answer
from kurto.credentials import Credentials
from kurto.exceptions import CallError
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import ingest_service_pb2_grpc as pb_grpc
from kurto.messages import open_stream

_logger = logging.getLogger("kurto.opener")
_LONGEST_WAIT_S = 5.0


class Opener(Protocol):
    """What a sender needs to get into the service."""

    sensor_id: str

    async def open(self) -> pb.OpenStreamResponse:
        """Open or resume the epoch; raises CallError."""

    async def require_right(self, epoch: int) -> None:
        """Raise CallError if a fenced-out sender must give way instead of opening again."""


class LiveOpener:
    """Opens the epoch of a converter that counts.

    Parameters
    ----------
    stub : IngestServiceStub
        Where to call.
    request : OpenStreamRequest
        The sensor; ``takeover`` is said until the first success only.
    credentials : Credentials
        Who calls.
    prepare : callable
        Awaited before the first success: makes the sensor if there is none.
    accept : callable
        Awaited with every answer; may refuse it, or ask for another boot id by returning one.
    start_time_us : callable
        Returns the time of sample 0 when samples have been waiting for the first success, in
        microseconds since 1970-01-01T00:00:00Z.
    """

    def __init__(
        self,
        stub: pb_grpc.IngestServiceStub,
        request: pb.OpenStreamRequest,
        credentials: Credentials,
        *,
        prepare: Callable[[], Awaitable[None]],
        accept: Callable[[pb.OpenStreamResponse], Awaitable[str | None]],
        start_time_us: Callable[[], int | None],
    ) -> None:
        self.sensor_id = request.sensor_id
        self._stub = stub
        self._request = request
        self._credentials = credentials
        self._prepare = prepare
        self._accept = accept
        self._start_time_us = start_time_us
        self._opened = False

    async def open(self) -> pb.OpenStreamResponse:
        """Open or resume the epoch.

        Raises
        ------
        CallError
            If the service refuses or does not answer.
        ConfigurationMismatchError
            If the sensor exists with another configuration.
        """
        if not self._opened:
            await self._prepare()
            opened = await self._when_free()
        else:
            opened = await self._call()
        boot_id = await self._accept(opened)
        if boot_id is not None:
            self._request.boot_id = boot_id
            opened = await self._call()
            await self._accept(opened)
        self._opened, self._request.takeover = True, False
        return opened

    async def require_right(self, epoch: int) -> None:
        """Give way to a sender that has taken the sensor over and begun another epoch."""
        request = pb.GetStreamPositionRequest(sensor_id=self.sensor_id)
        metadata = self._credentials.metadata()
        try:
            newest = await answer(
                self._stub.GetStreamPosition(request, metadata=metadata, timeout=10.0)
            )
        except CallError as error:
            if error.retryable:
                return  # the next attempt to open says what is wrong
            raise
        if newest.epoch > epoch:
            raise CallError(
                "Another sender has taken the sensor over: end one of the two, give this one "
                "another sensor_id, or open with takeover=True.",
                code=grpc.StatusCode.FAILED_PRECONDITION,
                reason="SENSOR_IN_USE",
                metadata={"sensor_id": self.sensor_id},
            )

    async def _when_free(self) -> pb.OpenStreamResponse:
        # A sender that has just ended holds the sensor a moment longer: a program that is started
        # again at once must not fail. One that still sends refuses the second attempt as well.
        try:
            return await self._first_open()
        except CallError as error:
            if error.reason != "SENSOR_IN_USE" or error.retry_after_s is None:
                raise
            wait_s = min(error.retry_after_s, _LONGEST_WAIT_S)
            waiting = {"sensor_id": self.sensor_id, "error": str(error), "wait_s": wait_s}
        _logger.info("waiting for the sender before", extra=waiting)
        await asyncio.sleep(wait_s)
        return await self._first_open()

    async def _first_open(self) -> pb.OpenStreamResponse:
        recorded = self._request.HasField("start_time")
        if not recorded and (start_us := self._start_time_us()) is not None:
            self._request.start_time.FromMicroseconds(start_us)
        try:
            return await self._call()
        except CallError as error:
            if recorded or error.metadata.get("field") != "start_time":
                raise
            # This clock is ahead of the service's: better a late anchor than no samples.
            _logger.warning("start time refused", extra={"error": str(error)})
            self._request.ClearField("start_time")
            return await self._call()

    async def _call(self) -> pb.OpenStreamResponse:
        return await open_stream(self._stub, self._request, self._credentials.metadata())


class BackfillOpener:
    """Opens the epoch of a converter that has stopped, beside whatever is live.

    Parameters
    ----------
    stub : IngestServiceStub
        Where to call.
    request : OpenStreamRequest
        The sensor, with ``backfill``.
    credentials : Credentials
        Who calls.
    """

    def __init__(
        self,
        stub: pb_grpc.IngestServiceStub,
        request: pb.OpenStreamRequest,
        credentials: Credentials,
    ) -> None:
        self.sensor_id = request.sensor_id
        self._stub = stub
        self._request = request
        self._credentials = credentials

    async def open(self) -> pb.OpenStreamResponse:
        """Open or resume the epoch; raises CallError."""
        return await open_stream(self._stub, self._request, self._credentials.metadata())

    async def require_right(self, epoch: int) -> None:
        """Never give way: an epoch that has ended takes nothing from others."""
