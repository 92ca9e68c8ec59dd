"""Bad data gives nulls and flags: never NaN arithmetic, never a warning, never an exception.

Warnings are errors in this test suite, so each case also shows that none was raised.
"""

import numpy as np
import pytest

from kurto_dsp import (
    ParameterError,
    QualityFlag,
    SensorRing,
    WindowBatch,
    compute_spectrum,
    flag_names,
    plan_features,
    window_features,
)
from kurto_dsp.arrays import Float64Array

RATE_HZ = 25600
LENGTH = 25600


def noise(length: int = LENGTH) -> Float64Array:
    return np.random.default_rng(0).standard_normal(length)


def present_features(samples: Float64Array) -> dict[str, float]:
    values = window_features(samples, sample_rate_hz=RATE_HZ).channel(0)
    return {name: value for name, value in values.items() if value is not None}


def with_value(value: float) -> Float64Array:
    samples = noise()
    samples[12345] = value
    return samples


CASES: dict[str, tuple[Float64Array, set[str], set[str]]] = {
    "empty": (np.zeros(0), {"too_short"}, set()),
    "one sample": (np.ones(1), {"constant", "too_short"}, set()),
    "fifteen samples": (noise(15), {"too_short"}, set()),
    "zero": (np.zeros(LENGTH), {"constant", "zero"}, {"mean"}),
    "constant": (np.full(LENGTH, 0.1), {"constant"}, {"mean"}),
    "large constant": (np.full(LENGTH, -3.7e9), {"constant"}, {"mean"}),
    "one NaN": (with_value(np.nan), {"non_finite"}, set()),
    "all NaN": (np.full(LENGTH, np.nan), {"non_finite"}, set()),
    "infinity": (with_value(np.inf), {"non_finite"}, set()),
    "minus infinity": (with_value(-np.inf), {"non_finite"}, set()),
    "both infinities": (np.tile([np.inf, -np.inf], LENGTH // 2), {"non_finite"}, set()),
    "too large for float32": (with_value(1e39), {"non_finite"}, set()),
    "beyond any sensor": (with_value(3e38), {"out_of_range"}, set()),
    "denormal": (noise() * 1e-41, {"out_of_range"}, set()),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_windows_are_null_with_a_reason(case: str) -> None:
    samples, flags, kept = CASES[case]
    window = window_features(samples, sample_rate_hz=RATE_HZ)
    assert set(flag_names(int(window.quality[0]))) == flags
    values = window.channel(0)
    assert {name for name, value in values.items() if value is not None} == kept


@pytest.mark.parametrize("case", [name for name, row in CASES.items() if len(row[0]) == LENGTH])
def test_bad_windows_leave_the_other_channels_alone(case: str) -> None:
    bad = CASES[case][0]
    window = window_features([noise(), bad, 2 * noise()], sample_rate_hz=RATE_HZ)
    alone = window_features(noise(), sample_rate_hz=RATE_HZ)
    assert window.channel(0) == alone.channel(0)
    assert window.quality.tolist() == [0, window.quality[1], 0]
    assert None not in window.channel(2).values()


@pytest.mark.parametrize("case", CASES)
def test_spectra_of_bad_windows_say_why(case: str) -> None:
    samples, flags, kept = CASES[case]
    spectrum = compute_spectrum(samples, sample_rate_hz=RATE_HZ)
    assert set(flag_names(int(spectrum.quality[0]))) >= flags - {"constant"}
    if kept:
        assert np.all(spectrum.values == 0.0)
    else:
        assert np.all(np.isnan(spectrum.values))


def test_smallest_and_largest_signals_have_values() -> None:
    for scale in (1e-14, 1e9):
        values, unit = present_features(noise() * scale), present_features(noise())
        assert values["rms"] == pytest.approx(scale * unit["rms"], rel=1e-6)
        assert values["kurtosis"] == pytest.approx(unit["kurtosis"], rel=1e-6)
        assert values["velocity_rms"] == pytest.approx(scale * unit["velocity_rms"], rel=1e-5)


@pytest.mark.parametrize(
    "samples",
    [
        np.eye(1, LENGTH)[0],
        0.5 - 0.5 * np.cos(2 * np.pi * np.arange(LENGTH) / LENGTH),
    ],
    ids=["a step at the edge", "one slow swing"],
)
def test_a_signal_without_lines_has_no_frequency(samples: Float64Array) -> None:
    window = window_features(samples, sample_rate_hz=RATE_HZ)
    assert flag_names(int(window.quality[0])) == ("undefined",)
    values = window.channel(0)
    spectral = {name for name in values if name.startswith(("spectral", "dominant"))}
    assert len(spectral) == 5
    missing = {name for name, value in values.items() if value is None}
    assert spectral <= missing <= spectral | {"envelope_kurtosis"}
    assert values["peak_to_peak"] == 1.0


def test_clipped_input_keeps_its_values() -> None:
    samples = np.clip(2 * noise(), -3.0, 3.0)
    clipped = window_features(samples, sample_rate_hz=RATE_HZ, full_scale=3.0)
    free = window_features(samples, sample_rate_hz=RATE_HZ)
    assert clipped.quality.tolist() == [QualityFlag.CLIPPED]
    assert free.quality.tolist() == [QualityFlag.NONE]
    assert clipped.channel(0) == free.channel(0)
    assert None not in clipped.channel(0).values()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("at_rail", "expected"), [(2, "NONE"), (3, "CLIPPED"), (40, "CLIPPED")])
def test_three_samples_in_a_row_at_either_rail_are_clipping(
    sign: int, at_rail: int, expected: str
) -> None:
    samples = noise()
    samples[700 : 700 + at_rail] = 49.9 * sign  # within half a percent of full scale
    samples[900] = 50.0 * sign
    window = window_features(samples, sample_rate_hz=RATE_HZ, full_scale=50.0)
    assert window.quality.tolist() == [QualityFlag[expected]]


def test_samples_at_opposite_rails_are_no_clipping() -> None:
    samples = noise()
    samples[700:704] = [50.0, -50.0, 50.0, -50.0]
    window = window_features(samples, sample_rate_hz=RATE_HZ, full_scale=50.0)
    assert window.quality.tolist() == [QualityFlag.NONE]


def test_below_half_a_percent_is_no_clipping() -> None:
    samples = noise()
    samples[700:720] = 49.7
    window = window_features(samples, sample_rate_hz=RATE_HZ, full_scale=50.0)
    assert window.quality.tolist() == [QualityFlag.NONE]


def test_low_rates_null_bands_and_velocity_only() -> None:
    window = window_features(noise(100), sample_rate_hz=100)
    values = window.channel(0)
    missing = {name for name, value in values.items() if value is None}
    bands = ("band_rms", "velocity", "displacement", "envelope")
    assert missing == {name for name in values if name.startswith(bands)}
    assert flag_names(int(window.quality[0])) == ("band_unavailable",)


def test_a_gap_empties_the_windows_that_contain_it() -> None:
    plan = plan_features(sample_rate_hz=1000)
    ring = SensorRing(channel_count=2, geometry=plan.geometry)
    batch = WindowBatch(plan)
    hop = noise(100).astype(np.float32)[np.newaxis].repeat(2, axis=0)
    for index in range(40):
        if index == 17:
            ring.push_gap(index)
        else:
            ring.push(index, hop)
        if ring.window_index is not None:
            batch.add(ring)
    windows = batch.compute()
    assert [window.window_index for window in windows] == list(range(31))
    assert [w.window_index for w in windows if w.is_empty] == list(range(8, 18))
    for window in windows:
        assert bool(np.isnan(window.feature("rms")).all()) == window.is_empty
        assert all("gap" in flag_names(int(q)) for q in window.quality) == window.is_empty


@pytest.mark.parametrize("rate", [0, -1, np.nan, np.inf])
def test_impossible_rates_are_refused_with_the_value(rate: float) -> None:
    with pytest.raises(ParameterError, match=f"{rate}"):
        window_features(noise(), sample_rate_hz=rate)
    with pytest.raises(ParameterError, match=f"{rate}"):
        compute_spectrum(noise(), sample_rate_hz=rate)


@pytest.mark.parametrize("shape", [(), (2, 3, 100)])
def test_impossible_shapes_are_refused_with_the_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError, match="channels, samples"):
        window_features(np.zeros(shape), sample_rate_hz=RATE_HZ)


def test_complex_and_textual_samples_are_refused() -> None:
    for samples in (np.zeros(100, complex), np.array(["a"])):
        with pytest.raises(ParameterError, match="real numbers"):
            window_features(samples, sample_rate_hz=RATE_HZ)
