"""Which transitions are told to whom: pure, applied in the transaction that stores them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kurto_alerts.alert_state import Alert, AlertKind, Transition, TransitionKind
from kurto_alerts.delivery.policy import Inhibition, Matcher, Policy
from kurto_alerts.rules import Severity

FAILED_RULE_ID = "notification-failed"
LABEL_PREFIX = "label:"

NEWS = frozenset(
    {
        TransitionKind.RAISED,
        TransitionKind.ESCALATED,
        TransitionKind.RELAPSED,
        TransitionKind.UNSHELVED,
        TransitionKind.SHELF_EXPIRED,
        TransitionKind.UNSUPPRESSED,
        TransitionKind.RETURNED_TO_SERVICE,
        TransitionKind.REALARMED,
        TransitionKind.UNACKNOWLEDGED,
    }
)
ENDS = frozenset({TransitionKind.RESOLVED, TransitionKind.WITHDRAWN, TransitionKind.RESET})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the outbox: a receiver is to be told a transition, not before `due_time`.

    `step` is 0 for those who are told at once, else the number of the escalation step: such an
    entry counts only while nobody has acknowledged.
    """

    transition_number: int
    receiver_id: str
    step: int
    alert_id: str
    group_key: str
    kind: TransitionKind
    severity: Severity
    due_time: datetime
    create_time: datetime

    @property
    def key(self) -> str:
        """Idempotency key of the transition at this receiver."""
        suffix = f":escalation-{self.step}" if self.step else ""
        return f"{self.alert_id}:{self.transition_number}:{self.receiver_id}{suffix}"


@dataclass(frozen=True)
class Recipient:
    """A receiver that was, or is to be, told of an alert, and in which group."""

    receiver_id: str
    group_key: str


def group_key_of(alert: Alert) -> str:
    """Return what is grouped together: a machine, or a sensor without one."""
    if alert.machine_id:
        return f"machine/{alert.machine_id}"
    if alert.kind is AlertKind.SYSTEM:
        return f"system/{alert.channel}"
    return f"sensor/{alert.sensor_id}"


def matches(matcher: Matcher, alert: Alert, site_id: str = "") -> bool:
    """Tell whether an alarm satisfies every condition."""
    pairs = (
        (matcher.priorities, alert.priority),
        (matcher.kinds, alert.kind),
        (matcher.machine_ids, alert.machine_id),
        (matcher.site_ids, site_id),
        (matcher.sensor_ids, alert.sensor_id),
        (matcher.rule_ids, alert.rule_id),
    )
    return (
        alert.severity >= matcher.minimum_severity
        and all(not wanted or value in wanted for wanted, value in pairs)
        and all(alert.labels.get(name) == value for name, value in matcher.labels.items())
    )


def entries_of(
    transitions: Sequence[Transition],
    policy: Policy,
    *,
    told: Mapping[str, Iterable[Recipient]],
    sites: Mapping[str, str],
) -> list[Entry]:
    """Return what goes into the outbox for transitions that are stored now.

    Parameters
    ----------
    transitions : sequence of Transition
        In order.
    policy : Policy
        In force.
    told : mapping of str to iterable of Recipient
        By alert id: who has an entry of the alert from an earlier transaction. They are told its
        end whatever the policy says by now.
    sites : mapping of str to str
        Site by machine id.
    """
    recipients = {alert_id: set(found) for alert_id, found in told.items()}
    entries: list[Entry] = []
    for transition in transitions:
        known = recipients.setdefault(transition.alert.alert_id, set())
        made = _entries(transition, policy, known, sites)
        known.update(Recipient(entry.receiver_id, entry.group_key) for entry in made)
        entries += made
    return entries


def is_notifiable(transition: Transition) -> bool:
    """Tell whether receivers may have to be told."""
    return transition.kind in ENDS or (transition.kind in NEWS and _is_news(transition))


