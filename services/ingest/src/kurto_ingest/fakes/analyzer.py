"""An analyzer that computes nothing, but keeps and checks all that it gets."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kurto.analyzer.v1 import analyzer_service_pb2 as windows_pb
from kurto.analyzer.v1 import analyzer_service_pb2_grpc
from kurto.signal.v1 import samples_pb2
from kurto_service.identity import requires

__all__ = ["FakeAnalyzer"]


@dataclass(slots=True)
class AnalyzedSensor:
    """What the fake analyzer knows of one (sensor, epoch)."""

    open: windows_pb.SensorOpen
    next_window: int = 0
    hops: dict[int, bytes | None] = field(default_factory=dict)
    run_from: int = -1
    opened_count: int = 0


class FakeAnalyzer(analyzer_service_pb2_grpc.AnalyzerServiceServicer):
    """Takes windows, checks their order, keeps them, and acknowledges them.

    Attributes
    ----------
    windows : dict
        Window index to samples (or None for an empty one), by (sensor_id, epoch).
    late : dict
        The same for late windows.
    speeds_hz : dict
        Measured shaft speed by hop, by (sensor_id, epoch); hops without one are left out.
    loads : dict
        The same for loads.
    skips : list
        (sensor_id, next_window_index, reason) in the order in which they came.
    problems : list of str
        What ingest did against the contract.
    acknowledge : asyncio.Event
        Cleared: windows are taken, but not acknowledged.
    """

    def __init__(self) -> None:
        self.windows: defaultdict[tuple[str, int], dict[int, NDArray[Any] | None]] = defaultdict(
            dict
        )
        self.late: defaultdict[tuple[str, int], dict[int, NDArray[Any]]] = defaultdict(dict)
        self.speeds_hz: defaultdict[tuple[str, int], dict[int, float]] = defaultdict(dict)
        self.loads: defaultdict[tuple[str, int], dict[int, float]] = defaultdict(dict)
        self.skips: list[tuple[str, int, int]] = []
        self.opens: list[windows_pb.SensorOpen] = []
        self.closed: list[str] = []
        self.problems: list[str] = []
        self.messages = 0
        self.acknowledge = asyncio.Event()
        self.acknowledge.set()
        self._sensors: dict[tuple[str, int], AnalyzedSensor] = {}

    def next_hop(self, key: tuple[str, int]) -> int:
        """Return the hop after the last one that came of (sensor_id, epoch); 0 before any."""
        return max(0, self._sensors[key].run_from) if key in self._sensors else 0

    @requires("admin")
    async def AnalyzeWindows(
        self, request_iterator: AsyncIterator[windows_pb.AnalyzeWindowsRequest], context: Any
    ) -> AsyncIterator[windows_pb.AnalyzeWindowsResponse]:
        """Take windows of many sensors."""
        slots: dict[int, AnalyzedSensor] = {}
        async for request in request_iterator:
            self.messages += 1
            kind = request.WhichOneof("kind")
            positions = []
            if kind == "open":
                positions = [self._open(slots, request.open)]
            elif kind == "skip":
                sensor = slots[request.skip.slot]
                skip = request.skip
                self.skips.append((sensor.open.sensor_id, skip.next_window_index, skip.reason))
                sensor.next_window = max(sensor.next_window, skip.next_window_index)
                positions = [_position(skip.slot, sensor)]
            elif kind == "close":
                self.closed.append(slots.pop(request.close.slot).open.sensor_id)
            else:
                for run in request.hops.runs:
                    self._run(slots[run.slot], run)
                positions = [
                    _position(slot, slots[slot]) for slot in {run.slot for run in request.hops.runs}
                ]
            if not self.acknowledge.is_set() and kind == "hops":
                await self.acknowledge.wait()
            yield windows_pb.AnalyzeWindowsResponse(positions=positions)

    def _open(
        self, slots: dict[int, AnalyzedSensor], message: windows_pb.SensorOpen
    ) -> windows_pb.WindowPosition:
        self.opens.append(message)
        key = message.sensor_id, message.epoch
        sensor = self._sensors.setdefault(key, AnalyzedSensor(message))
        sensor.open = message
        sensor.hops.clear()
        sensor.run_from = -1
        slots[message.slot] = sensor
        position = _position(message.slot, sensor)
        position.opened = True
        return position

    def _run(self, sensor: AnalyzedSensor, run: windows_pb.HopRun) -> None:
        key = sensor.open.sensor_id, sensor.open.epoch
        samples = None if run.empty_reason else self._samples(sensor, run)
        self._note_speeds(key, run)
        if run.late:
            if run.hop_count != sensor.open.window_hops or samples is None:
                self.problems.append(f"{key}: a late run has {run.hop_count} hops")
            else:
                self.late[key][run.hop_index] = samples
                self.windows[key][run.hop_index] = samples
            return
        if sensor.run_from < 0 and run.hop_index != sensor.next_window:
            self.problems.append(
                f"{key}: begins at hop {run.hop_index}, wanted {sensor.next_window}"
            )
        if sensor.run_from >= 0 and run.hop_index != sensor.run_from:
            if run.hop_index < sensor.run_from:
                self.problems.append(f"{key}: hop {run.hop_index} again")
            elif run.hop_index != sensor.next_window:
                self.problems.append(f"{key}: hop {run.hop_index} after {sensor.run_from}")
        self._append(sensor, run, samples)
        sensor.run_from = run.hop_index + run.hop_count
        self._windows(sensor, key)

    def _note_speeds(self, key: tuple[str, int], run: windows_pb.HopRun) -> None:
        if len(run.shaft_speeds_hz) not in {0, run.hop_count}:
            self.problems.append(f"{key}: {len(run.shaft_speeds_hz)} speeds, {run.hop_count} hops")
        for hop, speed_hz in enumerate(run.shaft_speeds_hz, run.hop_index):
            if not math.isnan(speed_hz):
                self.speeds_hz[key][hop] = speed_hz
        if len(run.loads) not in {0, run.hop_count}:
            self.problems.append(f"{key}: {len(run.loads)} loads, {run.hop_count} hops")
        for hop, load in enumerate(run.loads, run.hop_index):
            if not math.isnan(load) and self.loads[key].setdefault(hop, load) != load:
                self.problems.append(f"{key}: hop {hop} has the load {load} now")

    @staticmethod
    def _samples(sensor: AnalyzedSensor, run: windows_pb.HopRun) -> NDArray[Any]:
        dtype = {1: "<f4", 2: "<i2"}.get(sensor.open.encoding, "u1")
        flat = np.frombuffer(run.planar, dtype=dtype)
        return flat.reshape(len(sensor.open.config.channels), -1)

    def _append(
        self, sensor: AnalyzedSensor, run: windows_pb.HopRun, samples: NDArray[Any] | None
    ) -> None:
        width = 0 if samples is None else samples.shape[1] // run.hop_count
        for at in range(run.hop_count):
            piece = None
            if samples is not None:
                piece = samples[:, at * width : (at + 1) * width].tobytes()
            sensor.hops[run.hop_index + at] = piece

    def _windows(self, sensor: AnalyzedSensor, key: tuple[str, int]) -> None:
        count = sensor.open.window_hops
        while all(sensor.next_window + at in sensor.hops for at in range(count)):
            hops = [sensor.hops[sensor.next_window + at] for at in range(count)]
            channels = len(sensor.open.config.channels)
            whole = None
            if all(hop is not None for hop in hops):
                whole = np.concatenate(
                    [np.frombuffer(hop or b"", "u1").reshape(channels, -1) for hop in hops], axis=1
                )
                if sensor.open.encoding == samples_pb2.SAMPLE_ENCODING_F32LE:
                    whole = whole.view("<f4")
                elif sensor.open.encoding == samples_pb2.SAMPLE_ENCODING_I16LE:
                    whole = whole.view("<i2")
            if sensor.next_window in self.windows[key]:
                self.problems.append(f"{key}: window {sensor.next_window} twice")
            self.windows[key][sensor.next_window] = whole
            sensor.hops.pop(sensor.next_window)
            sensor.next_window += 1


def _position(slot: int, sensor: AnalyzedSensor) -> windows_pb.WindowPosition:
    return windows_pb.WindowPosition(slot=slot, next_window_index=sensor.next_window)
