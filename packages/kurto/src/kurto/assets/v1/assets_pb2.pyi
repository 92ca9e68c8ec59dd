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

class MachineGroup(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MACHINE_GROUP_UNSPECIFIED: _ClassVar[MachineGroup]
    MACHINE_GROUP_1: _ClassVar[MachineGroup]
    MACHINE_GROUP_2: _ClassVar[MachineGroup]

class MachineSupport(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MACHINE_SUPPORT_UNSPECIFIED: _ClassVar[MachineSupport]
    MACHINE_SUPPORT_RIGID: _ClassVar[MachineSupport]
    MACHINE_SUPPORT_FLEXIBLE: _ClassVar[MachineSupport]

class GeneralMachineClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GENERAL_MACHINE_CLASS_UNSPECIFIED: _ClassVar[GeneralMachineClass]
    GENERAL_MACHINE_CLASS_I: _ClassVar[GeneralMachineClass]
    GENERAL_MACHINE_CLASS_II: _ClassVar[GeneralMachineClass]
    GENERAL_MACHINE_CLASS_III: _ClassVar[GeneralMachineClass]
    GENERAL_MACHINE_CLASS_IV: _ClassVar[GeneralMachineClass]

class ProcessValueRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROCESS_VALUE_ROLE_UNSPECIFIED: _ClassVar[ProcessValueRole]
    PROCESS_VALUE_ROLE_LOAD: _ClassVar[ProcessValueRole]
COUPLING_UNSPECIFIED: Coupling
COUPLING_AC: Coupling
COUPLING_DC: Coupling
MACHINE_GROUP_UNSPECIFIED: MachineGroup
MACHINE_GROUP_1: MachineGroup
MACHINE_GROUP_2: MachineGroup
MACHINE_SUPPORT_UNSPECIFIED: MachineSupport
MACHINE_SUPPORT_RIGID: MachineSupport
MACHINE_SUPPORT_FLEXIBLE: MachineSupport
GENERAL_MACHINE_CLASS_UNSPECIFIED: GeneralMachineClass
GENERAL_MACHINE_CLASS_I: GeneralMachineClass
GENERAL_MACHINE_CLASS_II: GeneralMachineClass
GENERAL_MACHINE_CLASS_III: GeneralMachineClass
GENERAL_MACHINE_CLASS_IV: GeneralMachineClass
PROCESS_VALUE_ROLE_UNSPECIFIED: ProcessValueRole
PROCESS_VALUE_ROLE_LOAD: ProcessValueRole

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

class BiasRange(_message.Message):
    __slots__ = ("lower", "upper")
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    lower: float
    upper: float
    def __init__(self, lower: _Optional[float] = ..., upper: _Optional[float] = ...) -> None: ...

class Channel(_message.Message):
    __slots__ = ("name", "unit", "full_scale", "sensitivity_mv_per_unit", "coupling", "position", "bias_range")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    FULL_SCALE_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_MV_PER_UNIT_FIELD_NUMBER: _ClassVar[int]
    COUPLING_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    BIAS_RANGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    full_scale: float
    sensitivity_mv_per_unit: float
    coupling: Coupling
    position: str
    bias_range: BiasRange
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., full_scale: _Optional[float] = ..., sensitivity_mv_per_unit: _Optional[float] = ..., coupling: _Optional[_Union[Coupling, str]] = ..., position: _Optional[str] = ..., bias_range: _Optional[_Union[BiasRange, _Mapping]] = ...) -> None: ...

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

class BearingGeometry(_message.Message):
    __slots__ = ("element_count", "element_diameter_mm", "pitch_diameter_mm", "contact_angle_deg")
    ELEMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_DIAMETER_MM_FIELD_NUMBER: _ClassVar[int]
    PITCH_DIAMETER_MM_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ANGLE_DEG_FIELD_NUMBER: _ClassVar[int]
    element_count: int
    element_diameter_mm: float
    pitch_diameter_mm: float
    contact_angle_deg: float
    def __init__(self, element_count: _Optional[int] = ..., element_diameter_mm: _Optional[float] = ..., pitch_diameter_mm: _Optional[float] = ..., contact_angle_deg: _Optional[float] = ...) -> None: ...

class Bearing(_message.Message):
    __slots__ = ("designation", "geometry")
    DESIGNATION_FIELD_NUMBER: _ClassVar[int]
    GEOMETRY_FIELD_NUMBER: _ClassVar[int]
    designation: str
    geometry: BearingGeometry
    def __init__(self, designation: _Optional[str] = ..., geometry: _Optional[_Union[BearingGeometry, _Mapping]] = ...) -> None: ...

class IndustrialMachine(_message.Message):
    __slots__ = ("group", "support")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    SUPPORT_FIELD_NUMBER: _ClassVar[int]
    group: MachineGroup
    support: MachineSupport
    def __init__(self, group: _Optional[_Union[MachineGroup, str]] = ..., support: _Optional[_Union[MachineSupport, str]] = ...) -> None: ...

class MachineClass(_message.Message):
    __slots__ = ("industrial", "general")
    INDUSTRIAL_FIELD_NUMBER: _ClassVar[int]
    GENERAL_FIELD_NUMBER: _ClassVar[int]
    industrial: IndustrialMachine
    general: GeneralMachineClass
    def __init__(self, industrial: _Optional[_Union[IndustrialMachine, _Mapping]] = ..., general: _Optional[_Union[GeneralMachineClass, str]] = ...) -> None: ...

class GearStage(_message.Message):
    __slots__ = ("driving_teeth", "driven_teeth")
    DRIVING_TEETH_FIELD_NUMBER: _ClassVar[int]
    DRIVEN_TEETH_FIELD_NUMBER: _ClassVar[int]
    driving_teeth: int
    driven_teeth: int
    def __init__(self, driving_teeth: _Optional[int] = ..., driven_teeth: _Optional[int] = ...) -> None: ...

class FrequencyBand(_message.Message):
    __slots__ = ("low_hz", "high_hz")
    LOW_HZ_FIELD_NUMBER: _ClassVar[int]
    HIGH_HZ_FIELD_NUMBER: _ClassVar[int]
    low_hz: float
    high_hz: float
    def __init__(self, low_hz: _Optional[float] = ..., high_hz: _Optional[float] = ...) -> None: ...

class ProcessValueDefinition(_message.Message):
    __slots__ = ("name", "unit", "role", "bin_width", "valid_for")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    BIN_WIDTH_FIELD_NUMBER: _ClassVar[int]
    VALID_FOR_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    role: ProcessValueRole
    bin_width: float
    valid_for: _duration_pb2.Duration
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., role: _Optional[_Union[ProcessValueRole, str]] = ..., bin_width: _Optional[float] = ..., valid_for: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class SensorConfig(_message.Message):
    __slots__ = ("version", "sample_rate_hz", "channels", "acquisition", "nominal_speed_rpm", "bearing", "machine_class", "gears", "line_frequency_hz", "demodulation_band", "process_values")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    ACQUISITION_FIELD_NUMBER: _ClassVar[int]
    NOMINAL_SPEED_RPM_FIELD_NUMBER: _ClassVar[int]
    BEARING_FIELD_NUMBER: _ClassVar[int]
    MACHINE_CLASS_FIELD_NUMBER: _ClassVar[int]
    GEARS_FIELD_NUMBER: _ClassVar[int]
    LINE_FREQUENCY_HZ_FIELD_NUMBER: _ClassVar[int]
    DEMODULATION_BAND_FIELD_NUMBER: _ClassVar[int]
    PROCESS_VALUES_FIELD_NUMBER: _ClassVar[int]
    version: int
    sample_rate_hz: float
    channels: _containers.RepeatedCompositeFieldContainer[Channel]
    acquisition: Acquisition
    nominal_speed_rpm: float
    bearing: Bearing
    machine_class: MachineClass
    gears: _containers.RepeatedCompositeFieldContainer[GearStage]
    line_frequency_hz: float
    demodulation_band: FrequencyBand
    process_values: _containers.RepeatedCompositeFieldContainer[ProcessValueDefinition]
    def __init__(self, version: _Optional[int] = ..., sample_rate_hz: _Optional[float] = ..., channels: _Optional[_Iterable[_Union[Channel, _Mapping]]] = ..., acquisition: _Optional[_Union[Acquisition, _Mapping]] = ..., nominal_speed_rpm: _Optional[float] = ..., bearing: _Optional[_Union[Bearing, _Mapping]] = ..., machine_class: _Optional[_Union[MachineClass, _Mapping]] = ..., gears: _Optional[_Iterable[_Union[GearStage, _Mapping]]] = ..., line_frequency_hz: _Optional[float] = ..., demodulation_band: _Optional[_Union[FrequencyBand, _Mapping]] = ..., process_values: _Optional[_Iterable[_Union[ProcessValueDefinition, _Mapping]]] = ...) -> None: ...

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
