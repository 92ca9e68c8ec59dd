"""Notifications and the audit of delivery as messages."""

from kurto.alerts.v1 import notifications_pb2 as pb
from kurto_alerts.conversion import time_to_proto
from kurto_alerts.delivery.notices import Attempt, Notification, State
from kurto_alerts.delivery.ports import DeliveryChange


def notification_to_proto(notification: Notification) -> pb.Notification:
    """Return a notification as a message."""
    message = pb.Notification(
        notification_id=notification.notification_id,
        receiver_id=notification.receiver_id,
        kind=pb.NotificationKind.Name(notification.kind),
        state=pb.NotificationState.Name(notification.state),
        idempotency_key=notification.idempotency_key,
        machine_id=notification.machine_id,
        summary=notification.summary,
        transitions=[
            pb.NotifiedTransition(
                transition_number=one["transition_number"],
                alert_id=one["alert_id"],
                idempotency_key=one["idempotency_key"],
            )
            for one in notification.transitions
        ],
        create_time=time_to_proto(notification.create_time),
        attempt_count=notification.attempt_count,
        attempts=[_attempt_to_proto(one) for one in notification.attempts],
    )
    message.severity = notification.severity  # type: ignore[assignment]
    if notification.next_attempt_time is not None and notification.state is State.PENDING:
        message.next_attempt_time.CopyFrom(time_to_proto(notification.next_attempt_time))
    if notification.finish_time is not None:
        message.finish_time.CopyFrom(time_to_proto(notification.finish_time))
    return message


def _attempt_to_proto(attempt: Attempt) -> pb.NotificationAttempt:
    return pb.NotificationAttempt(
        attempt_number=attempt.attempt_number,
        start_time=time_to_proto(attempt.start_time),
        end_time=time_to_proto(attempt.end_time) if attempt.end_time else None,
        delivered=attempt.delivered,
        status_code=attempt.status_code,
        error=attempt.error,
    )


def change_to_proto(change: DeliveryChange) -> pb.DeliveryChange:
    """Return a change of receivers or policy as a message."""
    return pb.DeliveryChange(
        change_number=change.change_number,
        receiver_id=change.receiver_id,
        version=change.version,
        change=change.change,
        definition_before=change.definition_before,
        definition_after=change.definition_after,
        secrets_changed=change.secrets_changed,
        change_time=time_to_proto(change.change_time),
        principal=change.principal,
    )
