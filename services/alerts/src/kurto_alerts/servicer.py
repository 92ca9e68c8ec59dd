"""The RPCs of alerts: decode, one call of the domain, encode."""

from collections.abc import Callable
from typing import Any

import grpc

from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto.alerts.v1 import alert_service_pb2_grpc as alert_grpc
from kurto_alerts.conversion import (
    alert_to_proto,
    time_from_proto,
    transition_to_proto,
)
from kurto_alerts.cursors import (
    decode_active,
    decode_history,
    encode_active,
    encode_history,
    page_limit,
)
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.ports import (
    ActivePosition,
    AlertFilter,
    AlertStore,
    HistoryPosition,
)
from kurto_alerts.request_fields import checked_text
from kurto_service.clock import Clock
from kurto_service.identity import current_principal, requires

USER_LENGTH = 200
COMMENT_LENGTH = 2000

Context = grpc.aio.ServicerContext[Any, Any]


class AlertServicer(alert_grpc.AlertServiceServicer):
    """Serves `kurto.alerts.v1.AlertService`.

    Parameters
    ----------
    store : AlertStore
        Keeps the alerts.
    clock : Clock
        Gives the times of acknowledgments.
    changed : callable
        Called after each acknowledgment, so that it is published at once.
    """

    def __init__(self, store: AlertStore, clock: Clock, changed: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed

    @requires("viewer")
    async def ListActiveAlerts(
        self, request: alert_pb.ListActiveAlertsRequest, context: Context
    ) -> alert_pb.ListActiveAlertsResponse:
        """List open alerts, the most severe and then the newest first."""
        limit = page_limit(request.page_size)
        chosen = AlertFilter(sensor_id=checked_text("sensor_id", request.sensor_id))
        after = decode_active(request.page_token)
        alerts, number = await self._store.list_active(chosen, after=after, limit=limit + 1)
        token = ""
        if len(alerts) > limit:
            last = alerts[limit - 1]
            token = encode_active(ActivePosition(last.severity, last.raise_time, last.alert_id))
        return alert_pb.ListActiveAlertsResponse(
            alerts=[alert_to_proto(alert) for alert in alerts[:limit]],
            next_page_token=token,
            transition_number=number,
        )

    @requires("viewer")
    async def ListAlertHistory(
        self, request: alert_pb.ListAlertHistoryRequest, context: Context
    ) -> alert_pb.ListAlertHistoryResponse:
        """List alerts, open and ended, the newest first."""
        limit = page_limit(request.page_size)
        after = decode_history(request.page_token)
        alerts = await self._store.list_history(
            history_filter(request), after=after, limit=limit + 1
        )
        token = ""
        if len(alerts) > limit:
            last = alerts[limit - 1]
            token = encode_history(HistoryPosition(last.raise_time, last.alert_id))
        return alert_pb.ListAlertHistoryResponse(
            alerts=[alert_to_proto(alert) for alert in alerts[:limit]], next_page_token=token
        )

    @requires("viewer")
    async def GetAlert(
        self, request: alert_pb.GetAlertRequest, context: Context
    ) -> alert_pb.GetAlertResponse:
        """Return one alert with all its transitions."""
        alert, transitions = await self._store.get_alert(checked_text("alert_id", request.alert_id))
        return alert_pb.GetAlertResponse(
            alert=alert_to_proto(alert),
            transitions=[transition_to_proto(transition) for transition in transitions],
        )

    @requires("operator")
    async def AcknowledgeAlert(
        self, request: alert_pb.AcknowledgeAlertRequest, context: Context
    ) -> alert_pb.AcknowledgeAlertResponse:
        """Acknowledge an open alert."""
        if request.revision < 0:
            raise FieldInvalid("revision must be >= 0", field="revision")
        alert = await self._store.acknowledge(
            checked_text("alert_id", request.alert_id),
            principal=current_principal().name,
            user=checked_text("user", request.user, most=USER_LENGTH),
            comment=checked_text("comment", request.comment, most=COMMENT_LENGTH),
            revision=request.revision,
            now=self._clock.now(),
        )
        self._changed()
        return alert_pb.AcknowledgeAlertResponse(alert=alert_to_proto(alert))

    @requires("viewer")
    async def ListTransitions(
        self, request: alert_pb.ListTransitionsRequest, context: Context
    ) -> alert_pb.ListTransitionsResponse:
        """List transitions by number."""
        if request.after_transition_number < 0:
            raise FieldInvalid(
                "after_transition_number must be >= 0", field="after_transition_number"
            )
        transitions, newest = await self._store.list_transitions(
            after_number=request.after_transition_number, limit=page_limit(request.page_size)
        )
        return alert_pb.ListTransitionsResponse(
            transitions=[transition_to_proto(transition) for transition in transitions],
            newest_transition_number=newest,
        )


def history_filter(request: alert_pb.ListAlertHistoryRequest) -> AlertFilter:
    """Return which alerts a request asks for."""
    start = end = None
    if request.HasField("start_time"):
        start = time_from_proto(request.start_time, "start_time")
    if request.HasField("end_time"):
        end = time_from_proto(request.end_time, "end_time")
    return AlertFilter(checked_text("sensor_id", request.sensor_id), start, end)
