"""Machines under the test's control: a sine per channel, sent by the SDK."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

import kurto

Answer = TypeVar("Answer")

BLOCK_S = 0.1
WAIT_S = 60.0
NOISE_RATIO = 0.002


class Bench:
    """One thread with one event loop for all machines: grpc.aio dislikes a crowd of loops."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bench", daemon=True)

    def __enter__(self) -> "Bench":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()
        self._loop.close()

    def start(self, work: Coroutine[Any, Any, Answer]) -> "Future[Answer]":
        """Run a coroutine in the bench's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)


class Machine:
    """Sends 50 Hz sines with a little noise until the block ends.

    Parameters
    ----------
    bench : Bench
        Where it runs.
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
    skip_samples : int
        Set to leave out so many samples once.
    """

    def __init__(
        self,
        bench: Bench,
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
        self._bench, self._target, self._token = bench, target, token
        self._rate_hz = sample_rate_hz
        self._random = np.random.default_rng(7)
        self._opened: Future[kurto.Client] = Future()
        self._ended = False
        self._work: Future[None] | None = None

    def __enter__(self) -> "Machine":
        self._work = self._bench.start(self._send())
        self._work.add_done_callback(self._give_up)
        self._opened.result(WAIT_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended = True
        assert self._work is not None
        try:
            self._work.result(WAIT_S)
        except BaseException:
            self._work.cancel()
            if error is None:
                raise

    def call(self, work: Callable[[kurto.Client], Coroutine[Any, Any, Answer]]) -> Answer:
        """Run a coroutine of the machine's client and return its answer."""
        return self._bench.start(work(self._opened.result(WAIT_S))).result(WAIT_S)

    def _give_up(self, work: "Future[None]") -> None:
        if not self._opened.done() and not work.cancelled():
            self._opened.set_exception(work.exception() or RuntimeError("ended unopened"))

    async def _send(self) -> None:
        async with (
            kurto.connect(self._target, token=self._token) as client,
            client.open_sensor(
                self.sensor_id,
                sample_rate_hz=self._rate_hz,
                channels=self.channels,
                unit="g",
                display_name=f"Test bench {self.sensor_id}",
                close_timeout_s=WAIT_S / 2,
            ) as stream,
        ):
            self._opened.set_result(client)
            due = time.monotonic()
            while not self._ended:
                if self.running:
                    jump, self.skip_samples = self.skip_samples, 0
                    index = stream.next_index + jump
                    await stream.push(self._block(index), first_index=index)
                due += BLOCK_S
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _block(self, index: int) -> npt.NDArray[np.float64]:
        count = round(self._rate_hz * BLOCK_S)
        times = (index + np.arange(count)) / self._rate_hz
        shape = (len(self.channels), count)
        noise = self._random.normal(0.0, NOISE_RATIO, shape)
        return self.amplitude * (np.sin(2 * np.pi * 50.0 * times) + noise)
