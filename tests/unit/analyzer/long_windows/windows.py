"""Hops of a sensor, for tests of what is kept of them."""

from __future__ import annotations

import numpy as np

from kurto.signal.v1.samples_pb2 import SampleEncoding
from kurto_analyzer.hop_runs import HopRun
from kurto_analyzer.long_windows.history import HistoryRoom, SampleHistory
from kurto_analyzer.long_windows.lengths import LongWindowPolicy
from kurto_analyzer.machine_data import MachineData
from kurto_analyzer.sample_clock import StreamGeometry
from kurto_analyzer.sensor_spec import SensorSpec
from kurto_dsp import AccelerationUnit

RATE_HZ, HOP = 1000.0, 100
SCALE = 0.01
ANCHOR_US = 1_790_000_000_000_000


def spec(
    *,
    machine: MachineData | None = None,
    burst_interval_us: int = 0,
    hop: int = HOP,
    backfill: bool = False,
) -> SensorSpec:
    return SensorSpec(
        sensor_id="pump-7",
        epoch=3,
        geometry=StreamGeometry(
            RATE_HZ, hop, 1 if burst_interval_us else 10, ANCHOR_US, burst_interval_us
        ),
        encoding=SampleEncoding.SAMPLE_ENCODING_I16LE,
        scales=(SCALE,),
        channels=("h", "v"),
        units=(AccelerationUnit.G, AccelerationUnit.G),
        full_scales=(None, None),
        config_version=1,
        backfill=backfill,
        machine=machine or MachineData(),
    )


def integers(first_hop: int, count: int, hop: int = HOP) -> np.ndarray:
    """Every sample tells its index and channel."""
    at = np.arange(first_hop * hop, (first_hop + count) * hop)
    return np.stack([at % 30_000, -(at % 30_000)]).astype("<i2")


def run(
    first_hop: int, count: int = 1, *, speeds: tuple[float, ...] = (), hop: int = HOP
) -> HopRun:
    planar = integers(first_hop, count, hop).tobytes()
    return HopRun(first_hop, count, planar, shaft_speeds_hz=speeds)


def history(
    declared: SensorSpec | None = None,
    *,
    first_hop: int = 0,
    room: HistoryRoom | None = None,
    policy: LongWindowPolicy | None = None,
) -> SampleHistory:
    return SampleHistory(
        declared or spec(),
        first_hop,
        policy or LongWindowPolicy(),
        room or HistoryRoom(1 << 30),
    )
