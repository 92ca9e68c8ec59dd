"""A machine under the test's control: a sine per channel, sent by the SDK from its own thread."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

import kurto

Answer = TypeVar("Answer")

BLOCK_S = 0.1
START_S = 20.0
CALL_S = 20.0
NOISE_RATIO = 0.002


class Machine:
    """Sends 50 Hz sines with a little noise until the block ends.

    Parameters
    ----------
    target : str
        ``host:port`` of the gateway.
    sensor_id : str
        Sensor to create and feed.
    channels : sequence of str
        Names of the channels.
    sample_rate_hz : float
        Sample rate in Hz.
    token : str, optional
        Bearer token.

    Attributes
    ----------
    amplitude : float
        Amplitude of the sine in g; may be changed at any time.
    running : bool
        Whether samples are sent; once it was false the machine stays away for good.
    """

    def __init__(
        self,
        target: str,
        sensor_id: str,
        *,
        channels: tuple[str, ...] = ("horizontal", "vertical"),
        sample_rate_hz: float = 2560.0,
        token: str | None = None,
    ) -> None:
        self.sensor_id = sensor_id
        self.channels = channels
        self.amplitude = 1.0
        self.running = True
        self.skip_samples = 0
        self._target, self._token = target, token
        self._rate_hz = sample_rate_hz
        self._random = np.random.default_rng(7)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: kurto.Client | None = None
        self._ended: asyncio.Event | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name=sensor_id, daemon=True)

    def __enter__(self) -> "Machine":
        self._thread.start()
        assert self._started.wait(START_S), f"{self.sensor_id} did not start"
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(START_S)
        assert not self._thread.is_alive(), f"{self.sensor_id} did not stop"
        if self._failure is not None and error is None:
            raise self._failure

    def call(self, work: Callable[[kurto.Client], Coroutine[Any, Any, Answer]]) -> Answer:
        """Run a coroutine of the machine's client and return its answer."""
        assert self._loop is not None
        assert self._client is not None
        return asyncio.run_coroutine_threadsafe(work(self._client), self._loop).result(CALL_S)

    def _work(self) -> None:
        try:
            asyncio.run(self._send())
        except BaseException as error:
            self._failure = error
        finally:
            self._started.set()

    async def _send(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        async with (
            kurto.connect(self._target, token=self._token) as client,
            client.open_sensor(
                self.sensor_id,
                sample_rate_hz=self._rate_hz,
                channels=self.channels,
                unit="g",
                display_name=f"Test bench {self.sensor_id}",
                close_timeout_s=START_S / 2,
            ) as stream,
        ):
            self._client = client
            self._started.set()
            due = time.monotonic()
            while not self._ended.is_set():
                if self.running:
                    jump, self.skip_samples = self.skip_samples, 0
                    index = stream.next_index + jump
                    await stream.push(self._block(index), first_index=index)
                due += BLOCK_S
                await self._pause(due)

    async def _pause(self, until: float) -> None:
        assert self._ended is not None
        try:
            await asyncio.wait_for(self._ended.wait(), max(0.001, until - time.monotonic()))
        except TimeoutError:
            return

    def _block(self, index: int) -> npt.NDArray[np.float64]:
        count = round(self._rate_hz * BLOCK_S)
        times = (index + np.arange(count)) / self._rate_hz
        shape = (len(self.channels), count)
        noise = self._random.normal(0.0, NOISE_RATIO, shape)
        return self.amplitude * (np.sin(2 * np.pi * 50.0 * times) + noise)
