"""Rules as JSON documents, as the store keeps them."""

from datetime import timedelta
from typing import Any

from kurto_alerts.rules import Level, Operator, Rule, Selector, Severity


def rule_to_document(rule: Rule) -> dict[str, Any]:
    """Return what a rule says, without id, version and times, as plain JSON values."""
    return {
        "display_name": rule.display_name,
        "feature": rule.feature,
        "unit": rule.unit,
        "operator": rule.operator.name,
        "levels": [
            {
                "severity": level.severity.name,
                "lower": level.lower,
                "upper": level.upper,
                "pending_s": level.pending.total_seconds(),
            }
            for level in rule.levels
        ],
        "selector": {
            "sensor_ids": sorted(rule.selector.sensor_ids),
            "tags": sorted(rule.selector.tags),
            "channels": sorted(rule.selector.channels),
        },
        "deadband_ratio": rule.deadband_ratio,
        "recovery_s": rule.recovery.total_seconds(),
        "disabled": rule.disabled,
        "labels": dict(sorted(rule.labels.items())),
    }


def rule_from_document(rule_id: str, document: dict[str, Any], **stored: Any) -> Rule:
    """Return the rule whose `rule_to_document` gave `document`.

    Parameters
    ----------
    rule_id : str
        Id of the rule.
    document : dict
        The document.
    **stored : Any
        Version, times and principal, by the names of the rule's fields.
    """
    levels = tuple(
        Level(
            severity=Severity[level["severity"]],
            lower=level["lower"],
            upper=level["upper"],
            pending=timedelta(seconds=level["pending_s"]),
        )
        for level in document["levels"]
    )
    selector = {name: frozenset(words) for name, words in document["selector"].items()}
    return Rule(
        rule_id=rule_id,
        display_name=document["display_name"],
        feature=document["feature"],
        unit=document["unit"],
        operator=Operator[document["operator"]],
        levels=levels,
        selector=Selector(**selector),
        deadband_ratio=document["deadband_ratio"],
        recovery=timedelta(seconds=document["recovery_s"]),
        disabled=document["disabled"],
        labels=document["labels"],
        **stored,
    )
