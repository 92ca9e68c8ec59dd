import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.signal.v1 import spectrum_pb2 as _spectrum_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AnalysedSamples(_message.Message):
    __slots__ = ("sensor_id", "channel", "epoch", "first_index", "sample_count", "missing_sample_count", "start_time", "sample_rate_hz", "unit")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    epoch: int
    first_index: int
    sample_count: int
    missing_sample_count: int
    start_time: _timestamp_pb2.Timestamp
    sample_rate_hz: float
    unit: str
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., epoch: _Optional[int] = ..., first_index: _Optional[int] = ..., sample_count: _Optional[int] = ..., missing_sample_count: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sample_rate_hz: _Optional[float] = ..., unit: _Optional[str] = ...) -> None: ...

class Waveform(_message.Message):
    __slots__ = ("source", "samples_per_point", "values", "minimums", "maximums")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_PER_POINT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    MINIMUMS_FIELD_NUMBER: _ClassVar[int]
    MAXIMUMS_FIELD_NUMBER: _ClassVar[int]
    source: AnalysedSamples
    samples_per_point: int
    values: _containers.RepeatedScalarFieldContainer[float]
    minimums: _containers.RepeatedScalarFieldContainer[float]
    maximums: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, source: _Optional[_Union[AnalysedSamples, _Mapping]] = ..., samples_per_point: _Optional[int] = ..., values: _Optional[_Iterable[float]] = ..., minimums: _Optional[_Iterable[float]] = ..., maximums: _Optional[_Iterable[float]] = ...) -> None: ...

class Spectrogram(_message.Message):
    __slots__ = ("source", "scaling", "unit", "first_time_s", "time_step_s", "frequency_step_hz", "time_count", "frequency_count", "cells")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    FIRST_TIME_S_FIELD_NUMBER: _ClassVar[int]
    TIME_STEP_S_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_STEP_HZ_FIELD_NUMBER: _ClassVar[int]
    TIME_COUNT_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_COUNT_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    source: AnalysedSamples
    scaling: _spectrum_pb2.SpectrumScaling
    unit: str
    first_time_s: float
    time_step_s: float
    frequency_step_hz: float
    time_count: int
    frequency_count: int
    cells: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, source: _Optional[_Union[AnalysedSamples, _Mapping]] = ..., scaling: _Optional[_Union[_spectrum_pb2.SpectrumScaling, str]] = ..., unit: _Optional[str] = ..., first_time_s: _Optional[float] = ..., time_step_s: _Optional[float] = ..., frequency_step_hz: _Optional[float] = ..., time_count: _Optional[int] = ..., frequency_count: _Optional[int] = ..., cells: _Optional[_Iterable[float]] = ...) -> None: ...

class Scalogram(_message.Message):
    __slots__ = ("source", "unit", "frequencies_hz", "samples_per_column", "time_count", "cells", "edge_s")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    FREQUENCIES_HZ_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_PER_COLUMN_FIELD_NUMBER: _ClassVar[int]
    TIME_COUNT_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    EDGE_S_FIELD_NUMBER: _ClassVar[int]
    source: AnalysedSamples
    unit: str
    frequencies_hz: _containers.RepeatedScalarFieldContainer[float]
    samples_per_column: int
    time_count: int
    cells: _containers.RepeatedScalarFieldContainer[float]
    edge_s: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, source: _Optional[_Union[AnalysedSamples, _Mapping]] = ..., unit: _Optional[str] = ..., frequencies_hz: _Optional[_Iterable[float]] = ..., samples_per_column: _Optional[int] = ..., time_count: _Optional[int] = ..., cells: _Optional[_Iterable[float]] = ..., edge_s: _Optional[_Iterable[float]] = ...) -> None: ...

class KurtogramBand(_message.Message):
    __slots__ = ("level", "band", "kurtosis", "noise_deviation")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    BAND_FIELD_NUMBER: _ClassVar[int]
    KURTOSIS_FIELD_NUMBER: _ClassVar[int]
    NOISE_DEVIATION_FIELD_NUMBER: _ClassVar[int]
    level: float
    band: _spectrum_pb2.FrequencyBand
    kurtosis: float
    noise_deviation: float
    def __init__(self, level: _Optional[float] = ..., band: _Optional[_Union[_spectrum_pb2.FrequencyBand, _Mapping]] = ..., kurtosis: _Optional[float] = ..., noise_deviation: _Optional[float] = ...) -> None: ...

class Kurtogram(_message.Message):
    __slots__ = ("source", "bands", "best")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    BANDS_FIELD_NUMBER: _ClassVar[int]
    BEST_FIELD_NUMBER: _ClassVar[int]
    source: AnalysedSamples
    bands: _containers.RepeatedCompositeFieldContainer[KurtogramBand]
    best: KurtogramBand
    def __init__(self, source: _Optional[_Union[AnalysedSamples, _Mapping]] = ..., bands: _Optional[_Iterable[_Union[KurtogramBand, _Mapping]]] = ..., best: _Optional[_Union[KurtogramBand, _Mapping]] = ...) -> None: ...

class GearIndicators(_message.Message):
    __slots__ = ("fm0", "fm4", "m6a", "m8a", "energy_ratio", "na4", "nb4")
    FM0_FIELD_NUMBER: _ClassVar[int]
    FM4_FIELD_NUMBER: _ClassVar[int]
    M6A_FIELD_NUMBER: _ClassVar[int]
    M8A_FIELD_NUMBER: _ClassVar[int]
    ENERGY_RATIO_FIELD_NUMBER: _ClassVar[int]
    NA4_FIELD_NUMBER: _ClassVar[int]
    NB4_FIELD_NUMBER: _ClassVar[int]
    fm0: float
    fm4: float
    m6a: float
    m8a: float
    energy_ratio: float
    na4: float
    nb4: float
    def __init__(self, fm0: _Optional[float] = ..., fm4: _Optional[float] = ..., m6a: _Optional[float] = ..., m8a: _Optional[float] = ..., energy_ratio: _Optional[float] = ..., na4: _Optional[float] = ..., nb4: _Optional[float] = ...) -> None: ...

class TimeSynchronousAverage(_message.Message):
    __slots__ = ("source", "shaft_speed_hz", "revolution_count", "values", "gear", "maximum_order", "asynchronous_rms")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
    REVOLUTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    GEAR_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_ORDER_FIELD_NUMBER: _ClassVar[int]
    ASYNCHRONOUS_RMS_FIELD_NUMBER: _ClassVar[int]
    source: AnalysedSamples
    shaft_speed_hz: float
    revolution_count: int
    values: _containers.RepeatedScalarFieldContainer[float]
    gear: GearIndicators
    maximum_order: float
    asynchronous_rms: float
    def __init__(self, source: _Optional[_Union[AnalysedSamples, _Mapping]] = ..., shaft_speed_hz: _Optional[float] = ..., revolution_count: _Optional[int] = ..., values: _Optional[_Iterable[float]] = ..., gear: _Optional[_Union[GearIndicators, _Mapping]] = ..., maximum_order: _Optional[float] = ..., asynchronous_rms: _Optional[float] = ...) -> None: ...
