"""|error| <= 1e-5·max(|reference|, s) against float64, for a mean of up to ten times RMS."""

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft, signal, stats

from kurto_dsp import (
    DEFAULT_BANDS,
    STANDARD_GRAVITY_MPS2,
    Quantity,
    feature_catalogue,
    feature_names,
    window_features,
)
from kurto_dsp.arrays import Float32Array, Float64Array

RATE_HZ = 25600


def present_features(samples: npt.ArrayLike) -> dict[str, float]:
    """Return the features that have a value."""
    values = window_features(samples, sample_rate_hz=RATE_HZ).channel(0)
    return {name: value for name, value in values.items() if value is not None}


def reference(samples: Float64Array) -> dict[str, float]:
    """Every feature in float64, by SciPy."""
    centred = samples - samples.mean()
    magnitude = np.abs(centred)
    rms, peak = centred.std(), np.abs(centred).max()
    frequency, density = signal.periodogram(centred, RATE_HZ, window="hann", detrend=False)
    powers = density * RATE_HZ / len(samples)
    values = {
        "mean": samples.mean(),
        "rms": rms,
        "peak": peak,
        "peak_to_peak": np.ptp(samples),
        "crest_factor": peak / rms,
        "kurtosis": stats.kurtosis(samples, fisher=False),
        "skewness": stats.skew(samples),
        "shape_factor": rms / magnitude.mean(),
        "impulse_factor": peak / magnitude.mean(),
        "clearance_factor": peak / np.sqrt(magnitude).mean() ** 2,
    }
    lines, hertz = powers[3:], frequency[3:]
    centroid = np.average(hertz, weights=lines)
    values["spectral_centroid"] = centroid
    values["spectral_bandwidth"] = np.sqrt(np.average((hertz - centroid) ** 2, weights=lines))
    values["spectral_entropy"] = stats.entropy(lines) / np.log(len(lines))
    values["spectral_flatness"] = stats.gmean(lines) / lines.mean()
    for band in DEFAULT_BANDS:
        inside = (frequency >= band.low_hz) & (frequency <= band.high_hz)
        values[f"band_rms.{band.suffix}"] = np.sqrt(powers[inside].sum())
    inside = (frequency >= 10) & (frequency <= 1000)
    velocity = np.sum(powers[inside] / (2 * np.pi * frequency[inside]) ** 2)
    values["velocity_rms"] = np.sqrt(velocity) * STANDARD_GRAVITY_MPS2 * 1000
    displacement = np.sum(powers[inside] / (2 * np.pi * frequency[inside]) ** 4)
    values["displacement_rms"] = np.sqrt(displacement) * STANDARD_GRAVITY_MPS2 * 1e6
    return values | envelope_reference(centred)


def envelope_reference(centred: Float64Array) -> dict[str, float]:
    """Envelope features by a band pass in the frequency domain and SciPy's Hilbert transform."""
    spectrum = fft.rfft(centred)
    spectrum[:2000] = spectrum[10001:] = 0.0
    envelope = np.abs(signal.hilbert(fft.irfft(spectrum, len(centred))))
    deviation = envelope - envelope.mean()
    return {
        "envelope_rms": deviation.std(),
        "envelope_peak": np.abs(deviation).max(),
        "envelope_kurtosis": stats.kurtosis(deviation, fisher=False),
    }


def allowance(name: str, rms: float) -> float:
    """Scale s of the error bound: what the feature would read for a signal at full RMS."""
    units = {d.name: d.quantity for d in feature_catalogue()}
    match units[name]:
        case Quantity.RATIO:
            return 1.0
        case Quantity.VELOCITY:
            return rms * STANDARD_GRAVITY_MPS2 * 1000 / (2 * np.pi * 10)
        case Quantity.DISPLACEMENT:
            return rms * STANDARD_GRAVITY_MPS2 * 1e6 / (2 * np.pi * 10) ** 2
        case Quantity.FREQUENCY:
            return 0.0
        case _:
            return rms


@st.composite
def machine_signals(draw: st.DrawFn) -> Float32Array:
    """Noise, tones and impulses in any proportion, biased by up to ten times the RMS."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time_s = np.arange(RATE_HZ) / RATE_HZ
    samples = draw(st.sampled_from([0.05, 1.0])) * rng.standard_normal(RATE_HZ)
    for _ in range(draw(st.integers(0, 3))):
        tone = np.sin(2 * np.pi * rng.uniform(5, 12000) * time_s + rng.uniform(0, 7))
        samples += rng.uniform(0.1, 5) * tone
    samples[:: draw(st.integers(50, RATE_HZ))] += draw(st.floats(0, 30))
    samples *= draw(st.sampled_from([1e-3, 1.0, 1e3]))
    bias = draw(st.floats(-10, 10)) * samples.std()
    return np.asarray(samples + bias, dtype=np.float32)


@given(machine_signals())
@settings(max_examples=40, deadline=None)
def test_error_is_bounded(samples: Float32Array) -> None:
    expected = reference(samples.astype(np.float64))
    measured = present_features(samples)
    assert set(expected) == set(feature_names()) - {"dominant_frequency"}
    for name, value in expected.items():
        bound = 1e-5 * max(abs(value), allowance(name, expected["rms"]))
        assert abs(measured[name] - value) <= bound, name


@given(
    frequency_hz=st.floats(3.0, 12797.0),
    amplitude=st.floats(1e-3, 1e3),
    phase=st.floats(0, 6.2),
)
@settings(max_examples=60, deadline=None)
def test_dominant_frequency_of_a_tone_is_within_a_fraction_of_a_line(
    frequency_hz: float, amplitude: float, phase: float
) -> None:
    tone = amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(RATE_HZ) / RATE_HZ + phase)
    measured = present_features(tone)["dominant_frequency"]
    # Near 0 the mirror image of the tone's main lobe adds to the interpolation error.
    assert abs(measured - frequency_hz) <= (0.02 if frequency_hz > 20 else 0.2)
