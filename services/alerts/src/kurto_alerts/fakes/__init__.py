"""The stores in memory, for tests; they pass the same contract suite as those on PostgreSQL."""

from kurto_alerts.fakes.alerts import MemoryAlerts
from kurto_alerts.fakes.database import MemoryDatabase
from kurto_alerts.fakes.evaluation import (
    MemoryEvaluation,
    MemoryEvaluationLock,
    MemoryKeepRequests,
    MemoryProfiles,
    MemoryPublication,
)
from kurto_alerts.fakes.operators import MemoryOperators
from kurto_alerts.fakes.reports import MemoryReports
from kurto_alerts.fakes.rules import MemoryRules

__all__ = [
    "MemoryAlerts",
    "MemoryDatabase",
    "MemoryEvaluation",
    "MemoryEvaluationLock",
    "MemoryKeepRequests",
    "MemoryOperators",
    "MemoryProfiles",
    "MemoryPublication",
    "MemoryReports",
    "MemoryRules",
]
