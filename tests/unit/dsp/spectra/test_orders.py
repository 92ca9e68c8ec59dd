"""Order spectra and time-synchronous averages of shafts at constant and at changing speed."""

import numpy as np
import pytest

from kurto_dsp import AccelerationUnit, ParameterError, QualityFlag, SpectrumKind
from kurto_dsp.arrays import Float64Array
from kurto_dsp.spectra import (
    Averaging,
    ShaftRotation,
    averaged_spectrum,
    order_spectrum,
    resample_angular,
    tacho_rotation,
    time_synchronous_average,
)

G = AccelerationUnit.G
RATE_HZ = 5120.0
DURATION_S = 10.0
TIMES_S = np.arange(round(RATE_HZ * DURATION_S)) / RATE_HZ
TURNS = 10.0 * TIMES_S + 0.5 * TIMES_S**2
RUN_UP = ShaftRotation.speed_track([0.0, DURATION_S], [10.0, 20.0])


def harmonics(turns: Float64Array, amplitudes: dict[float, float]) -> Float64Array:
    tones = [a * np.cos(2 * np.pi * order * turns) for order, a in amplitudes.items()]
    return np.asarray(np.sum(tones, axis=0))


def test_orders_stay_sharp_through_a_run_up() -> None:
    amplitudes = {1.0: 1.0, 3.2: 0.5, 28.0: 0.25, 90.0: 0.1}
    spectrum = order_spectrum(
        harmonics(TURNS, amplitudes), sample_rate_hz=RATE_HZ, rotation=RUN_UP, unit=G
    )
    assert spectrum.revolution_count == 150
    assert spectrum.mean_speed_hz == pytest.approx(15.0)
    assert spectrum.resolution_orders == pytest.approx(0.1)
    assert spectrum.orders[-1] == pytest.approx(100.0, abs=0.1)
    for order, amplitude in amplitudes.items():
        line = round(order * 10)
        assert spectrum.orders[line] == pytest.approx(order)
        assert spectrum.values[0, line] == pytest.approx(amplitude, rel=1e-3)
    between = spectrum.values[0, 350:850]
    assert between.max() < 1e-4
    in_hertz = averaged_spectrum(
        harmonics(TURNS, amplitudes), sample_rate_hz=RATE_HZ, unit=G, lines=1000
    )
    # The same tones, smeared over hertz: from 250 Hz up only orders 28 and 90 can lie.
    assert in_hertz.values[0, in_hertz.frequencies_hz > 250.0].max() < 0.5 * 0.25


@pytest.mark.parametrize(
    ("kind", "level", "unit"),
    [
        (SpectrumKind.PEAK, 2.0, "g"),
        (SpectrumKind.RMS, np.sqrt(2), "g"),
        (SpectrumKind.PEAK_TO_PEAK, 4.0, "g"),
        (SpectrumKind.POWER_DENSITY, 2.0 * (2 / 3) * 10, "g2/order"),
    ],
)
def test_kinds_and_units(kind: SpectrumKind, level: float, unit: str) -> None:
    spectrum = order_spectrum(
        harmonics(TURNS, {5.0: 2.0}), sample_rate_hz=RATE_HZ, rotation=RUN_UP, unit=G, kind=kind
    )
    assert spectrum.values[0, 50] == pytest.approx(level, rel=1e-3)
    assert spectrum.unit == unit


def test_at_constant_speed_orders_are_hertz_over_speed() -> None:
    samples = np.random.default_rng(0).standard_normal((2, 51200))
    rotation = ShaftRotation.constant_speed(16.0, duration_s=10.0)
    orders = order_spectrum(
        samples, sample_rate_hz=RATE_HZ, rotation=rotation, unit=G, maximum_order=60.0
    )
    hertz = averaged_spectrum(samples, sample_rate_hz=RATE_HZ, unit=G, lines=600, maximum_hz=960.0)
    assert orders.average_counts.tolist() == hertz.average_counts.tolist() == [31, 31]
    np.testing.assert_allclose(orders.orders * 16.0, hertz.frequencies_hz, rtol=1e-9)
    difference = orders.values - hertz.values
    assert np.sqrt(np.mean(difference**2)) < 1e-4 * np.sqrt(np.mean(hertz.values**2))


