"""From batches of any length to blocks that never cross a line of the hop grid, and to hops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kurto_ingest.streams.blocks import Block, Inspect
from kurto_ingest.streams.encoding import Planar
from kurto_ingest.streams.hop_tail import HopTail
from kurto_ingest.streams.quality import GAP, BlockInspector
from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["CellAssembler"]


class CellAssembler:
    """Re-blocks samples that come in ascending order, with jumps.

    A cell that is complete becomes one block and one full hop, which share their bytes. An
    incomplete block may be closed early; its hop is still put together in memory. A hop with a
    sample jumped over is a gap.

    Parameters
    ----------
    stream_format : StreamFormat
        Gives the grid.
    first : int
        Index at which samples begin. Inside a cell, the part before it counts as stored.
    inspect : callable
        Returns the quality mask of samples.
    emit : callable
        Takes each block.
    tail : HopTail
        Takes each hop.
    load_at : callable
        Returns the load at the sample before an index, if it is known.
    """

    def __init__(
        self,
        stream_format: StreamFormat,
        first: int,
        *,
        inspect: Inspect,
        emit: Callable[[Block], None],
        tail: HopTail,
        load_at: Callable[[int], float | None],
    ) -> None:
        self.inspect = inspect
        self._load_at = load_at
        self._format = stream_format
        self._hop = stream_format.hop_samples
        self._emit = emit
        self._tail = tail
        self._end = first
        self._parts: list[Planar] = []  # of the current cell, from its first sample in hand
        self._closed_count = 0  # leading parts that are in a block already
        self._stored = first % self._hop != 0  # the cell's beginning is not in memory
        self._broken = False  # a sample of the cell was jumped over
        self._after_gap = False
        self._shaft_speed_hz: float | None = None

    @property
    def has_open_block(self) -> bool:
        """True while samples are in no block yet."""
        return len(self._parts) > self._closed_count

    def add(
        self,
        first: int,
        samples: Planar,
        data: bytes | None = None,
        shaft_speed_hz: float | None = None,
    ) -> None:
        """Take samples at or above the end of those before.

        Parameters
        ----------
        first : int
            Index of the first sample.
        samples : numpy.ndarray [shape=(channels, n) or (channels, n, 3)]
            The samples.
        data : bytes, optional
            The same samples as bytes, to be kept without copying where they are one whole cell.
        shaft_speed_hz : float, optional
            Shaft speed that came with them.
        """
        if first > self._end:
            self._jump(first)
        self._shaft_speed_hz = shaft_speed_hz
        at, end, hop = first, first + samples.shape[1], self._hop
        while at < end:
            stop = min(end, (at // hop + 1) * hop)
            piece = samples if stop - at == end - first else samples[:, at - first : stop - first]
            if stop - at == hop:
                self._whole_cell(at, piece, data if stop - at == end - first else None)
            else:
                self._parts.append(_alone(piece))
                if stop % hop == 0:
                    self._finish_cell(stop)
            at = stop
        self._end = end

    def expects_cell(self, first: int) -> bool:
        """Tell whether index `first` is next and begins a cell, with no gap before it."""
        return first == self._end and first % self._hop == 0 and not self._after_gap

    def add_cell(
        self, data: bytes, shaft_speed_hz: float | None, inspector: BlockInspector
    ) -> None:
        """Take the next cell as a whole, where `expects_cell`; it is inspected later."""
        first = self._end
        self._end = first + self._hop
        self._shaft_speed_hz = shaft_speed_hz
        self._emit(Block(first, self._hop, data, 0, shaft_speed_hz, inspector=inspector))
        load = self._load_at(self._end)
        self._tail.append_full(first // self._hop, data, shaft_speed_hz, load)

    def _append_hop(self, hop: int, data: bytes) -> None:
        load = self._load_at((hop + 1) * self._hop)
        self._tail.append_full(hop, data, self._shaft_speed_hz, load)

    def _whole_cell(self, first: int, samples: Planar, data: bytes | None) -> None:
        owned = samples.tobytes() if data is None else data
        self._emit_block(first, samples, owned)
        self._append_hop(first // self._hop, owned)

    def _emit_block(self, first: int, samples: Planar, data: bytes) -> None:
        quality = self.inspect(samples)
        if self._after_gap:
            quality |= GAP
            self._after_gap = False
        self._emit(Block(first, samples.shape[1], data, quality, self._shaft_speed_hz))

    def _finish_cell(self, end: int) -> None:
        cell = end // self._hop - 1
        all_open = self._closed_count == 0
        data = self._close_block(end)
        if self._broken:
            self._tail.append_gap(cell, cell + 1)
        elif self._stored:
            self._tail.append_stored(cell)
        else:
            whole = data if all_open else None
            hop = whole or _join(self._parts).tobytes()
            self._append_hop(cell, hop)
        self._begin_cell()

    def _begin_cell(self) -> None:
        self._parts.clear()
        self._closed_count = 0
        self._stored = self._broken = False

    def _close_block(self, end: int) -> bytes | None:
        parts = self._parts[self._closed_count :]
        if not parts:
            return None
        samples = _join(parts)
        data = samples.tobytes()
        self._emit_block(end - samples.shape[1], samples, data)
        self._closed_count = len(self._parts)
        return data

    def close_block(self) -> None:
        """Put the samples in hand into a block though their cell is not complete."""
        self._close_block(self._end)

    def skip(self, end: int) -> None:
        """Take note that samples go on at `end`, above those before."""
        self._jump(end)
        self._end = end

    def heal(self, healed: RangeSet, absent: RangeSet) -> None:
        """Let hops be whole whose gap was closed before anybody could see it.

        Parameters
        ----------
        healed : RangeSet
            Samples that were jumped over and are durable now: they are read from the store.
        absent : RangeSet
            Samples that have not come so far.
        """
        hop = self._hop
        hops = RangeSet((item.first // hop, -(-item.end // hop)) for item in healed)
        for item in absent:
            hops.remove(item.first // hop, -(-item.end // hop))
        for item in hops:
            self._tail.heal(item.first, item.end)
        if self._broken and not absent.touches(self._end // hop * hop, self._end):
            self._broken, self._stored = False, True

    def drop_block(self) -> None:
        """Forget the samples that are in no block yet."""
        self._closed_count = len(self._parts)

    def _jump(self, first: int) -> None:
        self.close_block()
        cell, next_cell = self._end // self._hop, first // self._hop
        if next_cell > cell:
            self._tail.append_gap(cell, next_cell)
            self._begin_cell()
        if first % self._hop != 0:
            self._broken = True
        self._after_gap = True


def _alone(samples: Planar) -> Planar:
    """Return samples so that they keep no much larger message in memory."""
    whole = samples.base
    if isinstance(whole, np.ndarray) and whole.nbytes > 2 * samples.nbytes:
        return samples.copy()
    return samples


def _join(parts: list[Planar]) -> Planar:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
