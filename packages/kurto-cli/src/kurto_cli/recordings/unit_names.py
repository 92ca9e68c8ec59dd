"""How files name the units of accelerations."""

from __future__ import annotations

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


def acceleration_unit(name: str) -> str | None:
    """Return ``"g"`` or ``"m/s2"``, None for any other name.

    Examples
    --------
    >>> acceleration_unit("m/s^2"), acceleration_unit("V")
    ('m/s2', None)
    """
    return _NAMES.get(name.strip().lower())
