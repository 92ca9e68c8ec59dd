"""Spectrogram, wavelets and kurtogram: true axes, levels, SciPy, null on bad data."""

import numpy as np
import pytest
from scipy import signal

from kurto_dsp import AccelerationUnit, ParameterError, QualityFlag, SpectrumKind
from kurto_dsp.arrays import Float64Array
from kurto_dsp.spectra import compute_spectrogram, fast_kurtogram, wavelet_transform

G = AccelerationUnit.G
RATE_HZ = 8000.0
TIMES_S = np.arange(16_000) / RATE_HZ


def tone(frequency_hz: float, amplitude: float = 1.0) -> Float64Array:
    return np.asarray(amplitude * np.sin(2 * np.pi * frequency_hz * TIMES_S + 0.2))


def noise(count: int, seed: int = 0) -> Float64Array:
    return np.random.default_rng(seed).standard_normal(count)


def bursts(frequency_hz: float, rate_hz: float, decay: float) -> Float64Array:
    since = np.mod(TIMES_S, 1.0 / rate_hz)
    return np.asarray(np.exp(-decay * since) * np.sin(2 * np.pi * frequency_hz * since))


@pytest.mark.parametrize(
    ("kind", "scaling"), [(SpectrumKind.POWER_DENSITY, "psd"), (SpectrumKind.RMS, "spectrum")]
)
def test_the_spectrogram_is_scipys(kind: SpectrumKind, scaling: str) -> None:
    samples = np.stack([noise(16_000), noise(16_000, 1)])
    picture = compute_spectrogram(
        samples,
        sample_rate_hz=RATE_HZ,
        unit=G,
        segment_s=0.064,
        kind=kind,
        overlap=0.5,
        maximum_hz=4000.0,
    )
    frequencies_hz, times_s, expected = signal.spectrogram(
        samples,
        RATE_HZ,
        window="hann",
        nperseg=512,
        noverlap=256,
        scaling="density" if scaling == "psd" else "spectrum",
    )
    if kind is SpectrumKind.RMS:
        expected = np.sqrt(expected)
    np.testing.assert_allclose(picture.frequencies_hz, frequencies_hz)
    np.testing.assert_allclose(picture.times_s, times_s)
    np.testing.assert_allclose(picture.values, expected, rtol=1e-9, atol=1e-12)
    assert picture.unit == kind.unit(G)


def test_the_spectrogram_follows_a_chirp() -> None:
    chirp = 3.0 * np.sin(2 * np.pi * (500.0 * TIMES_S + 0.5 * 500.0 * TIMES_S**2))
    picture = compute_spectrogram(chirp, sample_rate_hz=RATE_HZ, unit=G, segment_s=0.05)
    loudest = picture.frequencies_hz[np.argmax(picture.values[0], axis=0)]
    assert np.abs(loudest - (500.0 + 500.0 * picture.times_s)).max() <= 20.0 / 2 + 1e-9
    assert 3.0 * 0.8 < picture.values[0].max() < 3.001
    assert picture.frequencies_hz[-1] <= RATE_HZ / 2.56


def test_a_bad_part_blanks_its_frames_only() -> None:
    samples = tone(1000.0)
    samples[8000] = np.nan
    picture = compute_spectrogram(
        samples, sample_rate_hz=RATE_HZ, unit=G, segment_s=0.1, overlap=0.0
    )
    blank = np.isnan(picture.values[0]).all(axis=0)
    assert blank.tolist() == [index == 10 for index in range(20)]
    assert np.isfinite(picture.values[0][:, ~blank]).all()
    assert picture.quality[0] == QualityFlag.NON_FINITE


def test_800_hz_reads_800_hz_and_its_amplitude() -> None:
    for frequency_hz in (100.0, 800.0, 2000.0):
        picture = wavelet_transform(
            tone(frequency_hz, 2.5),
            sample_rate_hz=RATE_HZ,
            unit=G,
            minimum_hz=50.0,
            voices_per_octave=48,
            time_step_s=0.01,
        )
        ridge = picture.values[0, :, 100]
        row = int(np.argmax(ridge))
        assert picture.frequencies_hz[row] == pytest.approx(frequency_hz, rel=0.5 / 48)
        assert ridge[row] == pytest.approx(2.5, rel=5e-3)
        assert picture.times_s[100] == pytest.approx(1.0)


