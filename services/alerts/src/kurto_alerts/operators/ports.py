"""What operators' actions need of a store, as protocols."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kurto_alerts.alert_state import Alert, Key
from kurto_alerts.exceptions import KurtoError
from kurto_alerts.operators.actions import Action, ActionFilter, ActionRecord, OutOfService, Shelf
from kurto_alerts.operators.report import AlarmReport, ReportPeriod
from kurto_alerts.transition_log import Place


@dataclass(frozen=True)
class ShelfPosition:
    """Place in the list of shelves: what expires first, then by key."""

    expire_time: datetime
    key: Key


class OperatorStore(Protocol):
    """Takes what people do: each time transitions and audit in one transaction."""

    async def act(self, alert_ids: Sequence[str], action: Action) -> list[Alert | KurtoError]:
        """Do something with each alert; return the alert afterwards or why it was refused."""

    async def shelve(self, key: Key, action: Action) -> tuple[Shelf, Alert | None]:
        """Put a key on the shelf; return that and the key's open alert, if there is one."""

    async def unshelve(self, key: Key, action: Action) -> Alert | None:
        """Take a key from the shelf; return its open alert; NotSetAside if it is not there."""

    async def set_out_of_service(self, place: Place, action: Action) -> tuple[OutOfService, int]:
        """Take something out of service; return that and how many open alerts it set aside."""

    async def return_to_service(self, place: Place, action: Action) -> int:
        """Put something back; return how many open alerts are back; NotSetAside if it was in."""

    async def list_shelves(self, *, after: ShelfPosition | None, limit: int) -> list[Shelf]:
        """Return what is on the shelf, what expires first first."""

    async def list_out_of_service(self, *, after: Place | None, limit: int) -> list[OutOfService]:
        """Return what is out of service, by machine, sensor and channel."""

    async def list_actions(
        self, chosen: ActionFilter, *, before_number: int | None, limit: int
    ) -> list[ActionRecord]:
        """Return what people did, the newest first."""


class TimeStore(Protocol):
    """Applies what time does to alerts; idempotent, any process may ask for it."""

    async def expire_shelves(self, *, now: datetime, limit: int) -> int:
        """End at most `limit` shelves whose time is over; return how many there were."""

    async def realarm(self, *, acknowledged_before: datetime, now: datetime, limit: int) -> int:
        """Open the acknowledgment of at most `limit` alerts again; return how many there were."""


class ReportStore(Protocol):
    """Computes figures about alarms."""

    async def report(self, period: ReportPeriod) -> AlarmReport:
        """Return the figures of a period."""
