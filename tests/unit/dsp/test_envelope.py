"""The envelope of the demodulation band: closed forms, SciPy's Hilbert transform, its edges."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import fft, io, signal, stats

from kurto_dsp import (
    FrequencyBand,
    WindowGeometry,
    demodulation_band,
    flag_names,
    plan_features,
    record_features,
    window_features,
)
from kurto_dsp.arrays import Float64Array

RATE_HZ = 25600
NAMES = ("envelope_rms", "envelope_peak", "envelope_kurtosis")


def envelope_of(
    samples: npt.ArrayLike, *, rate_hz: float = RATE_HZ, band: FrequencyBand | None = None
) -> list[float | None]:
    window = window_features(samples, sample_rate_hz=rate_hz, envelope_band=band)
    return [window.channel(0)[name] for name in NAMES]


def values_of(
    samples: npt.ArrayLike, *, rate_hz: float = RATE_HZ, band: FrequencyBand | None = None
) -> list[float]:
    values = [value for value in envelope_of(samples, rate_hz=rate_hz, band=band) if value]
    assert len(values) == len(NAMES)
    return values


def by_hilbert(samples: Float64Array, low_line: int, high_line: int) -> list[float]:
    """Band pass in the frequency domain, SciPy's Hilbert transform."""
    spectrum = fft.rfft(samples - samples.mean())
    spectrum[:low_line] = spectrum[high_line + 1 :] = 0.0
    analytic: npt.NDArray[np.complex128] = signal.hilbert(fft.irfft(spectrum, len(samples)))
    deviation = np.abs(analytic)
    deviation -= deviation.mean()
    kurtosis = float(stats.kurtosis(deviation, fisher=False))
    return [float(deviation.std()), float(np.abs(deviation).max()), kurtosis]


def modulated(
    carrier_hz: float, modulation_hz: float, depth: float, amplitude: float = 2.0
) -> Float64Array:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    envelope = amplitude * (1 + depth * np.cos(2 * np.pi * modulation_hz * time_s))
    return np.asarray(envelope * np.sin(2 * np.pi * carrier_hz * time_s + 0.4))


@pytest.mark.parametrize("carrier_hz", [2500.0, 5000.0, 9321.0])
@pytest.mark.parametrize(("modulation_hz", "depth"), [(107.0, 0.5), (29.0, 1.0), (313.0, 0.02)])
def test_amplitude_modulation_reads_its_modulation(
    carrier_hz: float, modulation_hz: float, depth: float
) -> None:
    rms, peak, kurtosis = values_of(modulated(carrier_hz, modulation_hz, depth))
    assert rms == pytest.approx(2.0 * depth / np.sqrt(2), rel=1e-5)
    assert peak == pytest.approx(2.0 * depth, rel=1e-3)
    assert kurtosis == pytest.approx(1.5, rel=1e-5)


def test_gaussian_noise_has_a_rayleigh_envelope() -> None:
    noise = np.random.default_rng(3).standard_normal((60, RATE_HZ))
    window = window_features(noise, sample_rate_hz=RATE_HZ)
    assert np.mean(window.feature("envelope_kurtosis")) == pytest.approx(3.245, abs=0.03)
    band_rms = np.sqrt(8000 / (RATE_HZ / 2))
    expected = band_rms * np.sqrt(2 - np.pi / 2)
    assert np.mean(window.feature("envelope_rms")) == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize("length", [25600, 25601, 2560, 999, 48])
