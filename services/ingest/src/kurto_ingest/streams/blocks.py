"""Blocks: consecutive samples that are stored as one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from kurto_ingest.streams.encoding import Planar
from kurto_ingest.streams.quality import BlockInspector
from kurto_ingest.streams.stream_format import StreamFormat

if TYPE_CHECKING:
    from kurto_ingest.streams.process_values import ProcessValue

__all__ = ["Block", "Inspect", "cut_at_grid"]

Inspect = Callable[[Planar], int]


class Block:
    """Consecutive samples inside one cell of the grid: one stored row.

    Parameters
    ----------
    first, count : int
        Absolute index of the first sample; samples per channel.
    data : bytes
        Planar samples in the encoding in which they came.
    quality : int
        Mask of quality flags, without those of the samples where there is an `inspector`.
    shaft_speed_hz : float or None
        Shaft speed that came with the samples.
    inspector : BlockInspector, optional
        Looks at the samples when the quality is asked for, unless it is found otherwise before.

    Attributes
    ----------
    values : tuple of ProcessValue
        Slow values taken at these samples.
    """

    __slots__ = ("_flags", "count", "data", "first", "inspector", "shaft_speed_hz", "values")

    def __init__(
        self,
        first: int,
        count: int,
        data: bytes,
        quality: int,
        shaft_speed_hz: float | None,
        *,
        inspector: BlockInspector | None = None,
    ) -> None:
        self.first = first
        self.count = count
        self.data = data
        self.shaft_speed_hz = shaft_speed_hz
        self.inspector = inspector
        self.values: tuple[ProcessValue, ...] = ()
        self._flags = quality

    @property
    def quality(self) -> int:
        """Mask of quality flags."""
        if self.inspector is not None:
            self.inspected(self.inspector.mask_of(self.data))
        return self._flags

    def inspected(self, flags: int) -> None:
        """Take the flags of the samples."""
        self._flags |= flags
        self.inspector = None

    def flag(self, flags: int) -> None:
        """Add flags that do not follow from the samples."""
        self._flags |= flags

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Block):
            return NotImplemented
        mine = (self.first, self.count, self.data, self.quality, self.shaft_speed_hz)
        return mine == (other.first, other.count, other.data, other.quality, other.shaft_speed_hz)

    __hash__ = None  # type: ignore[assignment]  # flags are added

    def __repr__(self) -> str:
        return f"Block({self.first}, {self.count}, ..., {self.quality}, {self.shaft_speed_hz})"

    @property
    def end(self) -> int:
        """Index after the last sample."""
        return self.first + self.count


def cut_at_grid(
    stream_format: StreamFormat,
    first: int,
    samples: Planar,
    inspect: Inspect,
    shaft_speed_hz: float | None,
) -> Iterator[Block]:
    """Yield `samples`, which begin at index `first`, as blocks."""
    hop = stream_format.hop_samples
    at, end = first, first + samples.shape[1]
    while at < end:
        stop = min(end, (at // hop + 1) * hop)
        piece = samples[:, at - first : stop - first]
        yield Block(at, stop - at, piece.tobytes(), inspect(piece), shaft_speed_hz)
        at = stop
