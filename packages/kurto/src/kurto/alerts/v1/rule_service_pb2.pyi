import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.alerts.v1 import alerts_pb2 as _alerts_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RuleChange(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RULE_CHANGE_UNSPECIFIED: _ClassVar[RuleChange]
    RULE_CHANGE_CREATED: _ClassVar[RuleChange]
    RULE_CHANGE_UPDATED: _ClassVar[RuleChange]
    RULE_CHANGE_DELETED: _ClassVar[RuleChange]
    RULE_CHANGE_UNCHANGED: _ClassVar[RuleChange]
RULE_CHANGE_UNSPECIFIED: RuleChange
RULE_CHANGE_CREATED: RuleChange
RULE_CHANGE_UPDATED: RuleChange
RULE_CHANGE_DELETED: RuleChange
RULE_CHANGE_UNCHANGED: RuleChange

class CreateRuleRequest(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: _alerts_pb2.Rule
    def __init__(self, rule: _Optional[_Union[_alerts_pb2.Rule, _Mapping]] = ...) -> None: ...

class CreateRuleResponse(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: _alerts_pb2.Rule
    def __init__(self, rule: _Optional[_Union[_alerts_pb2.Rule, _Mapping]] = ...) -> None: ...

class GetRuleRequest(_message.Message):
    __slots__ = ("rule_id",)
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    def __init__(self, rule_id: _Optional[str] = ...) -> None: ...

class GetRuleResponse(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: _alerts_pb2.Rule
    def __init__(self, rule: _Optional[_Union[_alerts_pb2.Rule, _Mapping]] = ...) -> None: ...

class ListRulesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRulesResponse(_message.Message):
    __slots__ = ("rules", "next_page_token")
    RULES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[_alerts_pb2.Rule]
    next_page_token: str
    def __init__(self, rules: _Optional[_Iterable[_Union[_alerts_pb2.Rule, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateRuleRequest(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: _alerts_pb2.Rule
    def __init__(self, rule: _Optional[_Union[_alerts_pb2.Rule, _Mapping]] = ...) -> None: ...

class UpdateRuleResponse(_message.Message):
    __slots__ = ("rule",)
    RULE_FIELD_NUMBER: _ClassVar[int]
    rule: _alerts_pb2.Rule
    def __init__(self, rule: _Optional[_Union[_alerts_pb2.Rule, _Mapping]] = ...) -> None: ...

class DeleteRuleRequest(_message.Message):
    __slots__ = ("rule_id",)
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    def __init__(self, rule_id: _Optional[str] = ...) -> None: ...

class DeleteRuleResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RuleVersion(_message.Message):
    __slots__ = ("rule_id", "version", "change", "before", "after", "change_time", "principal")
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    version: int
    change: RuleChange
    before: _alerts_pb2.Rule
    after: _alerts_pb2.Rule
    change_time: _timestamp_pb2.Timestamp
    principal: str
    def __init__(self, rule_id: _Optional[str] = ..., version: _Optional[int] = ..., change: _Optional[_Union[RuleChange, str]] = ..., before: _Optional[_Union[_alerts_pb2.Rule, _Mapping]] = ..., after: _Optional[_Union[_alerts_pb2.Rule, _Mapping]] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., principal: _Optional[str] = ...) -> None: ...

class ListRuleVersionsRequest(_message.Message):
    __slots__ = ("rule_id", "page_size", "page_token")
    RULE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rule_id: str
    page_size: int
    page_token: str
    def __init__(self, rule_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRuleVersionsResponse(_message.Message):
    __slots__ = ("versions", "next_page_token")
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedCompositeFieldContainer[RuleVersion]
    next_page_token: str
    def __init__(self, versions: _Optional[_Iterable[_Union[RuleVersion, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ApplyRulesRequest(_message.Message):
    __slots__ = ("rules", "delete_rule_ids", "prune", "dry_run")
    RULES_FIELD_NUMBER: _ClassVar[int]
    DELETE_RULE_IDS_FIELD_NUMBER: _ClassVar[int]
    PRUNE_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[_alerts_pb2.Rule]
    delete_rule_ids: _containers.RepeatedScalarFieldContainer[str]
    prune: bool
    dry_run: bool
    def __init__(self, rules: _Optional[_Iterable[_Union[_alerts_pb2.Rule, _Mapping]]] = ..., delete_rule_ids: _Optional[_Iterable[str]] = ..., prune: _Optional[bool] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class ApplyRulesResponse(_message.Message):
    __slots__ = ("changes",)
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[RuleVersion]
    def __init__(self, changes: _Optional[_Iterable[_Union[RuleVersion, _Mapping]]] = ...) -> None: ...

class TryRuleRequest(_message.Message):
    __slots__ = ("rule", "start_time", "end_time", "sensor_ids")
    RULE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    SENSOR_IDS_FIELD_NUMBER: _ClassVar[int]
    rule: _alerts_pb2.Rule
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    sensor_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, rule: _Optional[_Union[_alerts_pb2.Rule, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sensor_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class TryRuleResponse(_message.Message):
    __slots__ = ("progress", "result")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    progress: TrialProgress
    result: TrialResult
    def __init__(self, progress: _Optional[_Union[TrialProgress, _Mapping]] = ..., result: _Optional[_Union[TrialResult, _Mapping]] = ...) -> None: ...

class TrialProgress(_message.Message):
    __slots__ = ("sensor_count", "sensor_total", "window_count", "episode_count")
    SENSOR_COUNT_FIELD_NUMBER: _ClassVar[int]
    SENSOR_TOTAL_FIELD_NUMBER: _ClassVar[int]
    WINDOW_COUNT_FIELD_NUMBER: _ClassVar[int]
    EPISODE_COUNT_FIELD_NUMBER: _ClassVar[int]
    sensor_count: int
    sensor_total: int
    window_count: int
    episode_count: int
    def __init__(self, sensor_count: _Optional[int] = ..., sensor_total: _Optional[int] = ..., window_count: _Optional[int] = ..., episode_count: _Optional[int] = ...) -> None: ...

class TrialEpisode(_message.Message):
    __slots__ = ("sensor_id", "channel", "severity", "worst_value", "raise_time", "resolve_time", "epoch", "window_index")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    WORST_VALUE_FIELD_NUMBER: _ClassVar[int]
    RAISE_TIME_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_TIME_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    severity: _alerts_pb2.Severity
    worst_value: float
    raise_time: _timestamp_pb2.Timestamp
    resolve_time: _timestamp_pb2.Timestamp
    epoch: int
    window_index: int
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., severity: _Optional[_Union[_alerts_pb2.Severity, str]] = ..., worst_value: _Optional[float] = ..., raise_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resolve_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., epoch: _Optional[int] = ..., window_index: _Optional[int] = ...) -> None: ...

class SensorTrial(_message.Message):
    __slots__ = ("sensor_id", "window_count", "missing_window_count", "first_time", "last_time")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    WINDOW_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_WINDOW_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_TIME_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    window_count: int
    missing_window_count: int
    first_time: _timestamp_pb2.Timestamp
    last_time: _timestamp_pb2.Timestamp
    def __init__(self, sensor_id: _Optional[str] = ..., window_count: _Optional[int] = ..., missing_window_count: _Optional[int] = ..., first_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TrialResult(_message.Message):
    __slots__ = ("episode_count", "episodes", "sensors", "incomplete")
    EPISODE_COUNT_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    SENSORS_FIELD_NUMBER: _ClassVar[int]
    INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    episode_count: int
    episodes: _containers.RepeatedCompositeFieldContainer[TrialEpisode]
    sensors: _containers.RepeatedCompositeFieldContainer[SensorTrial]
    incomplete: str
    def __init__(self, episode_count: _Optional[int] = ..., episodes: _Optional[_Iterable[_Union[TrialEpisode, _Mapping]]] = ..., sensors: _Optional[_Iterable[_Union[SensorTrial, _Mapping]]] = ..., incomplete: _Optional[str] = ...) -> None: ...
