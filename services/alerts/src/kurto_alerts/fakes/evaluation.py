"""Evaluation, publication and profiles in memory."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kurto_alerts.alert_state import (
    AlertKind,
    ConditionState,
    Transition,
    TransitionKind,
)
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.exceptions import (
    StaleRulesError,
)
from kurto_alerts.fakes.database import KeepAttempts, MemoryDatabase
from kurto_alerts.frames import SensorProfile
from kurto_alerts.keeping import KeepRequest
from kurto_alerts.ports import (
    EvaluationBatch,
    EvaluationState,
    OpenAlert,
)


class MemoryEvaluationLock:
    """Implements `ports.EvaluationLock`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def acquire(self) -> "MemoryEvaluation | None":
        """Return the store if nobody else evaluates, else None."""
        if self._database.evaluator not in (None, self):
            return None
        self._database.evaluator = self
        return MemoryEvaluation(self._database)

    async def release(self) -> None:
        """Give the right back, if it is held."""
        if self._database.evaluator is self:
            self._database.evaluator = None


class MemoryEvaluation:
    """Implements `ports.EvaluationStore`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def load(self) -> EvaluationState:
        """Return where to begin."""
        database = self._database
        return EvaluationState(
            rules_revision=database.rules_revision,
            rules=list(database.rules.values()),
            profiles=dict(database.profiles),
            checkpoints=list(database.checkpoints.values()),
            open_alerts={
                alert.key: OpenAlert(
                    alert.instance,
                    int(alert.severity),
                    alert.state is ConditionState.RECOVERING,
                    alert.worst_value,
                    alert.unit,
                    latched=alert.state is ConditionState.NORMAL,
                    suppression=alert.suppression,
                    sensor_id=alert.sensor_id,
                )
                for alert in database.open_alerts()
                if alert.kind is AlertKind.VIBRATION
            },
            message_ids=dict(database.message_ids),
            open_problems={
                alert.key: alert.instance
                for alert in database.open_alerts()
                if alert.kind is not AlertKind.VIBRATION
            },
        )

    async def commit(self, batch: EvaluationBatch, *, now: datetime) -> list[Transition]:
        """Store a batch and return its transitions."""
        database = self._database
        concerns_rules = batch.changes or batch.withdrawals or batch.worst_values
        if concerns_rules and batch.rules_revision != database.rules_revision:
            raise StaleRulesError
        transitions = database.decide([*batch.changes, *batch.withdrawals], now)
        raised = {t.alert.alert_id for t in transitions if t.kind is TransitionKind.RAISED}
        for request in batch.keep_requests:
            if request.alert_id in raised:
                database.keep_requests.setdefault(request, KeepAttempts(now, now))
        for checkpoint in batch.checkpoints:
            # Through JSON, as a real store would: what it cannot carry must show.
            document = json.loads(json.dumps(checkpoint.to_document()))
            database.checkpoints[checkpoint.sensor_id] = SensorCheckpoint.from_document(
                checkpoint.sensor_id, checkpoint.epoch, checkpoint.window_index, document
            )
        database.message_ids.update(batch.message_ids)
        for alert in database.open_alerts():
            worst_value = batch.worst_values.get(alert.instance)
            if worst_value is not None:
                database.alerts[alert.alert_id] = replace(alert, worst_value=worst_value)
        return transitions

    async def rules_revision(self) -> int:
        """Return the number of changes of rules so far."""
        return self._database.rules_revision


class MemoryPublication:
    """Implements `ports.PublicationStore`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self._sending = False

    async def publish_next(
        self, send: Callable[[Sequence[Transition]], Awaitable[None]], *, limit: int
    ) -> int:
        """Send the next unpublished transitions and remember that; return how many."""
        if self._sending:
            return 0
        self._sending = True
        try:
            first = self._database.published
            transitions = self._database.transitions[first : first + limit]
            if transitions:
                await send(transitions)
                self._database.published += len(transitions)
            return len(transitions)
        finally:
            self._sending = False


class MemoryKeepRequests:
    """Implements `ports.KeepRequestStore`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._requests = database.keep_requests

    async def take_due(
        self, *, now: datetime, limit: int, first_pause_s: float, longest_pause_s: float
    ) -> list[KeepRequest]:
        """Return requests that are due, and put their next attempt off, longer each time."""
        due = [item for item in self._requests.items() if item[1].next_attempt_time <= now]
        taken = sorted(due, key=lambda item: item[1].next_attempt_time)[:limit]
        for _, attempts in taken:
            pause_s = min(first_pause_s * 2 ** min(attempts.count, 20), longest_pause_s)
            attempts.count += 1
            attempts.next_attempt_time = now + timedelta(seconds=pause_s)
        return [request for request, _ in taken]

    async def finish(self, request: KeepRequest) -> None:
        """Forget a request."""
        self._requests.pop(request, None)

    async def drop_older(self, create_time: datetime) -> list[KeepRequest]:
        """Forget requests made before a time, and return them."""
        old = [one for one, tries in self._requests.items() if tries.create_time < create_time]
        for request in old:
            del self._requests[request]
        return old


class MemoryProfiles:
    """Implements `ports.ProfileStore`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def load_profiles(self) -> tuple[dict[str, SensorProfile], str]:
        """Return the profiles and the registry's cursor; empty at first."""
        return dict(self._database.profiles), self._database.registry_cursor

    async def save_profiles(self, profiles: Sequence[SensorProfile], cursor: str) -> None:
        """Store changed profiles together with the cursor behind them."""
        self._database.profiles.update({profile.sensor_id: profile for profile in profiles})
        self._database.registry_cursor = cursor
