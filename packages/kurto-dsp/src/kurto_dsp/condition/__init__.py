"""Condition of a machine: operating state, references, growth, limits of standards."""

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
from kurto_dsp.condition.iso_zones import Reading, Zone, ZoneGrade, grade
from kurto_dsp.condition.operating_state import (
    OperatingEvidence,
    OperatingRules,
    OperatingState,
    OperatingStateMachine,
)

__all__ = [
    "ISO_10816_1_EDITION",
    "ISO_10816_3_EDITION",
    "GradingRefusedError",
    "Iso10816Class",
    "Machine",
    "MachineGroup",
    "MachineKind",
    "OperatingEvidence",
    "OperatingLimits",
    "OperatingRules",
    "OperatingState",
    "OperatingStateMachine",
    "Reading",
    "RefusalReason",
    "Support",
    "VibrationQuantity",
    "Zone",
    "ZoneBoundaries",
    "ZoneGrade",
    "ZoneTable",
    "grade",
    "iso_10816_1_table",
    "iso_10816_3_table",
    "machine_table",
    "operating_limits",
]