def _is_news(transition: Transition) -> bool:
    """Whatever is set aside is told when it comes back, if it is still there."""
    alert = transition.alert
    if transition.kind is TransitionKind.RELAPSED and alert.instance_id in ("", alert.alert_id):
        return False  # out of RECOVERING: nothing new; a latched alert that comes up again is
    return alert.is_open and not alert.is_set_aside and not alert.latched


def _entries(
    transition: Transition,
    policy: Policy,
    known: Iterable[Recipient],
    sites: Mapping[str, str],
) -> list[Entry]:
    if transition.kind in ENDS:
        return [
            _entry(transition, one.receiver_id, 0, timedelta(0), one.group_key)
            for one in sorted(known, key=lambda one: (one.receiver_id, one.group_key))
        ]
    if not is_notifiable(transition):
        return []
    waits = _waits(transition.alert, policy, sites.get(transition.alert.machine_id, ""))
    return [
        _entry(transition, receiver_id, step, wait, group_key_of(transition.alert))
        for (receiver_id, step), wait in sorted(waits.items())
    ]


def _waits(alert: Alert, policy: Policy, site_id: str) -> dict[tuple[str, int], timedelta]:
    """Return how long each receiver's entry waits, the shortest of all routes, by its step."""
    waits: dict[tuple[str, int], timedelta] = {}

    def put(receiver_id: str, step: int, wait: timedelta) -> None:
        if not _is_own_failure(alert, receiver_id):
            key = receiver_id, step
            waits[key] = min(wait, waits.get(key, wait))

    for route in policy.routes:
        if not matches(route.matcher, alert, site_id):
            continue
        wait = timedelta(0) if alert.severity >= Severity.CRITICAL else route.group_wait
        for receiver_id in route.receiver_ids:
            put(receiver_id, 0, wait)
        for number, step in enumerate(route.escalation_steps, 1):
            for receiver_id in step.receiver_ids:
                put(receiver_id, number, step.unacknowledged)
    return waits


def _is_own_failure(alert: Alert, receiver_id: str) -> bool:
    """Tell whether an alert says that this very receiver cannot be reached."""
    return (
        alert.kind is AlertKind.SYSTEM
        and alert.rule_id == FAILED_RULE_ID
        and alert.channel == receiver_id
    )


def _entry(
    transition: Transition, receiver_id: str, step: int, wait: timedelta, group_key: str
) -> Entry:
    return Entry(
        transition_number=transition.number,
        receiver_id=receiver_id,
        step=step,
        alert_id=transition.alert.alert_id,
        group_key=group_key,
        kind=transition.kind,
        severity=transition.alert.severity,
        due_time=transition.time + wait,
        create_time=transition.time,
    )


def label_of(alert: Alert, name: str, site_id: str = "") -> str:
    """Return the value of a name that an inhibition may compare; empty if there is none."""
    if name.startswith(LABEL_PREFIX):
        return alert.labels.get(name.removeprefix(LABEL_PREFIX), "")
    own = {
        "machine": alert.machine_id,
        "site": site_id,
        "sensor": alert.sensor_id,
        "channel": alert.channel,
        "rule": alert.rule_id,
        "feature": alert.feature,
    }
    return own.get(name, "")


def inhibits(
    inhibition: Inhibition, source: Alert, target: Alert, sites: Mapping[str, str]
) -> bool:
    """Tell whether one open alarm keeps another, less severe one from being told."""
    source_site, target_site = sites.get(source.machine_id, ""), sites.get(target.machine_id, "")
    if source.alert_id == target.alert_id or source.severity <= target.severity:
        return False
    if source.latched or source.is_set_aside or not source.is_open:
        return False
    return (
        matches(inhibition.source, source, source_site)
        and matches(inhibition.target, target, target_site)
        and all(
            label_of(source, name, source_site) == label_of(target, name, target_site) != ""
            for name in inhibition.equal
        )
    )
