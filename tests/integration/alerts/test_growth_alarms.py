"""The growth rule of day one on bearings that ran to failure: the figures of the documentation.

An episode is one life of the alarm, from the window that raised it (or brought it to CRITICAL) to
the one that ended it. The one that stands at the end of a run has caught the failure; all others
count against the rule.
"""

import statistics
from collections.abc import Sequence
from pathlib import Path

import pytest
from benchmarks.growth_alarms import Run, episodes, evaluate, growth_rule, load_run, outcome

from kurto_alerts.references.book import BaselineBook
from kurto_alerts.rules import Severity


@pytest.fixture(scope="module")
def runs(shared_data: Path) -> list[Run]:
    paths = sorted((shared_data / "pronostia" / "learning").glob("*.npz"))
    assert len(paths) == 6
    return [load_run(path) for path in paths]


@pytest.mark.parametrize(
    ("severity", "lead_s"), [(Severity.WARNING, 3005.0), (Severity.CRITICAL, 180.0)]
)
def test_every_failure_is_caught_with_few_other_episodes(
    runs: Sequence[Run], severity: Severity, lead_s: float
) -> None:
    found = outcome(runs, growth_rule(), severity)
    assert len(found.leads_s) == 6
    assert statistics.median(found.leads_s) == pytest.approx(lead_s, abs=60.0)
    assert found.others_per_hour <= 0.15


def test_it_is_one_alarm_at_a_time_and_none_while_the_baseline_is_learned(
    runs: Sequence[Run],
) -> None:
    for run in runs:
        changes = evaluate(run, growth_rule())
        assert all(change.time_us > run.baseline.freeze_us for change in changes)
        lives = episodes(changes, Severity.WARNING)
        assert len(lives) == len({change.alert_id for change in changes})
        assert all(life.end_us is not None for life in lives[:-1])


def test_three_bursts_in_a_row(runs: Sequence[Run]) -> None:
    """The rule says 5 s and 3 s; at one burst in 10 s that is three bursts."""
    for run in runs:
        book = BaselineBook()
        book.put([run.baseline])
        track = book.make_track("bearing", None, [growth_rule()])
        assert track is not None
        grown = [bool((track.update(frame).values > 2.0).any()) for frame in run.frames]
        first = next(at for at in range(2, len(grown)) if all(grown[at - 2 : at + 1]))
        assert evaluate(run, growth_rule())[0].window_index == first


@pytest.mark.parametrize("batch", [1, 7, 5000])
def test_batches_change_nothing(runs: Sequence[Run], batch: int) -> None:
    run = min(runs, key=lambda run: len(run.frames))
    assert evaluate(run, growth_rule(), batch=batch) == evaluate(run, growth_rule())
