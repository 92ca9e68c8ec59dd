"""A session of evaluation ends when rules change, whatever its readers are doing."""

import asyncio
from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry

from kurto_alerts.evaluation import Evaluation, EvaluationLimits
from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.fakes.evaluation import MemoryEvaluation
from kurto_alerts.filling import FillPlanner, FillTimes
from kurto_alerts.mailbox import Mailbox
from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.ports import FeatureHistory, LiveMessage
from kurto_alerts.session import EvaluationSession, SessionLimits, SessionPorts
from kurto_service.clock import SystemClock


class LoseOneCancellation:
    """A live stream whose client swallows a cancellation and answers all the same."""

    def __init__(self) -> None:
        self.lost_count = 0
        self._number = 0

    async def read(self, after: Mapping[str, str]) -> Sequence[LiveMessage]:
        try:
            await asyncio.sleep(0.5 if self._number else 0)
        except asyncio.CancelledError:
            self.lost_count += 1
            if self.lost_count > 1:
                raise
        self._number += 8
        return [LiveMessage("s", f"{self._number + k}-0", ()) for k in range(8)]

    async def newest(self, stream: str) -> str:
        return f"{self._number}-0"


async def test_a_reader_that_loses_a_cancellation_does_not_stop_evaluation_for_ever() -> None:
    database = MemoryDatabase()
    store = MemoryEvaluation(database)
    limits = EvaluationLimits(
        backfill_windows=0, waiting_frames=4, longest_hole_windows=10, profile_patience_s=1.0
    )
    live, mailbox = LoseOneCancellation(), Mailbox()
    history: FeatureHistory = NotAsked()
    session = EvaluationSession(
        Evaluation(await store.load(), limits),
        SessionPorts(
            store=store, live=live, history=history, streams=("s",), committed=lambda: None
        ),
        planner=FillPlanner(FillTimes(retry_s=0.1, poll_s=4.0, longest_poll_s=16.0)),
        limits=SessionLimits(
            inbox_size=2,
            commit_items=2,
            fill_concurrency=1,
            checkpoint_interval_s=2.0,
            rules_interval_s=1.0,
            tick_s=0.05,
        ),
        mailbox=mailbox,
        clock=SystemClock(),
        metrics=AlertsMetrics(CollectorRegistry()),
    )
    running = asyncio.create_task(session.run())
    await asyncio.sleep(0.2)  # the inbox was emptied, and a read is under way
    mailbox.put_rules()
    async with asyncio.timeout(60):
        await running
    assert live.lost_count >= 1


class NotAsked(FeatureHistory):
    """A history that nobody asks."""
