"""One sensor's counted windows in order: what is learned of them, and how they compare.

Both tracks are functions of the windows that they were given. A process that starts gives them the
stored ones again and is where the one before was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kurto.signal.v1.quality_pb2 import QualityFlag
from kurto_analyzer.baselines.model import StoredBaseline
from kurto_analyzer.frames import Frame, FrameLayout
from kurto_dsp.arrays import Float64Array
from kurto_dsp.condition.baselines import Baseline, BaselineLearner, is_counted
from kurto_dsp.condition.growth_monitor import Growth, GrowthMonitor
from kurto_dsp.condition.operating_bins import OperatingBin, OperatingBins
from kurto_dsp.condition.operating_state import (
    OperatingEvidence,
    OperatingState,
    OperatingStateMachine,
)
from kurto_dsp.condition.reference_levels import ReferenceLayout
from kurto_dsp.condition.window_columns import COUNTED_WINDOW_RULES, WindowColumns

__all__ = ["REPLAY_WINDOWS", "ConditionTrack", "LearningTrack", "counts"]

REPLAY_WINDOWS = 120
"""Windows that a condition is rebuilt from: what the references look back, and a start before."""


def counts(frame: Frame) -> bool:
    """Tell whether a frame counts for baselines."""
    return (
        frame.values is not None
        and not frame.late
        and is_counted(frame.first_index, frame.sample_count)
    )


def _columns(layout: FrameLayout) -> WindowColumns:
    return WindowColumns(layout.feature_names, layout.channels, layout.units)


def _values(columns: WindowColumns, frame: Frame) -> Float64Array:
    assert frame.values is not None
    return columns.positive(frame.values)


def _evidence(columns: WindowColumns, frame: Frame) -> OperatingEvidence:
    assert frame.values is not None
    flat = [_bears(mask, QualityFlag.QUALITY_FLAG_FLAT) for mask in frame.quality]
    return columns.evidence(frame.values, flat)


class LearningTrack:
    """Learns one baseline.

    Parameters
    ----------
    stored : StoredBaseline
        The one that is being learned.
    """

    def __init__(self, stored: StoredBaseline) -> None:
        self.stored = stored
        self._gate = OperatingStateMachine(COUNTED_WINDOW_RULES)
        self._layout: FrameLayout | None = None
        self._columns: WindowColumns | None = None
        self._learner: BaselineLearner | None = None
        self._last: tuple[int, int] | None = None
        self._cuts = OperatingBins()

    @property
    def missing(self) -> int:
        """Windows with the machine running that are still needed."""
        return self.stored.wanted_windows if self._learner is None else self._learner.missing

    def learned(self) -> Baseline | None:
        """Return the baseline once nothing is missing."""
        if self._learner is None or self._learner.missing > 0:
            return None
        return self._learner.freeze(self._cuts)

    def update(self, frame: Frame) -> None:
        """Take a counted frame; those before the beginning, or known already, change nothing."""
        if frame.start_us < self.stored.begin_us or (self._last and frame.order <= self._last):
            return
        self._last = frame.order
        if self._columns is None or self._layout != frame.layout:
            # Other channels or features: what was learned is of something else.
            self._layout, self._columns = frame.layout, _columns(frame.layout)
            self._learner = BaselineLearner(
                self._columns.layout, window_count=self.stored.wanted_windows
            )
        assert self._learner is not None
        state = self._gate.update(_evidence(self._columns, frame))
        if state is OperatingState.RUNNING:
            values = _values(self._columns, frame)
            values[_clipped(frame)] = np.nan  # lower bounds are no healthy levels
            self._learner.add(values, self._bin(frame))

    def _bin(self, frame: Frame) -> OperatingBin:
        """Put a window into a bin.

        The first speed that is seen is the middle of bin 0; the first load says how wide the bins
        of load are, so that a change of the configuration does not move them.
        """
        cuts = self._cuts
        if cuts.reference_speed_hz is None and frame.shaft_speed_hz > 0.0:
            cuts = replace(cuts, reference_speed_hz=frame.shaft_speed_hz)
        if cuts.load_step is None and frame.load_step > 0.0:
            cuts = replace(cuts, load_step=frame.load_step)
        self._cuts = cuts
        return cuts.bin_of(speed_hz=frame.shaft_speed_hz, load=frame.load)


@dataclass(frozen=True, eq=False, slots=True)
class Compared:
    """A window of a running machine, and how it compares.

    Attributes
    ----------
    frame : Frame
        The window.
    layout : ReferenceLayout
        Rows and columns of the comparison.
    growth : Growth
        The comparison.
    """

    frame: Frame
    layout: ReferenceLayout
    growth: Growth


class ConditionTrack:
    """Follows a sensor against its baseline.

    Parameters
    ----------
    in_force : StoredBaseline or None
        The baseline, if there is one.

    Attributes
    ----------
    newest : Frame or None
        The newest counted frame.
    compared : Compared or None
        The newest one in which the machine ran.
    """

    def __init__(self, in_force: StoredBaseline | None) -> None:
        self.in_force = in_force
        self.newest: Frame | None = None
        self.compared: Compared | None = None
        self._gate = OperatingStateMachine(COUNTED_WINDOW_RULES)
        self._layout: FrameLayout | None = None
        self._columns: WindowColumns | None = None
        self._monitor: GrowthMonitor | None = None
        baseline = None if in_force is None else in_force.baseline
        self._cuts = OperatingBins() if baseline is None else baseline.cuts

    @property
    def state(self) -> OperatingState:
        """What the machine is doing."""
        return self._gate.state

    def update(self, frame: Frame) -> None:
        """Take a counted frame; one that is known already changes nothing."""
        if self.newest is not None and frame.order <= self.newest.order:
            return
        self.newest = frame
        if self._columns is None or self._layout != frame.layout:
            self._layout, self._columns = frame.layout, _columns(frame.layout)
            baseline = self.in_force.baseline if self.in_force else None
            self._monitor = GrowthMonitor(self._columns.layout, baseline)
        assert self._monitor is not None
        if self._gate.update(_evidence(self._columns, frame)) is OperatingState.RUNNING:
            operating_bin = self._bin(frame)
            growth = self._monitor.update(_values(self._columns, frame), operating_bin)
            self.compared = Compared(frame, self._columns.layout, growth)

    def _bin(self, frame: Frame) -> OperatingBin:
        """Put a window into a bin of the baseline; without one it says how loads are cut."""
        cuts = self._cuts
        if (self.in_force is None or self.in_force.baseline is None) and frame.load_step > 0.0:
            cuts = replace(cuts, load_step=frame.load_step)
        return cuts.bin_of(speed_hz=frame.shaft_speed_hz, load=frame.load)


def _clipped(frame: Frame) -> list[bool]:
    return [_bears(mask, QualityFlag.QUALITY_FLAG_CLIPPED) for mask in frame.quality]


def _bears(mask: int, flag: int) -> bool:
    return bool(mask & (1 << (flag - 1)))
