"""Keeps evaluation going: one process at a time, from the last checkpoint on, whatever breaks."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from kurto_alerts.data_quality.silence import StreamReport
from kurto_alerts.diagnoses.ports import DiagnosisSource
from kurto_alerts.engine import TrackFactory
from kurto_alerts.evaluation import Evaluation, EvaluationLimits
from kurto_alerts.exceptions import StaleRulesError
from kurto_alerts.failures import is_passing
from kurto_alerts.filling import FillPlanner, FillTimes
from kurto_alerts.frames import SensorProfile
from kurto_alerts.mailbox import Mailbox
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.ports import EvaluationLock, EvaluationStore, FeatureHistory, LiveFeatures
from kurto_alerts.session import EvaluationSession, SessionLimits, SessionPorts
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)

FIRST_RESTART_S = 0.1


@dataclass(frozen=True, kw_only=True)
class EvaluatorPorts:
    """What evaluation reads from and writes to.

    Attributes
    ----------
    streams : sequence of str
        Names of the live streams of features.
    committed : callable
        Called after transitions were stored.
    tracks : callable or None
        Makes what follows the references of a sensor.
    diagnoses : DiagnosisSource or None
        Gives diagnoses; without it, rules on them wait.
    prepare : callable or None
        Called before each beginning: brings what tracks compare with up to date.
    """

    lock: EvaluationLock
    live: LiveFeatures
    history: FeatureHistory
    streams: Sequence[str]
    committed: Callable[[], None]
    tracks: TrackFactory | None = None
    diagnoses: DiagnosisSource | None = None
    prepare: Callable[[], Awaitable[object]] | None = None


@dataclass(frozen=True, kw_only=True)
class EvaluatorLimits:
    """Bounds and times of evaluation.

    Attributes
    ----------
    standby_s : float
        Seconds between two tries to get the right to evaluate.
    longest_restart_s : float
        Longest wait before evaluation begins again after a failure.
    """

    evaluation: EvaluationLimits
    fill: FillTimes
    session: SessionLimits
    standby_s: float
    longest_restart_s: float


class Evaluator:
    """Evaluates while it holds the right to, and begins again from the store after any failure.

    Parameters
    ----------
    ports : EvaluatorPorts
        The world.
    limits : EvaluatorLimits
        Bounds.
    clock : Clock
        Time.
    metrics : AlertsMetrics
        Figures about evaluation.
    """

    def __init__(
        self,
        ports: EvaluatorPorts,
        limits: EvaluatorLimits,
        clock: Clock,
        metrics: AlertsMetrics,
    ) -> None:
        self._ports = ports
        self._limits = limits
        self._clock = clock
        self._metrics = metrics
        self._mailbox = Mailbox()

    def rules_changed(self) -> None:
        """Take up changed rules before the next frame."""
        self._mailbox.put_rules()

    def profiles_changed(self, profiles: Sequence[SensorProfile]) -> None:
        """Take up what the registry says; the profiles must be stored already."""
        self._mailbox.put_profiles(profiles)

    def streams_changed(self, reports: Sequence[StreamReport] | None, now_us: int) -> None:
        """Take up what ingest says of the streams, None if nothing, at a time of day."""
        self._mailbox.put_streams(reports, now_us)

    async def run(self) -> None:
        """Evaluate for ever."""
        pause_s = FIRST_RESTART_S
        while True:
            try:
                store = await self._ports.lock.acquire()
                if store is None:
                    self._metrics.evaluating.set(0)
                    await self._clock.sleep(self._limits.standby_s)
                    continue
                pause_s = FIRST_RESTART_S
                await self._evaluate(store)
            except Exception as error:
                if not is_passing(error):
                    raise
                self._metrics.evaluating.set(0)
                self._metrics.restarts.labels("store").inc()
                extra = {"action": "evaluation_restart", "problem": repr(error)}
                _LOG.warning("Evaluation lost its store and begins again", extra=extra)
                await self._clock.sleep(pause_s)
                pause_s = min(2 * pause_s, self._limits.longest_restart_s)
            finally:
                self._metrics.evaluating.set(0)

    async def _evaluate(self, store: EvaluationStore) -> None:
        """Run sessions, each from the store, until the store fails."""
        try:
            while True:
                self._mailbox.rules_changed = False
                if self._ports.prepare is not None:
                    await self._ports.prepare()
                state = await store.load()
                self._metrics.evaluating.set(1)
                extra = {
                    "action": "evaluation_begin",
                    "rules": len(state.rules),
                    "sensors": len(state.checkpoints),
                    "open_alerts": len(state.open_alerts),
                }
                _LOG.info("Evaluation begins", extra=extra)
                try:
                    evaluation = Evaluation(state, self._limits.evaluation, self._ports.tracks)
                    await self._session(evaluation, store).run()
                except StaleRulesError:
                    self._metrics.restarts.labels("rules").inc()
        finally:
            await self._ports.lock.release()

    def _session(self, evaluation: Evaluation, store: EvaluationStore) -> EvaluationSession:
        ports = SessionPorts(
            store=store,
            live=self._ports.live,
            history=self._ports.history,
            streams=self._ports.streams,
            committed=self._ports.committed,
            diagnoses=self._ports.diagnoses,
        )
        return EvaluationSession(
            evaluation,
            ports,
            planner=FillPlanner(self._limits.fill),
            limits=self._limits.session,
            mailbox=self._mailbox,
            clock=self._clock,
            metrics=self._metrics,
        )
