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
        #: Counter: hops received, by what became of them.
        self.hops = Counter("kurto_analyzer_hops", "Hops received.", ["outcome"], registry=registry)
        #: Counter: windows completed, by kind.
        self.windows = Counter(
            "kurto_analyzer_windows", "Windows completed.", ["kind"], registry=registry
        )
        #: Counter: frames offered to the live stream, by outcome.
        self.frames = Counter(
            "kurto_analyzer_frames", "Frames offered to the live stream.", ["outcome"],
            registry=registry,
        )  # fmt: skip
        #: Counter: transactions, by outcome.
        self.commits = Counter(
            "kurto_analyzer_commits", "Transactions.", ["outcome"], registry=registry
        )
        #: Counter: refused advances of sensors that another analyzer has taken over.
        self.stale = Counter(
            "kurto_analyzer_stale_owner", "Advances refused because of their expected position.",
            registry=registry,
        )  # fmt: skip
        #: Histogram: seconds of computing in a tick.
        self.tick_seconds = Histogram(
            "kurto_analyzer_tick_seconds", "Computing time of a tick.", registry=registry,
            buckets=_TICK_BUCKETS_S,
        )  # fmt: skip
        #: Histogram: seconds of one successful transaction.
        self.commit_seconds = Histogram(
            "kurto_analyzer_commit_seconds", "Duration of a transaction.", registry=registry,
            buckets=_COMMIT_BUCKETS_S,
        )  # fmt: skip
        #: Gauge: bytes of samples received and not yet analysed.
        self.pending_bytes = Gauge(
            "kurto_analyzer_pending_bytes", "Samples not yet analysed.", registry=registry
        )
        #: Gauge: windows computed and not yet committed.
        self.uncommitted_windows = Gauge(
            "kurto_analyzer_uncommitted_windows", "Windows waiting for PostgreSQL.",
            registry=registry,
        )  # fmt: skip
        #: Gauge: sensors open on all streams.
        self.open_sensors = Gauge(
            "kurto_analyzer_open_sensors", "Sensors being analysed.", registry=registry
        )
        #: Gauge: streams from ingest.
        self.streams = Gauge("kurto_analyzer_streams", "Streams from ingest.", registry=registry)
        self._registry = registry
        # Looking a label up costs more than counting: once for those of the hot path.
        self.hop = {o: self.hops.labels(o) for o in ("accepted", "empty", "duplicate", "dropped")}
        self.window = {kind: self.windows.labels(kind) for kind in ("computed", "empty", "late")}
        zero_initialise(self.frames, outcome=("published", "unpublished"))
        zero_initialise(self.commits, outcome=("ok", "failed"))

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
