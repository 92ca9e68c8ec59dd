"""Cepstra of echoes and of families of lines."""

import numpy as np
import pytest

from kurto_dsp import ParameterError, QualityFlag
from kurto_dsp.spectra import CepstrumKind, compute_cepstrum

RATE_HZ = 5000.0


@pytest.mark.parametrize("length", [8192, 8191])
def test_an_echo_gives_the_series_of_its_logarithm(length: int) -> None:
    """ln|1 + a·e^(-jwt)| = a·cos - a²/2·cos 2wt + ...: half of each coefficient at t, 2t, ..."""
    noise = np.random.default_rng(0).standard_normal(length)
    noise -= noise.mean()
    echo = noise + 0.5 * np.roll(noise, 400)
    arguments = {"sample_rate_hz": RATE_HZ, "tapered": False}
    source = compute_cepstrum(noise, **arguments)  # type: ignore[arg-type]
    both = compute_cepstrum(echo, **arguments)  # type: ignore[arg-type]
    difference = both.values[0] - source.values[0]
    assert both.quefrencies_s[400] == 0.08
    assert difference[400] == pytest.approx(0.5 / 2, abs=0.002)
    assert difference[800] == pytest.approx(-(0.5**2) / 4, abs=0.002)
    assert difference[1200] == pytest.approx(0.5**3 / 6, abs=0.002)
    assert both.unit == ""


def test_the_power_cepstrum_is_four_times_the_real_ones_square() -> None:
    noise = np.random.default_rng(1).standard_normal(4096)
    real = compute_cepstrum(noise, sample_rate_hz=RATE_HZ)
    power = compute_cepstrum(noise, sample_rate_hz=RATE_HZ, kind=CepstrumKind.POWER)
    log_power = np.log(np.abs(np.fft.fft((noise - noise.mean()) * np.hanning(4097)[:-1])) ** 2)
    expected = np.abs(np.fft.ifft(log_power)[:2049]) ** 2
    np.testing.assert_allclose(power.values[0], expected, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(power.values, 4.0 * real.values**2, rtol=1e-12)


def test_a_family_of_harmonics_is_one_line_at_its_period() -> None:
    t = np.arange(20_000) / RATE_HZ
    family = np.sum([np.cos(2 * np.pi * 40.0 * k * t + k) for k in range(1, 50)], axis=0)
    samples = family + 0.5 * np.random.default_rng(2).standard_normal(len(t))
    cepstrum = compute_cepstrum(samples, sample_rate_hz=RATE_HZ, maximum_s=0.1)
    assert cepstrum.quefrencies_s[-1] == pytest.approx(0.1)
    search = cepstrum.quefrencies_s > 0.01
    best = cepstrum.quefrencies_s[search][np.argmax(cepstrum.values[0, search])]
    assert best == pytest.approx(1 / 40.0)


def test_nearly_empty_lines_do_not_blow_up() -> None:
    t = np.arange(5000) / RATE_HZ
    cepstrum = compute_cepstrum(np.sin(2 * np.pi * 100.0 * t), sample_rate_hz=RATE_HZ)
    assert np.isfinite(cepstrum.values).all()
    assert np.abs(cepstrum.values).max() < np.log(1e10)


def test_bad_channels_are_null() -> None:
    rows = np.stack([np.zeros(512), np.full(512, 2.0), np.ones(512)])
    rows[2, 5] = np.nan
    cepstrum = compute_cepstrum(rows, sample_rate_hz=RATE_HZ)
    assert np.isnan(cepstrum.values).all()
    assert cepstrum.quality[0] == QualityFlag.CONSTANT | QualityFlag.ZERO
    assert cepstrum.quality[2] & QualityFlag.NON_FINITE


@pytest.mark.parametrize("maximum_s", [0.0, -1.0, float("nan"), 2.0])
def test_impossible_quefrencies_say_what_to_change(maximum_s: float) -> None:
    with pytest.raises(ParameterError, match="maximum_s must be above 0 and at most the record's"):
        compute_cepstrum(np.arange(5000), sample_rate_hz=RATE_HZ, maximum_s=maximum_s)
