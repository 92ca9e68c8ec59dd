"""Messages of the contract to the domain, and back."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto_alerts.alert_state import Alert, Shelving, Transition
from kurto_alerts.exceptions import FieldInvalid
from kurto_alerts.rule_drafts import LevelDraft, RuleDraft
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
        machine_ids=tuple(rule.selector.machine_ids),
        measure=rule.measure,
        scope=rule.scope,
        voting_count=rule.voting_count,
        priority=rule.priority,
        start_up_multiplier=rule.start_up.multiplier if rule.HasField("start_up") else None,
        start_up_hold=duration_from_proto(rule.start_up.hold_duration)
        if rule.start_up.HasField("hold_duration")
        else None,
        speeds=_speeds_from_proto(rule),
        suppress_when=tuple(rule.suppress_when),
        guidance=rule.guidance,
    )


def _speeds_from_proto(rule: pb.Rule) -> tuple[float | None, float | None] | None:
    if not rule.HasField("speed_range"):
        return None
    speeds = rule.speed_range
    low = speeds.low_hz if speeds.HasField("low_hz") else None
    return low, speeds.high_hz if speeds.HasField("high_hz") else None


def _level_draft(level: pb.Level) -> LevelDraft:
    return LevelDraft(
        severity=level.severity,
        limit=level.limit if level.HasField("limit") else None,
        lower_limit=level.lower_limit if level.HasField("lower_limit") else None,
        upper_limit=level.upper_limit if level.HasField("upper_limit") else None,
        pending=duration_from_proto(level.pending_duration)
        if level.HasField("pending_duration")
        else None,
        latch=level.latch if level.HasField("latch") else None,
    )


def rule_to_proto(rule: Rule) -> pb.Rule:
    """Return a stored rule as a message, every default written out."""
    message = pb.Rule(
        rule_id=rule.rule_id,
        display_name=rule.display_name,
        feature=rule.feature,
        unit=rule.unit,
        selector=pb.ChannelSelector(
            sensor_ids=sorted(rule.selector.sensor_ids),
            tags=sorted(rule.selector.tags),
            channels=sorted(rule.selector.channels),
            machine_ids=sorted(rule.selector.machine_ids),
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
        measure=pb.Measure.Name(rule.measure),
        scope=pb.Scope.Name(rule.scope),
        voting_count=rule.voting_count,
        priority=pb.Priority.Name(rule.priority),
        start_up=pb.StartUp(
            multiplier=rule.start_up.multiplier, hold_duration=duration_to_proto(rule.start_up.hold)
        ),
        suppress_when=[pb.OperatingCondition.Name(one) for one in sorted(rule.suppress_when)],
        guidance=rule.guidance,
        day_one=rule.day_one,
    )
    if rule.speed_range is not None:
        message.speed_range.CopyFrom(
            pb.SpeedRange(low_hz=rule.speed_range.low_hz, high_hz=rule.speed_range.high_hz)
        )
    return message


def _level_to_proto(level: Level, operator: Operator) -> pb.Level:
    message = pb.Level(
        severity=pb.Severity.Name(level.severity),
        pending_duration=duration_to_proto(level.pending),
        latch=level.latch,
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
        kind=pb.AlertKind.Name(alert.kind),
        machine_id=alert.machine_id,
        priority=pb.Priority.Name(alert.priority),
        labels=alert.labels,
        latched=alert.latched,
        suppression=alert.suppression,
        out_of_service=alert.out_of_service,
        first_out=alert.first_out,
        realarm_count=alert.realarm_count,
        finding=pb.Finding.Name(alert.finding),
        comment_count=alert.comment_count,
        provisional=alert.provisional,
        data_bad=alert.data_bad,
        measure=pb.Measure.Name(alert.measure),
        guidance=alert.guidance,
        worst_severity=pb.Severity.Name(alert.worst_severity),
    )
    if alert.shelving is not None:
        message.shelving.CopyFrom(shelving_to_proto(alert.shelving))
    if alert.resolve_time is not None:
        message.resolve_time.CopyFrom(time_to_proto(alert.resolve_time))
    if alert.acknowledgment is not None:
        message.acknowledgment.principal = alert.acknowledgment.principal
        message.acknowledgment.user = alert.acknowledgment.user
        message.acknowledgment.comment = alert.acknowledgment.comment
        message.acknowledgment.acknowledge_time.CopyFrom(time_to_proto(alert.acknowledgment.time))
    return message


def shelving_to_proto(shelving: Shelving) -> pb.Shelving:
    """Return a shelving as a message."""
    return pb.Shelving(
        expire_time=time_to_proto(shelving.expire_time),
        one_shot=shelving.one_shot,
        reason=shelving.reason,
        principal=shelving.principal,
        user=shelving.user,
        shelve_time=time_to_proto(shelving.shelve_time),
    )


def transition_to_proto(transition: Transition) -> pb.AlertTransition:
    """Return a transition as a message."""
    return pb.AlertTransition(
        transition_number=transition.number,
        kind=pb.TransitionKind.Name(transition.kind),
        alert=alert_to_proto(transition.alert),
        window_index=transition.window_index,
        transition_time=time_to_proto(transition.time),
        principal=transition.principal,
        user=transition.user,
        comment=transition.comment,
    )
