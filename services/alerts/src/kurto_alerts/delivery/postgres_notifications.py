"""Notifications and what became of them, on PostgreSQL."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from asyncpg import Record

from kurto_alerts.delivery.contents import Notice, json_content
from kurto_alerts.delivery.exceptions import UnknownReceiver
from kurto_alerts.delivery.notices import Attempt, Kind, Notification, Outcome, State
from kurto_alerts.delivery.policy_documents import secrets_from_document
from kurto_alerts.delivery.ports import Delivery, NotificationFilter, Patience
from kurto_alerts.delivery.postgres_configuration import SELECT_RECEIVERS, receiver_from_row
from kurto_alerts.delivery.postgres_outcomes import close, deliver, postpone
from kurto_alerts.rules import Severity
from kurto_service.postgres import Pool

SHOWN_ATTEMPTS = 20
LONGEST_ERROR = 500

_COLUMNS = (
    "notification_id, idempotency_key, receiver_id, machine_id, kind, state, severity,"
    " must_deliver, summary, content, transitions, attempt_count, create_time, next_attempt_time,"
    " finish_time"
)
_TAKE = f"""
UPDATE alerts.notifications AS n SET attempt_count = n.attempt_count + 1, next_attempt_time = $2
FROM (
    SELECT due.notification_id FROM alerts.receivers r CROSS JOIN LATERAL (
        SELECT notification_id FROM alerts.notifications
        WHERE receiver_id = r.receiver_id AND state = 1 AND next_attempt_time <= $1
        ORDER BY severity DESC, next_attempt_time LIMIT $4 FOR UPDATE SKIP LOCKED) due
    WHERE r.receiver_id <> ALL($5::text[]) AND NOT (r.definition->>'disabled')::boolean
    LIMIT $3) AS taken
WHERE n.notification_id = taken.notification_id
RETURNING {", ".join(f"n.{name.strip()}" for name in _COLUMNS.split(","))}
"""
_START_ATTEMPTS = """
INSERT INTO alerts.notification_attempts (notification_id, attempt_number, start_time)
SELECT id, number, $3 FROM unnest($1::bigint[], $2::integer[]) AS t (id, number)
"""
_END_ATTEMPT = """
UPDATE alerts.notification_attempts SET end_time = $3, delivered = $4, status_code = $5, error = $6
WHERE notification_id = $1 AND attempt_number = $2
"""
_ATTEMPTS = """
SELECT * FROM (
    SELECT a.*, row_number() OVER (PARTITION BY notification_id ORDER BY attempt_number DESC) AS age
    FROM alerts.notification_attempts a WHERE notification_id = ANY($1::bigint[])) newest
WHERE age <= $2 ORDER BY notification_id, attempt_number
"""
_INSERT_TEST = f"""
INSERT INTO alerts.notifications (idempotency_key, receiver_id, group_key, machine_id, kind, state,
    severity, must_deliver, group_count, summary, content, alert_ids, transitions, attempt_count,
    create_time, next_attempt_time)
VALUES ($1, $2, '', '', 4, 1, 1, false, 0, 'kurto test message', $3::jsonb, '{{}}', '[]', 1, $4,
    'infinity')
