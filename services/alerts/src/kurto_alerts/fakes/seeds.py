"""Rules that come with a machine, in memory."""

from collections.abc import Sequence
from datetime import datetime

from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.rule_changes import change_of
from kurto_alerts.rules import Rule


class MemorySeeds:
    """Implements `RuleSeeds`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def create_unless_ever(
        self, rules: Sequence[Rule], *, principal: str, now: datetime
    ) -> list[Rule]:
        """Create those whose id was never used, and return them."""
        database = self._database
        new = [
            rule.stored(version=1, principal=principal, now=now)
            for rule in rules
            if rule.rule_id not in database.rule_versions
        ]
        for rule in new:
            database.rules[rule.rule_id] = rule
            database.rule_versions[rule.rule_id] = rule.version
            database.rule_changes.append(change_of(None, rule, principal=principal, now=now))
        database.rules_revision += bool(new)
        return new
