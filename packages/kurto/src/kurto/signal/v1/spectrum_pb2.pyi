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
    SPECTRUM_SCALING_AMPLITUDE_PEAK_TO_PEAK: _ClassVar[SpectrumScaling]

class SpectrumKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SPECTRUM_KIND_UNSPECIFIED: _ClassVar[SpectrumKind]
    SPECTRUM_KIND_VIBRATION: _ClassVar[SpectrumKind]
    SPECTRUM_KIND_ORDER: _ClassVar[SpectrumKind]
    SPECTRUM_KIND_ENVELOPE: _ClassVar[SpectrumKind]
    SPECTRUM_KIND_SQUARED_ENVELOPE: _ClassVar[SpectrumKind]
    SPECTRUM_KIND_LOG_ENVELOPE: _ClassVar[SpectrumKind]
    SPECTRUM_KIND_PREWHITENED_ENVELOPE: _ClassVar[SpectrumKind]
    SPECTRUM_KIND_CEPSTRUM: _ClassVar[SpectrumKind]

class SpectrumAveraging(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SPECTRUM_AVERAGING_UNSPECIFIED: _ClassVar[SpectrumAveraging]
    SPECTRUM_AVERAGING_LINEAR: _ClassVar[SpectrumAveraging]
    SPECTRUM_AVERAGING_PEAK_HOLD: _ClassVar[SpectrumAveraging]
    SPECTRUM_AVERAGING_EXPONENTIAL: _ClassVar[SpectrumAveraging]
SPECTRUM_SCALING_UNSPECIFIED: SpectrumScaling
SPECTRUM_SCALING_AMPLITUDE_PEAK: SpectrumScaling
SPECTRUM_SCALING_AMPLITUDE_RMS: SpectrumScaling
SPECTRUM_SCALING_POWER_SPECTRAL_DENSITY: SpectrumScaling
SPECTRUM_SCALING_AMPLITUDE_PEAK_TO_PEAK: SpectrumScaling
SPECTRUM_KIND_UNSPECIFIED: SpectrumKind
SPECTRUM_KIND_VIBRATION: SpectrumKind
SPECTRUM_KIND_ORDER: SpectrumKind
SPECTRUM_KIND_ENVELOPE: SpectrumKind
SPECTRUM_KIND_SQUARED_ENVELOPE: SpectrumKind
SPECTRUM_KIND_LOG_ENVELOPE: SpectrumKind
SPECTRUM_KIND_PREWHITENED_ENVELOPE: SpectrumKind
SPECTRUM_KIND_CEPSTRUM: SpectrumKind
SPECTRUM_AVERAGING_UNSPECIFIED: SpectrumAveraging
SPECTRUM_AVERAGING_LINEAR: SpectrumAveraging
SPECTRUM_AVERAGING_PEAK_HOLD: SpectrumAveraging
SPECTRUM_AVERAGING_EXPONENTIAL: SpectrumAveraging

class FrequencyBand(_message.Message):
    __slots__ = ("low_hz", "high_hz")
    LOW_HZ_FIELD_NUMBER: _ClassVar[int]
    HIGH_HZ_FIELD_NUMBER: _ClassVar[int]
    low_hz: float
    high_hz: float
    def __init__(self, low_hz: _Optional[float] = ..., high_hz: _Optional[float] = ...) -> None: ...

class Spectrum(_message.Message):
    __slots__ = ("sensor_id", "channel", "epoch", "window_index", "start_time", "frequency_step_hz", "scaling", "unit", "window_function", "lines", "kind", "step", "step_unit", "average_count", "first_index", "sample_count", "missing_sample_count", "sample_rate_hz", "demodulation_band", "shaft_speed_hz")
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
    KIND_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEP_UNIT_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    DEMODULATION_BAND_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
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
    kind: SpectrumKind
    step: float
    step_unit: str
    average_count: int
    first_index: int
    sample_count: int
    missing_sample_count: int
    sample_rate_hz: float
    demodulation_band: FrequencyBand
    shaft_speed_hz: float
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., epoch: _Optional[int] = ..., window_index: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., frequency_step_hz: _Optional[float] = ..., scaling: _Optional[_Union[SpectrumScaling, str]] = ..., unit: _Optional[str] = ..., window_function: _Optional[str] = ..., lines: _Optional[_Iterable[float]] = ..., kind: _Optional[_Union[SpectrumKind, str]] = ..., step: _Optional[float] = ..., step_unit: _Optional[str] = ..., average_count: _Optional[int] = ..., first_index: _Optional[int] = ..., sample_count: _Optional[int] = ..., missing_sample_count: _Optional[int] = ..., sample_rate_hz: _Optional[float] = ..., demodulation_band: _Optional[_Union[FrequencyBand, _Mapping]] = ..., shaft_speed_hz: _Optional[float] = ...) -> None: ...
