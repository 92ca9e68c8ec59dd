"""How many sensors keep this machine busy to which degree."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass

from tests.faults.rig.load import Load, sensor_names
from tests.faults.rig.processes import CpuMeter

_SENSORS = 12
_SETTLE_S = 3.0
_MEASURE_S = 8.0


@dataclass(frozen=True)
class Capacity:
    """What a stack needs of this machine.

    Parameters
    ----------
    idle_share : float
        Share of all cores, 0 to 1, that stack and load generator use without load.
    sensor_share : float
        Share that each two-channel sensor at 25.6 kHz adds.
    """

    idle_share: float
    sensor_share: float

    def sensors(self, share: float, *, at_most: int = 100) -> int:
        """Return how many sensors keep all cores busy to a share of 0 to 1."""
        return max(1, min(at_most, int((share - self.idle_share) / self.sensor_share)))

    def __str__(self) -> str:
        """Return the capacity in words."""
        return (
            f"{len(os.sched_getaffinity(0))} cores; idle {100 * self.idle_share:.1f} %, "
            f"{100 * self.sensor_share:.2f} % a sensor, load generator included"
        )


async def measure_capacity(target: str, pids: Mapping[str, int]) -> Capacity:
    """Measure a stack that nobody else uses.

    Parameters
    ----------
    target : str
        ``host:port`` of the gateway.
    pids : mapping of str to int
        The stack's processes.
    """
    meter = CpuMeter({**pids, "load": os.getpid()})
    meter.start()
    await asyncio.sleep(_SETTLE_S)
    idle_share = sum(meter.shares().values())
    load = Load(target, sensor_names("calibration", _SENSORS), _SETTLE_S + _MEASURE_S + 5)
    async with load.running():
        await asyncio.sleep(_SETTLE_S)
        meter.start()
        await asyncio.sleep(_MEASURE_S)
        busy_share = sum(meter.shares().values())
        load.stop()
    return Capacity(idle_share, max(1e-4, (busy_share - idle_share) / _SENSORS))
