"""What a reference knows of one operating bin, and how a window compares with it."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from kurto_dsp.arrays import Float64Array, IndexArray
from kurto_dsp.condition.json_arrays import from_json, to_json
from kurto_dsp.condition.log_levels import median_of_valid
from kurto_dsp.exceptions import ParameterError

MAD_FLOOR_NEPER: Final = 0.1
"""Smallest median absolute deviation used for z: a very steady machine would alarm on nothing."""

MAD_TO_SIGMA: Final = 1.4826
"""Standard deviation of a Gaussian over its median absolute deviation."""


@dataclass(frozen=True, slots=True)
class ReferenceLayout:
    """Rows and columns of the arrays of a reference.

    Parameters
    ----------
    channels : tuple of str
        Rows.
    units : tuple of str
        Unit of each channel's samples: levels of one unit are not compared with those of another.
    features : tuple of str
        Columns.
    """

    channels: tuple[str, ...]
    units: tuple[str, ...]
    features: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Channels, features."""
        return len(self.channels), len(self.features)

    def state(self) -> dict[str, Any]:
        """Return the layout for JSON."""
        return {
            "channels": list(self.channels),
            "units": list(self.units),
            "features": list(self.features),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "ReferenceLayout":
        """Return the layout of `state`."""
        return cls(tuple(state["channels"]), tuple(state["units"]), tuple(state["features"]))


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """A window beside a reference.

    Parameters
    ----------
    factor : Float64Array [shape=(channels, features)]
        Value over the reference's median; NaN where either is null.
    z : Float64Array [shape=(channels, features)]
        Distance of the logarithms in robust standard deviations; NaN likewise.
    """

    factor: Float64Array
    z: Float64Array


@dataclass(frozen=True, eq=False, slots=True)
class ReferenceLevels:
    """Median and spread of the logarithms of features in one operating bin.

    Parameters
    ----------
    median : Float64Array [shape=(channels, features)], neper
        Median of ln(feature); NaN where there were too few values.
    mad : Float64Array [shape=(channels, features)], neper
        Median absolute deviation from it, without floor.
    counts : IndexArray [shape=(channels, features)]
        Values that each is of.
    window_count : int
        Windows of the bin.
    """

    median: Float64Array
    mad: Float64Array
    counts: IndexArray
    window_count: int

    @classmethod
    def of_logs(cls, logs: Float64Array, *, min_values: int = 1) -> "ReferenceLevels":
        """Return the levels of windows.

        Parameters
        ----------
        logs : Float64Array [shape=(windows, channels, features)], neper
            NaN for null.
        min_values : int >= 1
            Fewest values of a feature, below which its median is null.
        """
        median, counts = median_of_valid(logs)
        mad, _ = median_of_valid(np.abs(logs - median))
        few = counts < min_values
        median[few], mad[few] = np.nan, np.nan
        return cls(median, mad, counts, len(logs))

    @property
    def values(self) -> Float64Array:
        """The medians as features: exp(median), in the features' units."""
        return np.exp(self.median)

    def compare(self, logs: Float64Array) -> Comparison:
        """Compare a window.

        Parameters
        ----------
        logs : Float64Array [shape=(channels, features)], neper
            Logarithms of its features, NaN for null.

        Raises
        ------
        ParameterError
            If the shape is another one.
        """
        if logs.shape != self.median.shape:
            raise ParameterError(
                f"a window of shape {logs.shape} has no comparison with a reference of shape "
                f"{self.median.shape}: give the features of the reference's layout"
            )
        distance = logs - self.median
        sigma = MAD_TO_SIGMA * np.maximum(self.mad, MAD_FLOOR_NEPER)
        return Comparison(np.exp(distance), distance / sigma)

    def state(self) -> dict[str, Any]:
        """Return the levels for JSON; every number comes back exactly."""
        return {
            "median": to_json(self.median),
            "mad": to_json(self.mad),
            "counts": self.counts.tolist(),
            "window_count": self.window_count,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], shape: tuple[int, int]) -> "ReferenceLevels":
        """Return the levels of `state`."""
        return cls(
            from_json(state["median"], shape),
            from_json(state["mad"], shape),
            np.array(state["counts"], np.int64).reshape(shape),
            int(state["window_count"]),
        )
