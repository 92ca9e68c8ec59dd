"""What delivery needs from the world, as protocols."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kurto_alerts.delivery.notices import Notification, Outcome, State
from kurto_alerts.delivery.policy import Policy, Receiver, SecretChanges, Secrets


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A notification to be tried now, with all that it takes."""

    notification: Notification
    receiver: Receiver
    secrets: Secrets = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """What happens to a notification that was not taken.

    Attributes
    ----------
    first_pause_s, longest_pause_s : float
        Wait before the second attempt, and the longest there is.
    alarm_attempts : int
        Attempts after which an alarm says that the receiver cannot be reached.
    give_up_s : float
        Age at which one that need not be delivered is given up, in seconds.
    """

    first_pause_s: float
    longest_pause_s: float
    alarm_attempts: int
    give_up_s: float


@dataclass(frozen=True, kw_only=True)
class NotificationFilter:
    """Which notifications a list shows; empty or None for all."""

    alert_id: str = ""
    receiver_id: str = ""
    state: State | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DeliveryChange:
    """One change of a receiver, or of the policy when `receiver_id` is empty."""

    change_number: int
    receiver_id: str
    version: int
    change: str
    definition_before: str
    definition_after: str
    secrets_changed: bool
    change_time: datetime
    principal: str


class PlanningStore(Protocol):
    """Decides what receivers are told, as `grouping.plan` says."""

    async def due_receivers(self, now: datetime) -> list[str]:
        """Return the receivers for which something is to be decided."""

    async def plan_receiver(self, receiver_id: str, now: datetime) -> int:
        """Decide for one receiver, unless another process does; return the notifications made."""


class NotificationStore(Protocol):
    """Keeps notifications and what became of them."""

    async def take_due(
        self,
        now: datetime,
        *,
        limit: int,
        per_receiver: int,
        busy: Collection[str],
        lease_s: float,
    ) -> list[Delivery]:
        """Return notifications to be tried, and put the next attempt off by `lease_s`.

        Those of receivers in `busy` are left out. Nobody else gets them before that; a process that
        is killed loses nothing.
        """

    async def finish(
        self, notification: Notification, outcome: Outcome, now: datetime, patience: Patience
    ) -> None:
        """Store what an attempt came to, and when the next one is; see `Patience`."""

    async def add_test(self, receiver_id: str, now: datetime) -> Delivery:
        """Store a test message that is under way; UnknownReceiver if there is no such receiver."""

    async def get(self, notification_id: int) -> Notification:
        """Return a notification with its attempts."""

    async def list_notifications(
        self, chosen: NotificationFilter, *, before_id: int | None, limit: int
    ) -> list[Notification]:
        """Return notifications with a lower id, the newest first, with their attempts."""

    async def drop_older(self, time: datetime, *, limit: int) -> int:
        """Delete what is finished and older; return how many rows went."""


class ConfigurationStore(Protocol):
    """Keeps receivers and policy, their versions and who changed them."""

    async def create_receiver(
        self, receiver: Receiver, secrets: SecretChanges, *, principal: str, now: datetime
    ) -> tuple[Receiver, Secrets]:
        """Store a new receiver; ReceiverExists if its id is taken."""

    async def get_receiver(self, receiver_id: str) -> tuple[Receiver, Secrets]:
        """Return a receiver; UnknownReceiver if there is none."""

    async def list_receivers(
        self, *, after_receiver_id: str, limit: int
    ) -> list[tuple[Receiver, Secrets]]:
        """Return receivers with a higher id, by id."""

    async def update_receiver(
        self, receiver: Receiver, secrets: SecretChanges, *, principal: str, now: datetime
    ) -> tuple[Receiver, Secrets]:
        """Replace a receiver; DeliveryVersionMismatch if its version is neither 0 nor current."""

    async def delete_receiver(self, receiver_id: str, *, principal: str, now: datetime) -> None:
        """Delete a receiver, if it exists; ReceiverInUse while the policy names it."""

    async def get_policy(self) -> Policy:
        """Return the policy in force."""

    async def update_policy(self, policy: Policy, *, principal: str, now: datetime) -> Policy:
        """Replace the policy; UnknownReceiver, or DeliveryVersionMismatch as above."""

    async def list_changes(self, *, before: int | None, limit: int) -> list[DeliveryChange]:
        """Return changes with a lower number, the newest first."""


class Sender(Protocol):
    """Hands a notification to a receiver."""

    async def send(self, delivery: Delivery) -> Outcome:
        """Try once, in bounded time; whatever goes wrong is in the outcome."""


class SiteStore(Protocol):
    """Keeps where machines stand."""

    async def save_sites(self, sites: Sequence[tuple[str, str]]) -> None:
        """Store (machine, site) pairs; others stay."""
