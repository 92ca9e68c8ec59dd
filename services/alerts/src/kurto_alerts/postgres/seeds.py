"""Rules that come with a machine, created once and for all, on PostgreSQL."""

import json
from collections.abc import Sequence
from datetime import datetime

from kurto_alerts.postgres.rows import lock_counters
from kurto_alerts.rule_documents import rule_to_document
from kurto_alerts.rules import Rule
from kurto_service.postgres import Pool

# The audit knows every id that was ever used; the rules are asked too, for they are the truth.
_USED = """
SELECT rule_id FROM alerts.alert_configuration_versions WHERE rule_id = ANY($1)
UNION SELECT rule_id FROM alerts.alert_configurations WHERE rule_id = ANY($1)
"""
_INSERT = """
INSERT INTO alerts.alert_configurations
    (rule_id, version, definition, create_time, update_time, update_principal)
VALUES ($1, 1, $2::jsonb, $3, $3, $4)
"""
_AUDIT = """
INSERT INTO alerts.alert_configuration_versions
    (rule_id, version, change, definition_before, definition_after, change_time, principal)
VALUES ($1, 1, 'created', NULL, $2::jsonb, $3, $4)
"""


class PostgresSeeds:
    """Implements `RuleSeeds`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create_unless_ever(
        self, rules: Sequence[Rule], *, principal: str, now: datetime
    ) -> list[Rule]:
        """Create those whose id was never used, and return them."""
        rule_ids = [rule.rule_id for rule in rules]
        async with self._pool.acquire() as session, session.transaction():
            # Every change of rules holds this lock: nobody creates one of them meanwhile.
            _, revision = await lock_counters(session)
            used = {row["rule_id"] for row in await session.fetch(_USED, rule_ids)}
            new = [
                rule.stored(version=1, principal=principal, now=now)
                for rule in rules
                if rule.rule_id not in used
            ]
            rows = [
                (rule.rule_id, json.dumps(rule_to_document(rule), allow_nan=False), now, principal)
                for rule in new
            ]
            if rows:
                await session.executemany(_INSERT, rows)
                await session.executemany(_AUDIT, rows)
                await session.execute(
                    "UPDATE alerts.counters SET rules_revision = $1", revision + 1
                )
        return new
