"""The stores in memory, for tests; they pass the same contract suite as those on PostgreSQL."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from kurto_alerts.alert_state import (
    Acknowledgment,
    Alert,
    ConditionChange,
    ConditionState,
    Key,
    Transition,
    TransitionKind,
    Withdrawal,
    acknowledge_alert,
)
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.exceptions import (
    AlertNotFound,
    RuleExists,
    RuleNotFound,
    RuleVersionMismatch,
    StaleRulesError,
)
from kurto_alerts.frames import SensorProfile
from kurto_alerts.ports import (
    ActivePosition,
    AlertFilter,
    EvaluationBatch,
    EvaluationState,
    HistoryPosition,
    OpenAlert,
)
from kurto_alerts.rules import Rule, Severity
from kurto_alerts.transition_log import apply_changes


@dataclass
class MemoryDatabase:
    """What the stores in memory share."""

    rules: dict[str, Rule] = field(default_factory=dict)
    rule_versions: dict[str, int] = field(default_factory=dict)
    rules_revision: int = 0
    alerts: dict[str, Alert] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    published: int = 0
    checkpoints: dict[str, SensorCheckpoint] = field(default_factory=dict)
    message_ids: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, SensorProfile] = field(default_factory=dict)
    registry_cursor: str = ""
    evaluator: object | None = None

    def decide(
        self, changes: Iterable[ConditionChange | Withdrawal], now: datetime, principal: str = ""
    ) -> list[Transition]:
        """Apply changes and number their transitions."""
        last_number = len(self.transitions)
        made = apply_changes(self.alerts, changes, last_number=last_number, now=now)
        signed = [replace(transition, principal=principal) for transition in made]
        self.append(signed)
        return signed

    def append(self, transitions: Sequence[Transition]) -> None:
        """Store transitions and the alerts after them."""
        self.transitions += transitions
        for transition in transitions:
            self.alerts[transition.alert.alert_id] = transition.alert

    def open_alerts(self) -> list[Alert]:
        """Return the open alerts."""
        return [alert for alert in self.alerts.values() if alert.is_open]


class MemoryRules:
    """Implements `ports.RuleStore`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def create_rule(self, rule: Rule, *, principal: str, now: datetime) -> Rule:
        """Store a new rule."""
        if rule.rule_id in self._database.rules:
            raise RuleExists(rule_id=rule.rule_id)
        version = self._database.rule_versions.get(rule.rule_id, 0) + 1
        return self._keep(rule.stored(version=version, principal=principal, now=now))

    def _keep(self, rule: Rule) -> Rule:
        self._database.rules[rule.rule_id] = rule
        self._database.rule_versions[rule.rule_id] = rule.version
        self._database.rules_revision += 1
        return rule

    async def get_rule(self, rule_id: str) -> Rule:
        """Return a rule."""
        rule = self._database.rules.get(rule_id)
        if rule is None:
            raise RuleNotFound(rule_id=rule_id)
        return rule

    async def list_rules(self, *, after_rule_id: str, limit: int) -> list[Rule]:
        """Return up to `limit` rules with a higher id, by id."""
        rule_ids = sorted(key for key in self._database.rules if key > after_rule_id)
        return [self._database.rules[rule_id] for rule_id in rule_ids[:limit]]

    async def update_rule(self, rule: Rule, *, principal: str, now: datetime) -> Rule:
        """Replace a rule; a disabled one has its open alerts withdrawn."""
        before = await self.get_rule(rule.rule_id)
        if rule.version not in (0, before.version):
            raise RuleVersionMismatch(rule_id=rule.rule_id, version=before.version)
        stored = rule.stored(
            version=before.version + 1,
            principal=principal,
            now=now,
            create_time=before.create_time,
        )
        if stored.disabled:
            self._withdraw(rule.rule_id, principal, now)
        return self._keep(stored)

    async def delete_rule(self, rule_id: str, *, principal: str, now: datetime) -> None:
        """Delete a rule, if it exists, and withdraw its open alerts."""
        if self._database.rules.pop(rule_id, None) is not None:
            self._database.rule_versions[rule_id] += 1
            self._database.rules_revision += 1
            self._withdraw(rule_id, principal, now)

    def _withdraw(self, rule_id: str, principal: str, now: datetime) -> None:
        alerts = [alert for alert in self._database.open_alerts() if alert.rule_id == rule_id]
        alerts.sort(key=lambda alert: (alert.raise_time, alert.alert_id))
        withdrawals = [Withdrawal(alert.alert_id) for alert in alerts]
        self._database.decide(withdrawals, now, principal)


