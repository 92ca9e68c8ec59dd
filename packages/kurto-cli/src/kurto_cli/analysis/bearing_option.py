"""The bearing that a command names."""

from __future__ import annotations

from kurto_dsp.bearings import BearingGeometry, find_bearing


def bearing_of(text: str) -> BearingGeometry:
    """Return the bearing that ``NAME`` or ``n,d,D[,angle]`` means.

    Raises
    ------
    ValueError
        If nobody knows the name, or the numbers cannot be a bearing's.
    """
    parts = text.split(",")
    if len(parts) in (3, 4):
        count, *sizes = (float(part) for part in parts)
        return BearingGeometry(int(count), *sizes)
    return find_bearing(text)
