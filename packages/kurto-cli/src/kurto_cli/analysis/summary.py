"""What a whole recording says, gathered with bounded memory."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from kurto_cli.analysis.long_window import newest_long_window
from kurto_cli.analysis.task import AnalysisTask, unknown
from kurto_cli.analysis.windows import AnalysedWindow
from kurto_dsp.diagnosis import LEAST_REVOLUTIONS, Diagnosis, Hint, combine

_KEPT = 4096

T = TypeVar("T")


@dataclass(frozen=True, eq=False, slots=True)
class ChannelSummary:
    """One channel over the whole recording.

    Parameters
    ----------
    verdict : Diagnosis
        Over windows that do not overlap.
    features : dict of str to float
        Median of each feature over the windows; NaN where it never has a value.
    long_window : dict of str to float
        Features of the newest long window: orders, fault lines.
    """

    verdict: Diagnosis
    features: dict[str, float]
    long_window: dict[str, float]


@dataclass(frozen=True, eq=False, slots=True)
class Summary:
    """All channels over the whole recording."""

    window_count: int
    channels: tuple[ChannelSummary, ...]


class Thinned(Generic[T]):
    """Keeps evenly spaced items of a sequence of any length.

    Parameters
    ----------
    limit : int > 1
        Most items kept; every second one is dropped when there are more.

    Examples
    --------
    >>> kept = Thinned[int](4)
    >>> for number in range(10):
    ...     kept.add(number)
    >>> kept.items
    [0, 4, 8]
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._stride = 1
        self._count = 0
        self.items: list[T] = []

    def add(self, item: T) -> None:
        """Add the next item."""
        if self._count % self._stride == 0:
            self.items.append(item)
        self._count += 1
        if len(self.items) > self._limit:
            self.items = self.items[::2]
            self._stride *= 2


class Summariser:
    """Gathers windows.

    Long recordings are summed up from at most 4096 evenly spaced windows.

    Parameters
    ----------
    task : AnalysisTask
    """

    def __init__(self, task: AnalysisTask) -> None:
        self._task = task
        self._values = Thinned[np.ndarray[tuple[int, int], np.dtype[np.float32]]](_KEPT)
        self._diagnoses = [Thinned[Diagnosis](_KEPT) for _ in task.channels]
        self._window_count = 0

    def add(self, window: AnalysedWindow) -> None:
        """Add the next window."""
        self._window_count += 1
        if window.features.is_empty:
            return
        self._values.add(window.features.values)
        # Windows that overlap say the same twice: only those that do not count.
        if window.features.window_index % self._task.plan.geometry.hops_per_window == 0:
            for kept, diagnosis in zip(self._diagnoses, window.diagnoses, strict=True):
                kept.add(diagnosis)

    def summary(self) -> Summary:
        """Return the summary of all windows that were added.

        Raises
        ------
        RecordingError
            If the file turns out to be damaged.
        """
        medians = self._medians()
        long = newest_long_window(self._task)
        diagnoses = _longer_windows(self._task) or [kept.items for kept in self._diagnoses]
        return Summary(
            self._window_count,
            tuple(
                ChannelSummary(
                    _verdict(diagnoses[place], long.hints[place]),
                    dict(zip(self._task.plan.names, medians[place].tolist(), strict=True)),
                    long.features[place],
                )
                for place in range(len(self._task.channels))
            ),
        )

    def _medians(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        shape = (len(self._task.channels), len(self._task.plan.names))
        if not self._values.items:
            return np.full(shape, np.nan)
        with warnings.catch_warnings():  # a feature without any value is NaN
            warnings.simplefilter("ignore", RuntimeWarning)
            medians = np.nanmedian(np.stack(self._values.items), axis=0)
        return np.asarray(medians, np.float64).reshape(shape)


def _verdict(diagnoses: Sequence[Diagnosis], hints: Sequence[Hint]) -> Diagnosis:
    if not diagnoses:
        return unknown("samples are missing in every window")
    verdict = combine(diagnoses)
    return replace(verdict, hints=tuple(hints)) if hints else verdict


def _longer_windows(task: AnalysisTask) -> list[list[Diagnosis]] | None:
    """Return the diagnoses of windows of 20 revolutions, where those of the features are shorter.

    None where the windows are long enough, or none would be.
    """
    if task.speed is None or task.bearing is None or task.is_burst:
        return None
    length = math.ceil(LEAST_REVOLUTIONS / task.speed.hz * task.sample_rate_hz)
    if not task.plan.geometry.window_length < length <= task.recording.index_count:
        return None
    kept = [Thinned[Diagnosis](_KEPT) for _ in task.channels]
    for first in range(0, task.recording.index_count - length + 1, length):
        samples = task.samples(first, first + length)
        if samples is not None:
            for channel, row in zip(kept, samples, strict=True):
                channel.add(task.diagnosis(row))
    return [channel.items for channel in kept]
