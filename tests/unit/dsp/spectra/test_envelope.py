"""Envelope spectra, the analytic signal and pre-whitening: modulated tones, impulses, SciPy."""

import numpy as np
import pytest
from scipy import signal

from kurto_dsp import AccelerationUnit, FrequencyBand, ParameterError, QualityFlag
from kurto_dsp.arrays import Float64Array
from kurto_dsp.spectra import EnvelopeKind, analytic_signal, envelope_spectrum, prewhiten

G = AccelerationUnit.G
RATE_HZ = 25600.0
TIMES_S = np.arange(25600) / RATE_HZ
BAND = FrequencyBand(3000.0, 5000.0)


def modulated(depth: float, amplitude: float = 2.0) -> Float64Array:
    swell = 1.0 + depth * np.cos(2 * np.pi * 90.0 * TIMES_S + 0.7)
    return np.asarray(amplitude * swell * np.sin(2 * np.pi * 4000.0 * TIMES_S))


def impulses(rate_hz: float, noise: float, seed: int = 0) -> Float64Array:
    since = np.mod(TIMES_S, 1.0 / rate_hz)
    ringing = np.exp(-600.0 * since) * np.sin(2 * np.pi * 4000.0 * since)
    rng = np.random.default_rng(seed)
    return np.asarray(ringing + noise * rng.standard_normal(len(since)))


