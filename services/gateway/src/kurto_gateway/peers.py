"""Alerts and ingest, as the live stream uses them."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TypeVar

import grpc

from kurto.alerts.v1 import (
    alert_service_pb2,
    alert_service_pb2_grpc,
    alerts_pb2,
    operator_actions_pb2,
)
from kurto.ingest.v1 import (
    stream_control_service_pb2,
    stream_control_service_pb2_grpc,
    stream_status_pb2,
)
from kurto_gateway.ports import Away, OpenAlerts, TransitionPage

__all__ = ["GrpcAlertSource", "GrpcStateSource"]

_PAGE_SIZE = 1000
ValueT = TypeVar("ValueT")


class GrpcAlertSource:
    """The alerts service.

    Parameters
    ----------
    channel : grpc.aio.Channel
        Leads to it.
    timeout_s : float
        Seconds that one page may take.
    max_alerts : int
        Open alerts read at most.
    """

    def __init__(self, channel: grpc.aio.Channel, *, timeout_s: float, max_alerts: int) -> None:
        self._stub = alert_service_pb2_grpc.AlertServiceStub(channel)
        self._timeout_s = timeout_s
        self._max_alerts = max_alerts

    async def list_open(self) -> OpenAlerts:
        """Return the open alerts, at most as many as configured, the most severe first."""
        alerts: list[alerts_pb2.Alert] = []
        number: int | None = None
        token = ""
        while True:
            request = alert_service_pb2.ListActiveAlertsRequest(
                page_size=_PAGE_SIZE,
                page_token=token,
                set_aside=operator_actions_pb2.SET_ASIDE_VIEW_INCLUDE,
            )
            page = await _answer(self._stub.ListActiveAlerts(request, timeout=self._timeout_s))
            alerts.extend(page.alerts)
            # Later pages may include later transitions: those come again, and change nothing.
            number = page.transition_number if number is None else number
            token = page.next_page_token
            if not token or len(alerts) >= self._max_alerts:
                return OpenAlerts(alerts, number)

    async def list_transitions(self, after_number: int, *, count: int) -> TransitionPage:
        """Return at most `count` transitions after `after_number`, by number."""
        request = alert_service_pb2.ListTransitionsRequest(
            after_transition_number=after_number, page_size=count
        )
        page = await _answer(self._stub.ListTransitions(request, timeout=self._timeout_s))
        return TransitionPage(page.transitions, page.newest_transition_number)


class GrpcStateSource:
    """The ingest service.

    Parameters
    ----------
    channel : grpc.aio.Channel
        Leads to it.
    timeout_s : float
        Seconds that one page may take.
    max_sensors : int
        States read at most.
    """

    def __init__(self, channel: grpc.aio.Channel, *, timeout_s: float, max_sensors: int) -> None:
        self._stub = stream_control_service_pb2_grpc.StreamControlServiceStub(channel)
        self._timeout_s = timeout_s
        self._max_sensors = max_sensors

    async def list_states(self) -> Sequence[stream_status_pb2.SensorStatus]:
        """Return the state of every sensor's stream."""
        states: list[stream_status_pb2.SensorStatus] = []
        token = ""
        while True:
            request = stream_control_service_pb2.ListStreamsRequest(
                page_size=_PAGE_SIZE, page_token=token
            )
            page = await _answer(self._stub.ListStreams(request, timeout=self._timeout_s))
            states.extend(page.streams)
            token = page.next_page_token
            if not token or len(states) >= self._max_sensors:
                return states


async def _answer(call: Awaitable[ValueT]) -> ValueT:
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        raise Away(f"{error.code().name}: {error.details()}") from error
