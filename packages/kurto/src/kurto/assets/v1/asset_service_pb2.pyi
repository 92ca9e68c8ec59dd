from google.api import annotations_pb2 as _annotations_pb2
from kurto.assets.v1 import assets_pb2 as _assets_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateSiteRequest(_message.Message):
    __slots__ = ("site",)
    SITE_FIELD_NUMBER: _ClassVar[int]
    site: _assets_pb2.Site
    def __init__(self, site: _Optional[_Union[_assets_pb2.Site, _Mapping]] = ...) -> None: ...

class CreateSiteResponse(_message.Message):
    __slots__ = ("site",)
    SITE_FIELD_NUMBER: _ClassVar[int]
    site: _assets_pb2.Site
    def __init__(self, site: _Optional[_Union[_assets_pb2.Site, _Mapping]] = ...) -> None: ...

class GetSiteRequest(_message.Message):
    __slots__ = ("site_id",)
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    site_id: str
    def __init__(self, site_id: _Optional[str] = ...) -> None: ...

class GetSiteResponse(_message.Message):
    __slots__ = ("site",)
    SITE_FIELD_NUMBER: _ClassVar[int]
    site: _assets_pb2.Site
    def __init__(self, site: _Optional[_Union[_assets_pb2.Site, _Mapping]] = ...) -> None: ...

class ListSitesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "include_archived")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    include_archived: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., include_archived: _Optional[bool] = ...) -> None: ...

