"""A sender made of generated code only, so that drills can misbehave as no SDK would."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import grpc
from tests.faults.rig.hashed_samples import hashed_samples

from kurto.assets.v1 import asset_service_pb2, assets_pb2
from kurto.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kurto.ingest.v1 import ingest_service_pb2 as pb
from kurto.ingest.v1 import stream_control_service_pb2 as control_pb
from kurto.ingest.v1 import stream_status_pb2
from kurto.ingest.v1.ingest_service_pb2_grpc import IngestServiceStub
from kurto.ingest.v1.stream_control_service_pb2_grpc import StreamControlServiceStub
from kurto.signal.v1 import samples_pb2

__all__ = ["CHANNELS", "PlainSender", "open_channel", "ranges"]

CHANNELS = ("horizontal", "vertical")
_SCALE = 50 / 2**15
_TIMEOUT_S = 30.0
_OPTIONS = (
    ("grpc.enable_retries", 0),
    # A connection of its own: channels of one process would share one otherwise.
    ("grpc.use_local_subchannel_pool", 1),
)


@asynccontextmanager
async def open_channel(target: str) -> AsyncIterator[grpc.aio.Channel]:
    """Open a channel with a TCP connection of its own."""
    async with grpc.aio.insecure_channel(target, options=_OPTIONS) as channel:
        yield channel


def ranges(protos: Iterable[samples_pb2.IndexRange]) -> list[tuple[int, int]]:
    """Return index ranges as pairs of first and end index."""
    return [(one.first_index, one.end_index) for one in protos]


class PlainSender:
    """Sends hashed samples of one sensor, whatever batches a drill wants.

    Parameters
    ----------
    channel : grpc.aio.Channel
        Where to send.
    sensor_id : str
        The sensor.
    sample_rate_hz : float
        Its rate.
    seed : str, optional
        Name that the samples are a hash of, with epoch 1; the sensor's by default.

    Attributes
    ----------
    slot : int
        Slot of the sensor in calls that several share.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        sensor_id: str,
        *,
        sample_rate_hz: float = 2000.0,
        seed: str | None = None,
    ) -> None:
        self.stub = IngestServiceStub(channel)
        self._assets = AssetServiceStub(channel)
        self._control = StreamControlServiceStub(channel)
        self.sensor_id = sensor_id
        self.sample_rate_hz = sample_rate_hz
        self.seed = seed or sensor_id
        self.boot_id = uuid.uuid4().hex
        self.slot = 0
        self.opened = pb.OpenStreamResponse()
        self._stream_number = 0

    @property
    def epoch(self) -> int:
        """Epoch of the open stream."""
        return self.opened.epoch

    async def create(self) -> None:
        """Register the sensor."""
        config = assets_pb2.SensorConfig(
            sample_rate_hz=self.sample_rate_hz,
            channels=[assets_pb2.Channel(name=name, unit="g") for name in CHANNELS],
        )
        sensor = assets_pb2.Sensor(sensor_id=self.sensor_id, config=config)
        request = asset_service_pb2.CreateSensorRequest(sensor=sensor)
        await self._assets.CreateSensor(request, timeout=_TIMEOUT_S)

    async def open(
        self, *, start_time: dt.datetime | None = None, device_now: dt.datetime | None = None
    ) -> pb.OpenStreamResponse:
        """Open or resume the stream.

        Parameters
        ----------
        start_time : datetime, optional
            Time of sample 0, for recordings.
        device_now : datetime, optional
            What the sender's clock shows.
        """
        request = pb.OpenStreamRequest(
            sensor_id=self.sensor_id,
            boot_id=self.boot_id,
            sample_rate_hz=self.sample_rate_hz,
            channels=CHANNELS,
            encoding=samples_pb2.SAMPLE_ENCODING_I16LE,
            scales=[_SCALE],
        )
        if start_time is not None:
            request.start_time.FromDatetime(start_time)
        if device_now is not None:
            request.sender_time.FromDatetime(device_now)
        self.opened = await self.stub.OpenStream(request, timeout=_TIMEOUT_S)
        self._stream_number = 0
        return self.opened

    def start(self) -> pb.PushRequest:
        """Return the first message of the next call."""
        self._stream_number += 1
        start = pb.StreamStart(
            slot=self.slot,
            sensor_id=self.sensor_id,
            epoch=self.opened.epoch,
            fence=self.opened.fence,
            stream_number=self._stream_number,
        )
        return pb.PushRequest(start=start)

    def batch(
        self, first: int, end: int, *, device_time: dt.datetime | None = None
    ) -> pb.PushRequest:
        """Return the message with samples `first` <= i < `end`."""
        samples = hashed_samples(self.seed, 1, first, end - first, len(CHANNELS))
        batch = samples_pb2.SampleBatch(first_index=first, planar=samples.tobytes())
        if device_time is not None:
            batch.device_time.FromDatetime(device_time)
        return pb.PushRequest(batch=pb.StreamBatch(slot=self.slot, batch=batch))

    @staticmethod
    def abandon(first: int, end: int) -> pb.PushRequest:
        """Return the message that gives samples up."""
        given = samples_pb2.IndexRange(first_index=first, end_index=end)
        return pb.PushRequest(abandon=pb.StreamAbandon(range=given))

    async def push(self, messages: Sequence[pb.PushRequest]) -> pb.SensorPushResult:
        """Send messages in one call and return the acknowledgment."""
        response = await self.stub.Push(iter([self.start(), *messages]), timeout=4 * _TIMEOUT_S)
        return response.results[0]

    async def position(self) -> pb.GetStreamPositionResponse:
        """Ask what is durable."""
        request = pb.GetStreamPositionRequest(sensor_id=self.sensor_id, epoch=self.epoch)
        return await self.stub.GetStreamPosition(request, timeout=_TIMEOUT_S)

    async def status(self) -> stream_status_pb2.SensorStatus:
        """Ask for the state of the stream."""
        request = control_pb.GetSensorStatusRequest(sensor_id=self.sensor_id)
        return (await self._control.GetSensorStatus(request, timeout=_TIMEOUT_S)).status
