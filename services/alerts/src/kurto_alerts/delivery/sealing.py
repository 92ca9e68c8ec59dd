"""Turns a draft into the words that are sent, the same in each attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kurto_alerts.alert_state import Alert
from kurto_alerts.delivery.contents import (
    Notice,
    json_content,
    machine_of,
    summary_of,
    transition_contents,
    worst_severity,
)
from kurto_alerts.delivery.grouping import Draft
from kurto_alerts.delivery.notices import Kind
from kurto_alerts.delivery.routing import ENDS
from kurto_alerts.rules import Severity


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A notification as it is stored."""

    idempotency_key: str
    kind: Kind
    severity: Severity
    must_deliver: bool
    machine_id: str
    summary: str
    content: dict[str, Any]
    alert_ids: tuple[str, ...]
    transitions: list[dict[str, Any]]


def seal(draft: Draft, alerts: Mapping[str, Alert], *, receiver_id: str, time: datetime) -> Sealed:
    """Return what is sent for a draft."""
    alert_ids = tuple(dict.fromkeys([*(e.alert_id for e in draft.entries), *draft.repeated]))
    kind = Kind.FLOOD if draft.flood else Kind.CHANGES if draft.entries else Kind.REPEAT
    notice = Notice(
        kind=kind,
        group_keys=draft.group_keys,
        entries=draft.entries,
        alerts={alert_id: alerts[alert_id] for alert_id in alert_ids if alert_id in alerts},
        time=time,
    )
    key = key_of(draft, receiver_id, time)
    severity = Severity(worst_severity(notice))
    return Sealed(
        idempotency_key=key,
        kind=kind,
        severity=severity,
        must_deliver=severity >= Severity.CRITICAL or any(e.kind in ENDS for e in draft.entries),
        machine_id=machine_of(notice),
        summary=summary_of(notice),
        content=json_content(notice, receiver_id=receiver_id, idempotency_key=key),
        alert_ids=alert_ids,
        transitions=transition_contents(draft.entries),
    )


def key_of(draft: Draft, receiver_id: str, time: datetime) -> str:
    """Return the key of a notification: that of its transition when it tells one only."""
    if len(draft.entries) == 1:
        return draft.entries[0].key
    place = "flood" if draft.flood else draft.group_keys[0]
    if draft.entries:
        last = max(entry.transition_number for entry in draft.entries)
        return f"{place}:{last}:{receiver_id}"
    return f"{place}:repeat-{int(time.timestamp())}:{receiver_id}"
