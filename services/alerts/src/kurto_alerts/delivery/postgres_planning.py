"""Plans what receivers are told, one transaction per receiver, on PostgreSQL."""

import json
from collections.abc import Sequence
from datetime import datetime

from kurto_alerts.delivery.grouping import Draft, Plan, Situation, plan
from kurto_alerts.delivery.outbox import select_policy
from kurto_alerts.delivery.policy import Policy
from kurto_alerts.delivery.postgres_outcomes import end_alarm
from kurto_alerts.delivery.postgres_situation import load_situation
from kurto_alerts.delivery.routing import ENDS, Entry
from kurto_alerts.delivery.sealing import Sealed, seal
from kurto_alerts.postgres.rows import Session
from kurto_service.postgres import Pool

RECEIVERS_AT_A_TIME = 100

_DUE = """
SELECT receiver_id FROM alerts.outbox WHERE state = 'pending' AND due_time <= $1
UNION
SELECT receiver_id FROM alerts.notification_groups
WHERE repeat_time <= $1 AND notification_id IS NULL
UNION
SELECT n.receiver_id FROM alerts.notifications n LEFT JOIN alerts.receivers r USING (receiver_id)
WHERE n.state = 1 AND n.next_attempt_time <= $1
    AND (r.receiver_id IS NULL OR (r.definition->>'disabled')::boolean)
LIMIT $2
"""
_INSERT = """
INSERT INTO alerts.notifications (idempotency_key, receiver_id, group_key, machine_id, kind, state,
    severity, must_deliver, group_count, summary, content, alert_ids, transitions, create_time,
    next_attempt_time)
VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10::jsonb, $11::text[], $12::jsonb, $13, $13)
RETURNING notification_id
"""
_UPSERT_GROUPS = """
INSERT INTO alerts.notification_groups
    (receiver_id, group_key, notify_time, repeat_time, notification_id)
SELECT $1, key, $3, $4, $5 FROM unnest($2::text[]) AS key
ON CONFLICT (receiver_id, group_key) DO UPDATE SET notify_time = excluded.notify_time,
    repeat_time = excluded.repeat_time, notification_id = excluded.notification_id
"""
_UPSERT_TOLD = """
INSERT INTO alerts.told_alerts (receiver_id, alert_id, group_key, severity, notification_id)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (receiver_id, alert_id) DO UPDATE SET severity = excluded.severity
"""
_OF_ENTRY = "WHERE transition_number = $1 AND receiver_id = $2 AND step = $3"


