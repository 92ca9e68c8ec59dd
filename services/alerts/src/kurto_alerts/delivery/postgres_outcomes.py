"""What becomes of a notification after an attempt, on PostgreSQL."""

import random
from datetime import datetime, timedelta

from asyncpg import Record

from kurto_alerts.delivery.failure_alarm import end_failure, raise_failure
from kurto_alerts.delivery.notices import Notification, Outcome, State
from kurto_alerts.delivery.pauses import pause_s
from kurto_alerts.delivery.ports import Patience
from kurto_alerts.delivery.routing import FAILED_RULE_ID
from kurto_alerts.postgres.rows import (
    SELECT_ALERTS,
    Session,
    alert_from_row,
    lock_counters,
    write_transitions,
)


async def deliver(session: Session, notification: Notification, now: datetime) -> None:
    """Store that a receiver took a notification, and end the alarm of its failure, if any."""
    await close(session, notification, State.DELIVERED, now)
    await end_alarm(session, notification.receiver_id, now)


async def end_alarm(session: Session, receiver_id: str, now: datetime) -> None:
    """End the alarm that says that a receiver cannot be reached, if there is one."""
    if await _failure_alert(session, receiver_id) is None:
        return
    number, _ = await lock_counters(session)
    row = await _failure_alert(session, receiver_id)
    if row is not None:
        ended = end_failure(alert_from_row(row), number=number + 1, now=now)
        await write_transitions(session, [ended])


async def close(session: Session, notification: Notification, state: State, now: datetime) -> None:
    """Finish a notification and let its groups go on."""
    await session.execute(
        "UPDATE alerts.notifications SET state = $2, finish_time = $3, next_attempt_time = NULL"
        " WHERE notification_id = $1 AND (state = 1 OR $2 = 2)",
        notification.notification_id,
        int(state),
        now,
    )
    freed = await session.fetch(
        "UPDATE alerts.notification_groups SET notification_id = NULL WHERE notification_id = $1"
        " RETURNING group_key",
        notification.notification_id,
    )
    await session.execute(
        "UPDATE alerts.outbox SET due_time = $3, reason = '' WHERE receiver_id = $1"
        " AND group_key = ANY($2::text[]) AND state = 'pending' AND reason = 'held'",
        notification.receiver_id,
        [row["group_key"] for row in freed],
        now,
    )


async def postpone(
    session: Session,
    notification: Notification,
    outcome: Outcome,
    now: datetime,
    patience: Patience,
) -> None:
    """Store when a notification is tried again, or that it is given up; raise an alarm in time."""
    age_s = (now - notification.create_time).total_seconds()
    if age_s > patience.give_up_s and not notification.must_deliver:
        await _give_up(session, notification, now)
    else:
        wait_s = pause_s(
            notification.attempt_count,
            first_s=patience.first_pause_s,
            longest_s=patience.longest_pause_s,
            chance=random.random(),
            retry_after_s=outcome.retry_after_s,
        )
        await session.execute(
            # Not if its lease ran out and somebody else tries it by now.
            "UPDATE alerts.notifications SET next_attempt_time = $3"
            " WHERE notification_id = $1 AND attempt_count = $2 AND state = 1",
            notification.notification_id,
            notification.attempt_count,
            now + timedelta(seconds=wait_s),
        )
    if notification.attempt_count < patience.alarm_attempts:
        return
    if await _failure_alert(session, notification.receiver_id) is not None:
        return
    number, _ = await lock_counters(session)
    if await _failure_alert(session, notification.receiver_id) is None:
        raised = raise_failure(
            notification.receiver_id,
            attempts=notification.attempt_count,
            number=number + 1,
            now=now,
        )
        await write_transitions(session, [raised])


async def _give_up(session: Session, notification: Notification, now: datetime) -> None:
    """Close a notification; what is still open in it is decided about anew."""
    await session.execute(
        "DELETE FROM alerts.told_alerts WHERE notification_id = $1", notification.notification_id
    )
    await session.execute(
        "UPDATE alerts.outbox SET state = 'pending', notification_id = NULL, due_time = $2,"
        " reason = '' WHERE notification_id = $1",
        notification.notification_id,
        now,
    )
    await close(session, notification, State.GIVEN_UP, now)


async def _failure_alert(session: Session, receiver_id: str) -> Record | None:
    return await session.fetchrow(
        f"{SELECT_ALERTS} WHERE a.sensor_id = '' AND a.channel = $1 AND a.rule_id = $2"
        " AND a.resolve_time IS NULL",
        receiver_id,
        FAILED_RULE_ID,
    )
