from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CatalogueBearing(_message.Message):
    __slots__ = ("designation", "maker", "element_count", "element_diameter_mm", "pitch_diameter_mm", "contact_angle_deg", "approximate", "source", "bpfo_order", "bpfi_order", "bsf_order", "ftf_order")
    DESIGNATION_FIELD_NUMBER: _ClassVar[int]
    MAKER_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_DIAMETER_MM_FIELD_NUMBER: _ClassVar[int]
    PITCH_DIAMETER_MM_FIELD_NUMBER: _ClassVar[int]
    CONTACT_ANGLE_DEG_FIELD_NUMBER: _ClassVar[int]
    APPROXIMATE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    BPFO_ORDER_FIELD_NUMBER: _ClassVar[int]
    BPFI_ORDER_FIELD_NUMBER: _ClassVar[int]
    BSF_ORDER_FIELD_NUMBER: _ClassVar[int]
    FTF_ORDER_FIELD_NUMBER: _ClassVar[int]
    designation: str
    maker: str
    element_count: int
    element_diameter_mm: float
    pitch_diameter_mm: float
    contact_angle_deg: float
    approximate: bool
    source: str
    bpfo_order: float
    bpfi_order: float
    bsf_order: float
    ftf_order: float
    def __init__(self, designation: _Optional[str] = ..., maker: _Optional[str] = ..., element_count: _Optional[int] = ..., element_diameter_mm: _Optional[float] = ..., pitch_diameter_mm: _Optional[float] = ..., contact_angle_deg: _Optional[float] = ..., approximate: _Optional[bool] = ..., source: _Optional[str] = ..., bpfo_order: _Optional[float] = ..., bpfi_order: _Optional[float] = ..., bsf_order: _Optional[float] = ..., ftf_order: _Optional[float] = ...) -> None: ...

class ListBearingsRequest(_message.Message):
    __slots__ = ("search", "page_size", "page_token")
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    search: str
    page_size: int
    page_token: str
    def __init__(self, search: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListBearingsResponse(_message.Message):
    __slots__ = ("bearings", "next_page_token", "total_count", "match", "problem")
    BEARINGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    bearings: _containers.RepeatedCompositeFieldContainer[CatalogueBearing]
    next_page_token: str
    total_count: int
    match: CatalogueBearing
    problem: str
    def __init__(self, bearings: _Optional[_Iterable[_Union[CatalogueBearing, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_count: _Optional[int] = ..., match: _Optional[_Union[CatalogueBearing, _Mapping]] = ..., problem: _Optional[str] = ...) -> None: ...
