"""The trailing reference: how the machine was a moment ago, to see steps against."""

from typing import Any, Final

import numpy as np

from kurto_dsp.arrays import Float64Array
from kurto_dsp.condition.json_arrays import from_json, to_json
from kurto_dsp.condition.operating_bins import OperatingBin
from kurto_dsp.condition.reference_levels import ReferenceLevels
from kurto_dsp.exceptions import ParameterError

TRAILING_WINDOWS: Final = 60
"""Windows that the trailing reference looks back."""

MIN_TRAILING_WINDOWS: Final = 20
"""Fewest windows of the same bin among them: the first 20 tell nothing."""


class TrailingReference:
    """Median and spread of the last windows of the same operating bin.

    It forgets: what it says follows from the last `length` windows alone, so that somebody who
    reads these again gets the same, and its memory has a bound.

    Parameters
    ----------
    shape : tuple of int
        Channels and features of a window.
    length : int >= 1
        Windows remembered, of all bins together.
    min_windows : int >= 1
        Fewest windows of a bin that are a reference.

    Raises
    ------
    ParameterError
        If `min_windows` of `length` windows are impossible.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        *,
        length: int = TRAILING_WINDOWS,
        min_windows: int = MIN_TRAILING_WINDOWS,
    ) -> None:
        if not 1 <= min_windows <= length:
            raise ParameterError(
                f"1 <= min_windows <= length must hold, got {min_windows} and {length}"
            )
        self._ring = np.full((length, *shape), np.nan)
        self._bins: list[OperatingBin] = []  # oldest first
        self._next = 0
        self._min_windows = min_windows

    @property
    def length(self) -> int:
        """Windows that it remembers."""
        return len(self._ring)

    def levels(self, operating_bin: OperatingBin) -> ReferenceLevels | None:
        """Return the reference of a bin, or None while there are too few windows of it."""
        length = len(self._ring)
        first = (self._next - len(self._bins)) % length
        alike = [n for n, one in enumerate(self._bins) if one == operating_bin]
        if len(alike) < self._min_windows:
            return None
        rows = (first + np.array(alike)) % length
        return ReferenceLevels.of_logs(self._ring[rows], min_values=self._min_windows)

    def add(self, logs: Float64Array, operating_bin: OperatingBin) -> None:
        """Remember a window, in place of the oldest.

        Parameters
        ----------
        logs : Float64Array [shape=shape], neper
            NaN for null.
        operating_bin : OperatingBin
            Its speed and load.
        """
        self._ring[self._next] = logs
        self._next = (self._next + 1) % len(self._ring)
        self._bins.append(operating_bin)
        del self._bins[: -len(self._ring)]

    def state(self) -> dict[str, Any]:
        """Return everything for JSON, oldest window first."""
        first = self._next - len(self._bins)
        rows = (first + np.arange(len(self._bins))) % len(self._ring)
        return {"logs": to_json(self._ring[rows]), "bins": [one.label for one in self._bins]}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where `state` was taken, with the same shape and length."""
        labels = state["bins"]
        logs = from_json(state["logs"], (len(labels), *self._ring.shape[1:]))
        self._bins, self._next = [], 0
        for label, window in zip(labels, logs, strict=True):
            self.add(window, OperatingBin.from_label(label))
