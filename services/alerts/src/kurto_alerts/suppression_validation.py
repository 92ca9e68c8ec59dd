"""Checks when a rule is suppressed by design: start-up, speeds and operating conditions."""

import math
from datetime import timedelta

from kurto_alerts.exceptions import FieldInvalid, LimitsInverted
from kurto_alerts.rule_drafts import RuleDraft
from kurto_alerts.rules import OperatingCondition, SpeedRange, StartUp

LARGEST_MULTIPLIER = 10.0
LONGEST_HOLD = timedelta(hours=1)
FASTEST_HZ = 100_000.0  # no shaft comes near it
ZERO = timedelta(0)


def checked_start_up(draft: RuleDraft) -> StartUp:
    """Return how the rule behaves while a machine starts; by default as always."""
    if draft.start_up_multiplier is None:
        return StartUp()
    multiplier, hold = draft.start_up_multiplier, draft.start_up_hold or ZERO
    if not 0 <= multiplier <= LARGEST_MULTIPLIER:  # false for NaN
        name = "rule.start_up.multiplier"
        raise FieldInvalid(
            f"{name} must be a number from 0 to 10; 0 suppresses the rule, 1 changes nothing",
            field=name,
        )
    if not ZERO <= hold <= LONGEST_HOLD:
        name = "rule.start_up.hold_duration"
        raise FieldInvalid(f"{name} must be 0 s to 1 hour", field=name)
    return StartUp(multiplier=multiplier, hold=hold)


def checked_speed_range(draft: RuleDraft) -> SpeedRange | None:
    """Return the speeds at which the rule is evaluated, None for all."""
    if draft.speeds is None:
        return None
    low, high = draft.speeds
    if low is None and high is None:
        raise FieldInvalid(
            "rule.speed_range needs low_hz, high_hz or both; leave it out to evaluate the rule at"
            " every speed",
            field="rule.speed_range",
        )
    for part, speed in (("low_hz", low), ("high_hz", high)):
        if speed is not None and not (math.isfinite(speed) and 0 <= speed <= FASTEST_HZ):
            name = f"rule.speed_range.{part}"
            raise FieldInvalid(f"{name} must be a number from 0 to 100000 Hz", field=name)
    if low is not None and high is not None and low >= high:
        name = "rule.speed_range.high_hz"
        raise LimitsInverted(f"{name} must be greater than low_hz", field=name)
    return SpeedRange(low_hz=low, high_hz=high)


def checked_conditions(draft: RuleDraft) -> frozenset[OperatingCondition]:
    """Return the operating conditions in which the rule is suppressed."""
    for at, value in enumerate(draft.suppress_when):
        name = f"rule.suppress_when[{at}]"
        if value not in set(OperatingCondition):
            allowed = ", ".join(f"OPERATING_CONDITION_{one.name}" for one in OperatingCondition)
            raise FieldInvalid(f"{name} must be one of {allowed}", field=name)
        if value in draft.suppress_when[:at]:
            raise FieldInvalid(f"{name} occurs twice: name each condition once", field=name)
    return frozenset(OperatingCondition(value) for value in draft.suppress_when)
