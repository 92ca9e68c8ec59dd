"""Creates the rules that come with a machine, each of them once and for all."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from kurto_alerts.failures import is_passing
from kurto_alerts.frames import SensorProfile
from kurto_alerts.ports import ProfileStore
from kurto_alerts.references.day_one import day_one_rules
from kurto_alerts.rules import Rule
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)

PRINCIPAL = "kurto-alerts"
RETRY_S = 5.0


class RuleSeeds(Protocol):
    """Creates rules that never existed."""

    async def create_unless_ever(
        self, rules: Sequence[Rule], *, principal: str, now: datetime
    ) -> list[Rule]:
        """Create those whose id was never used, and return them.

        Whoever edited or deleted such a rule has decided: it doesn't come again.
        """


class Seeder:
    """Creates day-one rules at the start and whenever the registry names sensors.

    Parameters
    ----------
    seeds : RuleSeeds
        Where rules are created.
    profiles : ProfileStore
        The sensors that are known.
    created : callable
        Called after rules were created, so that evaluation takes them up.
    clock : Clock
        Time.
    """

    def __init__(
        self,
        seeds: RuleSeeds,
        profiles: ProfileStore,
        created: Callable[[], None],
        *,
        clock: Clock,
    ) -> None:
        self._seeds = seeds
        self._profiles = profiles
        self._created = created
        self._clock = clock
        self._wake = asyncio.Event()
        self._settled: set[str] = set()

    def profiles_changed(self) -> None:
        """Look again; the profiles must be stored already."""
        self._wake.set()

    async def run(self) -> None:
        """Create for ever; an absent PostgreSQL only postpones it."""
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                profiles, _ = await self._profiles.load_profiles()
                await self.seed(list(profiles.values()))
            except Exception as error:
                if not is_passing(error):
                    raise
                extra = {"action": "day_one_postponed", "problem": repr(error)}
                _LOG.warning("Day-one rules cannot be created yet", extra=extra)
                await self._clock.sleep(RETRY_S)
                self._wake.set()

    async def seed(self, profiles: Sequence[SensorProfile]) -> None:
        """Create what these sensors have and that never existed."""
        rules = [rule for rule in day_one_rules(profiles) if rule.rule_id not in self._settled]
        if not rules:
            return
        created = await self._seeds.create_unless_ever(
            rules, principal=PRINCIPAL, now=self._clock.now()
        )
        self._settled.update(rule.rule_id for rule in rules)
        if created:
            extra = {"action": "day_one_created", "rules": len(created)}
            _LOG.info("Day-one rules created", extra=extra)
            self._created()
