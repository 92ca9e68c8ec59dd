"""Samples that are not acknowledged yet."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from kurto.process_values import SentValue


@dataclass(frozen=True)
class Range:
    """A half-open range of absolute sample indexes."""

    first_index: int
    end_index: int

    def __len__(self) -> int:
        return max(0, self.end_index - self.first_index)

    def without(self, other: Range) -> list[Range]:
        """Return the parts of the range that are not in another, at most two."""
        before = Range(self.first_index, min(self.end_index, other.first_index))
        after = Range(max(self.first_index, other.end_index), self.end_index)
        return [part for part in (before, after) if len(part)] if len(other) else [self]

    def overlap(self, other: Range) -> Range:
        """Return the indexes that are in both; its length is 0 when there are none."""
        first = max(self.first_index, other.first_index)
        return Range(first, max(first, min(self.end_index, other.end_index)))


@dataclass(frozen=True)
class Chunk:
    """Consecutive encoded samples.

    Parameters
    ----------
    first_index : int >= 0
        Absolute index of the first sample.
    samples : np.ndarray [shape=(channels, n, ...)]
        Encoded samples.
    shaft_speed_hz : float, optional
        Shaft speed during the chunk in Hz.
    device_time_us : int, optional
        Sender's clock at the first sample, in microseconds since 1970-01-01T00:00:00Z.
    values : tuple of SentValue
        Slow values taken at these samples.
    """

    first_index: int
    samples: npt.NDArray[Any]
    shaft_speed_hz: float | None = None
    device_time_us: int | None = None
    values: tuple[SentValue, ...] = ()

    @property
    def end_index(self) -> int:
        """Index after the last sample."""
        return self.first_index + int(self.samples.shape[1])

    @property
    def sample_count(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    def part(self, first_index: int, end_index: int) -> Chunk:
        """Return the part inside the given indexes, which must overlap the chunk."""
        first, end = max(first_index, self.first_index), min(end_index, self.end_index)
        samples = self.samples[:, first - self.first_index : end - self.first_index]
        time_us = self.device_time_us if first == self.first_index else None
        values = tuple(value for value in self.values if first <= value.index < end)
        return Chunk(first, samples, self.shaft_speed_hz, time_us, values)


class SendBuffer:
    """A bounded buffer of samples in index order.

    Parameters
    ----------
    first_index : int >= 0
        Index of the sample that is expected first.
    capacity_samples : int > 0
        Samples per channel that fit.
    """

    def __init__(self, *, first_index: int, capacity_samples: int) -> None:
        self.capacity_samples = capacity_samples
        self.end_index = first_index
        self.sample_count = 0
        self._chunks: list[Chunk] = []

    @property
    def oldest_index(self) -> int:
        """Index of the oldest sample held, or ``end_index`` when empty."""
        return self._chunks[0].first_index if self._chunks else self.end_index

    @property
    def free_samples(self) -> int:
        """Samples per channel that still fit."""
        return self.capacity_samples - self.sample_count

    def append(self, chunk: Chunk) -> None:
        """Add a chunk at or after ``end_index``.

        Raises
        ------
        ValueError
            If the chunk begins before ``end_index``.
        """
        if chunk.first_index < self.end_index:
            raise ValueError(f"first_index is {chunk.first_index}, but {self.end_index} is next")
        self._chunks.append(chunk)
        self.sample_count += chunk.end_index - chunk.first_index
        self.end_index = chunk.end_index

    def acknowledge(self, next_index: int, missing: Iterable[Range]) -> None:
        """Drop the chunks that are wholly durable."""
        gaps = list(missing)
        self._chunks = [chunk for chunk in self._chunks if not _durable(chunk, next_index, gaps)]
        self.sample_count = sum(c.end_index - c.first_index for c in self._chunks)

    def drop_oldest(self, sample_count: int) -> int:
        """Drop whole chunks until ``sample_count`` samples fit; return how many were dropped."""
        dropped = count = 0
        for chunk in self._chunks:
            if self.free_samples + dropped >= sample_count:
                break
            dropped += chunk.end_index - chunk.first_index
            count += 1
        del self._chunks[:count]
        self.sample_count -= dropped
        return dropped

    def first_from(self, index: int, max_samples: int) -> Chunk | None:
        """Return the next samples at or after ``index``, at most ``max_samples``, or None."""
        position = self._position(index)
        if position == len(self._chunks):
            return None
        chunk = self._chunks[position]
        first = max(index, chunk.first_index)
        return chunk.part(first, first + max_samples)

    def held(self, wanted: Range) -> Iterator[Range]:
        """Yield the parts of a range that the buffer holds, ascending."""
        for chunk in self._chunks[self._position(wanted.first_index) :]:
            if chunk.first_index >= wanted.end_index:
                return
            first = max(wanted.first_index, chunk.first_index)
            yield Range(first, min(wanted.end_index, chunk.end_index))

    def not_held(self, wanted: Range) -> Iterator[Range]:
        """Yield the parts of a range that the buffer does not hold, ascending."""
        position = wanted.first_index
        for part in self.held(wanted):
            if part.first_index > position:
                yield Range(position, part.first_index)
            position = part.end_index
        if position < wanted.end_index:
            yield Range(position, wanted.end_index)

    def _position(self, index: int) -> int:
        # The first chunk that ends after the index; chunks are ascending and disjoint.
        return bisect_right(self._chunks, index, key=lambda chunk: chunk.end_index)


def _durable(chunk: Chunk, next_index: int, missing: list[Range]) -> bool:
    return chunk.end_index <= next_index and not any(
        gap.first_index < chunk.end_index and chunk.first_index < gap.end_index for gap in missing
    )
