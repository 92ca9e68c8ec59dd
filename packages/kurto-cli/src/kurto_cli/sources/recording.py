"""A recording in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from kurto.encoding import EncodingName


class RecordingError(ValueError):
    """A file that cannot be streamed; the message says what would help."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Where a contiguous part of a recording begins: its sample index, and its column."""

    index: int
    column: int


@dataclass(frozen=True)
class Recording:
    """A recording in memory.

    Parameters
    ----------
    channels : tuple of str
        Channel names.
    samples : np.ndarray [shape=(channels, n)]
        Samples in ``unit``, or integer steps of ``scale``; bursts follow each other without a hole.
    unit : str
        ``"g"`` or ``"m/s2"``.
    sample_rate_hz : float or None
        Rate in Hz, if the file tells it.
    burst_samples : int or None
        Samples per channel of a burst, for recordings made in bursts.
    burst_interval_s : float or None
        Time from the start of one burst to the start of the next, in seconds.
    encoding : {"f32", "i16", "i24"}
        How the samples were sent.
    scale : float or None
        Unit per integer step, for the integer encodings.
    segments : tuple of Segment
        The contiguous parts, ascending; samples between two are not there.
    """

    channels: tuple[str, ...]
    samples: npt.NDArray[Any]
    unit: str
    sample_rate_hz: float | None = None
    burst_samples: int | None = None
    burst_interval_s: float | None = None
    encoding: EncodingName = "f32"
    scale: float | None = None
    segments: tuple[Segment, ...] = (Segment(0, 0),)

    @property
    def index_count(self) -> int:
        """Samples per channel, with those that are not there."""
        last = self.segments[-1]
        return last.index + int(self.samples.shape[1]) - last.column

    def parts(self, first: int, end: int) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Yield what is there of the indexes first <= i < end: first index and samples."""
        after = [*self.segments[1:], Segment(self.index_count, int(self.samples.shape[1]))]
        for segment, following in zip(self.segments, after, strict=True):
            stop = segment.index + following.column - segment.column
            low, high = max(first, segment.index), min(end, stop)
            if low < high:
                shift = segment.column - segment.index
                yield low, self.samples[:, low + shift : high + shift]
