import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.assets.v1 import assets_pb2 as _assets_pb2
from kurto.signal.v1 import features_pb2 as _features_pb2
from kurto.signal.v1 import samples_pb2 as _samples_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SensorOpen(_message.Message):
    __slots__ = ("slot", "sensor_id", "epoch", "config", "encoding", "scales", "anchor_time", "hop_samples", "window_hops", "shard", "backfill")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    SCALES_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_TIME_FIELD_NUMBER: _ClassVar[int]
    HOP_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_HOPS_FIELD_NUMBER: _ClassVar[int]
    SHARD_FIELD_NUMBER: _ClassVar[int]
    BACKFILL_FIELD_NUMBER: _ClassVar[int]
    slot: int
    sensor_id: str
    epoch: int
    config: _assets_pb2.SensorConfig
    encoding: _samples_pb2.SampleEncoding
    scales: _containers.RepeatedScalarFieldContainer[float]
    anchor_time: _timestamp_pb2.Timestamp
    hop_samples: int
    window_hops: int
    shard: int
    backfill: bool
    def __init__(self, slot: _Optional[int] = ..., sensor_id: _Optional[str] = ..., epoch: _Optional[int] = ..., config: _Optional[_Union[_assets_pb2.SensorConfig, _Mapping]] = ..., encoding: _Optional[_Union[_samples_pb2.SampleEncoding, str]] = ..., scales: _Optional[_Iterable[float]] = ..., anchor_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., hop_samples: _Optional[int] = ..., window_hops: _Optional[int] = ..., shard: _Optional[int] = ..., backfill: _Optional[bool] = ...) -> None: ...

class HopRun(_message.Message):
    __slots__ = ("slot", "hop_index", "hop_count", "planar", "empty_reason", "late", "shaft_speeds_hz", "loads")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    HOP_INDEX_FIELD_NUMBER: _ClassVar[int]
    HOP_COUNT_FIELD_NUMBER: _ClassVar[int]
    PLANAR_FIELD_NUMBER: _ClassVar[int]
    EMPTY_REASON_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    SHAFT_SPEEDS_HZ_FIELD_NUMBER: _ClassVar[int]
    LOADS_FIELD_NUMBER: _ClassVar[int]
    slot: int
    hop_index: int
    hop_count: int
    planar: bytes
    empty_reason: _features_pb2.EmptyReason
    late: bool
    shaft_speeds_hz: _containers.RepeatedScalarFieldContainer[float]
    loads: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, slot: _Optional[int] = ..., hop_index: _Optional[int] = ..., hop_count: _Optional[int] = ..., planar: _Optional[bytes] = ..., empty_reason: _Optional[_Union[_features_pb2.EmptyReason, str]] = ..., late: _Optional[bool] = ..., shaft_speeds_hz: _Optional[_Iterable[float]] = ..., loads: _Optional[_Iterable[float]] = ...) -> None: ...

class HopBatch(_message.Message):
    __slots__ = ("runs",)
    RUNS_FIELD_NUMBER: _ClassVar[int]
    runs: _containers.RepeatedCompositeFieldContainer[HopRun]
    def __init__(self, runs: _Optional[_Iterable[_Union[HopRun, _Mapping]]] = ...) -> None: ...

class SkipWindows(_message.Message):
    __slots__ = ("slot", "next_window_index", "reason")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    NEXT_WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    slot: int
    next_window_index: int
    reason: _features_pb2.EmptyReason
    def __init__(self, slot: _Optional[int] = ..., next_window_index: _Optional[int] = ..., reason: _Optional[_Union[_features_pb2.EmptyReason, str]] = ...) -> None: ...

class SensorClose(_message.Message):
    __slots__ = ("slot",)
    SLOT_FIELD_NUMBER: _ClassVar[int]
    slot: int
    def __init__(self, slot: _Optional[int] = ...) -> None: ...

class AnalyzeWindowsRequest(_message.Message):
    __slots__ = ("open", "hops", "skip", "close")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    HOPS_FIELD_NUMBER: _ClassVar[int]
    SKIP_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    open: SensorOpen
    hops: HopBatch
    skip: SkipWindows
    close: SensorClose
    def __init__(self, open: _Optional[_Union[SensorOpen, _Mapping]] = ..., hops: _Optional[_Union[HopBatch, _Mapping]] = ..., skip: _Optional[_Union[SkipWindows, _Mapping]] = ..., close: _Optional[_Union[SensorClose, _Mapping]] = ...) -> None: ...

class WindowPosition(_message.Message):
    __slots__ = ("slot", "next_window_index", "opened")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    NEXT_WINDOW_INDEX_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    slot: int
    next_window_index: int
    opened: bool
    def __init__(self, slot: _Optional[int] = ..., next_window_index: _Optional[int] = ..., opened: _Optional[bool] = ...) -> None: ...

class AnalyzeWindowsResponse(_message.Message):
    __slots__ = ("positions",)
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    positions: _containers.RepeatedCompositeFieldContainer[WindowPosition]
    def __init__(self, positions: _Optional[_Iterable[_Union[WindowPosition, _Mapping]]] = ...) -> None: ...
