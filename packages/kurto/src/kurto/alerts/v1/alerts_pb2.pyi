import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_INFO: _ClassVar[Severity]
    SEVERITY_WARNING: _ClassVar[Severity]
    SEVERITY_CRITICAL: _ClassVar[Severity]

class Operator(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATOR_UNSPECIFIED: _ClassVar[Operator]
    OPERATOR_ABOVE: _ClassVar[Operator]
    OPERATOR_BELOW: _ClassVar[Operator]
    OPERATOR_INSIDE: _ClassVar[Operator]
    OPERATOR_OUTSIDE: _ClassVar[Operator]

class ConditionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONDITION_STATE_UNSPECIFIED: _ClassVar[ConditionState]
    CONDITION_STATE_NORMAL: _ClassVar[ConditionState]
    CONDITION_STATE_PENDING: _ClassVar[ConditionState]
    CONDITION_STATE_ACTIVE: _ClassVar[ConditionState]
    CONDITION_STATE_RECOVERING: _ClassVar[ConditionState]

class TransitionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRANSITION_KIND_UNSPECIFIED: _ClassVar[TransitionKind]
    TRANSITION_KIND_RAISED: _ClassVar[TransitionKind]
    TRANSITION_KIND_ESCALATED: _ClassVar[TransitionKind]
    TRANSITION_KIND_DEESCALATED: _ClassVar[TransitionKind]
    TRANSITION_KIND_RECOVERING: _ClassVar[TransitionKind]
    TRANSITION_KIND_RELAPSED: _ClassVar[TransitionKind]
    TRANSITION_KIND_RESOLVED: _ClassVar[TransitionKind]
    TRANSITION_KIND_ACKNOWLEDGED: _ClassVar[TransitionKind]
    TRANSITION_KIND_WITHDRAWN: _ClassVar[TransitionKind]
SEVERITY_UNSPECIFIED: Severity
SEVERITY_INFO: Severity
SEVERITY_WARNING: Severity
SEVERITY_CRITICAL: Severity
OPERATOR_UNSPECIFIED: Operator
OPERATOR_ABOVE: Operator
OPERATOR_BELOW: Operator
OPERATOR_INSIDE: Operator
OPERATOR_OUTSIDE: Operator
CONDITION_STATE_UNSPECIFIED: ConditionState
CONDITION_STATE_NORMAL: ConditionState
CONDITION_STATE_PENDING: ConditionState
CONDITION_STATE_ACTIVE: ConditionState
CONDITION_STATE_RECOVERING: ConditionState
TRANSITION_KIND_UNSPECIFIED: TransitionKind
TRANSITION_KIND_RAISED: TransitionKind
TRANSITION_KIND_ESCALATED: TransitionKind
TRANSITION_KIND_DEESCALATED: TransitionKind
TRANSITION_KIND_RECOVERING: TransitionKind
TRANSITION_KIND_RELAPSED: TransitionKind
TRANSITION_KIND_RESOLVED: TransitionKind
TRANSITION_KIND_ACKNOWLEDGED: TransitionKind
TRANSITION_KIND_WITHDRAWN: TransitionKind

class Level(_message.Message):
    __slots__ = ("severity", "limit", "lower_limit", "upper_limit", "pending_duration")
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    LOWER_LIMIT_FIELD_NUMBER: _ClassVar[int]
    UPPER_LIMIT_FIELD_NUMBER: _ClassVar[int]
    PENDING_DURATION_FIELD_NUMBER: _ClassVar[int]
    severity: Severity
    limit: float
    lower_limit: float
    upper_limit: float
    pending_duration: _duration_pb2.Duration
    def __init__(self, severity: _Optional[_Union[Severity, str]] = ..., limit: _Optional[float] = ..., lower_limit: _Optional[float] = ..., upper_limit: _Optional[float] = ..., pending_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ChannelSelector(_message.Message):
    __slots__ = ("sensor_ids", "tags", "channels")
    SENSOR_IDS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    sensor_ids: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedScalarFieldContainer[str]
    channels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sensor_ids: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[str]] = ..., channels: _Optional[_Iterable[str]] = ...) -> None: ...

