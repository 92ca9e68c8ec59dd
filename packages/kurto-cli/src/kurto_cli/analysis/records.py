"""Results as plain records: one for each window and channel, then one for each channel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from kurto_cli.analysis.summary import Summary
from kurto_cli.analysis.task import AnalysisTask
from kurto_cli.analysis.windows import AnalysedWindow
from kurto_dsp import flag_names
from kurto_dsp.bearings import BearingGeometry
from kurto_dsp.diagnosis import Diagnosis

Record = dict[str, Any]
"""What becomes one JSON object, or one row of a table."""


def window_records(task: AnalysisTask, window: AnalysedWindow) -> Iterator[Record]:
    """Yield the records of one window, one for each channel."""
    features = window.features
    start_s = task.start_s(features.window_index)
    for place, name in enumerate(task.channel_names):
        yield {
            "file": str(task.path),
            "channel": name,
            "window": features.window_index,
            "start_s": round(start_s, 9),
            "features": features.channel(place),
            "quality": list(flag_names(int(features.quality[place]))),
            "diagnosis": diagnosis_record(window.diagnoses[place]),
        }


def summary_records(task: AnalysisTask, summary: Summary) -> Iterator[Record]:
    """Yield the records over the whole recording, one for each channel."""
    speed = task.speed
    for name, channel in zip(task.channel_names, summary.channels, strict=True):
        yield {
            "file": str(task.path),
            "channel": name,
            "summary": True,
            "verdict": channel.verdict.fault.value,
            "windows": summary.window_count,
            "duration_s": round(task.recording.index_count / task.sample_rate_hz, 9),
            "sample_rate_hz": task.sample_rate_hz,
            "unit": task.unit.value,
            "rpm": None if speed is None else round(speed.hz * 60.0, 6),
            "speed_source": None if speed is None else speed.source.value,
            "bearing": None if task.bearing is None else _bearing_record(task.bearing),
            "features": _numbers(channel.features),
            "long_window": _numbers(channel.long_window),
            "diagnosis": diagnosis_record(channel.verdict),
            "notes": list(task.notes),
        }


def diagnosis_record(diagnosis: Diagnosis) -> Record:
    """Return a diagnosis as a record; what is not a number is None."""
    return {
        "fault": diagnosis.fault.value,
        "score": _number(diagnosis.score),
        "scores": {fault.value: _number(score) for fault, score in diagnosis.scores.items()},
        "lines": [
            {
                "name": line.name,
                "expected_hz": _number(line.expected_hz),
                "found_hz": _number(line.found_hz),
                "level_db": _number(line.level_db),
            }
            for line in diagnosis.lines
        ],
        "hints": [
            {"pattern": hint.pattern, "score": _number(hint.score), "reason": hint.reason}
            for hint in diagnosis.hints
        ],
        "reason": diagnosis.reason,
    }


def _bearing_record(bearing: BearingGeometry) -> Record:
    return {
        "designation": bearing.designation,
        "element_count": bearing.element_count,
        "element_diameter_mm": bearing.element_diameter_mm,
        "pitch_diameter_mm": bearing.pitch_diameter_mm,
        "contact_angle_deg": bearing.contact_angle_deg,
        "is_approximate": bearing.is_approximate,
    }


def _numbers(values: dict[str, float]) -> Record:
    return {name: _number(value) for name, value in values.items()}


def _number(value: float | None) -> float | None:
    """Return a number that JSON can hold: 10 digits tell all of a measured line."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{float(value):.10g}")
