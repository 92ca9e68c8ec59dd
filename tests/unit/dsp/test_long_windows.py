"""Orders, fault lines and low-frequency velocity of a long window, by closed forms."""

import math

import numpy as np
import pytest
from scipy import integrate
from scipy import signal as scipy_signal

from kurto_dsp import AccelerationUnit, ParameterError, QualityFlag, synthesis
from kurto_dsp.arrays import Float64Array
from kurto_dsp.bearings import SKF_6205_2RS_JEM, BearingGeometry, find_bearing
from kurto_dsp.diagnosis import (
    LONG_WINDOW_NAMES,
    LongWindowFeatures,
    ShaftSpeed,
    SpeedSource,
    long_window_features,
)

RATE_HZ = 12000.0
LINES = ("bpfo", "bpfi", "bsf2", "ftf")


def times(duration_s: float = 8.0) -> Float64Array:
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def noise(seed: int, duration_s: float = 8.0) -> Float64Array:
    return np.random.default_rng(seed).standard_normal(round(RATE_HZ * duration_s))


def value(features: LongWindowFeatures, name: str) -> float:
    return float(features.feature(name)[0])


@pytest.mark.parametrize("shaft_hz", [24.9, 29.95, 30.0, 30.0625, 30.03, 60.0])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_order_amplitudes_are_right_wherever_the_tone_lies(shaft_hz: float, order: int) -> None:
    samples = 2.5 * np.cos(2 * np.pi * order * shaft_hz * times() + 0.7) + 11.0
    features = long_window_features(samples, sample_rate_hz=RATE_HZ, speed=ShaftSpeed(shaft_hz))
    # The five lines of the main lobe hold all but 0.03 %.
    assert value(features, f"order_{order}x") == pytest.approx(2.5, rel=3e-4)
    for other in {1, 2, 3} - {order}:
        assert value(features, f"order_{other}x") < 0.01


@pytest.mark.parametrize(("error", "found"), [(0.019, True), (-0.019, True), (0.03, False)])
def test_orders_are_looked_for_within_two_percent(error: float, *, found: bool) -> None:
    samples = np.cos(2 * np.pi * 60.0 * times())
    speed = ShaftSpeed(30.0 * (1 + error))
    features = long_window_features(samples, sample_rate_hz=RATE_HZ, speed=speed)
    assert (value(features, "order_2x") > 0.99) is found


def test_short_windows_search_one_and_a_half_lines() -> None:
    # 1 s of 30 Hz: 2 % are 0.6 lines.
    samples = np.cos(2 * np.pi * 30.0 * times(1.0))
    features = long_window_features(samples, sample_rate_hz=RATE_HZ, speed=ShaftSpeed(31.4))
    assert value(features, "order_1x") == pytest.approx(1.0, rel=3e-4)


def test_fault_lines_are_zero_decibels_on_noise_in_the_median() -> None:
    rows = np.stack([noise(seed) for seed in range(60)])
    for source in SpeedSource:
        features = long_window_features(
            rows,
            sample_rate_hz=RATE_HZ,
            speed=ShaftSpeed(29.95, source),
            bearing=SKF_6205_2RS_JEM,
        )
        for name in LINES:
            # The median of 60 has a standard error of about 0.4 dB.
            assert np.median(features.feature(name)) == pytest.approx(0.0, abs=1.3), name


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (synthesis.Fault.OUTER_RACE, "bpfo"),
        (synthesis.Fault.INNER_RACE, "bpfi"),
        (synthesis.Fault.BALL, "bsf2"),
    ],
)
def test_the_line_of_the_fault_rises_far_above_the_others(
    fault: synthesis.Fault, line: str
) -> None:
    model = synthesis.MachineModel(
        fault=fault,
        severity=synthesis.SeverityRamp.constant(0.2),
        sample_rate_hz=RATE_HZ,
        channel_count=1,
    )
    samples = synthesis.MachineSignal(model).samples(0, round(8 * RATE_HZ))
    features = long_window_features(
        samples, sample_rate_hz=RATE_HZ, speed=ShaftSpeed(29.95), bearing=SKF_6205_2RS_JEM
    )
    levels = {name: value(features, name) for name in LINES}
    assert levels[line] > 15.0
    assert all(levels[line] > levels[name] + 6.0 for name in {"bpfo", "bpfi", "bsf2"} - {line})


