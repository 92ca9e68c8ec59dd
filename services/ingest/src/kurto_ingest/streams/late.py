"""Which windows a refill completes."""

from __future__ import annotations

from kurto_ingest.streams.ranges import RangeSet
from kurto_ingest.streams.sequence import StreamSequence

__all__ = ["completed_windows"]


def completed_windows(
    refilled: RangeSet, after: StreamSequence, *, hop_samples: int, window_hops: int
) -> RangeSet:
    """Return the windows that miss nothing of what has come so far, and did before.

    The newest of them may not be complete yet: that a part of them was missing may be known to
    the analysis already.

    Parameters
    ----------
    refilled : RangeSet
        Samples that closed gaps.
    after : StreamSequence
        What is durable now.
    hop_samples, window_hops : int
        Geometry.

    Examples
    --------
    >>> after = StreamSequence(400, [(310, 320)], max_missing_ranges=9)
    >>> list(completed_windows(RangeSet([(100, 200)]), after, hop_samples=100, window_hops=2))
    [IndexRange(first=0, end=2)]
    """
    windows = RangeSet()
    if not refilled:
        return windows
    absent = RangeSet(after.absent)
    for item in refilled:
        first = max(0, item.first // hop_samples - window_hops + 1)
        last_hop = (item.end - 1) // hop_samples
        windows.add(first, last_hop + 1)
    for item in absent:
        first = max(0, item.first // hop_samples - window_hops + 1)
        windows.remove(first, (item.end - 1) // hop_samples + 1)
    return windows
