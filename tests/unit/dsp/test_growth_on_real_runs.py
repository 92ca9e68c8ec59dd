"""Acceleration growth on bearings that were run to failure: the figures of the documentation."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from kurto_dsp import WindowGeometry, record_features
from kurto_dsp.arrays import BoolArray, Float32Array
from kurto_dsp.condition.baselines import MIN_WINDOWS, BaselineLearner
from kurto_dsp.condition.growth import GrowthGrade
from kurto_dsp.condition.growth_monitor import GrowthMonitor
from kurto_dsp.condition.log_levels import positive_features
from kurto_dsp.condition.reference_levels import ReferenceLayout

RATE, BURST, INTERVAL_S = 25_600.0, 2560, 10.0
# Episodes less than 5 min apart are one: somebody is at the machine already.
MERGE_BURSTS = 30


@dataclass
class Run:
    """What the monitor said of one bearing, burst by burst."""

    factor: npt.NDArray[np.float64]
    grade: npt.NDArray[np.int64]
    step: BoolArray
    kurtosis: Float32Array


def watched(path: Path) -> Run:
    """Learn the first bursts and follow the rest."""
    stored = np.load(path)
    samples = ((stored["hi"].astype(np.int32) << 8) | stored["lo"]) / 1000.0
    record = record_features(
        np.ascontiguousarray(samples.transpose(2, 0, 1).reshape(2, -1)),
        sample_rate_hz=RATE,
        geometry=WindowGeometry.burst(BURST),
    )
    names = positive_features(record.names)
    layout = ReferenceLayout(("horizontal", "vertical"), ("g", "g"), names)
    values = record.values[:, :, [record.names.index(name) for name in names]]
    learner = BaselineLearner(layout)
    for burst in values[:MIN_WINDOWS]:
        learner.add(burst)
    monitor = GrowthMonitor(layout, learner.freeze())
    growths = [monitor.update(burst) for burst in values]
    return Run(
        np.array([growth.acceleration.factor for growth in growths if growth.acceleration]),
        np.array([growth.grade.rank for growth in growths]),
        np.array([growth.steps.any() for growth in growths]),
        values[:, :, names.index("kurtosis")].max(axis=1),
    )


@pytest.fixture(scope="module")
def runs(shared_data: Path) -> list[Run]:
    paths = sorted((shared_data / "pronostia" / "learning").glob("*.npz"))
    assert len(paths) == 6
    return [watched(path) for path in paths]


def episodes(on: BoolArray, *, merge: int = 0) -> list[tuple[int, int]]:
    """Return first burst and end of each episode."""
    edges = np.diff(np.concatenate([[0], on.astype(int), [0]]))
    found: list[tuple[int, int]] = []
    for first, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if found and first - found[-1][1] <= merge:
            found[-1] = (found[-1][0], int(end))
        else:
            found.append((int(first), int(end)))
    return found


def leads_and_others(runs: list[Run], limit: GrowthGrade) -> tuple[list[float], float]:
    """Return the lead of the episode in which each bearing failed, and all others per hour."""
    leads, others, hours = [], 0, 0.0
    for run in runs:
        on = run.grade >= limit.rank
        on[:MIN_WINDOWS] = False  # learned
        count = len(on)
        found = episodes(on, merge=MERGE_BURSTS)
        last = [one for one in found if one[1] >= count - 3]
        leads += [(count - first) * INTERVAL_S for first, _ in last]
        others += len(found) - len(last)
        hours += count * INTERVAL_S / 3600
    return leads, others / hours


def test_twice_the_baseline_leads_by_most_of_an_hour(runs: list[Run]) -> None:
    leads, others = leads_and_others(runs, GrowthGrade.WARNING)
    assert len(leads) == 6
    assert np.median(leads) == pytest.approx(3010, abs=60)
    assert others < 0.30


def test_four_times_the_baseline_is_the_end(runs: list[Run]) -> None:
    leads, others = leads_and_others(runs, GrowthGrade.CRITICAL)
    assert len(leads) == 6
    assert np.median(leads) == pytest.approx(180, abs=30)
    assert others < 0.20


def test_without_persistence_there_were_ten_times_as_many_episodes(runs: list[Run]) -> None:
    hours = sum(len(run.factor) for run in runs) * INTERVAL_S / 3600
    alone = sum(len(episodes(run.factor[MIN_WINDOWS:] > 2.0)) for run in runs) / hours
    lasting = sum(len(episodes(run.grade[MIN_WINDOWS:] >= 1)) for run in runs) / hours
    assert lasting < 1.3
    assert alone > 8 * lasting


def test_kurtosis_alarms_on_nothing_much_more_often(runs: list[Run]) -> None:
    """Why it is no level: it is above 4 in many more episodes than levels above twice theirs."""
    hours = sum(len(run.factor) for run in runs) * INTERVAL_S / 3600
    kurtosis = sum(len(episodes(run.kurtosis[MIN_WINDOWS:] > 4.0)) for run in runs) / hours
    assert kurtosis > 20.0


def test_steps_are_few_in_healthy_times(runs: list[Run]) -> None:
    """Before the growth has lasted for the first time, which is when a step is news."""
    count = 0
    hours = 0.0
    for run in runs:
        grown = np.flatnonzero(run.grade >= 1)
        healthy = int(grown[0]) if len(grown) else len(run.grade)
        count += len(episodes(run.step[:healthy], merge=MERGE_BURSTS))
        hours += healthy * INTERVAL_S / 3600
    assert count / hours < 0.25
