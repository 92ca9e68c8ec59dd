"""Operating state: stops, run-ups, steady running, and what must never be taken for a start."""

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.io import loadmat

from kurto_dsp import AccelerationUnit
from kurto_dsp.condition import (
    COUNTED_WINDOW_RULES,
    OperatingEvidence,
    OperatingRules,
    OperatingState,
    OperatingStateMachine,
)
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.offline import record_features

_G = 9.80665
_STOPPED, _START_UP = OperatingState.STOPPED, OperatingState.START_UP
_RUNNING, _COAST_DOWN = OperatingState.RUNNING, OperatingState.COAST_DOWN


def _states(
    windows: Iterable[OperatingEvidence], rules: OperatingRules | None = None
) -> list[OperatingState]:
    machine = OperatingStateMachine(rules)
    return [machine.update(window) for window in windows]


def _order(states: Iterable[OperatingState]) -> list[OperatingState]:
    """The states in turn, without repetition."""
    order: list[OperatingState] = []
    for state in states:
        if not order or order[-1] is not state:
            order.append(state)
    return order


def _steady(level: float, count: int, *, scatter: float = 0.03) -> Iterator[OperatingEvidence]:
    rng = np.random.default_rng(11)
    for _ in range(count):
        factor = math.exp(scatter * rng.standard_normal())
        yield OperatingEvidence(level * factor, 900.0 * factor, 0.1)


def _ramp(first: float, last: float, count: int) -> Iterator[OperatingEvidence]:
    """Speed and level rise or fall together: the level with the square of the speed."""
    for speed in np.linspace(math.sqrt(first), math.sqrt(last), count):
        yield OperatingEvidence(speed**2, 900.0 * speed, 0.1)


def test_a_run_from_stop_to_stop_goes_through_all_states() -> None:
    windows = [
        *_steady(0.005, 100),
        *_ramp(0.005, 2.0, 150),
        *_steady(2.0, 300),
        *_ramp(2.0, 0.005, 200),
        *_steady(0.005, 100),
    ]
    states = _states(windows)
    assert _order(states)[1:] == [_STOPPED, _START_UP, _RUNNING, _COAST_DOWN, _STOPPED]
    start = states.index(_START_UP)
    assert 100 < start < 140
    running = states.index(_RUNNING)
    assert 230 < running < 320
    assert 550 < states.index(_COAST_DOWN) < 620


def test_it_is_deterministic() -> None:
    windows = [*_steady(0.01, 50), *_ramp(0.01, 1.0, 80), *_steady(1.0, 100)]
    assert _states(windows) == _states(windows)


@pytest.mark.parametrize("growth", [1.5, 4.0, 20.0])
def test_a_machine_that_only_shakes_more_stays_running(growth: float) -> None:
    windows = [*_steady(1.0, 200), *_ramp(1.0, growth, 100), *_steady(growth, 200)]
    assert set(_states(windows)[20:]) == {_RUNNING}
    step = [*_steady(1.0, 200), *_steady(growth, 200)]
    assert set(_states(step)[20:]) == {_RUNNING}


def test_sensor_noise_is_a_stop_but_the_same_level_with_lines_is_not() -> None:
    noise = [OperatingEvidence(0.15, 6000.0, 0.56)] * 30
    assert _states(noise)[-1] is _STOPPED
    lines = [OperatingEvidence(0.15, 600.0, 0.1)] * 30
    assert _states(lines)[-1] is _RUNNING


def test_what_comes_through_the_floor_is_a_stop_and_a_quieter_start_is_seen() -> None:
    stop = [*_steady(4.0, 200), *_steady(0.1, 100)]
    assert _states(stop)[-1] is _STOPPED
    # After a repair the machine runs at less than a tenth of what it did.
    again = [*stop, *_steady(0.35, 100)]
    assert _order(_states(again))[-2:] == [_START_UP, _RUNNING]


def test_a_fall_that_ends_above_rest_is_running_again() -> None:
    states = _states([*_steady(4.0, 200), *_ramp(4.0, 1.5, 60), *_steady(1.5, 200)])
    assert _order(states)[-2:] == [_COAST_DOWN, _RUNNING]


def test_a_start_that_never_settles_counts_as_running_after_a_while() -> None:
    windows = [
        *_steady(0.005, 50),
        *(OperatingEvidence(1.0 + 0.7 * math.sin(i / 8), 900.0, 0.1) for i in range(300)),
    ]
    rules = OperatingRules(max_transient_windows=100)
    states = _states(windows, rules)
    assert 0 < states.count(_START_UP) <= 101
    assert _order(states)[2:4] == [_START_UP, _RUNNING]


def test_a_level_that_swings_is_never_taken_for_a_start() -> None:
    swing = (OperatingEvidence(1.0 + 0.7 * math.sin(i / 20), 900.0, 0.1) for i in range(1000))
    assert _START_UP not in _states([*_steady(1.0, 100), *swing])


