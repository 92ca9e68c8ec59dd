"""Plans and delivers what is due; any number of processes may do so side by side."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from kurto_alerts.delivery.metrics import DeliveryMetrics
from kurto_alerts.delivery.notices import Notification, Outcome
from kurto_alerts.delivery.ports import (
    Delivery,
    NotificationStore,
    Patience,
    PlanningStore,
    Sender,
)
from kurto_alerts.failures import is_passing
from kurto_service.clock import Clock

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class DispatchLimits:
    """Bounds and times of delivery.

    Attributes
    ----------
    poll_s : float
        Seconds after which the store is asked although nobody called `wake`.
    concurrency, per_receiver : int
        Attempts at a time, of all receivers and of one.
    lease_s : float
        Seconds after which an attempt counts as lost; longer than the attempt may take.
    patience : Patience
        What happens to what is not taken.
    """

    poll_s: float
    concurrency: int
    per_receiver: int
    lease_s: float
    patience: Patience


class Dispatcher:
    """Decides what receivers are told, and tells them.

    Parameters
    ----------
    planning : PlanningStore
        Decides.
    notifications : NotificationStore
        Keeps what was decided.
    senders : mapping of type to Sender
        By kind of channel.
    clock : Clock
        Time.
    metrics : DeliveryMetrics
        Figures.
    limits : DispatchLimits
        Bounds.
    """

    def __init__(
        self,
        planning: PlanningStore,
        notifications: NotificationStore,
        senders: Mapping[type, Sender],
        *,
        clock: Clock,
        metrics: DeliveryMetrics,
        limits: DispatchLimits,
    ) -> None:
        self._planning = planning
        self._notifications = notifications
        self._senders = senders
        self._clock = clock
        self._metrics = metrics
        self._limits = limits
        self._news = asyncio.Event()
        self._in_flight: dict[asyncio.Task[None], str] = {}

    def wake(self) -> None:
        """Say that there may be something to tell."""
        self._news.set()

    async def run(self) -> None:
        """Deliver for ever."""
        try:
            while True:
                self._news.clear()
                try:
                    again = await self.run_once()
                except Exception as error:
                    if not is_passing(error):
                        raise
                    extra = {"action": "delivery_postponed", "problem": repr(error)}
                    _LOG.warning("Cannot read what receivers are to be told", extra=extra)
                    await self._clock.sleep(self._limits.poll_s)
                    continue
                if not again:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._limits.poll_s):
                            await self._news.wait()
        finally:
            await self._cancel()

    async def run_once(self) -> bool:
        """Plan what is due and begin to send; tell whether there may be more at once."""
        for receiver_id in await self._planning.due_receivers(self._clock.now()):
            await self._planning.plan_receiver(receiver_id, self._clock.now())
        return await self._send_due()

    async def _send_due(self) -> bool:
        limits = self._limits
        free = limits.concurrency - len(self._in_flight)
        if free <= 0:
            return False  # whatever ends wakes
        counts = Counter(self._in_flight.values())
        busy = [name for name, count in counts.items() if count >= limits.per_receiver]
        # What the busiest of the others may still have: nobody gets more than its share.
        most = max((n for n in counts.values() if n < limits.per_receiver), default=0)
        room = limits.per_receiver - most
        due = await self._notifications.take_due(
            self._clock.now(), limit=free, per_receiver=room, busy=busy, lease_s=limits.lease_s
        )
        for delivery in due:
            name = f"notification {delivery.notification.notification_id}"
            task = asyncio.create_task(self._attempt(delivery), name=name)
            self._in_flight[task] = delivery.receiver.receiver_id
            task.add_done_callback(self._done)
        return len(due) == free

    def _done(self, task: "asyncio.Task[None]") -> None:
        del self._in_flight[task]
        self._news.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            extra = {"action": "attempt_failed"}
            _LOG.error("An attempt to deliver ended unexpectedly", extra=extra, exc_info=error)

    async def _attempt(self, delivery: Delivery) -> None:
        try:
            await self.attempt(delivery)
        except Exception as error:
            if not is_passing(error):
                raise
            # Its lease runs out, and it is tried again under the same key.
            extra = {"action": "outcome_not_stored", "problem": repr(error)}
            _LOG.warning("Cannot store what became of a notification", extra=extra)

    async def attempt(self, delivery: Delivery) -> Outcome:
        """Try once and store what came of it."""
        outcome = await self._senders[type(delivery.receiver.channel)].send(delivery)
        self._count(delivery.notification, outcome)
        await self._notifications.finish(
            delivery.notification, outcome, self._clock.now(), self._limits.patience
        )
        return outcome

    def _count(self, notification: Notification, outcome: Outcome) -> None:
        self._metrics.attempts.labels("delivered" if outcome.delivered else "failed").inc()
        if outcome.delivered:
            return
        extra = {
            "action": "notification_failed",
            "notification_id": notification.notification_id,
            "receiver_id": notification.receiver_id,
            "attempt": notification.attempt_count,
            "problem": outcome.error,
        }
        _LOG.warning("A receiver did not take a notification", extra=extra)

    async def _cancel(self) -> None:
        tasks = list(self._in_flight)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def sweep(
    store: NotificationStore, clock: Clock, *, interval_s: float, keep_s: float, limit: int
) -> None:
    """Delete what is finished and old, for ever."""
    while True:
        try:
            while await store.drop_older(clock.now() - timedelta(seconds=keep_s), limit=limit):
                await clock.sleep(0.1)
        except Exception as error:
            if not is_passing(error):
                raise
        await clock.sleep(interval_s)
