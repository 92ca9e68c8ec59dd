"""One run of evaluation: reads live and past frames, evaluates them, stores what was decided."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kurto_alerts.diagnoses.ports import DiagnosisPage, DiagnosisSource
from kurto_alerts.diagnoses.reader import DiagnosisReader
from kurto_alerts.evaluation import Evaluation
from kurto_alerts.filling import FillPlanner, FillRequest, FillResult
from kurto_alerts.mailbox import Mailbox
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.ports import EvaluationStore, FeatureHistory, LiveFeatures, LiveMessage
from kurto_alerts.readers import HistoryReader, Inbox, LiveReader
from kurto_service.cancellation import end_tasks
from kurto_service.clock import Clock


@dataclass(frozen=True, kw_only=True)
class SessionLimits:
    """Bounds and times of a session.

    Attributes
    ----------
    inbox_size : int
        Live messages and pages of history that wait to be evaluated; beyond it reading stops.
    commit_items : int
        Of these, at most so many are evaluated before their transitions are stored.
    fill_concurrency : int
        Requests to the history at a time.
    checkpoint_interval_s : float
        Seconds between two whole checkpoints.
    rules_interval_s : float
        Seconds between two looks whether another process has changed rules.
    tick_s : float
        Seconds after which the session looks around although nothing has come.
    diagnosis_poll_s : float
        Seconds between two looks for new diagnoses.
    """

    inbox_size: int
    commit_items: int
    fill_concurrency: int
    checkpoint_interval_s: float
    rules_interval_s: float
    tick_s: float
    diagnosis_poll_s: float = 5.0


@dataclass(frozen=True, kw_only=True)
class SessionPorts:
    """What a session reads from and writes to."""

    store: EvaluationStore
    live: LiveFeatures
    history: FeatureHistory
    streams: Sequence[str]
    committed: Callable[[], None]
    diagnoses: DiagnosisSource | None = None


class EvaluationSession:
    """Evaluates until rules change, or the store fails.

    Parameters
    ----------
    evaluation : Evaluation
        The state to begin with.
    ports : SessionPorts
        The world.
    planner : FillPlanner
        When the history is asked.
    limits : SessionLimits
        Bounds.
    mailbox : Mailbox
        News from the rest of the process.
    clock : Clock
        Time.
    metrics : AlertsMetrics
        Figures.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        ports: SessionPorts,
        *,
        planner: FillPlanner,
        limits: SessionLimits,
        mailbox: Mailbox,
        clock: Clock,
        metrics: AlertsMetrics,
    ) -> None:
        self._evaluation = evaluation
        self._ports = ports
        self._planner = planner
        self._limits = limits
        self._mailbox = mailbox
        self._clock = clock
        self._metrics = metrics
        self._inbox: Inbox = asyncio.Queue(limits.inbox_size)
        self._requests: asyncio.Queue[FillRequest] = asyncio.Queue(limits.fill_concurrency)

    async def run(self) -> None:
        """Evaluate; return once rules have changed and everything before is stored."""
        self._mailbox.listen(self._wake)
        live = LiveReader(
            self._ports.live,
            self._ports.streams,
            self._evaluation.message_ids,
            self._inbox,
            clock=self._clock,
            metrics=self._metrics,
        )
        history = HistoryReader(
            self._ports.history,
            self._evaluation.features,
            self._requests,
            self._inbox,
            metrics=self._metrics,
        )
        tasks = [asyncio.create_task(live.run(), name="alerts-live")]
        tasks += [
            asyncio.create_task(history.run(), name=f"alerts-history-{number}")
            for number in range(self._limits.fill_concurrency)
        ]
        if self._ports.diagnoses is not None:
            diagnoses = self._diagnosis_reader(self._ports.diagnoses)
            tasks.append(asyncio.create_task(diagnoses.run(), name="alerts-diagnoses"))
        try:
            await self._work(tasks)
        finally:
            live.stop()
            # A reader whose cancellation is lost would wait for room in the inbox for ever.
            await end_tasks(tasks)

    def _diagnosis_reader(self, source: DiagnosisSource) -> DiagnosisReader:
        return DiagnosisReader(
            source,
            self._evaluation.diagnosis_positions,
            self._inbox,
            clock=self._clock,
            metrics=self._metrics,
            poll_s=self._limits.diagnosis_poll_s,
        )

    def _wake(self) -> None:
        with contextlib.suppress(asyncio.QueueFull):  # then there is something to wake up for
            self._inbox.put_nowait(None)

    async def _work(self, tasks: list[asyncio.Task[None]]) -> None:
        checkpoint_s = rules_s = self._clock.monotonic()
        while True:
            await self._take_items()
            for task in tasks:
                if task.done():
                    task.result()  # a reader never ends of itself: show why
            self._take_profiles()
            streams = self._mailbox.take_streams()
            if streams is not None:
                self._evaluation.take_streams(streams[0], now_us=streams[1])
            now_s = self._clock.monotonic()
            if now_s - rules_s >= self._limits.rules_interval_s:
                rules_s = now_s
                await self._look_for_rules()
            complete = now_s - checkpoint_s >= self._limits.checkpoint_interval_s
            reload = self._mailbox.rules_changed
            if complete or reload or self._evaluation.has_changes:
                await self._commit(complete=complete or reload)
                checkpoint_s = now_s if complete else checkpoint_s
            if reload:
                self._mailbox.rules_changed = False
                return
            self._plan_fills(now_s)

    async def _take_items(self) -> None:
        """Evaluate what waits, after waiting a tick for it if need be."""
        items: list[LiveMessage | FillResult | DiagnosisPage | None] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.tick_s):
                items.append(await self._inbox.get())
        while len(items) < self._limits.commit_items and not self._inbox.empty():
            items.append(self._inbox.get_nowait())
        if self._mailbox.rules_changed:
            return  # what was read will be read again, under the new rules
        for item in items:
            self._take(item)
        self._metrics.count_evaluation(self._evaluation)

    def _take(self, item: LiveMessage | FillResult | DiagnosisPage | None) -> None:
        if item is None:
            return
        if isinstance(item, DiagnosisPage):
            self._evaluation.take_diagnoses(item)
            return
        now_s = self._clock.monotonic()
        if isinstance(item, FillResult):
            self._take_result(item, now_s)
            return
        self._evaluation.take_message(item, now_s=now_s)
        sensor_ids = {frame.sensor_id for frame in item.frames}
        self._planner.heard(sensor_ids, now_s=now_s)
        for sensor_id in sensor_ids:
            sequence = self._evaluation.sequences.get(sensor_id)
            if sequence is not None and sequence.filling:
                self._planner.note_hole(sensor_id, now_s=now_s)
        if item.frames:
            age_s = self._clock.now().timestamp() - item.frames[-1].end_us / 1e6
            self._metrics.lag_s.observe(max(age_s, 0.0))

    def _take_result(self, result: FillResult, now_s: float) -> None:
        sensor_id = result.request.sensor_id
        count = self._evaluation.take_page(result.page) if result.page is not None else 0
        if result.newest is not None:
            self._evaluation.take_newest(sensor_id, *result.newest)
        sequence = self._evaluation.sequences.get(sensor_id)
        self._planner.answered(
            sensor_id,
            progress=count > 0 or (result.page is not None and not result.page.complete),
            failed=result.failed,
            filling=sequence is not None and sequence.filling,
            now_s=now_s,
        )

    def _take_profiles(self) -> None:
        profiles = self._mailbox.take_profiles()
        for profile in profiles:
            self._evaluation.set_profile(profile)
        if profiles:
            self._evaluation.withdraw_unwatched()

    async def _look_for_rules(self) -> None:
        """Notice rules that another process has changed."""
        if await self._ports.store.rules_revision() != self._evaluation.rules_revision:
            self._mailbox.rules_changed = True

    async def _commit(self, *, complete: bool) -> None:
        batch = self._evaluation.take_batch(complete=complete)
        began_s = self._clock.monotonic()
        transitions = await self._ports.store.commit(batch, now=self._clock.now())
        self._metrics.commit_s.observe(self._clock.monotonic() - began_s)
        if complete:
            self._metrics.checkpoint_time.set(self._clock.now().timestamp())
        for transition in transitions:
            self._metrics.transitions.labels(transition.kind.name).inc()
        if transitions:
            self._ports.committed()

    def _plan_fills(self, now_s: float) -> None:
        free = self._requests.maxsize - self._requests.qsize()
        requests = self._planner.plan(
            self._evaluation.sequences, self._evaluation.profile_ids, now_s=now_s, limit=free
        )
        for request in requests:
            self._requests.put_nowait(request)
        self._metrics.open_holes.set(self._planner.hole_count)
