"""Sensors that push hashed samples at their own pace through whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.hashed_samples import hashed_samples

import kurto
from kurto.sensor_stream import SensorStream

CHANNELS = ("horizontal", "vertical")


@dataclass
class Pushed:
    """What one sensor sent, and how the connection fared.

    Parameters
    ----------
    sensor_id : str
        The sensor.
    epoch : int
        Epoch of the samples.
    acknowledged_index : int
        Every sample below it was acknowledged as durable.
    reconnect_count : int
        How often the connection was made again.
    longest_lag_s : float
        Largest age of the oldest sample that was not acknowledged, in seconds.
    """

    sensor_id: str
    epoch: int = 0
    acknowledged_index: int = 0
    reconnect_count: int = 0
    longest_lag_s: float = 0.0


@dataclass
class Load:
    """Two-channel sensors at 25.6 kHz, hop by hop.

    Parameters
    ----------
    target : str
        ``host:port`` of the gateway.
    sensor_ids : sequence of str
        One stream each.
    duration_s : float
        How long, in seconds.
    sample_rate_hz : float
        Of each sensor.
    """

    target: str
    sensor_ids: Sequence[str]
    duration_s: float
    sample_rate_hz: float = 25600.0
    pushed: list[Pushed] = field(default_factory=list)

    @property
    def hop(self) -> int:
        """Samples of one push."""
        return round(self.sample_rate_hz / 10)

    def __str__(self) -> str:
        """Return the load in words, for the report."""
        return (
            f"{len(self.sensor_ids)} sensors of {len(CHANNELS)} channels at "
            f"{self.sample_rate_hz:g} Hz for {self.duration_s:g} s"
        )

    async def run(self) -> list[Pushed]:
        """Push everything and wait until it is durable."""
        async with kurto.connect(self.target) as client, asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._sensor(client, one)) for one in self.sensor_ids]
        self.pushed = [task.result() for task in tasks]
        return self.pushed

    async def _sensor(self, client: kurto.Client, sensor_id: str) -> Pushed:
        pushed = Pushed(sensor_id)
        loop = asyncio.get_running_loop()
        async with client.open_sensor(
            sensor_id,
            sample_rate_hz=self.sample_rate_hz,
            channels=CHANNELS,
            unit="g",
            encoding="i16",
            scale=50 / 2**15,
            close_timeout_s=60.0,
            options=kurto.SenderOptions(rotate_interval_s=2.0),
        ) as stream:
            start = loop.time()
            for number in range(round(self.duration_s * 10)):
                first = number * self.hop
                await stream.push(hashed_samples(sensor_id, first, self.hop, len(CHANNELS)))
                self._note(stream, pushed)
                await asyncio.sleep(max(0.0, start + (number + 1) * 0.1 - loop.time()))
        pushed.epoch, pushed.acknowledged_index = stream.epoch, stream.durable_index
        pushed.reconnect_count = stream.reconnect_count
        return pushed

    def _note(self, stream: SensorStream, pushed: Pushed) -> None:
        lag_s = stream.buffered_sample_count / self.sample_rate_hz
        pushed.longest_lag_s = max(pushed.longest_lag_s, lag_s)
