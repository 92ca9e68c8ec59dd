"""What of an alert no query asks for, as a JSON document."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from kurto_alerts.alert_state import Alert, Finding, Shelving
from kurto_alerts.rules import Measure, Scope, Severity

_PLAIN = (
    "guidance",
    "latched",
    "suppression",
    "out_of_service",
    "first_out",
    "realarm_count",
    "comment_count",
    "provisional",
    "data_bad",
)
_DEFAULTS = {field.name: field.default for field in fields(Alert)}


def details_to_document(alert: Alert) -> dict[str, Any]:
    """Return the details of an alert that differ from their defaults, as plain JSON values."""
    document: dict[str, Any] = {
        name: getattr(alert, name) for name in _PLAIN if getattr(alert, name) != _DEFAULTS[name]
    }
    if alert.labels:
        document["labels"] = dict(alert.labels)
    for name in ("measure", "worst_severity", "finding", "scope"):
        if getattr(alert, name) != _DEFAULTS[name]:
            document[name] = int(getattr(alert, name))
    if alert.shelving is not None:
        document["shelving"] = _shelving_to_document(alert.shelving)
    return document


def details_from_document(document: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an alert whose `details_to_document` gave `document`, by name."""
    details: dict[str, Any] = {name: document[name] for name in _PLAIN if name in document}
    details["labels"] = document.get("labels", {})
    details["measure"] = Measure(document.get("measure", Measure.VALUE))
    details["worst_severity"] = Severity(document.get("worst_severity", Severity.NONE))
    details["scope"] = Scope(document.get("scope", Scope.CHANNEL))
    details["finding"] = Finding(document.get("finding", Finding.UNKNOWN))
    if "shelving" in document:
        details["shelving"] = _shelving_from_document(document["shelving"])
    return details


def _shelving_to_document(shelving: Shelving) -> dict[str, Any]:
    return {
        "expire_time": shelving.expire_time.isoformat(),
        "one_shot": shelving.one_shot,
        "reason": shelving.reason,
        "principal": shelving.principal,
        "user": shelving.user,
        "shelve_time": shelving.shelve_time.isoformat(),
    }


def _shelving_from_document(document: dict[str, Any]) -> Shelving:
    times = {
        name: datetime.fromisoformat(document[name]) for name in ("expire_time", "shelve_time")
    }
    return Shelving(**{**document, **times})