@pytest.mark.parametrize("depth", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("band", [None, BAND])
def test_modulation_depth_is_read_as_the_closed_form_says(
    depth: float, band: FrequencyBand | None
) -> None:
    root = (1.0 - np.sqrt(1.0 - depth**2)) / depth
    expected = {
        EnvelopeKind.MAGNITUDE: (2.0 * depth, 0.0),
        EnvelopeKind.SQUARED: (2.0 * 4.0 * depth, 4.0 * depth**2 / 2.0),
        EnvelopeKind.LOG: (4.0 * root, 2.0 * root**2),
    }
    for kind, (first, second) in expected.items():
        spectrum = envelope_spectrum(
            modulated(depth), sample_rate_hz=RATE_HZ, unit=G, band=band, kind=kind
        )
        assert spectrum.frequencies_hz[90] == 90.0
        assert spectrum.values[0, 90] == pytest.approx(first, rel=1e-6)
        assert spectrum.values[0, 180] == pytest.approx(second, rel=1e-6, abs=1e-9)
        assert spectrum.values[0, 10:80].max() < 1e-6


def test_units_and_axes() -> None:
    units = {
        EnvelopeKind.MAGNITUDE: ("g", "m/s2", ""),
        EnvelopeKind.SQUARED: ("g2", "(m/s2)2", ""),
        EnvelopeKind.LOG: ("", "", ""),
    }
    for kind, (in_g, in_mps2, white) in units.items():
        assert kind.unit(G) == in_g
        assert kind.unit(AccelerationUnit.MPS2) == in_mps2
        assert kind.unit(G, prewhitened=True) == white
    spectrum = envelope_spectrum(modulated(0.5), sample_rate_hz=RATE_HZ, unit=G, band=BAND)
    assert (spectrum.unit, spectrum.band, spectrum.frequencies_hz[-1]) == ("g", BAND, 2000.0)
    default = envelope_spectrum(modulated(0.5), sample_rate_hz=RATE_HZ, unit=G, maximum_hz=300.0)
    assert default.band == FrequencyBand(2000.0, 10_000.0)
    assert default.frequencies_hz[-1] == 300.0
    slower = envelope_spectrum(modulated(0.5), sample_rate_hz=12_000.0, unit=G, maximum_hz=300.0)
    assert slower.band == FrequencyBand(2000.0, 12_000.0 / 2.56)


def test_the_band_keeps_other_tones_out() -> None:
    loud = (
        50.0
        * (1.0 + 0.5 * np.cos(2 * np.pi * 33.0 * TIMES_S))
        * np.sin(2 * np.pi * 700.0 * TIMES_S)
    )
    spectrum = envelope_spectrum(modulated(0.5) + loud, sample_rate_hz=RATE_HZ, unit=G, band=BAND)
    assert spectrum.values[0, 33] < 1e-6
    assert spectrum.values[0, 90] == pytest.approx(1.0, rel=1e-6)


def test_averaged_in_segments() -> None:
    whole = envelope_spectrum(modulated(0.5), sample_rate_hz=RATE_HZ, unit=G)
    parts = envelope_spectrum(modulated(0.5), sample_rate_hz=RATE_HZ, unit=G, resolution_hz=10.0)
    assert (int(whole.average_counts[0]), int(parts.average_counts[0])) == (1, 19)
    assert parts.frequencies_hz[9] == 90.0
    assert parts.values[0, 9] == pytest.approx(1.0, rel=1e-6)


def slipping_impulses(rate_hz: float, noise: float) -> Float64Array:
    """Impacts whose intervals scatter by 1 %, as rolling elements slip."""
    rng = np.random.default_rng(0)
    count = round(rate_hz) + 1
    times_s = np.cumsum((1.0 + 0.01 * rng.standard_normal(count)) / rate_hz)
    since = TIMES_S - np.append(-1.0, times_s)[np.searchsorted(times_s, TIMES_S, side="right")]
    ringing = np.exp(-2000.0 * since) * np.sin(2 * np.pi * 4000.0 * since)
    return np.asarray(ringing + noise * rng.standard_normal(len(since)))


def test_prewhitening_finds_slipping_impacts_under_dominant_tones() -> None:
    """Two tones amid the resonance, with 28 times the impacts' RMS, beat at 33 Hz."""
    samples = slipping_impulses(105.0, 0.05)
    samples += 4.0 * np.sin(2 * np.pi * 4100.0 * TIMES_S)
    samples += 2.0 * np.sin(2 * np.pi * 4133.0 * TIMES_S)
    ratios = []
    for prewhitened in (False, True):
        spectrum = envelope_spectrum(
            samples,
            sample_rate_hz=RATE_HZ,
            unit=G,
            kind=EnvelopeKind.SQUARED,
            maximum_hz=600.0,
            prewhitened=prewhitened,
        )
        assert spectrum.prewhitened is prewhitened
        loudest = int(np.argmax(spectrum.values[0, 20:])) + 20
        assert loudest == (105 if prewhitened else 33)
        lines = [spectrum.values[0, 105 * k - 1 : 105 * k + 2].max() for k in range(1, 6)]
        ratios.append(np.array(lines) / np.median(spectrum.values[0, 20:]))
    plain, white = ratios
    assert (plain < 5.0).all()
    assert (white > 10.0).all()


def test_the_logarithm_withstands_a_single_large_shock() -> None:
    samples = impulses(105.0, 0.05)
    samples[12_000:12_010] += 60.0
    spectra = {
        kind: envelope_spectrum(
            samples, sample_rate_hz=RATE_HZ, unit=G, kind=kind, maximum_hz=600.0
        ).values[0]
        for kind in (EnvelopeKind.SQUARED, EnvelopeKind.LOG)
    }
    ratio = {kind: v[105] / np.median(v[20:]) for kind, v in spectra.items()}
    assert ratio[EnvelopeKind.LOG] > 20.0
    assert ratio[EnvelopeKind.SQUARED] < 3.0


def test_bad_channels_are_null_or_zero_with_a_reason() -> None:
    rows = np.stack([modulated(0.5), modulated(0.5), np.full(25600, 3.0)])
    rows[1, 100] = np.nan
    linear = envelope_spectrum(rows, sample_rate_hz=RATE_HZ, unit=G)
    assert linear.values[0, 90] == pytest.approx(1.0, rel=1e-6)
    assert np.isnan(linear.values[1]).all()
    assert (linear.values[2] == 0.0).all()
    assert linear.quality.tolist() == [0, QualityFlag.NON_FINITE, QualityFlag.CONSTANT]
    for spectrum in (
        envelope_spectrum(rows, sample_rate_hz=RATE_HZ, unit=G, kind=EnvelopeKind.LOG),
        envelope_spectrum(rows, sample_rate_hz=RATE_HZ, unit=G, prewhitened=True),
    ):
        assert np.isnan(spectrum.values[1:]).all()
        assert np.isfinite(spectrum.values[0]).all()
    parts = envelope_spectrum(rows, sample_rate_hz=RATE_HZ, unit=G, resolution_hz=10.0)
    assert parts.average_counts.tolist() == [19, 18, 19]
    assert parts.values[1, 9] == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"band": FrequencyBand(2000.0, 13_000.0)}, "ends above half the rate"),
        ({"band": FrequencyBand(2000.0, 2001.0)}, "fewer than 4 lines"),
        ({"sample_rate_hz": 2560.0}, "give one that ends at 1000 Hz"),
        ({"resolution_hz": 0.5}, "needs 2 s, the record has 1 s"),
        ({"resolution_hz": 0.0}, "resolution_hz must be above 0"),
        ({"maximum_hz": -1.0}, "maximum_hz must be above 0"),
    ],
)
def test_impossible_arguments_say_what_to_change(changes: dict[str, float], words: str) -> None:
    arguments = {"sample_rate_hz": RATE_HZ} | changes
    with pytest.raises(ParameterError, match=words):
        envelope_spectrum(modulated(0.5), unit=G, **arguments)  # type: ignore[arg-type]


