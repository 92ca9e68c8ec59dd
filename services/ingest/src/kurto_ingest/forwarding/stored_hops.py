"""From stored rows back to hops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from kurto_ingest.ports import StoredSamples
from kurto_ingest.streams.hop_tail import HopRun
from kurto_ingest.streams.stream_format import StreamFormat

__all__ = ["hop_runs", "planar_join"]


def hop_runs(
    stream_format: StreamFormat,
    first_hop: int,
    end_hop: int,
    rows: Iterable[StoredSamples],
    loads: Sequence[float | None] = (),
) -> list[HopRun]:
    """Return hops `first_hop` to `end_hop`; those that miss samples are gaps.

    Parameters
    ----------
    stream_format : StreamFormat
        Gives the grid.
    first_hop, end_hop : int
        Hops wanted; `end_hop` is exclusive.
    rows : iterable of StoredSamples
        What is stored of them, by first index.
    loads : sequence of (float or None)
        Load at the end of each hop; empty when no load is declared.
    """
    cells: defaultdict[int, list[StoredSamples]] = defaultdict(list)
    for row in rows:
        cells[row.first // stream_format.hop_samples].append(row)
    runs: list[HopRun] = []
    for hop in range(first_hop, end_hop):
        load = loads[hop - first_hop] if loads else None
        run = _one_hop(stream_format, hop, cells.get(hop, ()), load)
        if runs and runs[-1].is_gap == run.is_gap:
            runs[-1] = runs[-1].joined(run)
        else:
            runs.append(run)
    return runs


def _one_hop(
    stream_format: StreamFormat, hop: int, rows: Sequence[StoredSamples], load: float | None
) -> HopRun:
    data = _whole_hop(stream_format, rows)
    if data is None:
        return HopRun(hop, hop + 1, ())
    # Where a commit has cut a hop is chance: its speed is that of its last sample in any case.
    speed_hz = rows[-1].shaft_speed_hz
    return HopRun(
        hop,
        hop + 1,
        (data,),
        () if speed_hz is None else (speed_hz,),
        () if load is None else (load,),
    )


def _whole_hop(stream_format: StreamFormat, rows: Sequence[StoredSamples]) -> bytes | None:
    if sum(row.count for row in rows) != stream_format.hop_samples:
        return None  # rows never overlap: the same number of samples is all of them
    if len(rows) == 1:
        return rows[0].data
    return planar_join(stream_format, [row.data for row in rows])


def planar_join(stream_format: StreamFormat, pieces: Sequence[bytes]) -> bytes:
    """Return consecutive planar pieces as one: all of channel 1, then all of channel 2, ..."""
    if len(pieces) == 1 or len(stream_format.channels) == 1:
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    views = [stream_format.view(piece) for piece in pieces]
    return np.concatenate(views, axis=1).tobytes()
