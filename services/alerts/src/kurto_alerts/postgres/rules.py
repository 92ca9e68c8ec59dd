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
from kurto_alerts.rule_changes import (
    ChangeKind,
    RuleSet,
    RuleVersion,
    VersionPosition,
    change_of,
    plan_changes,
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
_INSERT = (
    "INSERT INTO alerts.alert_configurations (rule_id, version, definition,"
    " create_time, update_time, update_principal) VALUES ($1, $2, $3::jsonb, $4, $4, $5)"
)
_DELETE = "DELETE FROM alerts.alert_configurations WHERE rule_id = $1"
_LAST_VERSIONS = (
    "SELECT rule_id, max(version) AS version FROM alerts.alert_configuration_versions"
    " WHERE rule_id = ANY($1) GROUP BY rule_id"
)
_SELECT_VERSIONS = (
    "SELECT rule_id, version, change, definition_before, definition_after, change_time, principal"
    " FROM alerts.alert_configuration_versions"
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


def version_from_row(row: Record) -> RuleVersion:
    """Return the change in a row of alert_configuration_versions."""

    def rule(column: str) -> Rule | None:
        if row[column] is None:
            return None
        return rule_from_document(row["rule_id"], json.loads(row[column]))

    return RuleVersion(
        rule_id=row["rule_id"],
        version=row["version"],
        kind=ChangeKind(row["change"]),
        before=rule("definition_before"),
        after=rule("definition_after"),
        time=row["change_time"],
        principal=row["principal"],
    )


async def select_rules(session: Session) -> list[Rule]:
    """Return all rules."""
    return [rule_from_row(row) for row in await session.fetch(_SELECT)]


class PostgresRules:
    """Implements `rule_store.RuleHistory`.

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
            await _write(session, change_of(None, stored, principal=principal, now=now))
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
            await _write(session, change_of(before, stored, principal=principal, now=now))
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
            await _write(session, change_of(before, None, principal=principal, now=now))
            await _withdraw(session, rule_id, last_number, principal, now)

    async def apply_rules(
        self, wanted: RuleSet, *, dry_run: bool, principal: str, now: datetime
    ) -> list[RuleVersion]:
        """Bring the rules into a form, all or none, and return what was or would be done."""
        async with self._pool.acquire() as session, session.transaction():
            number = (await lock_counters(session))[0] if dry_run else await _count_change(session)
            current = {rule.rule_id: rule for rule in await select_rules(session)}
            last = await session.fetch(_LAST_VERSIONS, [rule.rule_id for rule in wanted.rules])
            last_versions = {row["rule_id"]: row["version"] for row in last}
            changes = plan_changes(wanted, current, last_versions, principal=principal, now=now)
            for change in () if dry_run else changes:
                if change.kind is ChangeKind.UNCHANGED:
                    continue
                await _write(session, change)
                if change.after is None or change.after.disabled:
                    number += await _withdraw(session, change.rule_id, number, principal, now)
        return changes

    async def list_versions(
        self, *, rule_id: str, after: VersionPosition | None, limit: int
    ) -> list[RuleVersion]:
        """Return changes, of one rule or of all, the newest first."""
        conditions, values = ["true"], list[object]()
        if rule_id:
            values.append(rule_id)
            conditions.append("rule_id = $1")
        if after is not None:
            first = len(values) + 1
            conditions.append(
                f"(change_time, rule_id, version) < (${first}, ${first + 1}, ${first + 2})"
            )
            values += [after.time, after.rule_id, after.version]
        query = (
            f"{_SELECT_VERSIONS} WHERE {' AND '.join(conditions)}"
            f" ORDER BY change_time DESC, rule_id DESC, version DESC LIMIT {int(limit)}"
        )
        async with self._pool.acquire() as session:
            return [version_from_row(row) for row in await session.fetch(query, *values)]


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


async def _write(session: Session, change: RuleVersion) -> None:
    """Store a change of a rule and put it into the audit."""
    after = change.after
    if after is None:
        await session.execute(_DELETE, change.rule_id)
    elif change.before is None:
        await session.execute(
            _INSERT, change.rule_id, change.version, _document(after), change.time, change.principal
        )
    else:
        await session.execute(
            _UPDATE, change.rule_id, change.version, _document(after), change.time, change.principal
        )
    await session.execute(
        _AUDIT,
        change.rule_id,
        change.version,
        change.kind.value,
        _document(change.before),
        _document(after),
        change.time,
        change.principal,
    )


async def _withdraw(
    session: Session, rule_id: str, last_number: int, principal: str, now: datetime
) -> int:
    """End the open alerts of a rule; return how many."""
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
    return len(signed)
