from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class QualityFlag(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUALITY_FLAG_UNSPECIFIED: _ClassVar[QualityFlag]
    QUALITY_FLAG_GAP: _ClassVar[QualityFlag]
    QUALITY_FLAG_CLIPPED: _ClassVar[QualityFlag]
    QUALITY_FLAG_FLAT: _ClassVar[QualityFlag]
    QUALITY_FLAG_NON_FINITE: _ClassVar[QualityFlag]
    QUALITY_FLAG_BIAS: _ClassVar[QualityFlag]
    QUALITY_FLAG_RATE_DRIFT: _ClassVar[QualityFlag]
    QUALITY_FLAG_TOO_SHORT: _ClassVar[QualityFlag]
    QUALITY_FLAG_BAND_UNAVAILABLE: _ClassVar[QualityFlag]
    QUALITY_FLAG_UNDEFINED: _ClassVar[QualityFlag]
QUALITY_FLAG_UNSPECIFIED: QualityFlag
QUALITY_FLAG_GAP: QualityFlag
QUALITY_FLAG_CLIPPED: QualityFlag
QUALITY_FLAG_FLAT: QualityFlag
QUALITY_FLAG_NON_FINITE: QualityFlag
QUALITY_FLAG_BIAS: QualityFlag
QUALITY_FLAG_RATE_DRIFT: QualityFlag
QUALITY_FLAG_TOO_SHORT: QualityFlag
QUALITY_FLAG_BAND_UNAVAILABLE: QualityFlag
QUALITY_FLAG_UNDEFINED: QualityFlag
