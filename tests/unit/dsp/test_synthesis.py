"""Simulated machines: levels, growth, and the fault where an envelope spectrum expects it."""

from typing import Any

import numpy as np
import pytest
from scipy import signal

from kurto_dsp import ParameterError, window_features
from kurto_dsp.arrays import Float32Array
from kurto_dsp.synthesis import Fault, MachineModel, MachineSignal, SeverityRamp
from kurto_dsp.synthesis.impacts import BearingImpacts
from kurto_dsp.synthesis.signal import BLOCK_LENGTH

RATE_HZ = 25600


def samples_of(fault: Fault, level: float, *, seconds: int = 1, **options: Any) -> Float32Array:
    model = MachineModel(fault=fault, severity=SeverityRamp.constant(level), **options)
    return MachineSignal(model).samples(0, seconds * RATE_HZ)


def features_of(samples: Float32Array) -> dict[str, float]:
    """Return the features that have a value."""
    values = window_features(samples, sample_rate_hz=RATE_HZ).channel(0)
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize("seed", range(3))
def test_healthy_machine_has_the_level_of_a_healthy_machine(seed: int) -> None:
    features = features_of(samples_of(Fault.NONE, 1.0, seed=seed))
    assert features["rms"] == pytest.approx(0.3, abs=0.03)
    assert features["kurtosis"] == pytest.approx(3.0, abs=0.15)
    assert features["crest_factor"] < 5.5
    assert 0.4 < features["velocity_rms"] < 1.4


@pytest.mark.parametrize("fault", [Fault.OUTER_RACE, Fault.INNER_RACE, Fault.BALL])
def test_bearing_faults_strike_harder_as_they_grow(fault: Fault) -> None:
    grown = [features_of(samples_of(fault, level, seed=2)) for level in (0, 0.1, 0.3, 1.0)]
    for name in ("rms", "peak", "kurtosis", "band_rms.1000_5000"):
        values = [features[name] for features in grown]
        assert values == sorted(values)
    assert 10 < grown[-1]["peak"] < 25
    assert grown[-1]["kurtosis"] > 10
    assert grown[1]["kurtosis"] > grown[0]["kurtosis"] + 0.3


@pytest.mark.parametrize("fault", [Fault.OUTER_RACE, Fault.INNER_RACE, Fault.BALL])
def test_impacts_come_at_the_rate_of_the_defect(fault: Fault) -> None:
    model = MachineModel(fault=fault, severity=SeverityRamp.constant(0.5), seed=4)
    samples = MachineSignal(model).samples(0, 8 * RATE_HZ)[0]
    band = signal.butter(4, [2500, 4500], "bandpass", fs=RATE_HZ, output="sos")
    envelope = np.abs(signal.hilbert(signal.sosfiltfilt(band, samples))) ** 2
    frequency, power = signal.periodogram(envelope, RATE_HZ, window="hann", detrend="constant")
    near = (frequency > 50) & (frequency < 1.4 * model.impact_rate_hz)
    strongest = frequency[near][np.argmax(power[near])]
    sideband = {Fault.INNER_RACE: model.shaft_hz, Fault.BALL: model.cage_hz}.get(fault, 0.0)
    # A ball strikes the weaker race every other time: half the rate shows as well.
    carriers = [model.impact_rate_hz, 0.5 * model.impact_rate_hz]
    expected = [rate + k * sideband for rate in carriers for k in (-1, 0, 1)]
    assert min(abs(strongest - line) for line in expected) < 1.0
    line = np.max(power[np.abs(frequency - model.impact_rate_hz) < 1.0])
    assert line > 30 * np.median(power[near])


def test_inner_race_is_modulated_by_the_shaft_and_outer_race_is_not() -> None:
    strength = {}
    for fault in (Fault.INNER_RACE, Fault.OUTER_RACE):
        model = MachineModel(fault=fault, severity=SeverityRamp.constant(1.0), seed=5)
        samples = MachineSignal(model).samples(0, 8 * RATE_HZ)[0]
        angle = np.arange(len(samples)) * model.shaft_hz / RATE_HZ % 1.0
        by_angle = [np.mean(samples[(angle * 8).astype(int) == part] ** 2) for part in range(8)]
        strength[fault] = max(by_angle) / min(by_angle)
    assert strength[Fault.INNER_RACE] > 5
    assert strength[Fault.OUTER_RACE] < 2


def test_imbalance_is_one_line_at_shaft_speed() -> None:
    features = features_of(samples_of(Fault.IMBALANCE, 1.0))
    assert features["dominant_frequency"] == pytest.approx(29.95, abs=0.02)
    assert features["velocity_rms"] == pytest.approx(15 / np.sqrt(2), rel=0.1)
    assert features["kurtosis"] < 3


