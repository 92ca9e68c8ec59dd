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

class AlertKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_KIND_UNSPECIFIED: _ClassVar[AlertKind]
    ALERT_KIND_VIBRATION: _ClassVar[AlertKind]
    ALERT_KIND_DATA_QUALITY: _ClassVar[AlertKind]
    ALERT_KIND_SYSTEM: _ClassVar[AlertKind]

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_LOW: _ClassVar[Priority]
    PRIORITY_MEDIUM: _ClassVar[Priority]
    PRIORITY_HIGH: _ClassVar[Priority]

class Finding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINDING_UNSPECIFIED: _ClassVar[Finding]
    FINDING_TRUE: _ClassVar[Finding]
    FINDING_FALSE: _ClassVar[Finding]

class Measure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MEASURE_UNSPECIFIED: _ClassVar[Measure]
    MEASURE_VALUE: _ClassVar[Measure]
    MEASURE_RATE_PER_MINUTE: _ClassVar[Measure]
    MEASURE_BASELINE_RATIO: _ClassVar[Measure]
    MEASURE_BASELINE_Z_SCORE: _ClassVar[Measure]
    MEASURE_ACCELERATION_GROWTH: _ClassVar[Measure]
    MEASURE_ISO_ZONE: _ClassVar[Measure]
    MEASURE_FAULT_SCORE: _ClassVar[Measure]

class Scope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCOPE_UNSPECIFIED: _ClassVar[Scope]
    SCOPE_CHANNEL: _ClassVar[Scope]
    SCOPE_SENSOR: _ClassVar[Scope]
    SCOPE_MACHINE: _ClassVar[Scope]

