"""Messages of the contract to files of rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto_cli.rule_files.quantities import format_duration


def write_rules(rules: Iterable[pb.Rule]) -> str:
    """Return a file that says what the rules say, every default written out."""
    return _text({"rules": [rule_document(rule) for rule in rules]})


def write_rule(rule: pb.Rule) -> str:
    """Return a rule alone, as it stands in a file."""
    return _text(rule_document(rule))


def _text(document: dict[str, Any]) -> str:
    return yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, indent=2
    )


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, which files of rules do not have."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def rule_document(rule: pb.Rule) -> dict[str, Any]:
    """Return what a stored rule says, by the keys of files."""
    document: dict[str, Any] = {"id": rule.rule_id, "name": rule.display_name}
    if rule.measure not in (pb.MEASURE_UNSPECIFIED, pb.MEASURE_VALUE):
        document["measure"] = _word(pb.Measure.Name(rule.measure), "MEASURE_")
    if rule.feature:
        document["feature"] = rule.feature
    document["unit"] = rule.unit
    if select := _selector(rule.selector):
        document["select"] = select
    document["operator"] = _word(pb.Operator.Name(rule.operator), "OPERATOR_")
    document["levels"] = [_level(level) for level in rule.levels]
    document["deadband"] = rule.deadband_ratio
    document["recovery"] = format_duration(rule.recovery_duration.ToMicroseconds())
    document.update(_behaviour(rule))
    if rule.labels:
        document["labels"] = dict(sorted(rule.labels.items()))
    if rule.guidance:
        document["guidance"] = rule.guidance
    if rule.disabled:
        document["disabled"] = True
    return document


def _behaviour(rule: pb.Rule) -> dict[str, Any]:
    """Return what differs from the usual."""
    parts: dict[str, Any] = {}
    if rule.scope not in (pb.SCOPE_UNSPECIFIED, pb.SCOPE_CHANNEL):
        parts["scope"] = _word(pb.Scope.Name(rule.scope), "SCOPE_")
    if rule.voting_count > 1:
        parts["votes"] = rule.voting_count
    if rule.priority:
        parts["priority"] = _word(pb.Priority.Name(rule.priority), "PRIORITY_")
    hold_us = rule.start_up.hold_duration.ToMicroseconds()
    if rule.HasField("start_up") and (rule.start_up.multiplier != 1 or hold_us):
        parts["start_up"] = {
            "multiplier": rule.start_up.multiplier,
            "hold": format_duration(hold_us),
        }
    if rule.HasField("speed_range"):
        speeds = rule.speed_range
        parts["speed"] = {
            name: f"{getattr(speeds, f'{name}_hz')} Hz"
            for name in ("low", "high")
            if speeds.HasField(f"{name}_hz")
        }
    if rule.suppress_when:
        names = (pb.OperatingCondition.Name(one) for one in rule.suppress_when)
        parts["suppress_when"] = [_word(name, "OPERATING_CONDITION_") for name in names]
    return parts


def _selector(selector: pb.ChannelSelector) -> dict[str, list[str]]:
    words = {
        "machines": selector.machine_ids,
        "sensors": selector.sensor_ids,
        "tags": selector.tags,
        "channels": selector.channels,
    }
    return {name: list(chosen) for name, chosen in words.items() if chosen}


def _level(level: pb.Level) -> dict[str, Any]:
    document: dict[str, Any] = {"severity": _word(pb.Severity.Name(level.severity), "SEVERITY_")}
    if level.HasField("limit"):
        document["limit"] = level.limit
    else:
        document |= {"lower": level.lower_limit, "upper": level.upper_limit}
    document["for"] = format_duration(level.pending_duration.ToMicroseconds())
    document["latch"] = level.latch
    return document


def _word(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()
