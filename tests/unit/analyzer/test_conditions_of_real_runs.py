"""The live tracks on bearings that ran to failure: no operating state may hide the failure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kurto_analyzer.baselines.model import BaselineState, LearningCause, StoredBaseline
from kurto_analyzer.baselines.tracks import ConditionTrack, LearningTrack
from kurto_analyzer.frames import Frame, FrameLayout
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_dsp import WindowGeometry, record_features
from kurto_dsp.condition.growth import GrowthGrade
from kurto_dsp.condition.operating_state import OperatingState

GEOMETRY = StreamGeometry(25_600.0, 2560, 1, 1_700_000_000_000_000, burst_interval_us=10_000_000)
REQUEST = StoredBaseline(
    baseline_id=1, sensor_id="bearing", state=BaselineState.LEARNING,
    cause=LearningCause.COMMISSIONING, reason="new", principal="ada",
    begin_us=0, wanted_windows=60, create_us=0,
)  # fmt: skip


def frames(path: Path) -> list[Frame]:
    stored = np.load(path)
    samples = ((stored["hi"].astype(np.int32) << 8) | stored["lo"]) / 1000.0
    record = record_features(
        np.ascontiguousarray(samples.transpose(2, 0, 1).reshape(2, -1)),
        sample_rate_hz=25_600.0,
        geometry=WindowGeometry.burst(2560),
    )
    layout = FrameLayout(record.names, ("horizontal", "vertical"), ("g", "g"))
    return [
        Frame.of_window(
            "bearing", 1, number, geometry=GEOMETRY, config_version=1, layout=layout,
            values=values, quality=(0, 0),
        )
        for number, values in enumerate(record.values)
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "lead"), [("Bearing2_1", 27), ("Bearing2_2", 41)])
def test_a_failing_machine_counts_as_running(shared_data: Path, name: str, lead: int) -> None:
    windows = frames(shared_data / "pronostia" / "learning" / f"{name}.npz")
    learning = LearningTrack(REQUEST)
    for window in windows:
        if learning.missing == 0:
            break
        learning.update(window)
    in_force = replace(REQUEST, state=BaselineState.IN_FORCE, baseline=learning.learned())
    track = ConditionTrack(in_force)
    states: Counter[OperatingState] = Counter()
    grades = []
    for window in windows:
        track.update(window)
        states[track.state] += 1
        grades.append(GrowthGrade.NONE if track.compared is None else track.compared.growth.grade)
    assert states[OperatingState.STOPPED] == states[OperatingState.START_UP] == 0
    assert states[OperatingState.COAST_DOWN] <= len(windows) // 50
    assert grades[-1] is not GrowthGrade.NONE
    # Warned in good time, and until the end.
    assert all(grade is not GrowthGrade.NONE for grade in grades[-lead + 3 :])
