import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from kurto.alerts.v1 import alerts_pb2 as _alerts_pb2
from kurto.ingest.v1 import stream_status_pb2 as _stream_status_pb2
from kurto.signal.v1 import features_pb2 as _features_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SubscribeRequest(_message.Message):
    __slots__ = ("sensor_ids", "feature_names", "include_alerts", "include_stream_status", "cursor")
    SENSOR_IDS_FIELD_NUMBER: _ClassVar[int]
    FEATURE_NAMES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ALERTS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_STREAM_STATUS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    sensor_ids: _containers.RepeatedScalarFieldContainer[str]
    feature_names: _containers.RepeatedScalarFieldContainer[str]
    include_alerts: bool
    include_stream_status: bool
    cursor: str
    def __init__(self, sensor_ids: _Optional[_Iterable[str]] = ..., feature_names: _Optional[_Iterable[str]] = ..., include_alerts: _Optional[bool] = ..., include_stream_status: _Optional[bool] = ..., cursor: _Optional[str] = ...) -> None: ...

class FeatureUpdate(_message.Message):
    __slots__ = ("frames",)
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    frames: _containers.RepeatedCompositeFieldContainer[_features_pb2.FeatureFrame]
    def __init__(self, frames: _Optional[_Iterable[_Union[_features_pb2.FeatureFrame, _Mapping]]] = ...) -> None: ...

class AlertSnapshot(_message.Message):
    __slots__ = ("alerts",)
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    alerts: _containers.RepeatedCompositeFieldContainer[_alerts_pb2.Alert]
    def __init__(self, alerts: _Optional[_Iterable[_Union[_alerts_pb2.Alert, _Mapping]]] = ...) -> None: ...

class AlertUpdate(_message.Message):
    __slots__ = ("transitions",)
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    transitions: _containers.RepeatedCompositeFieldContainer[_alerts_pb2.AlertTransition]
    def __init__(self, transitions: _Optional[_Iterable[_Union[_alerts_pb2.AlertTransition, _Mapping]]] = ...) -> None: ...

class StreamStatusUpdate(_message.Message):
    __slots__ = ("streams",)
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    streams: _containers.RepeatedCompositeFieldContainer[_stream_status_pb2.SensorStatus]
    def __init__(self, streams: _Optional[_Iterable[_Union[_stream_status_pb2.SensorStatus, _Mapping]]] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Resync(_message.Message):
    __slots__ = ("message", "features_lost", "alerts_lost")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FEATURES_LOST_FIELD_NUMBER: _ClassVar[int]
    ALERTS_LOST_FIELD_NUMBER: _ClassVar[int]
    message: str
    features_lost: bool
    alerts_lost: bool
    def __init__(self, message: _Optional[str] = ..., features_lost: _Optional[bool] = ..., alerts_lost: _Optional[bool] = ...) -> None: ...

class SubscribeResponse(_message.Message):
    __slots__ = ("cursor", "server_time", "features", "alert_snapshot", "alerts", "stream_status", "heartbeat", "resync")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    ALERT_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    STREAM_STATUS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    server_time: _timestamp_pb2.Timestamp
    features: FeatureUpdate
    alert_snapshot: AlertSnapshot
    alerts: AlertUpdate
    stream_status: StreamStatusUpdate
    heartbeat: Heartbeat
    resync: Resync
    def __init__(self, cursor: _Optional[str] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., features: _Optional[_Union[FeatureUpdate, _Mapping]] = ..., alert_snapshot: _Optional[_Union[AlertSnapshot, _Mapping]] = ..., alerts: _Optional[_Union[AlertUpdate, _Mapping]] = ..., stream_status: _Optional[_Union[StreamStatusUpdate, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., resync: _Optional[_Union[Resync, _Mapping]] = ...) -> None: ...
