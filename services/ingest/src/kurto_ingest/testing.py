"""Ingest and its surroundings inside a test: real calls, a fake analyzer, samples that tell."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from kurto.analyzer.v1 import analyzer_service_pb2 as windows_pb
from kurto.analyzer.v1 import analyzer_service_pb2_grpc
from kurto.assets.v1 import asset_service_pb2, assets_pb2
from kurto.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1.ingest_service_pb2_grpc import IngestServiceStub
from kurto.ingest.v1.stream_control_service_pb2_grpc import StreamControlServiceStub
from kurto.signal.v1 import samples_pb2
from kurto_ingest.ports import Stores
from kurto_ingest.settings import IngestSettings
from kurto_ingest.wiring import Ingest
from kurto_service.clock import Clock, SystemClock
from kurto_service.identity import requires
from kurto_service.testing import serve

__all__ = ["FakeAnalyzer", "RunningIngest", "Sender", "hashed_samples", "run_ingest"]


def hashed_samples(
    sensor_id: str, epoch: int, first: int, count: int, channels: int
) -> NDArray[np.float32]:
    """Return samples that depend on all that identifies them, shape (channels, count).

    Loss, doubling, reordering and corruption all show.
    """
    seed = np.uint64(zlib.crc32(f"{sensor_id} {epoch}".encode()))
    index = np.arange(first, first + count, dtype=np.uint64)
    rows = []
    for channel in range(channels):
        mixed = (index + seed * np.uint64(7919) + np.uint64(channel)) * np.uint64(2654435761)
        mixed ^= mixed >> np.uint64(13)
        rows.append((mixed & np.uint64(0xFFFFF)).astype(np.float64) / 2**19 - 1.0)
    return np.asarray(rows, dtype="<f4")


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
        self.skips: list[tuple[str, int, int]] = []
        self.opens: list[windows_pb.SensorOpen] = []
        self.closed: list[str] = []
        self.problems: list[str] = []
        self.messages = 0
        self.acknowledge = asyncio.Event()
        self.acknowledge.set()
        self._sensors: dict[tuple[str, int], AnalyzedSensor] = {}

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


@dataclass(slots=True)
class RunningIngest:
    """Ingest in this process, with stubs that reach it over gRPC."""

    ingest: Ingest
    channel: grpc.aio.Channel
    stub: IngestServiceStub
    assets: AssetServiceStub
    control: StreamControlServiceStub


@asynccontextmanager
async def run_ingest(
    stores: Stores,
    analyzer: grpc.aio.Channel,
    settings: IngestSettings,
    clock: Clock | None = None,
) -> AsyncIterator[RunningIngest]:
    """Run ingest until the block ends; a background task that dies fails the test."""
    used = clock or SystemClock()
    ingest = Ingest(stores, analyzer, settings, used, CollectorRegistry())
    await ingest.follower.start()
    tasks = [asyncio.create_task(task, name=name) for name, task in ingest.tasks().items()]
    first, *rest = ingest.servicers()
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(
            serve(
                first[0],
                first[1],
                *[(add, servicer) for add, servicer, _ in rest],
                max_message_bytes=settings.max_message_bytes,
            )
        )
        try:
            yield RunningIngest(
                ingest,
                channel,
                IngestServiceStub(channel),
                AssetServiceStub(channel),
                StreamControlServiceStub(channel),
            )
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await ingest.drain()
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            for result in ended:
                if isinstance(result, Exception):
                    raise result


class Sender:
    """A sender for tests: plain, so that it can misbehave.

    Parameters
    ----------
    stub, assets : IngestServiceStub, AssetServiceStub
        Lead to ingest.
    sensor_id : str
        Sensor to send as.
    channels : int
        Number of channels.
    rate : float
        Sample rate in Hz.
    """

    def __init__(
        self,
        stub: IngestServiceStub,
        assets: AssetServiceStub,
        sensor_id: str = "pump-7",
        *,
        channels: int = 2,
        rate: float = 1000.0,
    ) -> None:
        self.stub, self.assets = stub, assets
        self.sensor_id = sensor_id
        self.channels = [f"c{number}" for number in range(channels)]
        self.rate = rate
        self.boot_id = "boot-1"
        self.opened = pb.OpenStreamResponse()
        self.call_count = 0

    async def create(self, **config: Any) -> assets_pb2.Sensor:
        """Register the sensor."""
        response = await self.assets.CreateSensor(
            asset_service_pb2.CreateSensorRequest(
                sensor=assets_pb2.Sensor(
                    sensor_id=self.sensor_id,
                    config=assets_pb2.SensorConfig(
                        sample_rate_hz=self.rate,
                        channels=[
                            assets_pb2.Channel(name=name, unit="g") for name in self.channels
                        ],
                        **config,
                    ),
                )
            )
        )
        return response.sensor

    def open_request(self, **changes: Any) -> pb.OpenStreamRequest:
        """Return a good request, with `changes`."""
        fields: dict[str, Any] = {
            "sensor_id": self.sensor_id,
            "boot_id": self.boot_id,
            "sample_rate_hz": self.rate,
            "channels": self.channels,
            "encoding": samples_pb2.SAMPLE_ENCODING_F32LE,
        }
        return pb.OpenStreamRequest(**{**fields, **changes})

    async def open(self, **changes: Any) -> pb.OpenStreamResponse:
        """Open or resume the stream."""
        self.opened = await self.stub.OpenStream(self.open_request(**changes))
        self.call_count = 0
        return self.opened

    def start(self, slot: int = 0, **changes: Any) -> pb.PushRequest:
        """Return the start of the next call."""
        self.call_count += 1
        fields: dict[str, Any] = {
            "slot": slot,
            "sensor_id": self.sensor_id,
            "epoch": self.opened.epoch,
            "fence": self.opened.fence,
            "stream_number": self.call_count,
        }
        return pb.PushRequest(start=pb.StreamStart(**{**fields, **changes}))

    def samples(self, first: int, count: int) -> NDArray[np.float32]:
        """Return the samples that belong to these indexes."""
        return hashed_samples(self.sensor_id, self.opened.epoch, first, count, len(self.channels))

    def batch(self, first: int, count: int, slot: int = 0, **changes: Any) -> pb.PushRequest:
        """Return a good batch."""
        fields: dict[str, Any] = {"first_index": first}
        if "floats" not in changes and "planar" not in changes:
            fields["planar"] = self.samples(first, count).tobytes()
        return pb.PushRequest(
            batch=pb.StreamBatch(slot=slot, batch=samples_pb2.SampleBatch(**{**fields, **changes}))
        )

    @staticmethod
    def abandon(first: int, end: int, slot: int = 0) -> pb.PushRequest:
        """Return an abandonment."""
        given = samples_pb2.IndexRange(first_index=first, end_index=end)
        return pb.PushRequest(abandon=pb.StreamAbandon(slot=slot, range=given))

    async def push(self, *requests: pb.PushRequest) -> pb.PushResponse:
        """Send the messages in one call, after a start, and return the answer."""
        return await self.stub.Push(iter([self.start(), *requests]))
