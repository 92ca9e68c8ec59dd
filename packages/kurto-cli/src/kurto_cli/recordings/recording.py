"""A recording: samples in memory or on disk, and what its file tells about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kurto.encoding import EncodingName
from kurto_cli.recordings.exceptions import RecordingError


class SampleMatrix(Protocol):
    """What samples are read through: an array, or a file that reads the columns asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels and samples per channel."""
        ...

    def __getitem__(self, key: tuple[slice, slice], /) -> npt.NDArray[Any]:
        """Return channels and columns."""
        ...


@dataclass(frozen=True, slots=True)
class Segment:
    """Where a contiguous part of a recording begins: its sample index, and its column."""

    index: int
    column: int


@dataclass(frozen=True, slots=True)
class RecordedSpeed:
    """Shaft speed that a file tells.

    Parameters
    ----------
    hz : float > 0
        Revolutions per second.
    is_measured : bool
        True if it was measured with the samples; False for a nominal speed.
    """

    hz: float
    is_measured: bool


@dataclass(frozen=True, slots=True)
class UnevenTimes:
    """Times of samples that tell no rate.

    Parameters
    ----------
    mean_rate_hz : float
        Samples over the time from the first to the last; not above 0 where times run back.
    largest_step_s : float
        From one sample to the next.
    are_coarse : bool
        True if several samples have the same time, as when clocks tick slowly.
    """

    mean_rate_hz: float
    largest_step_s: float
    are_coarse: bool


@dataclass(frozen=True)
class Recording:
    """A recording.

    Parameters
    ----------
    channels : tuple of str
        Channel names.
    samples : SampleMatrix [shape=(channels, n)]
        Samples in ``unit``, or integer steps of ``scale``; bursts follow each other without a hole.
    unit : str or None
        ``"g"`` or ``"m/s2"``; None if the file does not tell it.
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
    speed : RecordedSpeed or None
        Shaft speed, if the file tells it.
    aliases : mapping of str to str
        Other names of channels, such as the file's own.
    is_relative : bool
        True if the samples are parts of full scale, and not yet an acceleration.
    channel_units : mapping of str to str
        Units of single channels, as the file tells them, where there is no common one.
    uneven_times : UnevenTimes or None
        What its times say that tell no rate.
    """

    channels: tuple[str, ...]
    samples: SampleMatrix
    unit: str | None
    sample_rate_hz: float | None = None
    burst_samples: int | None = None
    burst_interval_s: float | None = None
    encoding: EncodingName = "f32"
    scale: float | None = None
    segments: tuple[Segment, ...] = (Segment(0, 0),)
    speed: RecordedSpeed | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    is_relative: bool = False
    channel_units: Mapping[str, str] = field(default_factory=dict)
    uneven_times: UnevenTimes | None = None

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

    def values(self, first: int, end: int) -> npt.NDArray[np.float32] | None:
        """Return the samples of the indexes first <= i < end in the unit, as the analyzer has them.

        Returns
        -------
        np.ndarray [shape=(channels, end - first), dtype=float32] or None
            None if one of them is not there.
        """
        parts = list(self.parts(first, end))
        if len(parts) != 1 or parts[0][1].shape[1] != end - first:
            return None
        samples = parts[0][1]
        if self.scale is not None and samples.dtype.kind in "iu":
            samples = samples * np.float64(self.scale)
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(samples, np.float32)

    def channel_index(self, name: str) -> int:
        """Return the position of a channel, by its name or another name of it, case ignored.

        Raises
        ------
        RecordingError
            If there is none; the message names those that are there.
        """
        for index, channel in enumerate(self.channels):
            names = {channel, *(alias for alias, of in self.aliases.items() if of == channel)}
            if name.lower() in {known.lower() for known in names}:
                return index
        raise RecordingError(f"no channel {name!r}; --channel takes {', '.join(self.channels)}")
