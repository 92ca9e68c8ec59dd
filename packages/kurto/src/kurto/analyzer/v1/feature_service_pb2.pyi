import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.signal.v1 import features_pb2 as _features_pb2
from kurto.signal.v1 import spectrum_pb2 as _spectrum_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

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
