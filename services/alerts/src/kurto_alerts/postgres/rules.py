"""Rules, their versions and their audit on PostgreSQL."""

import json
from dataclasses import replace
from datetime import datetime

from asyncpg import Record

from kurto_alerts.alert_state import Withdrawal
from kurto_alerts.exceptions import RuleExists, RuleNotFound, RuleVersionMismatch
from kurto_alerts.postgres.circumstances import end_one_shot_shelves
from kurto_alerts.postgres.rows import (
    SELECT_ALERTS,
    Session,
    alert_from_row,
    lock_counters,
    write_transitions,
)
from kurto_alerts.rule_documents import rule_from_document, rule_to_document
from kurto_alerts.rules import Rule
from kurto_alerts.transition_log import apply_changes
from kurto_service.postgres import Pool

_SELECT = (
    "SELECT rule_id, version, definition, create_time, update_time, update_principal"
    " FROM alerts.alert_configurations"
)
_UPDATE = (
    "UPDATE alerts.alert_configurations SET version = $2, definition = $3::jsonb,"
    " update_time = $4, update_principal = $5 WHERE rule_id = $1"
)
_AUDIT = (
    "INSERT INTO alerts.alert_configuration_versions (rule_id, version, change,"
    " definition_before, definition_after, change_time, principal)"
    " VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7)"
)


def rule_from_row(row: Record) -> Rule:
    """Return the rule in a row of alert_configurations."""
    return rule_from_document(
        row["rule_id"],
        json.loads(row["definition"]),
        version=row["version"],
        create_time=row["create_time"],
        update_time=row["update_time"],
        update_principal=row["update_principal"],
    )


async def select_rules(session: Session) -> list[Rule]:
    """Return all rules."""
    return [rule_from_row(row) for row in await session.fetch(_SELECT)]


class PostgresRules:
    """Implements `ports.RuleStore`.

    Each change locks the counters, as each batch of the evaluator does: so a transition is
    never decided under a rule that has changed.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create_rule(self, rule: Rule, *, principal: str, now: datetime) -> Rule:
        """Store a new rule; its version goes on counting if the id was used before."""
        async with self._pool.acquire() as session, session.transaction():
            await _count_change(session)
            if await _select_rule(session, rule.rule_id) is not None:
                raise RuleExists(rule_id=rule.rule_id)
            version = await _last_version(session, rule.rule_id) + 1
            stored = rule.stored(version=version, principal=principal, now=now)
            await session.execute(
                "INSERT INTO alerts.alert_configurations (rule_id, version, definition,"
                " create_time, update_time, update_principal)"
                " VALUES ($1, $2, $3::jsonb, $4, $4, $5)",
                stored.rule_id,
                version,
                _document(stored),
                now,
                principal,
            )
            await _audit(
                session,
                "created",
                before=None,
                after=stored,
                version=version,
                principal=principal,
                now=now,
            )
        return stored

    async def get_rule(self, rule_id: str) -> Rule:
        """Return a rule."""
        async with self._pool.acquire() as session:
            return await _require_rule(session, rule_id)

    async def list_rules(self, *, after_rule_id: str, limit: int) -> list[Rule]:
        """Return up to `limit` rules with a higher id, by id."""
        query = f"{_SELECT} WHERE rule_id > $1 ORDER BY rule_id LIMIT $2"
        async with self._pool.acquire() as session:
            return [rule_from_row(row) for row in await session.fetch(query, after_rule_id, limit)]

    async def update_rule(self, rule: Rule, *, principal: str, now: datetime) -> Rule:
        """Replace a rule; a disabled one has its open alerts withdrawn."""
        async with self._pool.acquire() as session, session.transaction():
            last_number = await _count_change(session)
            before = await _require_rule(session, rule.rule_id)
            if rule.version not in (0, before.version):
                raise RuleVersionMismatch(rule_id=rule.rule_id, version=before.version)
            stored = replace(rule, day_one=before.day_one).stored(
                version=before.version + 1,
                principal=principal,
                now=now,
                create_time=before.create_time,
            )
            await session.execute(
                _UPDATE, stored.rule_id, stored.version, _document(stored), now, principal
            )
            await _audit(
                session,
                "updated",
                before=before,
                after=stored,
                version=stored.version,
                principal=principal,
                now=now,
            )
            if stored.disabled:
                await _withdraw(session, rule.rule_id, last_number, principal, now)
        return stored

    async def delete_rule(self, rule_id: str, *, principal: str, now: datetime) -> None:
        """Delete a rule, if it exists, and withdraw its open alerts."""
        async with self._pool.acquire() as session, session.transaction():
            last_number = await _count_change(session)
            before = await _select_rule(session, rule_id)
            if before is None:
                return
            await session.execute(
                "DELETE FROM alerts.alert_configurations WHERE rule_id = $1", rule_id
            )
            await _audit(
                session,
                "deleted",
                before=before,
                after=None,
                version=before.version + 1,
                principal=principal,
                now=now,
            )
            await _withdraw(session, rule_id, last_number, principal, now)


async def _count_change(session: Session) -> int:
    """Lock the counters and count a change of the rules; return the newest transition number."""
    number, revision = await lock_counters(session)
    await session.execute("UPDATE alerts.counters SET rules_revision = $1", revision + 1)
    return number


async def _select_rule(session: Session, rule_id: str) -> Rule | None:
    row = await session.fetchrow(f"{_SELECT} WHERE rule_id = $1", rule_id)
    return None if row is None else rule_from_row(row)


async def _require_rule(session: Session, rule_id: str) -> Rule:
    rule = await _select_rule(session, rule_id)
    if rule is None:
        raise RuleNotFound(rule_id=rule_id)
    return rule


async def _last_version(session: Session, rule_id: str) -> int:
    version = await session.fetchval(
        "SELECT coalesce(max(version), 0) FROM alerts.alert_configuration_versions"
        " WHERE rule_id = $1",
        rule_id,
    )
    return int(version)


def _document(rule: Rule | None) -> str | None:
    return None if rule is None else json.dumps(rule_to_document(rule), allow_nan=False)


async def _audit(
    session: Session,
    change: str,
    *,
    before: Rule | None,
    after: Rule | None,
    version: int,
    principal: str,
    now: datetime,
) -> None:
    rule = after or before
    assert rule is not None
    await session.execute(
        _AUDIT, rule.rule_id, version, change, _document(before), _document(after), now, principal
    )


async def _withdraw(
    session: Session, rule_id: str, last_number: int, principal: str, now: datetime
) -> None:
    """End the open alerts of a rule."""
    rows = await session.fetch(
        f"{SELECT_ALERTS} WHERE a.rule_id = $1 AND a.resolve_time IS NULL"
        " ORDER BY a.raise_time, a.alert_id",
        rule_id,
    )
    known = {row["alert_id"]: alert_from_row(row) for row in rows}
    transitions = apply_changes(
        known, [Withdrawal(alert_id) for alert_id in known], last_number=last_number, now=now
    )
    signed = [replace(transition, principal=principal) for transition in transitions]
    await write_transitions(session, signed)
    await end_one_shot_shelves(session, signed)
