"""The analysis as a whole: its parts, put together once and run as two tasks."""

from __future__ import annotations

from collections.abc import Iterator

from kurto_analyzer.bearing_catalogue.designations import BearingCatalogue
from kurto_analyzer.committer import CommitLimits, Committer
from kurto_analyzer.engine import Engine
from kurto_analyzer.long_windows.history import HistoryRoom
from kurto_analyzer.long_windows.lengths import LongWindowPolicy
from kurto_analyzer.metrics import AnalyzerMetrics
from kurto_analyzer.open_sensors import OpenSensors
from kurto_analyzer.pipeline import PublishThenCommit
from kurto_analyzer.ports import FeatureStore, LiveFeatures
from kurto_analyzer.publisher import Publisher
from kurto_analyzer.refusals import Refusals
from kurto_analyzer.session import AnalysisSession, SessionLimits
from kurto_analyzer.settings import AnalyzerSettings
from kurto_service.clock import Clock

__all__ = ["Analyzer"]


class Analyzer:
    """Engine, publisher and committer over one store and one live stream.

    Parameters
    ----------
    store : FeatureStore
        Durable truth.
    live : LiveFeatures
        Fast path.
    settings : AnalyzerSettings
        Bounds and intervals.
    clock : Clock
        Time.
    metrics : AnalyzerMetrics
        Measurements.
    catalogue : BearingCatalogue, optional
        Where the bearings of sensors are looked up; that of the package by default.

    Attributes
    ----------
    sensors : OpenSensors
        What is being analysed.
    engine, committer, publisher
        The parts; `engine` and `committer` have a ``run`` each.
    """

    def __init__(
        self,
        store: FeatureStore,
        live: LiveFeatures,
        settings: AnalyzerSettings,
        clock: Clock,
        metrics: AnalyzerMetrics,
        *,
        catalogue: BearingCatalogue | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._catalogue = BearingCatalogue() if catalogue is None else catalogue
        self._refusals = Refusals(settings.refusal_memory_s)
        policy = LongWindowPolicy(
            shortest_s=settings.long_window_s,
            revolutions=settings.long_window_revolutions,
            interval_s=settings.diagnosis_interval_s,
        )
        room = HistoryRoom(settings.history_bytes)
        self.sensors = OpenSensors(settings.max_open_sensors, policy, room)
        limits = CommitLimits(
            max_uncommitted_windows=settings.max_uncommitted_windows,
            max_commit_windows=settings.max_commit_windows,
            interval_s=settings.commit_interval_s,
            timeout_s=settings.commit_timeout_s,
            retry_max_s=settings.commit_retry_max_s,
        )
        self.committer = Committer(store, clock, metrics, limits)
        self.publisher = Publisher(live, clock, metrics, retry_s=settings.publish_retry_s)
        self.engine = Engine(
            PublishThenCommit(self.publisher, self.committer),
            clock,
            metrics,
            interval_s=settings.tick_interval_s,
            max_tick_windows=settings.max_tick_windows,
            slice_windows=settings.slice_windows,
        )
        metrics.watch_lag(self._lags)

    def new_session(self) -> AnalysisSession:
        """Return the state of a new stream."""
        limits = SessionLimits(
            max_pending_bytes=self._settings.max_pending_bytes,
            max_window_samples=self._settings.max_window_samples,
            max_slots=self._settings.max_open_sensors,
        )
        return AnalysisSession(
            self.sensors,
            self.engine,
            self.committer,
            metrics=self._metrics,
            limits=limits,
            repeated=self._repeated,
            catalogue=self._catalogue,
        )

    def _repeated(self, key: tuple[str, int]) -> bool:
        return self._refusals.repeated(key, self._clock.monotonic())

    def _lags(self) -> Iterator[tuple[str, float]]:
        now_us = self._clock.now().timestamp() * 1e6
        newest: dict[str, int] = {}
        for sensor in self.sensors:
            if sensor.newest is not None:
                frame = sensor.newest
                newest[frame.sensor_id] = max(frame.end_us, newest.get(frame.sensor_id, 0))
        for sensor_id, end_us in newest.items():
            yield sensor_id, (now_us - end_us) / 1e6