def test_what_lies_above_the_highest_order_does_not_fold_back() -> None:
    above = np.sin(2 * np.pi * 1900.0 * TIMES_S)
    spectrum = order_spectrum(
        above, sample_rate_hz=RATE_HZ, rotation=RUN_UP, unit=G, maximum_order=40.0
    )
    assert spectrum.values.max() < 1e-4


def test_a_tacho_channel_is_as_good_as_the_true_speed() -> None:
    tacho = np.where(np.mod(TURNS - 0.25, 1.0) < 0.2, 1.0, 0.0)
    rotation = tacho_rotation(tacho, sample_rate_hz=RATE_HZ)
    spectrum = order_spectrum(
        harmonics(TURNS, {1.0: 1.0, 7.0: 0.5}),
        sample_rate_hz=RATE_HZ,
        rotation=rotation,
        unit=G,
        maximum_order=20.0,
    )
    assert spectrum.values[0, 10] == pytest.approx(1.0, rel=1e-3)
    assert spectrum.values[0, 70] == pytest.approx(0.5, rel=5e-3)


def test_peak_hold_finds_the_resonance_that_a_run_up_passes() -> None:
    gain = 1.0 / np.sqrt(1.0 + ((5.0 * (10.0 + TIMES_S) - 75.0) / 1.5) ** 2)
    arguments = {"sample_rate_hz": RATE_HZ, "rotation": RUN_UP, "unit": G, "revolutions": 5}
    samples = gain * harmonics(TURNS, {5.0: 1.0})
    held = order_spectrum(samples, averaging=Averaging.PEAK_HOLD, **arguments)  # type: ignore[arg-type]
    mean = order_spectrum(samples, **arguments)  # type: ignore[arg-type]
    assert 0.8 < held.values[0, 25] <= 1.0
    assert mean.values[0, 25] < 0.6


def test_angular_samples_lie_on_the_signal() -> None:
    angular = resample_angular(
        harmonics(TURNS, {1.0: 1.0, 12.0: 0.3}), sample_rate_hz=RATE_HZ, rotation=RUN_UP, unit=G
    )
    inside = (angular.revolutions > 2.0) & (angular.revolutions < 148.0)
    wanted = harmonics(angular.revolutions[inside], {1.0: 1.0, 12.0: 0.3})
    offset = angular.samples[0, inside] - wanted
    assert np.std(offset) < 1e-4
    assert angular.revolution_count == 150
    assert angular.revolutions[0] == 0.0


def test_a_bad_part_costs_its_revolutions_only() -> None:
    samples = np.stack([harmonics(TURNS, {5.0: 2.0})] * 3)
    samples[1, 25000:25010] = np.inf
    samples[2] = 7.0
    spectrum = order_spectrum(samples, sample_rate_hz=RATE_HZ, rotation=RUN_UP, unit=G)
    assert spectrum.values[1, 50] == pytest.approx(2.0, rel=1e-3)
    assert spectrum.average_counts[1] < spectrum.average_counts[0]
    assert spectrum.quality.tolist() == [0, QualityFlag.NON_FINITE, QualityFlag.CONSTANT]
    assert (spectrum.values[2] == 0.0).all()
    average = time_synchronous_average(samples, sample_rate_hz=RATE_HZ, rotation=RUN_UP, unit=G)
    assert average.revolution_counts[0] == 150
    assert 147 <= average.revolution_counts[1] <= 149
    wanted = harmonics(average.revolutions, {5.0: 2.0})
    np.testing.assert_allclose(average.values[1], wanted, atol=2e-3)


def test_a_channel_that_is_all_bad_is_null() -> None:
    samples = np.stack([harmonics(TURNS, {5.0: 2.0}), np.full(len(TURNS), np.nan)])
    average = time_synchronous_average(samples, sample_rate_hz=RATE_HZ, rotation=RUN_UP, unit=G)
    assert np.isnan(average.values[1]).all()
    assert np.isnan(average.asynchronous_rms[1])
    assert average.revolution_counts.tolist() == [150, 0]
    assert average.quality[1] & QualityFlag.NON_FINITE


