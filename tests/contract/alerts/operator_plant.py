"""The stores of operators' actions, and an evaluator that raises what a test says."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kurto_alerts.alert_state import (
    Alert,
    ConditionChange,
    ConditionState,
    Key,
    TransitionKind,
    alert_id_of,
)
from kurto_alerts.exceptions import (
    KurtoError,
)
from kurto_alerts.operators.actions import Action, ActionFilter, ActionKind, Actor
from kurto_alerts.operators.ports import OperatorStore, ReportStore, TimeStore
from kurto_alerts.ports import AlertFilter, AlertStore, EvaluationBatch, EvaluationLock
from kurto_alerts.rules import Level, Rule, Severity
from kurto_alerts.testing import START_US, make_rule

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Kind = TransitionKind


@dataclass
class Plant:
    """The stores, and an evaluator that raises what a test says."""

    alerts: AlertStore
    operators: OperatorStore
    second: OperatorStore
    time: TimeStore
    reports: ReportStore
    lock: EvaluationLock
    window: int = 0

    async def change(
        self,
        kind: TransitionKind = Kind.RAISED,
        *,
        sensor: str = "pump-7",
        severity: Severity = Severity.WARNING,
        rule: Rule | None = None,
        alert: Alert | None = None,
        now: datetime = NOW,
        machine: str = "",
    ) -> Alert:
        """Store one decision of the evaluator and return the alert after it."""
        self.window += 1
        rule = rule or make_rule()
        key = Key(sensor, "horizontal", rule.rule_id) if alert is None else alert.key
        instance = alert.instance if alert else alert_id_of(key, epoch=1, window_index=self.window)
        ended = kind is Kind.RESOLVED
        store = await self.lock.acquire()
        assert store is not None
        change = ConditionChange(
            kind=kind, alert_id=instance, key=key, rule=rule, severity=severity,
            state=ConditionState.NORMAL if ended else ConditionState.ACTIVE,
            value=1.5, worst_value=2.5, limit=1.0, epoch=1, window_index=self.window,
            time_us=START_US + self.window * 100_000, machine_id=machine,
        )  # fmt: skip
        revision = await store.rules_revision()
        batch = EvaluationBatch(rules_revision=revision, changes=[change])
        (transition,) = await store.commit(batch, now=now)
        return transition.alert

    async def act(self, alert_id: str, action: Action) -> Alert:
        (outcome,) = await self.operators.act([alert_id], action)
        if isinstance(outcome, KurtoError):
            raise outcome
        return outcome

    async def kinds(self, alert_id: str) -> list[TransitionKind]:
        _, transitions = await self.alerts.get_alert(alert_id)
        return [transition.kind for transition in transitions]

    async def audit(self, **parts: Any) -> list[Any]:
        return await self.operators.list_actions(
            ActionFilter(**parts), before_number=None, limit=1000
        )

    async def active(self, **parts: Any) -> list[str]:
        found, _ = await self.alerts.list_active(AlertFilter(**parts), after=None, limit=1000)
        return [alert.alert_id for alert in found]


def action(kind: ActionKind, *, user: str = "Anna", at: timedelta = MINUTE, **parts: Any) -> Action:
    actor = Actor(principal=f"token-{user.lower()}", user=user)
    return Action(kind=kind, actor=actor, time=NOW + at, **{"text": "why", **parts})


def shelve(*, hours: float = 1, one_shot: bool = False, **parts: Any) -> Action:
    until = NOW + timedelta(hours=hours)
    return action(ActionKind.SHELVE, expire_time=until, one_shot=one_shot, **parts)


def latching(rule_id: str = "rms-high") -> Rule:
    rule = make_rule(rule_id)
    levels = tuple(replace(level, latch=True) for level in rule.levels)
    assert all(isinstance(level, Level) for level in levels)
    return replace(rule, levels=levels)
