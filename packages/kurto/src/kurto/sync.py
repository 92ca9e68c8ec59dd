"""The SDK without ``async``: for scripts and blocking read loops.

>>> import kurto.sync
>>> def send(blocks):
...     with (
...         kurto.sync.connect("localhost:8080") as client,
...         client.open_sensor(
...             "pump-7", sample_rate_hz=25600, channels=["horizontal"], unit="g"
...         ) as stream,
...     ):
...         for block in blocks:
...             stream.push(block)

Everything is as in :mod:`kurto`, with ``with`` for ``async with``, ``for`` for ``async for`` and no
``await``. One background thread runs an event loop; any number of threads may call at once.
Ctrl-C ends a ``with`` block as usual: what was pushed is still delivered, within
``close_timeout_s``; a second one gives that up. What a script forgets to close is closed when the
interpreter exits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from kurto import client as async_client
from kurto import connection, sensor_stream
from kurto.loop_thread import LoopThread
from kurto.progress import Progress

__all__ = ["Client", "SensorStream", "connect"]

P = ParamSpec("P")
A = TypeVar("A")
T = TypeVar("T")


class Facade(Generic[A]):
    """Something async, used from threads without a loop.

    Parameters
    ----------
    inner : object
        What is used.
    loop : LoopThread
        Where it lives.
    """

    def __init__(self, inner: A, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop


def _waiting(
    method: Callable[Concatenate[A, P], Awaitable[T]],
) -> Callable[Concatenate[Facade[A], P], T]:
    """Return a method that waits for the result of an async one."""

    @wraps(method)
    def call(self: Facade[A], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._loop.wait(method, self._inner, *args, **kwargs)

    return call


def _iterating(
    method: Callable[Concatenate[A, P], AsyncIterator[T]],
) -> Callable[Concatenate[Facade[A], P], Iterator[T]]:
    """Return a method that yields what an async one yields."""

    @wraps(method)
    def call(self: Facade[A], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self._loop.iterate(method(self._inner, *args, **kwargs))

    return call


class SensorStream(Facade[sensor_stream.SensorStream]):
    """The stream of one sensor; made by ``open_sensor``. See :class:`kurto.SensorStream`."""

    push = _waiting(sensor_stream.SensorStream.push)
    push_values = _waiting(sensor_stream.SensorStream.push_values)
    flush = _waiting(sensor_stream.SensorStream.flush)
    close = _waiting(sensor_stream.SensorStream.close)
    follow_progress = _iterating(sensor_stream.SensorStream.follow_progress)

    def progress(self) -> Progress:
        """Return how the stream fares now; cheap."""
        return self._inner.progress()

    @property
    def next_index(self) -> int:
        """Index that the next pushed sample gets."""
        return self._inner.next_index

    @property
    def durable_index(self) -> int:
        """Every sample below it is durable on the service, missing ranges apart."""
        return self._inner.durable_index

    @property
    def epoch(self) -> int:
        """Epoch of the sample index; 0 until the service has answered once."""
        return self._inner.epoch

    @property
    def buffered_sample_count(self) -> int:
        """Samples per channel that are not acknowledged yet."""
        return self._inner.buffered_sample_count

    @property
    def dropped_sample_count(self) -> int:
        """Samples per channel that the full buffer had to give up."""
        return self._inner.dropped_sample_count

    @property
    def reconnect_count(self) -> int:
        """How often the connection was lost and made again."""
        return self._inner.reconnect_count


def _opening(
    method: Callable[Concatenate[async_client.Client, P], Any],
) -> Callable[Concatenate[Facade[async_client.Client], P], AbstractContextManager[SensorStream]]:
    @wraps(method)
    @contextmanager
    def call(
        self: Facade[async_client.Client], /, *args: P.args, **kwargs: P.kwargs
    ) -> Iterator[SensorStream]:
        with self._loop.enter(method(self._inner, *args, **kwargs)) as stream:
            yield SensorStream(stream, self._loop)

    return call


class Client(Facade[async_client.Client]):
    """The client: one connection; made by :func:`connect`. See :class:`kurto.Client`."""

    open_sensor = _opening(async_client.Client.open_sensor)
    read_samples = _iterating(async_client.Client.read_samples)
    gather_samples = _waiting(async_client.Client.gather_samples)
    latest_features = _waiting(async_client.Client.latest_features)
    list_features = _iterating(async_client.Client.list_features)
    active_alerts = _waiting(async_client.Client.active_alerts)
    acknowledge_alert = _waiting(async_client.Client.acknowledge_alert)
    subscribe = _iterating(async_client.Client.subscribe)


def _connecting(
    method: Callable[P, Any],
) -> Callable[P, AbstractContextManager[Client]]:
    @wraps(method)
    @contextmanager
    def call(*args: P.args, **kwargs: P.kwargs) -> Iterator[Client]:
        loop = LoopThread()
        try:
            with loop.enter(method(*args, **kwargs)) as client:
                yield Client(client, loop)
        finally:
            loop.close()

    return call


connect = _connecting(connection.connect)
