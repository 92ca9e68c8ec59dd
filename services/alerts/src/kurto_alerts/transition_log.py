"""Turns a batch of decisions into numbered transitions; every store applies the same function."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from kurto_alerts.alert_changes import (
    change_alert,
    latch_alert,
    mark_alert,
    raise_alert,
    relapse_alert,
    withdraw_alert,
)
from kurto_alerts.alert_state import (
    Alert,
    AlertKind,
    ConditionChange,
    Key,
    Shelving,
    Transition,
    TransitionKind,
    Withdrawal,
)
from kurto_alerts.rules import Scope

Decision = ConditionChange | Withdrawal
_DATA_MARKS = frozenset({TransitionKind.DATA_BAD, TransitionKind.DATA_GOOD})
_MARKS = frozenset(
    {
        TransitionKind.SUPPRESSED,
        TransitionKind.UNSUPPRESSED,
        TransitionKind.DATA_BAD,
        TransitionKind.DATA_GOOD,
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """What can be out of service: a machine, a sensor or a channel; other names are empty."""

    machine_id: str = ""
    sensor_id: str = ""
    channel: str = ""


@dataclass(frozen=True)
class Circumstances:
    """What decides how a new alert is marked.

    Attributes
    ----------
    shelves : mapping of Key to Shelving
        What operators have put aside.
    out_of_service : mapping of Place to str
        What is out of service, and why.
    open_counts : mapping of str to int
        Open VIBRATION alerts by machine id, of the machines concerned.
    """

    shelves: Mapping[Key, Shelving] = field(default_factory=dict)
    out_of_service: Mapping[Place, str] = field(default_factory=dict)
    open_counts: Mapping[str, int] = field(default_factory=dict)

    def shelving_of(self, key: Key, now: datetime) -> Shelving | None:
        """Return the shelf that a key lies on, None if there is none or its time is over."""
        shelving = self.shelves.get(key)
        return shelving if shelving is not None and shelving.expire_time > now else None

    def out_of_service_of(self, alert: Alert) -> str:
        """Return why all that an alert stands for is out of service; empty if it is not."""
        return next(
            (self.out_of_service[at] for at in places_of(alert) if at in self.out_of_service), ""
        )


def places_of(alert: Alert) -> list[Place]:
    """Return the places each of which covers all that an alert stands for, the largest first.

    One channel out of service does not silence the alert of its sensor, nor one sensor that of
    its machine.
    """
    places = [Place(machine_id=alert.machine_id)] if alert.machine_id else []
    if alert.scope is not Scope.MACHINE or not alert.machine_id:
        places.append(Place(sensor_id=alert.sensor_id))
    if alert.scope is Scope.CHANNEL:
        places.append(Place(sensor_id=alert.sensor_id, channel=alert.channel))
    return places


def apply_changes(
    known: Mapping[str, Alert],
    changes: Iterable[Decision],
    *,
    last_number: int,
    now: datetime,
    circumstances: Circumstances | None = None,
) -> list[Transition]:
    """Return the transitions of a batch, numbered densely from `last_number` + 1.

    Parameters
    ----------
    known : mapping of str to Alert
        The alerts concerned as they are stored, by id: those whose id or instance a change names,
        and the open ones of the keys that are raised.
    changes : iterable of ConditionChange or Withdrawal
        In the order in which they were decided.
    last_number : int
        Number of the newest transition that exists.
    now : datetime
        When it was decided.
    circumstances : Circumstances or None
        How new alerts are marked; None for not at all.

    Notes
    -----
    A change that the stored alert already went past (raised twice, or ended since) makes no
    transition. Withdrawals of alerts that are stored come first, so that a key is free before
    anything is raised under it.
    """
    log = _Log(known, circumstances or Circumstances(), now)
    transitions: list[Transition] = []
    for change in _withdrawals_first(list(changes), log.instances):
        made = log.apply(change)
        if made is None:
            continue
        kind, after = made
        transitions.append(
            Transition(
                number=last_number + len(transitions) + 1,
                kind=kind,
                alert=after,
                time=now,
                window_index=_window_index(change),
            )
        )
    return transitions


def _window_index(change: Decision) -> int | None:
    """Return the window of a decision, None if it was made by the clock."""
    if isinstance(change, Withdrawal) or change.window_index < 0:
        return None
    return change.window_index


def _withdrawals_first(changes: Sequence[Decision], known: Mapping[str, str]) -> list[Decision]:
    return sorted(
        changes, key=lambda one: not (isinstance(one, Withdrawal) and one.alert_id in known)
    )


class _Log:
    """The alerts as they are while a batch is applied."""

    def __init__(
        self, known: Mapping[str, Alert], circumstances: Circumstances, now: datetime
    ) -> None:
        self._alerts = dict(known)
        self._circumstances = circumstances
        self._now = now
        self._open_counts = Counter(circumstances.open_counts)
        self._open = {alert.key: alert.alert_id for alert in known.values() if alert.is_open}
        self.instances = {alert_id: alert_id for alert_id in known}
        self.instances |= {alert.instance: alert_id for alert_id, alert in known.items()}

    def apply(self, change: Decision) -> tuple[TransitionKind, Alert] | None:
        """Return kind and outcome of a change, None if it makes no transition."""
        made = self._decide(change)
        if made is not None:
            self._keep(made[1])
        return made

    def _decide(self, change: Decision) -> tuple[TransitionKind, Alert] | None:
        before = self._alerts.get(self.instances.get(change.alert_id, ""))
        if isinstance(change, ConditionChange) and change.kind is TransitionKind.RAISED:
            return self._raise(change) if before is None else None
        if before is None or not before.is_open:
            return None
        if isinstance(change, Withdrawal):
            return TransitionKind.WITHDRAWN, withdraw_alert(before, self._now)
        if change.kind in _DATA_MARKS and before.data_bad is (
            change.kind is TransitionKind.DATA_BAD
        ):
            return None
        # What an earlier run of the same alert still says is past.
        return self._change(before, change) if change.alert_id == before.instance else None

    def _change(self, before: Alert, change: ConditionChange) -> tuple[TransitionKind, Alert]:
        if change.kind in _MARKS:
            return change.kind, mark_alert(before, change, self._now)
        worst = max(before.worst_severity, before.severity, change.severity)
        if change.kind is TransitionKind.RESOLVED and change.rule.latches(worst):
            return TransitionKind.LATCHED, latch_alert(before, change, self._now)
        return change.kind, change_alert(before, change, self._now)

    def _raise(self, change: ConditionChange) -> tuple[TransitionKind, Alert]:
        latched = self._alerts.get(self._open.get(change.key, ""))
        if latched is not None:
            return TransitionKind.RELAPSED, relapse_alert(latched, change, self._now)
        alert = raise_alert(change, self._now)
        vibrates = alert.kind is AlertKind.VIBRATION and alert.machine_id
        first_out = bool(vibrates) and not self._open_counts[alert.machine_id]
        return change.kind, replace(
            alert,
            first_out=first_out,
            shelving=self._circumstances.shelving_of(change.key, self._now),
            out_of_service=self._circumstances.out_of_service_of(alert),
        )

    def _keep(self, after: Alert) -> None:
        before = self._alerts.get(after.alert_id)
        was_open = before is not None and before.is_open
        if after.kind is AlertKind.VIBRATION:
            self._open_counts[after.machine_id] += int(after.is_open) - int(was_open)
        self._alerts[after.alert_id] = after
        self.instances[after.instance] = after.alert_id
        if after.is_open:
            self._open[after.key] = after.alert_id
        elif self._open.get(after.key) == after.alert_id:
            del self._open[after.key]