@pytest.mark.parametrize("centre", [5.0, 6.0, 20.0])
def test_the_wavelets_width_is_what_it_says(centre: float) -> None:
    picture = wavelet_transform(
        tone(800.0),
        sample_rate_hz=RATE_HZ,
        unit=G,
        minimum_hz=400.0,
        maximum_hz=1600.0,
        centre=centre,
        time_step_s=0.1,
    )
    column = picture.values[0, :, 10]
    expected = np.exp(-0.5 * (centre * (800.0 / picture.frequencies_hz - 1.0)) ** 2)
    np.testing.assert_allclose(column, expected, atol=1e-6)


def test_an_impulse_gives_the_wavelet_itself() -> None:
    """In time its envelope is a Gaussian of standard deviation centre/(2πf)."""
    samples = np.zeros(16_000)
    samples[8000] = 1.0
    picture = wavelet_transform(
        samples, sample_rate_hz=RATE_HZ, unit=G, minimum_hz=200.0, maximum_hz=201.0
    )
    deviation_s = 6.0 / (2 * np.pi * 200.0)
    expected = np.exp(-0.5 * ((TIMES_S - 1.0) / deviation_s) ** 2)
    peak = 2.0 * 200.0 / 6.0 * np.sqrt(2 * np.pi) / RATE_HZ
    # Removing the mean leaves a small step at the record's ends, so look at the middle.
    middle = slice(4000, 12_000)
    np.testing.assert_allclose(
        picture.values[0, 0, middle], peak * expected[middle], atol=1e-5 * peak
    )
    assert picture.edge_s[0] == pytest.approx(3.0 * deviation_s)


def test_what_leaves_at_one_end_does_not_come_in_at_the_other() -> None:
    samples = np.zeros(16_000)
    samples[-20:] = 1.0
    picture = wavelet_transform(samples, sample_rate_hz=RATE_HZ, unit=G, minimum_hz=50.0)
    assert picture.values[0, :, :1000].max() < 1e-3 * picture.values.max()


def test_bad_channels_have_no_picture() -> None:
    rows = np.stack([tone(800.0), np.full(16_000, np.nan), np.zeros(16_000)])
    picture = wavelet_transform(
        rows, sample_rate_hz=RATE_HZ, unit=G, minimum_hz=400.0, time_step_s=0.1
    )
    assert np.isnan(picture.values[1]).all()
    assert (picture.values[2] == 0.0).all()
    gram = fast_kurtogram(rows, sample_rate_hz=RATE_HZ)
    assert gram.best[0] is not None
    assert gram.best[1:] == (None, None)
    assert np.isnan(gram.kurtosis[1:]).all()


@pytest.mark.parametrize(("frequency_hz", "rate_hz"), [(1700.0, 7.0), (900.0, 11.0), (3100.0, 5.0)])
def test_the_kurtogram_finds_the_band_of_the_bursts(frequency_hz: float, rate_hz: float) -> None:
    samples = bursts(frequency_hz, rate_hz, 200.0) + 0.1 * noise(16_000) + 0.5 * tone(300.0)
    gram = fast_kurtogram(samples, sample_rate_hz=RATE_HZ)
    best = gram.best[0]
    assert best is not None
    assert best.band.low_hz - 100.0 < frequency_hz < best.band.high_hz + 100.0
    assert best.band.high_hz - best.band.low_hz <= 1000.0
    assert best.kurtosis == np.nanmax(gram.kurtosis[0])
    row = int(np.argmin(np.abs(gram.levels - best.level)))
    assert gram.bandwidths_hz[row] == pytest.approx(best.band.high_hz - best.band.low_hz)
    column = int(np.argmin(np.abs(gram.frequencies_hz - frequency_hz)))
    assert gram.kurtosis[0, row, column] > 5 * gram.noise_deviation[row]


def test_the_seam_of_a_record_is_no_impulse() -> None:
    """Its ends do not meet, and above 1 kHz it holds nearly nothing."""
    low_pass = signal.firwin(401, 800.0, fs=RATE_HZ)
    slow = 3.0 * np.sin(2 * np.pi * 0.3 * TIMES_S)
    samples = slow + np.convolve(noise(16_000), low_pass, "same") + 1e-4 * noise(16_000, 1)
    gram = fast_kurtogram(samples, sample_rate_hz=RATE_HZ)
    above = gram.kurtosis[0][:, gram.frequencies_hz > 2000.0]
    fine = gram.levels >= 2.0
    assert (above[fine] < 6 * gram.noise_deviation[fine, np.newaxis]).all()


