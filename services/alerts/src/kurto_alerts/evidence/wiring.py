"""Builds what freezes the moments of alerts."""

from kurto_alerts.evidence.baselines import BaselineSpectra
from kurto_alerts.evidence.freezing import FreezeLimits, Freezer
from kurto_alerts.evidence.peers import GrpcSamples, GrpcSignals
from kurto_alerts.evidence.postgres import PostgresEvidence
from kurto_alerts.evidence.ranges import FrozenSpan
from kurto_alerts.evidence.worker import EvidenceWorker, WorkerLimits
from kurto_alerts.settings import AlertsSettings
from kurto_service.postgres import Pool
from kurto_service.runtime import Runtime


def wire_evidence(settings: AlertsSettings, runtime: Runtime[AlertsSettings], pool: Pool) -> None:
    """Start the worker, and what takes the spectra of baselines."""
    store = PostgresEvidence(pool)
    samples = GrpcSamples(
        runtime.channel(settings.ingest_address),
        timeout_s=settings.evidence_timeout_s,
        sample_count=settings.evidence_sample_count,
    )
    signals = GrpcSignals(
        runtime.channel(settings.analyzer_address), timeout_s=settings.evidence_timeout_s
    )
    freezer = Freezer(
        store,
        samples,
        signals,
        FreezeLimits(
            span=FrozenSpan(
                before_s=settings.evidence_before_s,
                after_s=settings.evidence_after_s,
                longest_s=settings.evidence_longest_s,
                sample_count=settings.evidence_sample_count,
            ),
            channel_count=settings.evidence_channel_count,
            byte_count=settings.evidence_bytes,
        ),
    )
    limits = WorkerLimits(
        concurrency=settings.evidence_concurrency,
        poll_s=settings.evidence_poll_s,
        settle_s=settings.evidence_after_s,
        patience_s=settings.evidence_patience_s,
        wait_s=settings.evidence_poll_s,
        first_pause_s=settings.evidence_retry_s,
        longest_pause_s=settings.evidence_retry_max_s,
        lease_s=settings.evidence_lease_s,
        sweep_s=settings.evidence_sweep_s,
        give_up_s=settings.evidence_give_up_s,
        keep_s=settings.evidence_keep_s,
        total_bytes=settings.evidence_total_bytes,
    )
    worker = EvidenceWorker(store, freezer, limits, runtime.clock)
    runtime.spawn("evidence", worker.run())
    baselines = BaselineSpectra(
        store,
        samples,
        signals,
        runtime.clock,
        span_s=settings.evidence_before_s + settings.evidence_after_s,
        age_s=settings.evidence_give_up_s,
        poll_s=settings.evidence_baseline_poll_s,
    )
    runtime.spawn("baseline-spectra", baselines.run())
