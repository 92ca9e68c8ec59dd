import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StreamState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STREAM_STATE_UNSPECIFIED: _ClassVar[StreamState]
    STREAM_STATE_IDLE: _ClassVar[StreamState]
    STREAM_STATE_LIVE: _ClassVar[StreamState]
    STREAM_STATE_STALE: _ClassVar[StreamState]
STREAM_STATE_UNSPECIFIED: StreamState
STREAM_STATE_IDLE: StreamState
STREAM_STATE_LIVE: StreamState
STREAM_STATE_STALE: StreamState

class SensorStatus(_message.Message):
    __slots__ = ("sensor_id", "state", "monitored", "epoch", "next_index", "durable_index", "sample_rate_hz", "measured_rate_hz", "last_sample_time", "last_receive_time", "commit_lag", "analysis_lag", "gap_count", "missing_sample_count", "duplicate_sample_count", "client_count")
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
    def __init__(self, sensor_id: _Optional[str] = ..., state: _Optional[_Union[StreamState, str]] = ..., monitored: _Optional[bool] = ..., epoch: _Optional[int] = ..., next_index: _Optional[int] = ..., durable_index: _Optional[int] = ..., sample_rate_hz: _Optional[float] = ..., measured_rate_hz: _Optional[float] = ..., last_sample_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_receive_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., commit_lag: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., analysis_lag: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., gap_count: _Optional[int] = ..., missing_sample_count: _Optional[int] = ..., duplicate_sample_count: _Optional[int] = ..., client_count: _Optional[int] = ...) -> None: ...
