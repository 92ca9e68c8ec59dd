"""Builds what follows the references of rules, and what creates rules of day one."""

from collections.abc import Callable

from kurto_alerts.metrics import AlertsMetrics
from kurto_alerts.postgres import PostgresProfiles
from kurto_alerts.postgres.baselines import PostgresBaselines
from kurto_alerts.postgres.seeds import PostgresSeeds
from kurto_alerts.references.book import BaselineBook
from kurto_alerts.references.follower import BaselineFollower
from kurto_alerts.references.peers import GrpcBaselines
from kurto_alerts.references.seeding import Seeder
from kurto_alerts.settings import AlertsSettings
from kurto_service.postgres import Pool
from kurto_service.runtime import Runtime

AlertsRuntime = Runtime[AlertsSettings]


def wire_baselines(
    settings: AlertsSettings,
    runtime: AlertsRuntime,
    pool: Pool,
    metrics: AlertsMetrics,
) -> BaselineFollower:
    """Start to follow baselines; tracks are made by the follower's book."""
    follower = BaselineFollower(
        GrpcBaselines(
            runtime.channel(settings.analyzer_address), timeout_s=settings.peer_timeout_s
        ),
        PostgresBaselines(pool),
        BaselineBook(),
        clock=runtime.clock,
        metrics=metrics,
        poll_s=settings.baseline_poll_s,
    )
    runtime.spawn("baselines", follower.run())
    return follower


def wire_day_one(
    settings: AlertsSettings, runtime: AlertsRuntime, pool: Pool, created: Callable[[], None]
) -> Callable[[], None]:
    """Start to create day-one rules, if wanted; return what to call when profiles have changed."""
    if not settings.day_one_rules:
        return _nothing
    seeder = Seeder(PostgresSeeds(pool), PostgresProfiles(pool), created, clock=runtime.clock)
    runtime.spawn("day-one", seeder.run())
    return seeder.profiles_changed


def _nothing() -> None:
    """Ignore the news."""
