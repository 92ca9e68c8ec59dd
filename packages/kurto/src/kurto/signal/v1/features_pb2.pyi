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

class EmptyReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EMPTY_REASON_UNSPECIFIED: _ClassVar[EmptyReason]
    EMPTY_REASON_GAP: _ClassVar[EmptyReason]
    EMPTY_REASON_NOT_MONITORED: _ClassVar[EmptyReason]
    EMPTY_REASON_ANALYSIS_SKIPPED: _ClassVar[EmptyReason]
EMPTY_REASON_UNSPECIFIED: EmptyReason
EMPTY_REASON_GAP: EmptyReason
EMPTY_REASON_NOT_MONITORED: EmptyReason
EMPTY_REASON_ANALYSIS_SKIPPED: EmptyReason

class FeatureDefinition(_message.Message):
    __slots__ = ("name", "unit", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    description: str
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class ChannelFeatures(_message.Message):
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

class FeatureFrame(_message.Message):
    __slots__ = ("sensor_id", "epoch", "window_index", "first_index", "sample_count", "start_time", "end_time", "config_version", "late", "empty_reason", "channels", "shaft_speed_hz", "load", "load_step")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VERSION_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    EMPTY_REASON_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    LOAD_STEP_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    epoch: int
    window_index: int
    first_index: int
    sample_count: int
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    config_version: int
    late: bool
    empty_reason: EmptyReason
    channels: _containers.RepeatedCompositeFieldContainer[ChannelFeatures]
    shaft_speed_hz: float
    load: float
    load_step: float
    def __init__(self, sensor_id: _Optional[str] = ..., epoch: _Optional[int] = ..., window_index: _Optional[int] = ..., first_index: _Optional[int] = ..., sample_count: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., config_version: _Optional[int] = ..., late: _Optional[bool] = ..., empty_reason: _Optional[_Union[EmptyReason, str]] = ..., channels: _Optional[_Iterable[_Union[ChannelFeatures, _Mapping]]] = ..., shaft_speed_hz: _Optional[float] = ..., load: _Optional[float] = ..., load_step: _Optional[float] = ...) -> None: ...

class FeatureBatch(_message.Message):
    __slots__ = ("feature_names", "frames")
    FEATURE_NAMES_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    feature_names: _containers.RepeatedScalarFieldContainer[str]
    frames: _containers.RepeatedCompositeFieldContainer[PackedFeatureFrame]
    def __init__(self, feature_names: _Optional[_Iterable[str]] = ..., frames: _Optional[_Iterable[_Union[PackedFeatureFrame, _Mapping]]] = ...) -> None: ...

class PackedFeatureFrame(_message.Message):
    __slots__ = ("sensor_id", "epoch", "window_index", "first_index", "sample_count", "start_time_us", "end_time_us", "config_version", "late", "empty_reason", "channels", "units", "values_f32le", "quality_masks", "shaft_speed_hz", "load", "load_step")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    START_TIME_US_FIELD_NUMBER: _ClassVar[int]
    END_TIME_US_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VERSION_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    EMPTY_REASON_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    VALUES_F32LE_FIELD_NUMBER: _ClassVar[int]
    QUALITY_MASKS_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    LOAD_STEP_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    epoch: int
    window_index: int
    first_index: int
    sample_count: int
    start_time_us: int
    end_time_us: int
    config_version: int
    late: bool
    empty_reason: EmptyReason
    channels: _containers.RepeatedScalarFieldContainer[str]
    units: _containers.RepeatedScalarFieldContainer[str]
    values_f32le: bytes
    quality_masks: _containers.RepeatedScalarFieldContainer[int]
    shaft_speed_hz: float
    load: float
    load_step: float
    def __init__(self, sensor_id: _Optional[str] = ..., epoch: _Optional[int] = ..., window_index: _Optional[int] = ..., first_index: _Optional[int] = ..., sample_count: _Optional[int] = ..., start_time_us: _Optional[int] = ..., end_time_us: _Optional[int] = ..., config_version: _Optional[int] = ..., late: _Optional[bool] = ..., empty_reason: _Optional[_Union[EmptyReason, str]] = ..., channels: _Optional[_Iterable[str]] = ..., units: _Optional[_Iterable[str]] = ..., values_f32le: _Optional[bytes] = ..., quality_masks: _Optional[_Iterable[int]] = ..., shaft_speed_hz: _Optional[float] = ..., load: _Optional[float] = ..., load_step: _Optional[float] = ...) -> None: ...
