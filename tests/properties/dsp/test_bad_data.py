"""Whatever the samples are: finite values or null, a reason for each null, no warning."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kurto_dsp import QualityFlag, compute_spectrum, window_features
from kurto_dsp.arrays import Float32Array

anything = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(0, 120)),
    elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
    fill=st.floats(width=32, allow_nan=True, allow_infinity=True),
)
sensible = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(16, 120)),
    elements=st.floats(-100, 100, width=32),
    fill=st.just(np.float32(0)),
)


@given(samples=anything, rate_hz=st.floats(1e-3, 1e6))
@settings(max_examples=200, deadline=None)
def test_values_are_finite_or_null_with_a_reason(samples: Float32Array, rate_hz: float) -> None:
    window = window_features(samples, sample_rate_hz=rate_hz)
    assert not np.isinf(window.values).any()
    unconditional = window.values[:, :15]  # up to the bands
    reasons = window.quality & ~np.uint16(QualityFlag.BAND_UNAVAILABLE | QualityFlag.CLIPPED)
    for values, flags in zip(unconditional, reasons, strict=True):
        assert bool(flags) or not np.isnan(values).any()
    spectrum = compute_spectrum(samples, sample_rate_hz=rate_hz)
    assert not np.isinf(spectrum.values).any()
    for values, flags in zip(spectrum.values, spectrum.quality, strict=True):
        assert flags or not np.isnan(values).any()


@given(samples=sensible)
@settings(max_examples=200, deadline=None)
def test_time_features_obey_their_inequalities(samples: Float32Array) -> None:
    window = window_features(samples, sample_rate_hz=1000)
    for index, flags in enumerate(window.quality):
        if flags & (QualityFlag.CONSTANT | QualityFlag.OUT_OF_RANGE):
            continue
        values = {k: v for k, v in window.channel(index).items() if v is not None}
        assert values["rms"] <= values["peak"] * (1 + 1e-6)
        assert values["peak"] <= values["peak_to_peak"] * (1 + 1e-6)
        assert values["peak_to_peak"] <= 2 * values["peak"] * (1 + 1e-6)
        assert values["kurtosis"] >= (1 + values["skewness"] ** 2) * (1 - 1e-5)
        assert values["shape_factor"] >= 1 - 1e-6
        assert values["impulse_factor"] >= values["crest_factor"] * (1 - 1e-6)
        assert values["clearance_factor"] >= values["impulse_factor"] * (1 - 1e-6)
        if not flags & QualityFlag.UNDEFINED:
            assert 0 <= values["spectral_centroid"] <= 500
            assert 0 <= values["dominant_frequency"] <= 500
            assert 0 <= values["spectral_bandwidth"] <= 250
            assert -1e-6 <= values["spectral_entropy"] <= 1 + 1e-6
            assert 0 <= values["spectral_flatness"] <= 1 + 1e-6


@given(samples=sensible)
@settings(max_examples=200, deadline=None)
def test_envelopes_obey_their_inequalities(samples: Float32Array) -> None:
    window = window_features(samples, sample_rate_hz=25600)
    for index, flags in enumerate(window.quality):
        values = {k: v for k, v in window.channel(index).items() if v is not None}
        if "envelope_rms" in values:
            assert values["envelope_rms"] <= values["envelope_peak"] * (1 + 1e-6)
            # A rectangular window: what lies in the band is no more than all there is.
            assert values["envelope_rms"] <= 2**0.5 * values["rms"] * (1 + 1e-6)
        if "envelope_kurtosis" in values:
            assert values["envelope_kurtosis"] >= 1 - 1e-5
        elif "rms" in values:
            assert flags & (QualityFlag.UNDEFINED | QualityFlag.TOO_SHORT)
