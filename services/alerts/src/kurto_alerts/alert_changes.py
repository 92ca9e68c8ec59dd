"""What a change of its condition makes of an alert."""

from dataclasses import replace
from datetime import datetime

from kurto_alerts.alert_state import (
    Alert,
    ConditionChange,
    ConditionState,
    TransitionKind,
    sample_time,
)


def raise_alert(change: ConditionChange, now: datetime) -> Alert:
    """Return the alert that a RAISED change makes."""
    return Alert(
        alert_id=change.alert_id,
        sensor_id=change.sensor_id or change.key.sensor_id,
        channel=change.channel or change.key.channel,
        rule_id=change.key.rule_id,
        rule_version=change.rule.version,
        rule_display_name=change.rule.display_name,
        feature=change.rule.feature,
        unit=change.rule.unit,
        severity=change.severity,
        state=change.state,
        value=change.value,
        worst_value=change.worst_value,
        limit=change.limit,
        epoch=change.epoch,
        window_index=change.window_index,
        raise_time=sample_time(change.time_us),
        update_time=now,
        instance_id=change.alert_id,
        kind=change.alert_kind,
        measure=change.rule.measure,
        machine_id=change.machine_id,
        priority=change.rule.priority_at(change.severity),
        labels=dict(change.rule.labels),
        guidance=change.rule.guidance,
        worst_severity=change.severity,
        scope=change.rule.scope,
    )


def change_alert(alert: Alert, change: ConditionChange, now: datetime) -> Alert:
    """Return the alert after a change of its condition; a rise of severity asks anew."""
    ended = change.kind is TransitionKind.RESOLVED
    return replace(
        _touched(alert, now),
        rule_version=change.rule.version,
        rule_display_name=change.rule.display_name,
        feature=change.rule.feature,
        unit=change.rule.unit,
        severity=change.severity,
        state=change.state,
        value=change.value,
        worst_value=change.worst_value,
        limit=change.limit,
        acknowledged=alert.acknowledged and change.kind is not TransitionKind.ESCALATED,
        resolve_time=sample_time(change.time_us) if ended else None,
        measure=change.rule.measure,
        priority=change.rule.priority_at(change.severity),
        labels=dict(change.rule.labels),
        guidance=change.rule.guidance,
        worst_severity=max(alert.worst_severity, change.severity),
    )


def latch_alert(alert: Alert, change: ConditionChange, now: datetime) -> Alert:
    """Return the alert after its condition ended, which somebody must reset before it does."""
    return replace(change_alert(alert, change, now), resolve_time=None, latched=True)


def relapse_alert(alert: Alert, change: ConditionChange, now: datetime) -> Alert:
    """Return a latched alert after its condition was raised anew: the same problem, asked anew.

    The worst value is that of the present run.
    """
    return replace(
        change_alert(alert, change, now),
        instance_id=change.alert_id,
        latched=False,
        acknowledged=False,
        suppression="",
    )


def mark_alert(alert: Alert, change: ConditionChange, now: datetime) -> Alert:
    """Return the alert after a change that leaves its condition as it is."""
    after = _touched(alert, now)
    if change.kind is TransitionKind.SUPPRESSED:
        return replace(after, suppression=change.suppression)
    if change.kind is TransitionKind.UNSUPPRESSED:
        return replace(after, suppression="")
    return replace(after, data_bad=change.kind is TransitionKind.DATA_BAD)


def withdraw_alert(alert: Alert, now: datetime) -> Alert:
    """Return the alert after its rule stopped watching the channel."""
    return replace(
        _touched(alert, now),
        state=ConditionState.NORMAL,
        latched=False,
        resolve_time=max(now, alert.raise_time),
    )


def _touched(alert: Alert, now: datetime) -> Alert:
    return replace(alert, update_time=now, revision=alert.revision + 1)
