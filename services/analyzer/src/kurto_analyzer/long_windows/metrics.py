"""What the analyzer measures about its long windows."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from kurto_service.metrics import zero_initialise

__all__ = ["LongWindowMetrics"]

_BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class LongWindowMetrics:
    """Metrics of the long windows of one analyzer.

    Parameters
    ----------
    registry : CollectorRegistry
        Where the metrics are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        #: Long windows by what became of them.
        self.windows = Counter(
            "kurto_analyzer_long_windows", "Long windows.", ["outcome"], registry=registry
        )
        #: Processor time spent on long windows.
        self.cpu_seconds = Counter(
            "kurto_analyzer_long_window_cpu_seconds",
            "Processor time spent on long windows.",
            registry=registry,
        )
        #: Processor time of one channel.
        self.channel_seconds = Histogram(
            "kurto_analyzer_long_window_channel_seconds",
            "Processor time of one channel of a long window.",
            registry=registry,
            buckets=_BUCKETS_S,
        )
        #: Sensors whose long window is due.
        self.waiting = self._gauge("long_windows_waiting", "Sensors whose long window is due.")
        #: Sensors without history because the room of all is taken.
        self.denied = self._gauge(
            "history_denied_sensors", "Sensors without history: the room of all is taken."
        )
        zero_initialise(self.windows, outcome=("stored", "known", "unstored", "failed"))

    def watch_room(self, reserved_bytes: Callable[[], float]) -> None:
        """Report the bytes that are reserved for histories, at each scrape."""
        gauge = self._gauge("history_reserved_bytes", "Memory reserved for samples kept.")
        gauge.set_function(reserved_bytes)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"kurto_analyzer_{name}", text, registry=self._registry)
