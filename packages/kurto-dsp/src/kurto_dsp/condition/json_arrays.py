"""Arrays as JSON: nested lists with null for NaN, since JSON has no NaN."""

import math
from typing import Any

import numpy as np

from kurto_dsp.arrays import Float64Array


def to_json(array: Float64Array) -> list[Any]:
    """Return nested lists; every finite value comes back exactly.

    Examples
    --------
    >>> to_json(np.array([[1.5, np.nan]]))
    [[1.5, None]]
    """
    return [_cell(part) for part in np.asarray(array, np.float64).tolist()]


def from_json(nested: list[Any], shape: tuple[int, ...]) -> Float64Array:
    """Return the array of nested lists, of a shape that empty lists cannot tell."""
    return np.array(nested, np.float64).reshape(shape)  # None becomes NaN


def _cell(part: Any) -> Any:
    if isinstance(part, list):
        return [_cell(inner) for inner in part]
    return part if math.isfinite(part) else None
