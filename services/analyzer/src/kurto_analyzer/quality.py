"""From the flags of kurto_dsp to the mask that travels and is stored."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from kurto.signal.v1.quality_pb2 import QualityFlag as Wire
from kurto_dsp import QualityFlag

__all__ = ["mask_flags", "odd_means", "wire_mask"]

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
_BIAS = 1 << (Wire.QUALITY_FLAG_BIAS - 1)


@functools.cache
def wire_mask(flags: int) -> int:
    """Return the mask for `kurto_dsp.QualityFlag` bits: flag number n is bit n - 1."""
    mask = 0
    for flag, number in _WIRE.items():
        if flags & flag:
            mask |= 1 << (number - 1)
    return mask


def odd_means(
    masks: Sequence[int], means: Sequence[float], ranges: Sequence[tuple[float, float] | None]
) -> tuple[int, ...]:
    """Return `masks` with the flag BIAS where a mean lies outside its range.

    Parameters
    ----------
    masks : sequence of int
        Of each channel.
    means : sequence of float
        Means of the samples in the unit of each channel; NaN is in every range.
    ranges : sequence of (float, float) or None
        Smallest and largest mean in the same unit; None where not declared.

    Examples
    --------
    >>> odd_means([0, 2, 0], [0.5, 11.0, 99.0], [(0.0, 1.0), (9.0, 10.0), None])
    (0, 18, 0)
    """
    return tuple(
        mask | _BIAS if known is not None and (mean < known[0] or mean > known[1]) else mask
        for mask, mean, known in zip(masks, means, ranges, strict=True)
    )


@functools.cache
def mask_flags(mask: int) -> tuple[str, ...]:
    """Return the names of a mask's flags, in the order of their numbers."""
    return tuple(name for name, number in Wire.items() if number and mask & (1 << (number - 1)))
