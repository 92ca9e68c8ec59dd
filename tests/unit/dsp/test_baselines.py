"""Frozen references: closed forms, refusals, and what is left out."""

import itertools
import json

import numpy as np
import pytest

from kurto_dsp.condition.baselines import (
    MAX_BINS,
    MIN_WINDOWS,
    Baseline,
    BaselineLearner,
    is_counted,
)
from kurto_dsp.condition.log_levels import log_levels, median_of_valid, positive_features
from kurto_dsp.condition.operating_bins import OperatingBin, OperatingBins
from kurto_dsp.condition.reference_levels import ReferenceLayout, ReferenceLevels
from kurto_dsp.exceptions import ParameterError

LAYOUT = ReferenceLayout(("h", "v"), ("g", "m/s2"), ("rms", "kurtosis", "band_rms.10_1000"))
SCALES = np.array([[1.0, 3.0, 0.2], [10.0, 4.0, 2.0]])


def test_median_and_mad_of_known_levels() -> None:
    """Levels e^-2 to e^2: the median of the logarithms is 0, their MAD 1."""
    logs = np.arange(-2.0, 3.0).reshape(5, 1, 1)
    levels = ReferenceLevels.of_logs(logs)
    assert levels.median.item() == 0.0
    assert levels.mad.item() == 1.0
    compared = levels.compare(np.array([[2.0]]))
    assert compared.factor.item() == pytest.approx(np.e**2)
    assert compared.z.item() == pytest.approx(2.0 / 1.4826)


def test_a_steady_machine_has_the_floor_for_its_spread() -> None:
    levels = ReferenceLevels.of_logs(np.zeros((60, 1, 1)))
    assert levels.mad.item() == 0.0
    compared = levels.compare(log_levels([[2.0]]))
    assert compared.factor.item() == 2.0
    assert compared.z.item() == pytest.approx(np.log(2.0) / (1.4826 * 0.1))


def test_the_median_is_that_of_numpy() -> None:
    rng = np.random.default_rng(7)
    for count in (1, 2, 5, 60, 61):
        values = rng.normal(size=(count, 2, 3))
        median, counts = median_of_valid(values)
        np.testing.assert_allclose(median, np.median(values, axis=0), rtol=1e-15)
        assert (counts == count).all()


def test_nulls_are_left_out_of_the_median() -> None:
    values = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan], [8.0, np.nan]])
    median, counts = median_of_valid(values)
    assert median[0] == 3.0
    assert np.isnan(median[1])
    assert counts.tolist() == [3, 0]
    empty, none = median_of_valid(np.empty((0, 2)))
    assert np.isnan(empty).all()
    assert none.tolist() == [0, 0]


def test_what_is_not_positive_is_null() -> None:
    logs = log_levels([1.0, 0.0, -1.0, np.nan, np.inf])
    assert logs[0] == 0.0
    assert np.isnan(logs[1:]).all()
    assert positive_features(["mean", "rms", "skewness"]) == ("rms",)


def learner_of(count: int, *, operating_bin: OperatingBin | None = None) -> BaselineLearner:
    learner = BaselineLearner(LAYOUT)
    rng = np.random.default_rng(3)
    for _ in range(count):
        learner.add(SCALES * np.exp(rng.normal(0.0, 0.1, SCALES.shape)), operating_bin)
    return learner


def test_too_few_windows_are_refused_with_the_number_that_is_missing() -> None:
    learner = learner_of(MIN_WINDOWS - 7)
    assert learner.missing == 7
    with pytest.raises(ParameterError, match=r"^7 more windows"):
        learner.freeze()


def test_the_levels_are_found() -> None:
    baseline = learner_of(MIN_WINDOWS).freeze()
    levels = baseline.levels(OperatingBin())
    assert levels is not None
    assert levels.window_count == baseline.window_count == MIN_WINDOWS
    np.testing.assert_allclose(levels.values, SCALES, rtol=0.08)  # three standard errors of 2.4 %


def test_windows_after_the_last_are_left_out() -> None:
    one, other = learner_of(MIN_WINDOWS), learner_of(MIN_WINDOWS + 30)
    assert one.state() == other.state()


