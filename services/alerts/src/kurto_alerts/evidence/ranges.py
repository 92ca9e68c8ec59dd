"""Which samples are frozen around a moment, and what they look like side by side."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from kurto.stored_samples import SamplesChunk, SamplesHeader, SamplesPiece

REVOLUTIONS = 20.0
LARGEST_LINE_COUNT = 6400
SMALLEST_LINE_COUNT = 16
SAMPLES_PER_LINE = 2.56
_US_PER_S = 1_000_000


@dataclass(frozen=True, kw_only=True)
class FrozenSpan:
    """How much is frozen.

    Attributes
    ----------
    before_s, after_s : float
        Seconds before and after the moment, at least.
    longest_s : float
        Seconds of both together at most, where slow shafts need more.
    sample_count : int
        Samples of a channel at most; those around the moment stay.
    """

    before_s: float
    after_s: float
    longest_s: float
    sample_count: int

    def around(
        self, first: datetime, last: datetime, speed_hz: float | None
    ) -> tuple[datetime, datetime]:
        """Return the range in which the shaft makes 20 revolutions, as far as it may be so long.

        Parameters
        ----------
        first, last : datetime
            The moment.
        speed_hz : float or None
            Shaft speed; None if it is not known.
        """
        factor = 1.0
        span_s = self.before_s + self.after_s
        if speed_hz is not None and math.isfinite(speed_hz) and speed_hz > 0.0:
            factor = max(1.0, min(REVOLUTIONS / speed_hz, self.longest_s) / span_s)
        start_time = first - timedelta(seconds=factor * self.before_s)
        return start_time, last + timedelta(seconds=factor * self.after_s)


@dataclass(frozen=True, eq=False)
class SensorRecord:
    """The samples of one sensor.

    Attributes
    ----------
    header : SamplesHeader
        What they are.
    first_index : int
        Absolute index of the first one.
    samples : NDArray[np.float32]
        Shape (channels, samples), NaN where there is none.
    missing_count : int
        Samples of a channel that are not there.
    speed_hz : float or None
        Shaft speed as measured last.
    """

    header: SamplesHeader
    first_index: int
    samples: NDArray[np.float32]
    missing_count: int
    speed_hz: float | None

    @property
    def start_us(self) -> int:
        """Time of the first sample, microseconds since 1970."""
        return int(self.header.times_us(self.first_index, 1)[0])

    @property
    def duration_us(self) -> int:
        """How long the samples are, rounded down."""
        return int(self.samples.shape[1] / self.header.sample_rate_hz * _US_PER_S)


def reaches(header: SamplesHeader, end_us: int) -> bool:
    """Tell whether samples are there up to an end, microseconds since 1970."""
    if header.burst_samples:
        return header.end_index % header.burst_samples == 0
    next_us = int(header.times_us(header.end_index, 1)[0])
    return next_us + _US_PER_S / header.sample_rate_hz >= end_us


def gather_record(
    pieces: Iterable[SamplesPiece], *, moment_us: int, limit: int
) -> SensorRecord | None:
    """Return the samples of the epoch that has most of them, None if there are none.

    Parameters
    ----------
    pieces : iterable of SamplesChunk or SamplesHole
        As read. Of bursts the last one that began by the moment is taken, for time jumps between
        them.
    moment_us : int
        The moment, microseconds since 1970.
    limit : int
        Samples of a channel at most.
    """
    chunks = [piece for piece in pieces if isinstance(piece, SamplesChunk)]
    counts: dict[int, int] = {}
    for chunk in chunks:
        epoch = chunk.header.epoch
        counts[epoch] = counts.get(epoch, 0) + chunk.samples.shape[1]
    if not counts:
        return None
    epoch = max(counts, key=lambda one: (counts[one], one))
    chosen = [chunk for chunk in chunks if chunk.header.epoch == epoch]
    header = chosen[0].header
    first, end = _kept(header, moment_us, limit)
    return _assembled(header, chosen, first, end)


def _kept(header: SamplesHeader, moment_us: int, limit: int) -> tuple[int, int]:
    first, end = header.first_index, header.end_index
    if header.burst_samples:
        burst = max((moment_us - header.anchor_us) // header.burst_interval_us, 0)
        burst = min(burst, (end - 1) // header.burst_samples)
        first = max(first, burst * header.burst_samples)
        end = min(end, (burst + 1) * header.burst_samples)
        return first, min(end, first + limit)
    at = round((moment_us - header.anchor_us) * header.sample_rate_hz / _US_PER_S)
    if end - first > limit:
        first = min(max(first, at - limit // 2), end - limit)
    return first, min(end, first + limit)


def _assembled(
    header: SamplesHeader, chunks: Sequence[SamplesChunk], first: int, end: int
) -> SensorRecord | None:
    samples = np.full((len(header.channels), end - first), np.nan, np.float32)
    there, speed_hz = 0, None
    for chunk in chunks:
        begin, stop = max(chunk.first_index, first), min(chunk.end_index, end)
        if begin >= stop:
            continue
        part = chunk.samples[:, begin - chunk.first_index : stop - chunk.first_index]
        samples[:, begin - first : stop - first] = part
        there += stop - begin
        speed_hz = speed_hz if chunk.shaft_speed_hz is None else chunk.shaft_speed_hz
    if not there:
        return None
    return SensorRecord(header, first, samples, end - first - there, speed_hz)


def line_count(sample_count: int) -> int:
    """Return how many lines a spectrum shall have: a power of two times 100, of few averages.

    Two segments without overlap are as many as so many samples hold at least.
    """
    lines = LARGEST_LINE_COUNT
    while lines > SMALLEST_LINE_COUNT and 2 * SAMPLES_PER_LINE * lines > sample_count:
        lines //= 2
    return max(lines, SMALLEST_LINE_COUNT)
