"""What an action of a person, or time, makes of an alert; every store applies these functions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from kurto_alerts.alert_state import Acknowledgment, Alert, ConditionState, Transition
from kurto_alerts.alert_state import TransitionKind as Kind
from kurto_alerts.exceptions import (
    AlertEnded,
    AlertNotFound,
    AlertRevisionMismatch,
    AlreadyAcknowledged,
    KurtoError,
    NotAcknowledged,
    NotLatched,
)
from kurto_alerts.operators.actions import (
    Action,
    ActionKind,
    Decision,
    record_of,
)
from kurto_alerts.transition_log import Circumstances, Place

TRANSITION_OF = {
    ActionKind.ACKNOWLEDGE: Kind.ACKNOWLEDGED,
    ActionKind.UNACKNOWLEDGE: Kind.UNACKNOWLEDGED,
    ActionKind.COMMENT: Kind.COMMENTED,
    ActionKind.SHELVE: Kind.SHELVED,
    ActionKind.UNSHELVE: Kind.UNSHELVED,
    ActionKind.RESET: Kind.RESET,
    ActionKind.MARK_FINDING: Kind.FINDING_MARKED,
}
_ALSO_WHEN_ENDED = (ActionKind.COMMENT, ActionKind.MARK_FINDING)


def current_state(alert: Alert) -> dict[str, Any]:
    """Return what an alert is now, for the caller whose action came too late."""
    state: dict[str, Any] = {
        "alert_id": alert.alert_id,
        "revision": alert.revision,
        "state": alert.state.name,
        "severity": alert.severity.name,
        "open": str(alert.is_open).lower(),
        "acknowledged": str(alert.acknowledged).lower(),
        "latched": str(alert.latched).lower(),
        "shelved": str(alert.shelving is not None).lower(),
    }
    if alert.acknowledged and alert.acknowledgment is not None:
        given = alert.acknowledgment
        state["acknowledged_by"] = given.user or given.principal
        state["acknowledge_time"] = given.time.isoformat()
    return state


def act_on(alert: Alert, action: Action, *, number: int) -> Alert:
    """Return the alert after an action.

    Parameters
    ----------
    alert : Alert
        The alert as it is now.
    action : Action
        What is to be done, by whom, when.
    number : int
        Number of the transition that it makes.

    Raises
    ------
    AlertEnded
        If it is resolved, withdrawn or reset, and the action needs an open one.
    AlreadyAcknowledged
        If it is to be acknowledged and is at its present severity.
    AlertRevisionMismatch
        If it changed since `action.revision`.
    NotAcknowledged, NotLatched
        If there is nothing to take back or to reset.
    """
    _require_as_seen(alert, action)
    changed = _EFFECTS[action.kind](alert, action, number)
    return replace(changed, update_time=action.time, revision=alert.revision + 1)


def _require_as_seen(alert: Alert, action: Action) -> None:
    if action.kind is ActionKind.ACKNOWLEDGE and alert.is_open and alert.acknowledged:
        state = {"acknowledged_by": "somebody", **current_state(alert)}
        raise AlreadyAcknowledged(**state)
    if action.revision not in (0, alert.revision):
        raise AlertRevisionMismatch(**current_state(alert))
    if not alert.is_open and action.kind not in _ALSO_WHEN_ENDED:
        raise AlertEnded(**current_state(alert))


def _acknowledge(alert: Alert, action: Action, number: int) -> Alert:
    acknowledgment = Acknowledgment(
        transition_number=number,
        principal=action.actor.principal,
        user=action.actor.user,
        comment=action.text,
        time=action.time,
    )
    return replace(alert, acknowledged=True, acknowledgment=acknowledgment)


def _unacknowledge(alert: Alert, action: Action, number: int) -> Alert:
    if not alert.acknowledged:
        raise NotAcknowledged(**current_state(alert))
    return replace(alert, acknowledged=False)


def _comment(alert: Alert, action: Action, number: int) -> Alert:
    return replace(alert, comment_count=alert.comment_count + 1)


def _shelve(alert: Alert, action: Action, number: int) -> Alert:
    return replace(alert, shelving=action.shelving())


def _unshelve(alert: Alert, action: Action, number: int) -> Alert:
    return replace(alert, shelving=None)


def _reset(alert: Alert, action: Action, number: int) -> Alert:
    if not alert.latched or alert.state is not ConditionState.NORMAL:
        raise NotLatched(**current_state(alert))
    return replace(alert, latched=False, resolve_time=max(action.time, alert.raise_time))


def _mark_finding(alert: Alert, action: Action, number: int) -> Alert:
    return replace(alert, finding=action.finding)


_EFFECTS: Mapping[ActionKind, Callable[[Alert, Action, int], Alert]] = {
    ActionKind.ACKNOWLEDGE: _acknowledge,
    ActionKind.UNACKNOWLEDGE: _unacknowledge,
    ActionKind.COMMENT: _comment,
    ActionKind.SHELVE: _shelve,
    ActionKind.UNSHELVE: _unshelve,
    ActionKind.RESET: _reset,
    ActionKind.MARK_FINDING: _mark_finding,
}


def decide(
    known: Mapping[str, Alert], alert_ids: Sequence[str], action: Action, *, last_number: int
) -> Decision:
    """Return what an action on several alerts makes, one after the other.

    Parameters
    ----------
    known : mapping of str to Alert
        The alerts as they are stored, by id.
    alert_ids : sequence of str
        Which ones; each gets an outcome, the alert afterwards or why it was refused.
    action : Action
        What is to be done with each.
    last_number : int
        Number of the newest transition that exists.
    """
    alerts, decision = dict(known), Decision()
    for alert_id in alert_ids:
        number = last_number + len(decision.transitions) + 1
        try:
            if alert_id not in alerts:
                raise AlertNotFound(alert_id=alert_id)
            after = act_on(alerts[alert_id], action, number=number)
        except KurtoError as error:
            decision.outcomes.append(error)
            continue
        alerts[alert_id] = after
        decision.outcomes.append(after)
        decision.transitions.append(_signed(after, TRANSITION_OF[action.kind], action, number))
        key = after.key if action.kind in (ActionKind.SHELVE, ActionKind.UNSHELVE) else None
        decision.records.append(
            record_of(action, alert_id=alert_id, transition_number=number, key=key)
        )
    return decision


def _signed(alert: Alert, kind: Kind, action: Action, number: int) -> Transition:
    return Transition(
        number=number,
        kind=kind,
        alert=alert,
        time=action.time,
        principal=action.actor.principal,
        user=action.actor.user,
        comment=action.text,
    )


def change_service(
    alerts: Iterable[Alert], reasons: Mapping[Place, str], action: Action, *, last_number: int
) -> list[Transition]:
    """Return the transitions of alerts whose being in service has changed.

    Parameters
    ----------
    alerts : iterable of Alert
        The open alerts that the action is about.
    reasons : mapping of Place to str
        What is out of service after the action, and why.
    action : Action
        What was done.
    last_number : int
        Number of the newest transition that exists.
    """
    circumstances = Circumstances(out_of_service=reasons)
    transitions: list[Transition] = []
    for alert in alerts:
        reason = circumstances.out_of_service_of(alert)
        if bool(reason) == bool(alert.out_of_service):
            continue
        after = replace(
            alert,
            out_of_service=reason,
            update_time=action.time,
            revision=alert.revision + 1,
        )
        kind = Kind.TAKEN_OUT_OF_SERVICE if reason else Kind.RETURNED_TO_SERVICE
        number = last_number + len(transitions) + 1
        transitions.append(_signed(after, kind, action, number))
    return transitions


def expire_shelves(alerts: Iterable[Alert], *, last_number: int, now: datetime) -> list[Transition]:
    """Return the transitions of open alerts whose time on the shelf is over.

    With the condition present acknowledgment is open again.
    """
    transitions: list[Transition] = []
    for alert in alerts:
        if not alert.is_open or alert.shelving is None or alert.shelving.expire_time > now:
            continue
        after = replace(
            alert,
            shelving=None,
            acknowledged=alert.acknowledged and not is_present(alert),
            update_time=now,
            revision=alert.revision + 1,
        )
        number = last_number + len(transitions) + 1
        transitions.append(
            Transition(number=number, kind=Kind.SHELF_EXPIRED, alert=after, time=now)
        )
    return transitions


def realarm(
    alerts: Iterable[Alert], *, acknowledged_before: datetime, last_number: int, now: datetime
) -> list[Transition]:
    """Return the transitions of alerts that are active and acknowledged for long."""
    transitions: list[Transition] = []
    for alert in alerts:
        given = alert.acknowledgment
        if given is None or given.time > acknowledged_before or not may_realarm(alert):
            continue
        after = replace(
            alert,
            acknowledged=False,
            realarm_count=alert.realarm_count + 1,
            update_time=now,
            revision=alert.revision + 1,
        )
        number = last_number + len(transitions) + 1
        transitions.append(Transition(number=number, kind=Kind.REALARMED, alert=after, time=now))
    return transitions


def is_present(alert: Alert) -> bool:
    """Tell whether the condition of an open alert is not normal."""
    return alert.state is not ConditionState.NORMAL


def may_realarm(alert: Alert) -> bool:
    """Tell whether an alert comes up again once it is acknowledged for long."""
    return alert.is_open and alert.acknowledged and is_present(alert) and not alert.is_set_aside
