"""The newest long window of a recording: orders, fault lines, patterns of the shaft."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_cli.analysis.task import AnalysisTask
from kurto_dsp.diagnosis import LONG_WINDOW_NAMES, Hint, LongWindowFeatures, long_window_features

_SHORTEST_S, _LONGEST_S = 8.0, 60.0
_REVOLUTIONS = 100.0


@dataclass(frozen=True, eq=False, slots=True)
class LongWindow:
    """What the newest long window says about each channel.

    Parameters
    ----------
    features : tuple of dict
        By name, NaN for null.
    hints : tuple of tuple of Hint
        Patterns of the shaft; a long window tells its lines and the mains apart.
    """

    features: tuple[dict[str, float], ...]
    hints: tuple[tuple[Hint, ...], ...]


def newest_long_window(task: AnalysisTask) -> LongWindow:
    """Return what the newest long window says: max(8 s, 100 revolutions), at most 60 s.

    Recordings made in bursts have none; of a short recording all is taken.

    Raises
    ------
    RecordingError
        If the file turns out to be damaged.
    """
    count = len(task.channels)
    samples = long_window_samples(task)
    if samples is None:
        nothing = dict.fromkeys(LONG_WINDOW_NAMES, math.nan)
        return LongWindow((nothing,) * count, ((),) * count)
    values = long_window_features(
        samples,
        sample_rate_hz=task.sample_rate_hz,
        speed=task.speed,
        bearing=task.bearing,
        unit=task.unit,
    )
    rows = tuple(_row(values, place) for place in range(count))
    return LongWindow(rows, tuple(task.diagnosis(row).hints for row in samples))


def long_window_samples(task: AnalysisTask) -> npt.NDArray[np.float32] | None:
    """Return the samples of the newest long window, None if the recording has none.

    Returns
    -------
    np.ndarray [shape=(channels, n)] or None
    """
    if task.is_burst:
        return None
    turning_s = _REVOLUTIONS / task.speed.hz if task.speed is not None else 0.0
    length = round(min(max(_SHORTEST_S, turning_s), _LONGEST_S) * task.sample_rate_hz)
    end = task.recording.index_count
    return task.samples(max(end - length, task.recording.segments[-1].index), end)


def _row(values: LongWindowFeatures, place: int) -> dict[str, float]:
    return dict(zip(values.names, values.values[place].tolist(), strict=True))
