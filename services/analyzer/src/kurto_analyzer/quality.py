"""From the flags of kurto_dsp to the mask that travels and is stored."""

from __future__ import annotations

import functools

from kurto.signal.v1.quality_pb2 import QualityFlag as Wire
from kurto_dsp import QualityFlag

__all__ = ["mask_flags", "wire_mask"]

# What no accelerometer can produce is no measurement, like NaN; an amplitude below any noise is
# reported as out of range too and has null features all the same.
_WIRE: dict[QualityFlag, int] = {
    QualityFlag.GAP: Wire.QUALITY_FLAG_GAP,
    QualityFlag.NON_FINITE: Wire.QUALITY_FLAG_NON_FINITE,
    QualityFlag.OUT_OF_RANGE: Wire.QUALITY_FLAG_NON_FINITE,
    QualityFlag.CONSTANT: Wire.QUALITY_FLAG_FLAT,
    QualityFlag.ZERO: Wire.QUALITY_FLAG_FLAT,
    QualityFlag.TOO_SHORT: Wire.QUALITY_FLAG_TOO_SHORT,
    QualityFlag.BAND_UNAVAILABLE: Wire.QUALITY_FLAG_BAND_UNAVAILABLE,
    QualityFlag.CLIPPED: Wire.QUALITY_FLAG_CLIPPED,
    QualityFlag.UNDEFINED: Wire.QUALITY_FLAG_UNDEFINED,
}


@functools.cache
def wire_mask(flags: int) -> int:
    """Return the mask for `kurto_dsp.QualityFlag` bits: flag number n is bit n - 1."""
    mask = 0
    for flag, number in _WIRE.items():
        if flags & flag:
            mask |= 1 << (number - 1)
    return mask


@functools.cache
def mask_flags(mask: int) -> tuple[str, ...]:
    """Return the names of a mask's flags, in the order of their numbers."""
    return tuple(name for name, number in Wire.items() if number and mask & (1 << (number - 1)))
