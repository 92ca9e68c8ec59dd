"""The windows of a recording: features by the rings and batches of the live path, diagnoses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kurto_cli.analysis.task import AnalysisTask, unknown
from kurto_dsp import SensorRing, WindowBatch, WindowFeatures
from kurto_dsp.diagnosis import Diagnosis

_WINDOWS_AT_ONCE = 16


@dataclass(frozen=True, eq=False, slots=True)
class AnalysedWindow:
    """One window of all channels.

    Parameters
    ----------
    features : WindowFeatures
        Of all channels of the task, in its order.
    diagnoses : tuple of Diagnosis
        One for each channel, from this window alone.
    """

    features: WindowFeatures
    diagnoses: tuple[Diagnosis, ...]


def analysed_windows(task: AnalysisTask) -> Iterator[AnalysedWindow]:
    """Yield every complete window, oldest first; one that spans a gap is empty.

    Hops go through a ring into batches, as they do in the analyzer: the values are equal.

    Raises
    ------
    RecordingError
        If the file turns out to be damaged.
    """
    count = len(task.channels)
    ring = SensorRing(
        channel_count=count,
        geometry=task.plan.geometry,
        units=[task.unit] * count,
        full_scale=[task.full_scale] * count,
    )
    batch = WindowBatch(task.plan)
    waiting: list[tuple[Diagnosis, ...]] = []
    hop_length = task.plan.geometry.hop_length
    for hop in range(task.hop_count):
        samples = task.samples(hop * hop_length, (hop + 1) * hop_length)
        if samples is None:
            ring.push_gap(hop)
        else:
            ring.push(hop, samples)
        if ring.window_index is not None:
            batch.add(ring)
            waiting.append(_diagnoses(task, None if ring.has_gap else ring.window()))
        if len(waiting) == _WINDOWS_AT_ONCE:
            yield from map(AnalysedWindow, batch.compute(), waiting)
            waiting = []
    yield from map(AnalysedWindow, batch.compute(), waiting)


def _diagnoses(task: AnalysisTask, window: npt.NDArray[np.float32] | None) -> tuple[Diagnosis, ...]:
    if window is None:
        return (unknown("samples are missing"),) * len(task.channels)
    return tuple(task.diagnosis(samples) for samples in window)