class Rule(_message.Message):
    __slots__ = ("rule_id", "display_name", "feature", "unit", "selector", "operator", "levels", "deadband_ratio", "recovery_duration", "disabled", "labels", "version", "create_time", "update_time", "update_principal")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    DEADBAND_RATIO_FIELD_NUMBER: _ClassVar[int]
    RECOVERY_DURATION_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    display_name: str
    feature: str
    unit: str
    selector: ChannelSelector
    operator: Operator
    levels: _containers.RepeatedCompositeFieldContainer[Level]
    deadband_ratio: float
    recovery_duration: _duration_pb2.Duration
    disabled: bool
    labels: _containers.ScalarMap[str, str]
    version: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    update_principal: str
    def __init__(self, rule_id: _Optional[str] = ..., display_name: _Optional[str] = ..., feature: _Optional[str] = ..., unit: _Optional[str] = ..., selector: _Optional[_Union[ChannelSelector, _Mapping]] = ..., operator: _Optional[_Union[Operator, str]] = ..., levels: _Optional[_Iterable[_Union[Level, _Mapping]]] = ..., deadband_ratio: _Optional[float] = ..., recovery_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., disabled: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., version: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_principal: _Optional[str] = ...) -> None: ...

class Acknowledgment(_message.Message):
    __slots__ = ("principal", "user", "comment", "acknowledge_time")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGE_TIME_FIELD_NUMBER: _ClassVar[int]
    principal: str
    user: str
    comment: str
    acknowledge_time: _timestamp_pb2.Timestamp
    def __init__(self, principal: _Optional[str] = ..., user: _Optional[str] = ..., comment: _Optional[str] = ..., acknowledge_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Alert(_message.Message):
    __slots__ = ("alert_id", "sensor_id", "channel", "rule_id", "rule_version", "rule_display_name", "feature", "unit", "severity", "state", "acknowledged", "acknowledgment", "value", "worst_value", "limit", "epoch", "window_index", "raise_time", "resolve_time", "update_time", "revision")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_VERSION_FIELD_NUMBER: _ClassVar[int]
    RULE_DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGMENT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    WORST_VALUE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    RAISE_TIME_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    sensor_id: str
    channel: str
    rule_id: str
    rule_version: int
    rule_display_name: str
    feature: str
    unit: str
    severity: Severity
    state: ConditionState
    acknowledged: bool
    acknowledgment: Acknowledgment
    value: float
    worst_value: float
    limit: float
    epoch: int
    window_index: int
    raise_time: _timestamp_pb2.Timestamp
    resolve_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    revision: int
    def __init__(self, alert_id: _Optional[str] = ..., sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., rule_id: _Optional[str] = ..., rule_version: _Optional[int] = ..., rule_display_name: _Optional[str] = ..., feature: _Optional[str] = ..., unit: _Optional[str] = ..., severity: _Optional[_Union[Severity, str]] = ..., state: _Optional[_Union[ConditionState, str]] = ..., acknowledged: _Optional[bool] = ..., acknowledgment: _Optional[_Union[Acknowledgment, _Mapping]] = ..., value: _Optional[float] = ..., worst_value: _Optional[float] = ..., limit: _Optional[float] = ..., epoch: _Optional[int] = ..., window_index: _Optional[int] = ..., raise_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resolve_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class AlertTransition(_message.Message):
    __slots__ = ("transition_number", "kind", "alert", "window_index", "transition_time", "principal")
    TRANSITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ALERT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    TRANSITION_TIME_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    transition_number: int
    kind: TransitionKind
    alert: Alert
    window_index: int
    transition_time: _timestamp_pb2.Timestamp
    principal: str
    def __init__(self, transition_number: _Optional[int] = ..., kind: _Optional[_Union[TransitionKind, str]] = ..., alert: _Optional[_Union[Alert, _Mapping]] = ..., window_index: _Optional[int] = ..., transition_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., principal: _Optional[str] = ...) -> None: ...

class AlertTransitionBatch(_message.Message):
    __slots__ = ("transitions",)
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    transitions: _containers.RepeatedCompositeFieldContainer[AlertTransition]
    def __init__(self, transitions: _Optional[_Iterable[_Union[AlertTransition, _Mapping]]] = ...) -> None: ...
