import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.analyzer.v1 import baselines_pb2 as _baselines_pb2
from kurto.analyzer.v1 import bearings_pb2 as _bearings_pb2
from kurto.analyzer.v1 import diagnoses_pb2 as _diagnoses_pb2
from kurto.signal.v1 import features_pb2 as _features_pb2
from kurto.signal.v1 import quality_pb2 as _quality_pb2
from kurto.signal.v1 import spectra_pb2 as _spectra_pb2
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
    __slots__ = ("sensor_id", "channel", "scaling", "kind", "start_time", "duration", "line_count", "maximum_frequency_hz", "averaging", "overlap", "demodulation_band", "shaft_speed_hz", "tacho_channel", "pulses_per_revolution", "maximum_order", "segment_revolutions", "averaging_memory")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FREQUENCY_HZ_FIELD_NUMBER: _ClassVar[int]
    AVERAGING_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_FIELD_NUMBER: _ClassVar[int]
    DEMODULATION_BAND_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
    TACHO_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PULSES_PER_REVOLUTION_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_ORDER_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_REVOLUTIONS_FIELD_NUMBER: _ClassVar[int]
    AVERAGING_MEMORY_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    scaling: _spectrum_pb2.SpectrumScaling
    kind: _spectrum_pb2.SpectrumKind
    start_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    line_count: int
    maximum_frequency_hz: float
    averaging: _spectrum_pb2.SpectrumAveraging
    overlap: float
    demodulation_band: _spectrum_pb2.FrequencyBand
    shaft_speed_hz: float
    tacho_channel: str
    pulses_per_revolution: int
    maximum_order: float
    segment_revolutions: int
    averaging_memory: int
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., scaling: _Optional[_Union[_spectrum_pb2.SpectrumScaling, str]] = ..., kind: _Optional[_Union[_spectrum_pb2.SpectrumKind, str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., line_count: _Optional[int] = ..., maximum_frequency_hz: _Optional[float] = ..., averaging: _Optional[_Union[_spectrum_pb2.SpectrumAveraging, str]] = ..., overlap: _Optional[float] = ..., demodulation_band: _Optional[_Union[_spectrum_pb2.FrequencyBand, _Mapping]] = ..., shaft_speed_hz: _Optional[float] = ..., tacho_channel: _Optional[str] = ..., pulses_per_revolution: _Optional[int] = ..., maximum_order: _Optional[float] = ..., segment_revolutions: _Optional[int] = ..., averaging_memory: _Optional[int] = ...) -> None: ...

class GetSpectrumResponse(_message.Message):
    __slots__ = ("spectrum",)
    SPECTRUM_FIELD_NUMBER: _ClassVar[int]
    spectrum: _spectrum_pb2.Spectrum
    def __init__(self, spectrum: _Optional[_Union[_spectrum_pb2.Spectrum, _Mapping]] = ...) -> None: ...

class GetWaveformRequest(_message.Message):
    __slots__ = ("sensor_id", "channel", "start_time", "duration", "point_count")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    POINT_COUNT_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    start_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    point_count: int
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., point_count: _Optional[int] = ...) -> None: ...

class GetWaveformResponse(_message.Message):
    __slots__ = ("waveform",)
    WAVEFORM_FIELD_NUMBER: _ClassVar[int]
    waveform: _spectra_pb2.Waveform
    def __init__(self, waveform: _Optional[_Union[_spectra_pb2.Waveform, _Mapping]] = ...) -> None: ...

class GetSpectrogramRequest(_message.Message):
    __slots__ = ("sensor_id", "channel", "start_time", "duration", "scaling", "line_count", "overlap", "maximum_frequency_hz")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FREQUENCY_HZ_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    start_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    scaling: _spectrum_pb2.SpectrumScaling
    line_count: int
    overlap: float
    maximum_frequency_hz: float
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., scaling: _Optional[_Union[_spectrum_pb2.SpectrumScaling, str]] = ..., line_count: _Optional[int] = ..., overlap: _Optional[float] = ..., maximum_frequency_hz: _Optional[float] = ...) -> None: ...

