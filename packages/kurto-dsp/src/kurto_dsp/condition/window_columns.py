"""From the features of a window to what operating states and references are made of."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import Float64Array
from kurto_dsp.condition.log_levels import positive_features
from kurto_dsp.condition.operating_state import OperatingEvidence, OperatingRules
from kurto_dsp.condition.reference_levels import ReferenceLayout
from kurto_dsp.units import STANDARD_GRAVITY_MPS2, AccelerationUnit

# Counted windows come once a second, or once a burst: a tenth of what the rules count by default.
# A failing bearing's level falls and rises by a quarter within a few windows: with movements of
# 0.15 neper one window in 50 of such runs was taken for coasting down, with these one in 250.
COUNTED_WINDOW_RULES: Final = OperatingRules(
    level_movement=0.3, centroid_movement=0.3, trend_windows=12,
    confirm_windows=2, max_transient_windows=60, forget_windows=10,
)  # fmt: skip
"""Rules of operating states for windows that count, see `is_counted`."""

EVIDENCE_FEATURES: Final = ("rms", "spectral_centroid", "spectral_flatness")
"""Features that an operating state is told from."""


class WindowColumns:
    """Finds what references need among the features of windows.

    Parameters
    ----------
    feature_names : sequence of str
        Columns of the windows.
    channels, units : sequence of str
        Their rows, and the unit of each channel's samples.

    Attributes
    ----------
    layout : ReferenceLayout
        Rows and columns of `positive`.
    """

    def __init__(
        self, feature_names: Sequence[str], channels: Sequence[str], units: Sequence[str]
    ) -> None:
        features = positive_features(feature_names)
        self.layout = ReferenceLayout(tuple(channels), tuple(units), features)
        self._columns = [feature_names.index(name) for name in features]
        self._evidence = [
            feature_names.index(name) if name in feature_names else None
            for name in EVIDENCE_FEATURES
        ]
        scale = {AccelerationUnit.G.value: STANDARD_GRAVITY_MPS2}
        self._scales = np.array([scale.get(unit, 1.0) for unit in units])

    def positive(self, values: npt.NDArray[np.floating]) -> Float64Array:
        """Return the features that a reference is kept of.

        Parameters
        ----------
        values : NDArray [shape=(channels, features)]
            NaN for null.
        """
        return values[:, self._columns].astype(np.float64)

    def evidence(self, values: npt.NDArray[np.floating], flat: Sequence[bool]) -> OperatingEvidence:
        """Return what tells the operating state, from the channel that shakes most.

        Parameters
        ----------
        values : NDArray [shape=(channels, features)]
            NaN for null.
        flat : sequence of bool
            Channels whose signal does not move: they shake by 0.
        """
        rms = self._column(values, 0) * self._scales
        rms[list(flat)] = 0.0
        if not np.isfinite(rms).any():
            return OperatingEvidence(math.nan)
        row = int(np.nanargmax(rms))
        centroid, flatness = (float(self._column(values, place)[row]) for place in (1, 2))
        return OperatingEvidence(float(rms[row]), centroid, flatness)

    def _column(self, values: npt.NDArray[np.floating], place: int) -> Float64Array:
        column = self._evidence[place]
        if column is None:
            return np.full(len(values), np.nan)
        return values[:, column].astype(np.float64)
