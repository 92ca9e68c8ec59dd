"""What references say depends on the windows alone, and they forget what they must."""

import json

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from kurto_dsp.condition.baselines import MIN_WINDOWS, Baseline, BaselineLearner
from kurto_dsp.condition.growth_monitor import Growth, GrowthMonitor
from kurto_dsp.condition.operating_bins import OperatingBin
from kurto_dsp.condition.reference_levels import ReferenceLayout

LAYOUT = ReferenceLayout(("h", "v"), ("g", "g"), ("rms", "peak", "band_rms.10_1000"))
seeds = st.integers(0, 2**32 - 1)


def windows(seed: int, count: int, *, nulls: float = 0.1) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    values = np.exp(np.cumsum(rng.normal(0.0, 0.1, (count, *LAYOUT.shape)), axis=0))
    values[rng.random(values.shape) < nulls] = np.nan
    return values


def bins(seed: int, count: int) -> list[OperatingBin]:
    rng = np.random.default_rng(seed + 1)
    return [OperatingBin(int(number)) for number in rng.integers(0, 3, count)]


def baseline(seed: int) -> Baseline:
    learner = BaselineLearner(LAYOUT)
    for values in windows(seed, 4 * MIN_WINDOWS):
        learner.add(values)
    return learner.freeze()


def assert_same(one: Growth, other: Growth) -> None:
    assert (one.grade, one.acceleration, one.operating_bin) == (
        other.grade, other.acceleration, other.operating_bin,
    )  # fmt: skip
    np.testing.assert_array_equal(one.steps, other.steps)
    for a, b in ((one.frozen, other.frozen), (one.trailing, other.trailing)):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            np.testing.assert_array_equal(a.factor, b.factor)
            np.testing.assert_array_equal(a.z, b.z)


@given(seed=seeds, cuts=st.sets(st.integers(1, 399), max_size=4))
@settings(max_examples=20, deadline=None)
def test_learning_may_be_interrupted_anywhere(seed: int, cuts: set[int]) -> None:
    whole, parts = BaselineLearner(LAYOUT), BaselineLearner(LAYOUT)
    for number, (values, one) in enumerate(zip(windows(seed, 400), bins(seed, 400), strict=True)):
        if number in cuts:
            parts = BaselineLearner.from_state(json.loads(json.dumps(parts.state())))
        whole.add(values, one)
        parts.add(values, one)
    assert whole.missing == parts.missing == 0
    assert whole.freeze().state() == parts.freeze().state()


@given(seed=seeds, scale=st.floats(1e-3, 1e3))
@settings(max_examples=20, deadline=None)
def test_the_unit_does_not_matter(seed: int, scale: float) -> None:
    """Factors and z are those of the same machine in another unit."""
    values = windows(seed, MIN_WINDOWS + 1, nulls=0.0)
    results = []
    for unit in (1.0, scale):
        learner = BaselineLearner(LAYOUT)
        for window in values[:-1]:
            learner.add(window * unit)
        results.append(GrowthMonitor(LAYOUT, learner.freeze()).update(values[-1] * unit).frozen)
    one, other = results
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one.factor, other.factor, rtol=1e-9)
    np.testing.assert_allclose(one.z, other.z, rtol=1e-9, atol=1e-9)


@given(seed=seeds, before=st.integers(0, 150))
@settings(max_examples=20, deadline=None)
def test_a_monitor_remembers_its_last_windows_only(seed: int, before: int) -> None:
    frozen = baseline(seed)
    old, new = GrowthMonitor(LAYOUT, frozen), GrowthMonitor(LAYOUT, frozen)
    for values in windows(seed + 2, before):
        old.update(5.0 * values)
    for values in windows(seed + 3, old.memory_windows + 5, nulls=0.0):
        last = old.update(values), new.update(values)
    assert_same(*last)


@given(seed=seeds, cut=st.integers(1, 119))
@settings(max_examples=20, deadline=None)
def test_a_monitor_may_be_interrupted_anywhere(seed: int, cut: int) -> None:
    frozen = baseline(seed)
    whole, parts = GrowthMonitor(LAYOUT, frozen), GrowthMonitor(LAYOUT, frozen)
    for number, values in enumerate(windows(seed + 2, 120)):
        if number == cut:
            state = json.loads(json.dumps(parts.state()))
            parts = GrowthMonitor(LAYOUT, frozen)
            parts.restore(state)
        operating_bin = OperatingBin(None if number % 5 else 1)
        assert_same(whole.update(values, operating_bin), parts.update(values, operating_bin))


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_the_order_of_learning_does_not_matter(seed: int) -> None:
    values = windows(seed, 100, nulls=0.0)[:MIN_WINDOWS]
    results = []
    for order in (slice(None), slice(None, None, -1)):
        learner = BaselineLearner(LAYOUT)
        for window in values[order]:
            learner.add(window)
        results.append(learner.freeze().state())
    assert results[0] == results[1]
