"""Prometheus metrics: the registry is injected, every label combination starts at zero.

A service declares its own metrics in one class of its ``metrics`` module in the same way as
`RpcMetrics` does, and creates it once in its wiring.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable
from http.server import HTTPServer

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.metrics import MetricWrapperBase

__all__ = [
    "DependencyMetrics",
    "RpcMetrics",
    "count_tasks",
    "process_registry",
    "start_exporter",
    "zero_initialise",
]

_LATENCY_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class RpcMetrics:
    """What every server counts about its calls.

    Parameters
    ----------
    registry : CollectorRegistry
        Where the metrics are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        #: Counter: calls that ended, by full method name and status name.
        self.calls = Counter(
            "kurto_rpc_calls", "Calls ended.", ["method", "code"], registry=registry
        )
        #: Gauge: calls in progress, by full method name.
        self.in_progress = Gauge(
            "kurto_rpc_calls_in_progress", "Calls in progress.", ["method"], registry=registry
        )
        #: Histogram: seconds from the start of a unary call to its end, by full method name.
        self.latency = Histogram(
            "kurto_rpc_latency_seconds",
            "Duration of calls with one request and one response.",
            ["method"],
            registry=registry,
            buckets=_LATENCY_BUCKETS_S,
        )

    def zero(self, method: str) -> None:
        """Make the series of `method` visible before its first call."""
        self.calls.labels(method, "OK")
        self.in_progress.labels(method)


class DependencyMetrics:
    """What a process says about the parts that it depends on."""

    def __init__(self, registry: CollectorRegistry) -> None:
        #: Gauge: 1 while the last check of a dependency passed, else 0.
        self.up = Gauge(
            "kurto_dependency_up", "1 while the dependency answers.", ["dependency"],
            registry=registry,
        )  # fmt: skip
        #: Gauge: 1 while the process reports SERVING, else 0.
        self.serving = Gauge("kurto_serving", "1 while health is SERVING.", registry=registry)


def process_registry() -> CollectorRegistry:
    """Return a registry that holds memory, CPU and file descriptors of this process."""
    registry = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


def count_tasks(registry: CollectorRegistry, loop: asyncio.AbstractEventLoop) -> None:
    """Let `registry` tell how many asyncio tasks of `loop` are not done: a leak shows there."""
    tasks = Gauge(
        "kurto_process_asyncio_tasks", "Tasks of the event loop that are not done.",
        registry=registry,
    )  # fmt: skip
    tasks.set_function(lambda: len(asyncio.all_tasks(loop)))


def zero_initialise(metric: MetricWrapperBase, **values: Iterable[str]) -> None:
    """Create every combination of label `values`, so that absent and zero are not confused.

    Examples
    --------
    >>> registry = CollectorRegistry()
    >>> commits = Counter("commits", "Commits.", ["outcome"], registry=registry)
    >>> zero_initialise(commits, outcome=("ok", "failed"))
    >>> registry.get_sample_value("commits_total", {"outcome": "failed"})
    0.0
    """
    for combination in itertools.product(*values.values()):
        metric.labels(**dict(zip(values, combination, strict=True)))


def start_exporter(
    host: str, port: int, registry: CollectorRegistry
) -> tuple[int, Callable[[], None]]:
    """Serve `registry` at ``http://host:port/metrics`` from a thread.

    Returns
    -------
    port : int
        The port bound, which differs from the one asked for when that was 0.
    stop : callable
        Ends the thread and closes the socket.

    Raises
    ------
    OSError
        When the address is taken or not of this machine.
    """
    server, thread = start_http_server(port, addr=host, registry=registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(timeout=1.0)

    return _port(server), stop


def _port(server: HTTPServer) -> int:
    return int(server.server_address[1])
