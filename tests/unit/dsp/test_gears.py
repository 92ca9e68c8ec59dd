"""Gears: frequencies, sidebands and indicators, by closed forms."""

import math

import numpy as np
import pytest

from kurto_dsp.arrays import Float64Array
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.gears import (
    GearHistory,
    GearStage,
    VarianceHistory,
    energy_ratio,
    fm0,
    fm4,
    gear_indicators,
    gear_train_frequencies,
    m6a,
    m8a,
    moment_against_history,
    separate_gear_signals,
    sideband_table,
)

_TEETH, _POINTS = 20, 1024
_TURN = 2.0 * np.pi * np.arange(_POINTS) / _POINTS


def _gear(noise: Float64Array | float = 0.0, modulation: float = 0.2) -> Float64Array:
    mesh = np.cos(_TEETH * _TURN) * (1.0 + modulation * np.cos(_TURN))
    average: Float64Array = mesh + 0.5 * np.cos(2 * _TEETH * _TURN) + 0.1 * np.cos(_TURN) + noise
    return average


def test_a_train_passes_its_speed_on() -> None:
    first, second = gear_train_frequencies(24.0, [GearStage(20, 60), GearStage(15, 45)])
    assert (first.mesh_hz, first.driven_shaft_hz) == (480.0, 8.0)
    assert (second.driving_shaft_hz, second.mesh_hz) == (8.0, 120.0)
    assert second.driven_shaft_hz == pytest.approx(24.0 / 9.0)
    # The same two teeth of 20 and 60 meet once every turn of the larger gear.
    assert first.hunting_tooth_hz == pytest.approx(8.0)
    hunting = gear_train_frequencies(1.0, [GearStage(19, 61)])[0].hunting_tooth_hz
    assert hunting == pytest.approx(1.0 / 61.0)
    with pytest.raises(ParameterError, match="shaft_hz"):
        gear_train_frequencies(math.nan, [GearStage(1, 2)])
    with pytest.raises(ParameterError, match="tooth"):
        GearStage(0, 20)


@pytest.mark.parametrize("mesh_hz", [500.0, 500.3, 501.7])
def test_sidebands_read_their_true_amplitudes_wherever_they_fall(mesh_hz: float) -> None:
    rate, shaft_hz, depth = 12_800.0, 25.0, 0.3
    t = np.arange(2 * 12_800) / rate
    wave = 2.0 * np.cos(2 * np.pi * mesh_hz * t) * (1 + depth * np.cos(2 * np.pi * shaft_hz * t))
    table = sideband_table(
        wave, sample_rate_hz=rate, mesh_hz=500.0, shaft_hz=shaft_hz, harmonics=1, tolerance=0.01
    )
    assert table.resolved
    by_order = {line.order: line for line in table.lines}
    assert list(by_order) == list(range(-5, 6))
    assert by_order[0].amplitude == pytest.approx(2.0, rel=1e-3)
    assert by_order[0].level_db == 0.0
    for order in (-1, 1):
        line = by_order[order]
        assert line.expected_hz == 500.0 + order * shaft_hz
        assert line.found_hz == pytest.approx(mesh_hz + order * shaft_hz, abs=0.01)
        assert line.amplitude == pytest.approx(2.0 * depth / 2.0, rel=1e-3)
        assert line.level_db == pytest.approx(20 * math.log10(depth / 2.0), abs=0.01)
    assert by_order[2].level_db is not None
    assert by_order[2].level_db < -60
    assert table.sideband_index() == pytest.approx(depth, rel=1e-3)


def test_a_record_too_short_for_sidebands_says_so() -> None:
    wave = np.cos(2 * np.pi * 500 * np.arange(1280) / 12_800)
    table = sideband_table(wave, sample_rate_hz=12_800, mesh_hz=500.0, shaft_hz=25.0)
    assert not table.resolved
    assert all(line.amplitude is None for line in table.lines)
    assert table.sideband_index() is None
    with pytest.raises(ParameterError, match="mesh_hz"):
        sideband_table(wave, sample_rate_hz=12_800, mesh_hz=0.0, shaft_hz=25.0)


def test_sidebands_beyond_the_spectrum_are_null() -> None:
    rate = 2_000.0
    wave = np.cos(2 * np.pi * 480 * np.arange(4000) / rate)
    table = sideband_table(wave, sample_rate_hz=rate, mesh_hz=480.0, shaft_hz=20.0, harmonics=2)
    beyond = [line for line in table.lines if line.expected_hz >= 1000.0]
    assert beyond
    assert all(line.found_hz is None and line.level_db is None for line in beyond)


def test_the_parts_of_an_average_are_what_they_say() -> None:
    fault = 0.01 * np.cos(7 * _TURN + 0.4)  # belongs to neither shaft nor mesh
    signals = separate_gear_signals(_gear(fault) + 3.0, teeth=_TEETH)
    np.testing.assert_allclose(signals.average, _gear(fault), atol=1e-12)
    np.testing.assert_allclose(signals.regular, _gear(), atol=1e-12)
    np.testing.assert_allclose(signals.difference, fault, atol=1e-12)
    sidebands = 0.2 * np.cos(_TURN) * np.cos(_TEETH * _TURN)
    np.testing.assert_allclose(signals.residual, fault + sidebands, atol=1e-12)
    np.testing.assert_allclose(signals.mesh_amplitudes[:2], [1.0, 0.5], atol=1e-12)
    np.testing.assert_allclose(signals.mesh_amplitudes[2:], 0.0, atol=1e-12)
    # The envelope of the mesh band is the modulation itself.
    without = separate_gear_signals(_gear(), teeth=_TEETH)
    np.testing.assert_allclose(without.mesh_band, 1.0 + 0.2 * np.cos(_TURN), atol=1e-9)


