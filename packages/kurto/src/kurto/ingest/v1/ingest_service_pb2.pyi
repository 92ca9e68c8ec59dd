import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.assets.v1 import assets_pb2 as _assets_pb2
from kurto.errors.v1 import errors_pb2 as _errors_pb2
from kurto.signal.v1 import quality_pb2 as _quality_pb2
from kurto.signal.v1 import samples_pb2 as _samples_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StreamEndReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STREAM_END_REASON_UNSPECIFIED: _ClassVar[StreamEndReason]
    STREAM_END_REASON_HALF_CLOSED: _ClassVar[StreamEndReason]
    STREAM_END_REASON_ROTATE: _ClassVar[StreamEndReason]
    STREAM_END_REASON_DRAIN: _ClassVar[StreamEndReason]
    STREAM_END_REASON_OWNER_CHANGED: _ClassVar[StreamEndReason]
    STREAM_END_REASON_AUTH_EXPIRED: _ClassVar[StreamEndReason]

class HoleReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOLE_REASON_UNSPECIFIED: _ClassVar[HoleReason]
    HOLE_REASON_MISSING: _ClassVar[HoleReason]
    HOLE_REASON_ABANDONED: _ClassVar[HoleReason]
    HOLE_REASON_EXPIRED: _ClassVar[HoleReason]
    HOLE_REASON_QUARANTINED: _ClassVar[HoleReason]

class KeepReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEEP_REASON_UNSPECIFIED: _ClassVar[KeepReason]
    KEEP_REASON_ALARM: _ClassVar[KeepReason]
    KEEP_REASON_SNAPSHOT: _ClassVar[KeepReason]
    KEEP_REASON_REQUEST: _ClassVar[KeepReason]
STREAM_END_REASON_UNSPECIFIED: StreamEndReason
STREAM_END_REASON_HALF_CLOSED: StreamEndReason
STREAM_END_REASON_ROTATE: StreamEndReason
STREAM_END_REASON_DRAIN: StreamEndReason
STREAM_END_REASON_OWNER_CHANGED: StreamEndReason
STREAM_END_REASON_AUTH_EXPIRED: StreamEndReason
HOLE_REASON_UNSPECIFIED: HoleReason
HOLE_REASON_MISSING: HoleReason
HOLE_REASON_ABANDONED: HoleReason
HOLE_REASON_EXPIRED: HoleReason
HOLE_REASON_QUARANTINED: HoleReason
KEEP_REASON_UNSPECIFIED: KeepReason
KEEP_REASON_ALARM: KeepReason
KEEP_REASON_SNAPSHOT: KeepReason
KEEP_REASON_REQUEST: KeepReason

class OpenStreamRequest(_message.Message):
    __slots__ = ("sensor_id", "boot_id", "sample_rate_hz", "channels", "encoding", "scales", "sender_time", "takeover", "start_time", "backfill")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    SCALES_FIELD_NUMBER: _ClassVar[int]
    SENDER_TIME_FIELD_NUMBER: _ClassVar[int]
    TAKEOVER_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    BACKFILL_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    boot_id: str
    sample_rate_hz: float
    channels: _containers.RepeatedScalarFieldContainer[str]
    encoding: _samples_pb2.SampleEncoding
    scales: _containers.RepeatedScalarFieldContainer[float]
    sender_time: _timestamp_pb2.Timestamp
    takeover: bool
    start_time: _timestamp_pb2.Timestamp
    backfill: bool
    def __init__(self, sensor_id: _Optional[str] = ..., boot_id: _Optional[str] = ..., sample_rate_hz: _Optional[float] = ..., channels: _Optional[_Iterable[str]] = ..., encoding: _Optional[_Union[_samples_pb2.SampleEncoding, str]] = ..., scales: _Optional[_Iterable[float]] = ..., sender_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., takeover: _Optional[bool] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., backfill: _Optional[bool] = ...) -> None: ...

