"""Rows to alerts and transitions, and back."""

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from asyncpg import Connection, Record
from asyncpg.pool import PoolConnectionProxy

from kurto_alerts.alert_details import details_from_document, details_to_document
from kurto_alerts.alert_state import (
    Acknowledgment,
    Alert,
    AlertKind,
    ConditionState,
    Transition,
    TransitionKind,
)
from kurto_alerts.delivery.outbox import write_outbox
from kurto_alerts.rules import Priority, Severity

# Quoted, for the driver's classes take parameters only in its stubs.
Session: TypeAlias = "Connection[Record] | PoolConnectionProxy[Record]"

_FIXED = (
    "alert_id",
    "sensor_id",
    "channel",
    "rule_id",
    "epoch",
    "window_index",
    "raise_time",
    "kind",
    "machine_id",
)
_VARYING = (
    "rule_version",
    "rule_display_name",
    "feature",
    "unit",
    "severity",
    "state",
    "value",
    "worst_value",
    "limit_value",
    "resolve_time",
    "update_time",
    "acknowledged",
    "acknowledgment_number",
    "revision",
    "instance_id",
    "priority",
    "set_aside",
    "details",
)
_ACKNOWLEDGMENT = (
    "k.principal AS acknowledgment_principal, k.claimed_user, k.comment, k.acknowledge_time"
)


def _columns(prefix: str, names: Sequence[str]) -> str:
    return ", ".join(f"{prefix}.{name}" for name in names)


def _parameters(count: int) -> str:
    return ", ".join(f"${number}" for number in range(1, count + 1))


ALERT_COLUMNS = f"{_columns('a', _FIXED + _VARYING)}, {_ACKNOWLEDGMENT}"
ALERT_TABLES = (
    "alerts.alerts a "
    "LEFT JOIN alerts.acknowledgments k ON k.transition_number = a.acknowledgment_number"
)
SELECT_ALERTS = f"SELECT {ALERT_COLUMNS} FROM {ALERT_TABLES}"
SELECT_TRANSITIONS = (
    f"SELECT t.transition_number, t.kind AS transition_kind, t.transition_time,"
    f" t.transition_window_index, t.principal, t.claimed_user AS transition_user,"
    f" t.comment AS transition_comment, {_columns('a', _FIXED)}, {_columns('t', _VARYING)},"
    f" {_ACKNOWLEDGMENT}"
    " FROM alerts.alert_transitions t JOIN alerts.alerts a USING (alert_id)"
    " LEFT JOIN alerts.acknowledgments k ON k.transition_number = t.acknowledgment_number"
)
_UPSERT_ALERT = (
    f"INSERT INTO alerts.alerts ({', '.join(_FIXED + _VARYING)})"
    f" VALUES ({_parameters(len(_FIXED) + len(_VARYING))})"
    f" ON CONFLICT (alert_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _VARYING)
)
_INSERT_TRANSITION = (
    "INSERT INTO alerts.alert_transitions (transition_number, alert_id, kind, transition_time,"
    f" transition_window_index, principal, claimed_user, comment, {', '.join(_VARYING)})"
    f" VALUES ({_parameters(8 + len(_VARYING))})"
)


def alert_from_row(row: Record) -> Alert:
    """Return the alert in a row of SELECT_ALERTS or SELECT_TRANSITIONS."""
    number = row["acknowledgment_number"]
    acknowledgment = None
    if number is not None:
        acknowledgment = Acknowledgment(
            transition_number=number,
            principal=row["acknowledgment_principal"],
            user=row["claimed_user"],
            comment=row["comment"],
            time=row["acknowledge_time"],
        )
    return Alert(
        **{name: row[name] for name in _FIXED if name != "kind"},
        kind=AlertKind(row["kind"]),
        instance_id=row["instance_id"] or row["alert_id"],
        priority=Priority(row["priority"]),
        **details_from_document(json.loads(row["details"])),
        rule_version=row["rule_version"],
        rule_display_name=row["rule_display_name"],
        feature=row["feature"],
        unit=row["unit"],
        severity=Severity(row["severity"]),
        state=ConditionState(row["state"]),
        value=row["value"],
        worst_value=row["worst_value"],
        limit=row["limit_value"],
        resolve_time=row["resolve_time"],
        update_time=row["update_time"],
        acknowledged=row["acknowledged"],
        acknowledgment=acknowledgment,
        revision=row["revision"],
    )


def transition_from_row(row: Record) -> Transition:
    """Return the transition in a row of SELECT_TRANSITIONS."""
    return Transition(
        number=row["transition_number"],
        kind=TransitionKind(row["transition_kind"]),
        alert=alert_from_row(row),
        time=row["transition_time"],
        window_index=row["transition_window_index"],
        principal=row["principal"],
        user=row["transition_user"],
        comment=row["transition_comment"],
    )


def _varying(alert: Alert) -> tuple[Any, ...]:
    acknowledgment = alert.acknowledgment
    return (
        alert.rule_version,
        alert.rule_display_name,
        alert.feature,
        alert.unit,
        int(alert.severity),
        int(alert.state),
        alert.value,
        alert.worst_value,
        alert.limit,
        alert.resolve_time,
        alert.update_time,
        alert.acknowledged,
        acknowledgment.transition_number if acknowledgment else None,
        alert.revision,
        alert.instance_id or alert.alert_id,
        int(alert.priority),
        alert.is_set_aside,
        json.dumps(details_to_document(alert)),
    )


async def lock_counters(session: Session) -> tuple[int, int]:
    """Lock the counters until the transaction ends; return transition number, rules revision."""
    row = await session.fetchrow(
        "SELECT transition_number, rules_revision FROM alerts.counters FOR UPDATE"
    )
    assert row is not None
    return row["transition_number"], row["rules_revision"]


async def write_transitions(session: Session, transitions: Sequence[Transition]) -> None:
    """Store transitions, the alerts after them and whom to tell; the counters must be locked."""
    if not transitions:
        return
    last = {transition.alert.alert_id: transition.alert for transition in transitions}
    alerts = [
        (*(getattr(alert, name) for name in _FIXED), *_varying(alert)) for alert in last.values()
    ]
    await session.executemany(_UPSERT_ALERT, alerts)
    rows = [
        (
            transition.number,
            transition.alert.alert_id,
            int(transition.kind),
            transition.time,
            transition.window_index,
            transition.principal,
            transition.user,
            transition.comment,
            *_varying(transition.alert),
        )
        for transition in transitions
    ]
    await session.executemany(_INSERT_TRANSITION, rows)
    await write_outbox(session, transitions)
    await session.execute(
        "UPDATE alerts.counters SET transition_number = $1", transitions[-1].number
    )
