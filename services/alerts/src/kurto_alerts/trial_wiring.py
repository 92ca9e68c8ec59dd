"""Builds what tries rules on what is stored."""

from dataclasses import dataclass

from kurto_alerts.diagnoses.ports import DiagnosisSource
from kurto_alerts.postgres import PostgresProfiles
from kurto_alerts.references.follower import BaselineFollower
from kurto_alerts.settings import AlertsSettings
from kurto_alerts.trials import GrpcFeatureRanges, RuleTrials, TrialLimits, TrialSources
from kurto_service.postgres import Pool
from kurto_service.runtime import Runtime


@dataclass(frozen=True)
class Sources:
    """What live evaluation and trials share."""

    baselines: BaselineFollower
    diagnoses: DiagnosisSource


def wire_trials(
    settings: AlertsSettings, runtime: Runtime[AlertsSettings], pool: Pool, shared: Sources
) -> RuleTrials:
    """Return what tries rules, with the baselines and diagnoses of the live evaluation."""
    features = GrpcFeatureRanges(
        runtime.channel(settings.analyzer_address),
        page_size=settings.trial_page_size,
        timeout_s=settings.peer_timeout_s,
    )
    limits = TrialLimits(
        sensor_count=settings.trial_sensor_count,
        window_count=settings.trial_window_count,
        timeout_s=settings.trial_timeout_s,
    )
    sources = TrialSources(
        features=features, diagnoses=shared.diagnoses, tracks=shared.baselines.book.make_track
    )
    return RuleTrials(sources, PostgresProfiles(pool), limits, runtime.clock)
