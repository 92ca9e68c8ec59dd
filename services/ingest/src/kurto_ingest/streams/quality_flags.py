"""Between masks of quality flags and what messages hold."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from kurto.signal.v1 import quality_pb2

__all__ = ["flag_names", "flags_of"]

_PREFIX = "QUALITY_FLAG_"
_FLAGS = cast("tuple[quality_pb2.QualityFlag, ...]", tuple(quality_pb2.QualityFlag.values()[1:]))


@lru_cache(maxsize=256)
def flags_of(mask: int) -> tuple[quality_pb2.QualityFlag, ...]:
    """Return the flags in `mask`: the one with number n is bit n - 1."""
    return tuple(flag for flag in _FLAGS if mask >> (flag - 1) & 1)


def flag_names(mask: int) -> list[str]:
    """Return the names of the flags in `mask`, for people.

    Examples
    --------
    >>> flag_names(0b110)
    ['clipped', 'flat']
    """
    names = map(quality_pb2.QualityFlag.Name, flags_of(mask))
    return [name.removeprefix(_PREFIX).lower() for name in names]
