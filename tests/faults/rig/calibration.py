"""How many sensors keep this machine busy to which degree."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import pairwise

from tests.faults.rig.load import Load, sensor_names

# A sensor costs the less the more there are, so no straight line leads from few to many.
_COUNTS = (8, 24, 60)
_MEASURE_S = 12.0


class Capacity:
    """What a stack needs of this machine.

    Parameters
    ----------
    shares : mapping of int to float
        Share of all cores, 0 to 1, that stack and load generator use, by the number of two-channel
        sensors at 25.6 kHz: at least one number.
    """

    def __init__(self, shares: Mapping[int, float]) -> None:
        self._points = [(0.0, 0), *sorted((share, count) for count, share in shares.items())]

    def sensors(self, share: float, *, at_most: int = 100) -> int:
        """Return how many sensors keep all cores busy to a share of 0 to 1."""
        pieces = list(pairwise(self._points))
        (low, few), (high, many) = next(
            (piece for piece in pieces if share <= piece[1][0]), pieces[-1]
        )
        exact = few + (share - low) / max(high - low, 1e-6) * (many - few)
        return max(1, min(at_most, int(exact)))

    def __str__(self) -> str:
        """Return the capacity in words."""
        measured = ", ".join(
            f"{100 * share:.0f} % busy with {count} sensors" for share, count in self._points[1:]
        )
        return f"{len(os.sched_getaffinity(0))} cores; {measured}, load generator included"


async def measure_capacity(target: str) -> Capacity:
    """Measure a stack on a machine that nobody else uses.

    Parameters
    ----------
    target : str
        ``host:port`` of the gateway.
    """
    return Capacity({count: await _busy_share(target, count) for count in _COUNTS})


async def _busy_share(target: str, count: int) -> float:
    load = Load(target, sensor_names(f"calibration-{count}", count), _MEASURE_S)
    await load.run()
    assert load.busy_share is not None
    return load.busy_share
