"""Turns a batch of decisions into numbered transitions; every store applies the same function."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kurto_alerts.alert_state import (
    Alert,
    ConditionChange,
    Transition,
    TransitionKind,
    Withdrawal,
    change_alert,
    raise_alert,
    withdraw_alert,
)


def apply_changes(
    known: Mapping[str, Alert],
    changes: Iterable[ConditionChange | Withdrawal],
    *,
    last_number: int,
    now: datetime,
) -> list[Transition]:
    """Return the transitions of a batch, numbered densely from `last_number` + 1.

    Parameters
    ----------
    known : mapping of str to Alert
        The alerts concerned as they are stored, by id.
    changes : iterable of ConditionChange or Withdrawal
        In the order in which they were decided.
    last_number : int
        Number of the newest transition that exists.
    now : datetime
        When it was decided.

    Notes
    -----
    A change that the stored alert already went past (raised twice, or ended since) makes no
    transition.
    """
    alerts = dict(known)
    transitions: list[Transition] = []
    for change in changes:
        before = alerts.get(change.alert_id)
        after = _after(before, change, now)
        if after is None:
            continue
        alerts[after.alert_id] = after
        transitions.append(
            Transition(
                number=last_number + len(transitions) + 1,
                kind=TransitionKind.WITHDRAWN if isinstance(change, Withdrawal) else change.kind,
                alert=after,
                time=now,
                window_index=None if isinstance(change, Withdrawal) else change.window_index,
            )
        )
    return transitions


def _after(
    before: Alert | None, change: ConditionChange | Withdrawal, now: datetime
) -> Alert | None:
    if isinstance(change, ConditionChange) and change.kind is TransitionKind.RAISED:
        return raise_alert(change, now) if before is None else None
    if before is None or not before.is_open:
        return None
    if isinstance(change, Withdrawal):
        return withdraw_alert(before, now)
    return change_alert(before, change, now)
