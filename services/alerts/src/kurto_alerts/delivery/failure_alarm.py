"""The alarm that says that a receiver cannot be reached: one per receiver."""

import uuid
from dataclasses import replace
from datetime import datetime

from kurto_alerts.alert_state import (
    ALERT_NAMESPACE,
    Alert,
    AlertKind,
    ConditionState,
    Transition,
    TransitionKind,
)
from kurto_alerts.delivery.routing import FAILED_RULE_ID
from kurto_alerts.rules import Priority, Severity

GUIDANCE = "Read the errors in ListNotifications, mend the receiver, then try it with TestReceiver."


def raise_failure(receiver_id: str, *, attempts: int, number: int, now: datetime) -> Transition:
    """Return the transition that says that a receiver took nothing for `attempts` attempts."""
    name = f"system/{FAILED_RULE_ID}/{receiver_id}/{number}"
    alert_id = str(uuid.uuid5(ALERT_NAMESPACE, name))
    alert = Alert(
        alert_id=alert_id,
        sensor_id="",
        channel=receiver_id,
        rule_id=FAILED_RULE_ID,
        rule_version=0,
        rule_display_name=f"Notifications to {receiver_id} fail",
        feature="",
        unit="1",
        severity=Severity.WARNING,
        state=ConditionState.ACTIVE,
        value=float(attempts),
        worst_value=float(attempts),
        limit=float(attempts),
        epoch=0,
        window_index=0,
        raise_time=now,
        update_time=now,
        instance_id=alert_id,
        kind=AlertKind.SYSTEM,
        priority=Priority.HIGH,
        labels={"receiver": receiver_id},
        guidance=GUIDANCE,
        worst_severity=Severity.WARNING,
    )
    return Transition(number=number, kind=TransitionKind.RAISED, alert=alert, time=now)


def end_failure(alert: Alert, *, number: int, now: datetime) -> Transition:
    """Return the transition that says that the receiver is reached again."""
    ended = replace(
        alert,
        state=ConditionState.NORMAL,
        resolve_time=max(now, alert.raise_time),
        update_time=now,
        revision=alert.revision + 1,
    )
    return Transition(number=number, kind=TransitionKind.RESOLVED, alert=ended, time=now)
