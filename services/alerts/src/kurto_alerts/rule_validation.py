"""Checks a rule before it is stored; every complaint names the field."""

import math
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

from kurto_alerts.exceptions import FieldInvalid, LimitsInverted
from kurto_alerts.measure_validation import check_feature, checked_measure, checked_operator
from kurto_alerts.rule_drafts import LevelDraft, RuleDraft
from kurto_alerts.rule_words import check_id, check_text, checked_labels, checked_selector
from kurto_alerts.rules import (
    DEFAULT_DEADBAND_RATIO,
    DEFAULT_PENDING,
    DEFAULT_RECOVERY,
    SEVERITY_COUNT,
    Level,
    Operator,
    Priority,
    Rule,
    Scope,
    Severity,
)
from kurto_alerts.suppression_validation import (
    checked_conditions,
    checked_speed_range,
    checked_start_up,
)

DISPLAY_NAME_LENGTH = 200
LARGEST_LIMIT = 1e15  # no quantity comes near it, and no conversion of it overflows
LARGEST_DEADBAND_RATIO = 0.9
# Beyond this nothing is left between the two limits of a span to recover in.
LARGEST_DEADBAND_RATIO_OUTSIDE = 0.45
LARGEST_VOTING_COUNT = 32
GUIDANCE_LENGTH = 4000
SERVICE_PREFIXES = ("data-quality.", "system.")
DAY_ONE_PREFIX = "day-one."
LONGEST_DURATION = timedelta(days=7)
ZERO = timedelta(0)


def validated_rule(draft: RuleDraft, feature_units: Mapping[str, str]) -> Rule:
    """Return the rule that a draft asks for, with the defaults filled in.

    Parameters
    ----------
    draft : RuleDraft
        What was asked for.
    feature_units : mapping of str to str
        Unit of every feature that exists; "acceleration" for the channel's own unit.

    Raises
    ------
    FieldInvalid, UnknownFeature, LimitsInverted
        With the field, relative to the request, in the metadata.
    """
    check_id("rule.rule_id", draft.rule_id)
    check_text("rule.display_name", draft.display_name, least=1, most=DISPLAY_NAME_LENGTH)
    measure = checked_measure(draft)
    check_feature(draft, measure, feature_units)
    operator = checked_operator(draft, measure)
    scope = _scope(draft)
    if draft.version < 0:
        raise FieldInvalid("rule.version must be >= 0", field="rule.version")
    return Rule(
        rule_id=draft.rule_id,
        display_name=draft.display_name,
        feature=draft.feature,
        unit=draft.unit,
        operator=operator,
        levels=_levels(draft.levels, operator),
        selector=checked_selector(draft),
        deadband_ratio=_deadband_ratio(draft.deadband_ratio, operator),
        recovery=_duration("rule.recovery_duration", draft.recovery, DEFAULT_RECOVERY),
        disabled=draft.disabled,
        labels=checked_labels(draft.labels),
        version=draft.version,
        measure=measure,
        scope=scope,
        voting_count=_voting_count(draft, scope),
        priority=_priority(draft),
        start_up=checked_start_up(draft),
        speed_range=checked_speed_range(draft),
        suppress_when=checked_conditions(draft),
        guidance=_guidance(draft.guidance),
    )


def check_writable_id(rule_id: str, *, creating: bool) -> None:
    """Refuse ids that people cannot give to rules.

    Parameters
    ----------
    rule_id : str
        The id.
    creating : bool
        Whether there is no rule of that id yet.
    """
    for prefix in SERVICE_PREFIXES:
        if rule_id.startswith(prefix):
            raise FieldInvalid(
                f'rule.rule_id: ids that begin with "{prefix}" belong to alarms that the service'
                " raises itself; choose another id",
                field="rule.rule_id",
            )
    if creating and rule_id.startswith(DAY_ONE_PREFIX):
        raise FieldInvalid(
            f'rule.rule_id: ids that begin with "{DAY_ONE_PREFIX}" belong to rules that come with'
            " a machine, which can be changed and deleted, not created; choose another id",
            field="rule.rule_id",
        )


def _scope(draft: RuleDraft) -> Scope:
    if draft.scope == 0:
        return Scope.CHANNEL
    if draft.scope not in set(Scope):
        allowed = ", ".join(f"SCOPE_{scope.name}" for scope in Scope)
        raise FieldInvalid(f"rule.scope must be one of {allowed}", field="rule.scope")
    return Scope(draft.scope)


def _voting_count(draft: RuleDraft, scope: Scope) -> int:
    """Return how many channels must be beyond a limit; 0 stands for one."""
    name = "rule.voting_count"
    count = draft.voting_count or 1
    if not 1 <= count <= LARGEST_VOTING_COUNT:
        raise FieldInvalid(f"{name} must be 1-{LARGEST_VOTING_COUNT}", field=name)
    if count > 1 and scope is not Scope.SENSOR:
        raise FieldInvalid(
            f"{name} counts the channels of a sensor: set rule.scope to SCOPE_SENSOR, or leave"
            " the count out",
            field=name,
        )
    named = len(set(draft.channels))
    if named and count > named:
        raise FieldInvalid(
            f"{name} is {count}, but rule.selector.channels names {named}: so many can never be"
            " beyond a limit",
            field=name,
        )
    return count


