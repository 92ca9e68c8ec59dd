"""Messages of operators' actions to the domain, and back."""

from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration

from kurto.alerts.v1 import alarm_report_pb2 as report_pb
from kurto.alerts.v1 import operator_actions_pb2 as pb
from kurto_alerts.alert_state import Finding, Key
from kurto_alerts.conversion import (
    duration_from_proto,
    duration_to_proto,
    shelving_to_proto,
    time_from_proto,
    time_to_proto,
)
from kurto_alerts.exceptions import FieldInvalid, KurtoError
from kurto_alerts.operators.actions import (
    LONGEST_SHELF,
    ActionFilter,
    ActionKind,
    ActionRecord,
    OutOfService,
    Shelf,
)
from kurto_alerts.operators.report import (
    SUGGESTED_SHARES,
    AlarmRate,
    AlarmReport,
    AlarmSource,
    ReportPeriod,
    RuleFindings,
    StaleAlarm,
)
from kurto_alerts.request_fields import checked_text
from kurto_alerts.rules import Priority
from kurto_alerts.transition_log import Place

LONGEST_PERIOD = timedelta(days=366)
DEFAULT_PERIOD = timedelta(days=7)
MOST_MACHINES = 1000


def key_from_proto(key: pb.AlertKey) -> Key:
    """Return the key that a message names; FieldInvalid unless it is one of a scope."""
    names = {name: checked_text(f"key.{name}", getattr(key, name)) for name in _KEY_NAMES}
    if not names["rule_id"]:
        raise FieldInvalid("key.rule_id is required", field="key.rule_id")
    if bool(names["machine_id"]) == bool(names["sensor_id"]):
        raise FieldInvalid("key must name a sensor or a machine", field="key.sensor_id")
    if names["machine_id"] and names["channel"]:
        raise FieldInvalid("key.channel goes with key.sensor_id only", field="key.channel")
    if "/" in names["sensor_id"]:
        raise FieldInvalid("key.sensor_id must hold no '/'", field="key.sensor_id")
    place = f"/{names['machine_id']}" if names["machine_id"] else names["sensor_id"]
    return Key(place, names["channel"], names["rule_id"])


_KEY_NAMES = ("sensor_id", "channel", "rule_id", "machine_id")


def key_to_proto(key: Key) -> pb.AlertKey:
    """Return a key as a message."""
    if key.machine_id:
        return pb.AlertKey(machine_id=key.machine_id, rule_id=key.rule_id)
    return pb.AlertKey(sensor_id=key.sensor_id, channel=key.channel, rule_id=key.rule_id)


def place_from_proto(target: pb.ServiceTarget) -> Place:
    """Return the machine, sensor or channel that a message names."""
    place = Place(
        machine_id=checked_text("target.machine_id", target.machine_id),
        sensor_id=checked_text("target.sensor_id", target.sensor_id),
        channel=checked_text("target.channel", target.channel),
    )
    if bool(place.machine_id) == bool(place.sensor_id):
        raise FieldInvalid("target must name a machine or a sensor", field="target")
    if place.machine_id and place.channel:
        raise FieldInvalid("target.channel goes with sensor_id only", field="target.channel")
    return place


def place_to_proto(place: Place) -> pb.ServiceTarget:
    """Return a machine, sensor or channel as a message."""
    return pb.ServiceTarget(
        machine_id=place.machine_id, sensor_id=place.sensor_id, channel=place.channel
    )


def shelf_time(duration: Duration | None, *, one_shot: bool) -> timedelta:
    """Return for how long to shelve; FieldInvalid unless it is above 0 and at most 8 hours."""
    if duration is None and one_shot:
        return LONGEST_SHELF
    length = timedelta() if duration is None else duration_from_proto(duration)
    if not timedelta() < length <= LONGEST_SHELF:
        raise FieldInvalid(
            "duration must be above 0 and at most 8 hours (28800s)", field="duration"
        )
    return length


def shelf_to_proto(shelf: Shelf) -> pb.Shelf:
    """Return a shelf as a message."""
    return pb.Shelf(key=key_to_proto(shelf.key), shelving=shelving_to_proto(shelf.shelving))


def out_of_service_to_proto(entry: OutOfService) -> pb.OutOfService:
    """Return what is out of service as a message."""
    return pb.OutOfService(
        target=place_to_proto(entry.target),
        reason=entry.reason,
        principal=entry.principal,
        user=entry.user,
        begin_time=time_to_proto(entry.begin_time),
    )


def refusal_to_proto(alert_id: str, error: KurtoError) -> pb.ActionOutcome:
    """Return why something was not done with an alert."""
    return pb.ActionOutcome(
        alert_id=alert_id,
        reason=error.reason,
        message=error.message,
        revision=int(error.metadata.get("revision", "0")),
    )


def action_filter(request: pb.ListOperatorActionsRequest) -> ActionFilter:
    """Return which actions a request asks for."""
    start = end = None
    if request.HasField("start_time"):
        start = time_from_proto(request.start_time, "start_time")
    if request.HasField("end_time"):
        end = time_from_proto(request.end_time, "end_time")
    known = {int(kind) for kind in ActionKind}
    if not known.issuperset(request.kinds):
        raise FieldInvalid("kinds holds a kind that does not exist", field="kinds")
    return ActionFilter(
        start,
        end,
        checked_text("principal", request.principal),
        checked_text("alert_id", request.alert_id),
        frozenset(ActionKind(kind) for kind in request.kinds),
    )