def test_equal_to_scipy_hilbert(length: int) -> None:
    noise = np.random.default_rng(length).standard_normal(length)
    noise[length // 3] += 20.0
    samples = noise.astype(np.float32).astype(np.float64)
    lines = [round(edge * length / RATE_HZ) for edge in (2000, 10000)]
    expected = by_hilbert(samples, lines[0], lines[1])
    assert values_of(samples) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("place", [10000, 10001, 10002, 10003])
def test_an_impulse_reads_its_peak_wherever_it_stands(place: int) -> None:
    """The band's share of the spectrum stands there at once; the rest of the window is quiet."""
    impulse = np.zeros(RATE_HZ)
    impulse[place] = 50.0
    expected = by_hilbert(impulse, 2000, 10000)
    values = values_of(impulse)
    assert values == pytest.approx(expected, rel=1e-5)
    height = 50.0 * 2 * 8001 / RATE_HZ
    assert values[1] == pytest.approx(height, rel=2e-3)  # less the mean of the envelope


@pytest.mark.parametrize("length", [25600, 12000, 999])
def test_features_of_the_envelope_turn_with_the_window(length: int) -> None:
    """Every sample counts: the window may begin at any of them, as the band repeats."""
    noise = np.random.default_rng(length).standard_normal(length)
    values = [values_of(np.roll(noise, shift)) for shift in range(4)]
    for turned in values[1:]:
        assert turned == pytest.approx(values[0], rel=2e-6)


def test_what_lies_outside_the_band_does_not_count() -> None:
    inside = modulated(5000.0, 107.0, 0.5)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    outside = 3.0 + 10 * np.sin(2 * np.pi * 50 * time_s) + np.sin(2 * np.pi * 11000 * time_s)
    assert values_of(inside + outside) == pytest.approx(values_of(inside), rel=1e-4)


def test_a_band_of_ones_own() -> None:
    both = modulated(1000.0, 20.0, 0.5) + modulated(5000.0, 107.0, 0.1)
    low = values_of(both, band=FrequencyBand(500, 1500))
    high = values_of(both, band=FrequencyBand(4000, 6000))
    assert low[0] == pytest.approx(1 / np.sqrt(2), rel=1e-5)
    assert high[0] == pytest.approx(0.2 / np.sqrt(2), rel=1e-5)
    recorded = record_features(both, sample_rate_hz=RATE_HZ, envelope_band=FrequencyBand(500, 1500))
    assert recorded.values[0, 0, recorded.names.index("envelope_rms")] == pytest.approx(low[0])


@pytest.mark.parametrize(
    ("rate_hz", "high_hz"), [(25600, 10000), (51200, 10000), (12000, 4687.5), (6400, 2500)]
)
def test_default_band_ends_at_the_usable_part_of_the_spectrum(
    rate_hz: float, high_hz: float
) -> None:
    assert demodulation_band(rate_hz) == FrequencyBand(2000, high_hz)
    noise = np.random.default_rng(0).standard_normal(int(rate_hz))
    assert None not in envelope_of(noise, rate_hz=rate_hz)
    below = by_hilbert(noise.astype(np.float32), 2000, round(high_hz))
    assert values_of(noise, rate_hz=rate_hz) == pytest.approx(below, rel=1e-5)


def test_no_envelope_below_6400_hz_or_above_the_usable_part() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE_HZ)
    for rate_hz, band in ((6399.0, None), (25600.0, FrequencyBand(5000, 10001))):
        plan = plan_features(sample_rate_hz=rate_hz, envelope_band=band)
        assert "band_unavailable" in flag_names(plan.envelope.flags)
        assert envelope_of(noise, rate_hz=rate_hz, band=band) == [None, None, None]


def test_no_envelope_of_windows_shorter_than_three_lines_of_the_band() -> None:
    band = FrequencyBand(4000, 4100)
    for length, missing in ((256, True), (768, False)):
        geometry = WindowGeometry.burst(length)
        plan = plan_features(sample_rate_hz=25600, geometry=geometry, envelope_band=band)
        assert ("too_short" in flag_names(plan.envelope.flags)) == missing
        noise = np.random.default_rng(0).standard_normal(length)
        assert (None in envelope_of(noise, band=band)) == missing


@pytest.mark.parametrize("frequency_hz", [100.0, 5000.0])
def test_a_steady_envelope_has_no_kurtosis(frequency_hz: float) -> None:
    tone = np.sin(2 * np.pi * frequency_hz * np.arange(RATE_HZ) / RATE_HZ)
    window = window_features(tone, sample_rate_hz=RATE_HZ)
    values = window.channel(0)
    assert flag_names(int(window.quality[0])) == ("undefined",)
    assert [name for name, value in values.items() if value is None] == ["envelope_kurtosis"]
    assert values["envelope_rms"] == pytest.approx(0.0, abs=1e-6)


def test_small_modulation_keeps_its_accuracy() -> None:
    noise = np.random.default_rng(5).standard_normal(RATE_HZ)
    tone = np.sin(2 * np.pi * 5000 * np.arange(RATE_HZ) / RATE_HZ)
    samples = (tone + 3e-4 * np.abs(noise) ** 1.5).astype(np.float32).astype(np.float64)
    rms, peak, kurtosis = values_of(samples)
    expected = by_hilbert(samples, 2000, 10000)
    assert expected[0] < 3e-4
    assert [rms, peak] == pytest.approx(expected[:2], abs=1e-5 * samples.std())
    # Rounding is a larger part of a smaller movement.
    assert kurtosis == pytest.approx(expected[2], rel=5e-8 * samples.std() / expected[0])


def test_a_bearing_fault_shows_in_the_envelope(shared_data: Path) -> None:
    def median_kurtosis(name: str, key: str) -> float:
        samples = io.loadmat(shared_data / "cwru" / name)[key][:, 0]
        features = record_features(samples, sample_rate_hz=12000)
        index = features.names.index("envelope_kurtosis")
        return float(np.median(features.values[:, 0, index]))

    noise = 3.245
    assert median_kurtosis("105_IR007_0.mat", "X105_DE_time") > 1.5 * noise
