"""Alerts in memory."""

from collections.abc import Mapping
from datetime import datetime

from kurto_alerts.alert_state import Alert, Transition
from kurto_alerts.exceptions import (
    AlertNotFound,
)
from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.ports import (
    ActivePosition,
    AlertFilter,
    HistoryPosition,
)
from kurto_alerts.rules import Severity


class MemoryAlerts:
    """Implements `ports.AlertStore`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def list_active(
        self, chosen: AlertFilter, *, after: ActivePosition | None, limit: int
    ) -> tuple[list[Alert], int]:
        """Return open alerts and the number of the newest transition that they include."""

        def order(alert: Alert) -> tuple[int, datetime, str]:
            return int(alert.severity), alert.raise_time, alert.alert_id

        alerts = [alert for alert in self._database.open_alerts() if _matches(alert, chosen)]
        if after is not None:
            place = (after.severity, after.raise_time, after.alert_id)
            alerts = [alert for alert in alerts if order(alert) < place]
        alerts.sort(key=order, reverse=True)
        return alerts[:limit], len(self._database.transitions)

    async def list_history(
        self, chosen: AlertFilter, *, after: HistoryPosition | None, limit: int
    ) -> list[Alert]:
        """Return alerts, open and ended, the newest first."""

        def order(alert: Alert) -> tuple[datetime, str]:
            return alert.raise_time, alert.alert_id

        alerts = [alert for alert in self._database.alerts.values() if _matches(alert, chosen)]
        if after is not None:
            place = (after.raise_time, after.alert_id)
            alerts = [alert for alert in alerts if order(alert) < place]
        return sorted(alerts, key=order, reverse=True)[:limit]

    async def get_alert(self, alert_id: str) -> tuple[Alert, list[Transition]]:
        """Return an alert and its transitions, oldest first."""
        alert = self._database.alerts.get(alert_id)
        if alert is None:
            raise AlertNotFound(alert_id=alert_id)
        transitions = self._database.transitions
        return alert, [one for one in transitions if one.alert.alert_id == alert_id]

    async def list_transitions(
        self, *, after_number: int, limit: int
    ) -> tuple[list[Transition], int]:
        """Return transitions by number and the number of the newest that exists."""
        transitions = self._database.transitions
        return transitions[after_number : after_number + limit], len(transitions)

    async def count_open(self) -> Mapping[Severity, int]:
        """Return the number of open alerts of each severity."""
        severities = [alert.severity for alert in self._database.open_alerts()]
        return {severity: severities.count(severity) for severity in Severity if severity}


def _matches(alert: Alert, chosen: AlertFilter) -> bool:
    return (
        chosen.sensor_id in ("", alert.sensor_id)
        and (chosen.start_time is None or alert.raise_time >= chosen.start_time)
        and (chosen.end_time is None or alert.raise_time < chosen.end_time)
        and chosen.machine_id in ("", alert.machine_id)
        and chosen.rule_id in ("", alert.rule_id)
        and alert.severity >= chosen.minimum_severity
        and (not chosen.kinds or alert.kind in chosen.kinds)
        and chosen.acknowledged in (None, alert.acknowledged)
        and chosen.set_aside in (None, alert.is_set_aside)
        and chosen.labels.items() <= alert.labels.items()
    )
