"""What ingest counts and measures."""

from __future__ import annotations

from dataclasses import dataclass, replace

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from kurto_service.metrics import zero_initialise

__all__ = ["IngestMetrics", "IntakeTotals"]

_COMMIT_BUCKETS_S = (
    *(0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5),
    *(1, 2, 5, 10),
)


@dataclass(slots=True)
class IntakeTotals:
    """What all streams together have brought: batches, and samples per channel."""

    batches: int = 0
    samples: int = 0
    duplicates: int = 0
    refills: int = 0
    gaps: int = 0


class IngestMetrics:
    """The metrics of ingest.

    Parameters
    ----------
    registry : CollectorRegistry
        Where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._counted = IntakeTotals()
        #: Samples per channel that were accepted.
        self.samples = self._counter("samples", "Samples per channel accepted.")
        #: Batches that were accepted.
        self.batches = self._counter("batches", "Batches accepted.")
        #: Samples per channel that were there already.
        self.duplicates = self._counter("duplicate_samples", "Samples per channel trimmed.")
        #: Samples per channel that closed gaps.
        self.refills = self._counter("refilled_samples", "Samples per channel that closed gaps.")
        #: Gaps opened.
        self.gaps = self._counter("gaps", "Gaps opened.")
        #: Rows stored.
        self.blocks = self._counter("blocks", "Rows stored.")
        #: Refused batches and starts, by reason.
        self.refusals = self._counter("refusals", "Batches and starts refused.", "reason")
        #: Transactions, by outcome.
        self.commits = self._counter("commits", "Transactions with samples.", "outcome")
        #: Duration of a transaction.
        self.commit_seconds = Histogram(
            "kurto_ingest_commit_seconds",
            "Duration of a transaction with samples.",
            registry=registry,
            buckets=_COMMIT_BUCKETS_S,
        )
        self.clients = self._gauge("clients", "Push calls open.")
        self.streams = self._gauge("streams", "Live streams.")
        self.pending_bytes = self._gauge("pending_bytes", "Samples not committed, in bytes.")
        self.tail_bytes = self._gauge("tail_bytes", "Hops kept for the analyzer, in bytes.")
        self.commit_lag = self._gauge("commit_lag_seconds", "Age of the oldest sample pending.")
        self.analysis_lag = self._gauge(
            "analysis_lag_seconds", "Largest time of samples that wait for the analyzer."
        )
        self.in_flight_bytes = self._gauge(
            "forwarder_in_flight_bytes", "Hops sent and not acknowledged by the analyzer, in bytes."
        )
        self.analyzer_up = self._gauge("analyzer_connected", "1 while the analyzer takes windows.")
        #: Hops sent to the analyzer, by source.
        self.hops = self._counter("hops_forwarded", "Hops sent to the analyzer.", "source")
        #: Events and measured times that PostgreSQL could not take in time.
        self.records_dropped = self._counter(
            "records_dropped", "Events and measured times dropped since their queue was full."
        )
        #: Windows that were left out, by reason.
        self.skipped = self._counter("windows_skipped", "Windows left out.", "reason")
        self.forward_messages = self._counter("forward_messages", "Messages to the analyzer.")
        self.database_bytes = self._gauge("database_bytes", "Size of the database, in bytes.")
        self.storage_free_ratio = self._gauge(
            "storage_free_ratio", "Free part of the disk or of the configured size; 1 if unknown."
        )
        self.storage_free_ratio.set(1)
        self.storage_shedding = self._gauge(
            "storage_shedding", "1 while samples are deleted before their time."
        )
        self.storage_stopped = self._gauge("storage_stopped", "1 while no samples are taken.")
        self.quarantine_bytes = self._gauge(
            "quarantine_bytes", "Samples in quarantine, stored or on their way, in bytes."
        )
        #: Samples deleted before their time, in bytes.
        self.shed_bytes = self._counter(
            "shed_bytes", "Samples deleted before their time, in bytes."
        )
        zero_initialise(self.commits, outcome=("ok", "failed", "resolved"))
        zero_initialise(self.hops, source=("memory", "store", "late"))
        zero_initialise(self.skipped, reason=("not_monitored", "analysis_skipped"))

    def count(self, totals: IntakeTotals) -> None:
        """Bring the counters of samples up to date."""
        for counter, total, before in (
            (self.batches, totals.batches, self._counted.batches),
            (self.samples, totals.samples, self._counted.samples),
            (self.duplicates, totals.duplicates, self._counted.duplicates),
            (self.refills, totals.refills, self._counted.refills),
            (self.gaps, totals.gaps, self._counted.gaps),
        ):
            counter.inc(total - before)
        self._counted = replace(totals)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"kurto_ingest_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"kurto_ingest_{name}", text, registry=self._registry)
