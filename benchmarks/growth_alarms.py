"""The growth rule that comes with a machine, on bearings that ran to failure.

The path is the product's: bursts to features, as the analyzer computes and publishes them; the
first of them to a baseline, as it learns one; all of them to the engine of alarms under the rule
as it is created. Only the processes between are left out.
"""

import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from kurto_alerts.alert_state import ConditionChange
from kurto_alerts.engine import Engine
from kurto_alerts.feature_decoding import FrameDecoder
from kurto_alerts.frames import Frame, SensorProfile
from kurto_alerts.references.baselines import BaselineVersion
from kurto_alerts.references.book import BaselineBook
from kurto_alerts.references.day_one import day_one_rules
from kurto_alerts.rules import Rule, Severity
from kurto_analyzer.baselines.model import BaselineState, LearningCause, StoredBaseline
from kurto_analyzer.baselines.tracks import LearningTrack
from kurto_analyzer.frames import Frame as AnalyzerFrame
from kurto_analyzer.frames import FrameLayout, pack_frames
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_dsp import WindowGeometry, record_features

RATE_HZ, BURST = 25_600.0, 2560
INTERVAL_US = 10_000_000
GEOMETRY = StreamGeometry(RATE_HZ, BURST, 1, 1_700_000_000_000_000, burst_interval_us=INTERVAL_US)
PROFILE = SensorProfile("bearing", burst_interval_us=INTERVAL_US, machine_id="rig")
REQUEST = StoredBaseline(
    baseline_id=1, sensor_id="bearing", state=BaselineState.LEARNING,
    cause=LearningCause.COMMISSIONING, reason="new", principal="benchmark",
    begin_us=0, wanted_windows=60, create_us=0,
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One bearing: its bursts as alarms get them, and its baseline."""

    name: str
    frames: Sequence[Frame]
    baseline: BaselineVersion

    @property
    def hours(self) -> float:
        """Length of the run."""
        return len(self.frames) * INTERVAL_US / 3.6e9


@dataclass(frozen=True)
class Episode:
    """One life of the alarm at a severity or above, in microseconds; `end_us` None if it lasts."""

    start_us: int
    end_us: int | None


@dataclass(frozen=True)
class Outcome:
    """What the rule gave on all runs.

    Attributes
    ----------
    leads_s : sequence of float
        Seconds from the alarm that stood when the bearing failed to the failure, one a bearing.
    others_per_hour : float
        All other episodes, over the length of all runs.
    """

    leads_s: Sequence[float]
    others_per_hour: float


def load_run(path: Path) -> Run:
    """Return a run of the learning set of PRONOSTIA."""
    windows = list(_windows(path))
    learning = LearningTrack(REQUEST)
    learned = None
    for window in windows:
        learning.update(window)
        learned = learning.learned()
        if learned is not None:
            break
    assert learned is not None, f"{path.stem} is too short for a baseline"
    message = pack_frames(windows, windows[0].layout.feature_names).SerializeToString()
    frames = FrameDecoder().decode_batch(message)
    return Run(path.stem, frames, BaselineVersion(1, "bearing", window.end_us, None, learned))


def _windows(path: Path) -> Iterator[AnalyzerFrame]:
    stored = np.load(path)
    samples = ((stored["hi"].astype(np.int32) << 8) | stored["lo"]) / 1000.0
    record = record_features(
        np.ascontiguousarray(samples.transpose(2, 0, 1).reshape(2, -1)),
        sample_rate_hz=RATE_HZ,
        geometry=WindowGeometry.burst(BURST),
    )
    layout = FrameLayout(record.names, ("horizontal", "vertical"), ("g", "g"))
    for number, values in enumerate(record.values):
        yield AnalyzerFrame.of_window(
            "bearing", 1, number, geometry=GEOMETRY, config_version=1, layout=layout,
            values=values, quality=(0, 0),
        )  # fmt: skip


def growth_rule() -> Rule:
    """Return the rule that the rig comes with."""
    [rule] = day_one_rules([PROFILE])
    return rule


def evaluate(run: Run, rule: Rule, *, batch: int = 100) -> list[ConditionChange]:
    """Return what the engine decides on a run, handed over in batches."""
    book = BaselineBook()
    book.put([run.baseline])
    engine = Engine([rule], {PROFILE.sensor_id: PROFILE}, book.make_track)
    changes: list[ConditionChange] = []
    for start in range(0, len(run.frames), batch):
        changes += engine.evaluate(run.frames[start : start + batch])
    return changes


def episodes(changes: Sequence[ConditionChange], severity: Severity) -> list[Episode]:
    """Return the lives of the alarm at a severity or above."""
    found: list[Episode] = []
    start_us: int | None = None
    for change in changes:
        beyond = bool(change.state.name != "NORMAL" and change.severity >= severity)
        if beyond and start_us is None:
            start_us = change.time_us
        elif not beyond and start_us is not None:
            found.append(Episode(start_us, change.time_us))
            start_us = None
    return found if start_us is None else [*found, Episode(start_us, None)]


def outcome(runs: Sequence[Run], rule: Rule, severity: Severity) -> Outcome:
    """Return what a rule gives on runs; a run ends with the failure of its bearing."""
    leads_s, others = [], 0
    for run in runs:
        for episode in episodes(evaluate(run, rule), severity):
            if episode.end_us is None:
                leads_s.append((run.frames[-1].end_us - episode.start_us) / 1e6)
            else:
                others += 1
    return Outcome(leads_s, others / sum(run.hours for run in runs))


def main() -> None:
    """Print the table of `docs/reference/signal/baselines.md`."""
    folder = Path(os.environ.get("KURTO_SHARED_DATA", "../shared/data")) / "pronostia" / "learning"
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        sys.exit(f"no runs in {folder}: set KURTO_SHARED_DATA to the folder with the recordings")
    runs, rule = [load_run(path) for path in paths], growth_rule()
    print(f"{len(runs)} bearings, {sum(run.hours for run in runs):.1f} h")
    print("in a row  recovery  severity  caught  median lead  other episodes per hour")
    for windows in (3, 4, 5, 8):
        for minutes in (0.5, 1.0, 5.0, 15.0):
            pending = timedelta(microseconds=windows * INTERVAL_US)
            levels = tuple(replace(level, pending=pending) for level in rule.levels)
            tried = replace(rule, levels=levels, recovery=timedelta(minutes=minutes))
            for severity in (Severity.WARNING, Severity.CRITICAL):
                found = outcome(runs, tried, severity)
                lead_s = statistics.median(found.leads_s) if found.leads_s else 0.0
                print(
                    f"{windows:8}  {minutes:4} min  {severity.name:8}  {len(found.leads_s)} of"
                    f" {len(runs)}  {lead_s:9.0f} s  {found.others_per_hour:8.3f}"
                )


if __name__ == "__main__":
    main()
