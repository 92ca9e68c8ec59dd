"""Rules in memory."""

from dataclasses import replace
from datetime import datetime

from kurto_alerts.alert_state import (
    Withdrawal,
)
from kurto_alerts.exceptions import (
    RuleExists,
    RuleNotFound,
    RuleVersionMismatch,
)
from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.rules import Rule


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
        stored = replace(rule, day_one=before.day_one).stored(
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