def finding_from_proto(finding: int) -> Finding:
    """Return a finding; FieldInvalid if there is none of this number."""
    try:
        return Finding(finding)
    except ValueError as error:
        raise FieldInvalid("finding is none that exists", field="finding") from error


def action_to_proto(record: ActionRecord) -> pb.OperatorAction:
    """Return an action as a message."""
    message = pb.OperatorAction(
        action_number=record.number,
        kind=pb.OperatorActionKind.Name(record.kind),
        action_time=time_to_proto(record.time),
        principal=record.principal,
        user=record.user,
        reason=record.reason,
        alert_id=record.alert_id,
        transition_number=record.transition_number,
        one_shot=record.one_shot,
        finding=record.finding.value,  # type: ignore[arg-type]  # numbers serve as well
    )
    if record.key is not None:
        message.key.CopyFrom(key_to_proto(record.key))
    if record.expire_time is not None:
        message.expire_time.CopyFrom(time_to_proto(record.expire_time))
    if record.target is not None:
        message.target.CopyFrom(place_to_proto(record.target))
    return message


def report_period(request: report_pb.GetAlarmReportRequest, now: datetime) -> ReportPeriod:
    """Return the period that a request asks for."""
    end = time_from_proto(request.end_time, "end_time") if request.HasField("end_time") else now
    start = end - DEFAULT_PERIOD
    if request.HasField("start_time"):
        start = time_from_proto(request.start_time, "start_time")
    if not timedelta() < end - start <= LONGEST_PERIOD:
        raise FieldInvalid(
            f"start_time must lie before end_time, by at most {LONGEST_PERIOD.days} days",
            field="start_time",
        )
    if len(request.machine_ids) > MOST_MACHINES:
        raise FieldInvalid(f"machine_ids holds more than {MOST_MACHINES}", field="machine_ids")
    machines = [checked_text("machine_ids", one) for one in request.machine_ids]
    return ReportPeriod(start, end, tuple(machines))


def report_to_proto(report: AlarmReport) -> report_pb.AlarmReport:
    """Return figures as a message."""
    message = report_pb.AlarmReport(
        start_time=time_to_proto(report.period.start_time),
        end_time=time_to_proto(report.period.end_time),
        alarm_count=report.alarm_count,
        per_ten_minutes=_rate_to_proto(report.per_ten_minutes),
        per_hour=_rate_to_proto(report.per_hour),
        per_day=_rate_to_proto(report.per_day),
        flood_share=report.flood_share,
        bad_actors=[_source_to_proto(source) for source in report.bad_actors],
        chattering=[_source_to_proto(source) for source in report.chattering],
        chattering_count=report.chattering_count,
        stale=[_stale_to_proto(alarm) for alarm in report.stale],
        stale_count=report.stale_count,
        priorities=[_priority_to_proto(report, priority) for priority in SUGGESTED_SHARES],
        acknowledgment_count=report.acknowledgment_count,
        findings=[_findings_to_proto(one) for one in report.findings],
    )
    if report.acknowledge_median_s is not None and report.acknowledge_p95_s is not None:
        median = timedelta(seconds=report.acknowledge_median_s)
        message.acknowledge_median.CopyFrom(duration_to_proto(median))
        p95 = timedelta(seconds=report.acknowledge_p95_s)
        message.acknowledge_p95.CopyFrom(duration_to_proto(p95))
    return message


def _rate_to_proto(rate: AlarmRate) -> report_pb.AlarmRate:
    return report_pb.AlarmRate(
        interval=duration_to_proto(rate.goal.interval),
        mean=rate.mean,
        maximum=rate.maximum,
        acceptable=rate.goal.acceptable,
        maximum_manageable=rate.goal.maximum,
    )


def _source_to_proto(source: AlarmSource) -> report_pb.AlarmSource:
    return report_pb.AlarmSource(
        key=key_to_proto(source.key),
        machine_id=source.machine_id,
        rule_display_name=source.rule_display_name,
        alarm_count=source.alarm_count,
        share=source.share,
        largest_per_minute=source.largest_per_minute,
    )


def _stale_to_proto(alarm: StaleAlarm) -> report_pb.StaleAlarm:
    return report_pb.StaleAlarm(
        alert_id=alarm.alert_id,
        key=key_to_proto(alarm.key),
        machine_id=alarm.machine_id,
        rule_display_name=alarm.rule_display_name,
        raise_time=time_to_proto(alarm.raise_time),
    )


def _priority_to_proto(report: AlarmReport, priority: Priority) -> report_pb.PriorityShare:
    return report_pb.PriorityShare(
        priority=priority.value,  # type: ignore[arg-type]  # numbers serve as well
        alarm_count=report.priority_counts.get(priority, 0),
        share=report.priority_share(priority),
        suggested_share=SUGGESTED_SHARES[priority],
    )


def _findings_to_proto(findings: RuleFindings) -> report_pb.RuleFindings:
    return report_pb.RuleFindings(
        rule_id=findings.rule_id,
        true_count=findings.true_count,
        false_count=findings.false_count,
        open_count=findings.open_count,
        false_share=findings.false_share,
    )
