"""What holds for the spectra of any record: Parseval, scaling, independence of channels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kurto_dsp import AccelerationUnit, SpectrumKind
from kurto_dsp.spectra import (
    Averaging,
    EnvelopeKind,
    ShaftRotation,
    averaged_spectrum,
    compute_cepstrum,
    envelope_spectrum,
    fast_kurtogram,
    order_spectrum,
    prewhiten,
    time_synchronous_average,
)

G = AccelerationUnit.G
FEW = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


@FEW
@given(SEEDS, st.floats(100.0, 1e5), st.integers(40, 900), st.floats(1e-6, 1e6))
def test_power_of_noise_is_in_its_spectrum(
    seed: int, rate: float, lines: int, scale: float
) -> None:
    samples = scale * np.random.default_rng(seed).standard_normal(20_000)
    spectrum = averaged_spectrum(
        samples,
        sample_rate_hz=rate,
        unit=G,
        kind=SpectrumKind.POWER_DENSITY,
        lines=lines,
        maximum_hz=rate / 2,
        overlap=0.75,
    )
    power = spectrum.values[0].sum() * spectrum.resolution_hz
    assert power == pytest.approx(samples.var(), rel=0.08)


@FEW
@given(SEEDS, st.floats(0.01, 100.0), st.sampled_from(list(SpectrumKind)))
def test_amplitudes_scale_and_peak_hold_is_no_less_than_the_mean(
    seed: int, gain: float, kind: SpectrumKind
) -> None:
    samples = np.random.default_rng(seed).standard_normal(6000)
    mean = averaged_spectrum(samples, sample_rate_hz=1000, unit=G, kind=kind, lines=200)
    held = averaged_spectrum(
        samples,
        sample_rate_hz=1000,
        unit=G,
        kind=kind,
        lines=200,
        averaging=Averaging.PEAK_HOLD,
    )
    louder = averaged_spectrum(gain * samples, sample_rate_hz=1000, unit=G, kind=kind, lines=200)
    power = 2 if kind is SpectrumKind.POWER_DENSITY else 1
    np.testing.assert_allclose(louder.values, gain**power * mean.values, rtol=1e-9, atol=1e-15)
    assert (held.values >= mean.values * (1 - 1e-12)).all()


@FEW
@given(SEEDS, st.floats(3.0, 30.0), st.floats(0.3, 3.0), st.integers(1, 20))
def test_an_order_keeps_its_amplitude_at_any_run_up(
    seed: int, start_hz: float, ratio: float, order: int
) -> None:
    rate, duration_s = 2560.0, 40.0 / start_hz / min(1.0, ratio)
    t = np.arange(int(rate * duration_s)) / rate
    stop_hz = ratio * start_hz
    turns = start_hz * t + 0.5 * (stop_hz - start_hz) / duration_s * t**2
    phase = 2 * np.pi * np.random.default_rng(seed).uniform()
    highest = min(order + 3.0, rate / 2.56 / max(start_hz, stop_hz))
    if order > highest:
        return
    rotation = ShaftRotation.speed_track([0.0, duration_s], [start_hz, stop_hz])
    samples = np.cos(2 * np.pi * order * turns + phase)
    spectrum = order_spectrum(
        samples, sample_rate_hz=rate, rotation=rotation, unit=G, maximum_order=highest
    )
    assert spectrum.values[0, 10 * order] == pytest.approx(1.0, abs=0.01)
    average = time_synchronous_average(
        samples, sample_rate_hz=rate, rotation=rotation, unit=G, maximum_order=highest
    )
    wanted = np.cos(2 * np.pi * order * average.revolutions + phase)
    assert np.std(average.values[0] - wanted) < 0.02


@FEW
@given(SEEDS, st.integers(512, 3000), st.floats(1e-3, 1e3))
def test_ratios_do_not_know_the_gain(seed: int, length: int, gain: float) -> None:
    samples = np.random.default_rng(seed).standard_t(4, length)
    for quiet, loud in (
        (prewhiten(x, sample_rate_hz=1000.0).samples for x in (samples, gain * samples)),
        (fast_kurtogram(x, sample_rate_hz=1000.0).kurtosis for x in (samples, gain * samples)),
        (
            compute_cepstrum(x, sample_rate_hz=1000.0).values[:, 1:]
            for x in (samples, gain * samples)
        ),
    ):
        np.testing.assert_allclose(loud, quiet, rtol=1e-6, atol=1e-9)


@FEW
@given(SEEDS, st.integers(1, 4), st.sampled_from(list(EnvelopeKind)), st.booleans())
def test_a_channel_does_not_know_its_neighbours(
    seed: int, channels: int, kind: EnvelopeKind, prewhitened: bool
) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal((channels, 2048))
    samples[-1, rng.integers(2048)] = rng.choice([np.nan, np.inf, 0.0])
    together = envelope_spectrum(
        samples,
        sample_rate_hz=25600.0,
        unit=G,
        kind=kind,
        prewhitened=prewhitened,
        resolution_hz=100.0,
    )
    for channel, row in enumerate(samples):
        alone = envelope_spectrum(
            row,
            sample_rate_hz=25600.0,
            unit=G,
            kind=kind,
            prewhitened=prewhitened,
            resolution_hz=100.0,
        )
        np.testing.assert_allclose(together.values[channel], alone.values[0], rtol=1e-9)
        assert together.quality[channel] == alone.quality[0]
