"""Which batches a misbehaving sender sends, and what must follow from them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

__all__ = ["batches", "dropped", "merged", "repeated", "spans"]

Range = tuple[int, int]


def batches(chance: random.Random, total: int, *, smallest: int, largest: int) -> list[Range]:
    """Cut samples 0 to `total` into consecutive batches of random lengths."""
    cut: list[Range] = []
    first = 0
    while first < total:
        end = min(total, first + chance.randint(smallest, largest))
        cut.append((first, end))
        first = end
    return cut


def repeated(
    chance: random.Random, plan: Sequence[Range], *, most: int, reach: int
) -> Iterator[Range]:
    """Yield each batch 1 to `most` times, all copies overlapping what came before.

    The first copy comes in its turn, so that there is no gap; it begins up to `reach` samples
    early. The others come at once or several batches later, longer or shorter.

    Parameters
    ----------
    chance : random.Random
        Where randomness comes from.
    plan : sequence of (int, int)
        Consecutive batches.
    most : int
        Largest number of times.
    reach : int
        Samples by which a copy may begin before its batch.
    """
    waiting: list[tuple[int, Range]] = []  # (position in the plan after which it comes, copy)
    for number, (first, end) in enumerate(plan):
        yield max(0, first - chance.randint(0, reach)), end
        for _ in range(chance.randint(1, most) - 1):
            copy = (max(0, first - chance.randint(0, reach)), chance.randint(first + 1, end))
            waiting.append((number + chance.randint(0, 5), copy))
        yield from (copy for due, copy in waiting if due <= number)
        waiting = [(due, copy) for due, copy in waiting if due > number]
    yield from (copy for _, copy in waiting)


def dropped(chance: random.Random, plan: Sequence[Range], ratio: float) -> list[Range]:
    """Choose the batches that are never sent; never the last one, which nobody could miss."""
    return [one for one in plan[:-1] if chance.random() < ratio]


def merged(found: Sequence[Range]) -> list[Range]:
    """Return ascending ranges with those that touch put together."""
    whole: list[Range] = []
    for first, end in found:
        if whole and whole[-1][1] == first:
            whole[-1] = (whole[-1][0], end)
        else:
            whole.append((first, end))
    return whole


def spans(gaps: Sequence[Range], window_index: int, *, hop: int, window: int) -> bool:
    """Tell whether a window touches a gap."""
    first, end = window_index * hop, window_index * hop + window
    return any(gap[0] < end and gap[1] > first for gap in gaps)
