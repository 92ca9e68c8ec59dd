import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.signal.v1 import quality_pb2 as _quality_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StreamState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STREAM_STATE_UNSPECIFIED: _ClassVar[StreamState]
    STREAM_STATE_IDLE: _ClassVar[StreamState]
    STREAM_STATE_LIVE: _ClassVar[StreamState]
    STREAM_STATE_STALE: _ClassVar[StreamState]

class TimeSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIME_SOURCE_UNSPECIFIED: _ClassVar[TimeSource]
    TIME_SOURCE_SERVICE: _ClassVar[TimeSource]
    TIME_SOURCE_RECORDED: _ClassVar[TimeSource]

class StreamEventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STREAM_EVENT_KIND_UNSPECIFIED: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_EPOCH_BEGAN: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_TAKEN_OVER: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_GAP: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_ABANDONED: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_CLOCK_STEP: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_RATE_DRIFT: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_RATE_RESTORED: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_TIME_IN_FUTURE: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_ANALYSIS_SKIPPED: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_QUALITY_CHANGED: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_SAMPLES_SHED: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_STORAGE_STOPPED: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_STORAGE_RESUMED: _ClassVar[StreamEventKind]
    STREAM_EVENT_KIND_SAMPLES_QUARANTINED: _ClassVar[StreamEventKind]

class StorageState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STORAGE_STATE_UNSPECIFIED: _ClassVar[StorageState]
    STORAGE_STATE_OK: _ClassVar[StorageState]
    STORAGE_STATE_DEGRADED: _ClassVar[StorageState]
    STORAGE_STATE_SHEDDING: _ClassVar[StorageState]
    STORAGE_STATE_STOPPED: _ClassVar[StorageState]
STREAM_STATE_UNSPECIFIED: StreamState
STREAM_STATE_IDLE: StreamState
STREAM_STATE_LIVE: StreamState
STREAM_STATE_STALE: StreamState
TIME_SOURCE_UNSPECIFIED: TimeSource
TIME_SOURCE_SERVICE: TimeSource
TIME_SOURCE_RECORDED: TimeSource
STREAM_EVENT_KIND_UNSPECIFIED: StreamEventKind
STREAM_EVENT_KIND_EPOCH_BEGAN: StreamEventKind
STREAM_EVENT_KIND_TAKEN_OVER: StreamEventKind
STREAM_EVENT_KIND_GAP: StreamEventKind
STREAM_EVENT_KIND_ABANDONED: StreamEventKind
STREAM_EVENT_KIND_CLOCK_STEP: StreamEventKind
STREAM_EVENT_KIND_RATE_DRIFT: StreamEventKind
STREAM_EVENT_KIND_RATE_RESTORED: StreamEventKind
STREAM_EVENT_KIND_TIME_IN_FUTURE: StreamEventKind
STREAM_EVENT_KIND_ANALYSIS_SKIPPED: StreamEventKind
STREAM_EVENT_KIND_QUALITY_CHANGED: StreamEventKind
STREAM_EVENT_KIND_SAMPLES_SHED: StreamEventKind
STREAM_EVENT_KIND_STORAGE_STOPPED: StreamEventKind
STREAM_EVENT_KIND_STORAGE_RESUMED: StreamEventKind
STREAM_EVENT_KIND_SAMPLES_QUARANTINED: StreamEventKind
STORAGE_STATE_UNSPECIFIED: StorageState
STORAGE_STATE_OK: StorageState
STORAGE_STATE_DEGRADED: StorageState
STORAGE_STATE_SHEDDING: StorageState
STORAGE_STATE_STOPPED: StorageState

