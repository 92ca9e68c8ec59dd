"""Messages of the contract to the domain, and back."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto_alerts.alert_state import Alert, Transition
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.rule_validation import LevelDraft, RuleDraft
from kurto_alerts.rules import Level, Operator, Rule

LONGEST_SECONDS = 10**9  # far beyond what any rule allows, far below what timedelta holds


def duration_from_proto(duration: Duration) -> timedelta:
    """Return a duration; an absurd one comes back shortened, for validation to refuse."""
    seconds = max(min(duration.seconds, LONGEST_SECONDS), -LONGEST_SECONDS)
    return timedelta(seconds=seconds, microseconds=duration.nanos / 1000)


def duration_to_proto(duration: timedelta) -> Duration:
    """Return a duration as a message."""
    message = Duration()
    message.FromTimedelta(duration)
    return message


def time_from_proto(time: Timestamp, field: str) -> datetime:
    """Return a time; FieldInvalid if no calendar has it."""
    try:
        return time.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise FieldInvalid(f"{field} is not a time", field=field) from error


def time_to_proto(time: datetime) -> Timestamp:
    """Return a time as a message."""
    message = Timestamp()
    message.FromDatetime(time)
    return message


def draft_from_proto(rule: pb.Rule, rule_id: str) -> RuleDraft:
    """Return what a message asks for, under an id."""
    return RuleDraft(
        rule_id=rule_id,
        display_name=rule.display_name,
        feature=rule.feature,
        unit=rule.unit,
        operator=rule.operator,
        levels=tuple(_level_draft(level) for level in rule.levels),
        sensor_ids=tuple(rule.selector.sensor_ids),
        tags=tuple(rule.selector.tags),
        channels=tuple(rule.selector.channels),
        deadband_ratio=rule.deadband_ratio if rule.HasField("deadband_ratio") else None,
        recovery=duration_from_proto(rule.recovery_duration)
        if rule.HasField("recovery_duration")
        else None,
        disabled=rule.disabled,
        labels=dict(rule.labels),
        version=rule.version,
    )


def _level_draft(level: pb.Level) -> LevelDraft:
    return LevelDraft(
        severity=level.severity,
        limit=level.limit if level.HasField("limit") else None,
        lower_limit=level.lower_limit if level.HasField("lower_limit") else None,
        upper_limit=level.upper_limit if level.HasField("upper_limit") else None,
        pending=duration_from_proto(level.pending_duration)
        if level.HasField("pending_duration")
        else None,
    )


def rule_to_proto(rule: Rule) -> pb.Rule:
    """Return a stored rule as a message, every default written out."""
    return pb.Rule(
        rule_id=rule.rule_id,
        display_name=rule.display_name,
        feature=rule.feature,
        unit=rule.unit,
        selector=pb.ChannelSelector(
            sensor_ids=sorted(rule.selector.sensor_ids),
            tags=sorted(rule.selector.tags),
            channels=sorted(rule.selector.channels),
        ),
        operator=pb.Operator.Name(rule.operator),
        levels=[_level_to_proto(level, rule.operator) for level in rule.levels],
        deadband_ratio=rule.deadband_ratio,
        recovery_duration=duration_to_proto(rule.recovery),
        disabled=rule.disabled,
        labels=rule.labels,
        version=rule.version,
        create_time=time_to_proto(rule.create_time),
        update_time=time_to_proto(rule.update_time),
        update_principal=rule.update_principal,
    )


def _level_to_proto(level: Level, operator: Operator) -> pb.Level:
    message = pb.Level(
        severity=pb.Severity.Name(level.severity),
        pending_duration=duration_to_proto(level.pending),
    )
    if operator in (Operator.ABOVE, Operator.BELOW):
        limit = level.upper if operator is Operator.ABOVE else level.lower
        assert limit is not None
        message.limit = limit
    else:
        assert level.lower is not None
        assert level.upper is not None
        message.lower_limit = level.lower
        message.upper_limit = level.upper
    return message


def alert_to_proto(alert: Alert) -> pb.Alert:
    """Return an alert as a message."""
    message = pb.Alert(
        alert_id=alert.alert_id,
        sensor_id=alert.sensor_id,
        channel=alert.channel,
        rule_id=alert.rule_id,
        rule_version=alert.rule_version,
        rule_display_name=alert.rule_display_name,
        feature=alert.feature,
        unit=alert.unit,
        severity=pb.Severity.Name(alert.severity),
        state=pb.ConditionState.Name(alert.state),
        acknowledged=alert.acknowledged,
        value=alert.value,
        worst_value=alert.worst_value,
        limit=alert.limit,
        epoch=alert.epoch,
        window_index=alert.window_index,
        raise_time=time_to_proto(alert.raise_time),
        update_time=time_to_proto(alert.update_time),
        revision=alert.revision,
    )
    if alert.resolve_time is not None:
        message.resolve_time.CopyFrom(time_to_proto(alert.resolve_time))
    if alert.acknowledgment is not None:
        message.acknowledgment.principal = alert.acknowledgment.principal
        message.acknowledgment.user = alert.acknowledgment.user
        message.acknowledgment.comment = alert.acknowledgment.comment
        message.acknowledgment.acknowledge_time.CopyFrom(time_to_proto(alert.acknowledgment.time))
    return message


def transition_to_proto(transition: Transition) -> pb.AlertTransition:
    """Return a transition as a message."""
    return pb.AlertTransition(
        transition_number=transition.number,
        kind=pb.TransitionKind.Name(transition.kind),
        alert=alert_to_proto(transition.alert),
        window_index=transition.window_index,
        transition_time=time_to_proto(transition.time),
        principal=transition.principal,
    )
