"""Shaft angle from constant speed, speed tracks and tacho pulses."""

import numpy as np
import pytest

from kurto_dsp import ParameterError
from kurto_dsp.arrays import Float64Array
from kurto_dsp.spectra import ShaftRotation, detect_pulses, tacho_rotation

RATE_HZ = 5000.0
TIMES_S = np.arange(50_000) / RATE_HZ
RUN_UP_TURNS = 5.0 * TIMES_S + 0.75 * TIMES_S**2
"""From 5 Hz to 20 Hz in 10 s."""


def tacho(turns: Float64Array, *, duty: float = 0.1, noise: float = 0.05) -> Float64Array:
    pulse = np.where(np.mod(turns - 0.5, 1.0) < duty, 5.0, 0.0)
    return np.asarray(pulse + noise * np.random.default_rng(0).standard_normal(len(turns)))


def test_a_linear_speed_track_gives_the_exact_angle() -> None:
    rotation = ShaftRotation.speed_track([0.0, 10.0], [5.0, 20.0])
    inside = slice(0, -1)
    np.testing.assert_allclose(rotation.revolutions_at(TIMES_S), RUN_UP_TURNS, atol=1e-6)
    np.testing.assert_allclose(rotation.times_at(RUN_UP_TURNS[inside]), TIMES_S[inside], atol=1e-7)
    np.testing.assert_allclose(rotation.speeds_at(TIMES_S), 5.0 + 1.5 * TIMES_S, rtol=1e-5)


def test_constant_speed_and_gearing() -> None:
    rotation = ShaftRotation.constant_speed(25.0, duration_s=4.0).geared(0.5)
    assert rotation.times_at(np.array([0.0, 25.0, 50.0])) == pytest.approx([0.0, 2.0, 4.0])
    assert rotation.speeds_at(np.array([1.0]))[0] == pytest.approx(12.5)
    assert (rotation.start_s, rotation.stop_s) == (0.0, 4.0)


def test_pulses_are_found_between_samples() -> None:
    sine = np.sin(2 * np.pi * 7.3 * TIMES_S)
    pulses = detect_pulses(sine, sample_rate_hz=RATE_HZ, threshold=0.0, hysteresis=0.0)
    expected = np.arange(1, 73) / 7.3
    np.testing.assert_allclose(pulses.times_s, expected, atol=1e-8)
    falling = detect_pulses(
        sine, sample_rate_hz=RATE_HZ, threshold=0.0, hysteresis=0.0, falling=True
    )
    np.testing.assert_allclose(falling.times_s, (np.arange(73) + 0.5) / 7.3, atol=1e-8)


def test_hysteresis_ignores_noise_on_slow_edges() -> None:
    rng = np.random.default_rng(1)
    slow = np.sin(2 * np.pi * 3.0 * TIMES_S + 1.0) + 0.03 * rng.standard_normal(len(TIMES_S))
    pulses = detect_pulses(slow, sample_rate_hz=RATE_HZ)
    assert len(pulses.times_s) == 30
    assert (pulses.inserted_count, pulses.dropped_count) == (0, 0)
    assert pulses.hysteresis == pytest.approx(0.2 * (slow.max() - slow.min()))
    with pytest.raises(ParameterError, match="irregular"):
        detect_pulses(slow, sample_rate_hz=RATE_HZ, hysteresis=0.0)


def test_a_tacho_gives_the_angle_of_a_run_up() -> None:
    rotation = tacho_rotation(tacho(RUN_UP_TURNS), sample_rate_hz=RATE_HZ)
    times_s = TIMES_S
    inside = (times_s > rotation.start_s) & (times_s < rotation.stop_s)
    turned = rotation.revolutions_at(TIMES_S[inside]) + 0.5
    # An edge lies anywhere between two samples: 20 Hz at 5 kHz is 0.004 turns per sample.
    assert np.abs(turned - RUN_UP_TURNS[inside]).max() < 0.005
    middle = (TIMES_S > 1.0) & (TIMES_S < 9.0)
    speed = rotation.speeds_at(TIMES_S[middle])
    np.testing.assert_allclose(speed, 5.0 + 1.5 * TIMES_S[middle], rtol=0.02)


def test_pulses_per_revolution() -> None:
    rotation = tacho_rotation(
        tacho(4.0 * RUN_UP_TURNS), sample_rate_hz=RATE_HZ, pulses_per_revolution=4
    )
    assert rotation.speeds_at(np.array([5.0]))[0] == pytest.approx(12.5, rel=0.02)


