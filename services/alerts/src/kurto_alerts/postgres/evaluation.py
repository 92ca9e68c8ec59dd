"""What evaluation starts from and decides, on PostgreSQL."""

import contextlib
import json
from collections.abc import Sequence
from datetime import datetime

import asyncpg
from asyncpg import Connection, Record

from kurto_alerts.alert_state import (
    Alert,
    AlertKind,
    ConditionChange,
    ConditionState,
    Key,
    Transition,
    TransitionKind,
    key_of,
)
from kurto_alerts.checkpoints import SensorCheckpoint
from kurto_alerts.exceptions import StaleRulesError
from kurto_alerts.ports import EvaluationBatch, EvaluationState, OpenAlert
from kurto_alerts.postgres.circumstances import end_one_shot_shelves, select_circumstances
from kurto_alerts.postgres.evidence_moments import write_moments
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
from kurto_alerts.rules import Scope
from kurto_alerts.transition_log import Decision, apply_changes

LOCK_KEY = 0x6B7572746F616C  # "kurtoal"
CLOSE_TIMEOUT_S = 2.0

_SELECT_OPEN = (
    "SELECT sensor_id, channel, rule_id, machine_id, (details->>'scope')::int AS scope,"
    " coalesce(nullif(instance_id, ''), alert_id) AS instance_id, severity, state, worst_value,"
    " unit, details->>'suppression' AS suppression FROM alerts.alerts"
    f" WHERE resolve_time IS NULL AND kind = {int(AlertKind.VIBRATION)}"
)
_SELECT_PROBLEMS = (
    "SELECT sensor_id, channel, rule_id, alert_id FROM alerts.alerts"
    f" WHERE resolve_time IS NULL AND kind <> {int(AlertKind.VIBRATION)}"
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
# The release before leaves instance_id empty; one condition each, so that each has its index.
_UPDATE_WORST = tuple(
    "UPDATE alerts.alerts a SET worst_value = w.worst_value"
    " FROM unnest($1::text[], $2::double precision[]) AS w (instance_id, worst_value)"
    f" WHERE {condition} AND a.resolve_time IS NULL"
    for condition in (
        "a.instance_id = w.instance_id AND a.instance_id <> ''",
        "a.alert_id = w.instance_id AND a.instance_id = ''",
    )
)
_KNOWN = tuple(
    f"{SELECT_ALERTS} WHERE {condition}"
    for condition in (
        "a.alert_id = ANY($1::text[])",
        "a.instance_id = ANY($1::text[]) AND a.instance_id <> '' AND a.resolve_time IS NULL",
    )
)
# Whatever the rule's scope, an open alert of a key lies on the sensor or on the machine.
_OPEN_OF_KEYS = tuple(
    f"{SELECT_ALERTS} JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]))"
    f" AS raised (place, rule_id) ON a.{column} = raised.place AND a.rule_id = raised.rule_id"
    " WHERE a.resolve_time IS NULL"
    for column in ("sensor_id", "machine_id")
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
            problems = await session.fetch(_SELECT_PROBLEMS)
            streams = await session.fetch(
                "SELECT stream, message_id FROM alerts.stream_checkpoints"
            )
            return EvaluationState(
                rules_revision=revision,
                rules=await select_rules(session),
                profiles=await select_profiles(session),
                checkpoints=[_checkpoint(row) for row in checkpoints],
                open_alerts=dict(_open_alert(row) for row in alerts),
                message_ids={row["stream"]: row["message_id"] for row in streams},
                open_problems={
                    Key(row["sensor_id"], row["channel"], row["rule_id"]): row["alert_id"]
                    for row in problems
                },
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
            await write_moments(self._session, transitions, batch.changes, now)
            await self._write_checkpoints(batch.checkpoints)
            await self._session.executemany(_UPSERT_STREAM, list(batch.message_ids.items()))
            if batch.worst_values:
                worst = list(batch.worst_values), list(batch.worst_values.values())
                for update in _UPDATE_WORST:
                    await self._session.execute(update, *worst)
        return transitions

    async def _write_changes(
        self, batch: EvaluationBatch, last_number: int, now: datetime
    ) -> list[Transition]:
        changes: list[Decision] = [*batch.changes, *batch.withdrawals]
        if not changes:
            return []
        raised = [change for change in batch.changes if change.kind is TransitionKind.RAISED]
        transitions = apply_changes(
            await self._select_alerts(changes, raised),
            changes,
            last_number=last_number,
            now=now,
            circumstances=await select_circumstances(self._session, raised),
        )
        await write_transitions(self._session, transitions)
        await end_one_shot_shelves(self._session, transitions)
        return transitions

    async def _select_alerts(
        self, changes: Sequence[Decision], raised: Sequence[ConditionChange]
    ) -> dict[str, Alert]:
        """Return the alerts that changes name, and the open ones of the keys that are raised."""
        names = sorted({change.alert_id for change in changes})
        rows = [row for query in _KNOWN for row in await self._session.fetch(query, names)]
        rule_ids = [change.key.rule_id for change in raised]
        machines = [change.key.machine_id for change in raised]
        sensors = [change.key.sensor_id for change in raised]
        for query, places in zip(_OPEN_OF_KEYS, (sensors, machines), strict=True):
            named = [pair for pair in zip(places, rule_ids, strict=True) if pair[0]]
            if named:
                rows += await self._session.fetch(query, *map(list, zip(*named, strict=True)))
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


def _open_alert(row: Record) -> tuple[Key, OpenAlert]:
    key = key_of(
        Scope(row["scope"] or Scope.CHANNEL),
        rule_id=row["rule_id"],
        sensor_id=row["sensor_id"],
        channel=row["channel"],
        machine_id=row["machine_id"],
    )
    alert = OpenAlert(
        row["instance_id"],
        row["severity"],
        row["state"] == ConditionState.RECOVERING,
        row["worst_value"],
        row["unit"],
        latched=row["state"] == ConditionState.NORMAL,
        suppression=row["suppression"] or "",
        sensor_id=row["sensor_id"],
    )
    return key, alert


def _checkpoint(row: asyncpg.Record) -> SensorCheckpoint:
    return SensorCheckpoint.from_document(
        row["sensor_id"], row["epoch"], row["window_index"], json.loads(row["conditions"])
    )
