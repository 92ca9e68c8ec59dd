"""From stored rows to what a reader gets: chunks and holes, nothing twice and nothing left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np

from kurto_ingest.ports import StoredSamples
from kurto_ingest.streams.encoding import Planar
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["Chunk", "Hole", "HoleReason", "Piece", "PieceAssembler"]


class HoleReason(IntEnum):
    """Why samples are not there; the numbers are those of ``kurto.ingest.v1.HoleReason``."""

    MISSING = 1
    ABANDONED = 2
    EXPIRED = 3
    QUARANTINED = 4


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive samples of the selected channels.

    Attributes
    ----------
    first, count : int
        Absolute index of the first sample; samples per channel.
    planar : bytes
        The samples in the encoding in which they came.
    quality : int
        Mask of quality flags.
    shaft_speed_hz : float or None
        Shaft speed that came with them.
    quarantined : bool
        True if they lay too far in the future when they came.
    """

    first: int
    count: int
    planar: bytes
    quality: int
    shaft_speed_hz: float | None
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class Hole:
    """Samples `first` <= i < `end` that are not there."""

    first: int
    end: int
    reason: HoleReason


Piece: TypeAlias = Chunk | Hole


class PieceAssembler:
    """Joins rows of one epoch to chunks of good size, and what lies between them to holes.

    Rows may overlap each other, as copies do that are kept longer: no sample comes out twice.

    Parameters
    ----------
    stream_format : StreamFormat
        Form of the samples.
    channels : sequence of int
        Numbers of the channels wanted, in order.
    first : int
        Index at which reading begins.
    chunk_bytes : int
        Size that a chunk does not exceed, unless a single sample of all channels does.
    """

    def __init__(
        self, stream_format: StreamFormat, channels: Sequence[int], first: int, *, chunk_bytes: int
    ) -> None:
        self._format = stream_format
        self._channels = list(channels)
        self._all = self._channels == list(range(len(stream_format.channels)))
        frame_bytes = len(self._channels) * stream_format.encoding.sample_bytes
        self._most = max(1, chunk_bytes // frame_bytes)
        self._parts: list[Planar] = []
        self._parts_first = first
        self._quality = 0
        self._shaft_speed_hz: float | None = None
        self._quarantined = False
        self._hole: Hole | None = None
        #: First index that nothing is known of.
        self.at = first

    def take(self, rows: Iterable[StoredSamples], end: int) -> Iterator[Piece]:
        """Take rows ascending by first index, and yield the pieces that they complete.

        Parameters
        ----------
        rows : iterable of StoredSamples
            What is stored from `at` on; what lies between two of them is deleted.
        end : int
            Samples from here on are left out.
        """
        for row in rows:
            first, stop = max(row.first, self.at), min(row.first + row.count, end)
            if first >= stop:
                continue
            if first > self.at:
                yield from self.skip(first, HoleReason.EXPIRED)
            samples = self._format.view(row.data)[:, first - row.first : stop - row.first]
            yield from self._append(samples, row)

    def skip(self, end: int, reason: HoleReason) -> Iterator[Piece]:
        """Note that nothing is there up to `end`, and yield the pieces that this completes."""
        if end <= self.at:
            return
        yield from self._flush_chunk()
        hole = self._hole
        if hole is not None and hole.reason is reason:
            self._hole = Hole(hole.first, end, reason)
        else:
            yield from self._flush_hole()
            self._hole = Hole(self.at, end, reason)
        self.at = self._parts_first = end

    def enter(self, *, quarantined: bool) -> Iterator[Piece]:
        """Note whether rows are from quarantine from now on, and yield what this completes."""
        if quarantined is not self._quarantined:
            yield from self._flush_chunk()
            self._quarantined = quarantined

    def finish(self) -> Iterator[Piece]:
        """Yield what is left."""
        yield from self._flush_chunk()
        yield from self._flush_hole()

    def _append(self, samples: Planar, row: StoredSamples) -> Iterator[Piece]:
        if self._hole is not None:
            yield from self._flush_hole()
        alike = row.quality == self._quality and row.shaft_speed_hz == self._shaft_speed_hz
        if not alike or self._begins_burst():
            yield from self._flush_chunk()
        self._quality, self._shaft_speed_hz = row.quality, row.shaft_speed_hz
        for first in range(0, samples.shape[1], self._most):
            part = samples[:, first : first + self._most]
            if self.at - self._parts_first + part.shape[1] > self._most:
                yield from self._flush_chunk()
            self._parts.append(part)
            self.at += part.shape[1]

    def _begins_burst(self) -> bool:
        # Time jumps between two bursts: a chunk never holds both.
        return self._format.burst_interval_us > 0 and self.at % self._format.hop_samples == 0

    def _flush_chunk(self) -> Iterator[Piece]:
        if self._parts:
            planar = self._joined()
            count = self.at - self._parts_first
            first = self._parts_first
            self._parts.clear()
            quality, speed_hz = self._quality, self._shaft_speed_hz
            yield Chunk(first, count, planar, quality, speed_hz, self._quarantined)
        self._parts_first = self.at

    def _joined(self) -> bytes:
        parts = self._parts if self._all else [part[self._channels] for part in self._parts]
        return parts[0].tobytes() if len(parts) == 1 else np.concatenate(parts, axis=1).tobytes()

    def _flush_hole(self) -> Iterator[Piece]:
        if self._hole is not None:
            yield self._hole
            self._hole = None