class PostgresPlanning:
    """Implements `ports.PlanningStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def due_receivers(self, now: datetime) -> list[str]:
        """Return the receivers for which something is to be decided."""
        async with self._pool.acquire() as session:
            rows = await session.fetch(_DUE, now, RECEIVERS_AT_A_TIME)
        return [row["receiver_id"] for row in rows]

    async def plan_receiver(self, receiver_id: str, now: datetime) -> int:
        """Decide for one receiver, unless another process does; return the notifications made."""
        async with self._pool.acquire() as session, session.transaction():
            await session.execute(
                "INSERT INTO alerts.delivery_plans (receiver_id) VALUES ($1)"
                " ON CONFLICT DO NOTHING",
                receiver_id,
            )
            right = await session.fetchrow(
                "SELECT flood_time FROM alerts.delivery_plans WHERE receiver_id = $1"
                " FOR UPDATE SKIP LOCKED",
                receiver_id,
            )
            if right is None:
                return 0
            if not await _is_told(session, receiver_id):
                await _cancel(session, receiver_id, now)
                return 0
            policy = await select_policy(session)
            situation = await load_situation(session, receiver_id, policy, right["flood_time"], now)
            return await _Writing(session, receiver_id, policy, situation, now).write()


async def _is_told(session: Session, receiver_id: str) -> bool:
    disabled = await session.fetchval(
        "SELECT (definition->>'disabled')::boolean FROM alerts.receivers WHERE receiver_id = $1",
        receiver_id,
    )
    return disabled is False


async def _cancel(session: Session, receiver_id: str, now: datetime) -> None:
    """Drop everything that a deleted or disabled receiver was to be told."""
    await session.execute(
        "UPDATE alerts.outbox SET state = 'dropped', reason = 'the receiver is deleted or disabled'"
        " WHERE receiver_id = $1 AND state = 'pending'",
        receiver_id,
    )
    await session.execute(
        "UPDATE alerts.notifications SET state = 4, finish_time = $2, next_attempt_time = NULL"
        " WHERE receiver_id = $1 AND state = 1",
        receiver_id,
        now,
    )
    for table in ("notification_groups", "told_alerts"):
        await session.execute(f"DELETE FROM alerts.{table} WHERE receiver_id = $1", receiver_id)
    await end_alarm(session, receiver_id, now)


class _Writing:
    """Writes what was decided for one receiver."""

    def __init__(
        self,
        session: Session,
        receiver_id: str,
        policy: Policy,
        situation: Situation,
        now: datetime,
    ) -> None:
        self._session = session
        self._receiver_id = receiver_id
        self._policy = policy
        self._situation = situation
        self._now = now

    async def write(self) -> int:
        """Decide and write; return how many notifications were made."""
        made: Plan = plan(self._situation, self._policy, self._now)
        for draft in made.drafts:
            await self._write_draft(draft)
        await self._session.executemany(
            f"UPDATE alerts.outbox SET state = 'dropped', reason = $4 {_OF_ENTRY}",
            [(*_identity(entry), reason) for entry, reason in made.dropped],
        )
        await self._session.executemany(
            f"UPDATE alerts.outbox SET due_time = $4, reason = 'held' {_OF_ENTRY}",
            [(*_identity(entry), until) for entry, until in made.held],
        )
        await self._session.execute(
            "UPDATE alerts.notification_groups SET repeat_time = $3"
            " WHERE receiver_id = $1 AND group_key = ANY($2::text[])",
            self._receiver_id,
            made.quiet_groups,
            self._now + self._policy.repeat,
        )
        await self._session.execute(
            "UPDATE alerts.notifications SET next_attempt_time = $2"
            " WHERE notification_id = ANY($1::bigint[]) AND state = 1 AND next_attempt_time > $2"
            " AND NOT EXISTS (SELECT FROM alerts.notification_attempts a WHERE"
            " a.notification_id = notifications.notification_id AND a.end_time IS NULL"
            " AND a.attempt_number = notifications.attempt_count)",  # not while it is under way
            list(made.hurried),
            self._now,
        )
        return len(made.drafts)

    async def _write_draft(self, draft: Draft) -> None:
        sealed = seal(draft, self._situation.alerts, receiver_id=self._receiver_id, time=self._now)
        notification_id = await self._insert(sealed, draft)
        await self._session.executemany(
            "UPDATE alerts.outbox SET state = 'told', reason = '', notification_id = $4"
            f" {_OF_ENTRY}",
            [(*_identity(entry), notification_id) for entry in draft.entries],
        )
        await self._session.execute(
            _UPSERT_GROUPS,
            self._receiver_id,
            list(draft.group_keys),
            self._now,
            self._now + self._policy.repeat,
            notification_id,
        )
        await self._write_told(draft.entries, notification_id)
        if draft.flood:
            await self._session.execute(
                "UPDATE alerts.delivery_plans SET flood_time = $2 WHERE receiver_id = $1",
                self._receiver_id,
                self._now,
            )

    async def _insert(self, sealed: Sealed, draft: Draft) -> int:
        number = await self._session.fetchval(
            _INSERT,
            sealed.idempotency_key,
            self._receiver_id,
            draft.group_keys[0] if len(draft.group_keys) == 1 else "",
            sealed.machine_id,
            int(sealed.kind),
            int(sealed.severity),
            sealed.must_deliver,
            len(draft.group_keys),
            sealed.summary,
            json.dumps(sealed.content, allow_nan=False),
            list(sealed.alert_ids),
            json.dumps(sealed.transitions),
            self._now,
        )
        return int(number)

    async def _write_told(self, entries: Sequence[Entry], notification_id: int) -> None:
        rows = [
            (self._receiver_id, one.alert_id, one.group_key, int(one.severity), notification_id)
            for one in entries
            if one.kind not in ENDS
        ]
        await self._session.executemany(_UPSERT_TOLD, rows)
        await self._session.execute(
            "DELETE FROM alerts.told_alerts WHERE receiver_id = $1 AND alert_id = ANY($2::text[])",
            self._receiver_id,
            [entry.alert_id for entry in entries if entry.kind in ENDS],
        )


def _identity(entry: Entry) -> tuple[int, str, int]:
    return entry.transition_number, entry.receiver_id, entry.step
