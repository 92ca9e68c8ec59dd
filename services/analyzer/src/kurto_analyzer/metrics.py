"""What the analyzer measures about itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kurto_service.metrics import zero_initialise

__all__ = ["AnalyzerMetrics"]

_TICK_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1.0)
_COMMIT_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class AnalyzerMetrics:
    """Metrics of one analyzer.

    Parameters
    ----------
    registry : CollectorRegistry
        Where the metrics are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        #: Hops received, by what became of them.
        self.hops = self._counter("hops", "Hops received.", "outcome")
        #: Windows completed, by kind.
        self.windows = self._counter("windows", "Windows completed.", "kind")
        #: Frames offered to the live stream, by outcome.
        self.frames = self._counter("frames", "Frames offered to the live stream.", "outcome")
        #: Transactions, by outcome.
        self.commits = self._counter("commits", "Transactions.", "outcome")
        #: Refused advances of sensors that another analyzer has taken over.
        self.stale = self._counter("stale_owner", "Advances refused for their expected position.")
        #: Seconds of computing in a tick.
        self.tick_seconds = self._histogram("tick", "Computing time of a tick.", _TICK_BUCKETS_S)
        #: Seconds of one successful transaction.
        self.commit_seconds = self._histogram(
            "commit", "Duration of a transaction.", _COMMIT_BUCKETS_S
        )
        #: Bytes of samples received and not yet analysed.
        self.pending_bytes = self._gauge("pending_bytes", "Samples not yet analysed.")
        #: Windows computed and not yet committed.
        self.uncommitted_windows = self._gauge(
            "uncommitted_windows", "Windows waiting for PostgreSQL."
        )
        #: Sensors open on all streams.
        self.open_sensors = self._gauge("open_sensors", "Sensors being analysed.")
        #: Streams from ingest.
        self.streams = self._gauge("streams", "Streams from ingest.")
        #: Seconds of rolling up some minutes of one sensor.
        self.rollup_seconds = self._histogram(
            "rollup", "Duration of rolling up some minutes of a sensor.", _COMMIT_BUCKETS_S
        )
        #: Failed attempts to roll up.
        self.rollup_failures = self._counter("rollup_failures", "Failed attempts to roll up.")
        #: Age of the oldest window that is not rolled up, at the last look.
        self.rollup_lag = self._gauge(
            "rollup_lag_seconds", "Age of the oldest window that is not rolled up."
        )
        #: Windows compared with baselines: one a second and sensor.
        self.condition_windows = self._counter(
            "condition_windows", "Windows compared with baselines."
        )
        #: Seconds of comparing them.
        self.condition_seconds = self._counter(
            "condition_seconds", "Seconds of comparing windows with baselines."
        )
        #: Failed attempts to read or store baselines.
        self.condition_failures = self._counter(
            "condition_failures", "Failed attempts to read or store baselines."
        )
        # Looking a label up costs more than counting: once for those of the hot path.
        self.hop = {o: self.hops.labels(o) for o in ("accepted", "empty", "duplicate", "dropped")}
        self.window = {kind: self.windows.labels(kind) for kind in ("computed", "empty", "late")}
        zero_initialise(self.frames, outcome=("published", "unpublished"))
        zero_initialise(self.commits, outcome=("ok", "failed"))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"kurto_analyzer_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"kurto_analyzer_{name}", text, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(
            f"kurto_analyzer_{name}_seconds", text, registry=self._registry, buckets=buckets
        )

    def watch_lag(self, lags: Callable[[], Iterable[tuple[str, float]]]) -> None:
        """Report seconds from the end of each open sensor's newest window to now.

        Parameters
        ----------
        lags : callable
            Called at each scrape; sensor id and lag of every sensor that is open then.
        """
        self._registry.register(_LagCollector(lags))


class _LagCollector(Collector):
    def __init__(self, lags: Callable[[], Iterable[tuple[str, float]]]) -> None:
        self._lags = lags

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(
            "kurto_analyzer_lag_seconds",
            "Age of the newest computed window, from the end of its samples.",
            labels=["sensor_id"],
        )
        for sensor_id, lag_s in self._lags():
            family.add_metric([sensor_id], lag_s)
        yield family
