import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.alerts.v1 import alerts_pb2 as _alerts_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SetAsideView(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SET_ASIDE_VIEW_UNSPECIFIED: _ClassVar[SetAsideView]
    SET_ASIDE_VIEW_EXCLUDE: _ClassVar[SetAsideView]
    SET_ASIDE_VIEW_INCLUDE: _ClassVar[SetAsideView]
    SET_ASIDE_VIEW_ONLY: _ClassVar[SetAsideView]

class OperatorActionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATOR_ACTION_KIND_UNSPECIFIED: _ClassVar[OperatorActionKind]
    OPERATOR_ACTION_KIND_ACKNOWLEDGE: _ClassVar[OperatorActionKind]
    OPERATOR_ACTION_KIND_UNACKNOWLEDGE: _ClassVar[OperatorActionKind]
    OPERATOR_ACTION_KIND_COMMENT: _ClassVar[OperatorActionKind]
    OPERATOR_ACTION_KIND_SHELVE: _ClassVar[OperatorActionKind]
    OPERATOR_ACTION_KIND_UNSHELVE: _ClassVar[OperatorActionKind]
    OPERATOR_ACTION_KIND_RESET: _ClassVar[OperatorActionKind]
    OPERATOR_ACTION_KIND_SET_OUT_OF_SERVICE: _ClassVar[OperatorActionKind]
    OPERATOR_ACTION_KIND_RETURN_TO_SERVICE: _ClassVar[OperatorActionKind]
    OPERATOR_ACTION_KIND_MARK_FINDING: _ClassVar[OperatorActionKind]
SET_ASIDE_VIEW_UNSPECIFIED: SetAsideView
SET_ASIDE_VIEW_EXCLUDE: SetAsideView
SET_ASIDE_VIEW_INCLUDE: SetAsideView
SET_ASIDE_VIEW_ONLY: SetAsideView
OPERATOR_ACTION_KIND_UNSPECIFIED: OperatorActionKind
OPERATOR_ACTION_KIND_ACKNOWLEDGE: OperatorActionKind
OPERATOR_ACTION_KIND_UNACKNOWLEDGE: OperatorActionKind
OPERATOR_ACTION_KIND_COMMENT: OperatorActionKind
OPERATOR_ACTION_KIND_SHELVE: OperatorActionKind
OPERATOR_ACTION_KIND_UNSHELVE: OperatorActionKind
OPERATOR_ACTION_KIND_RESET: OperatorActionKind
OPERATOR_ACTION_KIND_SET_OUT_OF_SERVICE: OperatorActionKind
OPERATOR_ACTION_KIND_RETURN_TO_SERVICE: OperatorActionKind
OPERATOR_ACTION_KIND_MARK_FINDING: OperatorActionKind

class AlertKey(_message.Message):
    __slots__ = ("sensor_id", "channel", "rule_id", "machine_id")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    rule_id: str
    machine_id: str
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., rule_id: _Optional[str] = ..., machine_id: _Optional[str] = ...) -> None: ...

class AlertSelection(_message.Message):
    __slots__ = ("machine_id", "sensor_id", "rule_id")
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    machine_id: str
    sensor_id: str
    rule_id: str
    def __init__(self, machine_id: _Optional[str] = ..., sensor_id: _Optional[str] = ..., rule_id: _Optional[str] = ...) -> None: ...