def test_a_window_without_values_is_none() -> None:
    learner = learner_of(10)
    learner.add(np.full(SCALES.shape, np.nan))
    assert learner.missing == MIN_WINDOWS - 10


def test_speeds_are_learned_apart_and_rare_ones_dropped() -> None:
    learner = learner_of(MIN_WINDOWS - 1, operating_bin=OperatingBin(0))
    for _ in range(MIN_WINDOWS - 1):
        learner.add(2.0 * SCALES, OperatingBin(5))
    learner.add(7.0 * SCALES, OperatingBin(9))
    learner.add(SCALES, OperatingBin(0))
    baseline = learner.freeze()
    assert set(baseline.bins) == {OperatingBin(0)}
    assert baseline.levels(OperatingBin(5)) is None


def test_a_machine_of_any_speed_takes_bounded_memory() -> None:
    learner = BaselineLearner(LAYOUT)
    for number in range(3 * MAX_BINS):
        learner.add(SCALES, OperatingBin(number))
    assert len(learner.counts) == MAX_BINS


def test_a_feature_that_is_mostly_null_has_no_reference() -> None:
    learner = BaselineLearner(LAYOUT)
    for number in range(MIN_WINDOWS):
        values = SCALES.copy()
        values[0, 0] = np.nan if number % 3 else 1.0
        values[1, 2] = np.nan if number % 3 == 0 else 2.0
        learner.add(values)
    levels = learner.freeze().levels(OperatingBin())
    assert levels is not None
    assert np.isnan(levels.median[0, 0])
    assert levels.values[1, 2] == pytest.approx(2.0)


def test_a_baseline_comes_back_from_json() -> None:
    learner = learner_of(MIN_WINDOWS, operating_bin=OperatingBin(-1, 2))
    baseline = learner.freeze()
    again = Baseline.from_state(json.loads(json.dumps(baseline.state())))
    assert again.state() == baseline.state()
    assert again.layout == LAYOUT


@pytest.mark.parametrize("count", [0, MIN_WINDOWS - 1])
def test_small_baselines_are_refused(count: int) -> None:
    with pytest.raises(ParameterError, match=f"at least {MIN_WINDOWS}, got {count}"):
        BaselineLearner(LAYOUT, window_count=count)


def test_another_shape_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"shape \(2, 3\)"):
        BaselineLearner(LAYOUT).add(np.ones((3, 2)))
    with pytest.raises(ParameterError, match="layout"):
        ReferenceLevels.of_logs(np.zeros((60, 2, 3))).compare(np.zeros((1, 3)))


def test_counted_windows_share_no_sample() -> None:
    hop, length = 2560, 25600
    first = [k * hop for k in range(200) if is_counted(k * hop, length)]
    assert first[0] == 0
    assert {b - a for a, b in itertools.pairwise(first)} == {length}
    assert all(is_counted(k * 2560, 2560) for k in range(5))  # bursts


def test_bins_of_speed_and_load() -> None:
    bins = OperatingBins(reference_speed_hz=25.0, load_step=10.0)
    assert bins.bin_of(speed_hz=25.0 * 1.04, load=44.0) == OperatingBin(0, 4)
    assert bins.bin_of(speed_hz=25.0 / 1.1) == OperatingBin(-1)
    for unknown in (None, 0.0, -3.0, float("nan"), float("inf")):
        assert bins.bin_of(speed_hz=unknown) == OperatingBin()
    assert OperatingBins().bin_of(speed_hz=1.0, load=3.0) == OperatingBin(0)


@pytest.mark.parametrize(
    "one", [OperatingBin(), OperatingBin(0), OperatingBin(-12, 3), OperatingBin(None, -1)]
)
def test_bins_have_names(one: OperatingBin) -> None:
    assert OperatingBin.from_label(one.label) == one


@pytest.mark.parametrize("label", ["", "speed", "speed+x", "torque+1", "speed+1;load+2"])
def test_other_names_are_refused(label: str) -> None:
    with pytest.raises(ParameterError, match="not the label"):
        OperatingBin.from_label(label)


@pytest.mark.parametrize(
    "values", [{"speed_step": 0.0}, {"reference_speed_hz": -1.0}, {"load_step": float("nan")}]
)
def test_impossible_bins_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=f"{next(iter(values))} must be positive"):
        OperatingBins(**values)