@pytest.mark.parametrize(("lines_away", "is_null"), [(0.0, True), (1.2, True), (4.0, False)])
def test_a_line_within_one_and_a_half_lines_of_a_shaft_harmonic_is_null(
    lines_away: float, *, is_null: bool
) -> None:
    # BPFI is exactly 5 orders; the strongest line in reach lies so many lines beside it.
    bearing, speed = BearingGeometry(8, 10.0, 40.0), ShaftSpeed(30.0)
    modulating_hz = 150.0 + lines_away / 8.0
    samples = noise(1) * (1.0 + 0.9 * np.cos(2 * np.pi * modulating_hz * times()))
    level = long_window_features(
        samples, sample_rate_hz=RATE_HZ, speed=speed, bearing=bearing
    ).channel(0)["bpfi"]
    assert (level is None) is is_null
    if level is not None:
        assert level > 10.0


def test_nameplate_speed_cannot_tell_a_line_from_a_harmonic_within_two_percent() -> None:
    # SKF 6313: BPFI is 4.929 orders. A modulation there, 1.4 % below the fifth order.
    bearing = find_bearing("SKF 6313")
    bpfi_hz = bearing.defect_frequencies(29.95).bpfi_hz
    samples = noise(2) * (1 + 0.9 * np.cos(2 * np.pi * bpfi_hz * times()))
    levels = [
        long_window_features(
            samples, sample_rate_hz=RATE_HZ, speed=ShaftSpeed(29.95, source), bearing=bearing
        ).channel(0)["bpfi"]
        for source in (SpeedSource.MEASURED, SpeedSource.NAMEPLATE)
    ]
    assert levels[0] is not None
    assert levels[0] > 10.0
    assert levels[1] is None


@pytest.mark.parametrize("frequency_hz", [2.5, 5.0, 10.0, 100.0, 990.0])
def test_velocity_of_a_tone(frequency_hz: float) -> None:
    samples = 0.3 * np.cos(2 * np.pi * frequency_hz * times() + 0.4)
    features = long_window_features(samples, sample_rate_hz=RATE_HZ, unit=AccelerationUnit.MPS2)
    expected = 1000 * 0.3 / (2 * np.pi * frequency_hz) / math.sqrt(2)
    assert value(features, "velocity_rms_2hz") == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("frequency_hz", [0.5, 1.0, 1.5])
def test_velocity_leaves_out_what_is_below_two_hertz(frequency_hz: float) -> None:
    samples = 0.3 * np.cos(2 * np.pi * frequency_hz * times(16.0))
    features = long_window_features(samples, sample_rate_hz=RATE_HZ, unit=AccelerationUnit.MPS2)
    full = 1000 * 0.3 / (2 * np.pi * frequency_hz) / math.sqrt(2)
    assert value(features, "velocity_rms_2hz") < 0.02 * full


def test_velocity_equals_integration_in_time() -> None:
    # Band-limited noise integrated by the trapezoid rule, an independent path.
    sos = scipy_signal.butter(4, (5.0, 400.0), "bandpass", fs=RATE_HZ, output="sos")
    samples = scipy_signal.sosfiltfilt(sos, noise(3, 40.0))
    velocity = integrate.cumulative_trapezoid(samples, dx=1 / RATE_HZ)
    inner = scipy_signal.detrend(velocity)
    window = scipy_signal.get_window("hann", len(inner))
    expected = 1000 * math.sqrt(np.sum((inner * window) ** 2) / np.sum(window**2))
    features = long_window_features(samples, sample_rate_hz=RATE_HZ, unit=AccelerationUnit.MPS2)
    assert value(features, "velocity_rms_2hz") == pytest.approx(expected, rel=0.01)


def test_g_is_converted() -> None:
    in_g = long_window_features(noise(1), sample_rate_hz=RATE_HZ)
    in_mps2 = long_window_features(noise(1), sample_rate_hz=RATE_HZ, unit=AccelerationUnit.MPS2)
    ratio = value(in_g, "velocity_rms_2hz") / value(in_mps2, "velocity_rms_2hz")
    assert ratio == pytest.approx(9.80665)