def test_a_band_in_the_filters_slope_is_flagged() -> None:
    spectrum = envelope_spectrum(
        modulated(0.5), sample_rate_hz=RATE_HZ, unit=G, band=FrequencyBand(2000.0, 11_000.0)
    )
    assert spectrum.quality[0] == QualityFlag.BAND_UNAVAILABLE


@pytest.mark.parametrize("length", [4096, 4095])
def test_the_analytic_signal_is_scipys(length: int) -> None:
    samples = np.random.default_rng(3).standard_normal((2, length))
    result = analytic_signal(samples, sample_rate_hz=RATE_HZ, unit=G)
    expected = np.abs(signal.hilbert(samples - samples.mean(axis=1, keepdims=True)))
    np.testing.assert_allclose(result.envelope, expected, rtol=1e-9)
    assert result.unit == "g"
    assert result.band is None


def test_instantaneous_frequency_of_a_chirp() -> None:
    chirp = np.cos(2 * np.pi * (500.0 * TIMES_S + 0.5 * 2000.0 * TIMES_S**2))
    result = analytic_signal(chirp, sample_rate_hz=RATE_HZ, unit=G)
    middle = slice(2560, -2560)
    expected = 500.0 + 2000.0 * TIMES_S
    np.testing.assert_allclose(result.frequency_hz[0, middle], expected[middle], rtol=5e-3)
    np.testing.assert_allclose(result.envelope[0, middle], 1.0, atol=5e-3)
    assert result.times_s[2560] == 0.1


def test_frequency_in_a_band_up_to_the_rates_limit() -> None:
    tones = np.sin(2 * np.pi * 9000.0 * TIMES_S) + 3.0 * np.sin(2 * np.pi * 400.0 * TIMES_S)
    result = analytic_signal(
        tones, sample_rate_hz=RATE_HZ, unit=G, band=FrequencyBand(8000.0, 10_000.0)
    )
    np.testing.assert_allclose(result.frequency_hz, 9000.0, rtol=1e-9)
    np.testing.assert_allclose(result.envelope, 1.0, rtol=1e-9)


def test_no_frequency_without_an_envelope() -> None:
    rows = np.stack([np.zeros(4096), np.full(4096, np.nan)])
    result = analytic_signal(rows, sample_rate_hz=RATE_HZ, unit=G)
    assert np.isnan(result.frequency_hz).all()
    assert (result.envelope[0] == 0.0).all()
    assert np.isnan(result.envelope[1]).all()


def test_prewhitening_gives_every_line_one_magnitude_and_keeps_its_phase() -> None:
    samples = impulses(105.0, 0.1) + 0.5 * np.sin(2 * np.pi * 60.0 * TIMES_S)
    white = prewhiten(samples, sample_rate_hz=RATE_HZ)
    before, after = np.fft.rfft(samples), np.fft.rfft(white.samples[0])
    lines = slice(1, 10_001)
    magnitude = np.abs(after[lines])
    np.testing.assert_allclose(magnitude, magnitude.mean(), rtol=1e-9)
    assert np.abs(np.angle(after[lines] * np.conj(before[lines]))).max() < 1e-9
    assert np.abs(after[10_001:]).max() < 1e-9 * magnitude.mean()
    assert np.sqrt(np.mean(white.samples**2)) == pytest.approx(1.0)
    assert (white.unit, white.maximum_hz) == ("", 10_000.0)


def test_prewhitening_leaves_empty_lines_empty() -> None:
    tone = np.sin(2 * np.pi * 1000.0 * TIMES_S)
    white = prewhiten(tone, sample_rate_hz=RATE_HZ)
    magnitude = np.abs(np.fft.rfft(white.samples[0]))
    assert magnitude[np.arange(len(magnitude)) != 1000].max() < 1e-3 * magnitude[1000]


def test_prewhitening_bad_channels_gives_null() -> None:
    rows = np.stack([impulses(90.0, 0.1), np.full(25600, 1.5), np.full(25600, np.inf)])
    white = prewhiten(rows, sample_rate_hz=RATE_HZ)
    assert np.isfinite(white.samples[0]).all()
    assert np.isnan(white.samples[1:]).all()
    with pytest.raises(ParameterError, match="maximum_hz must be above 0"):
        prewhiten(rows, sample_rate_hz=RATE_HZ, maximum_hz=0.0)
