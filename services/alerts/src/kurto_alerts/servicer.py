"""The RPCs of alerts: decode, one call of the domain, encode."""

from collections.abc import Callable
from typing import Any

import grpc

from kurto.alerts.v1 import alarm_report_pb2 as report_pb
from kurto.alerts.v1 import alert_service_pb2 as alert_pb
from kurto_alerts.conversion import (
    alert_to_proto,
    transition_to_proto,
)
from kurto_alerts.cursors import (
    decode_active,
    decode_history,
    encode_active,
    encode_history,
    page_limit,
)
from kurto_alerts.evidence.ports import EvidenceStore
from kurto_alerts.evidence.servicer import EvidenceMethods
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.filters import active_filter, history_filter
from kurto_alerts.operators.conversion import report_period, report_to_proto
from kurto_alerts.operators.ports import OperatorStore, ReportStore
from kurto_alerts.operators.servicer import OperatorMethods
from kurto_alerts.ports import ActivePosition, AlertStore, HistoryPosition
from kurto_alerts.request_fields import checked_text
from kurto_service.clock import Clock
from kurto_service.identity import requires

Context = grpc.aio.ServicerContext[Any, Any]


class AlertServicer(OperatorMethods, EvidenceMethods):
    """Serves `kurto.alerts.v1.AlertService`.

    Parameters
    ----------
    store : AlertStore
        Keeps the alerts.
    operators : OperatorStore
        Takes what people do.
    reports : ReportStore
        Computes figures.
    clock : Clock
        Gives the times of actions.
    changed : callable
        Called after each action, so that it is published at once.
    evidence : EvidenceStore
        Keeps what is frozen beside alerts.
    """

    def __init__(
        self,
        store: AlertStore,
        operators: OperatorStore,
        reports: ReportStore,
        clock: Clock,
        changed: Callable[[], None],
        *,
        evidence: EvidenceStore,
    ) -> None:
        OperatorMethods.__init__(self, store, operators, clock, changed)
        EvidenceMethods.__init__(self, evidence)
        self._store = store
        self._reports = reports
        self._clock = clock

    @requires("viewer")
    async def ListActiveAlerts(
        self, request: alert_pb.ListActiveAlertsRequest, context: Context
    ) -> alert_pb.ListActiveAlertsResponse:
        """List open alerts, the most severe and then the newest first."""
        limit = page_limit(request.page_size)
        after = decode_active(request.page_token)
        alerts, number = await self._store.list_active(
            active_filter(request), after=after, limit=limit + 1
        )
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

    @requires("viewer")
    async def GetAlarmReport(
        self, request: report_pb.GetAlarmReportRequest, context: Context
    ) -> report_pb.GetAlarmReportResponse:
        """Return figures about the alarms of a period."""
        period = report_period(request, self._clock.now())
        report = await self._reports.report(period)
        return report_pb.GetAlarmReportResponse(report=report_to_proto(report))
