"""The stores on PostgreSQL, schema `alerts`."""

from kurto_alerts.postgres.alerts import PostgresAlerts
from kurto_alerts.postgres.evaluation import PostgresEvaluationLock
from kurto_alerts.postgres.keep_requests import PostgresKeepRequests
from kurto_alerts.postgres.operators import PostgresOperators
from kurto_alerts.postgres.profiles import PostgresProfiles
from kurto_alerts.postgres.publication import PostgresPublication
from kurto_alerts.postgres.reports import PostgresReports
from kurto_alerts.postgres.rules import PostgresRules
from kurto_alerts.postgres.timekeeping import PostgresTime

__all__ = [
    "PostgresAlerts",
    "PostgresEvaluationLock",
    "PostgresKeepRequests",
    "PostgresOperators",
    "PostgresProfiles",
    "PostgresPublication",
    "PostgresReports",
    "PostgresRules",
    "PostgresTime",
]
