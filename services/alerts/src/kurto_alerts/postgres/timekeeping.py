"""What time does to alerts, on PostgreSQL."""

from datetime import datetime

from kurto_alerts.alert_state import Alert, ConditionState, Key
from kurto_alerts.operators.operator_state import expire_shelves, realarm
from kurto_alerts.postgres.operator_actions import open_alert_of
from kurto_alerts.postgres.rows import (
    SELECT_ALERTS,
    Session,
    alert_from_row,
    lock_counters,
    write_transitions,
)
from kurto_service.postgres import Pool

_DUE_SHELVES = (
    "SELECT sensor_id, channel, rule_id FROM alerts.shelves WHERE expire_time <= $1"
    " ORDER BY expire_time LIMIT $2"
)
_DELETE_SHELVES = (
    "DELETE FROM alerts.shelves WHERE expire_time <= $1 AND (sensor_id, channel, rule_id) IN"
    " (SELECT * FROM unnest($2::text[], $3::text[], $4::text[]))"
)
# Numbers of acknowledgments rise with their times, so the oldest come first and an index has them.
_DUE_ALERTS = (
    f"{SELECT_ALERTS} WHERE a.resolve_time IS NULL AND a.acknowledged AND NOT a.set_aside"
    f" AND a.state <> {int(ConditionState.NORMAL)} AND k.acknowledge_time <= $1"
    " ORDER BY a.acknowledgment_number LIMIT $2"
)


class PostgresTime:
    """Implements `operators.ports.TimeStore`.

    A look without a lock finds what is due; under the lock of the counters it is looked at again,
    so that of several processes one does it.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def expire_shelves(self, *, now: datetime, limit: int) -> int:
        """End at most `limit` shelves whose time is over; return how many there were."""
        async with self._pool.acquire() as session:
            if not await session.fetch(_DUE_SHELVES, now, 1):
                return 0
            async with session.transaction():
                last_number, _ = await lock_counters(session)
                rows = await session.fetch(_DUE_SHELVES, now, limit)
                keys = [Key(*row) for row in rows]
                alerts = await _open_alerts(session, keys)
                transitions = expire_shelves(alerts, last_number=last_number, now=now)
                await write_transitions(session, transitions)
                columns = (
                    [key.sensor_id for key in keys],
                    [key.channel for key in keys],
                    [key.rule_id for key in keys],
                )
                await session.execute(_DELETE_SHELVES, now, *columns)
        return len(keys)

    async def realarm(self, *, acknowledged_before: datetime, now: datetime, limit: int) -> int:
        """Open the acknowledgment of at most `limit` alerts again; return how many there were."""
        async with self._pool.acquire() as session:
            if not await session.fetch(_DUE_ALERTS, acknowledged_before, 1):
                return 0
            async with session.transaction():
                last_number, _ = await lock_counters(session)
                rows = await session.fetch(_DUE_ALERTS, acknowledged_before, limit)
                transitions = realarm(
                    [alert_from_row(row) for row in rows],
                    acknowledged_before=acknowledged_before,
                    last_number=last_number,
                    now=now,
                )
                await write_transitions(session, transitions)
        return len(transitions)


async def _open_alerts(session: Session, keys: list[Key]) -> list[Alert]:
    found = [await open_alert_of(session, key) for key in keys]
    return [alert for alert in found if alert is not None]
