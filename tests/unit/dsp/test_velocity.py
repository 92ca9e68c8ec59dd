"""Velocity and displacement: calibration, the limits of ISO 2954, what Hann is there for."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy import signal

from kurto_dsp import STANDARD_GRAVITY_MPS2, AccelerationUnit, window_features
from kurto_dsp.arrays import Float64Array

RATE_HZ = 25600


def velocity_or_null(
    samples: npt.ArrayLike, *, rate_hz: int = RATE_HZ, unit: AccelerationUnit = AccelerationUnit.G
) -> float | None:
    window = window_features(samples, sample_rate_hz=rate_hz, unit=unit)
    return window.channel(0)["velocity_rms"]


def velocity_of(
    samples: npt.ArrayLike, *, rate_hz: int = RATE_HZ, unit: AccelerationUnit = AccelerationUnit.G
) -> float:
    velocity = velocity_or_null(samples, rate_hz=rate_hz, unit=unit)
    assert velocity is not None
    return velocity


def tone(
    frequency_hz: float, amplitude: float = 1.0, *, rate_hz: int = RATE_HZ, phase: float = 0.7
) -> Float64Array:
    time_s = np.arange(rate_hz) / rate_hz
    return amplitude * np.sin(2 * np.pi * frequency_hz * time_s + phase)


def closed_form(frequency_hz: float, amplitude_g: float = 1.0) -> float:
    """Velocity RMS in mm/s of a tone of acceleration."""
    velocity_m_s = amplitude_g * STANDARD_GRAVITY_MPS2 / (2 * np.pi * frequency_hz)
    return float(velocity_m_s / np.sqrt(2) * 1000)


def test_one_g_at_100_hz_is_11_04_mm_per_s() -> None:
    assert velocity_of(tone(100.0)) == pytest.approx(11.04, abs=0.005)


def test_metres_per_second_squared_and_g_give_the_same_velocity() -> None:
    in_mps2 = tone(100.0, STANDARD_GRAVITY_MPS2)
    velocity = velocity_of(in_mps2, unit=AccelerationUnit.MPS2)
    assert velocity == pytest.approx(velocity_of(tone(100.0)), rel=1e-6)


@pytest.mark.parametrize("rate_hz", [25600, 12000, 48828, 2560, 44100])
@pytest.mark.parametrize(
    ("frequency_hz", "low", "high"),
    [
        (10.0, 0.8, 1.1),
        (20.0, 0.9, 1.1),
        (40.3, 0.9, 1.1),
        (80.0, 0.9, 1.1),
        (160.5, 0.9, 1.1),
        (500.0, 0.9, 1.1),
        (1000.0, 0.8, 1.1),
    ],
)
def test_response_lies_within_iso_2954(
    rate_hz: int, frequency_hz: float, low: float, high: float
) -> None:
    velocity = velocity_of(tone(frequency_hz, rate_hz=rate_hz), rate_hz=rate_hz)
    assert low <= velocity / closed_form(frequency_hz) <= high


@pytest.mark.parametrize("frequency_hz", [1.0, 3.0, 5.0, 2000.0, 8000.0])
def test_tones_outside_the_band_do_not_count(frequency_hz: float) -> None:
    assert velocity_of(tone(frequency_hz)) < 0.02 * closed_form(frequency_hz)


def test_drift_of_a_fifth_of_g_per_second_reads_nothing() -> None:
    assert velocity_of(0.2 * np.arange(RATE_HZ) / RATE_HZ) <= 0.02


def test_decaying_shock_reads_its_hann_value() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    assert velocity_of(np.exp(-time_s / 0.01)) < 0.1


def test_the_window_is_centre_weighted() -> None:
    samples = np.where(np.arange(RATE_HZ) >= 0.9 * RATE_HZ, tone(100.0), 0.0)
    full = velocity_of(tone(100.0))
    assert velocity_of(samples) / full == pytest.approx(0.03, abs=0.01)


def test_equal_to_integration_in_the_time_domain() -> None:
    rng = np.random.default_rng(4)
    band = signal.butter(4, [40, 400], "bandpass", fs=RATE_HZ, output="sos")
    acceleration = signal.sosfilt(band, rng.standard_normal(9 * RATE_HZ)) * STANDARD_GRAVITY_MPS2
    high_pass = signal.butter(2, 5, "highpass", fs=RATE_HZ, output="sos")
    velocity = signal.sosfiltfilt(high_pass, np.cumsum(acceleration) / RATE_HZ)
    steady = slice(4 * RATE_HZ, 5 * RATE_HZ)
    window = signal.get_window("hann", RATE_HZ)
    weighted = np.sum((window * velocity[steady]) ** 2) / np.sum(window**2)
    measured = velocity_of(acceleration[steady], unit=AccelerationUnit.MPS2)
    assert measured == pytest.approx(1000 * np.sqrt(weighted), rel=0.02)


def displacement_of(samples: npt.ArrayLike, unit: AccelerationUnit = AccelerationUnit.G) -> float:
    window = window_features(samples, sample_rate_hz=RATE_HZ, unit=unit)
    displacement = window.channel(0)["displacement_rms"]
    assert displacement is not None
    return displacement


def test_one_g_at_100_hz_is_17_56_um() -> None:
    assert displacement_of(tone(100.0)) == pytest.approx(17.57, abs=0.01)


@pytest.mark.parametrize("frequency_hz", [20.0, 50.5, 160.0, 500.0])
def test_displacement_of_a_tone_is_its_velocity_over_the_angular_frequency(
    frequency_hz: float,
) -> None:
    expected_um = closed_form(frequency_hz) * 1000 / (2 * np.pi * frequency_hz)
    # Over (2πf)⁴ the lower half of the main lobe weighs more than the upper one.
    tolerance = 3e-5 + 5 / frequency_hz**2
    assert displacement_of(tone(frequency_hz)) == pytest.approx(expected_um, rel=tolerance)
    in_mps2 = tone(frequency_hz, STANDARD_GRAVITY_MPS2)
    measured = displacement_of(in_mps2, AccelerationUnit.MPS2)
    assert measured == pytest.approx(expected_um, rel=tolerance)


def test_displacement_equals_double_integration_in_the_time_domain() -> None:
    rng = np.random.default_rng(14)
    band = signal.butter(4, [40, 400], "bandpass", fs=RATE_HZ, output="sos")
    acceleration = signal.sosfilt(band, rng.standard_normal(9 * RATE_HZ)) * STANDARD_GRAVITY_MPS2
    high_pass = signal.butter(2, 5, "highpass", fs=RATE_HZ, output="sos")
    velocity = signal.sosfiltfilt(high_pass, np.cumsum(acceleration) / RATE_HZ)
    displacement = signal.sosfiltfilt(high_pass, np.cumsum(velocity) / RATE_HZ)
    steady = slice(4 * RATE_HZ, 5 * RATE_HZ)
    window = signal.get_window("hann", RATE_HZ)
    weighted = np.sum((window * displacement[steady]) ** 2) / np.sum(window**2)
    measured = displacement_of(acceleration[steady], AccelerationUnit.MPS2)
    assert measured == pytest.approx(1e6 * np.sqrt(weighted), rel=0.03)


def test_null_below_2560_hz_and_for_short_bursts() -> None:
    noise = np.random.default_rng(0).standard_normal(25600)
    assert velocity_or_null(noise[:2559], rate_hz=2559) is None
    assert velocity_or_null(noise[:2560], rate_hz=2560) is not None
    assert velocity_or_null(noise[:2560]) is None
    assert velocity_or_null(noise[:7680]) is not None
    for length, rate_hz in ((2559, 2559), (2560, 25600)):
        values = window_features(noise[:length], sample_rate_hz=rate_hz).channel(0)
        assert values["displacement_rms"] is None
