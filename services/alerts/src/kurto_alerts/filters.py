"""Which alerts a request asks for."""

from kurto.alerts.v1 import alert_service_pb2 as pb
from kurto_alerts.alert_state import AlertKind
from kurto_alerts.conversion import time_from_proto
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.ports import AlertFilter
from kurto_alerts.request_fields import checked_text
from kurto_alerts.rules import Severity

MOST_LABELS = 16
UNSPECIFIED, EXCLUDE, INCLUDE, ONLY = range(4)
_SET_ASIDE = {EXCLUDE: False, INCLUDE: None, ONLY: True}

Request = pb.ListActiveAlertsRequest | pb.ListAlertHistoryRequest


def active_filter(request: pb.ListActiveAlertsRequest) -> AlertFilter:
    """Return which open alerts a request asks for; what is set aside is left out by itself."""
    return _filter(request, EXCLUDE)


def history_filter(request: pb.ListAlertHistoryRequest) -> AlertFilter:
    """Return which alerts, open and ended, a request asks for."""
    chosen = _filter(request, INCLUDE)
    start = end = None
    if request.HasField("start_time"):
        start = time_from_proto(request.start_time, "start_time")
    if request.HasField("end_time"):
        end = time_from_proto(request.end_time, "end_time")
    return AlertFilter(**{**vars(chosen), "start_time": start, "end_time": end})


def _filter(request: Request, default_view: int) -> AlertFilter:
    return AlertFilter(
        sensor_id=checked_text("sensor_id", request.sensor_id),
        machine_id=checked_text("machine_id", request.machine_id),
        rule_id=checked_text("rule_id", request.rule_id),
        minimum_severity=_minimum_severity(request),
        kinds=_kinds(request),
        acknowledged=request.acknowledged if request.HasField("acknowledged") else None,
        set_aside=_set_aside(request, default_view),
        labels=_labels(request),
    )


def _minimum_severity(request: Request) -> Severity:
    try:
        return Severity(request.minimum_severity)
    except ValueError as error:
        raise FieldInvalid(
            "minimum_severity is no severity that exists", field="minimum_severity"
        ) from error


def _kinds(request: Request) -> frozenset[AlertKind]:
    try:
        return frozenset(AlertKind(kind) for kind in request.kinds)
    except ValueError as error:
        raise FieldInvalid("kinds holds a kind that does not exist", field="kinds") from error


def _set_aside(request: Request, default_view: int) -> bool | None:
    view = int(request.set_aside) or default_view
    if view not in _SET_ASIDE:
        raise FieldInvalid("set_aside is no view that exists", field="set_aside")
    return _SET_ASIDE[view]


def _labels(request: Request) -> dict[str, str]:
    labels = [checked_text("labels", label) for label in request.labels]
    if len(labels) > MOST_LABELS or not all("=" in label for label in labels):
        raise FieldInvalid(f"labels must be at most {MOST_LABELS}, each name=value", field="labels")
    return dict(label.split("=", 1) for label in labels)
