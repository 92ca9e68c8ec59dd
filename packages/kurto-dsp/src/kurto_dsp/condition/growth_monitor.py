"""Follows one sensor against both references: the frozen one sees wear, the trailing one steps."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kurto_dsp.arrays import BoolArray
from kurto_dsp.condition.baselines import Baseline
from kurto_dsp.condition.growth import (
    CRITICAL_FACTOR,
    WARNING_FACTOR,
    AccelerationGrowth,
    GrowthGrade,
    acceleration_growth,
)
from kurto_dsp.condition.log_levels import is_level, log_levels
from kurto_dsp.condition.operating_bins import OperatingBin
from kurto_dsp.condition.persistence import ExceedanceHistory, Persistence
from kurto_dsp.condition.reference_levels import Comparison, ReferenceLayout, ReferenceLevels
from kurto_dsp.condition.trailing import TrailingReference

SLOW: Final = Persistence(5, 8)
"""Wear: what is above its limit in 5 of 8 windows has grown; single shocks have not."""

FAST: Final = Persistence(3, 3)
"""Steps: three windows in a row, as alarms of burst sensors take."""

STEP_FACTOR: Final = 1.5
STEP_Z: Final = 6.0
"""A step is both: half as much again, and outside what the machine did of late."""


@dataclass(frozen=True, eq=False, slots=True)
class Growth:
    """One window of a sensor beside its references.

    Parameters
    ----------
    operating_bin : OperatingBin
        Speed and load of the window.
    frozen : Comparison or None
        Against the baseline; None without one for this bin.
    trailing : Comparison or None
        Against the last windows, levels only (NaN elsewhere); None while they are too few.
    acceleration : AccelerationGrowth or None
        Largest growth of an acceleration level in this window.
    grade : GrowthGrade
        The grade that lasts: 5 of the last 8 windows beyond its factor.
    steps : BoolArray [shape=(channels, features)]
        Levels that have just stepped up, in each of the last three windows.
    """

    operating_bin: OperatingBin
    frozen: Comparison | None
    trailing: Comparison | None
    acceleration: AccelerationGrowth | None
    grade: GrowthGrade
    steps: BoolArray


class GrowthMonitor:
    """Growth of one sensor, window by window.

    Feed it the windows that count (`is_counted`) and in which the machine ran. All it remembers
    are the last windows: after `memory_windows` of them, with values and in bins of the baseline,
    it is where it would be had it seen everything.

    Parameters
    ----------
    layout : ReferenceLayout
        Rows and columns of the windows.
    baseline : Baseline, optional
        The frozen reference. Its channels are found by name and unit, its features by name; what
        it does not hold has no growth.
    """

    def __init__(self, layout: ReferenceLayout, baseline: Baseline | None = None) -> None:
        self.layout = layout
        self._baseline = None if baseline is None else align(baseline, layout)
        self._levels = np.array([is_level(name) for name in layout.features], np.bool_)
        self._trailing = TrailingReference((layout.shape[0], int(self._levels.sum())))
        self._grades = ExceedanceHistory((2,), SLOW)
        self._steps = ExceedanceHistory(layout.shape, FAST)

    @property
    def memory_windows(self) -> int:
        """Windows after which nothing older matters."""
        return self._trailing.length + max(SLOW.of, FAST.of)

    def update(self, values: npt.ArrayLike, operating_bin: OperatingBin | None = None) -> Growth:
        """Compare a window, then remember it.

        Parameters
        ----------
        values : array_like [shape=(channels, features)]
            NaN for null.
        operating_bin : OperatingBin, optional
            Its speed and load; unknown by default.
        """
        operating_bin = operating_bin or OperatingBin()
        logs = log_levels(values)
        reference = self._baseline.levels(operating_bin) if self._baseline else None
        frozen = None if reference is None else reference.compare(logs)
        acceleration = None if frozen is None else acceleration_growth(frozen.factor, self.layout)
        trailing = self._compare_trailing(logs[:, self._levels], operating_bin)
        return Growth(
            operating_bin=operating_bin,
            frozen=frozen,
            trailing=trailing,
            acceleration=acceleration,
            grade=self._lasting_grade(acceleration),
            steps=self._lasting_steps(trailing),
        )

    def _compare_trailing(
        self, logs: npt.NDArray[np.float64], operating_bin: OperatingBin
    ) -> Comparison | None:
        reference = self._trailing.levels(operating_bin)
        self._trailing.add(logs, operating_bin)
        if reference is None:
            return None
        compared = reference.compare(logs)
        factor, z = np.full(self.layout.shape, np.nan), np.full(self.layout.shape, np.nan)
        factor[:, self._levels], z[:, self._levels] = compared.factor, compared.z
        return Comparison(factor, z)

    def _lasting_grade(self, growth: AccelerationGrowth | None) -> GrowthGrade:
        if growth is not None:
            limits = np.array([WARNING_FACTOR, CRITICAL_FACTOR])
            self._grades.update(growth.factor > limits)
        warning, critical = self._grades.lasting.tolist()
        if critical:
            return GrowthGrade.CRITICAL
        return GrowthGrade.WARNING if warning else GrowthGrade.NONE

    def _lasting_steps(self, trailing: Comparison | None) -> BoolArray:
        if trailing is None:
            return self._steps.lasting
        valid = np.isfinite(trailing.factor)
        beyond = np.zeros(valid.shape, np.bool_)
        beyond[valid] = (trailing.factor[valid] > STEP_FACTOR) & (trailing.z[valid] > STEP_Z)
        return self._steps.update(beyond, valid)

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs, for JSON; the baseline apart."""
        return {
            "trailing": self._trailing.state(),
            "grades": self._grades.state(),
            "steps": self._steps.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where `state` was taken, with the same layout and baseline."""
        self._trailing.restore(state["trailing"])
        self._grades.restore(state["grades"])
        self._steps.restore(state["steps"])


def align(baseline: Baseline, layout: ReferenceLayout) -> Baseline:
    """Return a baseline with the rows and columns of `layout`; nulls where it holds none.

    Parameters
    ----------
    baseline : Baseline
        As learned, perhaps by a release with fewer features.
    layout : ReferenceLayout
        Of the windows to compare.
    """
    if baseline.layout == layout:
        return baseline
    known = baseline.layout
    channels = list(zip(known.channels, known.units, strict=True))
    wanted = list(zip(layout.channels, layout.units, strict=True))
    rows = [(n, channels.index(one)) for n, one in enumerate(wanted) if one in channels]
    columns = [
        (n, known.features.index(name))
        for n, name in enumerate(layout.features)
        if name in known.features
    ]
    here = np.ix_([n for n, _ in rows], [n for n, _ in columns])
    there = np.ix_([n for _, n in rows], [n for _, n in columns])
    bins = {}
    for one, levels in baseline.bins.items():
        median, mad = np.full(layout.shape, np.nan), np.full(layout.shape, np.nan)
        counts = np.zeros(layout.shape, np.int64)
        median[here], mad[here] = levels.median[there], levels.mad[there]
        counts[here] = levels.counts[there]
        bins[one] = ReferenceLevels(median, mad, counts, levels.window_count)
    return Baseline(layout, bins, baseline.cuts)
