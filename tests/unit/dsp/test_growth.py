"""Growth against both references: factors, grades, what lasts, steps."""

import json

import numpy as np
import numpy.typing as npt
import pytest

from kurto_dsp.condition.baselines import MIN_WINDOWS, Baseline, BaselineLearner
from kurto_dsp.condition.growth import (
    AccelerationGrowth,
    GrowthGrade,
    acceleration_growth,
    grade_of,
    machine_growth,
)
from kurto_dsp.condition.growth_monitor import GrowthMonitor, align
from kurto_dsp.condition.operating_bins import OperatingBin
from kurto_dsp.condition.persistence import ExceedanceHistory, Persistence
from kurto_dsp.condition.reference_levels import ReferenceLayout
from kurto_dsp.condition.trailing import MIN_TRAILING_WINDOWS, TRAILING_WINDOWS, TrailingReference
from kurto_dsp.exceptions import ParameterError

LAYOUT = ReferenceLayout(
    ("h", "v"), ("g", "g"), ("rms", "kurtosis", "band_rms.10_1000", "velocity_rms")
)
HEALTHY = np.array([[0.5, 3.0, 0.1, 1.2], [0.4, 3.1, 0.2, 0.9]])
Values = npt.NDArray[np.float64]


def baseline_of(values: Values = HEALTHY, layout: ReferenceLayout = LAYOUT) -> Baseline:
    learner = BaselineLearner(layout)
    for _ in range(MIN_WINDOWS):
        learner.add(values)
    return learner.freeze()


def grown(row: int, column: int, factor: float) -> Values:
    values = HEALTHY.copy()
    values[row, column] *= factor
    return values


def test_the_limits_belong_to_the_lower_grade() -> None:
    grades = [grade_of(factor) for factor in (0.1, 2.0, 2.0001, 4.0, 4.0001, 1e9)]
    none, warning, critical = GrowthGrade
    assert grades == [none, none, warning, warning, critical, critical]
    assert [grade.rank for grade in GrowthGrade] == [0, 1, 2]


def test_the_largest_growth_of_an_acceleration_level_counts() -> None:
    monitor = GrowthMonitor(LAYOUT, baseline_of())
    growth = monitor.update(grown(1, 2, 3.0)).acceleration
    assert growth is not None
    assert (growth.channel, growth.feature) == ("v", "band_rms.10_1000")
    assert growth.factor == pytest.approx(3.0)
    # Neither kurtosis nor velocity is one.
    for column in (1, 3):
        growth = monitor.update(grown(0, column, 50.0)).acceleration
        assert growth is not None
        assert growth.factor == pytest.approx(1.0)


def test_nothing_compares_without_a_reference() -> None:
    factor = np.full(LAYOUT.shape, np.nan)
    factor[0, 1] = 9.0
    assert acceleration_growth(factor, LAYOUT) is None
    assert GrowthMonitor(LAYOUT).update(HEALTHY).acceleration is None
    elsewhere = GrowthMonitor(LAYOUT, baseline_of()).update(HEALTHY, OperatingBin(3))
    assert elsewhere.frozen is None
    assert elsewhere.grade is GrowthGrade.NONE


def test_a_machine_counts_as_its_worst_sensor() -> None:
    growths = [AccelerationGrowth(1.2, "h", "rms"), None, AccelerationGrowth(2.5, "a", "rms")]
    assert machine_growth(growths) == growths[2]
    assert machine_growth([None]) is None


def test_growth_lasts_from_the_fifth_window_on_and_ends_again() -> None:
    monitor = GrowthMonitor(LAYOUT, baseline_of())
    grades = [monitor.update(HEALTHY * 3.0).grade for _ in range(8)]
    none, warning, critical = GrowthGrade
    assert grades == [none] * 4 + [warning] * 4
    grades = [monitor.update(HEALTHY * 5.0).grade for _ in range(8)]
    assert grades == [warning] * 4 + [critical] * 4
    grades = [monitor.update(HEALTHY).grade for _ in range(8)]
    assert grades == [critical] * 3 + [none] * 5


def test_single_shocks_do_not_last() -> None:
    monitor = GrowthMonitor(LAYOUT, baseline_of())
    for number in range(60):
        growth = monitor.update(HEALTHY * (20.0 if number % 3 == 0 else 1.0))
        assert growth.grade is GrowthGrade.NONE
        assert not growth.steps.any()


def test_wear_shows_against_the_frozen_reference_only() -> None:
    """Growing by 1 % a window: the trailing reference follows, the frozen one does not."""
    monitor = GrowthMonitor(LAYOUT, baseline_of())
    growths = [monitor.update(HEALTHY * 1.01**number) for number in range(200)]
    assert growths[-1].grade is GrowthGrade.CRITICAL
    assert not any(growth.steps.any() for growth in growths)