class OperatingCondition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATING_CONDITION_UNSPECIFIED: _ClassVar[OperatingCondition]
    OPERATING_CONDITION_STOPPED: _ClassVar[OperatingCondition]
    OPERATING_CONDITION_START_UP: _ClassVar[OperatingCondition]
    OPERATING_CONDITION_COAST_DOWN: _ClassVar[OperatingCondition]

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
    TRANSITION_KIND_UNACKNOWLEDGED: _ClassVar[TransitionKind]
    TRANSITION_KIND_COMMENTED: _ClassVar[TransitionKind]
    TRANSITION_KIND_SHELVED: _ClassVar[TransitionKind]
    TRANSITION_KIND_UNSHELVED: _ClassVar[TransitionKind]
    TRANSITION_KIND_SHELF_EXPIRED: _ClassVar[TransitionKind]
    TRANSITION_KIND_LATCHED: _ClassVar[TransitionKind]
    TRANSITION_KIND_RESET: _ClassVar[TransitionKind]
    TRANSITION_KIND_SUPPRESSED: _ClassVar[TransitionKind]
    TRANSITION_KIND_UNSUPPRESSED: _ClassVar[TransitionKind]
    TRANSITION_KIND_TAKEN_OUT_OF_SERVICE: _ClassVar[TransitionKind]
    TRANSITION_KIND_RETURNED_TO_SERVICE: _ClassVar[TransitionKind]
    TRANSITION_KIND_REALARMED: _ClassVar[TransitionKind]
    TRANSITION_KIND_FINDING_MARKED: _ClassVar[TransitionKind]
    TRANSITION_KIND_DATA_BAD: _ClassVar[TransitionKind]
    TRANSITION_KIND_DATA_GOOD: _ClassVar[TransitionKind]
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
ALERT_KIND_UNSPECIFIED: AlertKind
ALERT_KIND_VIBRATION: AlertKind
ALERT_KIND_DATA_QUALITY: AlertKind
ALERT_KIND_SYSTEM: AlertKind
PRIORITY_UNSPECIFIED: Priority
PRIORITY_LOW: Priority
PRIORITY_MEDIUM: Priority
PRIORITY_HIGH: Priority
FINDING_UNSPECIFIED: Finding
FINDING_TRUE: Finding
FINDING_FALSE: Finding
MEASURE_UNSPECIFIED: Measure
MEASURE_VALUE: Measure
MEASURE_RATE_PER_MINUTE: Measure
MEASURE_BASELINE_RATIO: Measure
MEASURE_BASELINE_Z_SCORE: Measure
MEASURE_ACCELERATION_GROWTH: Measure
MEASURE_ISO_ZONE: Measure
MEASURE_FAULT_SCORE: Measure
SCOPE_UNSPECIFIED: Scope
SCOPE_CHANNEL: Scope
SCOPE_SENSOR: Scope
SCOPE_MACHINE: Scope
OPERATING_CONDITION_UNSPECIFIED: OperatingCondition
OPERATING_CONDITION_STOPPED: OperatingCondition
OPERATING_CONDITION_START_UP: OperatingCondition
OPERATING_CONDITION_COAST_DOWN: OperatingCondition
TRANSITION_KIND_UNSPECIFIED: TransitionKind
TRANSITION_KIND_RAISED: TransitionKind
TRANSITION_KIND_ESCALATED: TransitionKind
TRANSITION_KIND_DEESCALATED: TransitionKind
TRANSITION_KIND_RECOVERING: TransitionKind
TRANSITION_KIND_RELAPSED: TransitionKind
TRANSITION_KIND_RESOLVED: TransitionKind
TRANSITION_KIND_ACKNOWLEDGED: TransitionKind
TRANSITION_KIND_WITHDRAWN: TransitionKind
TRANSITION_KIND_UNACKNOWLEDGED: TransitionKind
TRANSITION_KIND_COMMENTED: TransitionKind
TRANSITION_KIND_SHELVED: TransitionKind
TRANSITION_KIND_UNSHELVED: TransitionKind
TRANSITION_KIND_SHELF_EXPIRED: TransitionKind
TRANSITION_KIND_LATCHED: TransitionKind
TRANSITION_KIND_RESET: TransitionKind
TRANSITION_KIND_SUPPRESSED: TransitionKind
TRANSITION_KIND_UNSUPPRESSED: TransitionKind
TRANSITION_KIND_TAKEN_OUT_OF_SERVICE: TransitionKind
TRANSITION_KIND_RETURNED_TO_SERVICE: TransitionKind
TRANSITION_KIND_REALARMED: TransitionKind
TRANSITION_KIND_FINDING_MARKED: TransitionKind
TRANSITION_KIND_DATA_BAD: TransitionKind
TRANSITION_KIND_DATA_GOOD: TransitionKind

class Level(_message.Message):
    __slots__ = ("severity", "limit", "lower_limit", "upper_limit", "pending_duration", "latch")
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    LOWER_LIMIT_FIELD_NUMBER: _ClassVar[int]
    UPPER_LIMIT_FIELD_NUMBER: _ClassVar[int]
    PENDING_DURATION_FIELD_NUMBER: _ClassVar[int]
    LATCH_FIELD_NUMBER: _ClassVar[int]
    severity: Severity
    limit: float
    lower_limit: float
    upper_limit: float
    pending_duration: _duration_pb2.Duration
    latch: bool
    def __init__(self, severity: _Optional[_Union[Severity, str]] = ..., limit: _Optional[float] = ..., lower_limit: _Optional[float] = ..., upper_limit: _Optional[float] = ..., pending_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., latch: _Optional[bool] = ...) -> None: ...

