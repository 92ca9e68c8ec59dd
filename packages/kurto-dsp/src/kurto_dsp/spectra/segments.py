"""Overlapping Hann segments of a long record, and their averages or maximum."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kurto_dsp.arrays import BoolArray, Float64Array, IndexArray
from kurto_dsp.exceptions import ParameterError
from kurto_dsp.spectra.records import Record
from kurto_dsp.spectrum import hann_magnitudes

DEFAULT_MEMORY = 8
"""Segments that an exponential average remembers unless asked otherwise."""

MAX_OVERLAP = 0.95
"""More overlap would cost twenty times the work of none and add no information."""


class Averaging(StrEnum):
    """How the spectra of segments become one."""

    LINEAR = "linear"
    """Equal weights, mean of squares: Welch's method. Noise becomes smooth, levels stay."""
    PEAK_HOLD = "peak_hold"
    """Largest value of each line: what happened once, as in a run-up."""
    EXPONENTIAL = "exponential"
    """Mean of squares in which the newest segments weigh most: what follows a change."""


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """Segments of one length at regular distances.

    Parameters
    ----------
    length : int >= 4
        Samples per segment.
    overlap : float, 0 to 0.95
        Part of a segment that the next one shares. 0.5 uses nearly all of the data under a
        Hann window, 0.75 all of it.
    averaging : Averaging
    memory : int >= 1
        Segments that an exponential average remembers: each new one counts 1/memory, and what
        was before fades by a factor e in so many. The first ones count alike.
    """

    length: int
    overlap: float = 0.5
    averaging: Averaging = Averaging.LINEAR
    memory: int = DEFAULT_MEMORY

    def __post_init__(self) -> None:
        if self.length < 4:
            raise ParameterError(f"a segment needs at least 4 samples, got {self.length}")
        if not 0.0 <= self.overlap <= MAX_OVERLAP:
            raise ParameterError(f"overlap must lie from 0 to {MAX_OVERLAP}, got {self.overlap}")
        if self.memory < 1:
            raise ParameterError(f"memory must be at least 1 segment, got {self.memory}")

    @property
    def step(self) -> int:
        """Samples from the start of a segment to the start of the next."""
        return max(1, self.length - round(self.length * self.overlap))

    def starts(self, total: int) -> IndexArray:
        """Return the first sample of each segment that fits into `total` samples."""
        return np.arange(0, total - self.length + 1, self.step, dtype=np.int64)


def segment_magnitudes(
    record: Record, plan: SegmentPlan
) -> Iterator[tuple[int, BoolArray, Float64Array]]:
    """Yield number, usable channels and |X| of each segment under a Hann window, mean removed.

    Yields
    ------
    tuple of int, BoolArray [shape=(channels,)], Float64Array [shape=(usable, length // 2 + 1)]
        A segment with an invalid sample isn't usable.
    """
    for number, start in enumerate(plan.starts(record.length)):
        part = slice(int(start), int(start) + plan.length)
        usable: BoolArray = np.asarray(record.valid[:, part].all(axis=1))
        block = record.samples[usable, part]
        yield number, usable, hann_magnitudes(block - block.mean(axis=1, keepdims=True))


def average_magnitudes(record: Record, plan: SegmentPlan) -> tuple[Float64Array, IndexArray]:
    """Return the averaged |X| of a record's segments, and how many there were.

    Parameters
    ----------
    record : Record
        At least one segment long.
    plan : SegmentPlan

    Returns
    -------
    Float64Array [shape=(channels, length // 2 + 1)]
        Root (weighted) mean square or maximum; NaN where a channel has no usable segment.
    IndexArray [shape=(channels,)]
    """
    powers = np.zeros((record.channel_count, plan.length // 2 + 1))
    counts = np.zeros(record.channel_count, np.int64)
    for _, usable, magnitudes in segment_magnitudes(record, plan):
        squares = magnitudes * magnitudes
        counts += usable
        if plan.averaging is Averaging.PEAK_HOLD:
            powers[usable] = np.maximum(powers[usable], squares)
        elif plan.averaging is Averaging.EXPONENTIAL:
            weights = 1.0 / np.minimum(counts[usable], plan.memory)
            powers[usable] += weights[:, np.newaxis] * (squares - powers[usable])
        else:
            powers[usable] += squares
    if plan.averaging is Averaging.LINEAR:
        powers /= np.maximum(counts, 1)[:, np.newaxis]
    powers[counts == 0] = np.nan
    return np.sqrt(powers, out=powers), counts
