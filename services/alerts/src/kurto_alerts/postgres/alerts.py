"""Alerts and their transitions on PostgreSQL."""

import json
from collections.abc import Mapping

from kurto_alerts.alert_state import Alert, Transition
from kurto_alerts.exceptions import AlertNotFound
from kurto_alerts.ports import ActivePosition, AlertFilter, HistoryPosition
from kurto_alerts.postgres.rows import (
    ALERT_COLUMNS,
    ALERT_TABLES,
    SELECT_ALERTS,
    SELECT_TRANSITIONS,
    Session,
    alert_from_row,
    transition_from_row,
)
from kurto_alerts.rules import Severity
from kurto_service.postgres import Pool


class Conditions:
    """Collects the conditions of a query and numbers their parameters."""

    def __init__(self, *always: str) -> None:
        self._conditions = list(always)
        self.parameters: list[object] = []

    def add(self, condition: str, *parameters: object) -> None:
        """Add a condition in which each ? stands for the next parameter."""
        for parameter in parameters:
            self.parameters.append(parameter)
            condition = condition.replace("?", f"${len(self.parameters)}", 1)
        self._conditions.append(condition)

    def clause(self) -> str:
        """Return the WHERE clause, empty without conditions."""
        return "WHERE " + " AND ".join(self._conditions) if self._conditions else ""


class PostgresAlerts:
    """Implements `ports.AlertStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list_active(
        self, chosen: AlertFilter, *, after: ActivePosition | None, limit: int
    ) -> tuple[list[Alert], int]:
        """Return open alerts and the number of the newest transition that they include."""
        conditions = _conditions(chosen, "a.resolve_time IS NULL")
        if after is not None:
            conditions.add(
                "(a.severity, a.raise_time, a.alert_id) < (?, ?, ?)",
                after.severity,
                after.raise_time,
                after.alert_id,
            )
        # One statement sees one moment: the number belongs to exactly these alerts.
        query = (
            "SELECT c.transition_number, page.* FROM alerts.counters c LEFT JOIN LATERAL"
            f" (SELECT {ALERT_COLUMNS} FROM {ALERT_TABLES} {conditions.clause()}"
            " ORDER BY a.severity DESC, a.raise_time DESC, a.alert_id DESC"
            f" LIMIT {limit:d}) page ON true"
            " ORDER BY page.severity DESC, page.raise_time DESC, page.alert_id DESC"
        )
        async with self._pool.acquire() as session:
            rows = await session.fetch(query, *conditions.parameters)
        alerts = [alert_from_row(row) for row in rows if row["alert_id"] is not None]
        return alerts, rows[0]["transition_number"]

    async def list_history(
        self, chosen: AlertFilter, *, after: HistoryPosition | None, limit: int
    ) -> list[Alert]:
        """Return alerts, open and ended, the newest first."""
        conditions = _conditions(chosen)
        if after is not None:
            conditions.add("(a.raise_time, a.alert_id) < (?, ?)", after.raise_time, after.alert_id)
        query = (
            f"{SELECT_ALERTS} {conditions.clause()}"
            f" ORDER BY a.raise_time DESC, a.alert_id DESC LIMIT {limit:d}"
        )
        async with self._pool.acquire() as session:
            rows = await session.fetch(query, *conditions.parameters)
        return [alert_from_row(row) for row in rows]

    async def get_alert(self, alert_id: str) -> tuple[Alert, list[Transition]]:
        """Return an alert and its transitions, oldest first."""
        async with (
            self._pool.acquire() as session,
            session.transaction(isolation="repeatable_read", readonly=True),
        ):
            alert = await _require_alert(session, alert_id)
            rows = await session.fetch(
                f"{SELECT_TRANSITIONS} WHERE t.alert_id = $1 ORDER BY t.transition_number",
                alert_id,
            )
        return alert, [transition_from_row(row) for row in rows]

    async def list_transitions(
        self, *, after_number: int, limit: int
    ) -> tuple[list[Transition], int]:
        """Return transitions by number and the number of the newest that exists."""
        async with (
            self._pool.acquire() as session,
            session.transaction(isolation="repeatable_read", readonly=True),
        ):
            newest = await session.fetchval("SELECT transition_number FROM alerts.counters")
            rows = await session.fetch(
                f"{SELECT_TRANSITIONS} WHERE t.transition_number > $1"
                " ORDER BY t.transition_number LIMIT $2",
                after_number,
                limit,
            )
        return [transition_from_row(row) for row in rows], int(newest)

    async def count_open(self) -> Mapping[Severity, int]:
        """Return the number of open alerts of each severity."""
        async with self._pool.acquire() as session:
            rows = await session.fetch(
                "SELECT severity, count(*) AS count FROM alerts.alerts"
                " WHERE resolve_time IS NULL GROUP BY severity"
            )
        counts = {Severity(row["severity"]): int(row["count"]) for row in rows}
        return {severity: counts.get(severity, 0) for severity in Severity if severity}


def _conditions(chosen: AlertFilter, *always: str) -> Conditions:
    conditions = Conditions(*always)
    if chosen.sensor_id:
        conditions.add("a.sensor_id = ?", chosen.sensor_id)
    if chosen.start_time is not None:
        conditions.add("a.raise_time >= ?", chosen.start_time)
    if chosen.end_time is not None:
        conditions.add("a.raise_time < ?", chosen.end_time)
    _add_properties(conditions, chosen)
    return conditions


def _add_properties(conditions: Conditions, chosen: AlertFilter) -> None:
    # Kinds and truths are written out, so that indexes of a part of the table serve.
    if chosen.machine_id:
        conditions.add("a.machine_id = ?", chosen.machine_id)
    if chosen.rule_id:
        conditions.add("a.rule_id = ?", chosen.rule_id)
    if chosen.minimum_severity:
        conditions.add("a.severity >= ?", int(chosen.minimum_severity))
    if chosen.kinds:
        numbers = ", ".join(str(int(kind)) for kind in sorted(chosen.kinds))
        conditions.add(f"a.kind IN ({numbers})")
    if chosen.acknowledged is not None:
        conditions.add("a.acknowledged" if chosen.acknowledged else "NOT a.acknowledged")
    if chosen.set_aside is not None:
        conditions.add("a.set_aside" if chosen.set_aside else "NOT a.set_aside")
    if chosen.labels:
        conditions.add("a.details->'labels' @> ?::jsonb", json.dumps(dict(chosen.labels)))


async def _require_alert(session: Session, alert_id: str) -> Alert:
    row = await session.fetchrow(f"{SELECT_ALERTS} WHERE a.alert_id = $1", alert_id)
    if row is None:
        raise AlertNotFound(alert_id=alert_id)
    return alert_from_row(row)
