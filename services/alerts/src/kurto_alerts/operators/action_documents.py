"""What an action was about, as a JSON document of the audit."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kurto_alerts.alert_state import Finding, Key
from kurto_alerts.operators.actions import ActionKind, ActionRecord
from kurto_alerts.transition_log import Place


def target_document(record: ActionRecord) -> dict[str, Any]:
    """Return what an action was about, as plain JSON values."""
    document: dict[str, Any] = {}
    if record.key is not None:
        key = record.key
        document["key"] = [key.sensor_id, key.channel, key.rule_id]
    if record.target is not None:
        place = record.target
        document["target"] = [place.machine_id, place.sensor_id, place.channel]
    if record.expire_time is not None:
        document["expire_time"] = record.expire_time.isoformat()
        document["one_shot"] = record.one_shot
    if record.kind is ActionKind.MARK_FINDING:
        document["finding"] = int(record.finding)
    return document


def action_from_row(row: Mapping[str, Any]) -> ActionRecord:
    """Return the action in a row of operator_actions."""
    document = json.loads(row["target"])
    expire = document.get("expire_time")
    return ActionRecord(
        number=row["action_number"],
        kind=ActionKind[row["action"]],
        time=row["action_time"],
        principal=row["principal"],
        user=row["claimed_user"],
        reason=row["reason"],
        alert_id=row["alert_id"],
        transition_number=row["transition_number"] or 0,
        key=Key(*document["key"]) if "key" in document else None,
        expire_time=datetime.fromisoformat(expire) if expire else None,
        one_shot=document.get("one_shot", False),
        target=Place(*document["target"]) if "target" in document else None,
        finding=Finding(document.get("finding", Finding.UNKNOWN)),
    )