class MemoryAlerts:
    """Implements `ports.AlertStore`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def list_active(
        self, chosen: AlertFilter, *, after: ActivePosition | None, limit: int
    ) -> tuple[list[Alert], int]:
        """Return open alerts and the number of the newest transition that they include."""

        def order(alert: Alert) -> tuple[int, datetime, str]:
            return int(alert.severity), alert.raise_time, alert.alert_id

        alerts = [alert for alert in self._database.open_alerts() if _matches(alert, chosen)]
        if after is not None:
            place = (after.severity, after.raise_time, after.alert_id)
            alerts = [alert for alert in alerts if order(alert) < place]
        alerts.sort(key=order, reverse=True)
        return alerts[:limit], len(self._database.transitions)

    async def list_history(
        self, chosen: AlertFilter, *, after: HistoryPosition | None, limit: int
    ) -> list[Alert]:
        """Return alerts, open and ended, the newest first."""

        def order(alert: Alert) -> tuple[datetime, str]:
            return alert.raise_time, alert.alert_id

        alerts = [alert for alert in self._database.alerts.values() if _matches(alert, chosen)]
        if after is not None:
            place = (after.raise_time, after.alert_id)
            alerts = [alert for alert in alerts if order(alert) < place]
        return sorted(alerts, key=order, reverse=True)[:limit]

    async def get_alert(self, alert_id: str) -> tuple[Alert, list[Transition]]:
        """Return an alert and its transitions, oldest first."""
        alert = self._database.alerts.get(alert_id)
        if alert is None:
            raise AlertNotFound(alert_id=alert_id)
        transitions = self._database.transitions
        return alert, [one for one in transitions if one.alert.alert_id == alert_id]

    async def acknowledge(
        self,
        alert_id: str,
        *,
        principal: str,
        user: str,
        comment: str,
        revision: int,
        now: datetime,
    ) -> Alert:
        """Acknowledge an open alert."""
        before, _ = await self.get_alert(alert_id)
        number = len(self._database.transitions) + 1
        acknowledgment = Acknowledgment(
            transition_number=number, principal=principal, user=user, comment=comment, time=now
        )
        alert = acknowledge_alert(before, acknowledgment, revision=revision)
        transition = Transition(
            number=number,
            kind=TransitionKind.ACKNOWLEDGED,
            alert=alert,
            time=now,
            principal=principal,
        )
        self._database.append([transition])
        return alert

    async def list_transitions(
        self, *, after_number: int, limit: int
    ) -> tuple[list[Transition], int]:
        """Return transitions by number and the number of the newest that exists."""
        transitions = self._database.transitions
        return transitions[after_number : after_number + limit], len(transitions)

    async def count_open(self) -> Mapping[Severity, int]:
        """Return the number of open alerts of each severity."""
        severities = [alert.severity for alert in self._database.open_alerts()]
        return {severity: severities.count(severity) for severity in Severity if severity}


def _matches(alert: Alert, chosen: AlertFilter) -> bool:
    return (
        chosen.sensor_id in ("", alert.sensor_id)
        and (chosen.start_time is None or alert.raise_time >= chosen.start_time)
        and (chosen.end_time is None or alert.raise_time < chosen.end_time)
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
                Key(alert.sensor_id, alert.channel, alert.rule_id): OpenAlert(
                    alert.alert_id,
                    int(alert.severity),
                    alert.state is ConditionState.RECOVERING,
                    alert.worst_value,
                    alert.unit,
                )
                for alert in database.open_alerts()
            },
            message_ids=dict(database.message_ids),
        )

    async def commit(self, batch: EvaluationBatch, *, now: datetime) -> list[Transition]:
        """Store a batch and return its transitions."""
        database = self._database
        concerns_rules = batch.changes or batch.withdrawals or batch.worst_values
        if concerns_rules and batch.rules_revision != database.rules_revision:
            raise StaleRulesError
        transitions = database.decide([*batch.changes, *batch.withdrawals], now)
        for checkpoint in batch.checkpoints:
            # Through JSON, as a real store would: what it cannot carry must show.
            document = json.loads(json.dumps(checkpoint.to_document()))
            database.checkpoints[checkpoint.sensor_id] = SensorCheckpoint.from_document(
                checkpoint.sensor_id, checkpoint.epoch, checkpoint.window_index, document
            )
        database.message_ids.update(batch.message_ids)
        for alert_id, worst_value in batch.worst_values.items():
            alert = database.alerts.get(alert_id)
            if alert is not None and alert.is_open:
                database.alerts[alert_id] = replace(alert, worst_value=worst_value)
        return transitions

    async def rules_revision(self) -> int:
        """Return the number of changes of rules so far."""
        return self._database.rules_revision


class MemoryPublication:
    """Implements `ports.PublicationStore`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self._sending = asyncio.Lock()

    async def publish_next(
        self, send: Callable[[Sequence[Transition]], Awaitable[None]], *, limit: int
    ) -> int:
        """Send the next unpublished transitions and remember that; return how many."""
        if self._sending.locked():
            return 0
        async with self._sending:
            first = self._database.published
            transitions = self._database.transitions[first : first + limit]
            if transitions:
                await send(transitions)
                self._database.published += len(transitions)
            return len(transitions)


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