class StartUp(_message.Message):
    __slots__ = ("multiplier", "hold_duration")
    MULTIPLIER_FIELD_NUMBER: _ClassVar[int]
    HOLD_DURATION_FIELD_NUMBER: _ClassVar[int]
    multiplier: float
    hold_duration: _duration_pb2.Duration
    def __init__(self, multiplier: _Optional[float] = ..., hold_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class SpeedRange(_message.Message):
    __slots__ = ("low_hz", "high_hz")
    LOW_HZ_FIELD_NUMBER: _ClassVar[int]
    HIGH_HZ_FIELD_NUMBER: _ClassVar[int]
    low_hz: float
    high_hz: float
    def __init__(self, low_hz: _Optional[float] = ..., high_hz: _Optional[float] = ...) -> None: ...

class ChannelSelector(_message.Message):
    __slots__ = ("sensor_ids", "tags", "channels", "machine_ids")
    SENSOR_IDS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    MACHINE_IDS_FIELD_NUMBER: _ClassVar[int]
    sensor_ids: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedScalarFieldContainer[str]
    channels: _containers.RepeatedScalarFieldContainer[str]
    machine_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sensor_ids: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[str]] = ..., channels: _Optional[_Iterable[str]] = ..., machine_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Rule(_message.Message):
    __slots__ = ("rule_id", "display_name", "feature", "unit", "selector", "operator", "levels", "deadband_ratio", "recovery_duration", "disabled", "labels", "version", "create_time", "update_time", "update_principal", "measure", "scope", "voting_count", "priority", "start_up", "speed_range", "suppress_when", "guidance", "day_one")
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
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    VOTING_COUNT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    START_UP_FIELD_NUMBER: _ClassVar[int]
    SPEED_RANGE_FIELD_NUMBER: _ClassVar[int]
    SUPPRESS_WHEN_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    DAY_ONE_FIELD_NUMBER: _ClassVar[int]
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
    measure: Measure
    scope: Scope
    voting_count: int
    priority: Priority
    start_up: StartUp
    speed_range: SpeedRange
    suppress_when: _containers.RepeatedScalarFieldContainer[OperatingCondition]
    guidance: str
    day_one: bool
    def __init__(self, rule_id: _Optional[str] = ..., display_name: _Optional[str] = ..., feature: _Optional[str] = ..., unit: _Optional[str] = ..., selector: _Optional[_Union[ChannelSelector, _Mapping]] = ..., operator: _Optional[_Union[Operator, str]] = ..., levels: _Optional[_Iterable[_Union[Level, _Mapping]]] = ..., deadband_ratio: _Optional[float] = ..., recovery_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., disabled: _Optional[bool] = ..., labels: _Optional[_Mapping[str, str]] = ..., version: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_principal: _Optional[str] = ..., measure: _Optional[_Union[Measure, str]] = ..., scope: _Optional[_Union[Scope, str]] = ..., voting_count: _Optional[int] = ..., priority: _Optional[_Union[Priority, str]] = ..., start_up: _Optional[_Union[StartUp, _Mapping]] = ..., speed_range: _Optional[_Union[SpeedRange, _Mapping]] = ..., suppress_when: _Optional[_Iterable[_Union[OperatingCondition, str]]] = ..., guidance: _Optional[str] = ..., day_one: _Optional[bool] = ...) -> None: ...

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