def _priority(draft: RuleDraft) -> Priority:
    if draft.priority not in set(Priority):
        allowed = "PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH"
        raise FieldInvalid(
            f"rule.priority must be one of {allowed}, or left out to go by severity",
            field="rule.priority",
        )
    return Priority(draft.priority)


def _guidance(text: str) -> str:
    check_text("rule.guidance", text, least=0, most=GUIDANCE_LENGTH)
    return text


def _levels(drafts: tuple[LevelDraft, ...], operator: Operator) -> tuple[Level, ...]:
    if not 1 <= len(drafts) <= SEVERITY_COUNT:
        raise FieldInvalid("rule.levels must hold 1-3 levels", field="rule.levels")
    named = [(f"rule.levels[{at}]", draft) for at, draft in enumerate(drafts)]
    seen: set[int] = set()
    levels: list[tuple[str, Level]] = []
    for name, draft in named:
        if draft.severity not in set(Severity) - {Severity.NONE}:
            raise FieldInvalid(
                f"{name}.severity must be INFO, WARNING or CRITICAL", field=f"{name}.severity"
            )
        if draft.severity in seen:
            raise FieldInvalid(
                f"{name}.severity occurs twice: give one level for each severity",
                field=f"{name}.severity",
            )
        seen.add(draft.severity)
        levels.append((name, _level(name, draft, operator)))
    levels.sort(key=lambda pair: pair[1].severity)
    for (_, milder), (name, level) in pairwise(levels):
        _check_order(name, milder, level, operator)
    return tuple(level for _, level in levels)


def _level(name: str, draft: LevelDraft, operator: Operator) -> Level:
    lower, upper = _limits(name, draft, operator)
    severity = Severity(draft.severity)
    pending = _duration(f"{name}.pending_duration", draft.pending, DEFAULT_PENDING[severity])
    latch = severity is Severity.CRITICAL if draft.latch is None else draft.latch
    return Level(severity=severity, lower=lower, upper=upper, pending=pending, latch=latch)


def _limits(name: str, draft: LevelDraft, operator: Operator) -> tuple[float | None, float | None]:
    """Return lower and upper limit, of which ABOVE has only an upper and BELOW only a lower."""
    given = {
        "limit": draft.limit,
        "lower_limit": draft.lower_limit,
        "upper_limit": draft.upper_limit,
    }
    single = operator in (Operator.ABOVE, Operator.BELOW)
    wanted = {"limit"} if single else {"lower_limit", "upper_limit"}
    for limit, value in given.items():
        path = f"{name}.{limit}"
        if value is None and limit in wanted:
            raise FieldInvalid(f"{path} is required with {operator.name}", field=path)
        if value is not None and limit not in wanted:
            raise LimitsInverted(
                f"{path} means nothing with {operator.name}: give {' and '.join(sorted(wanted))}",
                field=path,
            )
        if value is not None and not (math.isfinite(value) and abs(value) <= LARGEST_LIMIT):
            raise FieldInvalid(f"{path} must be a finite number up to 1e15", field=path)
    if single:
        return (None, draft.limit) if operator is Operator.ABOVE else (draft.limit, None)
    assert draft.lower_limit is not None
    assert draft.upper_limit is not None
    if draft.lower_limit >= draft.upper_limit:
        raise LimitsInverted(
            f"{name}.upper_limit must be greater than lower_limit", field=f"{name}.upper_limit"
        )
    return draft.lower_limit, draft.upper_limit


def _check_order(name: str, milder: Level, level: Level, operator: Operator) -> None:
    """Refuse a more severe level that doesn't lie further out than the milder one."""
    field_name = "limit" if operator in (Operator.ABOVE, Operator.BELOW) else "upper_limit"
    sign = -1.0 if operator is Operator.INSIDE else 1.0
    # How much further out each limit lies; a missing one doesn't.
    up = 0.0 if level.upper is None or milder.upper is None else level.upper - milder.upper
    down = 0.0 if level.lower is None or milder.lower is None else milder.lower - level.lower
    if sign * up < 0 or sign * down < 0 or up == down == 0:
        path = f"{name}.{field_name}"
        raise LimitsInverted(
            f"{path}: {level.severity.name} must lie further out than {milder.severity.name}"
            f" with {operator.name}",
            field=path,
        )


def _deadband_ratio(ratio: float | None, operator: Operator) -> float:
    outside = operator is Operator.OUTSIDE
    most = LARGEST_DEADBAND_RATIO_OUTSIDE if outside else LARGEST_DEADBAND_RATIO
    if ratio is None:
        return DEFAULT_DEADBAND_RATIO
    if not 0 <= ratio <= most:  # false for NaN
        raise FieldInvalid(
            f"rule.deadband_ratio must be a number from 0 to {most} with {operator.name}",
            field="rule.deadband_ratio",
        )
    return ratio


def _duration(name: str, duration: timedelta | None, default: timedelta) -> timedelta:
    if duration is None:
        return default
    if not ZERO <= duration <= LONGEST_DURATION:
        raise FieldInvalid(f"{name} must be 0 s to 7 days", field=name)
    return duration
