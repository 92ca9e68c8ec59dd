"""How files name the units of accelerations."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMES = {
    "g": "g",
    "gn": "g",
    "g's": "g",
    "gravity": "g",
    "m/s2": "m/s2",
    "m/s²": "m/s2",
    "m/s^2": "m/s2",
    "m/s**2": "m/s2",
    "m/(s^2)": "m/s2",
    "m/sec^2": "m/s2",
    "meters/second^2": "m/s2",
}
_BRACKETS = re.compile(r".*?(?:\[(?P<square>[^\]]*)\]|\((?P<round>.*)\))")


def acceleration_unit(name: str) -> str | None:
    """Return ``"g"`` or ``"m/s2"``, None for any other name.

    Examples
    --------
    >>> acceleration_unit("m/s^2"), acceleration_unit("V")
    ('m/s2', None)
    """
    return _NAMES.get(name.strip().lower())


_OTHERS = {
    *("v", "mv", "a", "w", "kw", "n", "kn", "nm", "k", "c", "°c", "degc", "deg c", "f", "°f"),
    *("%", "bar", "pa", "kpa", "mpa", "hz", "rpm", "r/min", "mm/s", "in/s", "m/s"),
    *("mm", "um", "µm", "μm", "mil", "mils", "deg", "°", "rad"),
}
"""Units that may stand in round brackets, where other words may stand too."""


def told_unit(text: str) -> str | None:
    """Return the unit that a text stands for: an acceleration's, another as it is, None for none.

    Examples
    --------
    >>> told_unit("m/s^2"), told_unit(" V "), told_unit("")
    ('m/s2', 'V', None)
    """
    return acceleration_unit(text) or text.strip() or None


def unit_in_brackets(name: str) -> str | None:
    """Return the unit that the name of a column ends in, None if it tells none.

    Examples
    --------
    >>> unit_in_brackets("x [g]"), unit_in_brackets("T (°C)"), unit_in_brackets("x (left)")
    ('g', '°C', None)
    """
    found = _BRACKETS.fullmatch(name.strip())
    if found is None:
        return None
    square, round_ = found["square"], found["round"]
    if square is not None:
        return told_unit(square)
    is_unit = round_.strip().lower() in _OTHERS or acceleration_unit(round_) is not None
    return told_unit(round_) if is_unit else None


def common_unit(units: Iterable[str | None]) -> str | None:
    """Return the acceleration's unit that all channels have, None if they have none or several."""
    found = set(units)
    unit = found.pop() if len(found) == 1 else None
    return unit if unit in ("g", "m/s2") else None
