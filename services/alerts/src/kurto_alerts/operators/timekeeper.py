"""Does what time does to alerts: shelves end, and what is acknowledged for long comes up again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from kurto_alerts.failures import is_passing
from kurto_alerts.operators.ports import TimeStore
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TimekeeperLimits:
    """Times and bounds.

    Attributes
    ----------
    poll_s : float
        Seconds between two looks.
    realarm_s : float
        Seconds after which an active, acknowledged alert comes up again.
    batch_size : int
        Alerts changed in one transaction at most.
    """

    poll_s: float
    realarm_s: float
    batch_size: int


class Timekeeper:
    """Looks for what is due and has it done; any number of processes may run one.

    Parameters
    ----------
    store : TimeStore
        Does it, once however often it is asked.
    limits : TimekeeperLimits
        Times and bounds.
    clock : Clock
        Time.
    changed : callable
        Called after transitions were stored, so that they are published at once.
    """

    def __init__(
        self,
        store: TimeStore,
        limits: TimekeeperLimits,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._limits = limits
        self._clock = clock
        self._changed = changed

    async def run(self) -> None:
        """Keep time for ever; what becomes due while PostgreSQL is away is done afterwards."""
        while True:
            try:
                while await self.keep() >= self._limits.batch_size:
                    pass
            except Exception as error:
                if not is_passing(error):
                    raise
                extra = {"action": "timekeeper_failed", "problem": repr(error)}
                _LOG.warning("Cannot look for shelves and acknowledgments that end", extra=extra)
            await self._clock.sleep(self._limits.poll_s)

    async def keep(self) -> int:
        """Do one batch of what is due of each kind; return the size of the larger one."""
        now = self._clock.now()
        limit = self._limits.batch_size
        ended = await self._store.expire_shelves(now=now, limit=limit)
        before = now - timedelta(seconds=self._limits.realarm_s)
        opened = await self._store.realarm(acknowledged_before=before, now=now, limit=limit)
        if ended or opened:
            self._changed()
        return max(ended, opened)
