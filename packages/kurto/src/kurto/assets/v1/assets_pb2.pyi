import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Coupling(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COUPLING_UNSPECIFIED: _ClassVar[Coupling]
    COUPLING_AC: _ClassVar[Coupling]
    COUPLING_DC: _ClassVar[Coupling]
COUPLING_UNSPECIFIED: Coupling
COUPLING_AC: Coupling
COUPLING_DC: Coupling

class Site(_message.Message):
    __slots__ = ("site_id", "display_name", "archived", "create_time", "update_time")
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    site_id: str
    display_name: str
    archived: bool
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, site_id: _Optional[str] = ..., display_name: _Optional[str] = ..., archived: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Machine(_message.Message):
    __slots__ = ("machine_id", "site_id", "display_name", "nominal_speed_rpm", "archived", "create_time", "update_time")
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    NOMINAL_SPEED_RPM_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    machine_id: str
    site_id: str
    display_name: str
    nominal_speed_rpm: float
    archived: bool
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, machine_id: _Optional[str] = ..., site_id: _Optional[str] = ..., display_name: _Optional[str] = ..., nominal_speed_rpm: _Optional[float] = ..., archived: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Channel(_message.Message):
    __slots__ = ("name", "unit", "full_scale", "sensitivity_mv_per_unit", "coupling", "position")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    FULL_SCALE_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_MV_PER_UNIT_FIELD_NUMBER: _ClassVar[int]
    COUPLING_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    full_scale: float
    sensitivity_mv_per_unit: float
    coupling: Coupling
    position: str
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., full_scale: _Optional[float] = ..., sensitivity_mv_per_unit: _Optional[float] = ..., coupling: _Optional[_Union[Coupling, str]] = ..., position: _Optional[str] = ...) -> None: ...

class ContinuousAcquisition(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BurstAcquisition(_message.Message):
    __slots__ = ("length_samples", "interval")
    LENGTH_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    length_samples: int
    interval: _duration_pb2.Duration
    def __init__(self, length_samples: _Optional[int] = ..., interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Acquisition(_message.Message):
    __slots__ = ("continuous", "burst")
    CONTINUOUS_FIELD_NUMBER: _ClassVar[int]
    BURST_FIELD_NUMBER: _ClassVar[int]
    continuous: ContinuousAcquisition
    burst: BurstAcquisition
    def __init__(self, continuous: _Optional[_Union[ContinuousAcquisition, _Mapping]] = ..., burst: _Optional[_Union[BurstAcquisition, _Mapping]] = ...) -> None: ...

class SensorConfig(_message.Message):
    __slots__ = ("version", "sample_rate_hz", "channels", "acquisition")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    ACQUISITION_FIELD_NUMBER: _ClassVar[int]
    version: int
    sample_rate_hz: float
    channels: _containers.RepeatedCompositeFieldContainer[Channel]
    acquisition: Acquisition
    def __init__(self, version: _Optional[int] = ..., sample_rate_hz: _Optional[float] = ..., channels: _Optional[_Iterable[_Union[Channel, _Mapping]]] = ..., acquisition: _Optional[_Union[Acquisition, _Mapping]] = ...) -> None: ...

class KeepAll(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class KeepFor(_message.Message):
    __slots__ = ("duration",)
    DURATION_FIELD_NUMBER: _ClassVar[int]
    duration: _duration_pb2.Duration
    def __init__(self, duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class KeepSnapshots(_message.Message):
    __slots__ = ("interval", "length", "keep_for")
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    KEEP_FOR_FIELD_NUMBER: _ClassVar[int]
    interval: _duration_pb2.Duration
    length: _duration_pb2.Duration
    keep_for: _duration_pb2.Duration
    def __init__(self, interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., length: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., keep_for: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class KeepAroundAlarms(_message.Message):
    __slots__ = ("before", "after", "keep_for")
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    KEEP_FOR_FIELD_NUMBER: _ClassVar[int]
    before: _duration_pb2.Duration
    after: _duration_pb2.Duration
    keep_for: _duration_pb2.Duration
    def __init__(self, before: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., keep_for: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class RetentionPolicy(_message.Message):
    __slots__ = ("all", "time", "snapshots", "around_alarms")
    ALL_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOTS_FIELD_NUMBER: _ClassVar[int]
    AROUND_ALARMS_FIELD_NUMBER: _ClassVar[int]
    all: KeepAll
    time: KeepFor
    snapshots: KeepSnapshots
    around_alarms: KeepAroundAlarms
    def __init__(self, all: _Optional[_Union[KeepAll, _Mapping]] = ..., time: _Optional[_Union[KeepFor, _Mapping]] = ..., snapshots: _Optional[_Union[KeepSnapshots, _Mapping]] = ..., around_alarms: _Optional[_Union[KeepAroundAlarms, _Mapping]] = ...) -> None: ...

class Sensor(_message.Message):
    __slots__ = ("sensor_id", "machine_id", "display_name", "config", "tags", "monitored", "archived", "create_time", "update_time", "retention")
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    MONITORED_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    machine_id: str
    display_name: str
    config: SensorConfig
    tags: _containers.RepeatedScalarFieldContainer[str]
    monitored: bool
    archived: bool
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    retention: RetentionPolicy
    def __init__(self, sensor_id: _Optional[str] = ..., machine_id: _Optional[str] = ..., display_name: _Optional[str] = ..., config: _Optional[_Union[SensorConfig, _Mapping]] = ..., tags: _Optional[_Iterable[str]] = ..., monitored: _Optional[bool] = ..., archived: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., retention: _Optional[_Union[RetentionPolicy, _Mapping]] = ...) -> None: ...
