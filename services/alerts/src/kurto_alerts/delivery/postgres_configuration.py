"""Receivers and policy, their versions and who changed them, on PostgreSQL."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from asyncpg import Record

from kurto_alerts.delivery.exceptions import (
    DeliveryVersionMismatch,
    ReceiverExists,
    ReceiverInUse,
    UnknownReceiver,
)
from kurto_alerts.delivery.outbox import select_policy
from kurto_alerts.delivery.policy import (
    Policy,
    Receiver,
    SecretChanges,
    Secrets,
    surviving_secrets,
)
from kurto_alerts.delivery.policy_documents import (
    policy_to_document,
    receiver_from_document,
    receiver_to_document,
    secrets_from_document,
    secrets_to_document,
)
from kurto_alerts.delivery.ports import DeliveryChange
from kurto_alerts.postgres.rows import Session
from kurto_service.postgres import Pool

SELECT_RECEIVERS = (
    "SELECT r.receiver_id, r.version, r.definition, r.create_time, r.update_time,"
    " r.update_principal, coalesce(s.secrets, '{}') AS secrets"
    " FROM alerts.receivers r LEFT JOIN alerts.receiver_secrets s USING (receiver_id)"
)
_UPSERT = (
    "INSERT INTO alerts.receivers (receiver_id, version, definition, create_time, update_time,"
    " update_principal) VALUES ($1, $2, $3::jsonb, $4, $5, $6)"
    " ON CONFLICT (receiver_id) DO UPDATE SET version = excluded.version,"
    " definition = excluded.definition, update_time = excluded.update_time,"
    " update_principal = excluded.update_principal"
)
_AUDIT = (
    "INSERT INTO alerts.delivery_changes (receiver_id, version, change, definition_before,"
    " definition_after, secrets_changed, change_time, principal)"
    " VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, $8)"
)


def receiver_from_row(row: Record) -> Receiver:
    """Return the receiver in a row of SELECT_RECEIVERS."""
    return receiver_from_document(
        row["receiver_id"],
        json.loads(row["definition"]),
        version=row["version"],
        create_time=row["create_time"],
        update_time=row["update_time"],
        update_principal=row["update_principal"],
    )


class PostgresConfiguration:
    """Implements `ports.ConfigurationStore`.

    Each change locks the policy first, so that no route names a receiver that is being deleted.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create_receiver(
        self, receiver: Receiver, secrets: SecretChanges, *, principal: str, now: datetime
    ) -> tuple[Receiver, Secrets]:
        """Store a new receiver; its version goes on counting if the id was used before."""
        async with self._pool.acquire() as session, session.transaction():
            await _lock(session)
            if await _select(session, receiver.receiver_id) is not None:
                raise ReceiverExists(receiver_id=receiver.receiver_id)
            version = await _last_version(session, receiver.receiver_id) + 1
            stored = _signed(receiver, version, now, principal, now)
            return await _store(session, None, Secrets(), stored, secrets)

    async def get_receiver(self, receiver_id: str) -> tuple[Receiver, Secrets]:
        """Return a receiver."""
        async with self._pool.acquire() as session:
            return await _require(session, receiver_id)

    async def list_receivers(
        self, *, after_receiver_id: str, limit: int
    ) -> list[tuple[Receiver, Secrets]]:
        """Return receivers with a higher id, by id."""
        query = f"{SELECT_RECEIVERS} WHERE r.receiver_id > $1 ORDER BY r.receiver_id LIMIT $2"
        async with self._pool.acquire() as session:
            rows = await session.fetch(query, after_receiver_id, limit)
        return [_with_secrets(row) for row in rows]

    async def update_receiver(
        self, receiver: Receiver, secrets: SecretChanges, *, principal: str, now: datetime
    ) -> tuple[Receiver, Secrets]:
        """Replace a receiver; secrets that are not given stay."""
        async with self._pool.acquire() as session, session.transaction():
            await _lock(session)
            before, known = await _require(session, receiver.receiver_id)
            _check_version(receiver.version, before.version)
            stored = _signed(receiver, before.version + 1, now, principal, before.create_time)
            return await _store(session, before, known, stored, secrets)

    async def delete_receiver(self, receiver_id: str, *, principal: str, now: datetime) -> None:
        """Delete a receiver, if it exists and no route names it."""
        async with self._pool.acquire() as session, session.transaction():
            await _lock(session)
            found = await _select(session, receiver_id)
            if found is None:
                return
            route_id = (await select_policy(session)).route_naming(receiver_id)
            if route_id is not None:
                raise ReceiverInUse(receiver_id=receiver_id, route_id=route_id)
            before, secrets = found
            await session.execute(
                "DELETE FROM alerts.receivers WHERE receiver_id = $1", receiver_id
            )
            await session.execute(
                _AUDIT,
                receiver_id,
                before.version + 1,
                "deleted",
                json.dumps(receiver_to_document(before)),
                None,
                secrets != Secrets(),
                now,
                principal,
            )

    async def get_policy(self) -> Policy:
        """Return the policy in force."""
        async with self._pool.acquire() as session:
            return await select_policy(session)

    async def update_policy(self, policy: Policy, *, principal: str, now: datetime) -> Policy:
        """Replace the policy."""
        async with self._pool.acquire() as session, session.transaction():
            await _lock(session)
            before = await select_policy(session)
            _check_version(policy.version, before.version)
            await _check_receivers(session, policy)
            stored = replace(
                policy, version=before.version + 1, update_time=now, update_principal=principal
            )
            document = json.dumps(policy_to_document(stored))
            await session.execute(
                "UPDATE alerts.notification_policy SET version = $1, definition = $2::jsonb,"
                " update_time = $3, update_principal = $4",
                stored.version,
                document,
                now,
                principal,
            )
            earlier = json.dumps(policy_to_document(before)) if before.version else None
            change = "updated" if before.version else "created"
            await session.execute(
                _AUDIT, "", stored.version, change, earlier, document, False, now, principal
            )
        return stored

    async def list_changes(self, *, before: int | None, limit: int) -> list[DeliveryChange]:
        """Return changes with a lower number, the newest first."""
        query = (
            "SELECT * FROM alerts.delivery_changes WHERE $1::bigint IS NULL OR change_number < $1"
            " ORDER BY change_number DESC LIMIT $2"
        )
        async with self._pool.acquire() as session:
            rows = await session.fetch(query, before, limit)
        return [
            DeliveryChange(
                **{
                    **dict(row),
                    "definition_before": row["definition_before"] or "",
                    "definition_after": row["definition_after"] or "",
                }
            )
            for row in rows
        ]