class ListSitesResponse(_message.Message):
    __slots__ = ("sites", "next_page_token")
    SITES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sites: _containers.RepeatedCompositeFieldContainer[_assets_pb2.Site]
    next_page_token: str
    def __init__(self, sites: _Optional[_Iterable[_Union[_assets_pb2.Site, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateSiteRequest(_message.Message):
    __slots__ = ("site",)
    SITE_FIELD_NUMBER: _ClassVar[int]
    site: _assets_pb2.Site
    def __init__(self, site: _Optional[_Union[_assets_pb2.Site, _Mapping]] = ...) -> None: ...

class UpdateSiteResponse(_message.Message):
    __slots__ = ("site",)
    SITE_FIELD_NUMBER: _ClassVar[int]
    site: _assets_pb2.Site
    def __init__(self, site: _Optional[_Union[_assets_pb2.Site, _Mapping]] = ...) -> None: ...

class ArchiveSiteRequest(_message.Message):
    __slots__ = ("site_id",)
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    site_id: str
    def __init__(self, site_id: _Optional[str] = ...) -> None: ...

class ArchiveSiteResponse(_message.Message):
    __slots__ = ("site",)
    SITE_FIELD_NUMBER: _ClassVar[int]
    site: _assets_pb2.Site
    def __init__(self, site: _Optional[_Union[_assets_pb2.Site, _Mapping]] = ...) -> None: ...

class CreateMachineRequest(_message.Message):
    __slots__ = ("machine",)
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    machine: _assets_pb2.Machine
    def __init__(self, machine: _Optional[_Union[_assets_pb2.Machine, _Mapping]] = ...) -> None: ...

class CreateMachineResponse(_message.Message):
    __slots__ = ("machine",)
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    machine: _assets_pb2.Machine
    def __init__(self, machine: _Optional[_Union[_assets_pb2.Machine, _Mapping]] = ...) -> None: ...

class GetMachineRequest(_message.Message):
    __slots__ = ("machine_id",)
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    machine_id: str
    def __init__(self, machine_id: _Optional[str] = ...) -> None: ...

class GetMachineResponse(_message.Message):
    __slots__ = ("machine",)
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    machine: _assets_pb2.Machine
    def __init__(self, machine: _Optional[_Union[_assets_pb2.Machine, _Mapping]] = ...) -> None: ...

class ListMachinesRequest(_message.Message):
    __slots__ = ("site_id", "page_size", "page_token", "include_archived")
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    site_id: str
    page_size: int
    page_token: str
    include_archived: bool
    def __init__(self, site_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., include_archived: _Optional[bool] = ...) -> None: ...

class ListMachinesResponse(_message.Message):
    __slots__ = ("machines", "next_page_token")
    MACHINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    machines: _containers.RepeatedCompositeFieldContainer[_assets_pb2.Machine]
    next_page_token: str
    def __init__(self, machines: _Optional[_Iterable[_Union[_assets_pb2.Machine, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateMachineRequest(_message.Message):
    __slots__ = ("machine",)
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    machine: _assets_pb2.Machine
    def __init__(self, machine: _Optional[_Union[_assets_pb2.Machine, _Mapping]] = ...) -> None: ...

class UpdateMachineResponse(_message.Message):
    __slots__ = ("machine",)
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    machine: _assets_pb2.Machine
    def __init__(self, machine: _Optional[_Union[_assets_pb2.Machine, _Mapping]] = ...) -> None: ...

class ArchiveMachineRequest(_message.Message):
    __slots__ = ("machine_id",)
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    machine_id: str
    def __init__(self, machine_id: _Optional[str] = ...) -> None: ...

class ArchiveMachineResponse(_message.Message):
    __slots__ = ("machine",)
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    machine: _assets_pb2.Machine
    def __init__(self, machine: _Optional[_Union[_assets_pb2.Machine, _Mapping]] = ...) -> None: ...

class CreateSensorRequest(_message.Message):
    __slots__ = ("sensor",)
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    sensor: _assets_pb2.Sensor
    def __init__(self, sensor: _Optional[_Union[_assets_pb2.Sensor, _Mapping]] = ...) -> None: ...

class CreateSensorResponse(_message.Message):
    __slots__ = ("sensor",)
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    sensor: _assets_pb2.Sensor
    def __init__(self, sensor: _Optional[_Union[_assets_pb2.Sensor, _Mapping]] = ...) -> None: ...

class GetSensorRequest(_message.Message):
    __slots__ = ("sensor_id",)
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    def __init__(self, sensor_id: _Optional[str] = ...) -> None: ...

class GetSensorResponse(_message.Message):
    __slots__ = ("sensor",)
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    sensor: _assets_pb2.Sensor
    def __init__(self, sensor: _Optional[_Union[_assets_pb2.Sensor, _Mapping]] = ...) -> None: ...

class ListSensorsRequest(_message.Message):
    __slots__ = ("machine_id", "page_size", "page_token", "include_archived")
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    machine_id: str
    page_size: int
    page_token: str
    include_archived: bool
    def __init__(self, machine_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., include_archived: _Optional[bool] = ...) -> None: ...

class ListSensorsResponse(_message.Message):
    __slots__ = ("sensors", "next_page_token")
    SENSORS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sensors: _containers.RepeatedCompositeFieldContainer[_assets_pb2.Sensor]
    next_page_token: str
    def __init__(self, sensors: _Optional[_Iterable[_Union[_assets_pb2.Sensor, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateSensorRequest(_message.Message):
    __slots__ = ("sensor",)
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    sensor: _assets_pb2.Sensor
    def __init__(self, sensor: _Optional[_Union[_assets_pb2.Sensor, _Mapping]] = ...) -> None: ...

class UpdateSensorResponse(_message.Message):
    __slots__ = ("sensor",)
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    sensor: _assets_pb2.Sensor
    def __init__(self, sensor: _Optional[_Union[_assets_pb2.Sensor, _Mapping]] = ...) -> None: ...

class ArchiveSensorRequest(_message.Message):
    __slots__ = ("sensor_id",)
    SENSOR_ID_FIELD_NUMBER: _ClassVar[int]
    sensor_id: str
    def __init__(self, sensor_id: _Optional[str] = ...) -> None: ...

class ArchiveSensorResponse(_message.Message):
    __slots__ = ("sensor",)
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    sensor: _assets_pb2.Sensor
    def __init__(self, sensor: _Optional[_Union[_assets_pb2.Sensor, _Mapping]] = ...) -> None: ...

class WatchConfigsRequest(_message.Message):
    __slots__ = ("cursor",)
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    def __init__(self, cursor: _Optional[str] = ...) -> None: ...

class WatchConfigsResponse(_message.Message):
    __slots__ = ("sensors", "cursor")
    SENSORS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    sensors: _containers.RepeatedCompositeFieldContainer[_assets_pb2.Sensor]
    cursor: str
    def __init__(self, sensors: _Optional[_Iterable[_Union[_assets_pb2.Sensor, _Mapping]]] = ..., cursor: _Optional[str] = ...) -> None: ...
