import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.signal.v1 import features_pb2 as _features_pb2
from kurto.signal.v1 import quality_pb2 as _quality_pb2
from kurto.signal.v1 import spectrum_pb2 as _spectrum_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RollupInterval(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLLUP_INTERVAL_UNSPECIFIED: _ClassVar[RollupInterval]
    ROLLUP_INTERVAL_ONE_SECOND: _ClassVar[RollupInterval]
    ROLLUP_INTERVAL_ONE_MINUTE: _ClassVar[RollupInterval]
ROLLUP_INTERVAL_UNSPECIFIED: RollupInterval
ROLLUP_INTERVAL_ONE_SECOND: RollupInterval
ROLLUP_INTERVAL_ONE_MINUTE: RollupInterval

class GetLatestFeaturesRequest(_message.Message):
    __slots__ = ("sensor_id",)
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    def __init__(self, sensor_id: _Optional[str] = ...) -> None: ...

class GetLatestFeaturesResponse(_message.Message):
    __slots__ = ("frame", "server_time")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    frame: _features_pb2.FeatureFrame
    server_time: _timestamp_pb2.Timestamp
    def __init__(self, frame: _Optional[_Union[_features_pb2.FeatureFrame, _Mapping]] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListFeaturesRequest(_message.Message):
    __slots__ = ("sensor_id", "start_time", "end_time", "epoch", "after_window_index", "feature_names", "page_size", "page_token")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    AFTER_WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    FEATURE_NAMES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    epoch: int
    after_window_index: int
    feature_names: _containers.RepeatedScalarFieldContainer[str]
    page_size: int
    page_token: str
    def __init__(self, sensor_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., epoch: _Optional[int] = ..., after_window_index: _Optional[int] = ..., feature_names: _Optional[_Iterable[str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListFeaturesResponse(_message.Message):
    __slots__ = ("frames", "next_page_token", "next_window_index")
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    NEXT_WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    frames: _containers.RepeatedCompositeFieldContainer[_features_pb2.FeatureFrame]
    next_page_token: str
    next_window_index: int
    def __init__(self, frames: _Optional[_Iterable[_Union[_features_pb2.FeatureFrame, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., next_window_index: _Optional[int] = ...) -> None: ...

class ListFeatureRollupsRequest(_message.Message):
    __slots__ = ("sensor_id", "interval", "start_time", "end_time", "feature_names", "channels", "page_size", "page_token")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    FEATURE_NAMES_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    interval: RollupInterval
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    feature_names: _containers.RepeatedScalarFieldContainer[str]
    channels: _containers.RepeatedScalarFieldContainer[str]
    page_size: int
    page_token: str
    def __init__(self, sensor_id: _Optional[str] = ..., interval: _Optional[_Union[RollupInterval, str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., feature_names: _Optional[_Iterable[str]] = ..., channels: _Optional[_Iterable[str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class FeatureSummary(_message.Message):
    __slots__ = ("minimum", "mean", "maximum", "value_count")
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    VALUE_COUNT_FIELD_NUMBER: _ClassVar[int]
    minimum: float
    mean: float
    maximum: float
    value_count: int
    def __init__(self, minimum: _Optional[float] = ..., mean: _Optional[float] = ..., maximum: _Optional[float] = ..., value_count: _Optional[int] = ...) -> None: ...

class ChannelRollup(_message.Message):
    __slots__ = ("channel", "unit", "features", "quality_flags")
    class FeaturesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: FeatureSummary
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[FeatureSummary, _Mapping]] = ...) -> None: ...
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FLAGS_FIELD_NUMBER: _ClassVar[int]
    channel: str
    unit: str
    features: _containers.MessageMap[str, FeatureSummary]
    quality_flags: _containers.RepeatedScalarFieldContainer[_quality_pb2.QualityFlag]
    def __init__(self, channel: _Optional[str] = ..., unit: _Optional[str] = ..., features: _Optional[_Mapping[str, FeatureSummary]] = ..., quality_flags: _Optional[_Iterable[_Union[_quality_pb2.QualityFlag, str]]] = ...) -> None: ...

class FeatureRollup(_message.Message):
    __slots__ = ("start_time", "window_count", "empty_window_count", "channels")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_COUNT_FIELD_NUMBER: _ClassVar[int]
    EMPTY_WINDOW_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    window_count: int
    empty_window_count: int
    channels: _containers.RepeatedCompositeFieldContainer[ChannelRollup]
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_count: _Optional[int] = ..., empty_window_count: _Optional[int] = ..., channels: _Optional[_Iterable[_Union[ChannelRollup, _Mapping]]] = ...) -> None: ...

class ListFeatureRollupsResponse(_message.Message):
    __slots__ = ("rollups", "next_page_token")
    ROLLUPS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rollups: _containers.RepeatedCompositeFieldContainer[FeatureRollup]
    next_page_token: str
    def __init__(self, rollups: _Optional[_Iterable[_Union[FeatureRollup, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetSpectrumRequest(_message.Message):
    __slots__ = ("sensor_id", "channel", "scaling")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    scaling: _spectrum_pb2.SpectrumScaling
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., scaling: _Optional[_Union[_spectrum_pb2.SpectrumScaling, str]] = ...) -> None: ...

class GetSpectrumResponse(_message.Message):
    __slots__ = ("spectrum",)
    SPECTRUM_FIELD_NUMBER: _ClassVar[int]
    spectrum: _spectrum_pb2.Spectrum
    def __init__(self, spectrum: _Optional[_Union[_spectrum_pb2.Spectrum, _Mapping]] = ...) -> None: ...

class ListFeatureDefinitionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListFeatureDefinitionsResponse(_message.Message):
    __slots__ = ("features",)
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedCompositeFieldContainer[_features_pb2.FeatureDefinition]
    def __init__(self, features: _Optional[_Iterable[_Union[_features_pb2.FeatureDefinition, _Mapping]]] = ...) -> None: ...
