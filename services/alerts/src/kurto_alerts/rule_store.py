"""What the service needs of a store of rules beyond single ones."""

from datetime import datetime
from typing import Protocol

from kurto_alerts.ports import RuleStore
from kurto_alerts.rule_changes import RuleSet, RuleVersion, VersionPosition


class RuleHistory(RuleStore, Protocol):
    """Keeps rules, brings many into a form at once, and shows who changed them."""

    async def apply_rules(
        self, wanted: RuleSet, *, dry_run: bool, principal: str, now: datetime
    ) -> list[RuleVersion]:
        """Bring the rules into a form, all or none, and return what was or would be done.

        See `rule_changes.plan_changes` for what is refused.
        """

    async def list_versions(
        self, *, rule_id: str, after: VersionPosition | None, limit: int
    ) -> list[RuleVersion]:
        """Return changes, of one rule or of all (""), the newest first."""
