"""Features as logarithms in neper: what references are made of."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import Float64Array, IndexArray

SIGNED_FEATURES: Final = frozenset({"mean", "skewness"})
"""Features that may be negative: they have no logarithm and no growth."""

_LEVELS: Final = frozenset({"rms", "velocity_rms", "displacement_rms", "envelope_rms"})
_BAND_PREFIX: Final = "band_rms."


def positive_features(names: Sequence[str]) -> tuple[str, ...]:
    """Return the features that a reference is kept of, in their order.

    Examples
    --------
    >>> positive_features(["mean", "rms", "kurtosis", "skewness"])
    ('rms', 'kurtosis')
    """
    return tuple(name for name in names if name not in SIGNED_FEATURES)


def is_level(name: str) -> bool:
    """Tell whether a feature is a root mean square: a level, which sums up energy.

    Levels are steady from window to window; peaks, ratios and frequencies are not, and no rule
    is built on those.
    """
    return name in _LEVELS or name.startswith(_BAND_PREFIX)


def is_acceleration_level(name: str) -> bool:
    """Tell whether a feature is the RMS of the acceleration, broadband or in a band."""
    return name == "rms" or name.startswith(_BAND_PREFIX)


def log_levels(values: npt.ArrayLike) -> Float64Array:
    """Return natural logarithms; NaN where a value is null, zero or negative.

    Parameters
    ----------
    values : array_like
        Features, NaN for null.

    Returns
    -------
    Float64Array [same shape], neper
    """
    array = np.asarray(values, np.float64)
    logs = np.full(array.shape, np.nan)
    positive = np.isfinite(array) & (array > 0.0)
    np.log(array, out=logs, where=positive)
    return logs


def median_of_valid(values: Float64Array) -> tuple[Float64Array, IndexArray]:
    """Return the median along the first axis without the nulls, and how many values it is of.

    Parameters
    ----------
    values : Float64Array [shape=(windows, ...)]
        NaN for null.

    Returns
    -------
    median : Float64Array [shape=(...)]
        Mean of the two middle values when their number is even; NaN where there is none.
    counts : IndexArray [shape=(...)]
    """
    ordered = np.sort(values, axis=0)  # NaN last
    counts: IndexArray = np.isfinite(ordered).sum(axis=0, dtype=np.int64)
    if not len(ordered):
        return np.full(ordered.shape[1:], np.nan), counts
    low = np.maximum(counts - 1, 0) // 2
    high = np.minimum(counts // 2, np.maximum(counts - 1, 0))
    middle = [np.take_along_axis(ordered, at[np.newaxis], axis=0)[0] for at in (low, high)]
    return 0.5 * (middle[0] + middle[1]), counts
