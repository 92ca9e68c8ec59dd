"""What a receiver is told now, what later and what never: pure, on what is known of it.

Whenever the state of a group is in doubt, such as times that lie in the future because a clock was
set, it is told at once: told twice is better than never.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kurto_alerts.alert_state import Alert
from kurto_alerts.delivery.policy import Policy
from kurto_alerts.delivery.routing import ENDS, Entry
from kurto_alerts.rules import Severity

BLOCKED_LOOK = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Group:
    """What a receiver has to do with a machine.

    `notification_id` is the notification that is still to be delivered: until it is, nothing else
    of the group goes out, so that a receiver sees the order of events.
    """

    key: str
    notify_time: datetime | None = None
    repeat_time: datetime | None = None
    notification_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """An alert that the receiver was told of, and has not been told the end of."""

    alert_id: str
    group_key: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything that is known of one receiver at one moment.

    Attributes
    ----------
    pending : sequence of Entry
        Entries that are neither told nor dropped.
    groups : mapping of str to Group
        By key; a group that was never told may be absent.
    told : mapping of str to Told
        By alert id.
    alerts : mapping of str to Alert
        Alerts of `pending` and `told`, as they are now.
    inhibited : callable
        Tells whether a worse open alarm keeps an alert from being told.
    recent_groups : int
        Groups of which news went out within the policy's `flood`.
    flood_time : datetime or None
        When the last summary was made.
    """

    pending: Sequence[Entry]
    groups: Mapping[str, Group]
    told: Mapping[str, Told]
    alerts: Mapping[str, Alert]
    inhibited: Callable[[Alert], bool]
    recent_groups: int = 0
    flood_time: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A notification to be made: entries that it tells, and alerts that it repeats."""

    group_keys: tuple[str, ...]
    entries: tuple[Entry, ...] = ()
    repeated: tuple[str, ...] = ()
    flood: bool = False


@dataclass(kw_only=True)
class Plan:
    """What is to be done now.

    Attributes
    ----------
    drafts : list of Draft
        Notifications to be made.
    dropped : list of (Entry, str)
        Entries that are never told, with the reason.
    held : list of (Entry, datetime)
        Entries that are due, and are looked at again at that time.
    quiet_groups : list of str
        Groups that have nothing to repeat for now.
    hurried : set of int
        Notifications that are tried at once, for something CRITICAL waits behind them.
    """

    drafts: list[Draft] = field(default_factory=list)
    dropped: list[tuple[Entry, str]] = field(default_factory=list)
    held: list[tuple[Entry, datetime]] = field(default_factory=list)
    quiet_groups: list[str] = field(default_factory=list)
    hurried: set[int] = field(default_factory=set)


def plan(situation: Situation, policy: Policy, now: datetime) -> Plan:
    """Return what is to be done for one receiver now."""
    made = Plan()
    keys = sorted({entry.group_key for entry in situation.pending} | set(situation.groups))
    for key in keys:
        group = situation.groups.get(key, Group(key=key))
        entries = [entry for entry in situation.pending if entry.group_key == key]
        _GroupPlan(situation, policy, now, group, made).decide(entries)
    return _with_flood(made, situation, policy, now)


def is_due(entry: Entry, now: datetime) -> bool:
    """Tell whether an entry is looked at; one made in the future says that a clock was set."""
    return entry.due_time <= now or entry.create_time > now


def is_urgent(entry: Entry) -> bool:
    """Tell whether an entry waits for no interval: something CRITICAL that has not ended."""
    return entry.severity >= Severity.CRITICAL and entry.kind not in ENDS


class _GroupPlan:
    """Decides for one group."""

    def __init__(
        self, situation: Situation, policy: Policy, now: datetime, group: Group, made: Plan
    ) -> None:
        self._situation = situation
        self._policy = policy
        self._now = now
        self._group = group
        self._made = made

    def decide(self, entries: Sequence[Entry]) -> None:
        """Add to the plan what becomes of the group's entries."""
        if self._group.notification_id is not None:
            self._wait(entries, self._group.notification_id)
            return
        chosen, ripe = self._sorted(entries)
        if not ripe:
            if not chosen:
                self._repeat()
            return
        interval_end = self._interval_end()
        urgent = any(is_urgent(entry) or entry.step for entry in ripe)
        if interval_end is not None and not urgent:
            self._made.held += [(entry, interval_end) for entry in ripe]
            return
        self._made.drafts.append(Draft(group_keys=(self._group.key,), entries=tuple(chosen)))

    def _sorted(self, entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
        """Return the entries that a notification would tell now, and those of them that ask for it.

        What need not be told is dropped; what must wait for something else is held.
        """
        chosen: list[Entry] = []
        ripe: list[Entry] = []
        for entry in entries:
            if entry.step and not is_due(entry, self._now):
                continue
            reason = self._reason_to_drop(entry)
            if reason:
                self._made.dropped.append((entry, reason))
            elif self._must_wait(entry):
                if is_due(entry, self._now):
                    self._made.held.append((entry, self._now + BLOCKED_LOOK))
            else:
                chosen.append(entry)
                if is_due(entry, self._now):
                    ripe.append(entry)
        chosen.sort(key=lambda entry: (entry.transition_number, entry.step))
        return chosen, ripe

    def _reason_to_drop(self, entry: Entry) -> str:
        """Return why an entry is never told; empty if it may be."""
        alert = self._situation.alerts.get(entry.alert_id)
        told = entry.alert_id in self._situation.told
        if alert is None:
            return ""  # in doubt: told
        if entry.kind in ENDS:
            return "" if told else "its beginning was not told"
        if alert.is_open and alert.is_set_aside:
            return "set aside"
        if entry.step and alert.acknowledged:
            return "acknowledged"
        if told or (alert.is_open and not alert.latched):
            return ""
        return "normal again before it was told"

    def _must_wait(self, entry: Entry) -> bool:
        """Tell whether an entry waits: for the end of its alert, or of what inhibits it."""
        alert = self._situation.alerts.get(entry.alert_id)
        if alert is None or entry.kind in ENDS:
            return False
        return self._situation.inhibited(alert)

    def _interval_end(self) -> datetime | None:
        """Return until when the group was told often enough; None when it may be told now."""
        before = self._group.notify_time
        if before is None or before > self._now:
            return None
        end = before + self._policy.group_interval
        return end if end > self._now else None

    def _wait(self, entries: Iterable[Entry], notification_id: int) -> None:
        """Hold what is due until the notification before is delivered; CRITICAL hurries that."""
        for entry in entries:
            if is_due(entry, self._now):
                self._made.held.append((entry, self._now + BLOCKED_LOOK))
                if is_urgent(entry):
                    self._made.hurried.add(notification_id)

    def _repeat(self) -> None:
        """Tell again what is still open and unacknowledged."""
        time = self._group.repeat_time
        latest = self._now + self._policy.repeat
        if time is None or self._now < time <= latest:
            return
        alerts = [
            self._situation.alerts[told.alert_id]
            for told in self._situation.told.values()
            if told.group_key == self._group.key and told.alert_id in self._situation.alerts
        ]
        again = sorted(alert.alert_id for alert in alerts if self._is_repeated(alert))
        if again:
            draft = Draft(group_keys=(self._group.key,), repeated=tuple(again))
            self._made.drafts.append(draft)
        else:
            self._made.quiet_groups.append(self._group.key)

    def _is_repeated(self, alert: Alert) -> bool:
        return (
            alert.is_open
            and not alert.acknowledged
            and not alert.is_set_aside
            and not self._situation.inhibited(alert)
        )


def _with_flood(made: Plan, situation: Situation, policy: Policy, now: datetime) -> Plan:
    """Merge the news of many machines into one summary."""
    news = [draft for draft in made.drafts if draft.entries]
    if len(news) + situation.recent_groups <= policy.flood_machines or len(news) == 0:
        return made
    rest = [draft for draft in made.drafts if not draft.entries]
    before = situation.flood_time
    entries = [entry for draft in news for entry in draft.entries]
    if before is not None and before <= now < before + policy.flood:
        due = [entry for entry in entries if is_due(entry, now)]
        made.held += [(entry, before + policy.flood) for entry in due]
        made.drafts = rest
        return made
    summary = Draft(
        group_keys=tuple(key for draft in news for key in draft.group_keys),
        entries=tuple(sorted(entries, key=lambda entry: (entry.transition_number, entry.step))),
        flood=True,
    )
    made.drafts = [summary, *rest]
    return made
