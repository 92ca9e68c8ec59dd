import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProcessValueQuality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROCESS_VALUE_QUALITY_UNSPECIFIED: _ClassVar[ProcessValueQuality]
    PROCESS_VALUE_QUALITY_GOOD: _ClassVar[ProcessValueQuality]
    PROCESS_VALUE_QUALITY_UNCERTAIN: _ClassVar[ProcessValueQuality]
    PROCESS_VALUE_QUALITY_BAD: _ClassVar[ProcessValueQuality]
PROCESS_VALUE_QUALITY_UNSPECIFIED: ProcessValueQuality
PROCESS_VALUE_QUALITY_GOOD: ProcessValueQuality
PROCESS_VALUE_QUALITY_UNCERTAIN: ProcessValueQuality
PROCESS_VALUE_QUALITY_BAD: ProcessValueQuality

class ProcessValue(_message.Message):
    __slots__ = ("name", "unit", "value", "sample_index", "quality", "value_time", "epoch")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_INDEX_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    VALUE_TIME_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    value: float
    sample_index: int
    quality: ProcessValueQuality
    value_time: _timestamp_pb2.Timestamp
    epoch: int
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., value: _Optional[float] = ..., sample_index: _Optional[int] = ..., quality: _Optional[_Union[ProcessValueQuality, str]] = ..., value_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., epoch: _Optional[int] = ...) -> None: ...
