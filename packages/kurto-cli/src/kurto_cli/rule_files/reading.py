"""Files of rules to messages of the contract."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration

from kurto.alerts.v1 import alerts_pb2 as pb
from kurto_cli.rule_files import fields
from kurto_cli.rule_files.exceptions import RuleFileError
from kurto_cli.rule_files.yaml_tree import Mapping, Node, read_tree

RULE_KEYS = (
    "id", "name", "measure", "feature", "unit", "select", "operator", "levels", "deadband",
    "recovery", "scope", "votes", "priority", "start_up", "speed", "suppress_when", "labels",
    "guidance", "disabled",
)  # fmt: skip
LEVEL_KEYS = ("severity", "limit", "lower", "upper", "for", "latch")
SELECT_KEYS = ("machines", "sensors", "tags", "channels")
SEVERITIES = ("info", "warning", "critical")
OPERATORS = ("above", "below", "inside", "outside")
MEASURES = tuple(name.removeprefix("MEASURE_").lower() for name in pb.Measure.keys()[1:])
SCOPES = ("channel", "sensor", "machine")
PRIORITIES = ("low", "medium", "high")
CONDITIONS = ("stopped", "start_up", "coast_down")


def read_rules(text: str) -> list[pb.Rule]:
    """Return the rules of a file, in its order.

    Raises
    ------
    RuleFileError
        With the line and what to change.
    """
    root = fields.mapping(read_tree(text), "the file")
    root.refuse_unknown(("rules",), "the file")
    if "rules" not in root.nodes:
        raise RuleFileError("line 1: the file has no rules; begin with `rules:`")
    rules: list[pb.Rule] = []
    seen: dict[str, int] = {}
    for node in fields.entries(root.nodes["rules"], "rules"):
        rule = _rule(fields.mapping(node, "a rule"))
        if rule.rule_id in seen:
            raise RuleFileError(
                f"line {node.line}: rule {rule.rule_id} stands in line {seen[rule.rule_id]} already"
            )
        seen[rule.rule_id] = node.line
        rules.append(rule)
    return rules


def _required(owner: Mapping, key: str, what: str) -> Node:
    if key not in owner.nodes:
        raise RuleFileError(f"line {owner.line}: {what} needs {key}")
    return owner.nodes[key]


def _rule(node: Mapping) -> pb.Rule:
    node.refuse_unknown(RULE_KEYS, "a rule")
    rule_id = fields.text(_required(node, "id", "a rule"), "id")
    what = f"rule {rule_id}"
    unit = fields.text(_required(node, "unit", what), "unit")
    rule = pb.Rule(
        rule_id=rule_id,
        display_name=fields.text(_required(node, "name", what), "name"),
        unit=unit,
        operator=_enum("OPERATOR", _required(node, "operator", what), "operator", OPERATORS),
        levels=[
            _level(fields.mapping(one, "a level"), unit)
            for one in fields.entries(_required(node, "levels", what), "levels")
        ],
    )
    for key, value in node.nodes.items():
        _set_optional(rule, key, value)
    return rule


def _set_optional(rule: pb.Rule, key: str, node: Node) -> None:
    match key:
        case "feature" | "guidance":
            setattr(rule, key, fields.text(node, key))
        case "measure":
            rule.MergeFrom(pb.Rule(measure=_enum("MEASURE", node, key, MEASURES)))
        case "scope":
            rule.MergeFrom(pb.Rule(scope=_enum("SCOPE", node, key, SCOPES)))
        case "priority":
            rule.MergeFrom(pb.Rule(priority=_enum("PRIORITY", node, key, PRIORITIES)))
        case "votes":
            rule.voting_count = fields.whole(node, key)
        case "disabled":
            rule.disabled = fields.flag(node, key)
        case "deadband":
            rule.deadband_ratio = fields.number(node, key)
        case "recovery":
            rule.recovery_duration.CopyFrom(_duration(node, key))
        case _:
            _set_conditions(rule, key, node)


def _set_conditions(rule: pb.Rule, key: str, node: Node) -> None:
    match key:
        case "labels":
            for name, value in fields.mapping(node, key).nodes.items():
                rule.labels[name] = fields.text(value, f"label {name}")
        case "select":
            rule.selector.CopyFrom(_selector(fields.mapping(node, key)))
        case "start_up":
            parts = fields.mapping(node, key)
            parts.refuse_unknown(("multiplier", "hold"), key)
            rule.start_up.multiplier = fields.number(
                _required(parts, "multiplier", key), "multiplier"
            )
            if "hold" in parts.nodes:
                rule.start_up.hold_duration.CopyFrom(_duration(parts.nodes["hold"], "hold"))
        case "speed":
            parts = fields.mapping(node, key)
            parts.refuse_unknown(("low", "high"), key)
            rule.speed_range.SetInParent()
            for name, value in parts.nodes.items():
                setattr(rule.speed_range, f"{name}_hz", fields.limit(value, name, "Hz"))
        case "suppress_when":
            conditions = (
                _enum("OPERATING_CONDITION", one, key, CONDITIONS)
                for one in fields.entries(node, key)
            )
            rule.MergeFrom(pb.Rule(suppress_when=list(conditions)))


def _level(node: Mapping, unit: str) -> pb.Level:
    node.refuse_unknown(LEVEL_KEYS, "a level")
    severity = _required(node, "severity", "a level")
    level = pb.Level(severity=_enum("SEVERITY", severity, "severity", SEVERITIES))
    for key, name in (("limit", "limit"), ("lower", "lower_limit"), ("upper", "upper_limit")):
        if key in node.nodes:
            setattr(level, name, fields.limit(node.nodes[key], key, unit))
    if "for" in node.nodes:
        level.pending_duration.CopyFrom(_duration(node.nodes["for"], "for"))
    if "latch" in node.nodes:
        level.latch = fields.flag(node.nodes["latch"], "latch")
    return level


def _selector(node: Mapping) -> pb.ChannelSelector:
    node.refuse_unknown(SELECT_KEYS, "select")
    words = {key: fields.texts(value, key) for key, value in node.nodes.items()}
    return pb.ChannelSelector(
        machine_ids=words.get("machines", ()),
        sensor_ids=words.get("sensors", ()),
        tags=words.get("tags", ()),
        channels=words.get("channels", ()),
    )


def _enum(prefix: str, node: Node, what: str, names: tuple[str, ...]) -> str:
    return f"{prefix}_{fields.choice(node, what, names).upper()}"


def _duration(node: Node, what: str) -> Duration:
    duration = Duration()
    duration.FromMicroseconds(fields.duration_us(node, what))
    return duration