class GetSpectrogramResponse(_message.Message):
    __slots__ = ("spectrogram",)
    SPECTROGRAM_FIELD_NUMBER: _ClassVar[int]
    spectrogram: _spectra_pb2.Spectrogram
    def __init__(self, spectrogram: _Optional[_Union[_spectra_pb2.Spectrogram, _Mapping]] = ...) -> None: ...

class GetScalogramRequest(_message.Message):
    __slots__ = ("sensor_id", "channel", "start_time", "duration", "band", "voices_per_octave", "column_count")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    BAND_FIELD_NUMBER: _ClassVar[int]
    VOICES_PER_OCTAVE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_COUNT_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    start_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    band: _spectrum_pb2.FrequencyBand
    voices_per_octave: int
    column_count: int
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., band: _Optional[_Union[_spectrum_pb2.FrequencyBand, _Mapping]] = ..., voices_per_octave: _Optional[int] = ..., column_count: _Optional[int] = ...) -> None: ...

class GetScalogramResponse(_message.Message):
    __slots__ = ("scalogram",)
    SCALOGRAM_FIELD_NUMBER: _ClassVar[int]
    scalogram: _spectra_pb2.Scalogram
    def __init__(self, scalogram: _Optional[_Union[_spectra_pb2.Scalogram, _Mapping]] = ...) -> None: ...

class GetKurtogramRequest(_message.Message):
    __slots__ = ("sensor_id", "channel", "start_time", "duration", "level_count")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    LEVEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    start_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    level_count: int
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., level_count: _Optional[int] = ...) -> None: ...

class GetKurtogramResponse(_message.Message):
    __slots__ = ("kurtogram",)
    KURTOGRAM_FIELD_NUMBER: _ClassVar[int]
    kurtogram: _spectra_pb2.Kurtogram
    def __init__(self, kurtogram: _Optional[_Union[_spectra_pb2.Kurtogram, _Mapping]] = ...) -> None: ...

class GetTimeSynchronousAverageRequest(_message.Message):
    __slots__ = ("sensor_id", "channel", "start_time", "duration", "shaft_speed_hz", "tacho_channel", "pulses_per_revolution", "maximum_order", "teeth", "reference_times")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
    TACHO_CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PULSES_PER_REVOLUTION_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_ORDER_FIELD_NUMBER: _ClassVar[int]
    TEETH_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_TIMES_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    channel: str
    start_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    shaft_speed_hz: float
    tacho_channel: str
    pulses_per_revolution: int
    maximum_order: float
    teeth: int
    reference_times: _containers.RepeatedCompositeFieldContainer[_timestamp_pb2.Timestamp]
    def __init__(self, sensor_id: _Optional[str] = ..., channel: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., shaft_speed_hz: _Optional[float] = ..., tacho_channel: _Optional[str] = ..., pulses_per_revolution: _Optional[int] = ..., maximum_order: _Optional[float] = ..., teeth: _Optional[int] = ..., reference_times: _Optional[_Iterable[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]]] = ...) -> None: ...

class GetTimeSynchronousAverageResponse(_message.Message):
    __slots__ = ("average",)
    AVERAGE_FIELD_NUMBER: _ClassVar[int]
    average: _spectra_pb2.TimeSynchronousAverage
    def __init__(self, average: _Optional[_Union[_spectra_pb2.TimeSynchronousAverage, _Mapping]] = ...) -> None: ...

class ListFeatureDefinitionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListFeatureDefinitionsResponse(_message.Message):
    __slots__ = ("features",)
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedCompositeFieldContainer[_features_pb2.FeatureDefinition]
    def __init__(self, features: _Optional[_Iterable[_Union[_features_pb2.FeatureDefinition, _Mapping]]] = ...) -> None: ...
