"""The stores on PostgreSQL, schema `alerts`."""

from kurto_alerts.postgres.alerts import PostgresAlerts
from kurto_alerts.postgres.evaluation import PostgresEvaluationLock
from kurto_alerts.postgres.keep_requests import PostgresKeepRequests
from kurto_alerts.postgres.profiles import PostgresProfiles
from kurto_alerts.postgres.publication import PostgresPublication
from kurto_alerts.postgres.rules import PostgresRules

__all__ = [
    "PostgresAlerts",
    "PostgresEvaluationLock",
    "PostgresKeepRequests",
    "PostgresProfiles",
    "PostgresPublication",
    "PostgresRules",
]
