"""Diagnosis of rolling bearings: evidence lines, a z per fault family, and a verdict."""

from kurto_dsp.diagnosis.alarm_gate import AlarmLevel, GatedFinding, gate
from kurto_dsp.diagnosis.diagnose import LEAST_REVOLUTIONS, diagnose_record, diagnose_window
from kurto_dsp.diagnosis.long_window import (
    LONG_WINDOW_NAMES,
    LongWindowFeatures,
    long_window_features,
)
from kurto_dsp.diagnosis.results import (
    Diagnosis,
    Fault,
    FaultLine,
    Hint,
    ShaftSpeed,
    SpeedSource,
)
from kurto_dsp.diagnosis.verdict import LEAST_LASTING_Z, LEAST_LEAD, LEAST_Z, combine
from kurto_dsp.diagnosis.whitening import EnvelopeSpectrum, whitened_envelope_spectrum

__all__ = [
    "LEAST_LASTING_Z",
    "LEAST_LEAD",
    "LEAST_REVOLUTIONS",
    "LEAST_Z",
    "LONG_WINDOW_NAMES",
    "AlarmLevel",
    "Diagnosis",
    "EnvelopeSpectrum",
    "Fault",
    "FaultLine",
    "GatedFinding",
    "Hint",
    "LongWindowFeatures",
    "ShaftSpeed",
    "SpeedSource",
    "combine",
    "diagnose_record",
    "diagnose_window",
    "gate",
    "long_window_features",
    "whitened_envelope_spectrum",
]