class StreamLimits(_message.Message):
    __slots__ = ("max_message_bytes", "max_batch_samples", "max_missing_ranges", "rotate_interval")
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    MAX_MISSING_RANGES_FIELD_NUMBER: _ClassVar[int]
    ROTATE_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    max_message_bytes: int
    max_batch_samples: int
    max_missing_ranges: int
    rotate_interval: _duration_pb2.Duration
    def __init__(self, max_message_bytes: _Optional[int] = ..., max_batch_samples: _Optional[int] = ..., max_missing_ranges: _Optional[int] = ..., rotate_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class OpenStreamResponse(_message.Message):
    __slots__ = ("epoch", "fence", "next_index", "missing_ranges", "limits", "config", "anchor_time", "clock_offset")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    NEXT_INDEX_FIELD_NUMBER: _ClassVar[int]
    MISSING_RANGES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    CLOCK_OFFSET_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    fence: int
    next_index: int
    missing_ranges: _containers.RepeatedCompositeFieldContainer[_samples_pb2.IndexRange]
    limits: StreamLimits
    config: _assets_pb2.SensorConfig
    anchor_time: _timestamp_pb2.Timestamp
    clock_offset: _duration_pb2.Duration
    def __init__(self, epoch: _Optional[int] = ..., fence: _Optional[int] = ..., next_index: _Optional[int] = ..., missing_ranges: _Optional[_Iterable[_Union[_samples_pb2.IndexRange, _Mapping]]] = ..., limits: _Optional[_Union[StreamLimits, _Mapping]] = ..., config: _Optional[_Union[_assets_pb2.SensorConfig, _Mapping]] = ..., anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., clock_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class StreamStart(_message.Message):
    __slots__ = ("slot", "sensor_id", "epoch", "fence", "stream_number")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    STREAM_NUMBER_FIELD_NUMBER: _ClassVar[int]
    slot: int
    sensor_id: str
    epoch: int
    fence: int
    stream_number: int
    def __init__(self, slot: _Optional[int] = ..., sensor_id: _Optional[str] = ..., epoch: _Optional[int] = ..., fence: _Optional[int] = ..., stream_number: _Optional[int] = ...) -> None: ...

class StreamBatch(_message.Message):
    __slots__ = ("slot", "batch")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    slot: int
    batch: _samples_pb2.SampleBatch
    def __init__(self, slot: _Optional[int] = ..., batch: _Optional[_Union[_samples_pb2.SampleBatch, _Mapping]] = ...) -> None: ...

class StreamAbandon(_message.Message):
    __slots__ = ("slot", "range")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    slot: int
    range: _samples_pb2.IndexRange
    def __init__(self, slot: _Optional[int] = ..., range: _Optional[_Union[_samples_pb2.IndexRange, _Mapping]] = ...) -> None: ...

class PushRequest(_message.Message):
    __slots__ = ("start", "batch", "abandon")
    START_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    ABANDON_FIELD_NUMBER: _ClassVar[int]
    start: StreamStart
    batch: StreamBatch
    abandon: StreamAbandon
    def __init__(self, start: _Optional[_Union[StreamStart, _Mapping]] = ..., batch: _Optional[_Union[StreamBatch, _Mapping]] = ..., abandon: _Optional[_Union[StreamAbandon, _Mapping]] = ...) -> None: ...

class RejectedBatch(_message.Message):
    __slots__ = ("first_index", "reason", "message")
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    first_index: int
    reason: _errors_pb2.ErrorReason
    message: str
    def __init__(self, first_index: _Optional[int] = ..., reason: _Optional[_Union[_errors_pb2.ErrorReason, str]] = ..., message: _Optional[str] = ...) -> None: ...

class SensorPushResult(_message.Message):
    __slots__ = ("slot", "sensor_id", "epoch", "next_index", "missing_ranges", "accepted_sample_count", "duplicate_sample_count", "refilled_sample_count", "rejected_batches")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    NEXT_INDEX_FIELD_NUMBER: _ClassVar[int]
    MISSING_RANGES_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFILLED_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REJECTED_BATCHES_FIELD_NUMBER: _ClassVar[int]
    slot: int
    sensor_id: str
    epoch: int
    next_index: int
    missing_ranges: _containers.RepeatedCompositeFieldContainer[_samples_pb2.IndexRange]
    accepted_sample_count: int
    duplicate_sample_count: int
    refilled_sample_count: int
    rejected_batches: _containers.RepeatedCompositeFieldContainer[RejectedBatch]
    def __init__(self, slot: _Optional[int] = ..., sensor_id: _Optional[str] = ..., epoch: _Optional[int] = ..., next_index: _Optional[int] = ..., missing_ranges: _Optional[_Iterable[_Union[_samples_pb2.IndexRange, _Mapping]]] = ..., accepted_sample_count: _Optional[int] = ..., duplicate_sample_count: _Optional[int] = ..., refilled_sample_count: _Optional[int] = ..., rejected_batches: _Optional[_Iterable[_Union[RejectedBatch, _Mapping]]] = ...) -> None: ...

class PushResponse(_message.Message):
    __slots__ = ("results", "end_reason", "retry_after")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[SensorPushResult]
    end_reason: StreamEndReason
    retry_after: _duration_pb2.Duration
    def __init__(self, results: _Optional[_Iterable[_Union[SensorPushResult, _Mapping]]] = ..., end_reason: _Optional[_Union[StreamEndReason, str]] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GetStreamPositionRequest(_message.Message):
    __slots__ = ("sensor_id", "epoch")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    epoch: int
    def __init__(self, sensor_id: _Optional[str] = ..., epoch: _Optional[int] = ...) -> None: ...

class GetStreamPositionResponse(_message.Message):
    __slots__ = ("epoch", "fence", "next_index", "missing_ranges")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    NEXT_INDEX_FIELD_NUMBER: _ClassVar[int]
    MISSING_RANGES_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    fence: int
    next_index: int
    missing_ranges: _containers.RepeatedCompositeFieldContainer[_samples_pb2.IndexRange]
    def __init__(self, epoch: _Optional[int] = ..., fence: _Optional[int] = ..., next_index: _Optional[int] = ..., missing_ranges: _Optional[_Iterable[_Union[_samples_pb2.IndexRange, _Mapping]]] = ...) -> None: ...

class EpochRange(_message.Message):
    __slots__ = ("epoch", "indexes")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    INDEXES_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    indexes: _samples_pb2.IndexRange
    def __init__(self, epoch: _Optional[int] = ..., indexes: _Optional[_Union[_samples_pb2.IndexRange, _Mapping]] = ...) -> None: ...

class SamplePosition(_message.Message):
    __slots__ = ("epoch", "index")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    index: int
    def __init__(self, epoch: _Optional[int] = ..., index: _Optional[int] = ...) -> None: ...

class TimeRange(_message.Message):
    __slots__ = ("start_time", "end_time")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReadSamplesRequest(_message.Message):
    __slots__ = ("sensor_id", "epoch_range", "time_range", "channels", "resume", "include_quarantined")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_RANGE_FIELD_NUMBER: _ClassVar[int]
    TIME_RANGE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    epoch_range: EpochRange
    time_range: TimeRange
    channels: _containers.RepeatedScalarFieldContainer[str]
    resume: SamplePosition
    include_quarantined: bool
    def __init__(self, sensor_id: _Optional[str] = ..., epoch_range: _Optional[_Union[EpochRange, _Mapping]] = ..., time_range: _Optional[_Union[TimeRange, _Mapping]] = ..., channels: _Optional[_Iterable[str]] = ..., resume: _Optional[_Union[SamplePosition, _Mapping]] = ..., include_quarantined: _Optional[bool] = ...) -> None: ...

class SamplesHeader(_message.Message):
    __slots__ = ("sensor_id", "epoch", "config", "channels", "encoding", "scales", "anchor_time", "indexes")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    SCALES_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    INDEXES_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    epoch: int
    config: _assets_pb2.SensorConfig
    channels: _containers.RepeatedScalarFieldContainer[str]
    encoding: _samples_pb2.SampleEncoding
    scales: _containers.RepeatedScalarFieldContainer[float]
    anchor_time: _timestamp_pb2.Timestamp
    indexes: _samples_pb2.IndexRange
    def __init__(self, sensor_id: _Optional[str] = ..., epoch: _Optional[int] = ..., config: _Optional[_Union[_assets_pb2.SensorConfig, _Mapping]] = ..., channels: _Optional[_Iterable[str]] = ..., encoding: _Optional[_Union[_samples_pb2.SampleEncoding, str]] = ..., scales: _Optional[_Iterable[float]] = ..., anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., indexes: _Optional[_Union[_samples_pb2.IndexRange, _Mapping]] = ...) -> None: ...

class SamplesChunk(_message.Message):
    __slots__ = ("first_index", "sample_count", "planar", "quality_flags", "shaft_speed_hz", "start_time", "corrected_start_time", "quarantined")
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    PLANAR_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FLAGS_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEED_HZ_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    CORRECTED_START_TIME_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    first_index: int
    sample_count: int
    planar: bytes
    quality_flags: _containers.RepeatedScalarFieldContainer[_quality_pb2.QualityFlag]
    shaft_speed_hz: float
    start_time: _timestamp_pb2.Timestamp
    corrected_start_time: _timestamp_pb2.Timestamp
    quarantined: bool
    def __init__(self, first_index: _Optional[int] = ..., sample_count: _Optional[int] = ..., planar: _Optional[bytes] = ..., quality_flags: _Optional[_Iterable[_Union[_quality_pb2.QualityFlag, str]]] = ..., shaft_speed_hz: _Optional[float] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., corrected_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., quarantined: _Optional[bool] = ...) -> None: ...

class SamplesHole(_message.Message):
    __slots__ = ("indexes", "reason")
    INDEXES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    indexes: _samples_pb2.IndexRange
    reason: HoleReason
    def __init__(self, indexes: _Optional[_Union[_samples_pb2.IndexRange, _Mapping]] = ..., reason: _Optional[_Union[HoleReason, str]] = ...) -> None: ...

class ReadSamplesResponse(_message.Message):
    __slots__ = ("header", "chunk", "hole")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    HOLE_FIELD_NUMBER: _ClassVar[int]
    header: SamplesHeader
    chunk: SamplesChunk
    hole: SamplesHole
    def __init__(self, header: _Optional[_Union[SamplesHeader, _Mapping]] = ..., chunk: _Optional[_Union[SamplesChunk, _Mapping]] = ..., hole: _Optional[_Union[SamplesHole, _Mapping]] = ...) -> None: ...

class KeptSamples(_message.Message):
    __slots__ = ("keep_id", "sensor_id", "time_range", "reason", "note", "expire_time", "sample_count", "complete", "create_time")
    KEEP_ID_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_RANGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    keep_id: str
    sensor_id: str
    time_range: TimeRange
    reason: KeepReason
    note: str
    expire_time: _timestamp_pb2.Timestamp
    sample_count: int
    complete: bool
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, keep_id: _Optional[str] = ..., sensor_id: _Optional[str] = ..., time_range: _Optional[_Union[TimeRange, _Mapping]] = ..., reason: _Optional[_Union[KeepReason, str]] = ..., note: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sample_count: _Optional[int] = ..., complete: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class KeepSamplesRequest(_message.Message):
    __slots__ = ("keep_id", "sensor_id", "time_range", "reason", "note", "keep_for")
    KEEP_ID_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_RANGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    KEEP_FOR_FIELD_NUMBER: _ClassVar[int]
    keep_id: str
    sensor_id: str
    time_range: TimeRange
    reason: KeepReason
    note: str
    keep_for: _duration_pb2.Duration
    def __init__(self, keep_id: _Optional[str] = ..., sensor_id: _Optional[str] = ..., time_range: _Optional[_Union[TimeRange, _Mapping]] = ..., reason: _Optional[_Union[KeepReason, str]] = ..., note: _Optional[str] = ..., keep_for: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class KeepSamplesResponse(_message.Message):
    __slots__ = ("kept",)
    KEPT_FIELD_NUMBER: _ClassVar[int]
    kept: KeptSamples
    def __init__(self, kept: _Optional[_Union[KeptSamples, _Mapping]] = ...) -> None: ...

class ListKeptSamplesRequest(_message.Message):
    __slots__ = ("sensor_id", "time_range", "page_size", "page_token")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_RANGE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    time_range: TimeRange
    page_size: int
    page_token: str
    def __init__(self, sensor_id: _Optional[str] = ..., time_range: _Optional[_Union[TimeRange, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListKeptSamplesResponse(_message.Message):
    __slots__ = ("kept", "next_page_token")
    KEPT_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    kept: _containers.RepeatedCompositeFieldContainer[KeptSamples]
    next_page_token: str
    def __init__(self, kept: _Optional[_Iterable[_Union[KeptSamples, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
