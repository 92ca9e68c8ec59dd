"""How many sensors keep this machine busy to which degree."""

from __future__ import annotations

import os
from dataclasses import dataclass

from tests.faults.rig.load import Load, sensor_names

_FEW, _MANY = 24, 60  # what is shared by all sensors shows in the difference
_MEASURE_S = 12.0


@dataclass(frozen=True)
class Capacity:
    """What a stack needs of this machine.

    Parameters
    ----------
    base_share : float
        Share of all cores, 0 to 1, that stack and load generator use with any load.
    sensor_share : float
        Share that each two-channel sensor at 25.6 kHz adds.
    """

    base_share: float
    sensor_share: float

    def sensors(self, share: float, *, at_most: int = 100) -> int:
        """Return how many sensors keep all cores busy to a share of 0 to 1."""
        return max(1, min(at_most, int((share - self.base_share) / self.sensor_share)))

    def __str__(self) -> str:
        """Return the capacity in words."""
        return (
            f"{len(os.sched_getaffinity(0))} cores; {100 * self.base_share:.1f} % and "
            f"{100 * self.sensor_share:.2f} % a sensor, load generator included"
        )


async def measure_capacity(target: str) -> Capacity:
    """Measure a stack on a machine that nobody else uses.

    Parameters
    ----------
    target : str
        ``host:port`` of the gateway.
    """
    few, many = [await _busy_share(target, count) for count in (_FEW, _MANY)]
    sensor_share = max(1e-4, (many - few) / (_MANY - _FEW))
    return Capacity(max(0.0, few - _FEW * sensor_share), sensor_share)


async def _busy_share(target: str, count: int) -> float:
    load = Load(target, sensor_names(f"calibration-{count}", count), _MEASURE_S)
    await load.run()
    assert load.busy_share is not None
    return load.busy_share
