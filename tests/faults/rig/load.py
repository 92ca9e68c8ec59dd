"""Sensors that push hashed samples at their own pace through whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.faults.rig.hashed_samples import Samples, hashed_samples
from tests.faults.rig.processes import MachineMeter
from tests.faults.rig.pushed import Progress, Pushed

import kurto
from kurto.sensor_stream import SensorStream

CHANNELS = ("horizontal", "vertical")
SCALE = 50 / 2**15
START_S = 60.0
_LOOK_S = 0.02

Signal = Callable[[str, int, int, int], Samples]
"""Makes samples from sensor, epoch, first index and count; shape (channels, count)."""


def hashed(sensor_id: str, epoch: int, first_index: int, count: int) -> Samples:
    """Return the samples of a load: a hash of what identifies each."""
    return hashed_samples(sensor_id, epoch, first_index, count, len(CHANNELS))


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
        How long, in seconds; `stop` ends it earlier.
    sample_rate_hz : float
        Of each sensor.
    rotate_interval_s : float
        How often the SDK asks for its acknowledgment, in seconds.
    close_timeout_s : float
        How long the end waits for the last acknowledgment, in seconds.
    signal : callable
        Makes the samples.

    Attributes
    ----------
    pushed : list of Pushed
        What was sent and acknowledged, one a sensor, filled while the load runs.
    busy_share : float or None
        Share of the cores, 0 to 1, that was used meanwhile, by whomever.
    """

    target: str
    sensor_ids: Sequence[str]
    duration_s: float
    sample_rate_hz: float = 25600.0
    rotate_interval_s: float = 2.0
    close_timeout_s: float = 60.0
    signal: Signal = hashed
    pushed: list[Pushed] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing sent."""
        self.pushed = [Pushed(sensor_id) for sensor_id in self.sensor_ids]
        self._stopped = asyncio.Event()
        self._open_count = 0
        self.busy_share: float | None = None

    @property
    def hop(self) -> int:
        """Samples of one push, and of one hop of the analysis."""
        return round(self.sample_rate_hz / 10)

    def __str__(self) -> str:
        """Return the load in words, for the report."""
        busy = "" if self.busy_share is None else f", machine {100 * self.busy_share:.0f} % busy"
        return (
            f"{len(self.sensor_ids)} sensors of {len(CHANNELS)} channels at "
            f"{self.sample_rate_hz:g} Hz for {self.duration_s:g} s{busy}"
        )

    async def run(self) -> list[Pushed]:
        """Push everything and wait until it is durable."""
        async with (
            self._paced_look(),
            kurto.connect(self.target) as client,
            asyncio.TaskGroup() as group,
        ):
            for one in self.pushed:
                group.create_task(self._sensor(client, one), name=one.sensor_id)
        return self.pushed

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the load; the block begins once all sensors push, and ends when all is durable."""
        task = asyncio.create_task(self.run(), name="load")
        try:
            await self._wait_until_open(task)
            yield
            await task
        finally:
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    def stop(self) -> None:
        """Let the sensors push no more; what was pushed becomes durable."""
        self._stopped.set()

    async def _wait_until_open(self, task: asyncio.Task[list[Pushed]]) -> None:
        async with asyncio.timeout(START_S):
            while self._open_count < len(self.pushed):
                if task.done():
                    await task
                await asyncio.sleep(_LOOK_S)

    async def _sensor(self, client: kurto.Client, pushed: Pushed) -> None:
        async with client.open_sensor(
            pushed.sensor_id,
            sample_rate_hz=self.sample_rate_hz,
            channels=CHANNELS,
            unit="g",
            encoding="i16",
            scale=SCALE,
            close_timeout_s=self.close_timeout_s,
            options=kurto.SenderOptions(rotate_interval_s=self.rotate_interval_s),
        ) as stream:
            pushed.epoch = stream.epoch
            self._open_count += 1
            self._streams[pushed.sensor_id] = stream
            await self._push(stream, pushed)
        self._note(stream, pushed)

    async def _push(self, stream: SensorStream, pushed: Pushed) -> None:
        start_s = time.monotonic()
        for number in range(round(self.duration_s * 10)):
            if self._stopped.is_set():
                return
            first = number * self.hop
            await stream.push(self.signal(pushed.sensor_id, pushed.epoch, first, self.hop))
            await asyncio.sleep(max(0.0, start_s + (number + 1) * 0.1 - time.monotonic()))

    @asynccontextmanager
    async def _paced_look(self) -> AsyncIterator[None]:
        """Note the sensors' progress until the block ends."""
        self._streams: dict[str, SensorStream] = {}
        looking = asyncio.create_task(self._look(), name="progress of the load")
        meter = MachineMeter()
        try:
            yield
        finally:
            self.busy_share = meter.share()
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    async def _look(self) -> None:
        while True:
            for pushed in self.pushed:
                if (stream := self._streams.get(pushed.sensor_id)) is not None:
                    self._note(stream, pushed)
            await asyncio.sleep(_LOOK_S)

    def _note(self, stream: SensorStream, pushed: Pushed) -> None:
        now_s = time.monotonic()
        pushed.note(
            Progress(now_s, stream.next_index, stream.durable_index, stream.reconnect_count)
        )
        lag_s = stream.buffered_sample_count / self.sample_rate_hz
        pushed.longest_lag_s = max(pushed.longest_lag_s, lag_s)


def sensor_names(prefix: str, count: int) -> list[str]:
    """Return ids of sensors; each drill uses a prefix of its own."""
    return [f"{prefix}-{number:03d}" for number in range(count)]
