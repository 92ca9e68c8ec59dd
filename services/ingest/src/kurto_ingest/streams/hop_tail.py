"""The newest hops of a stream, in memory, for the analyzer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kurto_ingest.streams.ranges import RangeSet

__all__ = ["HopRun", "HopTail"]


@dataclass(frozen=True, slots=True)
class HopRun:
    """Consecutive hops, all full or all gaps.

    Attributes
    ----------
    first, end : int
        Hop indexes; `end` is exclusive.
    hops : tuple of bytes
        Planar samples of each hop; empty for gaps.
    speeds_hz : tuple of (float or None)
        Shaft speed of each hop, as it came with its last sample; empty when there is none at all.
    loads : tuple of (float or None)
        Load at the end of each hop; empty when there is none at all.
    """

    first: int
    end: int
    hops: tuple[bytes, ...]
    speeds_hz: tuple[float | None, ...] = ()
    loads: tuple[float | None, ...] = ()

    @property
    def is_gap(self) -> bool:
        """True when every hop of the run misses samples."""
        return not self.hops

    def part(self, first: int, end: int) -> HopRun:
        """Return the hops `first` to `end`, which must be of this run."""
        if (first, end) == (self.first, self.end):
            return self
        inside = slice(first - self.first, end - self.first)
        return HopRun(
            first,
            end,
            self.hops[inside],
            _known(self.speeds_hz[inside]),
            _known(self.loads[inside]),
        )

    def joined(self, other: HopRun) -> HopRun:
        """Return this run and the one after it, which is alike, as one."""
        speeds = self._joined(self.speeds_hz, other, other.speeds_hz)
        loads = self._joined(self.loads, other, other.loads)
        return HopRun(self.first, other.end, self.hops + other.hops, speeds, loads)

    def _joined(
        self, mine: tuple[float | None, ...], other: HopRun, theirs: tuple[float | None, ...]
    ) -> tuple[float | None, ...]:
        if not (mine or theirs):
            return ()
        mine = mine or (None,) * (self.end - self.first)
        return mine + (theirs or (None,) * (other.end - other.first))


def _known(values: tuple[float | None, ...]) -> tuple[float | None, ...]:
    return () if all(value is None for value in values) else values


class HopTail:
    """Holds hops `first` to `end`, as many as its limit allows; older ones are in PostgreSQL.

    Parameters
    ----------
    first : int
        Index of the first hop that will come.
    limit_bytes : int
        Bytes of samples kept; at least the newest hop is kept, unless it is 0.
    charge : callable, optional
        Told by how many bytes the tail grew or shrank.
    """

    __slots__ = (
        "_charge",
        "_full",
        "_gaps",
        "_loads",
        "_speeds",
        "end",
        "first",
        "limit_bytes",
        "size_bytes",
    )

    def __init__(
        self, first: int, limit_bytes: int, charge: Callable[[int], None] | None = None
    ) -> None:
        self.first = first
        self.end = first
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self._full: dict[int, bytes] = {}
        self._speeds: dict[int, float] = {}  # of those of them that have one
        self._loads: dict[int, float] = {}  # likewise
        self._gaps = RangeSet()
        self._charge = charge

    def append_full(
        self, hop: int, data: bytes, speed_hz: float | None = None, load: float | None = None
    ) -> None:
        """Take the samples of `hop`, which must be the next one, and speed and load at its end."""
        if not self.limit_bytes:
            self.append_stored(hop)
            return
        self._full[hop] = data
        if speed_hz is not None:
            self._speeds[hop] = speed_hz
        if load is not None:
            self._loads[hop] = load
        self.end = hop + 1
        self._grow(len(data))
        self._trim()

    def set_limit(self, limit_bytes: int) -> None:
        """Hold no more than `limit_bytes` from now on, or the newest hop."""
        self.limit_bytes = limit_bytes
        self._trim()

    def _trim(self) -> None:
        while self.size_bytes > self.limit_bytes and len(self._full) > 1:
            self.drop_oldest()

    def append_gap(self, first: int, end: int) -> None:
        """Note that hops `first` to `end` miss samples."""
        self._gaps.add(first, end)
        self.end = end

    def heal(self, first: int, end: int) -> None:
        """Note that those of hops `first` to `end` that were gaps are complete, in the store."""
        self._gaps.remove(first, end)

    def append_stored(self, hop: int) -> None:
        """Note that `hop` is complete, but not in memory."""
        self.end = hop + 1

    def drop_oldest(self) -> None:
        """Forget the oldest full hop and all before it."""
        if self._full:
            self.forget_before(next(iter(self._full)) + 1)

    def forget_before(self, hop: int) -> None:
        """Forget all hops below `hop`."""
        while self._full:
            oldest = next(iter(self._full))
            if oldest >= hop:
                break
            self._grow(-len(self._full.pop(oldest)))
            if self._speeds:
                self._speeds.pop(oldest, None)
            if self._loads:
                self._loads.pop(oldest, None)
        self._gaps.remove(self.first, hop)
        self.first = max(self.first, hop)
        self.end = max(self.end, hop)

    def clear(self) -> None:
        """Forget all hops."""
        self.forget_before(self.end)

    def _grow(self, size_bytes: int) -> None:
        self.size_bytes += size_bytes
        if self._charge is not None:
            self._charge(size_bytes)

    def run(self, hop: int, max_hops: int) -> HopRun | None:
        """Return up to `max_hops` hops from `hop` on that are alike.

        Returns
        -------
        HopRun or None
            None when `hop` is not in memory, or has not come yet.
        """
        if hop in self._full:
            hops = []
            for at in range(hop, hop + max_hops):
                data = self._full.get(at)
                if data is None:
                    break
                hops.append(data)
            end = hop + len(hops)
            speeds, loads = _of(self._speeds, hop, end), _of(self._loads, hop, end)
            return HopRun(hop, end, tuple(hops), speeds, loads)
        gaps = self._gaps.within(hop, self.end)
        if gaps and gaps[0].first == hop:
            return HopRun(hop, gaps[0].end, ())
        return None

    def unknown_until(self, hop: int, end: int) -> int:
        """Return the first hop from `hop` on that is in memory or a gap; `end` when there is none.

        Those before it are in the store, or will be.
        """
        at = min(max(hop, self.first), end)
        while at < end and at not in self._full and not self._gaps.touches(at, at + 1):
            at += 1
        return at


def _of(values: dict[int, float], first: int, end: int) -> tuple[float | None, ...]:
    return _known(tuple(values.get(hop) for hop in range(first, end))) if values else ()