class ActionOutcome(_message.Message):
    __slots__ = ("alert_id", "done", "reason", "message", "revision")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    done: bool
    reason: str
    message: str
    revision: int
    def __init__(self, alert_id: _Optional[str] = ..., done: _Optional[bool] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class AcknowledgeAlertsRequest(_message.Message):
    __slots__ = ("alert_ids", "selection", "user", "comment")
    ALERT_IDS_FIELD_NUMBER: _ClassVar[int]
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    alert_ids: _containers.RepeatedScalarFieldContainer[str]
    selection: AlertSelection
    user: str
    comment: str
    def __init__(self, alert_ids: _Optional[_Iterable[str]] = ..., selection: _Optional[_Union[AlertSelection, _Mapping]] = ..., user: _Optional[str] = ..., comment: _Optional[str] = ...) -> None: ...

class AcknowledgeAlertsResponse(_message.Message):
    __slots__ = ("outcomes", "more")
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    outcomes: _containers.RepeatedCompositeFieldContainer[ActionOutcome]
    more: bool
    def __init__(self, outcomes: _Optional[_Iterable[_Union[ActionOutcome, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class UnacknowledgeAlertRequest(_message.Message):
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

class UnacknowledgeAlertResponse(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: _alerts_pb2.Alert
    def __init__(self, alert: _Optional[_Union[_alerts_pb2.Alert, _Mapping]] = ...) -> None: ...

class CommentAlertRequest(_message.Message):
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

class CommentAlertResponse(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: _alerts_pb2.Alert
    def __init__(self, alert: _Optional[_Union[_alerts_pb2.Alert, _Mapping]] = ...) -> None: ...

class ShelveAlertRequest(_message.Message):
    __slots__ = ("alert_id", "key", "duration", "one_shot", "reason", "user", "revision")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    ONE_SHOT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    key: AlertKey
    duration: _duration_pb2.Duration
    one_shot: bool
    reason: str
    user: str
    revision: int
    def __init__(self, alert_id: _Optional[str] = ..., key: _Optional[_Union[AlertKey, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., one_shot: _Optional[bool] = ..., reason: _Optional[str] = ..., user: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class ShelveAlertResponse(_message.Message):
    __slots__ = ("shelf", "alert")
    SHELF_FIELD_NUMBER: _ClassVar[int]
    ALERT_FIELD_NUMBER: _ClassVar[int]
    shelf: Shelf
    alert: _alerts_pb2.Alert
    def __init__(self, shelf: _Optional[_Union[Shelf, _Mapping]] = ..., alert: _Optional[_Union[_alerts_pb2.Alert, _Mapping]] = ...) -> None: ...

class ShelveAlertsRequest(_message.Message):
    __slots__ = ("alert_ids", "selection", "duration", "one_shot", "reason", "user")
    ALERT_IDS_FIELD_NUMBER: _ClassVar[int]
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    ONE_SHOT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    alert_ids: _containers.RepeatedScalarFieldContainer[str]
    selection: AlertSelection
    duration: _duration_pb2.Duration
    one_shot: bool
    reason: str
    user: str
    def __init__(self, alert_ids: _Optional[_Iterable[str]] = ..., selection: _Optional[_Union[AlertSelection, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., one_shot: _Optional[bool] = ..., reason: _Optional[str] = ..., user: _Optional[str] = ...) -> None: ...

class ShelveAlertsResponse(_message.Message):
    __slots__ = ("outcomes", "more")
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    outcomes: _containers.RepeatedCompositeFieldContainer[ActionOutcome]
    more: bool
    def __init__(self, outcomes: _Optional[_Iterable[_Union[ActionOutcome, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class UnshelveAlertRequest(_message.Message):
    __slots__ = ("alert_id", "key", "user", "comment", "revision")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    key: AlertKey
    user: str
    comment: str
    revision: int
    def __init__(self, alert_id: _Optional[str] = ..., key: _Optional[_Union[AlertKey, _Mapping]] = ..., user: _Optional[str] = ..., comment: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class UnshelveAlertResponse(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: _alerts_pb2.Alert
    def __init__(self, alert: _Optional[_Union[_alerts_pb2.Alert, _Mapping]] = ...) -> None: ...

class Shelf(_message.Message):
    __slots__ = ("key", "shelving")
    KEY_FIELD_NUMBER: _ClassVar[int]
    SHELVING_FIELD_NUMBER: _ClassVar[int]
    key: AlertKey
    shelving: _alerts_pb2.Shelving
    def __init__(self, key: _Optional[_Union[AlertKey, _Mapping]] = ..., shelving: _Optional[_Union[_alerts_pb2.Shelving, _Mapping]] = ...) -> None: ...

class ListShelvesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListShelvesResponse(_message.Message):
    __slots__ = ("shelves", "next_page_token")
    SHELVES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    shelves: _containers.RepeatedCompositeFieldContainer[Shelf]
    next_page_token: str
    def __init__(self, shelves: _Optional[_Iterable[_Union[Shelf, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ResetAlertRequest(_message.Message):
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

class ResetAlertResponse(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: _alerts_pb2.Alert
    def __init__(self, alert: _Optional[_Union[_alerts_pb2.Alert, _Mapping]] = ...) -> None: ...

class ServiceTarget(_message.Message):
    __slots__ = ("machine_id", "sensor_id", "channel")
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    machine_id: str
    sensor_id: str
    channel: str
    def __init__(self, machine_id: _Optional[str] = ..., sensor_id: _Optional[str] = ..., channel: _Optional[str] = ...) -> None: ...

class OutOfService(_message.Message):
    __slots__ = ("target", "reason", "principal", "user", "begin_time")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    BEGIN_TIME_FIELD_NUMBER: _ClassVar[int]
    target: ServiceTarget
    reason: str
    principal: str
    user: str
    begin_time: _timestamp_pb2.Timestamp
    def __init__(self, target: _Optional[_Union[ServiceTarget, _Mapping]] = ..., reason: _Optional[str] = ..., principal: _Optional[str] = ..., user: _Optional[str] = ..., begin_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SetOutOfServiceRequest(_message.Message):
    __slots__ = ("target", "reason", "user")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    target: ServiceTarget
    reason: str
    user: str
    def __init__(self, target: _Optional[_Union[ServiceTarget, _Mapping]] = ..., reason: _Optional[str] = ..., user: _Optional[str] = ...) -> None: ...

class SetOutOfServiceResponse(_message.Message):
    __slots__ = ("out_of_service", "alert_count")
    OUT_OF_SERVICE_FIELD_NUMBER: _ClassVar[int]
    ALERT_COUNT_FIELD_NUMBER: _ClassVar[int]
    out_of_service: OutOfService
    alert_count: int
    def __init__(self, out_of_service: _Optional[_Union[OutOfService, _Mapping]] = ..., alert_count: _Optional[int] = ...) -> None: ...

class ReturnToServiceRequest(_message.Message):
    __slots__ = ("target", "comment", "user")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    target: ServiceTarget
    comment: str
    user: str
    def __init__(self, target: _Optional[_Union[ServiceTarget, _Mapping]] = ..., comment: _Optional[str] = ..., user: _Optional[str] = ...) -> None: ...

class ReturnToServiceResponse(_message.Message):
    __slots__ = ("alert_count",)
    ALERT_COUNT_FIELD_NUMBER: _ClassVar[int]
    alert_count: int
    def __init__(self, alert_count: _Optional[int] = ...) -> None: ...

class ListOutOfServiceRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListOutOfServiceResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[OutOfService]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[OutOfService, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class MarkFindingRequest(_message.Message):
    __slots__ = ("alert_id", "finding", "comment", "user", "revision")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    FINDING_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    finding: _alerts_pb2.Finding
    comment: str
    user: str
    revision: int
    def __init__(self, alert_id: _Optional[str] = ..., finding: _Optional[_Union[_alerts_pb2.Finding, str]] = ..., comment: _Optional[str] = ..., user: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class MarkFindingResponse(_message.Message):
    __slots__ = ("alert",)
    ALERT_FIELD_NUMBER: _ClassVar[int]
    alert: _alerts_pb2.Alert
    def __init__(self, alert: _Optional[_Union[_alerts_pb2.Alert, _Mapping]] = ...) -> None: ...

class OperatorAction(_message.Message):
    __slots__ = ("action_number", "kind", "action_time", "principal", "user", "reason", "alert_id", "transition_number", "key", "expire_time", "one_shot", "target", "finding")
    ACTION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACTION_TIME_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ONE_SHOT_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    FINDING_FIELD_NUMBER: _ClassVar[int]
    action_number: int
    kind: OperatorActionKind
    action_time: _timestamp_pb2.Timestamp
    principal: str
    user: str
    reason: str
    alert_id: str
    transition_number: int
    key: AlertKey
    expire_time: _timestamp_pb2.Timestamp
    one_shot: bool
    target: ServiceTarget
    finding: _alerts_pb2.Finding
    def __init__(self, action_number: _Optional[int] = ..., kind: _Optional[_Union[OperatorActionKind, str]] = ..., action_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., principal: _Optional[str] = ..., user: _Optional[str] = ..., reason: _Optional[str] = ..., alert_id: _Optional[str] = ..., transition_number: _Optional[int] = ..., key: _Optional[_Union[AlertKey, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., one_shot: _Optional[bool] = ..., target: _Optional[_Union[ServiceTarget, _Mapping]] = ..., finding: _Optional[_Union[_alerts_pb2.Finding, str]] = ...) -> None: ...

class ListOperatorActionsRequest(_message.Message):
    __slots__ = ("start_time", "end_time", "principal", "alert_id", "kinds", "page_size", "page_token")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    principal: str
    alert_id: str
    kinds: _containers.RepeatedScalarFieldContainer[OperatorActionKind]
    page_size: int
    page_token: str
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., principal: _Optional[str] = ..., alert_id: _Optional[str] = ..., kinds: _Optional[_Iterable[_Union[OperatorActionKind, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListOperatorActionsResponse(_message.Message):
    __slots__ = ("actions", "next_page_token")
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    actions: _containers.RepeatedCompositeFieldContainer[OperatorAction]
    next_page_token: str
    def __init__(self, actions: _Optional[_Iterable[_Union[OperatorAction, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
