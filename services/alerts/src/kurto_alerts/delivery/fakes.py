"""The outbox in memory: what it decides is what PostgreSQL decides."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kurto_alerts.alert_state import Alert, Transition
from kurto_alerts.delivery.failure_alarm import end_failure, raise_failure
from kurto_alerts.delivery.grouping import Draft, Group, Situation, Told, plan
from kurto_alerts.delivery.memory_log import MemoryLog
from kurto_alerts.delivery.notices import Attempt, Kind, Notification, Outcome, State
from kurto_alerts.delivery.pauses import pause_s
from kurto_alerts.delivery.policy import Policy, Receiver, Secrets
from kurto_alerts.delivery.ports import Delivery, Patience
from kurto_alerts.delivery.routing import ENDS, FAILED_RULE_ID, Entry, Recipient, entries_of
from kurto_alerts.delivery.routing import inhibits as inhibits_pair
from kurto_alerts.delivery.sealing import seal

Identity = tuple[int, str, int]


@dataclass
class OutboxRow:
    """One row of the outbox."""

    entry: Entry
    state: str = "pending"
    reason: str = ""
    notification_id: int | None = None


@dataclass
class MemoryDelivery(MemoryLog):
    """Implements `ports.PlanningStore` and what of `ports.NotificationStore` delivers.

    `chance` stands for what spreads the pauses, 0 to 1.
    """

    policy: Policy = field(default_factory=Policy)
    receivers: dict[str, Receiver] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    rows: dict[Identity, OutboxRow] = field(default_factory=dict)
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    told: dict[tuple[str, str], tuple[Told, int]] = field(default_factory=dict)
    flood_times: dict[str, datetime] = field(default_factory=dict)
    number: int = 0
    chance: float = 1.0

    def write(self, transitions: Sequence[Transition]) -> None:
        """Store transitions and whom to tell."""
        known: dict[str, list[Recipient]] = {}
        for row in self.rows.values():
            if row.state != "dropped":
                place = Recipient(row.entry.receiver_id, row.entry.group_key)
                known.setdefault(row.entry.alert_id, []).append(place)
        for entry in entries_of(transitions, self.policy, told=known, sites={}):
            self.rows[_identity(entry)] = OutboxRow(entry)
        for transition in transitions:
            self.alerts[transition.alert.alert_id] = transition.alert
            self.number = transition.number

    async def due_receivers(self, now: datetime) -> list[str]:
        """Return the receivers for which something is to be decided."""
        rows = {row.entry.receiver_id for row in self._pending() if row.entry.due_time <= now}
        repeats = {
            receiver_id
            for (receiver_id, _), group in self.groups.items()
            if group.notification_id is None and group.repeat_time and group.repeat_time <= now
        }
        return sorted(rows | repeats)

    def _pending(self, receiver_id: str = "") -> list[OutboxRow]:
        return [
            row
            for row in self.rows.values()
            if row.state == "pending" and receiver_id in ("", row.entry.receiver_id)
        ]

    async def plan_receiver(self, receiver_id: str, now: datetime) -> int:
        """Decide for one receiver; return the notifications made."""
        made = plan(self._situation(receiver_id, now), self.policy, now)
        for draft in made.drafts:
            self._seal(draft, receiver_id, now)
        for entry, reason in made.dropped:
            self.rows[_identity(entry)].state = "dropped"
            self.rows[_identity(entry)].reason = reason
        for entry, until in made.held:
            row = self.rows[_identity(entry)]
            row.entry, row.reason = replace(entry, due_time=until), "held"
        for key in made.quiet_groups:
            group = self.groups[receiver_id, key]
            later = now + self.policy.repeat
            self.groups[receiver_id, key] = replace(group, repeat_time=later)
        for number in made.hurried:
            one = self.notifications[number]
            if not (one.attempts and one.attempts[-1].end_time is None):
                self.notifications[number] = replace(one, next_attempt_time=now)
        return len(made.drafts)

    def _situation(self, receiver_id: str, now: datetime) -> Situation:
        recent = [
            len(draft.group_keys)
            for number, (draft, _) in self.members.items()
            if self.notifications[number].receiver_id == receiver_id
            and self.notifications[number].create_time > now - self.policy.flood
            and draft.entries
        ]
        return Situation(
            pending=sorted(
                (row.entry for row in self._pending(receiver_id)),
                key=lambda entry: (entry.due_time, entry.transition_number),
            ),
            groups={key: one for (name, key), one in self.groups.items() if name == receiver_id},
            told={key: one for (name, key), (one, _) in self.told.items() if name == receiver_id},
            alerts=self.alerts,
            inhibited=self._is_inhibited,
            recent_groups=sum(recent),
            flood_time=self.flood_times.get(receiver_id),
        )

    def _is_inhibited(self, alert: Alert) -> bool:
        return any(
            inhibits_pair(one, source, alert, {})
            for one in self.policy.inhibitions
            for source in self.alerts.values()
        )

    def _seal(self, draft: Draft, receiver_id: str, now: datetime) -> None:
        sealed = seal(draft, self.alerts, receiver_id=receiver_id, time=now)
        number = len(self.notifications) + 1
        self.notifications[number] = Notification(
            notification_id=number,
            idempotency_key=sealed.idempotency_key,
            receiver_id=receiver_id,
            machine_id=sealed.machine_id,
            kind=sealed.kind,
            state=State.PENDING,
            severity=sealed.severity,
            must_deliver=sealed.must_deliver,
            summary=sealed.summary,
            content=sealed.content,
            transitions=tuple(sealed.transitions),
            create_time=now,
            next_attempt_time=now,
        )
        self.members[number] = draft, sealed.alert_ids
        for key in draft.group_keys:
            self.groups[receiver_id, key] = Group(
                key=key,
                notify_time=now,
                repeat_time=now + self.policy.repeat,
                notification_id=number,
            )
        for entry in draft.entries:
            row = self.rows[_identity(entry)]
            row.state, row.reason, row.notification_id = "told", "", number
            place = receiver_id, entry.alert_id
            first = self.told[place][1] if place in self.told else number
            one = Told(alert_id=entry.alert_id, group_key=entry.group_key, severity=entry.severity)
            self.told[place] = one, first
        for entry in draft.entries:
            if entry.kind in ENDS:
                self.told.pop((receiver_id, entry.alert_id), None)
        if draft.flood:
            self.flood_times[receiver_id] = now

    async def take_due(
        self,
        now: datetime,
        *,
        limit: int,
        per_receiver: int,
        busy: Collection[str],
        lease_s: float,
    ) -> list[Delivery]:
        """Return notifications to be tried, and put the next attempt off."""
        due = [
            one
            for one in self.notifications.values()
            if one.state is State.PENDING
            and one.next_attempt_time is not None
            and one.next_attempt_time <= now
            and one.receiver_id not in busy
        ]
        due.sort(key=lambda one: (-one.severity, one.create_time, one.notification_id))
        taken: list[Delivery] = []
        for one in due:
            mine = [other for other in taken if other.receiver.receiver_id == one.receiver_id]
            if len(taken) < limit and len(mine) < per_receiver:
                taken.append(self._take(one, now, lease_s))
        return taken

    def _take(self, one: Notification, now: datetime, lease_s: float) -> Delivery:
        attempt = Attempt(attempt_number=one.attempt_count + 1, start_time=now)
        started = replace(
            one,
            attempt_count=attempt.attempt_number,
            next_attempt_time=now + timedelta(seconds=lease_s),
            attempts=(*one.attempts, attempt),
        )
        self.notifications[one.notification_id] = started
        receiver = self.receivers[one.receiver_id]
        return Delivery(notification=started, receiver=receiver, secrets=Secrets())

    async def finish(
        self, notification: Notification, outcome: Outcome, now: datetime, patience: Patience
    ) -> None:
        """Store what an attempt came to, and when the next one is."""
        number = notification.notification_id
        one = self.notifications[number]
        attempts = tuple(
            replace(
                attempt,
                end_time=now,
                delivered=outcome.delivered,
                status_code=outcome.status_code,
                error=outcome.error,
            )
            if attempt.attempt_number == notification.attempt_count
            else attempt
            for attempt in one.attempts
        )
        self.notifications[number] = replace(one, attempts=attempts)
        if outcome.delivered:
            self._close(number, State.DELIVERED, now)
            self._end_failure(notification.receiver_id, now)
        elif one.kind is Kind.TEST:
            self._close(number, State.GIVEN_UP, now)
        else:
            self._postpone(notification, outcome, now, patience)

    def _postpone(
        self, notification: Notification, outcome: Outcome, now: datetime, patience: Patience
    ) -> None:
        number = notification.notification_id
        one = self.notifications[number]
        age_s = (now - one.create_time).total_seconds()
        if age_s > patience.give_up_s and not one.must_deliver:
            self.told = {key: value for key, value in self.told.items() if value[1] != number}
            for row in self.rows.values():
                if row.notification_id == number:
                    row.state, row.notification_id = "pending", None
                    row.entry = replace(row.entry, due_time=now)
            self._close(number, State.GIVEN_UP, now)
        elif one.attempt_count == notification.attempt_count and one.state is State.PENDING:
            wait_s = pause_s(
                one.attempt_count,
                first_s=patience.first_pause_s,
                longest_s=patience.longest_pause_s,
                chance=self.chance,
                retry_after_s=outcome.retry_after_s,
            )
            later = now + timedelta(seconds=wait_s)
            self.notifications[number] = replace(one, next_attempt_time=later)
        if one.attempt_count >= patience.alarm_attempts and not self._failure(one.receiver_id):
            raised = raise_failure(
                one.receiver_id, attempts=one.attempt_count, number=self.number + 1, now=now
            )
            self.write([raised])

    def _failure(self, receiver_id: str) -> Alert | None:
        for alert in self.alerts.values():
            if (alert.rule_id, alert.channel) == (FAILED_RULE_ID, receiver_id) and alert.is_open:
                return alert
        return None

    def _end_failure(self, receiver_id: str, now: datetime) -> None:
        alert = self._failure(receiver_id)
        if alert is not None:
            self.write([end_failure(alert, number=self.number + 1, now=now)])

    def _close(self, number: int, state: State, now: datetime) -> None:
        one = self.notifications[number]
        if one.state is State.PENDING or state is State.DELIVERED:
            self.notifications[number] = replace(
                one, state=state, finish_time=now, next_attempt_time=None
            )
        freed = [key for key, group in self.groups.items() if group.notification_id == number]
        for key in freed:
            self.groups[key] = replace(self.groups[key], notification_id=None)
        for row in self._pending(one.receiver_id):
            if (one.receiver_id, row.entry.group_key) in freed and row.reason == "held":
                row.entry, row.reason = replace(row.entry, due_time=now), ""


def _identity(entry: Entry) -> Identity:
    return entry.transition_number, entry.receiver_id, entry.step