def test_the_synchronous_average_keeps_what_turns_with_the_shaft() -> None:
    gear = harmonics(TURNS, {1.0: 0.4, 23.0: 1.0, 24.0: 0.2})
    other = 0.8 * np.cos(2 * np.pi * 0.618 * 23.0 * TURNS)
    average = time_synchronous_average(
        gear + other, sample_rate_hz=RATE_HZ, rotation=RUN_UP, unit=G, maximum_order=60.0
    )
    wanted = harmonics(average.revolutions, {1.0: 0.4, 23.0: 1.0, 24.0: 0.2})
    assert np.std(average.values[0] - wanted) < 0.8 / 30
    assert average.asynchronous_rms[0] == pytest.approx(0.8 / np.sqrt(2), rel=0.01)
    assert average.unit == "g"


@pytest.mark.parametrize("turns", [25, 100, 400])
def test_noise_falls_with_the_root_of_the_revolutions(turns: int) -> None:
    """White noise of RMS 1, low-passed at 40 of 128 orders: its TSA has RMS √(share/N)."""
    rate, speed = 2560.0, 10.0
    samples = np.random.default_rng(turns).standard_normal((8, round(rate * turns / speed)))
    average = time_synchronous_average(
        samples,
        sample_rate_hz=rate,
        rotation=ShaftRotation.constant_speed(speed, duration_s=turns / speed),
        unit=G,
        maximum_order=40.0,
    )
    assert (average.revolution_counts == turns).all()
    # A raised cosine in amplitude from 40 to 51.2 orders passes 3/8 of the power in between.
    share = (40.0 + 0.375 * 11.2) / 128.0
    level = np.sqrt(np.mean(average.values**2))
    assert level == pytest.approx(np.sqrt(share / turns), rel=0.08)
    left_over = np.sqrt(np.mean(average.asynchronous_rms**2))
    assert left_over == pytest.approx(np.sqrt(share * (1 - 1 / turns)), rel=0.03)


def test_another_shaft_by_its_gear_ratio() -> None:
    ratio = 23 / 41
    samples = harmonics(ratio * TURNS, {2.0: 1.0}) + harmonics(TURNS, {1.0: 1.0})
    average = time_synchronous_average(
        samples, sample_rate_hz=RATE_HZ, rotation=RUN_UP.geared(ratio), unit=G, maximum_order=20.0
    )
    assert average.mean_speed_hz == pytest.approx(15.0 * ratio, rel=0.01)
    wanted = harmonics(average.revolutions, {2.0: 1.0})
    assert np.std(average.values[0] - wanted) < 0.03


def test_a_rotation_known_only_in_part_uses_that_part() -> None:
    track = ShaftRotation.speed_track([2.0, 6.0], [12.0, 16.0])
    spectrum = order_spectrum(
        harmonics(TURNS, {5.0: 2.0}), sample_rate_hz=RATE_HZ, rotation=track, unit=G
    )
    assert spectrum.revolution_count == 56
    assert spectrum.values[0, 50] == pytest.approx(2.0, rel=1e-3)


def test_impossible_arguments_say_what_to_change() -> None:
    samples = harmonics(TURNS, {1.0: 1.0})
    late = ShaftRotation.speed_track([20.0, 30.0], [10.0, 10.0])
    slow = ShaftRotation.constant_speed(0.15, duration_s=10.0)
    for changes, words in (
        ({"maximum_order": 101.0}, "at most 100"),
        ({"maximum_order": 0.0}, "must be above 0"),
        ({"revolutions": 151}, "which has 150: ask for fewer"),
        ({"revolutions": 0}, "at least 1"),
        ({"rotation": late}, "no whole revolution"),
        ({"overlap": -0.1}, "overlap"),
    ):
        arguments = {"sample_rate_hz": RATE_HZ, "rotation": RUN_UP, "unit": G} | changes
        with pytest.raises(ParameterError, match=words):
            order_spectrum(samples, **arguments)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="at least 2 whole revolutions"):
        time_synchronous_average(samples, sample_rate_hz=RATE_HZ, rotation=slow, unit=G)


def test_a_shaft_that_nearly_stops_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kurto_dsp.spectra.angular.MAX_ANGULAR_SAMPLES", 20_000)
    with pytest.raises(ParameterError, match=r"from 10 to 20 Hz.*cut the record where it is slow"):
        order_spectrum(
            harmonics(TURNS, {1.0: 1.0}), sample_rate_hz=RATE_HZ, rotation=RUN_UP, unit=G
        )
