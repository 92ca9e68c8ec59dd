"""Spectral features: tones of known frequency and level, Parseval, SciPy's periodogram."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from scipy import fft, signal, stats

from kurto_dsp import DEFAULT_BANDS, FrequencyBand, window_features
from kurto_dsp.arrays import Float64Array
from kurto_dsp.spectral import HannPowers

RATE_HZ = 25600.0
LENGTH = 25600


def features_of(
    samples: npt.ArrayLike,
    *,
    sample_rate_hz: float = RATE_HZ,
    bands: Sequence[FrequencyBand] = DEFAULT_BANDS,
) -> dict[str, float | None]:
    return window_features(samples, sample_rate_hz=sample_rate_hz, bands=bands).channel(0)


def tone(
    frequency_hz: float,
    amplitude: float = 1.0,
    *,
    rate_hz: float = RATE_HZ,
    length: int = LENGTH,
    phase: float = 0.3,
) -> Float64Array:
    angle = 2 * np.pi * frequency_hz * np.arange(length) / rate_hz + phase
    return np.asarray(amplitude * np.sin(angle))


def line_powers(rows: Float64Array) -> Float64Array:
    """Return the mean square of each line."""
    powers = HannPowers(rows.shape[1])
    lines = np.empty((len(rows), rows.shape[1] // 2 + 1))
    for row, samples in zip(lines, rows, strict=True):
        spectrum = fft.rfft(samples.astype(np.float32)).astype(np.complex64, copy=False)
        row[:] = powers.of(spectrum) * np.float64(powers.per_mean_square(1.0))
    return lines


@pytest.mark.parametrize("length", [25600, 25601, 4096, 999])
def test_line_powers_obey_parseval(length: int) -> None:
    noise = np.random.default_rng(1).standard_normal((3, length))
    noise -= noise.mean(axis=1, keepdims=True)
    window = signal.get_window("hann", length)
    powers = line_powers(noise)
    in_time = np.sum((window * noise) ** 2, axis=1) / np.sum(window**2)
    assert powers.sum(axis=1) == pytest.approx(in_time, rel=1e-5)
    assert powers.sum(axis=1) == pytest.approx(np.var(noise, axis=1), rel=0.15)


@pytest.mark.parametrize("length", [25600, 2561])
def test_line_powers_equal_scipy_periodogram(length: int) -> None:
    noise = np.random.default_rng(2).standard_normal(length).astype(np.float32)
    noise -= np.float32(noise.mean(dtype=np.float64))
    _, density = signal.periodogram(noise.astype(np.float64), RATE_HZ, window="hann", detrend=False)
    expected = density * RATE_HZ / length
    powers = line_powers(noise[np.newaxis].astype(np.float64))[0]
    assert powers == pytest.approx(expected, abs=1e-6 * expected.max(), rel=1e-4)


def test_band_rms_holds_the_tones_of_its_band() -> None:
    samples = tone(500.0, 3.0) + tone(2500.0, 1.0) + tone(7777.0, 0.5)
    features = features_of(samples)
    assert features["band_rms.10_1000"] == pytest.approx(3 / np.sqrt(2), rel=1e-5)
    assert features["band_rms.1000_5000"] == pytest.approx(1 / np.sqrt(2), rel=1e-5)
    assert features["band_rms.5000_10000"] == pytest.approx(0.5 / np.sqrt(2), rel=1e-4)


def test_bands_equal_scipy_periodogram() -> None:
    noise = np.random.default_rng(5).standard_normal(LENGTH).astype(np.float32)
    bands = [FrequencyBand(10, 1000), FrequencyBand(63.5, 2000), FrequencyBand(3000, 10000)]
    features = features_of(noise, bands=bands)
    frequency, density = signal.periodogram(
        noise.astype(np.float64), RATE_HZ, window="hann", detrend="constant"
    )
    for band in bands:
        # 63.5 Hz lies between two lines of 1 Hz; rounding to even takes the upper one.
        inside = (frequency >= np.round(band.low_hz)) & (frequency <= band.high_hz)
        expected = np.sqrt(density[inside].sum() * RATE_HZ / LENGTH)
        assert features[f"band_rms.{band.suffix}"] == pytest.approx(expected, rel=1e-5)


def test_noise_splits_over_bands_by_their_width() -> None:
    noise = np.random.default_rng(11).standard_normal((40, LENGTH))
    window = window_features(noise, sample_rate_hz=RATE_HZ)
    for name, width_hz in (("band_rms.10_1000", 990), ("band_rms.5000_10000", 5000)):
        expected = np.sqrt(width_hz / (RATE_HZ / 2))
        assert np.mean(window.feature(name)) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("rate_hz", "available"), [(25600, 3), (25599, 2), (12800, 2), (12000, 1), (2560, 1), (2559, 0)]
)
def test_bands_end_at_the_usable_part_of_the_spectrum(rate_hz: float, available: int) -> None:
    samples = np.random.default_rng(0).standard_normal(int(rate_hz))
    features = features_of(samples, sample_rate_hz=rate_hz)
    values = [value for name, value in features.items() if name.startswith("band_rms.")]
    assert [value is not None for value in values] == [n < available for n in range(3)]


@pytest.mark.parametrize("frequency_hz", [3.0, 29.93, 100.0, 1234.5, 1234.25, 9999.9, 12790.3])
def test_dominant_frequency_is_interpolated(frequency_hz: float) -> None:
    features = features_of(tone(frequency_hz) + 0.4 * tone(77.0) + 100)
    assert features["dominant_frequency"] == pytest.approx(frequency_hz, abs=0.017)


def test_dominant_frequency_skips_drift_and_takes_the_last_line_as_it_is() -> None:
    drift = np.linspace(-5, 5, LENGTH)
    assert features_of(drift + tone(5000.0, 0.2))["dominant_frequency"] == pytest.approx(5000.0)
    nyquist = np.where(np.arange(LENGTH) % 2, 1.0, -1.0)
    assert features_of(nyquist)["dominant_frequency"] == pytest.approx(RATE_HZ / 2)


def test_dominant_frequency_scales_with_the_rate() -> None:
    samples = tone(800.0, rate_hz=12000.0, length=12000)
    features = features_of(samples, sample_rate_hz=12000.0)
    assert features["dominant_frequency"] == pytest.approx(800.0, abs=1e-3)


def test_centroid_of_two_equal_tones_lies_between_them() -> None:
    features = features_of(tone(1000.0) + tone(3000.0))
    assert features["spectral_centroid"] == pytest.approx(2000.0, rel=1e-5)


def test_centroid_equals_scipy_periodogram() -> None:
    noise = np.random.default_rng(8).standard_normal(LENGTH).astype(np.float32)
    frequency, density = signal.periodogram(
        noise.astype(np.float64), RATE_HZ, window="hann", detrend="constant"
    )
    expected = np.sum(frequency[3:] * density[3:]) / np.sum(density[3:])
    assert features_of(noise)["spectral_centroid"] == pytest.approx(expected, rel=1e-5)


HANN_TONE_LINES = np.array([1, 4, 1]) / 6
"""Parts of a tone's power on its line and the two beside it."""


