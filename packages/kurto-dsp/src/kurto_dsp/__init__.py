"""Vibration signal processing in NumPy and SciPy: pure functions, no I/O."""

from kurto_dsp.bands import DEFAULT_BANDS, USABLE_FRACTION, FrequencyBand, demodulation_band
from kurto_dsp.batch import WindowBatch
from kurto_dsp.catalogue import FeatureDefinition, Quantity, feature_catalogue, feature_names
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.features import FeaturePlan, WindowFeatures, plan_features
from kurto_dsp.offline import RecordFeatures, iterate_windows, record_features, window_features
from kurto_dsp.quality import QualityFlag, flag_names
from kurto_dsp.ring import SensorRing
from kurto_dsp.spectrum import Spectrum, SpectrumKind, compute_spectrum
from kurto_dsp.units import STANDARD_GRAVITY_MPS2, AccelerationUnit, parse_unit
from kurto_dsp.warming import compile_features
from kurto_dsp.windows import WindowGeometry

__all__ = [
    "DEFAULT_BANDS",
    "STANDARD_GRAVITY_MPS2",
    "USABLE_FRACTION",
    "AccelerationUnit",
    "FeatureDefinition",
    "FeaturePlan",
    "FrequencyBand",
    "ParameterError",
    "QualityFlag",
    "Quantity",
    "RecordFeatures",
    "SensorRing",
    "Spectrum",
    "SpectrumKind",
    "WindowBatch",
    "WindowFeatures",
    "WindowGeometry",
    "compile_features",
    "compute_spectrum",
    "demodulation_band",
    "feature_catalogue",
    "feature_names",
    "flag_names",
    "iterate_windows",
    "parse_unit",
    "plan_features",
    "record_features",
    "window_features",
]
