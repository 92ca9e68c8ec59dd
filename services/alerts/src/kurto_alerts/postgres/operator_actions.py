"""The statements of an action on alerts: what it changes, and its audit."""

import json
from collections.abc import Sequence

from kurto_alerts.alert_state import Alert, Key, Transition, TransitionKind
from kurto_alerts.exceptions import KurtoError
from kurto_alerts.operators.action_documents import target_document
from kurto_alerts.operators.actions import (
    Action,
    ActionRecord,
    Shelf,
    record_of,
)
from kurto_alerts.operators.operator_state import change_service, decide
from kurto_alerts.postgres.circumstances import end_one_shot_shelves
from kurto_alerts.postgres.rows import (
    SELECT_ALERTS,
    Session,
    alert_from_row,
    lock_counters,
    write_transitions,
)
from kurto_alerts.transition_log import Place

_UPSERT_SHELF = (
    "INSERT INTO alerts.shelves (sensor_id, channel, rule_id, expire_time, one_shot, reason,"
    " principal, claimed_user, shelve_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT (sensor_id, channel, rule_id) DO UPDATE SET expire_time = excluded.expire_time,"
    " one_shot = excluded.one_shot, reason = excluded.reason, principal = excluded.principal,"
    " claimed_user = excluded.claimed_user, shelve_time = excluded.shelve_time"
)
_INSERT_ACKNOWLEDGMENT = (
    "INSERT INTO alerts.acknowledgments (transition_number, alert_id, principal, claimed_user,"
    " comment, acknowledge_time) VALUES ($1, $2, $3, $4, $5, $6)"
)
_INSERT_ACTION = (
    "INSERT INTO alerts.operator_actions (action, action_time, principal, claimed_user, reason,"
    " alert_id, transition_number, target) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)"
)


async def open_alert_of(session: Session, key: Key) -> Alert | None:
    """Return the open alert of a key."""
    column = "machine_id" if key.machine_id else "sensor_id"
    rows = await session.fetch(
        f"{SELECT_ALERTS} WHERE a.{column} = $1 AND a.rule_id = $2 AND a.resolve_time IS NULL",
        key.machine_id or key.sensor_id,
        key.rule_id,
    )
    return next((alert for alert in map(alert_from_row, rows) if alert.key == key), None)


async def act_on_key(session: Session, key: Key, action: Action) -> Alert | None:
    """Do something with the open alert of a key; without one, only the audit tells of it."""
    last_number, _ = await lock_counters(session)
    alert = await open_alert_of(session, key)
    if alert is None:
        await write_actions(session, [], [record_of(action, key=key)])
        return None
    decision = decide({alert.alert_id: alert}, [alert.alert_id], action, last_number=last_number)
    (outcome,) = decision.outcomes
    if isinstance(outcome, KurtoError):
        raise outcome
    await write_actions(session, decision.transitions, decision.records)
    return outcome


async def mark_service(session: Session, place: Place, action: Action, last_number: int) -> int:
    """Mark the open alerts that a place is about as what is out of service says by now."""
    column, name = (
        ("machine_id", place.machine_id) if place.machine_id else ("sensor_id", place.sensor_id)
    )
    rows = await session.fetch(
        f"{SELECT_ALERTS} WHERE a.{column} = $1 AND a.resolve_time IS NULL ORDER BY a.alert_id",
        name,
    )
    alerts = [alert_from_row(row) for row in rows]
    # The table is small: people fill it by hand.
    entries = await session.fetch(
        "SELECT machine_id, sensor_id, channel, reason FROM alerts.out_of_service"
    )
    reasons = {Place(*row[:3]): row["reason"] for row in entries}
    transitions = change_service(alerts, reasons, action, last_number=last_number)
    records = [record_of(action, target=place)]
    records += [
        record_of(action, target=place, alert_id=one.alert.alert_id, transition_number=one.number)
        for one in transitions
    ]
    await write_actions(session, transitions, records)
    return len(transitions)


async def write_actions(
    session: Session, transitions: Sequence[Transition], records: Sequence[ActionRecord]
) -> None:
    """Store transitions with what hangs on them, and the audit."""
    given = [
        (one.number, one.alert.alert_id, one.principal, one.user, one.comment, one.time)
        for one in transitions
        if one.kind is TransitionKind.ACKNOWLEDGED
    ]
    await session.executemany(_INSERT_ACKNOWLEDGMENT, given)
    await write_transitions(session, transitions)
    await end_one_shot_shelves(session, transitions)
    shelves = [
        Shelf(key=one.alert.key, shelving=one.alert.shelving)
        for one in transitions
        if one.kind is TransitionKind.SHELVED and one.alert.shelving is not None
    ]
    await store_shelves(session, shelves)
    rows = [
        (
            one.kind.name, one.time, one.principal, one.user, one.reason, one.alert_id,
            one.transition_number or None, json.dumps(target_document(one)),
        )
        for one in records
    ]  # fmt: skip
    await session.executemany(_INSERT_ACTION, rows)


async def store_shelves(session: Session, shelves: Sequence[Shelf]) -> None:
    """Put keys on the shelf, or change how long they stay there."""
    await session.executemany(_UPSERT_SHELF, [_shelf_row(shelf) for shelf in shelves])


def _shelf_row(shelf: Shelf) -> tuple[object, ...]:
    key, one = shelf.key, shelf.shelving
    return (
        key.sensor_id, key.channel, key.rule_id, one.expire_time, one.one_shot, one.reason,
        one.principal, one.user, one.shelve_time,
    )  # fmt: skip
