"""What is known of a receiver when it is decided what it is told, on PostgreSQL."""

from collections.abc import Callable, Iterable
from datetime import datetime

from asyncpg import Record

from kurto_alerts.alert_state import Alert, TransitionKind
from kurto_alerts.delivery.grouping import Group, Situation, Told
from kurto_alerts.delivery.policy import Policy
from kurto_alerts.delivery.routing import Entry, inhibits
from kurto_alerts.postgres.rows import SELECT_ALERTS, Session, alert_from_row
from kurto_alerts.rules import Severity

LONGEST_PLAN = 5000

_PENDING = """
SELECT transition_number, receiver_id, step, alert_id, group_key, transition_kind, severity,
    due_time, create_time
FROM alerts.outbox WHERE receiver_id = $1 AND state = 'pending'
ORDER BY due_time, transition_number LIMIT $2
"""
_GROUPS = """
SELECT group_key, notify_time, repeat_time, notification_id FROM alerts.notification_groups
WHERE receiver_id = $1 AND (group_key = ANY($2::text[]) OR repeat_time <= $3)
"""


def entry_from_row(row: Record) -> Entry:
    """Return the entry in a row of the outbox."""
    return Entry(
        transition_number=row["transition_number"],
        receiver_id=row["receiver_id"],
        step=row["step"],
        alert_id=row["alert_id"],
        group_key=row["group_key"],
        kind=TransitionKind(row["transition_kind"]),
        severity=Severity(row["severity"]),
        due_time=row["due_time"],
        create_time=row["create_time"],
    )


async def load_situation(
    session: Session, receiver_id: str, policy: Policy, flood_time: datetime | None, now: datetime
) -> Situation:
    """Return everything that is known of one receiver."""
    pending = [
        entry_from_row(row) for row in await session.fetch(_PENDING, receiver_id, LONGEST_PLAN)
    ]
    keys = sorted({entry.group_key for entry in pending})
    groups = {
        row["group_key"]: Group(
            key=row["group_key"],
            notify_time=row["notify_time"],
            repeat_time=row["repeat_time"],
            notification_id=row["notification_id"],
        )
        for row in await session.fetch(_GROUPS, receiver_id, keys, now)
    }
    told_rows = await session.fetch(
        "SELECT alert_id, group_key, severity FROM alerts.told_alerts"
        " WHERE receiver_id = $1 AND (group_key = ANY($2::text[]) OR alert_id = ANY($3::text[]))",
        receiver_id,
        sorted({*keys, *groups}),
        [entry.alert_id for entry in pending],
    )
    told = {
        row["alert_id"]: Told(
            alert_id=row["alert_id"],
            group_key=row["group_key"],
            severity=Severity(row["severity"]),
        )
        for row in told_rows
    }
    recent = await session.fetchval(
        "SELECT coalesce(sum(group_count), 0) FROM alerts.notifications"
        " WHERE receiver_id = $1 AND create_time > $2 AND kind IN (1, 3)",
        receiver_id,
        now - policy.flood,
    )
    return Situation(
        pending=pending,
        groups=groups,
        told=told,
        alerts=await _alerts(session, {*told, *(entry.alert_id for entry in pending)}),
        inhibited=await _inhibition(session, policy),
        recent_groups=int(recent),
        flood_time=flood_time,
    )


async def _alerts(session: Session, alert_ids: Iterable[str]) -> dict[str, Alert]:
    rows = await session.fetch(
        f"{SELECT_ALERTS} WHERE a.alert_id = ANY($1::text[])", list(alert_ids)
    )
    return {row["alert_id"]: alert_from_row(row) for row in rows}


async def _inhibition(session: Session, policy: Policy) -> Callable[[Alert], bool]:
    """Return what tells whether an open alarm inhibits another."""
    if not policy.inhibitions:
        return lambda alert: False
    least = min(one.source.minimum_severity for one in policy.inhibitions)
    rows = await session.fetch(
        f"{SELECT_ALERTS} WHERE a.resolve_time IS NULL AND NOT a.set_aside AND a.severity >= $1",
        int(least),
    )
    sources = [alert_from_row(row) for row in rows]
    sites = {
        row["machine_id"]: row["site_id"]
        for row in await session.fetch("SELECT machine_id, site_id FROM alerts.machine_sites")
    }

    def inhibited(alert: Alert) -> bool:
        return any(
            inhibits(one, source, alert, sites) for one in policy.inhibitions for source in sources
        )

    return inhibited
