"""Condition of a machine: operating state, references, growth, limits of standards."""

from kurto_dsp.condition.baselines import MIN_WINDOWS, Baseline, BaselineLearner, is_counted
from kurto_dsp.condition.growth import (
    CRITICAL_FACTOR,
    WARNING_FACTOR,
    AccelerationGrowth,
    GrowthGrade,
    acceleration_growth,
    machine_growth,
)
from kurto_dsp.condition.growth_monitor import Growth, GrowthMonitor, align
from kurto_dsp.condition.iso_limits import OperatingLimits, operating_limits
from kurto_dsp.condition.iso_machines import (
    GradingRefusedError,
    Machine,
    MachineKind,
    RefusalReason,
    machine_table,
)
from kurto_dsp.condition.iso_tables import (
    ISO_10816_1_EDITION,
    ISO_10816_3_EDITION,
    Iso10816Class,
    MachineGroup,
    Support,
    VibrationQuantity,
    ZoneBoundaries,
    ZoneTable,
    iso_10816_1_table,
    iso_10816_3_table,
)
from kurto_dsp.condition.iso_zones import Reading, Zone, ZoneGrade, grade, zone_place
from kurto_dsp.condition.log_levels import log_levels
from kurto_dsp.condition.operating_bins import OperatingBin, OperatingBins
from kurto_dsp.condition.operating_state import (
    OperatingEvidence,
    OperatingRules,
    OperatingState,
    OperatingStateMachine,
)
from kurto_dsp.condition.reference_levels import ReferenceLayout, ReferenceLevels
from kurto_dsp.condition.window_columns import COUNTED_WINDOW_RULES, WindowColumns

__all__ = [
    "COUNTED_WINDOW_RULES",
    "CRITICAL_FACTOR",
    "ISO_10816_1_EDITION",
    "ISO_10816_3_EDITION",
    "MIN_WINDOWS",
    "WARNING_FACTOR",
    "AccelerationGrowth",
    "Baseline",
    "BaselineLearner",
    "GradingRefusedError",
    "Growth",
    "GrowthGrade",
    "GrowthMonitor",
    "Iso10816Class",
    "Machine",
    "MachineGroup",
    "MachineKind",
    "OperatingBin",
    "OperatingBins",
    "OperatingEvidence",
    "OperatingLimits",
    "OperatingRules",
    "OperatingState",
    "OperatingStateMachine",
    "Reading",
    "ReferenceLayout",
    "ReferenceLevels",
    "RefusalReason",
    "Support",
    "VibrationQuantity",
    "WindowColumns",
    "Zone",
    "ZoneBoundaries",
    "ZoneGrade",
    "ZoneTable",
    "acceleration_growth",
    "align",
    "grade",
    "is_counted",
    "iso_10816_1_table",
    "iso_10816_3_table",
    "log_levels",
    "machine_growth",
    "machine_table",
    "operating_limits",
    "zone_place",
]