def test_looseness_has_harmonics_and_half_orders() -> None:
    for fault, present in ((Fault.LOOSENESS, True), (Fault.IMBALANCE, False)):
        samples = samples_of(fault, 1.0, seconds=20)[0]
        frequency, power = signal.periodogram(samples, RATE_HZ, window="hann")
        for order in (1.5, 2.5, 4.0, 7.0):
            near = np.abs(frequency - order * 29.95)
            line, floor = np.max(power[near < 0.3]), np.median(power[near < 10])
            assert (line > 100 * floor) == present, order


def test_severity_ramps_once() -> None:
    ramp = SeverityRamp(0.1, 0.9, start_s=10, duration_s=40)
    times = np.array([0.0, 10.0, 30.0, 50.0, 1000.0])
    assert ramp.at(times) == pytest.approx([0.1, 0.1, 0.5, 0.9, 0.9])
    step = SeverityRamp(0.0, 1.0, start_s=5)
    assert step.at(np.array([4.9, 5.0])).tolist() == [0.0, 1.0]
    growing = MachineSignal(MachineModel(fault=Fault.OUTER_RACE, severity=ramp))
    rms = [np.std(growing.samples(second * RATE_HZ, RATE_HZ)[0]) for second in (5, 30, 60)]
    assert rms[0] < 0.6 * rms[1] < 0.6 * rms[2]
    assert growing.severity_at(30 * RATE_HZ) == pytest.approx(0.5)


@pytest.mark.parametrize("fault", [Fault.OUTER_RACE, Fault.INNER_RACE, Fault.BALL])
def test_ringing_goes_on_over_the_seams_of_blocks(fault: Fault) -> None:
    # A slow decay: several impacts of the past ring on in each block.
    level = SeverityRamp.constant(1.0)
    model = MachineModel(fault=fault, severity=level, seed=9, decay_s=0.01)
    whole = BearingImpacts(model, 30000).block(60000)
    short = BearingImpacts(model, 500)
    pieces = [short.block(start) for start in range(60000, 90000, 500)]
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-9)
    assert np.max(np.abs(whole)) > 5


def test_noise_has_its_colour_at_the_seams_of_blocks_too() -> None:
    model = MachineModel(channel_count=32, shaft_hz=1e6, seed=1)
    machine = MachineSignal(model)
    products: dict[bool, list[Float32Array]] = {True: [], False: []}
    for block in range(1, 40):
        pair = machine.samples(block * BLOCK_LENGTH - 1, 3)
        pair = pair - machine.samples(0, BLOCK_LENGTH).mean(axis=1, keepdims=True)
        products[True].append(pair[:, 0] * pair[:, 1])
        products[False].append(pair[:, 1] * pair[:, 2])
    expected = -0.6 / (1 + 0.6**2) * model.noise_rms_g**2
    for at_seam, values in products.items():
        assert np.mean(values) == pytest.approx(expected, rel=0.25), at_seam


def test_seeds_and_channels_differ() -> None:
    first, second = (samples_of(Fault.NONE, 0, seed=seed, channel_count=3) for seed in (1, 2))
    assert first.shape == (3, RATE_HZ)
    noise = np.corrcoef(np.concatenate([first, second]))
    assert np.max(np.abs(noise - np.eye(6))) < 0.3
    np.testing.assert_array_equal(first, samples_of(Fault.NONE, 0, seed=1, channel_count=3))


def test_samples_clip_at_full_scale() -> None:
    samples = samples_of(Fault.OUTER_RACE, 1.0, full_scale_g=5.0)
    assert samples.max() == 5.0
    assert samples.min() == -5.0


@pytest.mark.parametrize("rate_hz", [100, 1000, 102400])
@pytest.mark.parametrize("fault", list(Fault))
def test_any_rate_works(fault: Fault, rate_hz: float) -> None:
    model = MachineModel(fault=fault, sample_rate_hz=rate_hz, channel_count=1)
    samples = MachineSignal(model).samples(3 * 10**9, 10000)
    assert samples.dtype == np.float32
    assert np.isfinite(samples).all()
    assert np.std(samples) > 0.1


@pytest.mark.parametrize(
    "options",
    [
        {"sample_rate_hz": 0},
        {"seed": -1},
        {"channel_count": 33},
        {"shaft_hz": 0},
        {"noise_rms_g": -1},
        {"slip": 0.5},
    ],
)
def test_impossible_machines_are_refused_with_the_value(options: dict[str, Any]) -> None:
    [(name, value)] = options.items()
    with pytest.raises(ParameterError, match=f"{name} .*{value}"):
        MachineModel(**options)


def test_impossible_ramps_and_ranges_are_refused() -> None:
    with pytest.raises(ParameterError, match="severity must be between 0 and 1"):
        SeverityRamp.constant(1.5)
    with pytest.raises(ParameterError, match="duration_s"):
        SeverityRamp(duration_s=-1)
    with pytest.raises(ParameterError, match="got -1 and 5"):
        MachineSignal(MachineModel()).samples(-1, 5)