def test_fm0_and_the_energy_ratio_of_known_waves() -> None:
    pure = separate_gear_signals(3.0 * np.cos(_TEETH * _TURN), teeth=_TEETH)
    assert fm0(pure) == pytest.approx(2.0, rel=1e-3)  # 2A over A
    signals = separate_gear_signals(_gear(0.05 * np.cos(7 * _TURN)), teeth=_TEETH)
    regular = math.sqrt((1.0 + 0.25 + 0.01 + 2 * 0.01) / 2.0)
    assert energy_ratio(signals) == pytest.approx(0.05 / math.sqrt(2.0) / regular, rel=1e-9)


def test_moments_of_gaussian_noise_are_3_15_105_and_of_a_sine_1_5_2_5_4_375() -> None:
    noise = np.random.default_rng(7).standard_normal(2_000_000)
    assert fm4(noise) == pytest.approx(3.0, rel=0.01)
    assert m6a(noise) == pytest.approx(15.0, rel=0.02)
    assert m8a(noise) == pytest.approx(105.0, rel=0.05)
    sine = np.sin(_TURN)
    assert fm4(sine) == pytest.approx(1.5)
    assert m6a(sine) == pytest.approx(2.5)
    assert m8a(sine) == pytest.approx(4.375)
    impulse = np.zeros(100)
    impulse[3] = 1.0  # P - 2 + 1/(P - 1), as for any train of impulses without its mean
    assert fm4(impulse) == pytest.approx(98.0 + 1.0 / 99.0)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_indicators_do_not_depend_on_the_unit(scale: float) -> None:
    noise = 0.05 * np.random.default_rng(3).standard_normal(_POINTS)
    one, _ = gear_indicators(separate_gear_signals(_gear(noise), teeth=_TEETH))
    other, _ = gear_indicators(separate_gear_signals(scale * _gear(noise), teeth=_TEETH))
    for name in ("fm0", "fm4", "m6a", "m8a", "er", "na4", "nb4"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-6), name


def test_a_growing_fault_raises_na4_where_kurtosis_stays() -> None:
    rng = np.random.default_rng(5)
    history: GearHistory | None = None
    values = []
    for amplitude in (1.0, 1.0, 1.0, 2.0):
        noise = 0.05 * amplitude * rng.standard_normal(_POINTS)
        signals = separate_gear_signals(_gear(noise, modulation=0.0), teeth=_TEETH)
        indicators, history = gear_indicators(signals, history)
        values.append(indicators)
    assert values[0].na4 == pytest.approx(fm4(_residual(rng, 1.0)), rel=0.3)
    assert values[2].na4 == pytest.approx(3.0, rel=0.25)
    assert values[3].na4 == pytest.approx(3.0 * 16.0, rel=0.3)  # (2²)² against the history
    assert values[3].fm4 == pytest.approx(3.0, rel=0.25)
    assert history is not None
    assert history.residual.record_count == 4


def _residual(rng: np.random.Generator, amplitude: float) -> Float64Array:
    noise: Float64Array = amplitude * rng.standard_normal(_POINTS)
    return noise


def test_the_history_is_the_mean_of_all_earlier_variances() -> None:
    signal = np.array([1.0, -1.0, 3.0, -3.0])  # variance 5, fourth moment 41
    assert moment_against_history(signal, VarianceHistory()) == pytest.approx(41 / 25)
    earlier = VarianceHistory().with_record(2.0).with_record(4.0).with_record(6.0)
    assert earlier == VarianceHistory(3, 4.0)
    assert moment_against_history(signal, earlier) == pytest.approx(41 / 16)


def test_nb4_follows_the_envelope_of_the_mesh_band() -> None:
    signals = separate_gear_signals(_gear(modulation=0.4), teeth=_TEETH)
    indicators, history = gear_indicators(signals)
    assert indicators.nb4 == pytest.approx(1.5, rel=1e-6)  # the envelope is a sine
    assert history.mesh_band.mean_variance == pytest.approx(0.4**2 / 2, rel=1e-6)
    doubled, _ = gear_indicators(
        separate_gear_signals(_gear(modulation=0.8), teeth=_TEETH), history
    )
    assert doubled.nb4 == pytest.approx(1.5 * 16.0, rel=1e-6)


def test_what_is_undefined_is_null() -> None:
    nothing, _ = gear_indicators(separate_gear_signals(np.full(_POINTS, 2.0), teeth=_TEETH))
    assert all(
        math.isnan(getattr(nothing, name))
        for name in ("fm0", "fm4", "m6a", "m8a", "er", "na4", "nb4")
    )
    regular, _ = gear_indicators(separate_gear_signals(_gear(), teeth=_TEETH))
    assert math.isnan(regular.fm4)
    assert regular.er == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("average", "teeth", "message"),
    [
        (np.zeros((2, 64)), 5, "one finite revolution"),
        (np.full(64, np.nan), 5, "one finite revolution"),
        (np.zeros(42), 20, "resample to more than 42"),
        (np.zeros(64), 2, "teeth"),
    ],
)
def test_impossible_averages_are_refused(average: Float64Array, teeth: int, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        separate_gear_signals(average, teeth=teeth)
