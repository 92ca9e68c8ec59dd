import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.signal.v1 import quality_pb2 as _quality_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BearingFault(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BEARING_FAULT_UNSPECIFIED: _ClassVar[BearingFault]
    BEARING_FAULT_NONE: _ClassVar[BearingFault]
    BEARING_FAULT_OUTER_RACE: _ClassVar[BearingFault]
    BEARING_FAULT_INNER_RACE: _ClassVar[BearingFault]
    BEARING_FAULT_BALL: _ClassVar[BearingFault]
    BEARING_FAULT_UNCERTAIN: _ClassVar[BearingFault]

class ShaftSpeedSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SHAFT_SPEED_SOURCE_UNSPECIFIED: _ClassVar[ShaftSpeedSource]
    SHAFT_SPEED_SOURCE_MEASURED: _ClassVar[ShaftSpeedSource]
    SHAFT_SPEED_SOURCE_NAMEPLATE: _ClassVar[ShaftSpeedSource]
BEARING_FAULT_UNSPECIFIED: BearingFault
BEARING_FAULT_NONE: BearingFault
BEARING_FAULT_OUTER_RACE: BearingFault
BEARING_FAULT_INNER_RACE: BearingFault
BEARING_FAULT_BALL: BearingFault
BEARING_FAULT_UNCERTAIN: BearingFault
SHAFT_SPEED_SOURCE_UNSPECIFIED: ShaftSpeedSource
SHAFT_SPEED_SOURCE_MEASURED: ShaftSpeedSource
SHAFT_SPEED_SOURCE_NAMEPLATE: ShaftSpeedSource

class LongWindow(_message.Message):
    __slots__ = ("sensor_id", "epoch", "window_index", "start_time", "end_time", "first_index", "sample_count", "config_version", "shaft_speed_hz", "shaft_speed_source")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VERSION_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_SOURCE_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    epoch: int
    window_index: int
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    first_index: int
    sample_count: int
    config_version: int
    shaft_speed_hz: float
    shaft_speed_source: ShaftSpeedSource
    def __init__(self, sensor_id: _Optional[str] = ..., epoch: _Optional[int] = ..., window_index: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., first_index: _Optional[int] = ..., sample_count: _Optional[int] = ..., config_version: _Optional[int] = ..., shaft_speed_hz: _Optional[float] = ..., shaft_speed_source: _Optional[_Union[ShaftSpeedSource, str]] = ...) -> None: ...

class FaultScore(_message.Message):
    __slots__ = ("fault", "score")
    FAULT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    fault: BearingFault
    score: float
    def __init__(self, fault: _Optional[_Union[BearingFault, str]] = ..., score: _Optional[float] = ...) -> None: ...

class FaultLine(_message.Message):
    __slots__ = ("name", "expected_hz", "found_hz", "level_db")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_HZ_FIELD_NUMBER: _ClassVar[int]
    FOUND_HZ_FIELD_NUMBER: _ClassVar[int]
    LEVEL_DB_FIELD_NUMBER: _ClassVar[int]
    name: str
    expected_hz: float
    found_hz: float
    level_db: float
    def __init__(self, name: _Optional[str] = ..., expected_hz: _Optional[float] = ..., found_hz: _Optional[float] = ..., level_db: _Optional[float] = ...) -> None: ...

class ShaftHint(_message.Message):
    __slots__ = ("pattern", "score", "reason")
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    pattern: str
    score: float
    reason: str
    def __init__(self, pattern: _Optional[str] = ..., score: _Optional[float] = ..., reason: _Optional[str] = ...) -> None: ...

class Diagnosis(_message.Message):
    __slots__ = ("window", "channel", "fault", "score", "scores", "lines", "hints", "reason", "bearing", "growth")
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BEARING_FIELD_NUMBER: _ClassVar[int]
    GROWTH_FIELD_NUMBER: _ClassVar[int]
    window: LongWindow
    channel: str
    fault: BearingFault
    score: float
    scores: _containers.RepeatedCompositeFieldContainer[FaultScore]
    lines: _containers.RepeatedCompositeFieldContainer[FaultLine]
    hints: _containers.RepeatedCompositeFieldContainer[ShaftHint]
    reason: str
    bearing: str
    growth: float
    def __init__(self, window: _Optional[_Union[LongWindow, _Mapping]] = ..., channel: _Optional[str] = ..., fault: _Optional[_Union[BearingFault, str]] = ..., score: _Optional[float] = ..., scores: _Optional[_Iterable[_Union[FaultScore, _Mapping]]] = ..., lines: _Optional[_Iterable[_Union[FaultLine, _Mapping]]] = ..., hints: _Optional[_Iterable[_Union[ShaftHint, _Mapping]]] = ..., reason: _Optional[str] = ..., bearing: _Optional[str] = ..., growth: _Optional[float] = ...) -> None: ...

class ChannelLongFeatures(_message.Message):
    __slots__ = ("channel", "unit", "values", "quality_flags")
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FLAGS_FIELD_NUMBER: _ClassVar[int]
    channel: str
    unit: str
    values: _containers.ScalarMap[str, float]
    quality_flags: _containers.RepeatedScalarFieldContainer[_quality_pb2.QualityFlag]
    def __init__(self, channel: _Optional[str] = ..., unit: _Optional[str] = ..., values: _Optional[_Mapping[str, float]] = ..., quality_flags: _Optional[_Iterable[_Union[_quality_pb2.QualityFlag, str]]] = ...) -> None: ...

class LongFeatures(_message.Message):
    __slots__ = ("window", "channels")
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    window: LongWindow
    channels: _containers.RepeatedCompositeFieldContainer[ChannelLongFeatures]
    def __init__(self, window: _Optional[_Union[LongWindow, _Mapping]] = ..., channels: _Optional[_Iterable[_Union[ChannelLongFeatures, _Mapping]]] = ...) -> None: ...

class GetDiagnosisRequest(_message.Message):
    __slots__ = ("sensor_id",)
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    def __init__(self, sensor_id: _Optional[str] = ...) -> None: ...

class GetDiagnosisResponse(_message.Message):
    __slots__ = ("diagnoses", "server_time", "problem")
    DIAGNOSES_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    diagnoses: _containers.RepeatedCompositeFieldContainer[Diagnosis]
    server_time: _timestamp_pb2.Timestamp
    problem: str
    def __init__(self, diagnoses: _Optional[_Iterable[_Union[Diagnosis, _Mapping]]] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., problem: _Optional[str] = ...) -> None: ...

class ListDiagnosesRequest(_message.Message):
    __slots__ = ("sensor_id", "start_time", "end_time", "channels", "faults", "page_size", "page_token")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    channels: _containers.RepeatedScalarFieldContainer[str]
    faults: _containers.RepeatedScalarFieldContainer[BearingFault]
    page_size: int
    page_token: str
    def __init__(self, sensor_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., channels: _Optional[_Iterable[str]] = ..., faults: _Optional[_Iterable[_Union[BearingFault, str]]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDiagnosesResponse(_message.Message):
    __slots__ = ("diagnoses", "next_page_token")
    DIAGNOSES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    diagnoses: _containers.RepeatedCompositeFieldContainer[Diagnosis]
    next_page_token: str
    def __init__(self, diagnoses: _Optional[_Iterable[_Union[Diagnosis, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListLongFeaturesRequest(_message.Message):
    __slots__ = ("sensor_id", "start_time", "end_time", "feature_names", "page_size", "page_token")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_NAMES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    feature_names: _containers.RepeatedScalarFieldContainer[str]
    page_size: int
    page_token: str
    def __init__(self, sensor_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., feature_names: _Optional[_Iterable[str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListLongFeaturesResponse(_message.Message):
    __slots__ = ("features", "next_page_token")
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedCompositeFieldContainer[LongFeatures]
    next_page_token: str
    def __init__(self, features: _Optional[_Iterable[_Union[LongFeatures, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RequestDiagnosisRequest(_message.Message):
    __slots__ = ("sensor_id",)
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    def __init__(self, sensor_id: _Optional[str] = ...) -> None: ...

class RequestDiagnosisResponse(_message.Message):
    __slots__ = ("diagnoses",)
    DIAGNOSES_FIELD_NUMBER: _ClassVar[int]
    diagnoses: _containers.RepeatedCompositeFieldContainer[Diagnosis]
    def __init__(self, diagnoses: _Optional[_Iterable[_Union[Diagnosis, _Mapping]]] = ...) -> None: ...