def test_a_tone_has_the_width_and_the_entropy_of_its_three_lines() -> None:
    for frequency_hz in (50.0, 1000.0, 11000.0):
        features = features_of(tone(frequency_hz, 3.0))
        assert features["spectral_bandwidth"] == pytest.approx(1 / np.sqrt(3), rel=1e-4)
        entropy = stats.entropy(HANN_TONE_LINES) / np.log(LENGTH // 2 + 1 - 3)
        assert features["spectral_entropy"] == pytest.approx(entropy, rel=1e-4)
        assert features["spectral_flatness"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("second", "part"), [(1.0, 0.5), (0.5, 0.2)])
def test_bandwidth_of_two_tones_follows_from_distance_and_powers(
    second: float, part: float
) -> None:
    features = features_of(tone(1000.0) + tone(3000.0, second))
    variance = part * (1 - part) * 2000.0**2 + 1 / 3
    assert features["spectral_bandwidth"] == pytest.approx(np.sqrt(variance), rel=1e-5)


@pytest.mark.parametrize("length", [25600, 2561, 999])
def test_an_impulse_has_a_flat_spectrum(length: int) -> None:
    impulse = np.zeros(length)
    impulse[length // 2] = 5.0
    features = features_of(impulse)
    assert features["spectral_flatness"] == pytest.approx(1.0, abs=1e-4)
    assert features["spectral_entropy"] == pytest.approx(1.0, abs=1e-4)
    frequency = np.arange(3, length // 2 + 1) * RATE_HZ / length
    assert features["spectral_centroid"] == pytest.approx(frequency.mean(), rel=1e-3)
    assert features["spectral_bandwidth"] == pytest.approx(frequency.std(), rel=1e-3)


def test_white_noise_has_exponential_lines() -> None:
    noise = np.random.default_rng(6).standard_normal((60, LENGTH))
    window = window_features(noise, sample_rate_hz=RATE_HZ)
    entropy = 1 - (1 - np.euler_gamma) / np.log(LENGTH // 2 - 2)
    assert np.mean(window.feature("spectral_entropy")) == pytest.approx(entropy, abs=1e-3)
    flatness = np.exp(-np.euler_gamma)
    assert np.mean(window.feature("spectral_flatness")) == pytest.approx(flatness, abs=3e-3)
    assert np.mean(window.feature("spectral_bandwidth")) == pytest.approx(
        RATE_HZ / 2 / np.sqrt(12), rel=0.01
    )


@pytest.mark.parametrize("length", [25600, 4883, 16])
def test_shape_of_the_spectrum_equals_scipy(length: int) -> None:
    rng = np.random.default_rng(12)
    noise = signal.lfilter([1.0], [1.0, -0.7], rng.standard_normal(length)).astype(np.float32)
    frequency, density = signal.periodogram(
        noise.astype(np.float64), RATE_HZ, window="hann", detrend="constant"
    )
    lines, hertz = density[3:], frequency[3:]
    mean = np.average(hertz, weights=lines)
    features = features_of(noise)
    width = np.sqrt(np.average((hertz - mean) ** 2, weights=lines))
    assert features["spectral_bandwidth"] == pytest.approx(width, rel=1e-5)
    entropy = stats.entropy(lines) / np.log(len(lines))
    assert features["spectral_entropy"] == pytest.approx(entropy, abs=1e-5)
    flatness = stats.gmean(lines) / lines.mean()
    assert features["spectral_flatness"] == pytest.approx(flatness, abs=1e-5)
