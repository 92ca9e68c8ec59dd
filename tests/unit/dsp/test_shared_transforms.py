"""One transform of a long window serves several results: each is what its definition says."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from kurto_dsp.arrays import Float64Array
from kurto_dsp.bearings import SKF_6205_2RS_JEM, BearingGeometry, find_bearing
from kurto_dsp.diagnosis import (
    Fault,
    ShaftSpeed,
    SpeedSource,
    combine,
    diagnose_record,
    diagnose_window,
    long_window_features,
    whitened_envelope_spectrum,
)
from kurto_dsp.diagnosis.comb_plans import LineGrid
from kurto_dsp.diagnosis.line_levels import line_level
from kurto_dsp.diagnosis.medians import median
from kurto_dsp.diagnosis.record_lines import lowest_record_lines, record_lines, without_mean
from kurto_dsp.diagnosis.scoring import FamilyScorer, family_scorer
from kurto_dsp.diagnosis.whitening import EnvelopeSpectrum, whitened_envelopes
from kurto_dsp.synthesis import Fault as Damage
from kurto_dsp.synthesis import MachineModel, MachineSignal, SeverityRamp

RATE_HZ = 12000.0
SPEED = ShaftSpeed(29.95)
ROUNDING = 1e-12


def shaken(seed: int, count: int) -> Float64Array:
    """Noise with a few tones and a bias: no line is like another."""
    at = np.arange(count) / RATE_HZ
    noise = np.random.default_rng(seed).standard_normal(count)
    return noise + 3.0 + np.sin(2 * np.pi * 29.95 * at) + 0.2 * np.sin(2 * np.pi * 3210.0 * at)


def damaged(fault: Damage = Damage.INNER_RACE, duration_s: float = 5.0) -> Float64Array:
    model = MachineModel(
        fault=fault,
        severity=SeverityRamp.constant(0.2),
        seed=3,
        sample_rate_hz=RATE_HZ,
        channel_count=1,
        shaft_hz=SPEED.hz,
    )
    samples = MachineSignal(model).samples(0, round(duration_s * RATE_HZ))
    return np.asarray(samples[0], np.float64)


def plain_lines(samples: Float64Array) -> np.ndarray:
    return np.fft.rfft(samples - samples.mean())


def plain_hann_amplitude(samples: Float64Array) -> Float64Array:
    window = signal.windows.hann(len(samples), sym=False)
    return np.abs(np.fft.rfft((samples - samples.mean()) * window)) * 4.0 / len(samples)


def plain_envelope(samples: Float64Array, wanted: int) -> Float64Array:
    """By the definition, at the full rate: whiten, analytic signal of the band, square, Hann."""
    lines = np.fft.fft(samples - samples.mean())
    white = np.zeros_like(lines)
    band = slice(1, int(0.390625 * len(samples)) + 1)
    white[band] = lines[band] / np.abs(lines[band])
    envelope = np.abs(np.fft.ifft(white)) ** 2
    window = signal.windows.hann(len(samples), sym=False)
    return np.abs(np.fft.rfft((envelope - envelope.mean()) * window))[:wanted]


@pytest.mark.parametrize("count", [24_000, 12_345, 8_191])
@pytest.mark.parametrize("highest_hz", [40.0, 330.0, 5_000.0])
def test_the_lowest_lines_are_those_of_the_whole_transform(count: int, highest_hz: float) -> None:
    samples = shaken(1, count)
    lowest = lowest_record_lines(samples - samples.mean(), RATE_HZ, highest_hz=highest_hz)
    whole = plain_lines(samples)
    assert lowest.resolution_hz == RATE_HZ / count
    assert len(lowest.values) * lowest.resolution_hz > min(highest_hz, RATE_HZ / 2)
    error = np.abs(lowest.values - whole[: len(lowest.values)])
    assert error.max() < ROUNDING * np.abs(whole).max()


@pytest.mark.parametrize("count", [12_000, 12_345])
def test_one_transform_gives_the_whitened_envelope(count: int) -> None:
    samples = shaken(2, count)
    found = whitened_envelope_spectrum(samples, sample_rate_hz=RATE_HZ, highest_hz=700.0)
    plain = plain_envelope(samples, len(found.magnitude))
    # Its own scale depends on the padding: ratios of lines are what is used.
    scale = found.magnitude[5] / plain[5]
    np.testing.assert_allclose(found.magnitude, scale * plain, rtol=0.0, atol=1e-9 * plain.max())


def test_windows_transformed_together_are_as_each_alone() -> None:
    windows = damaged().reshape(5, -1)
    together = whitened_envelopes(record_lines(without_mean(windows), RATE_HZ), highest_hz=900.0)
    for window, spectrum in zip(windows, together, strict=True):
        alone = whitened_envelope_spectrum(window, sample_rate_hz=RATE_HZ, highest_hz=900.0)
        np.testing.assert_array_equal(spectrum.magnitude, alone.magnitude)


def test_a_long_record_is_diagnosed_in_blocks_of_windows() -> None:
    """More windows than are transformed together, one of them unusable."""
    samples = damaged(duration_s=19.0)
    samples[7 * 12000 + 5] = np.nan
    arguments = {"sample_rate_hz": RATE_HZ, "bearing": SKF_6205_2RS_JEM, "speed": SPEED}
    whole = diagnose_record(samples, **arguments)  # type: ignore[arg-type]
    windows = [
        diagnose_window(window, **arguments)  # type: ignore[arg-type]
        for window in samples.reshape(19, -1)
    ]
    assert whole.fault is Fault.INNER_RACE
    assert dict(whole.scores) == pytest.approx(dict(combine(windows).scores), rel=ROUNDING)


def test_features_of_a_long_window_are_those_of_their_definitions() -> None:
    samples = damaged(duration_s=8.0).astype(np.float32)
    features = long_window_features(
        samples, sample_rate_hz=RATE_HZ, speed=SPEED, bearing=SKF_6205_2RS_JEM
    )
    wide = samples.astype(np.float64)
    amplitude, step_hz = plain_hann_amplitude(wide), RATE_HZ / len(wide)
    for name, order in (("order_1x", 1.0), ("order_3x", 3.0)):
        low, high = (order * SPEED.hz * (1 + side * 0.02) / step_hz for side in (-1, 1))
        peak = int(np.ceil(low)) + int(np.argmax(amplitude[int(np.ceil(low)) : int(high) + 1]))
        expected = np.sqrt(np.sum(amplitude[peak - 2 : peak + 3] ** 2) / 1.5)
        assert features.feature(name)[0] == pytest.approx(expected, rel=1e-9)
    lines = np.arange(round(2.0 / step_hz), round(1000.0 / step_hz) + 1)
    power = amplitude[lines] ** 2 / 3.0 / (2 * np.pi * lines * step_hz) ** 2
    velocity = 9806.65 * np.sqrt(power.sum())
    assert features.feature("velocity_rms_2hz")[0] == pytest.approx(velocity, rel=1e-9)
    bpfi_hz = SKF_6205_2RS_JEM.defect_frequencies(SPEED.hz).bpfi_hz
    plain = EnvelopeSpectrum(plain_envelope(wide, round(2 * bpfi_hz / step_hz) + 2), step_hz)
    level = line_level(plain, centre_hz=bpfi_hz, reach_hz=0.01 * bpfi_hz)
    assert level is not None
    assert features.feature("bpfi")[0] == pytest.approx(level.level_db, abs=1e-6)


def test_a_scorer_that_was_used_before_scores_the_same() -> None:
    """What it keeps of earlier spectra does not show in later ones."""
    spectra = whitened_envelopes(
        record_lines(without_mean(np.stack([shaken(s, 12_000) for s in range(6)])), RATE_HZ),
        highest_hz=1_100.0,
    )
    grid = LineGrid(len(spectra[0].magnitude), spectra[0].resolution_hz, SPEED)
    used = FamilyScorer(SKF_6205_2RS_JEM, grid)
    together = list(zip(used.families(spectra), map(used.cage, spectra), strict=True))
    for spectrum, found in zip(spectra[::-1], together[::-1], strict=True):
        fresh = FamilyScorer(SKF_6205_2RS_JEM, grid)
        assert (fresh.families([spectrum])[0], fresh.cage(spectrum)) == found


def test_only_the_same_machine_and_length_share_a_scorer() -> None:
    spectrum = EnvelopeSpectrum(np.ones(1_200), 1.0)
    scorer = family_scorer(SKF_6205_2RS_JEM, SPEED, spectrum)
    assert family_scorer(SKF_6205_2RS_JEM, SPEED, EnvelopeSpectrum(np.ones(1_200), 1.0)) is scorer
    others = [
        (find_bearing("6203"), SPEED, spectrum),
        (SKF_6205_2RS_JEM, ShaftSpeed(29.96), spectrum),
        (SKF_6205_2RS_JEM, ShaftSpeed(29.95, SpeedSource.NAMEPLATE), spectrum),
        (SKF_6205_2RS_JEM, SPEED, EnvelopeSpectrum(np.ones(1_201), 1.0)),
        (SKF_6205_2RS_JEM, SPEED, EnvelopeSpectrum(np.ones(1_200), 0.5)),
    ]
    assert all(family_scorer(*other) is not scorer for other in others)


def peak_bytes(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("bearing", "speed"),
    [
        # What somebody may have typed: a speed in r/min for one in Hz, balls as wide as the circle.
        (BearingGeometry(1000, 0.5, 1000.0), ShaftSpeed(10_000.0, SpeedSource.NAMEPLATE)),
        (SKF_6205_2RS_JEM, ShaftSpeed(10_000.0, SpeedSource.NAMEPLATE)),
        (BearingGeometry(2, 39.0399999, 39.04), SPEED),
        (BearingGeometry(2, 39.0399999, 39.04, 20.0), SPEED),
    ],
)
def test_a_bearing_or_speed_that_cannot_be_takes_no_memory(
    bearing: BearingGeometry, speed: ShaftSpeed
) -> None:
    samples = shaken(4, 24_000)

    def work() -> None:
        verdict = diagnose_record(samples, sample_rate_hz=RATE_HZ, bearing=bearing, speed=speed)
        assert verdict.fault in {Fault.NONE, Fault.UNCERTAIN}
        features = long_window_features(
            samples, sample_rate_hz=RATE_HZ, bearing=bearing, speed=speed
        )
        assert not np.isinf(features.values).any()

    assert peak_bytes(work) < 100e6


@pytest.mark.parametrize("line_frequency_hz", [50.0, 2_400.0, 6_000.0, 1e6])
def test_mains_above_what_the_samples_show_are_no_hint(line_frequency_hz: float) -> None:
    verdict = diagnose_window(
        shaken(5, 12_000),
        sample_rate_hz=RATE_HZ,
        bearing=SKF_6205_2RS_JEM,
        speed=SPEED,
        line_frequency_hz=line_frequency_hz,
    )
    assert "electrical" not in {hint.pattern for hint in verdict.hints}


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60))
def test_medians_are_those_of_numpy(values: list[float]) -> None:
    assert median(np.array(values)) == float(np.median(values))