def test_bands_in_the_filters_slope_are_shown_but_not_the_best() -> None:
    samples = 5.0 * bursts(3700.0, 5.0, 200.0) + bursts(1700.0, 7.0, 200.0) + 0.1 * noise(16_000)
    gram = fast_kurtogram(samples, sample_rate_hz=RATE_HZ)
    best = gram.best[0]
    assert best is not None
    assert best.band.low_hz < RATE_HZ / 2.56
    sharp = gram.kurtosis[0][:, gram.frequencies_hz > 3500.0]
    assert np.nanmax(sharp) > best.kurtosis


def test_the_tree_is_one_third_binary() -> None:
    gram = fast_kurtogram(noise(16_000), sample_rate_hz=RATE_HZ, maximum_level=4)
    counts = np.rint(2.0**gram.levels).astype(int)
    assert counts.tolist() == [1, 2, 3, 4, 6, 8, 12, 16]
    np.testing.assert_allclose(gram.bandwidths_hz * counts, 4000.0)
    assert gram.kurtosis.shape == (1, 8, 48)
    assert (gram.frequencies_hz[0], gram.frequencies_hz[-1]) == pytest.approx(
        (4000 / 96, 4000 - 4000 / 96)
    )


def test_kurtosis_of_noise_and_of_a_tone() -> None:
    values = fast_kurtogram(noise(400_000).reshape(8, -1), sample_rate_hz=RATE_HZ)
    for row, level in enumerate(values.levels):
        count = round(2.0**level)
        bands = values.kurtosis[:, row, :: values.kurtosis.shape[2] // count].ravel()
        deviation = float(values.noise_deviation[row])
        assert abs(bands.mean()) < 5 * deviation / np.sqrt(len(bands)) + deviation**2
        if len(bands) >= 64:
            assert bands.std() == pytest.approx(deviation, rel=0.35)
    single = fast_kurtogram(tone(1000.0) + 1e-6 * noise(16_000), sample_rate_hz=RATE_HZ)
    assert single.kurtosis[0, 0, 0] == pytest.approx(-1.0, abs=1e-3)


def test_impossible_arguments_say_what_to_change() -> None:
    samples = tone(100.0)
    for segment_s in (0.0, 3.0, float("nan")):
        with pytest.raises(ParameterError, match="at most the record's 2 s"):
            compute_spectrogram(samples, sample_rate_hz=RATE_HZ, unit=G, segment_s=segment_s)
    with pytest.raises(ParameterError, match="at least 4 samples"):
        compute_spectrogram(samples, sample_rate_hz=RATE_HZ, unit=G, segment_s=1e-4)
    with pytest.raises(ParameterError, match="maximum_hz"):
        compute_spectrogram(
            samples, sample_rate_hz=RATE_HZ, unit=G, segment_s=0.1, maximum_hz=5000.0
        )
    for changes, words in (
        ({"minimum_hz": 0.0}, "0 < minimum_hz"),
        ({"minimum_hz": 0.5}, "raise minimum_hz"),
        ({"maximum_hz": 4001.0}, "<= 4000 Hz"),
        ({"voices_per_octave": 0}, "voices_per_octave"),
        ({"centre": 1.0}, "centre must lie from 5"),
        ({"time_step_s": 0.0}, "time_step_s"),
    ):
        arguments = {"sample_rate_hz": RATE_HZ, "unit": G, "minimum_hz": 50.0} | changes
        with pytest.raises(ParameterError, match=words):
            wavelet_transform(samples, **arguments)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="at least 512 samples, got 300"):
        fast_kurtogram(samples[:300], sample_rate_hz=RATE_HZ)
    with pytest.raises(ParameterError, match="from 1 to 5 for 16000 samples, got 6"):
        fast_kurtogram(samples, sample_rate_hz=RATE_HZ, maximum_level=6)


def test_results_that_would_fill_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = tone(100.0)
    monkeypatch.setattr("kurto_dsp.spectra.spectrogram.MAX_VALUES", 10_000)
    with pytest.raises(ParameterError, match="ask for less overlap or a lower maximum_hz"):
        compute_spectrogram(samples, sample_rate_hz=RATE_HZ, unit=G, segment_s=0.1)
    monkeypatch.setattr("kurto_dsp.spectra.wavelet.MAX_VALUES", 10_000)
    with pytest.raises(ParameterError, match="set a larger time_step_s"):
        wavelet_transform(samples, sample_rate_hz=RATE_HZ, unit=G, minimum_hz=100.0)
