"""Rules that come with a machine, without any tuning: growth of its vibration, and ISO zones."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from kurto_alerts.frames import SensorProfile
from kurto_alerts.rule_validation import DAY_ONE_PREFIX
from kurto_alerts.rules import (
    DEFAULT_PENDING,
    Level,
    Measure,
    Operator,
    Rule,
    Scope,
    Selector,
    Severity,
)

LONGEST_ID = 128
# Episodes less than five minutes apart are one: somebody is at the machine already.
GROWTH_RECOVERY = timedelta(minutes=5)
GROWTH_LIMITS = {Severity.WARNING: 2.0, Severity.CRITICAL: 4.0}
ZONE_LIMITS = {Severity.WARNING: 2.0, Severity.CRITICAL: 3.0}
_GROWTH_GUIDANCE = (
    "The vibration has grown against the learned baseline. Look at the diagnosis and the spectrum, "
    "check lubrication and mounting, and plan an inspection of the bearings."
)
_ZONE_GUIDANCE = (
    "The broadband vibration is in a zone in which the machine is not fit for continuous "
    "operation. Look for imbalance, misalignment and loose parts."
)


def day_one_rules(profiles: Iterable[SensorProfile]) -> list[Rule]:
    """Return the rules that machines with these sensors come with, by id.

    A machine has one rule on growth as soon as it has a sensor, silent until a baseline is
    learned, and one on ISO zones as soon as a sensor declares group and support. A sensor without
    a machine stands for itself.
    """
    rules: dict[str, Rule] = {}
    for profile in profiles:
        if profile.archived:
            continue
        growth = _growth_rule(profile)
        rules[growth.rule_id] = growth
        if "," in profile.machine_class:  # group and support of ISO 10816-3
            zone = _zone_rule(profile)
            rules[zone.rule_id] = zone
    return [rules[rule_id] for rule_id in sorted(rules)]


def _growth_rule(profile: SensorProfile) -> Rule:
    return Rule(
        rule_id=_rule_id("growth", profile),
        display_name=f"Acceleration growth of {profile.machine_id or profile.sensor_id}",
        feature="",
        unit="1",
        operator=Operator.ABOVE,
        measure=Measure.ACCELERATION_GROWTH,
        levels=_levels(GROWTH_LIMITS),
        recovery=GROWTH_RECOVERY,
        selector=_selector(profile),
        scope=_scope(profile),
        guidance=_GROWTH_GUIDANCE,
        day_one=True,
    )


def _zone_rule(profile: SensorProfile) -> Rule:
    return Rule(
        rule_id=_rule_id("iso-zone", profile),
        display_name=f"ISO zone of {profile.machine_id or profile.sensor_id}",
        feature="",
        unit="1",
        operator=Operator.ABOVE,
        measure=Measure.ISO_ZONE,
        levels=_levels(ZONE_LIMITS),
        selector=_selector(profile),
        scope=_scope(profile),
        guidance=_ZONE_GUIDANCE,
        day_one=True,
    )


def _levels(limits: dict[Severity, float]) -> tuple[Level, ...]:
    return tuple(
        Level(
            severity=severity,
            upper=limit,
            pending=DEFAULT_PENDING[severity],
            latch=severity is Severity.CRITICAL,
        )
        for severity, limit in sorted(limits.items())
    )


def _selector(profile: SensorProfile) -> Selector:
    if profile.machine_id:
        return Selector(machine_ids=frozenset({profile.machine_id}))
    return Selector(sensor_ids=frozenset({profile.sensor_id}))


def _scope(profile: SensorProfile) -> Scope:
    return Scope.MACHINE if profile.machine_id else Scope.SENSOR


def _rule_id(kind: str, profile: SensorProfile) -> str:
    """Return the id of a rule; ids that are too long end in a digest of the whole."""
    owner = profile.machine_id or profile.sensor_id
    rule_id = f"{DAY_ONE_PREFIX}{kind if profile.machine_id else f'sensor-{kind}'}.{owner}"
    if len(rule_id) <= LONGEST_ID:
        return rule_id
    digest = hashlib.sha256(owner.encode()).hexdigest()[:16]
    return f"{rule_id[: LONGEST_ID - len(digest) - 1]}-{digest}"