def test_steps_show_against_the_trailing_reference_only() -> None:
    """From 0.6 to 1.8 times the baseline: within its limit, and a step all the same."""
    monitor = GrowthMonitor(LAYOUT, baseline_of())
    for _ in range(MIN_TRAILING_WINDOWS):
        monitor.update(0.6 * HEALTHY)
    growths = [monitor.update(1.8 * HEALTHY) for _ in range(5)]
    assert [bool(growth.steps[0, 0]) for growth in growths] == [False, False, True, True, True]
    assert all(growth.grade is GrowthGrade.NONE for growth in growths)
    assert not growths[-1].steps[:, 1].any()  # kurtosis is no level


def test_a_step_ends_when_the_trailing_reference_has_followed() -> None:
    monitor = GrowthMonitor(LAYOUT)
    for factor, count in ((1.0, TRAILING_WINDOWS), (3.0, TRAILING_WINDOWS)):
        for _ in range(count):
            growth = monitor.update(factor * HEALTHY)
    assert not growth.steps.any()


def test_nulls_leave_everything_as_it_was() -> None:
    monitor = GrowthMonitor(LAYOUT, baseline_of())
    for _ in range(6):
        monitor.update(HEALTHY * 3.0)
    growth = monitor.update(np.full(LAYOUT.shape, np.nan))
    assert growth.grade is GrowthGrade.WARNING
    assert growth.acceleration is None


def test_a_baseline_of_fewer_features_and_channels_still_serves() -> None:
    known = ReferenceLayout(("v", "x"), ("g", "g"), ("rms", "gone"))
    aligned = align(baseline_of(np.array([[0.4, 1.0], [9.0, 1.0]]), known), LAYOUT)
    levels = aligned.levels(OperatingBin())
    assert levels is not None
    assert levels.values[1, 0] == pytest.approx(0.4)
    assert np.isfinite(levels.median).sum() == 1
    assert align(aligned, LAYOUT) is aligned


def test_levels_of_another_unit_are_not_compared() -> None:
    other = ReferenceLayout(LAYOUT.channels, ("m/s2", "g"), LAYOUT.features)
    growth = GrowthMonitor(LAYOUT, baseline_of(HEALTHY, other)).update(HEALTHY)
    assert growth.frozen is not None
    assert np.isnan(growth.frozen.factor[0]).all()
    assert np.isfinite(growth.frozen.factor[1]).all()


def test_the_trailing_reference_knows_windows_of_the_same_speed_only() -> None:
    trailing = TrailingReference((1, 1), length=6, min_windows=2)
    for number in range(6):
        trailing.add(np.array([[float(number)]]), OperatingBin(number % 2))
    levels = trailing.levels(OperatingBin(1))
    assert levels is not None
    assert levels.median.item() == 3.0  # of 1, 3, 5
    assert trailing.levels(OperatingBin(7)) is None
    trailing.add(np.array([[9.0]]), OperatingBin(1))  # in place of 0
    levels = trailing.levels(OperatingBin(1))
    assert levels is not None
    assert levels.median.item() == 4.0


@pytest.mark.parametrize(("needed", "of"), [(0, 3), (4, 3), (1, 33)])
def test_impossible_persistence_is_refused(needed: int, of: int) -> None:
    with pytest.raises(ParameterError, match=f"got {needed} of {of}"):
        Persistence(needed, of)


def test_impossible_references_are_refused() -> None:
    with pytest.raises(ParameterError, match="min_windows"):
        TrailingReference((1, 1), length=3, min_windows=4)
    with pytest.raises(ParameterError, match="expected 2"):
        ExceedanceHistory((2,), Persistence(1, 2)).restore([1])


def test_windows_that_do_not_count_leave_a_history_as_it_was() -> None:
    history = ExceedanceHistory((2,), Persistence(2, 3))
    both, neither = np.array([True, True]), np.array([False, False])
    history.update(both)
    history.update(both, valid=np.array([True, False]))
    assert history.lasting.tolist() == [True, False]
    history.update(neither, valid=neither)
    assert history.lasting.tolist() == [True, False]


def test_the_state_is_json() -> None:
    monitor = GrowthMonitor(LAYOUT, baseline_of())
    for number in range(40):
        monitor.update(HEALTHY * (1.0 + number / 20), OperatingBin(number % 2))
    again = GrowthMonitor(LAYOUT, baseline_of())
    again.restore(json.loads(json.dumps(monitor.state())))
    one, other = (m.update(3.0 * HEALTHY) for m in (monitor, again))
    assert one.grade is other.grade
    np.testing.assert_array_equal(one.steps, other.steps)
