"""Sensors that push hashed samples for hours, and now and then open their stream again."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass

from tests.faults.rig.hashed_samples import hashed_samples

import kurto
from kurto.sensor_stream import SensorStream

CHANNELS = ("horizontal", "vertical")
SAMPLE_RATE_HZ = 25600.0
HOP = 2560
HOP_S = HOP / SAMPLE_RATE_HZ
_CLOSE_TIMEOUT_S = 120.0
# Opened and closed all at once, sensors would measure that and not the steady state.
_SPREAD = 0.37


@dataclass
class Sender:
    """One sensor.

    Parameters
    ----------
    client : kurto.Client
        Where to push.
    number : int
        Number of the sensor.
    reopen_interval_s : float
        How often the stream is closed and opened again; 0: never.

    Attributes
    ----------
    epoch : int
        Of all samples.
    acknowledged_index : int
        Every sample below it was acknowledged as durable.
    reconnect_count, open_count : int
        How often the connection was lost, and the stream opened.
    longest_lag_s : float
        Largest age of the oldest sample that was not acknowledged.
    """

    client: kurto.Client
    number: int
    reopen_interval_s: float

    def __post_init__(self) -> None:
        self.sensor_id = f"soak-{self.number:03d}"
        self.epoch = 0
        self.acknowledged_index = 0
        self.reconnect_count = 0
        self.open_count = 0
        self.longest_lag_s = 0.0
        self._boot_id = uuid.uuid4().hex
        self._hop = 0

    @property
    def pushed_count(self) -> int:
        """Samples per channel pushed so far."""
        return self._hop * HOP

    async def run(self, duration_s: float) -> None:
        """Push for so long; every sample is durable at the end."""
        start_s = asyncio.get_running_loop().time() + HOP_S * (self.number * _SPREAD % 1.0)
        end = round(duration_s / HOP_S)
        interval = round(self.reopen_interval_s / HOP_S) or end
        # The first opening comes early for some sensors, so that later ones do not coincide.
        until = round(interval * (self.number * _SPREAD % 1.0)) or interval
        while self._hop < end:
            await self._one_opening(min(until, end), start_s)
            until += interval

    async def _one_opening(self, until: int, start_s: float) -> None:
        async with self.client.open_sensor(
            self.sensor_id,
            sample_rate_hz=SAMPLE_RATE_HZ,
            channels=CHANNELS,
            unit="g",
            encoding="i16",
            scale=50 / 2**15,
            boot_id=self._boot_id,
            close_timeout_s=_CLOSE_TIMEOUT_S,
        ) as stream:
            self._check(stream)
            self.epoch = stream.epoch
            self.open_count += 1
            while self._hop < until:
                await self._push(stream, start_s)
        self.acknowledged_index = stream.durable_index
        self.reconnect_count += stream.reconnect_count

    def _check(self, stream: SensorStream) -> None:
        """Require that the epoch went on where it was left."""
        if stream.next_index != self.pushed_count or self.epoch not in (0, stream.epoch):
            raise RuntimeError(
                f"{self.sensor_id} was left at {self.pushed_count} in epoch"
                f" {self.epoch} and resumes at {stream.next_index} in epoch {stream.epoch}"
            )

    async def _push(self, stream: SensorStream, start_s: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, start_s + self._hop * HOP_S - loop.time()))
        first = self.pushed_count
        await stream.push(hashed_samples(self.sensor_id, self.epoch, first, HOP, len(CHANNELS)))
        self._hop += 1
        lag_s = stream.buffered_sample_count / SAMPLE_RATE_HZ
        self.longest_lag_s = max(self.longest_lag_s, lag_s)
