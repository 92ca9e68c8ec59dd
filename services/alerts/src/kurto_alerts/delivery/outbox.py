"""Writes the outbox in the transaction that stores transitions, on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kurto_alerts.alert_state import Transition
from kurto_alerts.delivery.policy import Policy
from kurto_alerts.delivery.policy_documents import policy_from_document
from kurto_alerts.delivery.routing import ENDS, Recipient, entries_of, is_notifiable

if TYPE_CHECKING:  # rows.py calls this module
    from kurto_alerts.postgres.rows import Session

NOTIFY_CHANNEL = "kurto_alerts_outbox"

_INSERT = """
INSERT INTO alerts.outbox (transition_number, receiver_id, step, alert_id, group_key,
    transition_kind, severity, due_time, create_time)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::smallint[], $4::text[], $5::text[],
    $6::smallint[], $7::smallint[], $8::timestamptz[], $9::timestamptz[])
"""


async def write_outbox(session: Session, transitions: Sequence[Transition]) -> None:
    """Store who is to be told of transitions, which are stored in the same transaction."""
    notifiable = [one for one in transitions if is_notifiable(one)]
    if not notifiable:
        return
    policy = await select_policy(session)
    told = await _select_told(session, notifiable)
    if not policy.routes and not told:
        return
    entries = entries_of(
        notifiable, policy, told=told, sites=await _select_sites(session, notifiable)
    )
    if not entries:
        return
    await session.execute(
        _INSERT,
        [entry.transition_number for entry in entries],
        [entry.receiver_id for entry in entries],
        [entry.step for entry in entries],
        [entry.alert_id for entry in entries],
        [entry.group_key for entry in entries],
        [int(entry.kind) for entry in entries],
        [int(entry.severity) for entry in entries],
        [entry.due_time for entry in entries],
        [entry.create_time for entry in entries],
    )
    # It only wakes who delivers; they look by themselves too.
    await session.execute("SELECT pg_notify($1, '')", NOTIFY_CHANNEL)


async def select_policy(session: Session) -> Policy:
    """Return the policy in force."""
    row = await session.fetchrow(
        "SELECT definition, version, update_time, update_principal FROM alerts.notification_policy"
    )
    assert row is not None
    return policy_from_document(
        json.loads(row["definition"]),
        version=row["version"],
        update_time=row["update_time"],
        update_principal=row["update_principal"],
    )


async def _select_told(
    session: Session, transitions: Sequence[Transition]
) -> dict[str, list[Recipient]]:
    ended = [one.alert.alert_id for one in transitions if one.kind in ENDS]
    if not ended:
        return {}
    rows = await session.fetch(
        "SELECT DISTINCT alert_id, receiver_id, group_key FROM alerts.outbox"
        " WHERE alert_id = ANY($1::text[]) AND state <> 'dropped'",
        ended,
    )
    told: dict[str, list[Recipient]] = {}
    for row in rows:
        told.setdefault(row["alert_id"], []).append(Recipient(row["receiver_id"], row["group_key"]))
    return told


async def _select_sites(session: Session, transitions: Sequence[Transition]) -> dict[str, str]:
    machines = sorted({one.alert.machine_id for one in transitions if one.alert.machine_id})
    if not machines:
        return {}
    rows = await session.fetch(
        "SELECT machine_id, site_id FROM alerts.machine_sites WHERE machine_id = ANY($1::text[])",
        machines,
    )
    return {row["machine_id"]: row["site_id"] for row in rows}
