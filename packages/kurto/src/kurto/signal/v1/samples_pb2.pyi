import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.signal.v1 import process_values_pb2 as _process_values_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SampleEncoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SAMPLE_ENCODING_UNSPECIFIED: _ClassVar[SampleEncoding]
    SAMPLE_ENCODING_F32LE: _ClassVar[SampleEncoding]
    SAMPLE_ENCODING_I16LE: _ClassVar[SampleEncoding]
    SAMPLE_ENCODING_I24LE: _ClassVar[SampleEncoding]
SAMPLE_ENCODING_UNSPECIFIED: SampleEncoding
SAMPLE_ENCODING_F32LE: SampleEncoding
SAMPLE_ENCODING_I16LE: SampleEncoding
SAMPLE_ENCODING_I24LE: SampleEncoding

class IndexRange(_message.Message):
    __slots__ = ("first_index", "end_index")
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    first_index: int
    end_index: int
    def __init__(self, first_index: _Optional[int] = ..., end_index: _Optional[int] = ...) -> None: ...

class FloatSamples(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class SampleBatch(_message.Message):
    __slots__ = ("first_index", "sample_count", "planar", "floats", "device_time", "shaft_speed_hz", "process_values")
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    PLANAR_FIELD_NUMBER: _ClassVar[int]
    FLOATS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_TIME_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
    PROCESS_VALUES_FIELD_NUMBER: _ClassVar[int]
    first_index: int
    sample_count: int
    planar: bytes
    floats: FloatSamples
    device_time: _timestamp_pb2.Timestamp
    shaft_speed_hz: float
    process_values: _containers.RepeatedCompositeFieldContainer[_process_values_pb2.ProcessValue]
    def __init__(self, first_index: _Optional[int] = ..., sample_count: _Optional[int] = ..., planar: _Optional[bytes] = ..., floats: _Optional[_Union[FloatSamples, _Mapping]] = ..., device_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., shaft_speed_hz: _Optional[float] = ..., process_values: _Optional[_Iterable[_Union[_process_values_pb2.ProcessValue, _Mapping]]] = ...) -> None: ...
