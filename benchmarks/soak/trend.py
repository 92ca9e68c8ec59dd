"""Whether a quantity grows: a robust slope with its confidence interval, against a bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.stats

_CONFIDENCE = 0.95
_LEAST_SAMPLES = 12


@dataclass(frozen=True)
class Bound:
    """What a quantity may grow by.

    Parameters
    ----------
    per_hour : float
        Slope that is still taken for noise.
    floor : float
        Growth over the whole time judged that is still taken for noise.
    """

    per_hour: float
    floor: float


@dataclass(frozen=True)
class Trend:
    """How a quantity went.

    Parameters
    ----------
    first, last : float
        Medians of the first and the last tenth.
    slope, slope_low, slope_high : float
        Theil-Sen slope per hour and its confidence interval of 95 %.
    hours : float
        Time covered.
    passed : bool or None
        Whether it stayed within its bound; None: too few samples to tell.
    """

    first: float
    last: float
    slope: float
    slope_low: float
    slope_high: float
    hours: float
    passed: bool | None


def judge(times_s: npt.ArrayLike, values: npt.ArrayLike, bound: Bound) -> Trend:
    """Return the trend of a series.

    It fails when the slope is above the bound beyond doubt, and the growth is above the floor:
    the median of all slopes between two samples isn't moved by peaks.

    Parameters
    ----------
    times_s : array_like [shape=(n,)]
        Times in seconds, ascending; n > 0.
    values : array_like [shape=(n,)]
        The quantity.
    bound : Bound
        What it may grow by.
    """
    hours = np.asarray(times_s, dtype=float) / 3600.0
    series = np.asarray(values, dtype=float)
    tenth = max(1, len(series) // 10)
    first, last = float(np.median(series[:tenth])), float(np.median(series[-tenth:]))
    span = float(hours[-1] - hours[0])
    if len(series) < _LEAST_SAMPLES:
        return Trend(first, last, 0.0, 0.0, 0.0, span, None)
    slope, _, low, high = scipy.stats.theilslopes(series, hours, alpha=_CONFIDENCE)
    grows = low > bound.per_hour and slope * span > bound.floor
    return Trend(first, last, float(slope), float(low), float(high), span, not grows)
