"""What a notification says: JSON for webhooks, text and HTML for e-mail; bounded in any case."""

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kurto_alerts.alert_state import Alert
from kurto_alerts.delivery.notices import Kind
from kurto_alerts.delivery.routing import ENDS, Entry

SHOWN_ALERTS = 100
MAIL_ALERTS = 40
LONGEST_TEXT = 500


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What is to be said of a group, or of a flood.

    `alerts` holds those alerts that are told, as they are now; entries of others are told by their
    numbers alone.
    """

    kind: Kind
    group_keys: Sequence[str]
    entries: Sequence[Entry]
    alerts: Mapping[str, Alert]
    time: datetime


def ordered_alerts(notice: Notice) -> list[Alert]:
    """Return the alerts, open ones first, the most severe and then the newest first."""
    return sorted(
        notice.alerts.values(),
        key=lambda one: (not one.is_open, -one.severity, -one.raise_time.timestamp(), one.alert_id),
    )


def worst_severity(notice: Notice) -> int:
    """Return the worst severity of what is told."""
    told = [entry.severity for entry in notice.entries]
    return max([*told, *(alert.severity for alert in notice.alerts.values())], default=0)


def machine_of(notice: Notice) -> str:
    """Return the machine, empty if there are several or none."""
    machines = {alert.machine_id for alert in notice.alerts.values()}
    return machines.pop() if len(machines) == 1 and len(notice.group_keys) == 1 else ""


def summary_of(notice: Notice) -> str:
    """Return one line without line breaks."""
    alerts = ordered_alerts(notice)
    opened = [alert for alert in alerts if alert.is_open]
    ended = len(alerts) - len(opened)
    counts = Counter(alert.severity.name for alert in opened)
    parts = [f"{count} {name}" for name, count in sorted(counts.items())]
    if ended:
        parts.append(f"{ended} ended")
    what = ", ".join(parts) or f"{len(notice.entries)} changes"
    if notice.kind is Kind.FLOOD:
        return f"Alarm flood: {len(notice.group_keys)} machines, {what}"
    names = ", ".join(dict.fromkeys(_one_line(one.rule_display_name, 80) for one in alerts[:3]))
    place = _one_line(notice.group_keys[0].partition("/")[2], 130) if notice.group_keys else ""
    again = "still open: " if notice.kind is Kind.REPEAT else ""
    return f"{place}: {again}{what}" + (f" ({names})" if names else "")


def json_content(notice: Notice, *, receiver_id: str, idempotency_key: str) -> dict[str, Any]:
    """Return the body of a webhook as plain JSON values."""
    alerts = ordered_alerts(notice)
    status = "open" if any(alert.is_open for alert in alerts) else "ended"
    if not alerts:
        status = "test" if notice.kind is Kind.TEST else "ended"
    return {
        "version": 1,
        "kind": notice.kind.name.lower(),
        "status": status,
        "receiver_id": receiver_id,
        "idempotency_key": idempotency_key,
        "machine_id": machine_of(notice),
        "group_keys": list(notice.group_keys[:SHOWN_ALERTS]),
        "group_count": len(notice.group_keys),
        "summary": summary_of(notice) if notice.kind is not Kind.TEST else "kurto test message",
        "time": notice.time.isoformat(),
        "alerts": [alert_content(alert) for alert in alerts[:SHOWN_ALERTS]],
        "alert_count": len(alerts),
        "transitions": transition_contents(notice.entries),
    }


def transition_contents(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return which transitions are told, each with its own key."""
    return [
        {
            "transition_number": entry.transition_number,
            "kind": entry.kind.name,
            "alert_id": entry.alert_id,
            "ended": entry.kind in ENDS,
            "idempotency_key": entry.key,
        }
        for entry in entries
    ]


def alert_content(alert: Alert) -> dict[str, Any]:
    """Return an alert as plain JSON values."""
    return {
        "alert_id": alert.alert_id,
        "status": "open" if alert.is_open else "ended",
        "severity": alert.severity.name,
        "priority": alert.priority.name,
        "kind": alert.kind.name,
        "machine_id": alert.machine_id,
        "sensor_id": alert.sensor_id,
        "channel": alert.channel,
        "rule_id": alert.rule_id,
        "rule_display_name": _one_line(alert.rule_display_name),
        "feature": alert.feature,
        "value": _finite(alert.value),
        "worst_value": _finite(alert.worst_value),
        "limit": _finite(alert.limit),
        "unit": alert.unit,
        "raise_time": alert.raise_time.isoformat(),
        "resolve_time": alert.resolve_time.isoformat() if alert.resolve_time else None,
        "acknowledged": alert.acknowledged,
        "first_out": alert.first_out,
        "latched": alert.latched,
        "labels": dict(alert.labels),
        "guidance": alert.guidance[:LONGEST_TEXT],
    }


def text_body(content: Mapping[str, Any]) -> str:
    """Return the text of an e-mail that says what a webhook's body says."""
    lines = [content["summary"], ""]
    lines += [_line(alert) for alert in content["alerts"][:MAIL_ALERTS]]
    if content["alert_count"] > MAIL_ALERTS:
        lines.append(f"and {content['alert_count'] - MAIL_ALERTS} more")
    guidance = dict.fromkeys(
        a["guidance"] for a in content["alerts"][:MAIL_ALERTS] if a["guidance"]
    )
    lines += ["", *guidance] if guidance else []
    return "\n".join([*lines, "", f"kurto, {content['time']}", f"key {content['idempotency_key']}"])


def html_body(content: Mapping[str, Any]) -> str:
    """Return the same as HTML, everything from outside escaped."""
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in _cells(alert)) + "</tr>"
        for alert in content["alerts"][:MAIL_ALERTS]
    )
    more = content["alert_count"] - MAIL_ALERTS
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    table = f'<table border="1" cellpadding="4" cellspacing="0">{rows}</table>' if rows else ""
    return (
        f"<html><body><p><b>{html.escape(content['summary'])}</b></p>{table}{rest}"
        f"<p>kurto, {html.escape(content['time'])}</p></body></html>"
    )


def _cells(alert: Mapping[str, Any]) -> tuple[str, ...]:
    names = (alert["machine_id"], alert["sensor_id"], alert["channel"])
    place = _one_line("/".join(name for name in names if name))
    value = "" if alert["worst_value"] is None else f"{alert['worst_value']:.4g} {alert['unit']}"
    limit = "" if alert["limit"] is None else f"limit {alert['limit']:.4g} {alert['unit']}"
    state = "ended" if alert["status"] == "ended" else alert["severity"]
    return state, place, alert["rule_display_name"], value, limit, alert["raise_time"]


def _line(alert: Mapping[str, Any]) -> str:
    return "  ".join(cell for cell in _cells(alert) if cell)


def _one_line(text: str, most: int = LONGEST_TEXT) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]


def _finite(value: float) -> float | None:
    return value if value - value == 0 else None