class SensorStatus(_message.Message):
    __slots__ = ("sensor_id", "state", "monitored", "epoch", "next_index", "durable_index", "sample_rate_hz", "measured_rate_hz", "last_sample_time", "last_receive_time", "commit_lag", "analysis_lag", "gap_count", "missing_sample_count", "duplicate_sample_count", "client_count", "quality_flags", "clock_offset", "rate_error_ppm", "time_source", "abandoned_sample_count", "backfill_count", "quarantined_sample_count")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    MONITORED_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    NEXT_INDEX_FIELD_NUMBER: _ClassVar[int]
    DURABLE_INDEX_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    MEASURED_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    LAST_SAMPLE_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_RECEIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    COMMIT_LAG_FIELD_NUMBER: _ClassVar[int]
    ANALYSIS_LAG_FIELD_NUMBER: _ClassVar[int]
    GAP_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FLAGS_FIELD_NUMBER: _ClassVar[int]
    CLOCK_OFFSET_FIELD_NUMBER: _ClassVar[int]
    RATE_ERROR_PPM_FIELD_NUMBER: _ClassVar[int]
    TIME_SOURCE_FIELD_NUMBER: _ClassVar[int]
    ABANDONED_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    BACKFILL_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    state: StreamState
    monitored: bool
    epoch: int
    next_index: int
    durable_index: int
    sample_rate_hz: float
    measured_rate_hz: float
    last_sample_time: _timestamp_pb2.Timestamp
    last_receive_time: _timestamp_pb2.Timestamp
    commit_lag: _duration_pb2.Duration
    analysis_lag: _duration_pb2.Duration
    gap_count: int
    missing_sample_count: int
    duplicate_sample_count: int
    client_count: int
    quality_flags: _containers.RepeatedScalarFieldContainer[_quality_pb2.QualityFlag]
    clock_offset: _duration_pb2.Duration
    rate_error_ppm: float
    time_source: TimeSource
    abandoned_sample_count: int
    backfill_count: int
    quarantined_sample_count: int
    def __init__(self, sensor_id: _Optional[str] = ..., state: _Optional[_Union[StreamState, str]] = ..., monitored: _Optional[bool] = ..., epoch: _Optional[int] = ..., next_index: _Optional[int] = ..., durable_index: _Optional[int] = ..., sample_rate_hz: _Optional[float] = ..., measured_rate_hz: _Optional[float] = ..., last_sample_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_receive_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., commit_lag: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., analysis_lag: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., gap_count: _Optional[int] = ..., missing_sample_count: _Optional[int] = ..., duplicate_sample_count: _Optional[int] = ..., client_count: _Optional[int] = ..., quality_flags: _Optional[_Iterable[_Union[_quality_pb2.QualityFlag, str]]] = ..., clock_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., rate_error_ppm: _Optional[float] = ..., time_source: _Optional[_Union[TimeSource, str]] = ..., abandoned_sample_count: _Optional[int] = ..., backfill_count: _Optional[int] = ..., quarantined_sample_count: _Optional[int] = ...) -> None: ...

class StreamArrival(_message.Message):
    __slots__ = ("sensor_id", "epoch", "next_index", "last_receive_time")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    NEXT_INDEX_FIELD_NUMBER: _ClassVar[int]
    LAST_RECEIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    epoch: int
    next_index: int
    last_receive_time: _timestamp_pb2.Timestamp
    def __init__(self, sensor_id: _Optional[str] = ..., epoch: _Optional[int] = ..., next_index: _Optional[int] = ..., last_receive_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StreamEvent(_message.Message):
    __slots__ = ("event_id", "sensor_id", "epoch", "kind", "event_time", "first_index", "end_index", "value", "message")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    event_id: int
    sensor_id: str
    epoch: int
    kind: StreamEventKind
    event_time: _timestamp_pb2.Timestamp
    first_index: int
    end_index: int
    value: float
    message: str
    def __init__(self, event_id: _Optional[int] = ..., sensor_id: _Optional[str] = ..., epoch: _Optional[int] = ..., kind: _Optional[_Union[StreamEventKind, str]] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., first_index: _Optional[int] = ..., end_index: _Optional[int] = ..., value: _Optional[float] = ..., message: _Optional[str] = ...) -> None: ...

class StorageStatus(_message.Message):
    __slots__ = ("state", "problems", "commit_lag", "pending_bytes", "database_bytes", "free_ratio", "realtime_enabled", "analyzer_connected", "check_time", "quarantine_bytes")
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_LAG_FIELD_NUMBER: _ClassVar[int]
    PENDING_BYTES_FIELD_NUMBER: _ClassVar[int]
    DATABASE_BYTES_FIELD_NUMBER: _ClassVar[int]
    FREE_RATIO_FIELD_NUMBER: _ClassVar[int]
    REALTIME_ENABLED_FIELD_NUMBER: _ClassVar[int]
    ANALYZER_CONNECTED_FIELD_NUMBER: _ClassVar[int]
    CHECK_TIME_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_BYTES_FIELD_NUMBER: _ClassVar[int]
    state: StorageState
    problems: _containers.RepeatedScalarFieldContainer[str]
    commit_lag: _duration_pb2.Duration
    pending_bytes: int
    database_bytes: int
    free_ratio: float
    realtime_enabled: bool
    analyzer_connected: bool
    check_time: _timestamp_pb2.Timestamp
    quarantine_bytes: int
    def __init__(self, state: _Optional[_Union[StorageState, str]] = ..., problems: _Optional[_Iterable[str]] = ..., commit_lag: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., pending_bytes: _Optional[int] = ..., database_bytes: _Optional[int] = ..., free_ratio: _Optional[float] = ..., realtime_enabled: _Optional[bool] = ..., analyzer_connected: _Optional[bool] = ..., check_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., quarantine_bytes: _Optional[int] = ...) -> None: ...