class Shelving(_message.Message):
    __slots__ = ("expire_time", "one_shot", "reason", "principal", "user", "shelve_time")
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    ONE_SHOT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    SHELVE_TIME_FIELD_NUMBER: _ClassVar[int]
    expire_time: _timestamp_pb2.Timestamp
    one_shot: bool
    reason: str
    principal: str
    user: str
    shelve_time: _timestamp_pb2.Timestamp
    def __init__(self, expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., one_shot: _Optional[bool] = ..., reason: _Optional[str] = ..., principal: _Optional[str] = ..., user: _Optional[str] = ..., shelve_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Alert(_message.Message):
    __slots__ = ("alert_id", "sensor_id", "channel", "rule_id", "rule_version", "rule_display_name", "feature", "unit", "severity", "state", "acknowledged", "acknowledgment", "value", "worst_value", "limit", "epoch", "window_index", "raise_time", "resolve_time", "update_time", "revision", "kind", "machine_id", "priority", "labels", "latched", "shelving", "suppression", "out_of_service", "first_out", "realarm_count", "finding", "comment_count", "provisional", "data_bad", "measure", "guidance", "worst_severity")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
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
    KIND_FIELD_NUMBER: _ClassVar[int]
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    LATCHED_FIELD_NUMBER: _ClassVar[int]
    SHELVING_FIELD_NUMBER: _ClassVar[int]
    SUPPRESSION_FIELD_NUMBER: _ClassVar[int]
    OUT_OF_SERVICE_FIELD_NUMBER: _ClassVar[int]
    FIRST_OUT_FIELD_NUMBER: _ClassVar[int]
    REALARM_COUNT_FIELD_NUMBER: _ClassVar[int]
    FINDING_FIELD_NUMBER: _ClassVar[int]
    COMMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    PROVISIONAL_FIELD_NUMBER: _ClassVar[int]
    DATA_BAD_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    WORST_SEVERITY_FIELD_NUMBER: _ClassVar[int]
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
    kind: AlertKind
    machine_id: str
    priority: Priority
    labels: _containers.ScalarMap[str, str]
    latched: bool
    shelving: Shelving
    suppression: str
    out_of_service: str
    first_out: bool
    realarm_count: int
    finding: Finding
    comment_count: int
    provisional: bool
    data_bad: bool
    measure: Measure
    guidance: str
    worst_severity: Severity
    def __init__(self, alert_id: _Optional[str] = ..., sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., rule_id: _Optional[str] = ..., rule_version: _Optional[int] = ..., rule_display_name: _Optional[str] = ..., feature: _Optional[str] = ..., unit: _Optional[str] = ..., severity: _Optional[_Union[Severity, str]] = ..., state: _Optional[_Union[ConditionState, str]] = ..., acknowledged: _Optional[bool] = ..., acknowledgment: _Optional[_Union[Acknowledgment, _Mapping]] = ..., value: _Optional[float] = ..., worst_value: _Optional[float] = ..., limit: _Optional[float] = ..., epoch: _Optional[int] = ..., window_index: _Optional[int] = ..., raise_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resolve_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ..., kind: _Optional[_Union[AlertKind, str]] = ..., machine_id: _Optional[str] = ..., priority: _Optional[_Union[Priority, str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., latched: _Optional[bool] = ..., shelving: _Optional[_Union[Shelving, _Mapping]] = ..., suppression: _Optional[str] = ..., out_of_service: _Optional[str] = ..., first_out: _Optional[bool] = ..., realarm_count: _Optional[int] = ..., finding: _Optional[_Union[Finding, str]] = ..., comment_count: _Optional[int] = ..., provisional: _Optional[bool] = ..., data_bad: _Optional[bool] = ..., measure: _Optional[_Union[Measure, str]] = ..., guidance: _Optional[str] = ..., worst_severity: _Optional[_Union[Severity, str]] = ...) -> None: ...

class AlertTransition(_message.Message):
    __slots__ = ("transition_number", "kind", "alert", "window_index", "transition_time", "principal", "user", "comment")
    TRANSITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ALERT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    TRANSITION_TIME_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    transition_number: int
    kind: TransitionKind
    alert: Alert
    window_index: int
    transition_time: _timestamp_pb2.Timestamp
    principal: str
    user: str
    comment: str
    def __init__(self, transition_number: _Optional[int] = ..., kind: _Optional[_Union[TransitionKind, str]] = ..., alert: _Optional[_Union[Alert, _Mapping]] = ..., window_index: _Optional[int] = ..., transition_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., principal: _Optional[str] = ..., user: _Optional[str] = ..., comment: _Optional[str] = ...) -> None: ...

class AlertTransitionBatch(_message.Message):
    __slots__ = ("transitions",)
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    transitions: _containers.RepeatedCompositeFieldContainer[AlertTransition]
    def __init__(self, transitions: _Optional[_Iterable[_Union[AlertTransition, _Mapping]]] = ...) -> None: ...
