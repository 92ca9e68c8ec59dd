import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SpectrumScaling(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SPECTRUM_SCALING_UNSPECIFIED: _ClassVar[SpectrumScaling]
    SPECTRUM_SCALING_AMPLITUDE_PEAK: _ClassVar[SpectrumScaling]
    SPECTRUM_SCALING_AMPLITUDE_RMS: _ClassVar[SpectrumScaling]
    SPECTRUM_SCALING_POWER_SPECTRAL_DENSITY: _ClassVar[SpectrumScaling]
SPECTRUM_SCALING_UNSPECIFIED: SpectrumScaling
SPECTRUM_SCALING_AMPLITUDE_PEAK: SpectrumScaling
SPECTRUM_SCALING_AMPLITUDE_RMS: SpectrumScaling
SPECTRUM_SCALING_POWER_SPECTRAL_DENSITY: SpectrumScaling

class Spectrum(_message.Message):
    __slots__ = ("sensor_id", "channel", "epoch", "window_index", "start_time", "frequency_step_hz", "scaling", "unit", "window_function", "lines")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_STEP_HZ_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    epoch: int
    window_index: int
    start_time: _timestamp_pb2.Timestamp
    frequency_step_hz: float
    scaling: SpectrumScaling
    unit: str
    window_function: str
    lines: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., epoch: _Optional[int] = ..., window_index: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., frequency_step_hz: _Optional[float] = ..., scaling: _Optional[_Union[SpectrumScaling, str]] = ..., unit: _Optional[str] = ..., window_function: _Optional[str] = ..., lines: _Optional[_Iterable[float]] = ...) -> None: ...
