"""Rules in memory."""

from dataclasses import replace
from datetime import datetime

from kurto_alerts.alert_state import Withdrawal
from kurto_alerts.exceptions import RuleExists, RuleNotFound, RuleVersionMismatch
from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.rule_changes import (
    ChangeKind,
    RuleSet,
    RuleVersion,
    VersionPosition,
    change_of,
    plan_changes,
)
from kurto_alerts.rules import Rule


class MemoryRules:
    """Implements `rule_store.RuleHistory`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def create_rule(self, rule: Rule, *, principal: str, now: datetime) -> Rule:
        """Store a new rule."""
        if rule.rule_id in self._database.rules:
            raise RuleExists(rule_id=rule.rule_id)
        version = self._database.rule_versions.get(rule.rule_id, 0) + 1
        stored = rule.stored(version=version, principal=principal, now=now)
        self._write(change_of(None, stored, principal=principal, now=now))
        return stored

    def _write(self, change: RuleVersion) -> None:
        """Store a change and withdraw the alerts of a rule that is no longer evaluated."""
        if change.after is None:
            del self._database.rules[change.rule_id]
        else:
            self._database.rules[change.rule_id] = change.after
        self._database.rule_versions[change.rule_id] = change.version
        self._database.rules_revision += 1
        self._database.rule_changes.append(change)
        if change.after is None or change.after.disabled:
            self._withdraw(change.rule_id, change.principal, change.time)

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
        self._write(change_of(before, stored, principal=principal, now=now))
        return stored

    async def delete_rule(self, rule_id: str, *, principal: str, now: datetime) -> None:
        """Delete a rule, if it exists, and withdraw its open alerts."""
        before = self._database.rules.get(rule_id)
        if before is not None:
            self._write(change_of(before, None, principal=principal, now=now))

    async def apply_rules(
        self, wanted: RuleSet, *, dry_run: bool, principal: str, now: datetime
    ) -> list[RuleVersion]:
        """Bring the rules into a form, all or none, and return what was or would be done."""
        changes = plan_changes(
            wanted,
            self._database.rules,
            self._database.rule_versions,
            principal=principal,
            now=now,
        )
        for change in () if dry_run else changes:
            if change.kind is not ChangeKind.UNCHANGED:
                self._write(change)
        return changes

    async def list_versions(
        self, *, rule_id: str, after: VersionPosition | None, limit: int
    ) -> list[RuleVersion]:
        """Return changes, of one rule or of all, the newest first."""
        found = sorted(
            (change for change in self._database.rule_changes if rule_id in ("", change.rule_id)),
            key=_place,
            reverse=True,
        )
        if after is not None:
            place = (after.time, after.rule_id, after.version)
            found = [change for change in found if _place(change) < place]
        return found[:limit]

    def _withdraw(self, rule_id: str, principal: str, now: datetime) -> None:
        alerts = [alert for alert in self._database.open_alerts() if alert.rule_id == rule_id]
        alerts.sort(key=lambda alert: (alert.raise_time, alert.alert_id))
        withdrawals = [Withdrawal(alert.alert_id) for alert in alerts]
        self._database.decide(withdrawals, now, principal)


def _place(change: RuleVersion) -> tuple[datetime, str, int]:
    return change.time, change.rule_id, change.version
