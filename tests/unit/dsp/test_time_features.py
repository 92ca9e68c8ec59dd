"""Time-domain features: closed forms, and SciPy as the independent path."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special, stats

from kurto_dsp import window_features
from kurto_dsp.arrays import Float64Array

RATE_HZ = 25600
LENGTH = 25600


def features_of(samples: npt.ArrayLike) -> dict[str, float | None]:
    return window_features(samples, sample_rate_hz=RATE_HZ).channel(0)


@pytest.fixture
def time_s() -> Float64Array:
    return np.arange(LENGTH) / RATE_HZ


@pytest.mark.parametrize("amplitude", [0.01, 1.0, 37.0])
@pytest.mark.parametrize("bias", [0.0, -2.5])
def test_sine_has_its_textbook_values(time_s: Float64Array, amplitude: float, bias: float) -> None:
    features = features_of(bias + amplitude * np.sin(2 * np.pi * 100 * time_s))
    assert features["mean"] == pytest.approx(bias, abs=1e-6 * amplitude)
    assert features["rms"] == pytest.approx(amplitude / np.sqrt(2), rel=1e-5)
    assert features["peak"] == pytest.approx(amplitude, rel=1e-5)
    assert features["peak_to_peak"] == pytest.approx(2 * amplitude, rel=1e-5)
    assert features["crest_factor"] == pytest.approx(np.sqrt(2), rel=1e-5)
    assert features["kurtosis"] == pytest.approx(1.5, rel=1e-5)
    assert features["skewness"] == pytest.approx(0.0, abs=1e-5)


def test_square_wave_has_crest_and_kurtosis_one() -> None:
    square = np.where(np.arange(LENGTH) // 128 % 2 == 0, 2.0, -2.0)
    features = features_of(square)
    assert features["crest_factor"] == pytest.approx(1.0, rel=1e-6)
    assert features["kurtosis"] == pytest.approx(1.0, rel=1e-6)
    assert features["rms"] == features["peak"] == pytest.approx(2.0)
    assert features["peak_to_peak"] == pytest.approx(4.0)


def test_sine_has_its_shape_factors(time_s: Float64Array) -> None:
    # 10 007 Hz and 25 600 Hz have no common factor: the samples meet the sine at 25 600 phases.
    features = features_of(0.3 + 2.0 * np.sin(2 * np.pi * 10007 * time_s + 0.1))
    mean_root = special.gamma(0.75) / (np.sqrt(np.pi) * special.gamma(1.25))
    assert features["shape_factor"] == pytest.approx(np.pi / (2 * np.sqrt(2)), rel=1e-5)
    assert features["impulse_factor"] == pytest.approx(np.pi / 2, rel=1e-5)
    assert features["clearance_factor"] == pytest.approx(1 / mean_root**2, rel=1e-5)
    golden = {"shape_factor": 1.1107, "impulse_factor": 1.5708, "clearance_factor": 1.7188}
    assert {name: features[name] for name in golden} == pytest.approx(golden, abs=6e-5)


def test_square_wave_has_shape_factors_one() -> None:
    features = features_of(np.where(np.arange(LENGTH) // 128 % 2 == 0, 7.0, 3.0))
    for name in ("shape_factor", "impulse_factor", "clearance_factor"):
        assert features[name] == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("bias", [0.0, -0.4])
@pytest.mark.parametrize("period", [10, 1280, LENGTH])
def test_impulse_train_has_its_shape_factors(period: int, bias: float) -> None:
    train = np.full(LENGTH, bias)
    train[::period] += 1.0
    features = features_of(train)
    rest = 1 / period
    rms, mean = np.sqrt(rest * (1 - rest)), 2 * rest * (1 - rest)
    mean_root = rest * np.sqrt(1 - rest) + (1 - rest) * np.sqrt(rest)
    tolerance = 1e-5 if bias == 0 else 2e-4  # float32 input holds the bias to 3e-8
    assert features["shape_factor"] == pytest.approx(rms / mean, rel=tolerance)
    assert features["impulse_factor"] == pytest.approx((1 - rest) / mean, rel=tolerance)
    assert features["clearance_factor"] == pytest.approx((1 - rest) / mean_root**2, rel=tolerance)


def test_gaussian_noise_has_its_shape_factor() -> None:
    noise = np.random.default_rng(9).standard_normal((100, LENGTH))
    window = window_features(noise, sample_rate_hz=RATE_HZ)
    assert np.mean(window.feature("shape_factor")) == pytest.approx(np.sqrt(np.pi / 2), rel=1e-3)


@pytest.mark.parametrize("period", [4, 10, 100, 1280])
def test_impulse_train_kurtosis_grows_with_its_period(period: int) -> None:
    train = np.zeros(LENGTH)
    train[::period] = 1.0
    features = features_of(train)
    assert features["kurtosis"] == pytest.approx(period - 2 + 1 / (period - 1), rel=1e-5)
    assert features["skewness"] == pytest.approx((period - 2) / np.sqrt(period - 1), rel=1e-5)
    assert features["peak"] == pytest.approx(1 - 1 / period, rel=1e-6)


@pytest.mark.parametrize(("length", "crest"), [(12000, 4.07), (25600, 4.24)])
def test_gaussian_noise_has_kurtosis_three_and_a_crest_that_grows_with_length(
    length: int, crest: float
) -> None:
    noise = np.random.default_rng(7).standard_normal((200, length))
    window = window_features(noise, sample_rate_hz=RATE_HZ)
    kurtosis = window.feature("kurtosis")
    assert np.all(np.abs(kurtosis - 3) < 5.5 * np.sqrt(24 / length))
    assert np.mean(np.abs(kurtosis - 3) < 4 * np.sqrt(24 / length)) > 0.99
    assert np.mean(window.feature("crest_factor")) == pytest.approx(crest, abs=0.06)


def test_peak_is_measured_from_the_mean_on_either_side() -> None:
    for sign in (1.0, -1.0):
        samples = np.zeros(LENGTH)
        samples[100] = 8.0 * sign
        features = features_of(samples + 3.0)
        assert features["peak"] == pytest.approx(8.0 * (1 - 1 / LENGTH), rel=1e-6)
        assert features["peak_to_peak"] == pytest.approx(8.0)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.standard_normal(LENGTH),
        lambda rng: rng.exponential(size=LENGTH),
        lambda rng: rng.uniform(-3, 9, LENGTH),
        lambda rng: rng.standard_t(5, LENGTH) * 0.02 + 0.2,
    ],
)
def test_equal_to_scipy(draw: Callable[[np.random.Generator], Float64Array]) -> None:
    samples = draw(np.random.default_rng(3)).astype(np.float32)
    reference = samples.astype(np.float64)
    features = features_of(samples)
    centred = reference - reference.mean()
    rms = reference.std()
    assert features["mean"] == pytest.approx(reference.mean(), abs=1e-5 * rms)
    assert features["rms"] == pytest.approx(rms, rel=1e-5)
    assert features["peak"] == pytest.approx(np.abs(centred).max(), rel=1e-5)
    assert features["peak_to_peak"] == pytest.approx(np.ptp(reference), rel=1e-5)
    assert features["crest_factor"] == pytest.approx(np.abs(centred).max() / rms, rel=1e-5)
    assert features["kurtosis"] == pytest.approx(stats.kurtosis(reference, fisher=False), rel=1e-5)
    assert features["skewness"] == pytest.approx(stats.skew(reference), abs=1e-5)
    magnitude = np.abs(centred)
    power_mean = stats.pmean(magnitude, 0.5)  # (mean of the roots)²
    assert features["shape_factor"] == pytest.approx(rms / magnitude.mean(), rel=1e-5)
    assert features["impulse_factor"] == pytest.approx(magnitude.max() / magnitude.mean(), rel=1e-5)
    assert features["clearance_factor"] == pytest.approx(magnitude.max() / power_mean, rel=1e-5)
