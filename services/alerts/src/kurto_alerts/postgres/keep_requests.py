"""What ingest is still to be asked for, on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kurto_alerts.alert_state import Transition, TransitionKind
from kurto_alerts.keeping import KeepRequest
from kurto_alerts.postgres.rows import Session
from kurto_service.postgres import Pool

_INSERT = """
INSERT INTO alerts.keep_requests
    (alert_id, sensor_id, start_time, end_time, next_attempt_time, create_time)
SELECT alert_id, sensor_id, start_time, end_time, $5, $5
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[])
    AS r (alert_id, sensor_id, start_time, end_time)
ON CONFLICT (alert_id, sensor_id) DO NOTHING
"""
# Whoever takes a request has it until its next attempt: a process that is killed loses nothing.
_TAKE = """
UPDATE alerts.keep_requests AS r SET attempt_count = r.attempt_count + 1,
    next_attempt_time = $1 + least($3::interval * 2 ^ least(r.attempt_count, 20), $4::interval)
FROM (
    SELECT alert_id, sensor_id FROM alerts.keep_requests WHERE next_attempt_time <= $1
    ORDER BY next_attempt_time LIMIT $2 FOR UPDATE SKIP LOCKED) AS due
WHERE r.alert_id = due.alert_id AND r.sensor_id = due.sensor_id
RETURNING r.alert_id, r.sensor_id, r.start_time, r.end_time
"""
_FINISH = "DELETE FROM alerts.keep_requests WHERE alert_id = $1 AND sensor_id = $2"
_DROP = """
DELETE FROM alerts.keep_requests WHERE create_time < $1
RETURNING alert_id, sensor_id, start_time, end_time
"""


async def write_keep_requests(
    session: Session,
    requests: Sequence[KeepRequest],
    transitions: Sequence[Transition],
    now: datetime,
) -> None:
    """Store the requests of the alerts that are raised in this transaction."""
    raised = {t.alert.alert_id for t in transitions if t.kind is TransitionKind.RAISED}
    chosen = [request for request in requests if request.alert_id in raised]
    if chosen:
        await session.execute(
            _INSERT,
            [request.alert_id for request in chosen],
            [request.sensor_id for request in chosen],
            [request.start_time for request in chosen],
            [request.end_time for request in chosen],
            now,
        )


class PostgresKeepRequests:
    """Implements `ports.KeepRequestStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take_due(
        self, *, now: datetime, limit: int, first_pause_s: float, longest_pause_s: float
    ) -> list[KeepRequest]:
        """Return requests that are due, and put their next attempt off, longer each time."""
        pauses = (timedelta(seconds=first_pause_s), timedelta(seconds=longest_pause_s))
        async with self._pool.acquire() as session:
            rows = await session.fetch(_TAKE, now, limit, *pauses)
        return [KeepRequest(*row) for row in rows]

    async def finish(self, request: KeepRequest) -> None:
        """Forget a request."""
        async with self._pool.acquire() as session:
            await session.execute(_FINISH, request.alert_id, request.sensor_id)

    async def drop_older(self, create_time: datetime) -> list[KeepRequest]:
        """Forget requests made before a time, and return them."""
        async with self._pool.acquire() as session:
            rows = await session.fetch(_DROP, create_time)
        return [KeepRequest(*row) for row in rows]
