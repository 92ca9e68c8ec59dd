"""Durations and limits as people write them: 3m, 1.5 s, 0.5 g."""

from __future__ import annotations

import math
import re

DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)")
MICROSECONDS = {
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
}
SPOKEN = (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000))
QUANTITY = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([a-zA-Z0-9/²]*)")


def parse_duration(text: str) -> int:
    """Return the microseconds of a duration such as ``5s``, ``1.5 s``, ``3m`` or ``1h``.

    Raises
    ------
    ValueError
        If it is none; a number without a unit is none either.
    """
    match = DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no duration; write one such as 500ms, 5s, 3m or 1h")
    exact = float(match[1]) * MICROSECONDS[match[2]]
    if not exact <= 1e15:
        raise ValueError(f"{text!r} is longer than any rule can wait")
    return round(exact)


def format_duration(microseconds: int) -> str:
    """Return a duration as `parse_duration` takes it, exactly."""
    for unit, size in SPOKEN:
        if microseconds and microseconds % size == 0:
            return f"{microseconds // size}{unit}"
    if microseconds % 1000 == 0:
        return f"{microseconds // 1000}ms" if microseconds else "0s"
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}s"


def parse_quantity(text: str) -> tuple[float, str]:
    """Return number and unit of a limit such as ``0.5 g`` or ``4``; the unit may be empty.

    Raises
    ------
    ValueError
        If it is no finite number.
    """
    match = QUANTITY.fullmatch(text.strip())
    number = float(match[1]) if match else math.nan
    if match is None or not math.isfinite(number):
        raise ValueError(f"{text!r} is no number; write one such as 0.5 or 0.5 g")
    return number, match[2]
