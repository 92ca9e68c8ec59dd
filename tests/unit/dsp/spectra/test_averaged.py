"""Averaged spectra: levels of tones and noise, Welch, peak-hold, bad parts."""

from typing import Literal

import numpy as np
import pytest
from scipy import signal

from kurto_dsp import AccelerationUnit, ParameterError, QualityFlag, SpectrumKind
from kurto_dsp.arrays import Float64Array
from kurto_dsp.spectra import Averaging, Motion, averaged_spectrum

G = AccelerationUnit.G
RATE_HZ = 2560.0


def tone(frequency_hz: float, amplitude: float, duration_s: float = 8.0) -> Float64Array:
    t = np.arange(round(RATE_HZ * duration_s)) / RATE_HZ
    return np.asarray(amplitude * np.sin(2 * np.pi * frequency_hz * t + 0.3))


def noise(count: int, seed: int = 0) -> Float64Array:
    return np.random.default_rng(seed).standard_normal(count)


@pytest.mark.parametrize(
    ("kind", "level", "unit"),
    [
        (SpectrumKind.PEAK, 3.0, "g"),
        (SpectrumKind.RMS, 3.0 / np.sqrt(2), "g"),
        (SpectrumKind.PEAK_TO_PEAK, 6.0, "g"),
        # All power of the tone falls on three lines; the middle one has two thirds of it.
        (SpectrumKind.POWER_DENSITY, 4.5 * (2 / 3) / 1.0, "g2/Hz"),
    ],
)
def test_a_tone_on_a_line_reads_its_amplitude(kind: SpectrumKind, level: float, unit: str) -> None:
    spectrum = averaged_spectrum(
        5.0 + tone(250.0, 3.0), sample_rate_hz=RATE_HZ, unit=G, kind=kind, lines=1000
    )
    assert spectrum.resolution_hz == 1.0
    assert spectrum.frequencies_hz[250] == 250.0
    assert np.argmax(spectrum.values[0]) == 250
    assert spectrum.values[0, 250] == pytest.approx(level, rel=1e-9)
    assert spectrum.values[0, 0] == pytest.approx(0.0, abs=1e-9)
    assert spectrum.unit == unit
    assert spectrum.average_counts[0] == 15


@pytest.mark.parametrize(
    ("kind", "scaling"),
    [(SpectrumKind.POWER_DENSITY, "density"), (SpectrumKind.RMS, "spectrum")],
)
@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.75])
def test_equal_to_welch(
    kind: SpectrumKind, scaling: Literal["density", "spectrum"], overlap: float
) -> None:
    samples = np.stack([noise(20000), 2.0 + noise(20000, 1)])
    length = 2048
    frequency, expected = signal.welch(
        samples, RATE_HZ, nperseg=length, noverlap=round(length * overlap), scaling=scaling
    )
    if kind is SpectrumKind.RMS:
        expected = np.sqrt(expected)
    spectrum = averaged_spectrum(
        samples,
        sample_rate_hz=RATE_HZ,
        unit=G,
        kind=kind,
        lines=length // 2,
        maximum_hz=RATE_HZ / 2,
        overlap=overlap,
    )
    np.testing.assert_allclose(spectrum.frequencies_hz, frequency, rtol=1e-12)
    np.testing.assert_allclose(spectrum.values, expected, rtol=1e-9, atol=1e-12)
    assert (spectrum.quality == QualityFlag.BAND_UNAVAILABLE).all()


def test_density_of_gaussian_noise_is_variance_over_half_the_rate() -> None:
    sigma = 0.7
    spectrum = averaged_spectrum(
        sigma * noise(400_000),
        sample_rate_hz=RATE_HZ,
        unit=AccelerationUnit.MPS2,
        kind=SpectrumKind.POWER_DENSITY,
        lines=400,
    )
    values = spectrum.values[0, 5:]
    assert values.mean() == pytest.approx(sigma**2 / (RATE_HZ / 2), rel=0.01)
    # Hann at 50 % overlap: the variance of a Welch average is 19/18 of 1/K (Welch 1967).
    segments = int(spectrum.average_counts[0])
    assert values.std() / values.mean() == pytest.approx(np.sqrt(19 / 18 / segments), rel=0.15)
    assert spectrum.unit == "(m/s2)2/Hz"


