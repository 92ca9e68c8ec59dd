"""Rules as JSON documents, as the store keeps them."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from kurto_alerts.rules import (
    Level,
    Measure,
    OperatingCondition,
    Operator,
    Priority,
    Rule,
    Scope,
    Selector,
    Severity,
    SpeedRange,
    StartUp,
)


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
                "latch": level.latch,
            }
            for level in rule.levels
        ],
        "selector": {
            "sensor_ids": sorted(rule.selector.sensor_ids),
            "tags": sorted(rule.selector.tags),
            "channels": sorted(rule.selector.channels),
            "machine_ids": sorted(rule.selector.machine_ids),
        },
        "deadband_ratio": rule.deadband_ratio,
        "recovery_s": rule.recovery.total_seconds(),
        "disabled": rule.disabled,
        "labels": dict(sorted(rule.labels.items())),
        "measure": rule.measure.name,
        "scope": rule.scope.name,
        "voting_count": rule.voting_count,
        "priority": rule.priority.name,
        "start_up": {
            "multiplier": rule.start_up.multiplier,
            "hold_s": rule.start_up.hold.total_seconds(),
        },
        "speed_range": None if rule.speed_range is None else asdict(rule.speed_range),
        "suppress_when": sorted(one.name for one in rule.suppress_when),
        "guidance": rule.guidance,
        "day_one": rule.day_one,
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
            latch=level.get("latch", False),
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
        **_later_fields(document),
        **stored,
    )


def _later_fields(document: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that documents of the first release do not have, by name."""
    if "measure" not in document:
        return {}
    start_up, speeds = document["start_up"], document["speed_range"]
    return {
        "measure": Measure[document["measure"]],
        "scope": Scope[document["scope"]],
        "voting_count": document["voting_count"],
        "priority": Priority[document["priority"]],
        "start_up": StartUp(
            multiplier=start_up["multiplier"], hold=timedelta(seconds=start_up["hold_s"])
        ),
        "speed_range": None if speeds is None else SpeedRange(**speeds),
        "suppress_when": frozenset(OperatingCondition[name] for name in document["suppress_when"]),
        "guidance": document["guidance"],
        "day_one": document["day_one"],
    }
