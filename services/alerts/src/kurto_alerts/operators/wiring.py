"""Builds what people and time do to alerts."""

from collections.abc import Callable

from kurto_alerts.evidence.postgres import PostgresEvidence
from kurto_alerts.operators.timekeeper import Timekeeper, TimekeeperLimits
from kurto_alerts.postgres.alerts import PostgresAlerts
from kurto_alerts.postgres.operators import PostgresOperators
from kurto_alerts.postgres.reports import PostgresReports
from kurto_alerts.postgres.timekeeping import PostgresTime
from kurto_alerts.servicer import AlertServicer
from kurto_alerts.settings import AlertsSettings
from kurto_service.postgres import Pool
from kurto_service.runtime import Runtime


def wire_operators(
    settings: AlertsSettings,
    runtime: Runtime[AlertsSettings],
    pool: Pool,
    changed: Callable[[], None],
) -> AlertServicer:
    """Start the timekeeper and return what serves alerts."""
    timekeeper = Timekeeper(
        PostgresTime(pool),
        TimekeeperLimits(
            poll_s=settings.timekeeper_poll_s,
            realarm_s=settings.realarm_s,
            batch_size=settings.timekeeper_batch_size,
        ),
        runtime.clock,
        changed,
    )
    runtime.spawn("timekeeper", timekeeper.run())
    return AlertServicer(
        PostgresAlerts(pool),
        PostgresOperators(pool),
        PostgresReports(pool),
        runtime.clock,
        changed,
        evidence=PostgresEvidence(pool),
    )