def test_peak_hold_keeps_what_happened_once() -> None:
    samples = tone(100.0, 1.0)
    samples[8192:12288] += tone(400.0, 2.0)[8192:12288]
    held = averaged_spectrum(
        samples, sample_rate_hz=RATE_HZ, unit=G, lines=400, averaging=Averaging.PEAK_HOLD
    )
    mean = averaged_spectrum(samples, sample_rate_hz=RATE_HZ, unit=G, lines=400)
    at_400 = round(400.0 / held.resolution_hz)
    assert held.values[0, at_400] == pytest.approx(2.0, rel=1e-6)
    # 7 of 39 segments hold the whole burst, 2 share it: the mean of squares is known.
    assert 2.0 * np.sqrt(7 / 39) < mean.values[0, at_400] < 2.0 * np.sqrt(9 / 39)
    # A segment that cuts the burst spreads a little of it over all lines.
    assert held.values[0, at_400 // 4] == pytest.approx(1.0, rel=5e-3)


@pytest.mark.parametrize("memory", [1, 4, 10])
def test_an_exponential_average_follows_a_change(memory: int) -> None:
    # 1 s segments without overlap: 20 of amplitude 3, then 6 of amplitude 1.
    samples = np.concatenate([tone(250.0, 3.0, 20.0), tone(250.0, 1.0, 6.0)])
    spectrum = averaged_spectrum(
        np.stack([samples, tone(250.0, 3.0, 26.0)]),
        sample_rate_hz=RATE_HZ,
        unit=G,
        lines=1000,
        overlap=0.0,
        averaging=Averaging.EXPONENTIAL,
        memory=memory,
    )
    faded = (1 - 1 / memory) ** 6
    assert spectrum.values[0, 250] == pytest.approx(np.sqrt(1 + 8 * faded), rel=1e-9)
    assert spectrum.values[1, 250] == pytest.approx(3.0, rel=1e-9)
    assert spectrum.average_counts.tolist() == [26, 26]


def test_an_exponential_average_of_few_segments_is_their_mean() -> None:
    samples = np.stack([noise(8192), noise(8192, 1)])
    samples[1, 1500] = np.nan  # in the second of eight segments
    arguments = {"sample_rate_hz": RATE_HZ, "lines": 400, "overlap": 0.0}
    means = [
        averaged_spectrum(samples, unit=G, averaging=averaging, memory=20, **arguments)  # type: ignore[arg-type]
        for averaging in (Averaging.LINEAR, Averaging.EXPONENTIAL)
    ]
    np.testing.assert_allclose(means[1].values, means[0].values, rtol=1e-12)
    assert means[1].average_counts.tolist() == means[0].average_counts.tolist() == [8, 7]


def test_more_lines_up_to_a_lower_frequency() -> None:
    two = tone(30.0, 1.0, 40.0) + tone(30.25, 0.5, 40.0)
    spectrum = averaged_spectrum(two, sample_rate_hz=RATE_HZ, unit=G, lines=3200, maximum_hz=200.0)
    assert spectrum.resolution_hz == 0.0625
    assert len(spectrum.frequencies_hz) == 3201
    assert spectrum.frequencies_hz[-1] == 200.0
    assert spectrum.values[0, 480] == pytest.approx(1.0, rel=1e-6)
    assert spectrum.values[0, 484] == pytest.approx(0.5, rel=1e-6)
    assert spectrum.values[0, 482] < 0.01


@pytest.mark.parametrize(
    ("motion", "rms", "unit"),
    [
        # One g at 100 Hz, 0-peak: 11.04 mm/s and 17.56 um RMS.
        (Motion.ACCELERATION, np.sqrt(0.5), "g"),
        (Motion.VELOCITY, 9806.65 / (2 * np.pi * 100) / np.sqrt(2), "mm/s"),
        (Motion.DISPLACEMENT, 9806650.0 / (2 * np.pi * 100) ** 2 / np.sqrt(2), "um"),
    ],
)
def test_one_g_at_100_hz_as_velocity_and_displacement(
    motion: Motion, rms: float, unit: str
) -> None:
    arguments = {"sample_rate_hz": RATE_HZ, "lines": 1000, "motion": motion}
    samples = 5.0 + tone(100.0, 1.0)
    spectrum = averaged_spectrum(samples, unit=G, kind=SpectrumKind.RMS, **arguments)  # type: ignore[arg-type]
    assert spectrum.values[0, 100] == pytest.approx(rms, rel=1e-9)
    assert (spectrum.unit, spectrum.motion) == (unit, motion)
    blank = np.isnan(spectrum.values[0])
    assert blank[:3].all() == (motion is not Motion.ACCELERATION)
    assert not blank[3:].any()
    in_mps2 = averaged_spectrum(
        9.80665 * samples,
        unit=AccelerationUnit.MPS2,
        kind=SpectrumKind.POWER_DENSITY,
        **arguments,  # type: ignore[arg-type]
    )
    # Three lines hold the tone; each is divided by its own frequency.
    total = np.sqrt(in_mps2.values[0, 99:102].sum() * in_mps2.resolution_hz)
    scale = 9.80665 if motion is Motion.ACCELERATION else 1.0
    assert total == pytest.approx(scale * rms, rel=1e-3)
    squares = {"g": "(m/s2)2/Hz", "mm/s": "(mm/s)2/Hz", "um": "um2/Hz"}
    assert in_mps2.unit == squares[unit]


def test_a_bad_part_costs_its_segments_only() -> None:
    samples = np.stack([tone(250.0, 3.0), tone(250.0, 3.0)])
    samples[1, 9000:9010] = np.nan
    spectrum = averaged_spectrum(samples, sample_rate_hz=RATE_HZ, unit=G, lines=1000, overlap=0.0)
    assert spectrum.average_counts.tolist() == [8, 7]
    assert spectrum.values[1, 250] == pytest.approx(3.0, rel=1e-6)
    assert spectrum.quality.tolist() == [0, QualityFlag.NON_FINITE]


def test_channels_without_signal() -> None:
    samples = np.stack([np.full(8192, 4.2), np.full(8192, np.nan), np.full(8192, 0.0)])
    samples[1, :3] = 1.0
    spectrum = averaged_spectrum(samples, sample_rate_hz=RATE_HZ, unit=G, lines=400)
    assert (spectrum.values[[0, 2]] == 0.0).all()
    assert np.isnan(spectrum.values[1]).all()
    assert spectrum.quality[0] == QualityFlag.CONSTANT
    assert spectrum.quality[1] & QualityFlag.NON_FINITE
    assert spectrum.quality[2] == QualityFlag.CONSTANT | QualityFlag.ZERO


def test_impossible_amplitudes_are_null() -> None:
    spectrum = averaged_spectrum(
        np.stack([1e300 * noise(4096), 1e-200 * noise(4096)]),
        sample_rate_hz=RATE_HZ,
        unit=G,
        lines=400,
    )
    assert np.isnan(spectrum.values).all()
    assert (spectrum.quality == QualityFlag.OUT_OF_RANGE).all()


def test_clipping_is_flagged() -> None:
    spectrum = averaged_spectrum(
        np.clip(tone(100.0, 3.0), -2.0, 2.0),
        sample_rate_hz=RATE_HZ,
        unit=G,
        lines=400,
        full_scale=2.0,
    )
    assert spectrum.quality[0] == QualityFlag.CLIPPED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sample_rate_hz": 0.0}, "sample_rate_hz must be positive"),
        ({"sample_rate_hz": -5.0}, "sample_rate_hz must be positive"),
        ({"lines": 25600}, "need 25.6 s, the record has 8 s: ask for fewer lines"),
        ({"lines": 3}, "lines must lie from 16"),
        ({"maximum_hz": 1300.0}, "at most half the rate, 1280 Hz"),
        ({"maximum_hz": float("nan")}, "maximum_hz must be above 0"),
        ({"overlap": 1.0}, "overlap must lie from 0 to 0.95"),
        ({"memory": 0}, "memory must be at least 1 segment, got 0"),
    ],
)
def test_impossible_arguments_say_what_to_change(changes: dict[str, float], words: str) -> None:
    arguments = {"sample_rate_hz": RATE_HZ, "lines": 400} | changes
    with pytest.raises(ParameterError, match=words):
        averaged_spectrum(tone(100.0, 1.0), unit=G, **arguments)  # type: ignore[arg-type]


def test_impossible_samples_say_what_to_change() -> None:
    for samples, words in (
        (np.zeros((2, 2, 2)), "shape"),
        (np.array(["1", "2"]), "real numbers"),
        (np.zeros(15), "15 samples: give at least 16"),
    ):
        with pytest.raises(ParameterError, match=words):
            averaged_spectrum(samples, sample_rate_hz=RATE_HZ, unit=G)
