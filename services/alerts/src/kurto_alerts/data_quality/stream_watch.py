"""Asks ingest which sensors are expected to send, and passes on when they did."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

import grpc

from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.ingest.v1 import stream_status_pb2 as status_pb
from kurto.ingest.v1.stream_control_service_pb2_grpc import StreamControlServiceStub
from kurto_alerts.data_quality.arrivals import Arrivals, StreamState
from kurto_alerts.data_quality.roster import Roster
from kurto_alerts.data_quality.silence import StreamReport
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)

_UNEXPECTED_STATES = frozenset({status_pb.STREAM_STATE_UNSPECIFIED, status_pb.STREAM_STATE_IDLE})


class Streams(Protocol):
    """Knows the streams of all sensors."""

    async def expected(self) -> list[StreamState]:
        """Return the streams of the sensors that are expected to send."""


class GrpcStreams:
    """Implements `Streams` by ingest's StreamControlService.

    What came in is asked for each time; which sensors there are only now and then, since ingest
    reads that from its database.
    """

    def __init__(self, channel: grpc.aio.Channel, clock: Clock, *, timeout_s: float) -> None:
        self._stub = StreamControlServiceStub(channel)
        self._clock = clock
        self._timeout_s = timeout_s
        self._roster = Roster()

    async def expected(self) -> list[StreamState]:
        """Return the streams of the sensors that are expected to send."""
        request = control_pb.ListArrivalsRequest()
        request.within.FromTimedelta(
            timedelta(seconds=self._roster.within_s(self._clock.monotonic()))
        )
        answer = await self._stub.ListArrivals(request, timeout=self._timeout_s)
        arrivals = (_state(arrival) for arrival in answer.arrivals)
        self._roster.hear(arrivals, now_s=self._clock.monotonic())
        if self._roster.is_due(self._clock.monotonic()):
            await self._list_again()
        return self._roster.states()

    async def _list_again(self) -> None:
        expected: list[StreamState] = []
        others: list[StreamState] = []
        token = ""
        while True:
            request = control_pb.ListStreamsRequest(page_token=token)
            answer = await self._stub.ListStreams(request, timeout=self._timeout_s)
            for status in answer.streams:
                (expected if is_expected(status) else others).append(_state(status))
            token = answer.next_page_token
            if not token:
                break
        self._roster.list_again(expected, others, now_s=self._clock.monotonic())


def is_expected(status: status_pb.SensorStatus) -> bool:
    """Tell whether a sensor should be sending: it did before, nobody stopped it.

    A recording comes to its end by itself.
    """
    return (
        status.monitored
        and status.state not in _UNEXPECTED_STATES
        and status.time_source != status_pb.TIME_SOURCE_RECORDED
    )


def _state(status: status_pb.SensorStatus | status_pb.StreamArrival) -> StreamState:
    received_us = status.last_receive_time.ToMicroseconds()
    return StreamState(status.sensor_id, status.epoch, status.next_index, received_us)


class StreamWatch:
    """Asks for the streams again and again.

    Parameters
    ----------
    streams : Streams
        Whom to ask.
    changed : callable
        Gets the reports, None when there was no answer, and the time of day in microseconds.
    clock : Clock
        Time.
    interval_s : float
        Seconds between two questions.
    """

    def __init__(
        self,
        streams: Streams,
        changed: Callable[[Sequence[StreamReport] | None, int], None],
        clock: Clock,
        *,
        interval_s: float,
    ) -> None:
        self._streams = streams
        self._changed = changed
        self._clock = clock
        self._interval_s = interval_s
        self._arrivals = Arrivals()
        self._away = False

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            reports = None
            try:
                states = await self._streams.expected()
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError) as error:
                self._say_away(repr(error))
            else:
                self._away = False
                reports = self._arrivals.take(states, now_us=self._now_us())
            self._changed(reports, self._now_us())
            await self._clock.sleep(self._interval_s)

    def _say_away(self, problem: str) -> None:
        if not self._away:
            extra = {"action": "streams_unknown", "problem": problem}
            _LOG.warning("Cannot ask ingest which sensors send", extra=extra)
        self._away = True

    def _now_us(self) -> int:
        return round(self._clock.now().timestamp() * 1e6)
