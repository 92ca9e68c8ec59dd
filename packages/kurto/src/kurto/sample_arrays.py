"""Stored samples gathered in arrays, with what is not there marked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kurto.stored_samples import SamplesChunk, SamplesHeader, SamplesHole, SamplesPiece

DEFAULT_MAX_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class SampleArray:
    """Samples of one epoch in one array.

    Attributes
    ----------
    header : SamplesHeader
        What holds for the epoch.
    first_index : int
        Absolute index of the first column: the first sample that is there.
    samples : np.ndarray [shape=(channels, n)]
        The samples; NaN where they are not there, or 0 if they are raw integers.
    present : np.ndarray [shape=(n,), bool]
        True where samples are there.
    holes : tuple of SamplesHole
        All that is not there, also before and after the array.
    """

    header: SamplesHeader
    first_index: int
    samples: npt.NDArray[Any]
    present: npt.NDArray[np.bool_]
    holes: tuple[SamplesHole, ...]


async def gather_samples(
    pieces: AsyncGenerator[SamplesPiece, None], *, max_bytes: int = DEFAULT_MAX_BYTES
) -> list[SampleArray]:
    """Return what is read as one array for each epoch.

    Parameters
    ----------
    pieces : async generator of SamplesChunk or SamplesHole
        From `read_samples`.
    max_bytes : int
        Largest size of all arrays together.

    Raises
    ------
    ValueError
        If they would be larger.
    """
    gathered: list[_Gathered] = []
    async with aclosing(pieces):
        async for piece in pieces:
            if not gathered or gathered[-1].header.epoch != piece.header.epoch:
                gathered.append(_Gathered(piece.header))
            gathered[-1].add(piece)
            size = sum(epoch.byte_count for epoch in gathered)
            if size > max_bytes:
                raise ValueError(
                    f"the range holds more than max_bytes={max_bytes}: give max_bytes more, ask for"
                    " a shorter range, or take the pieces one by one with read_samples"
                )
    return [epoch.array() for epoch in gathered]


@dataclass
class _Gathered:
    """Pieces of one epoch."""

    header: SamplesHeader
    chunks: list[SamplesChunk] = field(default_factory=list)
    holes: list[SamplesHole] = field(default_factory=list)

    @property
    def byte_count(self) -> int:
        """Size of the array."""
        if not self.chunks:
            return 0
        samples = self.chunks[0].samples
        count = self.chunks[-1].end_index - self.chunks[0].first_index
        return count * int(samples.shape[0]) * samples.itemsize

    def add(self, piece: SamplesPiece) -> None:
        """Take the next piece."""
        if isinstance(piece, SamplesChunk):
            self.chunks.append(piece)
        else:
            self.holes.append(piece)

    def array(self) -> SampleArray:
        """Return all as one array."""
        first = self.chunks[0].first_index if self.chunks else self.header.end_index
        count = self.chunks[-1].end_index - first if self.chunks else 0
        dtype = self.chunks[0].samples.dtype if self.chunks else np.dtype(np.float64)
        lacking = np.nan if dtype.kind == "f" else 0
        samples = np.full((len(self.header.channels), count), lacking, dtype=dtype)
        present = np.zeros(count, dtype=np.bool_)
        for chunk in self.chunks:
            place = slice(chunk.first_index - first, chunk.end_index - first)
            samples[:, place] = chunk.samples
            present[place] = True
        return SampleArray(
            header=self.header,
            first_index=first,
            samples=samples,
            present=present,
            holes=tuple(self.holes),
        )
