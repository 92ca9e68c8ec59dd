"""The frozen reference: how a healthy machine was, learned once and on request.

A baseline is the median and the median absolute deviation of the logarithm of every feature, for
each bin of speed and load, over windows that do not overlap and in which the machine ran. It does
not follow the machine: slow wear shows against it, which is what it is for. References in
`docs/reference/signal/baselines.md`.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import Float64Array
from kurto_dsp.condition.json_arrays import from_json, to_json
from kurto_dsp.condition.log_levels import log_levels
from kurto_dsp.condition.operating_bins import OperatingBin, OperatingBins
from kurto_dsp.condition.reference_levels import ReferenceLayout, ReferenceLevels
from kurto_dsp.exceptions import ParameterError

MIN_WINDOWS: Final = 60
"""Fewest windows of a bin: the median of 60 log levels with a MAD of 0.1 neper has a standard error
of 2.4 %, against limits of a factor of 2."""

MAX_BINS: Final = 64
"""Most bins of one baseline: a machine in more of them has no steady operation to compare with."""


def is_counted(first_index: int, sample_count: int) -> bool:
    """Tell whether a window counts: those that begin at a multiple of their length.

    Such windows share no sample, and which they are does not depend on when somebody begins to
    count.

    Parameters
    ----------
    first_index : int >= 0
        Absolute index of the window's first sample.
    sample_count : int >= 1
        Samples per channel in the window.

    Examples
    --------
    >>> [hop for hop in range(25) if is_counted(2560 * hop, 25600)]
    [0, 10, 20]
    """
    return first_index % sample_count == 0


@dataclass(frozen=True, eq=False, slots=True)
class Baseline:
    """A frozen reference.

    Parameters
    ----------
    layout : ReferenceLayout
        Rows and columns.
    bins : mapping from OperatingBin to ReferenceLevels
        What was learned; bins with too few windows are left out.
    cuts : OperatingBins
        How its bins were cut: windows to compare must be put into the same.
    """

    layout: ReferenceLayout
    bins: dict[OperatingBin, ReferenceLevels]
    cuts: OperatingBins = field(default_factory=OperatingBins)

    def levels(self, operating_bin: OperatingBin) -> ReferenceLevels | None:
        """Return the reference of a bin, or None: then there is nothing to compare with."""
        return self.bins.get(operating_bin)

    @property
    def window_count(self) -> int:
        """Windows of all bins."""
        return sum(levels.window_count for levels in self.bins.values())

    def state(self) -> dict[str, Any]:
        """Return the baseline for JSON."""
        return {
            "layout": self.layout.state(),
            "bins": {one.label: self.bins[one].state() for one in self.bins},
            "cuts": self.cuts.state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Baseline":
        """Return the baseline of `state`."""
        layout = ReferenceLayout.from_state(state["layout"])
        bins = {
            OperatingBin.from_label(label): ReferenceLevels.from_state(levels, layout.shape)
            for label, levels in state["bins"].items()
        }
        return cls(layout, bins, OperatingBins.from_state(state["cuts"]))


class BaselineLearner:
    """Collects windows until there are enough of them.

    The result depends on the windows alone, not on how they were handed over or where the state
    was stored and restored in between. It keeps at most ``MAX_BINS * window_count`` windows.

    Parameters
    ----------
    layout : ReferenceLayout
        Rows and columns of the windows.
    window_count : int >= 60
        Windows of one bin that make the baseline complete.

    Raises
    ------
    ParameterError
        If `window_count` is too small.
    """

    def __init__(self, layout: ReferenceLayout, *, window_count: int = MIN_WINDOWS) -> None:
        if window_count < MIN_WINDOWS:
            raise ParameterError(f"window_count must be at least {MIN_WINDOWS}, got {window_count}")
        self.layout = layout
        self._wanted = window_count
        self._logs: dict[OperatingBin, list[Float64Array]] = {}

    @property
    def counts(self) -> dict[OperatingBin, int]:
        """Windows of each bin so far."""
        return {one: len(logs) for one, logs in self._logs.items()}

    @property
    def missing(self) -> int:
        """Windows that the fullest bin still lacks."""
        return self._wanted - max(self.counts.values(), default=0)

    def add(self, values: npt.ArrayLike, operating_bin: OperatingBin | None = None) -> None:
        """Take one window in which the machine ran; none that overlaps another, see `is_counted`.

        Parameters
        ----------
        values : array_like [shape=(channels, features)]
            NaN for null. A window without any value is left out, as is one that comes after the
            last that was wanted, or in one bin too many.
        operating_bin : OperatingBin, optional
            Its speed and load; unknown by default.

        Raises
        ------
        ParameterError
            If the shape is not that of the layout.
        """
        logs = log_levels(values)
        if logs.shape != self.layout.shape:
            raise ParameterError(
                f"a window needs shape {self.layout.shape} (channels, features), got {logs.shape}"
            )
        operating_bin = operating_bin or OperatingBin()
        full = operating_bin not in self._logs and len(self._logs) >= MAX_BINS
        if self.missing > 0 and not full and np.isfinite(logs).any():
            self._logs.setdefault(operating_bin, []).append(logs)

    def freeze(self, cuts: OperatingBins | None = None) -> Baseline:
        """Return the baseline.

        Parameters
        ----------
        cuts : OperatingBins, optional
            How the bins of its windows were cut.

        Raises
        ------
        ParameterError
            If windows are missing; says how many.
        """
        if self.missing > 0:
            raise ParameterError(
                f"{self.missing} more windows with the machine running are needed, at one speed "
                f"and load; there are {self._wanted - self.missing} of {self._wanted}"
            )
        bins = {
            one: ReferenceLevels.of_logs(np.stack(logs), min_values=MIN_WINDOWS // 2)
            for one, logs in self._logs.items()
            if len(logs) >= MIN_WINDOWS
        }
        return Baseline(self.layout, bins, cuts or OperatingBins())

    def state(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "layout": self.layout.state(),
            "window_count": self._wanted,
            "logs": {one.label: to_json(np.stack(logs)) for one, logs in self._logs.items()},
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "BaselineLearner":
        """Continue where `state` was taken."""
        layout = ReferenceLayout.from_state(state["layout"])
        learner = cls(layout, window_count=state["window_count"])
        for label, logs in state["logs"].items():
            stacked = from_json(logs, (len(logs), *layout.shape))
            learner._logs[OperatingBin.from_label(label)] = list(stacked)
        return learner