def _signed(
    receiver: Receiver, version: int, now: datetime, principal: str, created: datetime
) -> Receiver:
    return replace(
        receiver,
        version=version,
        create_time=created,
        update_time=now,
        update_principal=principal,
    )


def _check_version(wanted: int, current: int) -> None:
    if wanted not in (0, current):
        raise DeliveryVersionMismatch(version=current)


async def _lock(session: Session) -> None:
    await session.execute("SELECT FROM alerts.notification_policy FOR UPDATE")


async def _store(
    session: Session,
    before: Receiver | None,
    known: Secrets,
    stored: Receiver,
    changes: SecretChanges,
) -> tuple[Receiver, Secrets]:
    document = json.dumps(receiver_to_document(stored))
    await session.execute(
        _UPSERT,
        stored.receiver_id,
        stored.version,
        document,
        stored.create_time,
        stored.update_time,
        stored.update_principal,
    )
    kept = known if before is None else surviving_secrets(before, known, stored)
    secrets = changes.applied_to(kept)
    await session.execute(
        "INSERT INTO alerts.receiver_secrets (receiver_id, secrets) VALUES ($1, $2::jsonb)"
        " ON CONFLICT (receiver_id) DO UPDATE SET secrets = excluded.secrets",
        stored.receiver_id,
        json.dumps(secrets_to_document(secrets)),
    )
    await session.execute(
        _AUDIT,
        stored.receiver_id,
        stored.version,
        "created" if before is None else "updated",
        None if before is None else json.dumps(receiver_to_document(before)),
        document,
        secrets != known,
        stored.update_time,
        stored.update_principal,
    )
    return stored, secrets


def _with_secrets(row: Record) -> tuple[Receiver, Secrets]:
    document: dict[str, Any] = json.loads(row["secrets"])
    return receiver_from_row(row), secrets_from_document(document)


async def _select(session: Session, receiver_id: str) -> tuple[Receiver, Secrets] | None:
    row = await session.fetchrow(f"{SELECT_RECEIVERS} WHERE r.receiver_id = $1", receiver_id)
    return None if row is None else _with_secrets(row)


async def _require(session: Session, receiver_id: str) -> tuple[Receiver, Secrets]:
    found = await _select(session, receiver_id)
    if found is None:
        raise UnknownReceiver(receiver_id=receiver_id)
    return found


async def _last_version(session: Session, receiver_id: str) -> int:
    return int(
        await session.fetchval(
            "SELECT coalesce(max(version), 0) FROM alerts.delivery_changes WHERE receiver_id = $1",
            receiver_id,
        )
    )


async def _check_receivers(session: Session, policy: Policy) -> None:
    named = {
        name
        for route in policy.routes
        for names in (route.receiver_ids, *(step.receiver_ids for step in route.escalation_steps))
        for name in names
    }
    rows = await session.fetch(
        "SELECT receiver_id FROM alerts.receivers WHERE receiver_id = ANY($1::text[])", list(named)
    )
    for missing in sorted(named - {row["receiver_id"] for row in rows}):
        raise UnknownReceiver(receiver_id=missing)
