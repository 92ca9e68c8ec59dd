"""The stores of rules and alerts, in memory or on PostgreSQL, and what tests do to them."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kurto_alerts.alert_state import (
    Alert,
    ConditionChange,
    ConditionState,
    Key,
    Transition,
    TransitionKind,
    alert_id_of,
)
from kurto_alerts.exceptions import (
    KurtoError,
)
from kurto_alerts.fakes import (
    MemoryAlerts,
    MemoryDatabase,
    MemoryEvaluationLock,
    MemoryKeepRequests,
    MemoryOperators,
    MemoryProfiles,
    MemoryPublication,
    MemoryRules,
)
from kurto_alerts.operators.actions import Action, ActionKind, Actor
from kurto_alerts.operators.ports import OperatorStore
from kurto_alerts.ports import (
    AlertFilter,
    AlertStore,
    EvaluationBatch,
    EvaluationLock,
    EvaluationStore,
    KeepRequestStore,
    ProfileStore,
    PublicationStore,
    RuleStore,
)
from kurto_alerts.rules import Rule, Severity
from kurto_alerts.testing import START_US, make_rule
from kurto_service.postgres import migrate

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVERYTHING = AlertFilter()


@dataclass
class Stores:
    rules: RuleStore
    alerts: AlertStore
    operators: OperatorStore
    lock: EvaluationLock
    second_lock: EvaluationLock
    publication: PublicationStore
    profiles: ProfileStore
    keep_requests: KeepRequestStore

    async def evaluation(self) -> EvaluationStore:
        store = await self.lock.acquire()
        assert store is not None
        return store


def memory_stores() -> Stores:
    database = MemoryDatabase()
    return Stores(
        MemoryRules(database),
        MemoryAlerts(database),
        MemoryOperators(database),
        MemoryEvaluationLock(database),
        MemoryEvaluationLock(database),
        MemoryPublication(database),
        MemoryProfiles(database),
        MemoryKeepRequests(database),
    )


def prepare(dsn: str) -> None:
    asyncio.run(migrate(dsn, "alerts", "kurto_alerts:migrations"))


def change(
    kind: TransitionKind = TransitionKind.RAISED,
    *,
    window: int = 0,
    sensor: str = "pump-7",
    severity: Severity = Severity.WARNING,
    rule: Rule | None = None,
    raised_at: int = 0,
) -> ConditionChange:
    rule = rule or make_rule()
    key = Key(sensor, "horizontal", rule.rule_id)
    ended = kind is TransitionKind.RESOLVED
    return ConditionChange(
        kind=kind,
        alert_id=alert_id_of(key, epoch=1, window_index=raised_at),
        key=key,
        rule=rule,
        severity=severity,
        state=ConditionState.NORMAL if ended else ConditionState.ACTIVE,
        value=1.5,
        worst_value=2.5,
        limit=1.0,
        epoch=1,
        window_index=window,
        time_us=START_US + window * 100_000,
    )


async def commit(
    store: EvaluationStore, *changes: ConditionChange, **parts: Any
) -> list[Transition]:
    revision = await store.rules_revision()
    batch = EvaluationBatch(rules_revision=revision, changes=changes, **parts)
    return await store.commit(batch, now=NOW)


async def acknowledge(
    stores: Stores, alert_id: str, *, user: str = "Anna", revision: int = 0
) -> Alert:
    action = Action(
        kind=ActionKind.ACKNOWLEDGE,
        actor=Actor(principal="token-anna", user=user),
        time=NOW + timedelta(seconds=1),
        text="looking",
        revision=revision,
    )
    (outcome,) = await stores.operators.act([alert_id], action)
    if isinstance(outcome, KurtoError):
        raise outcome
    return outcome
