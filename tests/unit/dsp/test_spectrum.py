"""Displayed spectra: levels of tones, density of noise, SciPy."""

from typing import Literal

import numpy as np
import pytest
from scipy import signal

from kurto_dsp import AccelerationUnit, Spectrum, SpectrumKind, compute_spectrum
from kurto_dsp.arrays import Float64Array

RATE_HZ = 25600.0
LENGTH = 25600


def tone(frequency_hz: float, amplitude: float) -> Float64Array:
    angle = 2 * np.pi * frequency_hz * np.arange(LENGTH) / RATE_HZ + 0.4
    return np.asarray(amplitude * np.sin(angle))


def line(spectrum: Spectrum, frequency_hz: float) -> float:
    return float(spectrum.values[0, round(frequency_hz / spectrum.resolution_hz)])


def test_peak_and_rms_amplitude_of_tones() -> None:
    samples = 5.0 + tone(1000, 2.0) + tone(3000, 0.01)
    peak = compute_spectrum(samples, sample_rate_hz=RATE_HZ)
    rms = compute_spectrum(samples, sample_rate_hz=RATE_HZ, kind=SpectrumKind.RMS)
    assert peak.frequencies_hz[np.argmax(peak.values[0])] == 1000.0
    assert line(peak, 1000) == pytest.approx(2.0, rel=1e-6)
    assert line(peak, 3000) == pytest.approx(0.01, rel=1e-4)
    assert line(rms, 1000) == pytest.approx(2.0 / np.sqrt(2), rel=1e-6)
    assert line(peak, 0) == pytest.approx(0.0, abs=1e-6)


def test_a_tone_between_lines_reads_at_most_15_percent_low() -> None:
    spectrum = compute_spectrum(tone(1000.5, 1.0), sample_rate_hz=RATE_HZ)
    assert spectrum.values[0].max() == pytest.approx(8 / (3 * np.pi), rel=1e-3)


def test_the_axis_is_in_hertz_at_any_rate() -> None:
    samples = np.sin(2 * np.pi * 800 * np.arange(12000) / 12000)
    spectrum = compute_spectrum(samples, sample_rate_hz=12000)
    assert spectrum.frequencies_hz[np.argmax(spectrum.values[0])] == 800.0
    assert spectrum.frequencies_hz[-1] == 6000.0
    assert spectrum.resolution_hz == 1.0


@pytest.mark.parametrize("length", [25600, 4095])
@pytest.mark.parametrize(
    ("kind", "scaling"),
    [(SpectrumKind.POWER_DENSITY, "density"), (SpectrumKind.RMS, "spectrum")],
)
def test_equal_to_scipy(
    length: int, kind: SpectrumKind, scaling: Literal["density", "spectrum"]
) -> None:
    noise = np.random.default_rng(0).standard_normal((2, length)).astype(np.float32)
    frequency, expected = signal.periodogram(
        noise.astype(float), RATE_HZ, window="hann", scaling=scaling, detrend="constant"
    )
    if kind is SpectrumKind.RMS:
        expected = np.sqrt(expected)
    spectrum = compute_spectrum(noise, sample_rate_hz=RATE_HZ, kind=kind)
    np.testing.assert_allclose(spectrum.frequencies_hz, frequency, rtol=1e-12)
    np.testing.assert_allclose(spectrum.values, expected, rtol=1e-9, atol=1e-12)


def test_density_integrates_to_the_mean_square() -> None:
    noise = np.random.default_rng(1).standard_normal((20, LENGTH))
    density = compute_spectrum(noise, sample_rate_hz=RATE_HZ, kind=SpectrumKind.POWER_DENSITY)
    integral = density.values.sum(axis=1) * density.resolution_hz
    assert np.mean(integral) == pytest.approx(np.mean(noise.var(axis=1)), rel=0.01)
    assert np.median(density.values) / np.log(2) == pytest.approx(2 / RATE_HZ, rel=0.02)


def test_units() -> None:
    assert SpectrumKind.PEAK.unit(AccelerationUnit.G) == "g"
    assert SpectrumKind.RMS.unit(AccelerationUnit.MPS2) == "m/s2"
    assert SpectrumKind.POWER_DENSITY.unit(AccelerationUnit.G) == "g2/Hz"
    assert SpectrumKind.POWER_DENSITY.unit(AccelerationUnit.MPS2) == "(m/s2)2/Hz"
