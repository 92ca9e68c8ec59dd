"""What writes one exported file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import kurto


class SamplesWriter(Protocol):
    """Writes samples of one epoch, piece by piece, with little memory."""

    def chunk(self, chunk: kurto.SamplesChunk) -> None:
        """Add samples, as integers or floats, as they are stored."""
        ...

    def hole(self, hole: kurto.SamplesHole) -> None:
        """Note that samples are not there."""
        ...

    def finish(self) -> list[Finished]:
        """Complete the files; nothing may be added after."""
        ...

    def discard(self) -> None:
        """Remove all that was written."""
        ...


@dataclass(frozen=True)
class Finished:
    """A complete file under a passing name.

    Attributes
    ----------
    publish : callable
        Puts it in its place.
    epoch, first_index : int
        What it begins with.
    pieces_apart : bool
        True if each contiguous piece is a file of its own.
    """

    publish: Callable[[Path], None]
    epoch: int
    first_index: int
    pieces_apart: bool = False


MakeWriter: TypeAlias = Callable[[kurto.SamplesHeader, Path], SamplesWriter]
