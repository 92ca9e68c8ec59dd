"""Checks what a rule measures: measure, feature, unit and operator must go together."""

from collections.abc import Mapping

from kurto_alerts.diagnoses.families import COLUMNS, FAMILIES
from kurto_alerts.exceptions import FieldInvalid, UnknownFeature
from kurto_alerts.rule_drafts import RuleDraft
from kurto_alerts.rules import Measure, Operator
from kurto_alerts.units import UNITS, fits_feature

DIMENSIONLESS = "1"
# Those compare a number of the catalogue's feature with limits in its own unit.
IN_FEATURE_UNIT = frozenset({Measure.VALUE, Measure.RATE_PER_MINUTE})
WITH_FEATURE = IN_FEATURE_UNIT | {Measure.BASELINE_RATIO, Measure.BASELINE_Z_SCORE}
# Growing is bad and nothing else is: a limit below says that a healthy machine is ill.
ABOVE_ONLY = frozenset({Measure.ACCELERATION_GROWTH, Measure.ISO_ZONE, Measure.FAULT_SCORE})


def checked_measure(draft: RuleDraft) -> Measure:
    """Return what of the feature is compared; by default its value."""
    if draft.measure == 0:
        return Measure.VALUE
    if draft.measure not in set(Measure):
        allowed = ", ".join(f"MEASURE_{measure.name}" for measure in Measure)
        raise FieldInvalid(f"rule.measure must be one of {allowed}", field="rule.measure")
    return Measure(draft.measure)


def needs_catalogue(measure: int) -> bool:
    """Tell whether a rule of this measure (0 for the default) names a feature of the catalogue."""
    return measure == 0 or measure in WITH_FEATURE


def check_feature(draft: RuleDraft, measure: Measure, feature_units: Mapping[str, str]) -> None:
    """Refuse a feature that does not exist or means nothing, and a unit that does not fit."""
    if measure in WITH_FEATURE:
        if draft.feature not in feature_units:
            raise UnknownFeature(feature=draft.feature, field="rule.feature")
    elif measure is Measure.FAULT_SCORE:
        _check_fault_score(draft)
    elif draft.feature:
        raise FieldInvalid(
            f"rule.feature must be empty with MEASURE_{measure.name}, which has no feature",
            field="rule.feature",
        )
    _check_unit(draft, measure, feature_units)


def _check_fault_score(draft: RuleDraft) -> None:
    """Refuse families that are none, and gates that a diagnosis cannot tell."""
    if draft.feature not in COLUMNS:
        allowed = ", ".join(f'"{family}"' for family in FAMILIES)
        raise FieldInvalid(
            f"rule.feature must be one of {allowed} with MEASURE_FAULT_SCORE, or empty for the"
            " highest score",
            field="rule.feature",
        )
    gates = {
        "rule.start_up": draft.start_up_multiplier not in (None, 1.0),
        "rule.suppress_when": bool(draft.suppress_when),
    }
    for name, given in gates.items():
        if given:
            raise FieldInvalid(
                f"{name} means nothing with MEASURE_FAULT_SCORE, whose scores count only where"
                " the vibration has grown against a running machine's baseline: leave it out",
                field=name,
            )


def _check_unit(draft: RuleDraft, measure: Measure, feature_units: Mapping[str, str]) -> None:
    if measure not in IN_FEATURE_UNIT:
        if draft.unit != DIMENSIONLESS:
            raise FieldInvalid(
                f'rule.unit must be "1" with MEASURE_{measure.name}, which has no dimension',
                field="rule.unit",
            )
        return
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


def checked_operator(draft: RuleDraft, measure: Measure) -> Operator:
    """Return how values are compared with limits."""
    if draft.operator not in set(Operator):
        allowed = ", ".join(f"OPERATOR_{operator.name}" for operator in Operator)
        raise FieldInvalid(f"rule.operator must be one of {allowed}", field="rule.operator")
    if measure in ABOVE_ONLY and draft.operator != Operator.ABOVE:
        raise FieldInvalid(
            f"rule.operator must be OPERATOR_ABOVE with MEASURE_{measure.name}: only a high one"
            " is bad",
            field="rule.operator",
        )
    return Operator(draft.operator)
