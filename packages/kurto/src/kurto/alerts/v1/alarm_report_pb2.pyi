import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.alerts.v1 import alerts_pb2 as _alerts_pb2
from kurto.alerts.v1 import operator_actions_pb2 as _operator_actions_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetAlarmReportRequest(_message.Message):
    __slots__ = ("start_time", "end_time", "machine_ids")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    MACHINE_IDS_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    machine_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., machine_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetAlarmReportResponse(_message.Message):
    __slots__ = ("report",)
    REPORT_FIELD_NUMBER: _ClassVar[int]
    report: AlarmReport
    def __init__(self, report: _Optional[_Union[AlarmReport, _Mapping]] = ...) -> None: ...

class AlarmRate(_message.Message):
    __slots__ = ("interval", "mean", "maximum", "acceptable", "maximum_manageable")
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    ACCEPTABLE_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_MANAGEABLE_FIELD_NUMBER: _ClassVar[int]
    interval: _duration_pb2.Duration
    mean: float
    maximum: int
    acceptable: float
    maximum_manageable: float
    def __init__(self, interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., mean: _Optional[float] = ..., maximum: _Optional[int] = ..., acceptable: _Optional[float] = ..., maximum_manageable: _Optional[float] = ...) -> None: ...

class AlarmSource(_message.Message):
    __slots__ = ("key", "machine_id", "rule_display_name", "alarm_count", "share", "largest_per_minute")
    KEY_FIELD_NUMBER: _ClassVar[int]
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ALARM_COUNT_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    LARGEST_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    key: _operator_actions_pb2.AlertKey
    machine_id: str
    rule_display_name: str
    alarm_count: int
    share: float
    largest_per_minute: int
    def __init__(self, key: _Optional[_Union[_operator_actions_pb2.AlertKey, _Mapping]] = ..., machine_id: _Optional[str] = ..., rule_display_name: _Optional[str] = ..., alarm_count: _Optional[int] = ..., share: _Optional[float] = ..., largest_per_minute: _Optional[int] = ...) -> None: ...

class StaleAlarm(_message.Message):
    __slots__ = ("alert_id", "key", "machine_id", "rule_display_name", "raise_time")
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    RULE_DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    RAISE_TIME_FIELD_NUMBER: _ClassVar[int]
    alert_id: str
    key: _operator_actions_pb2.AlertKey
    machine_id: str
    rule_display_name: str
    raise_time: _timestamp_pb2.Timestamp
    def __init__(self, alert_id: _Optional[str] = ..., key: _Optional[_Union[_operator_actions_pb2.AlertKey, _Mapping]] = ..., machine_id: _Optional[str] = ..., rule_display_name: _Optional[str] = ..., raise_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PriorityShare(_message.Message):
    __slots__ = ("priority", "alarm_count", "share", "suggested_share")
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ALARM_COUNT_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    SUGGESTED_SHARE_FIELD_NUMBER: _ClassVar[int]
    priority: _alerts_pb2.Priority
    alarm_count: int
    share: float
    suggested_share: float
    def __init__(self, priority: _Optional[_Union[_alerts_pb2.Priority, str]] = ..., alarm_count: _Optional[int] = ..., share: _Optional[float] = ..., suggested_share: _Optional[float] = ...) -> None: ...

class RuleFindings(_message.Message):
    __slots__ = ("rule_id", "true_count", "false_count", "open_count", "false_share")
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    TRUE_COUNT_FIELD_NUMBER: _ClassVar[int]
    FALSE_COUNT_FIELD_NUMBER: _ClassVar[int]
    OPEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    FALSE_SHARE_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    true_count: int
    false_count: int
    open_count: int
    false_share: float
    def __init__(self, rule_id: _Optional[str] = ..., true_count: _Optional[int] = ..., false_count: _Optional[int] = ..., open_count: _Optional[int] = ..., false_share: _Optional[float] = ...) -> None: ...

class AlarmReport(_message.Message):
    __slots__ = ("start_time", "end_time", "alarm_count", "per_ten_minutes", "per_hour", "per_day", "flood_share", "bad_actors", "chattering", "chattering_count", "stale", "stale_count", "priorities", "acknowledgment_count", "acknowledge_median", "acknowledge_p95", "findings")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ALARM_COUNT_FIELD_NUMBER: _ClassVar[int]
    PER_TEN_MINUTES_FIELD_NUMBER: _ClassVar[int]
    PER_HOUR_FIELD_NUMBER: _ClassVar[int]
    PER_DAY_FIELD_NUMBER: _ClassVar[int]
    FLOOD_SHARE_FIELD_NUMBER: _ClassVar[int]
    BAD_ACTORS_FIELD_NUMBER: _ClassVar[int]
    CHATTERING_FIELD_NUMBER: _ClassVar[int]
    CHATTERING_COUNT_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    STALE_COUNT_FIELD_NUMBER: _ClassVar[int]
    PRIORITIES_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGE_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGE_P95_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    alarm_count: int
    per_ten_minutes: AlarmRate
    per_hour: AlarmRate
    per_day: AlarmRate
    flood_share: float
    bad_actors: _containers.RepeatedCompositeFieldContainer[AlarmSource]
    chattering: _containers.RepeatedCompositeFieldContainer[AlarmSource]
    chattering_count: int
    stale: _containers.RepeatedCompositeFieldContainer[StaleAlarm]
    stale_count: int
    priorities: _containers.RepeatedCompositeFieldContainer[PriorityShare]
    acknowledgment_count: int
    acknowledge_median: _duration_pb2.Duration
    acknowledge_p95: _duration_pb2.Duration
    findings: _containers.RepeatedCompositeFieldContainer[RuleFindings]
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., alarm_count: _Optional[int] = ..., per_ten_minutes: _Optional[_Union[AlarmRate, _Mapping]] = ..., per_hour: _Optional[_Union[AlarmRate, _Mapping]] = ..., per_day: _Optional[_Union[AlarmRate, _Mapping]] = ..., flood_share: _Optional[float] = ..., bad_actors: _Optional[_Iterable[_Union[AlarmSource, _Mapping]]] = ..., chattering: _Optional[_Iterable[_Union[AlarmSource, _Mapping]]] = ..., chattering_count: _Optional[int] = ..., stale: _Optional[_Iterable[_Union[StaleAlarm, _Mapping]]] = ..., stale_count: _Optional[int] = ..., priorities: _Optional[_Iterable[_Union[PriorityShare, _Mapping]]] = ..., acknowledgment_count: _Optional[int] = ..., acknowledge_median: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., acknowledge_p95: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., findings: _Optional[_Iterable[_Union[RuleFindings, _Mapping]]] = ...) -> None: ...
