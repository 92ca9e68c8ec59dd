"""Errors that callers of the alerts service can act on."""

from kurto_service.exceptions import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    KurtoError,
    NotFound,
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
    "PageTokenInvalid",
    "RuleExists",
    "RuleNotFound",
    "RuleVersionMismatch",
    "StaleRulesError",
    "UnknownFeature",
]


class KeepRefused(KurtoError):
    """Ingest refuses to keep samples of {sensor_id}, and always will: {problem}."""


class FieldInvalid(InvalidArgument):
    """Field {field} is invalid."""

    reason = "INVALID_FIELD"


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
    """Alert {alert_id} has ended: there is nothing left to acknowledge."""

    reason = "ALERT_ENDED"


class AlertRevisionMismatch(Aborted):
    """Alert {alert_id} has revision {revision} by now: look at it again, then acknowledge."""

    reason = "CONCURRENT_CHANGE"


class CatalogueUnavailable(Unavailable):
    """The analyzer cannot be asked which features exist: retry once it is reachable."""


class StaleRulesError(Exception):
    """The rules were changed while transitions were decided under older ones; decide again."""
