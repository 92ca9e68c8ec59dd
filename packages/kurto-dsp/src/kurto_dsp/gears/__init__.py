"""Gears: mesh frequencies, sidebands, and indicators from time-synchronous averages."""

from kurto_dsp.gears.indicators import (
    GearHistory,
    GearIndicators,
    VarianceHistory,
    energy_ratio,
    fm0,
    fm4,
    gear_indicators,
    m6a,
    m8a,
    moment_against_history,
)
from kurto_dsp.gears.mesh import GearStage, StageFrequencies, gear_train_frequencies
from kurto_dsp.gears.separation import GearSignals, separate_gear_signals
from kurto_dsp.gears.sidebands import Sideband, SidebandTable, sideband_table

__all__ = [
    "GearHistory",
    "GearIndicators",
    "GearSignals",
    "GearStage",
    "Sideband",
    "SidebandTable",
    "StageFrequencies",
    "VarianceHistory",
    "energy_ratio",
    "fm0",
    "fm4",
    "gear_indicators",
    "gear_train_frequencies",
    "m6a",
    "m8a",
    "moment_against_history",
    "separate_gear_signals",
    "sideband_table",
]