def test_a_lost_and_a_doubled_pulse_are_repaired() -> None:
    clean = tacho(RUN_UP_TURNS)
    wanted = detect_pulses(clean, sample_rate_hz=RATE_HZ)
    broken = clean.copy()
    lost = round(wanted.times_s[40] * RATE_HZ)
    broken[lost - 2 : lost + 100] = 0.0
    doubled = round((0.6 * wanted.times_s[60] + 0.4 * wanted.times_s[61]) * RATE_HZ)
    broken[doubled : doubled + 3] = 5.0
    found = detect_pulses(broken, sample_rate_hz=RATE_HZ)
    assert (found.inserted_count, found.dropped_count) == (1, 1)
    np.testing.assert_allclose(found.times_s, wanted.times_s, atol=1e-3)


@pytest.mark.parametrize("position", [0.1, 0.3, 0.45, 0.55, 0.7, 0.9])
def test_the_false_one_of_two_close_pulses_is_dropped(position: float) -> None:
    times_s = np.arange(40) * 0.1
    ghost = np.sort(np.append(times_s, 2.0 + 0.1 * position))
    samples = np.zeros(round(4.2 * RATE_HZ))
    for moment in ghost + 0.05:
        first = round(moment * RATE_HZ)
        samples[first : first + 5] = 1.0
    found = detect_pulses(samples, sample_rate_hz=RATE_HZ)
    assert found.dropped_count == 1
    np.testing.assert_allclose(np.diff(found.times_s), 0.1, atol=1e-9)


def test_tachos_without_a_usable_pulse_say_what_to_change() -> None:
    rng = np.random.default_rng(0)
    one = np.zeros(5000)
    one[100:200] = 1.0
    gap = one.copy()
    gap[7] = np.nan
    for samples, words in (
        (np.full(5000, 2.5), "constant at 2.5"),
        (one, "1 pulses.*set them within its range, 0 to 1"),
        (gap, "not finite"),
        (rng.standard_normal(5000), "irregular"),
        (np.zeros((2, 5000)), "one channel"),
    ):
        with pytest.raises(ParameterError, match=words):
            detect_pulses(samples, sample_rate_hz=RATE_HZ)
    with pytest.raises(ParameterError, match="0 pulses at threshold 9"):
        detect_pulses(tacho(RUN_UP_TURNS), sample_rate_hz=RATE_HZ, threshold=9.0)
    with pytest.raises(ParameterError, match="hysteresis must not be negative"):
        detect_pulses(tacho(RUN_UP_TURNS), sample_rate_hz=RATE_HZ, hysteresis=-1.0)


def test_impossible_speeds_say_what_to_change() -> None:
    with pytest.raises(ParameterError, match="speed_hz must be positive"):
        ShaftRotation.constant_speed(0.0, duration_s=1.0)
    with pytest.raises(ParameterError, match="duration_s"):
        ShaftRotation.constant_speed(1.0, duration_s=0.0)
    with pytest.raises(ParameterError, match=r"at 1 s is -2 Hz.*leave such points out"):
        ShaftRotation.speed_track([0.0, 1.0, 2.0], [3.0, -2.0, 3.0])
    with pytest.raises(ParameterError, match=r"at 1 s is nan Hz"):
        ShaftRotation.speed_track([0.0, 1.0, 2.0], [3.0, np.nan, 3.0])
    with pytest.raises(ParameterError, match="strictly increasing"):
        ShaftRotation.speed_track([0.0, 2.0, 1.0], [3.0, 3.0, 3.0])
    with pytest.raises(ParameterError, match="as many times as speeds"):
        ShaftRotation.speed_track([0.0], [3.0])
    with pytest.raises(ParameterError, match="hardly turns"):
        ShaftRotation.speed_track([0.0, 1.0], [1e-7, 30.0])
    with pytest.raises(ParameterError, match="pulses_per_revolution"):
        ShaftRotation.pulse_train([0.0, 1.0, 2.0], pulses_per_revolution=0)
    with pytest.raises(ParameterError, match="at least 3 pulses"):
        ShaftRotation.pulse_train([0.0, 1.0])
    with pytest.raises(ParameterError, match="too irregular"):
        ShaftRotation.pulse_train([0.0, 1.0, 1.001, 1.002, 3.0])
    with pytest.raises(ParameterError, match="ratio"):
        ShaftRotation.constant_speed(5.0, duration_s=1.0).geared(-1.0)
