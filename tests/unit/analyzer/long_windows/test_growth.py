"""Growth against the baselines, as diagnoses carry it."""

from __future__ import annotations

import numpy as np

from kurto_analyzer.baselines.tracks import Compared
from kurto_analyzer.frames import Frame, FrameLayout
from kurto_analyzer.long_windows.growth import growth_by_channel
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_dsp.condition.growth import GrowthGrade
from kurto_dsp.condition.growth_monitor import Growth
from kurto_dsp.condition.operating_bins import OperatingBin
from kurto_dsp.condition.reference_levels import Comparison, ReferenceLayout

FEATURES = ("rms", "kurtosis", "band_rms.1000_5000")
CHANNELS, UNITS = ("h", "v", "axial"), ("g", "g", "m/s2")


def compared(factor: np.ndarray | None) -> Compared:
    layout = FrameLayout(FEATURES, CHANNELS, UNITS)
    frame = Frame.of_window(
        "pump-7", 1, 5, geometry=StreamGeometry(1000.0, 100, 10, 0), config_version=1, layout=layout
    )
    frozen = None if factor is None else Comparison(factor, np.zeros_like(factor))
    growth = Growth(
        OperatingBin(), frozen, None, None, GrowthGrade.NONE, np.zeros((3, 3), np.bool_)
    )
    return Compared(frame, ReferenceLayout(CHANNELS, UNITS, FEATURES), growth)


def test_the_largest_acceleration_level_of_each_channel_counts() -> None:
    nan = np.nan
    factor = np.array([[1.1, 9.0, 2.5], [3.0, 1.0, nan], [nan, 8.0, nan]])
    assert growth_by_channel(compared(factor)) == {"h": 2.5, "v": 3.0}


def test_without_a_baseline_there_is_none() -> None:
    assert growth_by_channel(compared(None)) == {}