def test_null_windows_hold_the_state_until_it_is_forgotten() -> None:
    machine = OperatingStateMachine(OperatingRules(forget_windows=10))
    for window in _steady(1.0, 30):
        machine.update(window)
    for _ in range(9):
        assert machine.update(OperatingEvidence(math.nan)) is _RUNNING
    assert machine.update(OperatingEvidence(math.nan)) is OperatingState.UNKNOWN
    for window in _steady(1.0, 30):
        machine.update(window)
    assert machine.state is _RUNNING
    machine.reset()
    assert machine.state is OperatingState.UNKNOWN


@pytest.mark.parametrize(
    "rules", [{"trend_windows": 3}, {"confirm_windows": 0}, {"stopped_fraction": 1.0}]
)
def test_impossible_rules_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="must"):
        OperatingRules(**rules)


def _windows_of(
    samples: npt.NDArray[np.float64], rate: float, unit: AccelerationUnit
) -> list[OperatingEvidence]:
    features = record_features(samples, sample_rate_hz=rate, unit=unit)
    column = {name: number for number, name in enumerate(features.names)}
    return [
        OperatingEvidence(
            float(row[column["rms"]]) * unit.in_mps2,
            float(row[column["spectral_centroid"]]),
            float(row[column["spectral_flatness"]]) if "spectral_flatness" in column else math.nan,
        )
        for row in features.values[:, 0]
    ]


def test_a_synthetic_run_up_through_the_live_features() -> None:
    rate, seconds = 2560.0, 40.0
    t = np.arange(int(rate * seconds)) / rate
    speed = np.clip((t - 8.0) / 12.0, 0.0, 1.0) * 25.0  # 8 s at rest, 12 s up to 25 Hz
    angle = 2 * np.pi * np.cumsum(speed) / rate
    rng = np.random.default_rng(2)
    wave = (speed / 25.0) ** 2 * (np.cos(angle) + 0.4 * np.cos(7 * angle))
    wave += 0.002 * rng.standard_normal(len(t)) * (1.0 + 5.0 * speed)
    states = _states(_windows_of(wave, rate, AccelerationUnit.MPS2))
    assert _order(states)[1:] == [_STOPPED, _START_UP, _RUNNING]
    times_s = 1.0 + 0.1 * np.arange(len(states))
    assert 8.0 < times_s[states.index(_START_UP)] < 14.0
    assert 18.0 < times_s[states.index(_RUNNING)] < 28.0


def test_every_cwru_record_is_running(shared_data: Path) -> None:
    files = sorted((shared_data / "cwru").glob("**/*.mat"))
    assert files
    for path in files:
        content = loadmat(path)
        name = next(key for key in content if key.endswith("_DE_time"))
        samples = content[name][:, 0]
        rate = 48_000.0 if len(samples) > 400_000 else 12_000.0
        states = _states(_windows_of(samples[: int(12 * rate)], rate, AccelerationUnit.G))
        assert set(states[10:]) == {_RUNNING}, path.name


def test_every_pronostia_run_is_running_from_begin_to_end(shared_data: Path) -> None:
    rules = OperatingRules(trend_windows=10, confirm_windows=3)
    files = sorted((shared_data / "pronostia").glob("**/*.npz"))
    assert files
    for path in files:
        content = np.load(path)
        levels = ((content["hi"][..., 0].astype(np.int32) << 8) | content["lo"][..., 0]) / 1000.0
        rms = levels.std(axis=1) * _G
        states = _states((OperatingEvidence(float(value)) for value in rms), rules)
        known = states[6:]
        assert set(known) <= {_RUNNING, _COAST_DOWN}, path.name
        # A level that falls for a while is all that may gate a burst sensor.
        assert known.count(_RUNNING) > 0.97 * len(known), path.name


def test_a_restored_machine_goes_on_as_if_nothing_had_happened() -> None:
    rng = np.random.default_rng(3)
    stretches = ((30, 0.001), (40, 2.0), (20, 0.0005), (3, math.nan), (60, 1.5), (12, math.nan))
    levels = [level * rng.uniform(0.9, 1.1) for count, level in stretches for _ in range(count)]
    windows = [OperatingEvidence(level, rng.uniform(500.0, 900.0), 0.1) for level in levels]
    whole, states = OperatingStateMachine(COUNTED_WINDOW_RULES), set()
    parted = OperatingStateMachine(COUNTED_WINDOW_RULES)
    for window in windows:
        memory = json.loads(json.dumps(parted.memory(), allow_nan=False))
        parted = OperatingStateMachine(COUNTED_WINDOW_RULES)
        parted.restore(memory)
        states.add(whole.update(window))
        assert parted.update(window) is whole.state
        assert parted.memory() == whole.memory()
    assert states >= {OperatingState.STOPPED, OperatingState.START_UP, OperatingState.RUNNING}
