"""Checks a rule before it is stored; every complaint names the field."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from kurto_alerts.exceptions import FieldInvalid, LimitsInverted, UnknownFeature
from kurto_alerts.rules import (
    DEFAULT_DEADBAND_RATIO,
    DEFAULT_PENDING,
    DEFAULT_RECOVERY,
    SEVERITY_COUNT,
    Level,
    Operator,
    Rule,
    Selector,
    Severity,
)
from kurto_alerts.units import UNITS, fits_feature

ID_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
DISPLAY_NAME_LENGTH = 200
WORD_LENGTH = 128
LABEL_VALUE_LENGTH = 1000
LABEL_COUNT = 64
SELECTOR_COUNT = 10_000
LARGEST_LIMIT = 1e15  # no quantity comes near it, and no conversion of it overflows
LARGEST_DEADBAND_RATIO = 0.9
# Beyond this nothing is left between the two limits of a span to recover in.
LARGEST_DEADBAND_RATIO_OUTSIDE = 0.45
LONGEST_DURATION = timedelta(days=7)
ZERO = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class LevelDraft:
    """A level as asked for; None where nothing was said."""

    severity: int
    limit: float | None = None
    lower_limit: float | None = None
    upper_limit: float | None = None
    pending: timedelta | None = None
    latch: bool | None = None


@dataclass(frozen=True, kw_only=True)
class RuleDraft:
    """A rule as asked for; None where nothing was said."""

    rule_id: str
    display_name: str
    feature: str
    unit: str
    operator: int
    levels: tuple[LevelDraft, ...]
    sensor_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    deadband_ratio: float | None = None
    recovery: timedelta | None = None
    disabled: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    machine_ids: tuple[str, ...] = ()
    measure: int = 0
    scope: int = 0
    voting_count: int = 0
    priority: int = 0
    start_up_multiplier: float | None = None
    start_up_hold: timedelta | None = None
    speeds: tuple[float | None, float | None] | None = None
    suppress_when: tuple[int, ...] = ()
    guidance: str = ""


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
    _check_id("rule.rule_id", draft.rule_id)
    _check_text("rule.display_name", draft.display_name, least=1, most=DISPLAY_NAME_LENGTH)
    _check_feature(draft, feature_units)
    if draft.operator not in set(Operator):
        allowed = ", ".join(f"OPERATOR_{operator.name}" for operator in Operator)
        raise FieldInvalid(f"rule.operator must be one of {allowed}", field="rule.operator")
    operator = Operator(draft.operator)
    if draft.version < 0:
        raise FieldInvalid("rule.version must be >= 0", field="rule.version")
    return Rule(
        rule_id=draft.rule_id,
        display_name=draft.display_name,
        feature=draft.feature,
        unit=draft.unit,
        operator=operator,
        levels=_levels(draft.levels, operator),
        selector=_selector(draft),
        deadband_ratio=_deadband_ratio(draft.deadband_ratio, operator),
        recovery=_duration("rule.recovery_duration", draft.recovery, DEFAULT_RECOVERY),
        disabled=draft.disabled,
        labels=_labels(draft.labels),
        version=draft.version,
    )


def _check_id(name: str, value: str) -> None:
    if not ID_PATTERN.fullmatch(value):
        raise FieldInvalid(f"{name} must be 1-128 characters of A-Z a-z 0-9 . _ : -", field=name)


def _check_text(name: str, value: str, *, least: int, most: int) -> None:
    if not least <= len(value) <= most or "\0" in value:
        raise FieldInvalid(
            f"{name} must have {least}-{most} characters, none of them NUL", field=name
        )


def _check_feature(draft: RuleDraft, feature_units: Mapping[str, str]) -> None:
    if draft.feature not in feature_units:
        raise UnknownFeature(feature=draft.feature, field="rule.feature")
    if draft.unit not in UNITS:
        allowed = ", ".join(f'"{unit}"' for unit in UNITS)
        raise FieldInvalid(
            f"rule.unit is the unit of the limits: give one of {allowed}", field="rule.unit"
        )
    feature_unit = feature_units[draft.feature]
    if not fits_feature(rule_unit=draft.unit, feature_unit=feature_unit):
        raise FieldInvalid(
            f'rule.unit "{draft.unit}" does not fit {draft.feature}, which is in {feature_unit}',
            field="rule.unit",
            feature=draft.feature,
            feature_unit=feature_unit,
        )


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


def _selector(draft: RuleDraft) -> Selector:
    for name, words in (
        ("rule.selector.sensor_ids", draft.sensor_ids),
        ("rule.selector.tags", draft.tags),
        ("rule.selector.channels", draft.channels),
    ):
        if len(words) > SELECTOR_COUNT:
            raise FieldInvalid(f"{name} must hold at most {SELECTOR_COUNT} words", field=name)
        _check_words(name, words)
    return Selector(
        sensor_ids=frozenset(draft.sensor_ids),
        tags=frozenset(draft.tags),
        channels=frozenset(draft.channels),
    )


def _check_words(name: str, words: Iterable[str]) -> None:
    for at, word in enumerate(words):
        _check_text(f"{name}[{at}]", word, least=1, most=WORD_LENGTH)


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    if len(labels) > LABEL_COUNT:
        raise FieldInvalid(f"rule.labels must hold at most {LABEL_COUNT}", field="rule.labels")
    for key, value in labels.items():
        _check_text("rule.labels", key, least=1, most=WORD_LENGTH)
        _check_text(f"rule.labels[{key}]", value, least=0, most=LABEL_VALUE_LENGTH)
    return dict(labels)
