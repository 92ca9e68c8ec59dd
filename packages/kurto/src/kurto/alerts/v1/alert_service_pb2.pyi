import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.alerts.v1 import alarm_report_pb2 as _alarm_report_pb2
from kurto.alerts.v1 import alerts_pb2 as _alerts_pb2
from kurto.alerts.v1 import evidence_pb2 as _evidence_pb2
from kurto.alerts.v1 import operator_actions_pb2 as _operator_actions_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListActiveAlertsRequest(_message.Message):
    __slots__ = ("sensor_id", "page_size", "page_token", "machine_id", "rule_id", "minimum_severity", "kinds", "acknowledged", "set_aside", "labels")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_SEVERITY_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    SET_ASIDE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    page_size: int
    page_token: str
    machine_id: str
    rule_id: str
    minimum_severity: _alerts_pb2.Severity
    kinds: _containers.RepeatedScalarFieldContainer[_alerts_pb2.AlertKind]
    acknowledged: bool
    set_aside: _operator_actions_pb2.SetAsideView
    labels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sensor_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., machine_id: _Optional[str] = ..., rule_id: _Optional[str] = ..., minimum_severity: _Optional[_Union[_alerts_pb2.Severity, str]] = ..., kinds: _Optional[_Iterable[_Union[_alerts_pb2.AlertKind, str]]] = ..., acknowledged: _Optional[bool] = ..., set_aside: _Optional[_Union[_operator_actions_pb2.SetAsideView, str]] = ..., labels: _Optional[_Iterable[str]] = ...) -> None: ...

class ListActiveAlertsResponse(_message.Message):
    __slots__ = ("alerts", "next_page_token", "transition_number")
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TRANSITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    alerts: _containers.RepeatedCompositeFieldContainer[_alerts_pb2.Alert]
    next_page_token: str
    transition_number: int
    def __init__(self, alerts: _Optional[_Iterable[_Union[_alerts_pb2.Alert, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., transition_number: _Optional[int] = ...) -> None: ...

class ListAlertHistoryRequest(_message.Message):
    __slots__ = ("sensor_id", "start_time", "end_time", "page_size", "page_token", "machine_id", "rule_id", "minimum_severity", "kinds", "acknowledged", "set_aside", "labels")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_SEVERITY_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    SET_ASIDE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    machine_id: str
    rule_id: str
    minimum_severity: _alerts_pb2.Severity
    kinds: _containers.RepeatedScalarFieldContainer[_alerts_pb2.AlertKind]
    acknowledged: bool
    set_aside: _operator_actions_pb2.SetAsideView
    labels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sensor_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., machine_id: _Optional[str] = ..., rule_id: _Optional[str] = ..., minimum_severity: _Optional[_Union[_alerts_pb2.Severity, str]] = ..., kinds: _Optional[_Iterable[_Union[_alerts_pb2.AlertKind, str]]] = ..., acknowledged: _Optional[bool] = ..., set_aside: _Optional[_Union[_operator_actions_pb2.SetAsideView, str]] = ..., labels: _Optional[_Iterable[str]] = ...) -> None: ...

class ListAlertHistoryResponse(_message.Message):
    __slots__ = ("alerts", "next_page_token")
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    alerts: _containers.RepeatedCompositeFieldContainer[_alerts_pb2.Alert]
    next_page_token: str
    def __init__(self, alerts: _Optional[_Iterable[_Union[_alerts_pb2.Alert, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetAlertRequest(_message.Message):
    __slots__ = ("alert_id",)
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    def __init__(self, alert_id: _Optional[str] = ...) -> None: ...

class GetAlertResponse(_message.Message):
    __slots__ = ("alert", "transitions")
    ALERT_FIELD_NUMBER: _ClassVar[int]
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    alert: _alerts_pb2.Alert
    transitions: _containers.RepeatedCompositeFieldContainer[_alerts_pb2.AlertTransition]
    def __init__(self, alert: _Optional[_Union[_alerts_pb2.Alert, _Mapping]] = ..., transitions: _Optional[_Iterable[_Union[_alerts_pb2.AlertTransition, _Mapping]]] = ...) -> None: ...

class AcknowledgeAlertRequest(_message.Message):
    __slots__ = ("alert_id", "user", "comment", "revision")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    user: str
    comment: str
    revision: int
    def __init__(self, alert_id: _Optional[str] = ..., user: _Optional[str] = ..., comment: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class AcknowledgeAlertResponse(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: _alerts_pb2.Alert
    def __init__(self, alert: _Optional[_Union[_alerts_pb2.Alert, _Mapping]] = ...) -> None: ...

class ListTransitionsRequest(_message.Message):
    __slots__ = ("after_transition_number", "page_size")
    AFTER_TRANSITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    after_transition_number: int
    page_size: int
    def __init__(self, after_transition_number: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListTransitionsResponse(_message.Message):
    __slots__ = ("transitions", "newest_transition_number")
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    NEWEST_TRANSITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    transitions: _containers.RepeatedCompositeFieldContainer[_alerts_pb2.AlertTransition]
    newest_transition_number: int
    def __init__(self, transitions: _Optional[_Iterable[_Union[_alerts_pb2.AlertTransition, _Mapping]]] = ..., newest_transition_number: _Optional[int] = ...) -> None: ...

class GetEvidenceRequest(_message.Message):
    __slots__ = ("alert_id", "sensor_id", "channel")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    sensor_id: str
    channel: str
    def __init__(self, alert_id: _Optional[str] = ..., sensor_id: _Optional[str] = ..., channel: _Optional[str] = ...) -> None: ...

class GetEvidenceResponse(_message.Message):
    __slots__ = ("evidence",)
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    evidence: _evidence_pb2.Evidence
    def __init__(self, evidence: _Optional[_Union[_evidence_pb2.Evidence, _Mapping]] = ...) -> None: ...
