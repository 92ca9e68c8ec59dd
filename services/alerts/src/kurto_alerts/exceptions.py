"""Errors that callers of the alerts service can act on."""

from collections.abc import Sequence
from dataclasses import dataclass

from kurto_service.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    KurtoError,
    NotFound,
    ResourceExhausted,
    Unavailable,
)

__all__ = [
    "AlertEnded",
    "AlertNotFound",
    "AlertRevisionMismatch",
    "AlreadyAcknowledged",
    "CatalogueUnavailable",
    "FieldInvalid",
    "KeepRefused",
    "KurtoError",
    "LimitsInverted",
    "NotAcknowledged",
    "NotLatched",
    "NotSetAside",
    "PageTokenInvalid",
    "RuleExists",
    "RuleNotFound",
    "RuleProblem",
    "RuleVersionMismatch",
    "RulesInvalid",
    "StaleRulesError",
    "TrialBusy",
    "UnknownFeature",
]


class KeepRefused(KurtoError):
    """Ingest refuses to keep samples of {sensor_id}, and always will: {problem}."""


class FieldInvalid(InvalidArgument):
    """Field {field} is invalid."""

    reason = "INVALID_FIELD"


@dataclass(frozen=True)
class RuleProblem:
    """What is wrong with one of several rules; `field` is relative to the request."""

    field: str
    rule_id: str
    message: str

    @classmethod
    def of(cls, index: int, rule_id: str, error: KurtoError) -> "RuleProblem":
        """Return what an error about `rule` means for the rule at `index` of a request."""
        field = error.metadata.get("field", "rule")
        moved = f"rules[{index}]{field.removeprefix('rule')}"
        return cls(moved, rule_id, error.message.replace(field, moved))


class RulesInvalid(InvalidArgument):
    """Some of the rules are invalid."""

    reason = "INVALID_FIELD"
    named = 20  # errors travel in headers, which are short

    @classmethod
    def because(cls, problems: Sequence[RuleProblem]) -> "RulesInvalid":
        """Return the error of one problem or more, each in a line."""
        lines = [f'rule "{one.rule_id}": {one.message}'[:300] for one in problems[: cls.named]]
        if len(problems) > cls.named:
            lines.append(f"and {len(problems) - cls.named} more")
        return cls(
            "\n".join(lines),
            field=problems[0].field,
            rule_id=problems[0].rule_id,
            rule_count=len(problems),
        )


class TrialBusy(ResourceExhausted):
    """Another rule is being tried: wait until it is done, or end it."""


class UnknownFeature(InvalidArgument):
    """There is no feature {feature}: ListFeatureDefinitions names those that exist."""

    reason = "UNKNOWN_FEATURE"


class LimitsInverted(InvalidArgument):
    """The limits of field {field} contradict each other or the operator."""

    reason = "INVERTED_LIMITS"


class PageTokenInvalid(InvalidArgument):
    """The page token is not one of this list: begin again without a token."""

    reason = "INVALID_CURSOR"


class RuleNotFound(NotFound):
    """There is no rule {rule_id}: ListRules names those that exist."""

    reason = "UNKNOWN_RULE"


class RuleExists(AlreadyExists):
    """There is a rule {rule_id} already: change it with UpdateRule or choose another id."""

    reason = "ALREADY_EXISTS"


class RuleVersionMismatch(Aborted):
    """Rule {rule_id} has version {version} by now: read it again and repeat the change."""

    reason = "CONCURRENT_CHANGE"


class AlertNotFound(NotFound):
    """There is no alert {alert_id}."""

    reason = "UNKNOWN_ALERT"


class AlreadyAcknowledged(Aborted):
    """Alert {alert_id} was acknowledged already, by {acknowledged_by}."""

    reason = "ALREADY_ACKNOWLEDGED"


class AlertEnded(FailedPrecondition):
    """Alert {alert_id} has ended: comment on it or mark what was found; nothing else is left."""

    reason = "ALERT_ENDED"


class AlertRevisionMismatch(Aborted):
    """Alert {alert_id} has revision {revision} by now: look at it again, then repeat the action."""

    reason = "CONCURRENT_CHANGE"


class NotAcknowledged(FailedPrecondition):
    """Alert {alert_id} is not acknowledged: there is nothing to take back."""

    reason = "NOT_ACKNOWLEDGED"


class NotLatched(FailedPrecondition):
    """Alert {alert_id} does not wait to be reset: its condition is present or it does not latch."""

    reason = "NOT_LATCHED"


class NoEvidence(NotFound):
    """There is no evidence of alert {alert_id}: {problem}."""

    reason = "NO_EVIDENCE"


class NotSetAside(FailedPrecondition):
    """Neither on the shelf nor out of service: see ListShelves and ListOutOfService."""

    reason = "NOT_SET_ASIDE"


class CatalogueUnavailable(Unavailable):
    """The analyzer cannot be asked which features exist: retry once it is reachable."""


class StaleRulesError(Exception):
    """The rules were changed while transitions were decided under older ones; decide again."""