def test_nulls_follow_what_is_known() -> None:
    kinds = {
        "neither": long_window_features(noise(1), sample_rate_hz=RATE_HZ),
        "bearing": long_window_features(noise(1), sample_rate_hz=RATE_HZ, bearing=SKF_6205_2RS_JEM),
        "speed": long_window_features(noise(1), sample_rate_hz=RATE_HZ, speed=ShaftSpeed(30.0)),
        "both": long_window_features(
            noise(1), sample_rate_hz=RATE_HZ, speed=ShaftSpeed(30.0), bearing=SKF_6205_2RS_JEM
        ),
    }
    known = {
        kind: {k for k, v in f.channel(0).items() if v is not None} for kind, f in kinds.items()
    }
    orders = {"order_1x", "order_2x", "order_3x"}
    assert known["neither"] == known["bearing"] == {"velocity_rms_2hz"}
    assert known["speed"] == {"velocity_rms_2hz"} | orders
    assert known["both"] == set(LONG_WINDOW_NAMES)


@pytest.mark.parametrize(
    ("samples", "flag"),
    [
        (np.zeros(24000), QualityFlag.ZERO),
        (np.full(24000, 2.0), QualityFlag.CONSTANT),
        (np.append(noise(1)[1:], np.nan), QualityFlag.NON_FINITE),
        (np.append(noise(1)[1:], -np.inf), QualityFlag.NON_FINITE),
        (noise(1) * 1e15, QualityFlag.OUT_OF_RANGE),
        (noise(1)[:10], QualityFlag.TOO_SHORT),
        (np.empty(0), QualityFlag.TOO_SHORT),
    ],
)
def test_bad_samples_give_nulls_and_a_flag(samples: Float64Array, flag: QualityFlag) -> None:
    features = long_window_features(
        samples, sample_rate_hz=RATE_HZ, speed=ShaftSpeed(30.0), bearing=SKF_6205_2RS_JEM
    )
    assert all(v is None for v in features.channel(0).values())
    assert int(features.quality[0]) & flag


def test_windows_under_twenty_revolutions_have_neither_orders_nor_lines() -> None:
    features = long_window_features(
        noise(1, 3.0), sample_rate_hz=RATE_HZ, speed=ShaftSpeed(6.0), bearing=SKF_6205_2RS_JEM
    )
    known = {name for name, v in features.channel(0).items() if v is not None}
    assert known == {"velocity_rms_2hz"}
    assert int(features.quality[0]) & QualityFlag.TOO_SHORT


def test_low_rates_have_no_velocity() -> None:
    samples = np.random.default_rng(0).standard_normal(20000)
    features = long_window_features(samples, sample_rate_hz=2000.0, speed=ShaftSpeed(30.0))
    assert features.channel(0)["velocity_rms_2hz"] is None
    assert features.channel(0)["order_1x"] is not None
    assert int(features.quality[0]) & QualityFlag.BAND_UNAVAILABLE


def test_channels_do_not_depend_on_each_other() -> None:
    rows = np.stack([noise(1), np.full(len(noise(1)), np.nan), noise(2)])
    arguments = {"sample_rate_hz": RATE_HZ, "speed": ShaftSpeed(30.0), "bearing": SKF_6205_2RS_JEM}
    together = long_window_features(rows, **arguments)  # type: ignore[arg-type]
    for index, row in enumerate(rows):
        alone = long_window_features(row, **arguments)  # type: ignore[arg-type]
        np.testing.assert_array_equal(together.values[index], alone.values[0])
        assert together.quality[index] == alone.quality[0]


def test_unknown_names_and_impossible_rates_are_refused() -> None:
    features = long_window_features(noise(1), sample_rate_hz=RATE_HZ)
    with pytest.raises(ParameterError, match="no feature 'bpf'; there are order_1x"):
        features.feature("bpf")
    with pytest.raises(ParameterError, match="sample_rate_hz"):
        long_window_features(noise(1), sample_rate_hz=-1.0)
