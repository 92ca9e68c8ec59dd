"""What evaluation starts from and decides, on PostgreSQL."""

import contextlib
import json
from collections.abc import Sequence
from datetime import datetime

import asyncpg
from asyncpg import Connection, Record

from kurto_alerts.alert_state import (
    Alert,
    ConditionChange,
    ConditionState,
    Key,
    Transition,
    Withdrawal,
)
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.exceptions import StaleRulesError
from kurto_alerts.ports import EvaluationBatch, EvaluationState, OpenAlert
from kurto_alerts.postgres.keep_requests import write_keep_requests
from kurto_alerts.postgres.profiles import select_profiles
from kurto_alerts.postgres.rows import (
    SELECT_ALERTS,
    Session,
    alert_from_row,
    lock_counters,
    write_transitions,
)
from kurto_alerts.postgres.rules import select_rules
from kurto_alerts.transition_log import apply_changes

LOCK_KEY = 0x6B7572746F616C  # "kurtoal"
CLOSE_TIMEOUT_S = 2.0

_SELECT_OPEN = (
    "SELECT sensor_id, channel, rule_id, alert_id, severity,"
    f" state = {int(ConditionState.RECOVERING)}, worst_value, unit"
    " FROM alerts.alerts WHERE resolve_time IS NULL"
)
_UPSERT_SENSOR = (
    "INSERT INTO alerts.sensor_checkpoints (sensor_id, epoch, window_index, conditions)"
    " SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::jsonb[])"
    " ON CONFLICT (sensor_id) DO UPDATE SET epoch = excluded.epoch,"
    " window_index = excluded.window_index, conditions = excluded.conditions"
)
_UPSERT_STREAM = (
    "INSERT INTO alerts.stream_checkpoints (stream, message_id) VALUES ($1, $2)"
    " ON CONFLICT (stream) DO UPDATE SET message_id = excluded.message_id"
)
_UPDATE_WORST = (
    "UPDATE alerts.alerts a SET worst_value = w.worst_value"
    " FROM unnest($1::text[], $2::double precision[]) AS w (alert_id, worst_value)"
    " WHERE a.alert_id = w.alert_id AND a.resolve_time IS NULL"
)


class PostgresEvaluationLock:
    """Implements `ports.EvaluationLock` by an advisory lock.

    The connection that holds the lock is the one that commits: whatever a killed process had
    under way is over before the next one gets the lock. It needs a session of its own, so a
    pooler must not share it between transactions.
    """

    def __init__(self, dsn: str, *, connect_timeout_s: float, command_timeout_s: float) -> None:
        self._dsn = dsn
        self._connect_timeout_s = connect_timeout_s
        self._command_timeout_s = command_timeout_s
        self._session: Connection[Record] | None = None

    async def acquire(self) -> "PostgresEvaluation | None":
        """Return the store if no other process evaluates, else None."""
        await self.release()
        session = await asyncpg.connect(
            self._dsn,
            timeout=self._connect_timeout_s,
            command_timeout=self._command_timeout_s,
            server_settings={"application_name": "kurto-alerts-evaluation"},
        )
        self._session = session
        if await session.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
            return PostgresEvaluation(session)
        await self.release()
        return None

    async def release(self) -> None:
        """Give the right back, if it is held."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(TimeoutError, OSError, asyncpg.PostgresError):
                await session.close(timeout=CLOSE_TIMEOUT_S)


class PostgresEvaluation:
    """Implements `ports.EvaluationStore` on one connection."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def load(self) -> EvaluationState:
        """Return where to begin, as of one moment."""
        session = self._session
        async with session.transaction(isolation="repeatable_read", readonly=True):
            revision = await session.fetchval("SELECT rules_revision FROM alerts.counters")
            checkpoints = await session.fetch(
                "SELECT sensor_id, epoch, window_index, conditions FROM alerts.sensor_checkpoints"
            )
            alerts = await session.fetch(_SELECT_OPEN)
            streams = await session.fetch(
                "SELECT stream, message_id FROM alerts.stream_checkpoints"
            )
            return EvaluationState(
                rules_revision=revision,
                rules=await select_rules(session),
                profiles=await select_profiles(session),
                checkpoints=[_checkpoint(row) for row in checkpoints],
                open_alerts={Key(*row[:3]): OpenAlert(*row[3:]) for row in alerts},
                message_ids={row["stream"]: row["message_id"] for row in streams},
            )

    async def commit(self, batch: EvaluationBatch, *, now: datetime) -> list[Transition]:
        """Store a batch in one transaction and return its transitions."""
        last_number = 0
        async with self._session.transaction():
            if batch.changes or batch.withdrawals or batch.worst_values:
                # The one lock that everybody takes before alerts: no two can block each other.
                last_number, revision = await lock_counters(self._session)
                if revision != batch.rules_revision:
                    raise StaleRulesError
            transitions = await self._write_changes(batch, last_number, now)
            await write_keep_requests(self._session, batch.keep_requests, transitions, now)
            await self._write_checkpoints(batch.checkpoints)
            await self._session.executemany(_UPSERT_STREAM, list(batch.message_ids.items()))
            if batch.worst_values:
                await self._session.execute(
                    _UPDATE_WORST, list(batch.worst_values), list(batch.worst_values.values())
                )
        return transitions

    async def _write_changes(
        self, batch: EvaluationBatch, last_number: int, now: datetime
    ) -> list[Transition]:
        changes: list[ConditionChange | Withdrawal] = [*batch.changes, *batch.withdrawals]
        if not changes:
            return []
        known = await self._select_alerts([change.alert_id for change in changes])
        transitions = apply_changes(known, changes, last_number=last_number, now=now)
        await write_transitions(self._session, transitions)
        return transitions

    async def _select_alerts(self, alert_ids: Sequence[str]) -> dict[str, Alert]:
        rows = await self._session.fetch(
            f"{SELECT_ALERTS} WHERE a.alert_id = ANY($1::text[])", list(set(alert_ids))
        )
        return {row["alert_id"]: alert_from_row(row) for row in rows}

    async def _write_checkpoints(self, checkpoints: Sequence[SensorCheckpoint]) -> None:
        if not checkpoints:
            return
        await self._session.execute(
            _UPSERT_SENSOR,
            [checkpoint.sensor_id for checkpoint in checkpoints],
            [checkpoint.epoch for checkpoint in checkpoints],
            [checkpoint.window_index for checkpoint in checkpoints],
            [json.dumps(checkpoint.to_document()) for checkpoint in checkpoints],
        )

    async def rules_revision(self) -> int:
        """Return the number of changes of rules so far."""
        return int(await self._session.fetchval("SELECT rules_revision FROM alerts.counters"))


def _checkpoint(row: asyncpg.Record) -> SensorCheckpoint:
    return SensorCheckpoint.from_document(
        row["sensor_id"], row["epoch"], row["window_index"], json.loads(row["conditions"])
    )