RETURNING {_COLUMNS}
"""


class PostgresNotifications:
    """Implements `ports.NotificationStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take_due(
        self,
        now: datetime,
        *,
        limit: int,
        per_receiver: int,
        busy: Collection[str],
        lease_s: float,
    ) -> list[Delivery]:
        """Return notifications to be tried, and put the next attempt off."""
        lease_end = now + timedelta(seconds=lease_s)
        async with self._pool.acquire() as session, session.transaction():
            rows = await session.fetch(_TAKE, now, lease_end, limit, per_receiver, list(busy))
            taken = [_from_row(row) for row in rows]
            if not taken:
                return []
            await session.execute(
                _START_ATTEMPTS,
                [one.notification_id for one in taken],
                [one.attempt_count for one in taken],
                now,
            )
            found = await session.fetch(
                f"{SELECT_RECEIVERS} WHERE r.receiver_id = ANY($1::text[])",
                sorted({one.receiver_id for one in taken}),
            )
        receivers = {row["receiver_id"]: row for row in found}
        # The most severe first: the update gives them in no order.
        taken.sort(key=lambda one: (-one.severity, one.create_time, one.notification_id))
        return [
            _delivery(one, receivers[one.receiver_id])
            for one in taken
            if one.receiver_id in receivers
        ]

    async def finish(
        self, notification: Notification, outcome: Outcome, now: datetime, patience: Patience
    ) -> None:
        """Store what an attempt came to, and when the next one is."""
        async with self._pool.acquire() as session, session.transaction():
            # What is planned meanwhile would wait for a notification that is finished.
            await session.execute(
                "SELECT FROM alerts.delivery_plans WHERE receiver_id = $1 FOR UPDATE",
                notification.receiver_id,
            )
            await session.execute(
                _END_ATTEMPT,
                notification.notification_id,
                notification.attempt_count,
                now,
                outcome.delivered,
                outcome.status_code,
                _storable(outcome.error),
            )
            if outcome.delivered:
                await deliver(session, notification, now)
            elif notification.kind is Kind.TEST:
                await close(session, notification, State.GIVEN_UP, now)
            else:
                await postpone(session, notification, outcome, now, patience)

    async def add_test(self, receiver_id: str, now: datetime) -> Delivery:
        """Store a test message that is under way."""
        key = f"test:{receiver_id}:{int(now.timestamp() * 1000)}"
        notice = Notice(kind=Kind.TEST, group_keys=(), entries=(), alerts={}, time=now)
        content = json_content(notice, receiver_id=receiver_id, idempotency_key=key)
        async with self._pool.acquire() as session, session.transaction():
            receiver = await session.fetchrow(
                f"{SELECT_RECEIVERS} WHERE r.receiver_id = $1", receiver_id
            )
            if receiver is None:
                raise UnknownReceiver(receiver_id=receiver_id)
            row = await session.fetchrow(_INSERT_TEST, key, receiver_id, json.dumps(content), now)
            assert row is not None
            await session.execute(_START_ATTEMPTS, [row["notification_id"]], [1], now)
        return _delivery(_from_row(row), receiver)

    async def get(self, notification_id: int) -> Notification:
        """Return a notification with its attempts."""
        found = await self._select("WHERE notification_id = $1", notification_id)
        return found[0]

    async def list_notifications(
        self, chosen: NotificationFilter, *, before_id: int | None, limit: int
    ) -> list[Notification]:
        """Return notifications with a lower id, the newest first, with their attempts."""
        conditions: list[str] = []
        values: list[object] = []
        for condition, value in (
            ("alert_ids @> ARRAY[{}]::text[]", chosen.alert_id or None),
            ("receiver_id = {}", chosen.receiver_id or None),
            ("state = {}", chosen.state and int(chosen.state)),
            ("create_time >= {}", chosen.start_time),
            ("create_time < {}", chosen.end_time),
            ("notification_id < {}", before_id),
        ):
            if value is not None:
                values.append(value)
                conditions.append(condition.format(f"${len(values)}"))
        clause = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        return await self._select(
            f"{clause} ORDER BY notification_id DESC LIMIT {limit:d}", *values
        )

    async def _select(self, clause: str, *values: object) -> list[Notification]:
        async with (
            self._pool.acquire() as session,
            session.transaction(isolation="repeatable_read", readonly=True),
        ):
            rows = await session.fetch(
                f"SELECT {_COLUMNS} FROM alerts.notifications {clause}", *values
            )
            ids = [row["notification_id"] for row in rows]
            tries = await session.fetch(_ATTEMPTS, ids, SHOWN_ATTEMPTS)
        attempts: dict[int, list[Attempt]] = {}
        for row in tries:
            attempts.setdefault(row["notification_id"], []).append(_attempt(row))
        return [_from_row(row, attempts.get(row["notification_id"], ())) for row in rows]

    async def drop_older(self, time: datetime, *, limit: int) -> int:
        """Delete what is finished and older; return how many rows went."""
        async with self._pool.acquire() as session:
            notifications = await session.execute(
                "DELETE FROM alerts.notifications WHERE notification_id IN (SELECT notification_id"
                " FROM alerts.notifications WHERE create_time < $1 AND (state <> 1 OR kind = 4)"
                " LIMIT $2)",
                time,
                limit,
            )
            # Entries of open alerts stay: they say who is to be told the end.
            entries = await session.execute(
                "DELETE FROM alerts.outbox o USING (SELECT transition_number, receiver_id, step"
                " FROM alerts.outbox e JOIN alerts.alerts a USING (alert_id)"
                " WHERE e.create_time < $1 AND e.state <> 'pending' AND a.resolve_time < $1"
                " LIMIT $2) AS old WHERE o.transition_number = old.transition_number"
                " AND o.receiver_id = old.receiver_id AND o.step = old.step",
                time,
                limit,
            )
        return sum(int(status.rpartition(" ")[2]) for status in (notifications, entries))


def _storable(text: str) -> str:
    return text.replace("\0", " ")[:LONGEST_ERROR]


def _delivery(notification: Notification, receiver: Record) -> Delivery:
    return Delivery(
        notification=notification,
        receiver=receiver_from_row(receiver),
        secrets=secrets_from_document(json.loads(receiver["secrets"])),
    )


def _attempt(row: Record) -> Attempt:
    return Attempt(
        attempt_number=row["attempt_number"],
        start_time=row["start_time"],
        end_time=row["end_time"],
        delivered=row["delivered"],
        status_code=row["status_code"],
        error=row["error"],
    )


def _from_row(row: Record, attempts: Sequence[Attempt] = ()) -> Notification:
    content: dict[str, Any] = json.loads(row["content"])
    return Notification(
        notification_id=row["notification_id"],
        idempotency_key=row["idempotency_key"],
        receiver_id=row["receiver_id"],
        machine_id=row["machine_id"],
        kind=Kind(row["kind"]),
        state=State(row["state"]),
        severity=Severity(row["severity"]),
        must_deliver=row["must_deliver"],
        summary=row["summary"],
        content=content,
        transitions=tuple(json.loads(row["transitions"])),
        attempt_count=row["attempt_count"],
        create_time=row["create_time"],
        next_attempt_time=row["next_attempt_time"] if row["kind"] != Kind.TEST else None,
        finish_time=row["finish_time"],
        attempts=tuple(attempts),
    )
